"""Rules of layers whose output has the shape of their input."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Symbolic
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules import promotion
from sketch.graph.shape_rules.sizes import axis_of


def same(call: Call) -> tuple[ValueType | None, ...]:
    """Output = first input (activations, dropout, most norms); `ranks` lists how many dimensions it may have."""
    ranks = call.arg("ranks")
    if ranks is not None and len(call.shape()) not in ranks:
        listed = f"{ranks[0]} to {ranks[-1]}" if len(ranks) > 2 else " or ".join(map(str, ranks))
        shape = call.shape()
        raise ShapeError(
            f"{call.spec.name} takes {listed} dimensions, gets {len(shape)} ({shape_text(shape)}).",
            "Use the layer for that many dimensions, or reshape.",
            port=0,
        )
    return (call.input(),)


def declared(call: Call) -> tuple[ValueType | None, ...]:
    """What the file said (operators without a layer)."""
    return call.declared


def none(_call: Call) -> tuple[ValueType | None, ...]:
    """No output (Output nodes)."""
    return ()


def floating(call: Call) -> tuple[ValueType | None, ...]:
    """The input's shape; whole numbers become float32 (Sqrt, Exp, Log, Clamp)."""
    return (ValueType(promotion.floating(call.input().dtype), call.shape()),)


def magnitude(call: Call) -> tuple[ValueType | None, ...]:
    """The input's shape; complex numbers become real (Abs)."""
    real = {"complex64": "float32", "complex128": "float64"}
    return (ValueType(real.get(call.input().dtype, call.input().dtype), call.shape()),)


def truth(call: Call) -> tuple[ValueType | None, ...]:
    """The input's shape with bool elements (Not)."""
    return (ValueType("bool", call.shape()),)


def cast(call: Call) -> tuple[ValueType | None, ...]:
    """The input's shape with the element type of parameter dtype."""
    return (ValueType(call.param("dtype"), call.shape()),)


def along(call: Call) -> tuple[ValueType | None, ...]:
    """Output = input, which must have dimension `dim` (Softmax); `dtype: sum` makes whole numbers int64 (CumSum)."""
    axis_of(call, call.param("dim"), len(call.shape()))
    whole = call.input().dtype == "bool" or call.input().dtype.startswith(("int", "uint"))
    return (ValueType("int64", call.shape()) if whole and call.arg("dtype") == "sum" else call.input(),)


def halve(call: Call) -> tuple[ValueType | None, ...]:
    """Dimension `dim` becomes half as large (GLU)."""
    shape = call.shape()
    if not shape:
        raise ShapeError(f"{call.spec.name} halves a dimension, the input is a single number.", port=0)
    axis = axis_of(call, call.param("dim"), len(shape))
    size = shape[axis]
    if not isinstance(size, Symbolic) and size % 2:
        raise ShapeError(
            f"{call.spec.name} halves dimension {axis}, and {size} is odd.",
            "Choose another dim, or give the layer before an even number of outputs.",
            param="dim",
        )
    return (ValueType(call.input().dtype, (*shape[:axis], size // 2, *shape[axis + 1 :])),)


RULES: Mapping[str, Rule] = {
    "same": same,
    "declared": declared,
    "none": none,
    "floating": floating,
    "magnitude": magnitude,
    "truth": truth,
    "cast": cast,
    "along": along,
    "halve": halve,
}
