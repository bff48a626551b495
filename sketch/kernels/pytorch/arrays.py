"""Tensors between the store (numpy, raw bits for types numpy lacks) and torch, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sketch.kernels.pytorch.calls import SKETCH_TYPES, TORCH_TYPES

_BITS = {torch.bfloat16: torch.int16, **{
    getattr(torch, name): torch.uint8 for name in TORCH_TYPES.values() if name.startswith("float8_")}}  # fmt: skip


def torch_type(name: str) -> torch.dtype:
    """The torch element type of a Sketch name."""
    found: torch.dtype = getattr(torch, TORCH_TYPES[name])
    return found


def type_name(dtype: torch.dtype) -> str:
    """Sketch's name of a torch element type; KeyError for one that Sketch lacks (quantised types)."""
    return SKETCH_TYPES[str(dtype).removeprefix("torch.")]


def to_tensor(array: np.ndarray[Any, Any], dtype: str) -> torch.Tensor:
    """A copy as a tensor; raw bits become the type they stand for."""
    kind = torch_type(dtype)
    copy = np.array(array, order="C", copy=True)
    if kind in _BITS:
        raw = copy.view(np.int16) if kind == torch.bfloat16 else copy
        return torch.from_numpy(raw).view(kind)
    return torch.from_numpy(copy)


def to_array(tensor: torch.Tensor) -> tuple[np.ndarray[Any, Any], str]:
    """The values as the store keeps them, and the element type's name."""
    plain = tensor.detach().cpu().contiguous()
    name = type_name(plain.dtype)
    if plain.dtype in _BITS:
        bits = plain.view(_BITS[plain.dtype]).numpy()
        return (bits.view(np.uint16) if plain.dtype == torch.bfloat16 else bits), name
    return plain.resolve_conj().resolve_neg().numpy(), name


def readable(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """The values as numpy shows them: types that numpy lacks become float32."""
    plain = tensor.detach().cpu()
    return (plain.float() if plain.dtype in _BITS else plain).numpy()
