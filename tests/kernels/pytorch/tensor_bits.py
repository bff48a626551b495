"""Tensors between numpy, with the element types of ml_dtypes, and torch: bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import torch

_BITS: Mapping[torch.dtype, tuple[torch.dtype, Any]] = {
    torch.bfloat16: (torch.int16, ml_dtypes.bfloat16),
    torch.float8_e4m3fn: (torch.uint8, ml_dtypes.float8_e4m3fn),
    torch.float8_e4m3fnuz: (torch.uint8, ml_dtypes.float8_e4m3fnuz),
    torch.float8_e5m2: (torch.uint8, ml_dtypes.float8_e5m2),
    torch.float8_e5m2fnuz: (torch.uint8, ml_dtypes.float8_e5m2fnuz),
    torch.float8_e8m0fnu: (torch.uint8, ml_dtypes.float8_e8m0fnu),
}
"""Element types that numpy lacks: the torch type of their bits, and their name in ml_dtypes."""


def to_torch(value: Any) -> Any:
    """numpy to torch, bit for bit; lists and None as they are. KeyError for a type that torch lacks."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [to_torch(item) for item in value]
    array = np.array(value, order="C", copy=True)
    for kind, (bits, name) in _BITS.items():
        if array.dtype == name:
            raw = array.view(np.int16 if bits == torch.int16 else np.uint8)
            return torch.from_numpy(raw).view(kind)
    if array.dtype.kind not in "biufc":
        raise KeyError(array.dtype.name)
    return torch.from_numpy(array)


def to_numpy(value: Any) -> Any:
    """torch to numpy, bit for bit; lists and None as they are."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [to_numpy(item) for item in value]
    plain = value.detach().contiguous()
    if plain.dtype in _BITS:
        bits, name = _BITS[plain.dtype]
        raw: np.ndarray[Any, Any] = plain.view(bits).numpy()
        return raw.view(name)
    return plain.resolve_conj().resolve_neg().numpy()


def torch_type(name: str) -> torch.dtype:
    """The element type that numpy or ml_dtypes calls so; AttributeError for one that torch lacks."""
    known = (kind for kind, (_, narrow) in _BITS.items() if np.dtype(narrow).name == name)
    kind: torch.dtype = next(known, None) or getattr(torch, name)
    return kind
