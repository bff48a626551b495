"""Layers that pick, sort or overwrite elements by numbers or masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import TensorValue


def top_k(e: Emitter) -> tuple[str, ...]:
    """TopK."""
    params = e.params
    return e.many(
        "TopK", 2, e.x[0], e.ints(params["k"]), axis=e.axis(params["dim"]), largest=int(params["largest"]),
        sorted=int(params["sorted"]),
    )  # fmt: skip


def sort(e: Emitter) -> tuple[str, ...]:
    """TopK of all entries; of equal ones the first comes first."""
    axis = e.axis(e.params["dim"])
    count = e.measure(e.shape()[axis])
    return e.many("TopK", 2, e.x[0], count, axis=axis, largest=int(e.params["descending"]), sorted=1)


def gather_elements(e: Emitter) -> str:
    """GatherElements."""
    return e.op("GatherElements", e.x[0], e.x[1], axis=e.axis(e.params["dim"]))


def _scatter(**attributes: str) -> Callable[[Emitter], str]:
    def body(e: Emitter) -> str:
        if attributes and e.opset < 16:
            raise UnsayableError("Scattered sums need opset 16; choose opset 16 or newer.")
        return e.op(
            "ScatterElements", e.x[0], e.x[1], _covered(e), axis=e.axis(e.params["dim"]), **attributes
        )

    return body


def _covered(e: Emitter) -> str:
    """The values that the index has places for: its sizes, from the front."""
    if e.shape(1) == e.shape(2):
        return e.x[2]
    zeros = e.ints(*(0,) * e.rank(1))
    return e.op("Slice", e.x[2], zeros, e.op("Shape", e.x[1]))


def one_hot(e: Emitter) -> str:
    """OneHot of 0 and 1."""
    values = e.constant(TensorValue("int64", (2,), (0, 1)))
    return e.op("OneHot", e.x[0], e.ints(e.params["num_classes"]), values, axis=-1)


def masked_fill(e: Emitter) -> str:
    """Where with one number."""
    if e.given(2):
        value = e.cast(e.x[2], e.type(2).dtype, e.dtype)
    elif e.dtype == "bool":
        value = e.constant(TensorValue("bool", (), (bool(e.params["value"]),)))
    else:
        value = e.number(e.params["value"])
    return e.op("Where", e.x[1], value, e.x[0])


BODIES: Mapping[str, Callable[[Emitter], str | tuple[str, ...]]] = {
    "TopK": top_k,
    "Sort": sort,
    "GatherElements": gather_elements,
    "Scatter": _scatter(),
    "ScatterAdd": _scatter(reduction="add"),
    "OneHot": one_hot,
    "MaskedFill": masked_fill,
}
