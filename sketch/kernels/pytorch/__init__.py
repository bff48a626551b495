"""The PyTorch kernel: readable nn.Module source, self-contained .pth files, and reading them back."""

from __future__ import annotations

from sketch.kernels.pytorch.kernel import KERNEL

__all__ = ["KERNEL"]
