"""What an operator will most likely be in the drawing, by its kind and which of its inputs are weights alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sketch.kernels.onnx.foreign import STANDARD, layer_name
from sketch.kernels.onnx.glance_file import Operator, entries
from sketch.kernels.onnx.rows import ROWS

Ranks = Mapping[bytes, int]
_STANDARD = (b"", STANDARD.encode())
_WINDOWED = (b"Conv", b"ConvTranspose", b"MaxPool", b"AveragePool")
_USUAL_WINDOW = 2
"""Dimensions of a window that the file does not tell before types are inferred: pictures are the usual case."""
_ALL = 99
_PLAIN: Mapping[str, tuple[str, int]] = {
    "Add": ("Add", _ALL), "Sum": ("Add", _ALL), "Mul": ("Mul", _ALL), "Pow": ("Pow", _ALL), "Reshape": ("Reshape", 1),
    "Clip": ("Clamp", 1), "GlobalAveragePool": ("AdaptiveAvgPool2d", 1), "GlobalMaxPool": ("AdaptiveMaxPool2d", 1),
    "Flatten": ("Flatten", 1), "Squeeze": ("Squeeze", 1), "Unsqueeze": ("Unsqueeze", 1), "Split": ("Split", 1),
    "Slice": ("Slice", 1), "Dropout": ("Dropout", 1), "PRelu": ("PReLU", 1), "Selu": ("SELU", 1), "Swish": ("SiLU", 1),
    "ReduceMean": ("Mean", 1), "ReduceSum": ("Sum", 1), "ReduceMax": ("Max", 1), "ReduceMin": ("Min", 1),
    "ArgMax": ("ArgMax", 1), "Pad": ("Pad", 1), "Expand": ("Expand", 1), "Resize": ("Upsample", 1),
    "LRN": ("LocalResponseNorm", 1), "GroupNormalization": ("GroupNorm", 1), "RMSNormalization": ("RMSNorm", 1),
    "Trilu": ("Triu", 1), "CumSum": ("CumSum", 1),
}  # fmt: skip
"""Operator -> its layer and how many inputs that has; the other ones are weights or constants."""


def layer_of(made: Operator, weights: Ranks) -> tuple[str, Sequence[int]]:
    """(layer, the inputs of the operator at the ports of the layer)."""
    kind, count = made.kind, len(made.inputs)
    places = range(count + len(made.reads))
    if made.domain not in _STANDARD or made.reads:
        return layer_name(_text(made.domain), _text(kind)), places
    if kind == b"Gather" and count == 2:
        return _gather(made, weights)
    if is_matrix(made, weights):
        return "Linear", (0,)
    layer, ports = _found(kind, _window(made, weights) if kind in _WINDOWED else _USUAL_WINDOW)
    if not layer or (count > ports and not all(name in weights for name in made.inputs[ports:] if name)):
        return layer_name(STANDARD, _text(kind)), places
    return layer, places[:ports]


def is_matrix(made: Operator, weights: Ranks) -> bool:
    """True for a product with a stored matrix: with a stored vector added it is one Linear."""
    return made.kind == b"MatMul" and len(made.inputs) == 2 and weights.get(made.inputs[1]) == 2


def _gather(made: Operator, weights: Ranks) -> tuple[str, tuple[int, ...]]:
    table, index = made.inputs
    if weights.get(table) == 2 and index not in weights:
        return "Embedding", (1,)
    return "Gather", (0,) if index in weights else (0, 1)


def _window(made: Operator, weights: Ranks) -> int:
    """The dimensions of the window of a convolution or a pool."""
    rank = weights.get(made.inputs[1], 0) if made.kind[:4] == b"Conv" and len(made.inputs) > 1 else 0
    return max(0, rank - 2) or entries(made.window) or _USUAL_WINDOW


@lru_cache(maxsize=1024)
def _found(name: bytes, window: int) -> tuple[str, int]:
    """(layer, number of its inputs) of a standard operator, "" for one without."""
    kind = _text(name)
    if kind in _PLAIN:
        return _PLAIN[kind]
    rows = ROWS.of_target(kind)
    fitting = [row for row in rows if row.layer.endswith(f"{window}d")] if len(rows) > 1 else rows
    row = next(iter(fitting or rows), None)
    return ("", 0) if row is None else (row.layer, 1 if row.roles else _ALL)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
