"""The values of a constant as source text, the shortest way that a person would know: full, arange, tril, numbers."""

from __future__ import annotations

import base64
import math
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sketch.graph.network import Network, Step
from sketch.kernels.pytorch.attribute_bytes import plain_values
from sketch.kernels.pytorch.calls import TORCH_TYPES, Fixed
from sketch.kernels.pytorch.printing import fixed_text, literal

if TYPE_CHECKING:
    import numpy as np

MOST_NUMBERS = 64
"""Tensors of more elements are not spelled out."""
UNPACK = "_unpacked"
"""The function of the source that reads packed numbers (functions/packing.py)."""


def stored_text(step: Step, network: Network) -> str:
    """The values of a Constant that has them in the store, "" where they are not at hand."""
    tensor = step.stored.get("value")
    row = network.tensors.get(tensor) if tensor is not None else None
    if row is None or network.store is None or row.dtype not in TORCH_TYPES:
        return ""
    return _text(network.store, row.digest, row.shape, row.dtype)


@lru_cache(maxsize=256)
def _text(store: Any, digest: str, shape: tuple[int, ...], dtype: str) -> str:
    array = store.get(digest, shape, dtype)
    kind = f"dtype=torch.{TORCH_TYPES[dtype]}"
    if array.size and array.dtype.kind in "bif" and not dtype.startswith(("bfloat", "float8")):
        found = _full(array, kind) or _range(array, kind) or _triangle(array, kind)
        if found:
            return found
    if array.size <= MOST_NUMBERS and not dtype.startswith("complex"):
        values = _short(array) if dtype == "float32" else plain_values(array, dtype)
        if not any(isinstance(item, float) and math.isnan(item) for item in values):
            return fixed_text(Fixed(dtype, shape, tuple(values))) if shape else _scalar(values[0], kind)
    return _packed(array, dtype)


def _scalar(value: Any, kind: str) -> str:
    return f"torch.tensor({literal(value)}, {kind})"


def _full(array: np.ndarray[Any, Any], kind: str) -> str:
    first = array.flat[0]
    if array.size < 2 or not bool((array == first).all()):
        return ""
    return f"torch.full({literal(array.shape)}, {literal(_plain(first))}, {kind})"


def _range(array: np.ndarray[Any, Any], kind: str) -> str:
    """0, 1, 2, ... and other whole steps."""
    import numpy as np

    if array.dtype.kind != "i" or array.size < 3:
        return ""
    flat = array.reshape(-1)
    first, step = int(flat[0]), int(flat[1]) - int(flat[0])
    if not step or not np.array_equal(flat, first + step * np.arange(flat.size)):
        return ""
    said = [first, first + step * flat.size, step]
    said = said[: 2 if step == 1 else 3][1 if step == 1 and not first else 0 :]
    text = f"torch.arange({', '.join(map(str, said))}, {kind})"
    return text if array.ndim == 1 else f"{text}.reshape({literal(array.shape)})"


def _triangle(array: np.ndarray[Any, Any], kind: str) -> str:
    """One value on one side of a diagonal, 0 on the other: a causal mask."""
    import numpy as np

    if array.ndim < 2 or min(array.shape[-2:]) < 2:
        return ""
    matrix = array[(0,) * (array.ndim - 2)]
    if not np.array_equal(array, np.broadcast_to(matrix, array.shape)):
        return ""
    for name, corner, cut in (("tril", matrix[-1, 0], np.tril), ("triu", matrix[0, -1], np.triu)):
        for diagonal in (0, 1, -1):
            if corner and np.array_equal(
                matrix, cut(np.full(matrix.shape, corner), diagonal).astype(matrix.dtype)
            ):
                at = "" if not diagonal else str(diagonal)
                return f"torch.full({literal(array.shape)}, {literal(_plain(corner))}, {kind}).{name}({at})"
    return ""


def _plain(value: Any) -> Any:
    """A number of numpy as Python's, of float32 the shortest that is the same."""
    return float(str(value)) if value.dtype.name == "float32" else value.item()


def _short(array: np.ndarray[Any, Any]) -> list[float]:
    return [float(str(item)) for item in array.reshape(-1)]


def _packed(array: np.ndarray[Any, Any], dtype: str) -> str:
    import numpy as np

    text = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()
    shape = literal(tuple(array.shape))
    return f'{UNPACK}("{text}", torch.{TORCH_TYPES[dtype]}, {shape})'
