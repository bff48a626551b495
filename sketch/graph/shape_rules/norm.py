"""Rules of normalisation layers: the shape stays, the number of features must fit."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim, product
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_least, expect_rank, expect_size, layout, sizes_differ


def channel_norm(call: Call) -> tuple[ValueType | None, ...]:
    """Norms over the channels of N×C×...; `ranks` (or `least`) says which shapes go, `features` is the parameter."""
    shape = call.shape()
    if call.arg("ranks"):
        expect_rank(call, call.arg("ranks"), call.arg("layout"))
    else:
        expect_least(call, call.arg("least"), call.arg("layout"))
    channels = shape[call.arg("axis")]
    if call.arg("features") and _has_state(call):
        expect_size(call, call.arg("features"), channels, "channels")
    if call.arg("groups"):
        _check_groups(call, shape, channels, call.arg("groups"))
    if call.params.get("track_running_stats") is False and product(shape) == channels:
        raise ShapeError(
            f"{call.spec.name} without running statistics needs more than one value in each channel, "
            f"gets {shape_text(shape)}.",
            "Turn track_running_stats on, or use a larger batch.",
            port=0,
            param="track_running_stats",
        )
    return (call.input(),)


def _has_state(call: Call) -> bool:
    """True when some weight or buffer has the number of features; nothing else depends on it."""
    return bool(call.params.get("affine") or call.params.get("track_running_stats"))


def _check_groups(call: Call, shape: tuple[Dim, ...], channels: Dim, param: str) -> None:
    groups = call.param(param)
    if isinstance(channels, int) and channels % groups:
        raise ShapeError(
            f"{channels} channels cannot be split in {groups} groups.",
            f"Choose a divisor of {channels}.",
            port=0,
            param=param,
        )
    if product(shape) == groups:
        raise ShapeError(
            f"{call.spec.name} needs more than one value in each group, gets {shape_text(shape)}.",
            f"Set {param} to a smaller number.",
            port=0,
            param=param,
        )


def instance_norm(call: Call) -> tuple[ValueType | None, ...]:
    """Norms over the space of each channel; needs more than one value there unless running statistics are kept."""
    parts = layout(call, call.arg("dims"))
    if _has_state(call):
        expect_size(call, call.arg("features"), parts.channels, "channels")
    if product(parts.space) == 1 and not call.param("track_running_stats"):
        raise ShapeError(
            f"{call.spec.name} needs more than one value in each channel, gets {shape_text(parts.space)}.",
            "Use GroupNorm or LayerNorm here, or shrink the input less before.",
            port=0,
        )
    return (call.input(),)


def trailing_norm(call: Call) -> tuple[ValueType | None, ...]:
    """Norms over the last dimensions, whose sizes the parameter holds."""
    param = call.arg("features")
    wanted, shape = call.param(param), call.shape()
    found = shape[-len(wanted) :] if wanted else ()
    if not wanted or len(found) < len(wanted) or any(map(sizes_differ, wanted, found)):
        raise ShapeError(
            f"{call.spec.name} expects the last sizes {shape_text(wanted)}, gets {shape_text(shape)}.",
            f"Set {param} to {shape_text(found or shape[-1:])}.",
            port=0,
            param=param,
        )
    if not all(isinstance(size, int) for size in wanted):
        raise ShapeError(
            f"{call.spec.name} needs fixed last sizes, gets {shape_text(wanted)}.",
            f"Set {param} by hand, or give that dimension of the Input a number.",
            port=0,
            param=param,
        )
    return (call.input(),)


RULES: Mapping[str, Rule] = {
    "channel_norm": channel_norm,
    "instance_norm": instance_norm,
    "trailing_norm": trailing_norm,
}
