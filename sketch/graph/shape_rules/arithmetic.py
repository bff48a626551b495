"""Rules of layers that combine several inputs element by element, and of the matrix product."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules import promotion
from sketch.graph.shape_rules.sizes import Shape, agree, broadcast


def broadcast_rule(call: Call) -> tuple[ValueType | None, ...]:
    """All inputs broadcast together.

    Arguments: `skip` leading inputs count for the shape only (Where's condition); `dtype` is `floating` (Div)
    or the element type of the output (comparisons), else it is torch's promotion of the inputs.
    """
    values = [call.input(index) for index in range(len(call.inputs))]
    shape = broadcast(call, [call.shape(index) for index in range(len(values))])
    wanted = call.arg("dtype", "")
    dtype = promotion.promoted(call, values[call.arg("skip", 0) :])
    if wanted:
        dtype = promotion.floating(dtype) if wanted == "floating" else wanted
    return (ValueType(dtype, shape),)


def power(call: Call) -> tuple[ValueType | None, ...]:
    """x ** exponent: with the parameter a float, so whole numbers become float32; with an input promotion."""
    if not call.given(1):
        return (ValueType(promotion.floating(call.input().dtype), call.shape()),)
    base, exponent = call.input(0), call.input(1)
    if base.dtype == exponent.dtype == "bool":
        raise ShapeError(f"{call.spec.name} cannot raise bool to bool.", "Insert a Cast.", port=0)
    dtype = promotion.promoted(call, [base, exponent])
    return (ValueType(dtype, broadcast(call, [call.shape(0), call.shape(1)])),)


def matmul(call: Call) -> tuple[ValueType | None, ...]:
    """(..., n, k) @ (..., k, m) -> (..., n, m); a vector is a row on the left and a column on the right."""
    a, b = call.shape(0), call.shape(1)
    _check_operands(call, a, b)
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if agree(inner_a, inner_b) is None:
        raise ShapeError(
            f"MatMul cannot multiply {shape_text(a)} by {shape_text(b)}: {inner_a} columns meet {inner_b} rows.",
            "Transpose one of the two, or change the layer before it.",
            port=1,
        )
    batch = broadcast(call, [a[:-2], b[:-2]])
    rows = a[-2:-1]
    columns = b[-1:] if len(b) > 1 else ()
    return (ValueType(call.input().dtype, (*batch, *rows, *columns)),)


def _check_operands(call: Call, a: Shape, b: Shape) -> None:
    for port, shape in enumerate((a, b)):
        if not shape:
            raise ShapeError("MatMul needs vectors or matrices, gets a single number.", "Use Mul.", port=port)
    first, second = call.input(0).dtype, call.input(1).dtype
    if first != second:
        raise ShapeError(
            f"MatMul needs one element type, gets {first} and {second}.", f"Insert a Cast to {first}.", port=1
        )


RULES: Mapping[str, Rule] = {"broadcast": broadcast_rule, "power": power, "matmul": matmul}
