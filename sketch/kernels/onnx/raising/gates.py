"""Activations that files write as several operators."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import onnx_ir as ir

from sketch.kernels.onnx.raising.matching import OneOf, made_by, matches, other, product_of
from sketch.kernels.onnx.raising.site import Finder, Found, Plan, Site
from sketch.kernels.onnx.raising.types import type_of

_CUBE = OneOf(("Pow", "x", 3.0), ("Mul", "x", ("Mul", "x", "x")))
_INNER = OneOf(
    ("Mul", math.sqrt(2 / math.pi), ("Add", "x", ("Mul", 0.044715, _CUBE))),
    ("Mul", ("Mul", math.sqrt(2 / math.pi), "x"), ("Add", 1.0, product_of(0.044715, "x", "x"))),
)
_ERF = ("Add", ("Erf", OneOf(("Div", "x", math.sqrt(2)), ("Mul", "x", math.sqrt(0.5)))), 1.0)
_GELU = OneOf(product_of("x", _ERF, 0.5), ("Div", ("Mul", "x", _ERF), 2.0))
_GELU_TANH = product_of("x", ("Add", ("Tanh", _INNER), 1.0), 0.5)
_SHIFTED = OneOf(("Clip", ("Add", "x", 3.0), 0.0, 6.0), ("Min", ("Max", ("Add", "x", 3.0), 0.0), 6.0))
_SIXTH = 1 / 6
_HARD = OneOf(
    ("Div", ("Mul", "x", _SHIFTED), 6.0), ("Mul", ("Mul", "x", _SHIFTED), _SIXTH), ("Mul", "x", ("Div", _SHIFTED, 6.0)),
    ("Mul", "x", ("Mul", _SHIFTED, _SIXTH)),
)  # fmt: skip

_FORMS: Mapping[str, tuple[tuple[str, Mapping[str, Any], Any], ...]] = {
    "Mul": (
        ("GELU", {}, _GELU), ("GELU", {"approximate": "tanh"}, _GELU_TANH),
        ("Mish", {}, ("Mul", "x", ("Tanh", ("Softplus", "x")))), ("SiLU", {}, ("Mul", "x", ("Sigmoid", "x"))),
        ("Hardswish", {}, _HARD), ("Hardsigmoid", {}, ("Mul", _SHIFTED, _SIXTH)),
    ),
    "Div": (
        ("GELU", {}, _GELU), ("SiLU", {}, ("Div", "x", ("Add", 1.0, ("Exp", ("Neg", "x"))))), ("Hardswish", {}, _HARD),
        ("Hardsigmoid", {}, ("Div", _SHIFTED, 6.0)),
    ),
    "Sub": (("Tanhshrink", {}, ("Sub", "x", ("Tanh", "x"))),),
}  # fmt: skip


def _gate(node: ir.Node) -> Iterator[Found]:
    for layer, params, pattern in _FORMS[node.op_type]:
        for found in matches(node.outputs[0], pattern):
            x = found.values["x"]
            if x.dtype is not None and x.dtype.is_floating_point() and x.shape is not None:
                yield Found([Plan(layer, params, [x], {}, node.outputs[:1])], found.nodes)
    if node.op_type == "Mul":
        yield from _hard_swish(node)
        yield from _glu(node)


def _hard_swish(node: ir.Node) -> Iterator[Found]:
    """x·HardSigmoid(x) with a slope of 1/6."""
    for found in matches(node.outputs[0], ("Mul", "x", ("HardSigmoid", "x"))):
        inner = found.node("HardSigmoid")
        if hard(inner):
            yield Found([Plan("Hardswish", {}, [found.values["x"]], {}, node.outputs[:1])], found.nodes)


def hard(node: ir.Node) -> bool:
    """True for PyTorch's slope and offset."""
    slope, offset = (node.attributes[name].value if name in node.attributes else value
                     for name, value in (("alpha", 0.2), ("beta", 0.5)))  # fmt: skip
    return math.isclose(slope, _SIXTH, rel_tol=1e-6) and offset == 0.5


def _glu(node: ir.Node) -> Iterator[Found]:
    """The first half times the sigmoid of the second."""
    for gate in node.inputs:
        sigmoid = made_by(gate, "Sigmoid")
        split = made_by(sigmoid.inputs[0], "Split") if sigmoid is not None else None
        first = other(node, gate)
        if sigmoid is None or split is None or len(split.outputs) != 2 or first is not split.outputs[0]:
            continue
        if sigmoid.inputs[0] is split.outputs[1] and _halves(split):
            axis = split.attributes["axis"].value if "axis" in split.attributes else 0
            yield Found(
                [Plan("GLU", {"dim": axis}, [split.inputs[0]], {}, node.outputs[:1])], (node, sigmoid, split)
            )


def _halves(split: ir.Node) -> bool:
    site = Site(split, type_of)
    shape, parts = site.shape(0), site.numbers(1)
    size = shape[site.attribute("axis", 0)] if shape else None
    if not isinstance(size, int) or size % 2:
        return False
    return not site.given(1) or parts == (size // 2, size // 2)


FINDERS: Mapping[str, Finder] = dict.fromkeys(_FORMS, _gate)
