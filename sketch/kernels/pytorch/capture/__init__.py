"""Runs a live module on example inputs and writes down what happened, as a torch.fx graph."""

from sketch.kernels.pytorch.capture.capturing import Captured, capture

__all__ = ["Captured", "capture"]
