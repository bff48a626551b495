"""LayerNorm, RMSNorm and GroupNorm as files write them in several operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.matching import (
    Constant,
    Match,
    Named,
    OneOf,
    matches,
    scalar,
    sizes,
)
from sketch.kernels.onnx.raising.site import Finder, Found, Plan, Weight

_SQUARE_D = OneOf(("Pow", "d", 2.0), ("Mul", "d", "d"))
_CENTRED = Named("d", ("Sub", "x", ("ReduceMean", "x")))
_DEVIATION = ("Sqrt", ("Add", ("ReduceMean", _SQUARE_D), Constant("eps")))
_STANDARD = OneOf(
    ("Div", _CENTRED, _DEVIATION),
    ("Mul", _CENTRED, ("Reciprocal", _DEVIATION)),
    ("Mul", _CENTRED, ("Div", 1.0, _DEVIATION)),
)
_ROOT = ("Sqrt", ("Add", ("ReduceMean", OneOf(("Pow", "x", 2.0), ("Mul", "x", "x"))), Constant("eps")))
_RMS = OneOf(("Div", "x", _ROOT), ("Mul", "x", ("Reciprocal", _ROOT)), ("Mul", "x", ("Div", 1.0, _ROOT)))
_LAYER_FORMS = (
    ("Add", ("Mul", _STANDARD, Constant("weight")), Constant("bias")),
    ("Mul", _STANDARD, Constant("weight")),
    _STANDARD,
)
_RMS_FORMS = (("Mul", _RMS, Constant("weight")), _RMS)


def _norm(node: ir.Node) -> Iterator[Found]:
    for form in _LAYER_FORMS:
        for found in matches(node.outputs[0], form):
            yield from _trailing("LayerNorm", node, found)
    if node.op_type in ("Mul", "Div"):
        for form in _RMS_FORMS:
            for found in matches(node.outputs[0], form):
                yield from _trailing("RMSNorm", node, found)
    if node.op_type == "Add":
        yield from _group(node)


def _trailing(layer: str, node: ir.Node, found: Match) -> Iterator[Found]:
    """The normalised dimensions are the last ones, of known sizes, and the weights have just these."""
    x, eps = found.values["x"], scalar(found.values["eps"])
    shape = sizes(x)
    axes = (
        {_axes(mean, len(shape)) for mean in found.nodes if mean.op_type == "ReduceMean"} if shape else {None}
    )
    count = len(next(iter(axes)) or ()) if len(axes) == 1 else 0
    if not count or shape is None or eps is None or eps < 0 or not _real(x):
        return
    last = shape[-count:]
    if axes != {tuple(range(len(shape) - count, len(shape)))} or not all(
        isinstance(size, int) for size in last
    ):
        return
    roles = [role for role in ("weight", "bias") if role in found.values]
    if any(sizes(found.values[role]) != last or found.values[role].dtype != x.dtype for role in roles):
        return
    params: dict[str, Any] = {
        "normalized_shape": last,
        "eps": float(str(np.float32(eps))),
        "elementwise_affine": bool(roles),
    }
    if layer == "LayerNorm" and roles:
        params["bias"] = "bias" in roles
    weights = {role: Weight(found.values[role]) for role in roles}
    yield Found([Plan(layer, params, [x], weights, node.outputs[:1])], found.nodes)


def _real(value: ir.Value) -> bool:
    return value.dtype in (ir.DataType.FLOAT, ir.DataType.DOUBLE)


def _axes(node: ir.Node, rank: int) -> tuple[int, ...] | None:
    """The axes of a mean that keeps its dimensions, counted from the front."""
    tensor = known(node.inputs[1]) if len(node.inputs) > 1 else None
    if tensor is None or ("keepdims" in node.attributes and not node.attributes["keepdims"].value):
        return None
    return tuple(sorted(int(axis) % rank for axis in tensor.numpy().reshape(-1)))


def _group(node: ir.Node) -> Iterator[Found]:
    """Reshape to groups, InstanceNormalization without an effect of its weights, Reshape back, scale and shift."""
    pattern = (
        "Add",
        (
            "Mul",
            ("Reshape", ("InstanceNormalization", ("Reshape", "x"), Constant("one"), Constant("zero"))),
            Constant("weight"),
        ),
        Constant("bias"),
    )
    for found in matches(node.outputs[0], pattern):
        plan = _grouped(node, found)
        if plan is not None:
            yield Found([plan], found.nodes)


def _grouped(node: ir.Node, found: Match) -> Plan | None:
    x, norm = found.values["x"], found.node("InstanceNormalization")
    back, inner = found.node("Reshape", 0), found.node("Reshape", 1)
    shape, split = sizes(x), sizes(inner.outputs[0])
    if shape is None or len(shape) < 3 or sizes(back.outputs[0]) != shape or not isinstance(shape[1], int):
        return None
    one, zero = (np.asarray(known(found.values[role]).numpy()) for role in ("one", "zero"))  # type: ignore[union-attr]
    groups, channels = one.size, shape[1]
    if split is None or len(split) < 3 or split[:2] != (shape[0], groups) or channels % groups:
        return None
    if not ((one == 1).all() and (zero == 0).all()) or not _real(x):
        return None
    wanted = {(channels, *(1,) * (len(shape) - 2)), (1, channels, *(1,) * (len(shape) - 2))}
    weights = {role: found.values[role] for role in ("weight", "bias")}
    if any(sizes(value) not in wanted for value in weights.values()):
        return None
    eps = norm.attributes["epsilon"].value if "epsilon" in norm.attributes else 1e-5
    params = {"num_groups": groups, "eps": float(str(np.float32(eps)))}
    return Plan(
        "GroupNorm",
        params,
        [x],
        {role: Weight(value, (channels,)) for role, value in weights.items()},
        node.outputs[:1],
    )


FINDERS: Mapping[str, Finder] = dict.fromkeys(("Add", "Mul", "Div"), _norm)
