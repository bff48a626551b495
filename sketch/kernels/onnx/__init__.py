"""The ONNX kernel: models to and from .onnx, and their readable text. Light to import; onnx loads in the worker."""

from sketch.kernels.onnx.kernel import OnnxKernel

KERNEL = OnnxKernel()
"""The kernel, found by its entry point."""
