"""Many numbers in one text, for constants that no short expression makes."""

from __future__ import annotations

import torch
from torch import Tensor


def _unpacked(text: str, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """The tensor whose bytes, in order, a text holds (zlib, base64)."""
    import base64
    import zlib

    data = bytearray(zlib.decompress(base64.b64decode(text)))
    return torch.frombuffer(data, dtype=torch.uint8).view(dtype).reshape(shape).clone()
