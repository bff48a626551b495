"""Rules of operators that make a tensor: constants, ranges, random numbers, the shape of another."""

from __future__ import annotations

import math
from typing import Any

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.rows import ValueType


def constant(call: OperatorCall) -> tuple[Out, ...]:
    """What the one attribute holds."""
    record = call.params.get("value")
    if isinstance(record, dict) and "dtype" in record and "shape" in record:
        return (ValueType(record["dtype"], tuple(record["shape"])),)
    for name, dtype in (("value_int", "int64"), ("value_float", "float32"), ("value_string", "string")):
        if name in call.params:
            return (ValueType(dtype, ()),)
        if f"{name}s" in call.params:
            return (ValueType(dtype, (len(call.params[f"{name}s"]),)),)
    return (None,)


def filled(call: OperatorCall) -> tuple[Out, ...]:
    """The sizes that the input holds; the element type of `value`, float32 when there is none."""
    sizes, record = call.elements(0), call.params.get("value")
    shape: Any = tuple(sizes) if sizes is not None else None
    if shape is None:
        count = call.shape()[0] if call.shape() else None
        shape = (None,) * count if isinstance(count, int) else None
    if isinstance(record, dict) and "dtype" not in record:
        return (ValueType("", shape),)
    return (ValueType(record["dtype"] if isinstance(record, dict) else "float32", shape),)


def eye(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the input, with the element type of `dtype` when it is given."""
    return (ValueType(call.element_attr("dtype") or call.dtype(), call.shape()),)


def drawn(call: OperatorCall) -> tuple[Out, ...]:
    """The shape and element type that the attributes say."""
    return (ValueType(call.element_attr("dtype") or "float32", tuple(call.attr("shape", ()))),)


def multinomial(call: OperatorCall) -> tuple[Out, ...]:
    """As many numbers as `sample_size` for each row."""
    return (ValueType(call.element_attr("dtype") or "int32", (call.shape()[0], call.attr("sample_size"))),)


def range_(call: OperatorCall) -> tuple[Out, ...]:
    """From start to limit in steps of delta."""
    ends = [call.elements(index) for index in range(3)]
    if any(item is None or len(item) != 1 for item in ends):
        return ((None,),)
    start, limit, step = (item[0] for item in ends if item is not None)
    return ((counted(start, limit, step),),)


def counted(start: Any, limit: Any, step: Any) -> Dim | None:
    """How many numbers lie from `start` to `limit`; None when it is not known."""
    if None in (start, limit, step) or step == 0:
        return None
    if isinstance(start, Symbolic) or isinstance(limit, Symbolic):
        gap = limit - start if not isinstance(start, float) and not isinstance(limit, float) else None
        return (
            gap
            if step == 1
            else (gap + step - 1) // step
            if gap is not None and isinstance(step, int) and step > 0
            else None
        )
    return None if isinstance(step, Symbolic) else max(0, math.ceil((limit - start) / step))


def shape_of(call: OperatorCall) -> tuple[Out, ...]:
    """One number for each dimension from `start` to `end`."""
    return ((len(part_of(call, call.shape())),),)


def part_of(call: OperatorCall, shape: Shape) -> Shape:
    """The dimensions of a Shape that its attributes name."""
    return shape[call.attr("start") or 0 : call.attr("end")]


def size_of(call: OperatorCall) -> tuple[Out, ...]:
    """One number."""
    return ((),)


RULES = {
    "Constant": constant,
    "ConstantOfShape": filled,
    "EyeLike": eye,
    "Bernoulli": eye,
    "RandomNormalLike": eye,
    "RandomUniformLike": eye,
    "RandomNormal": drawn,
    "RandomUniform": drawn,
    "Multinomial": multinomial,
    "Range": range_,
    "Shape": shape_of,
    "Size": size_of,
}
