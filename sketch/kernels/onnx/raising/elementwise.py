"""Activations, arithmetic and reductions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sketch.binder.mapping import LossyError
from sketch.graph.element_types import HELD_NAMES
from sketch.kernels.onnx.raising.site import Plan, Raiser, Site
from sketch.kernels.onnx.rows import ROWS


def by_row(site: Site) -> Sequence[Plan] | None:
    """Operators without weights whose row says all: activations, comparisons, Cast."""
    for row in ROWS.of_target(site.kind):
        if row.roles or not _fixed(site, row.fixed):
            continue
        try:
            params = row.parameters(site.attributes)
        except (LossyError, TypeError, KeyError):
            continue
        return [site.plan(row.layer, params, list(site.node.inputs))]
    return None


def _fixed(site: Site, fixed: Mapping[str, float | int | str]) -> bool:
    """The attributes that tell a layer apart have their values."""
    defaults = {"beta": 0.5, "bias": 0.0, "alpha": 0.2, "mode": "DCR"}
    for name, wanted in fixed.items():
        value = site.attribute(name, defaults.get(name))
        if isinstance(wanted, float) and not isinstance(value, str):
            if value is None or not math.isclose(value, wanted, rel_tol=1e-6, abs_tol=1e-12):
                return False
        elif value != wanted:
            return False
    return True


def selu(site: Site) -> Sequence[Plan] | None:
    """Selu with the two numbers that the layer has; with others it stays an operator."""
    usual = {"alpha": 1.6732632, "gamma": 1.0507010}
    if any(not math.isclose(site.attribute(name, own), own, rel_tol=1e-6) for name, own in usual.items()):
        return None
    return [site.plan("SELU")] if _real(site) else None


def shrink(site: Site) -> Sequence[Plan] | None:
    """Shrink is Hardshrink without a bias and Softshrink when the bias is the limit."""
    lambd, bias = site.attribute("lambd", 0.5), site.attribute("bias", 0.0)
    if bias == 0.0 and lambd >= 0:
        return [site.plan("Hardshrink", {"lambd": lambd})]
    return [site.plan("Softshrink", {"lambd": lambd})] if bias == lambd and lambd >= 0 else None


def prelu(site: Site) -> Sequence[Plan] | None:
    """PRelu with one slope, or one for each channel."""
    dims, rank = site.dims(1), site.rank(0)
    count = math.prod(dims)
    if site.weight(1) is None or rank is None:
        return None
    wide = (*(1,) * (rank - len(dims)), *dims)
    per_channel = rank >= 2 and len(wide) == rank and wide[1] == count
    if count != 1 and not per_channel:
        return None
    return [site.plan("PReLU", {"num_parameters": count}, weight=site.as_weight(1, (count,)))]


def swish(site: Site) -> Sequence[Plan] | None:
    """Swish with alpha 1 is SiLU."""
    return [site.plan("SiLU")] if site.attribute("alpha", 1.0) == 1.0 else None


def clip(site: Site) -> Sequence[Plan] | None:
    """Clip by constants: ReLU6, or Clamp."""
    limits = []
    for index in (1, 2):
        limit = site.number(index) if site.given(index) else None
        if site.given(index) and limit is None:
            return None
        limits.append(None if limit is None or math.isinf(limit) else limit)
    if not (site.dtype(0) or "").startswith(("float", "bfloat")):
        return None
    if limits == [0.0, 6.0]:
        return [site.plan("ReLU6")]
    if limits == [None, None]:
        return [site.plan("Identity")]
    return [site.plan("Clamp", {"min": limits[0], "max": limits[1]})]


def dropout(site: Site) -> Sequence[Plan] | None:
    """Dropout out of training."""
    training = site.constant(2)
    if (site.given(2) and (training is None or bool(training.any()))) or site.used(1):
        return None
    ratio = site.number(1) if site.given(1) else 0.5
    return None if ratio is None else [site.plan("Dropout", {"p": float(f"{ratio:.7g}")})]


def fold_left(layer: str) -> Raiser:
    """An operator with any number of inputs as a chain of a layer that takes two."""

    def raiser(site: Site) -> Sequence[Plan] | None:
        values = list(site.node.inputs)
        if len(values) == 1:
            return [site.plan("Identity")]
        plans = [Plan(layer, {}, values[:2])]
        plans += [Plan(layer, {}, [(place, 0), value]) for place, value in enumerate(values[2:])]
        plans[-1].outputs = site.node.outputs[:1]
        return plans

    return raiser


def many(layer: str) -> Raiser:
    """A layer that takes any number of inputs itself."""

    def raiser(site: Site) -> Sequence[Plan] | None:
        values = list(site.node.inputs)
        if site.dtype(0) is not None and site.dtype(0) == "bool":
            return None
        return [site.plan(layer if len(values) > 1 else "Identity", {}, values)]

    return raiser


def divide(site: Site) -> Sequence[Plan] | None:
    """Div of real numbers; that of whole numbers cuts off and has no layer."""
    if not (site.dtype(0) or "").startswith(("float", "bfloat")):
        return None
    return [site.plan("Div", {}, list(site.node.inputs))]


def power(site: Site) -> Sequence[Plan] | None:
    """Pow by a constant or by a value."""
    exponent = site.number(1)
    if site.dtype(0) is None or not str(site.dtype(0)).startswith(("float", "bfloat")):
        return None
    if exponent is not None and not site.dims(1):
        return [site.plan("Pow", {"exponent": exponent})]
    return [site.plan("Pow", {}, [site.value(0), site.value(1)])]


def reduce(layer: str) -> Raiser:
    """Reductions over constant axes; the largest of nothing is a number in ONNX and an error in PyTorch."""

    def raiser(site: Site) -> Sequence[Plan] | None:
        axes = site.attribute("axes")
        if site.given(1):
            axes = site.numbers(1)
            if axes is None:
                return None
        if not axes and site.attribute("noop_with_empty_axes", 0):
            return [site.plan("Identity")]
        if layer in ("Max", "Min") and 0 in (site.shape(0) or ()):
            return None
        if layer == "Mean" and _over_space(site, axes):
            return [site.plan(f"AdaptiveAvgPool{len(axes)}d", {"output_size": (1,) * len(axes)})]
        whole = not (site.dtype(0) or "").startswith(("float", "bfloat"))
        if whole and (layer == "Mean" or (layer == "Sum" and site.dtype(0) != "int64")):
            return None
        return [
            site.plan(
                layer, {"dim": tuple(axes) if axes else None, "keepdim": bool(site.attribute("keepdims", 1))}
            )
        ]

    return raiser


def _over_space(site: Site, axes: Sequence[int] | None) -> bool:
    """All dimensions behind the channels, which stay as 1: a pool to one place."""
    rank = site.rank(0) or 0
    if not axes or rank not in (4, 5) or not site.attribute("keepdims", 1):
        return False
    whole = sorted(axis % rank for axis in axes) == list(range(2, rank))
    return whole and (site.dtype(0) or "").startswith(("float", "bfloat"))


def argmax(site: Site) -> Sequence[Plan] | None:
    """ArgMax that takes the first of equal entries."""
    if site.attribute("select_last_index", 0):
        return None
    return [
        site.plan(
            "ArgMax", {"dim": site.attribute("axis", 0), "keepdim": bool(site.attribute("keepdims", 1))}
        )
    ]


def cast(site: Site) -> Sequence[Plan] | None:
    """Cast; to float8 ONNX cuts off at the largest number, PyTorch does not."""
    target = HELD_NAMES.get(site.attribute("to"), "")
    plain = target and not target.startswith(("float8", "float4", "int4", "uint4", "int2", "uint2", "string"))
    return by_row(site) if plain and site.dtype(0) != "string" else None


def real_only(site: Site) -> Sequence[Plan] | None:
    """Layers that take real numbers only."""
    return by_row(site) if (site.dtype(0) or "").startswith(("float", "bfloat")) else None


def cumulative(site: Site) -> Sequence[Plan] | None:
    """CumSum that goes forward and counts each entry itself."""
    dims = site.numbers(1)
    if dims is None or site.attribute("exclusive", 0) or site.attribute("reverse", 0) or not _real(site):
        return None
    return [site.plan("CumSum", {"dim": dims[0]})]


def length(order: float) -> Raiser:
    """ReduceL1 and ReduceL2 of real numbers."""
    inner = reduce("Norm")

    def raiser(site: Site) -> Sequence[Plan] | None:
        plans = inner(site) if _real(site) else None
        if plans and plans[0].layer == "Norm":
            plans[0].params = {**plans[0].params, "ord": order}
            return plans
        return None

    return raiser


def triangle(site: Site) -> Sequence[Plan] | None:
    """Trilu of real numbers from a constant diagonal on."""
    diagonal = site.numbers(1) if site.given(1) else (0,)
    if diagonal is None or not _real(site):
        return None
    return [site.plan("Triu" if site.attribute("upper", 1) else "Tril", {"diagonal": diagonal[0]})]


def _real(site: Site) -> bool:
    return (site.dtype(0) or "").startswith(("float", "bfloat"))


_REAL = (
    "Relu", "Sigmoid", "Tanh", "Softsign", "LeakyRelu", "Elu", "Celu", "Gelu", "Mish", "HardSigmoid",
    "HardSwish", "Softplus", "ThresholdedRelu", "LogSoftmax", "Softmax", "Sqrt", "Exp", "Log", "Reciprocal", "Erf",
    "Sin", "Cos", "Sign", "Round",
)  # fmt: skip
_ANY = (
    "And", "Or", "Xor", "GreaterOrEqual", "LessOrEqual", "Identity", "Abs", "Sub", "Where", "Equal", "Greater", "Less",
    "Not", "Neg", "Floor", "Ceil", "DepthToSpace",
)  # fmt: skip

RAISERS: Mapping[str, Raiser] = {
    **dict.fromkeys(_REAL, real_only),
    **dict.fromkeys(_ANY, by_row),
    "Cast": cast,
    "Selu": selu,
    "Shrink": shrink,
    "CumSum": cumulative,
    "ReduceL1": length(1.0),
    "ReduceL2": length(2.0),
    "Trilu": triangle,
    "PRelu": prelu,
    "Swish": swish,
    "Clip": clip,
    "Dropout": dropout,
    "Add": many("Add"),
    "Sum": many("Add"),
    "Mul": many("Mul"),
    "Div": divide,
    "Max": fold_left("Maximum"),
    "Min": fold_left("Minimum"),
    "Pow": power,
    "ReduceMean": reduce("Mean"),
    "ReduceSum": reduce("Sum"),
    "ReduceMax": reduce("Max"),
    "ReduceMin": reduce("Min"),
    "ArgMax": argmax,
}
