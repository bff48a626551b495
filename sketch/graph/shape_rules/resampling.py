"""Rules of layers that change the resolution: resize, pixel and channel shuffles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_least, expect_rank, times, typed

_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def resize(call: Call) -> tuple[ValueType | None, ...]:
    """The given size, or floor(H·scale) in each dimension of space; the size wins."""
    expect_rank(call, (3, 4, 5), "N×C×L, N×C×H×W or N×C×D×H×W")
    batch, channels, *space = call.shape()
    _check_mode(call, len(space))
    if call.param("size") is not None:
        sizes: tuple[Dim, ...] = _each(call, "size", len(space))
    else:
        scales = _each(call, "scale_factor", len(space))
        sizes = tuple(_scaled(size, scale) for size, scale in zip(space, scales, strict=True))
    if any(isinstance(size, int) and size < 1 for size in sizes):
        scale = times(call.param("scale_factor"))
        raise ShapeError(
            f"Nothing would be left of {shape_text(tuple(space))} with scale_factor {scale}.",
            "Use a larger scale_factor.",
            param="scale_factor",
        )
    return (typed(call, batch, channels, *sizes),)


def pixel_shuffle(call: Call) -> tuple[ValueType | None, ...]:
    """...×C·r²×H×W to ...×C×H·r×W·r."""
    *lead, channels, height, width = _image(call)
    factor = call.param("upscale_factor")
    if isinstance(channels, int) and channels % factor**2:
        raise ShapeError(
            f"{channels} channels cannot be split in groups of {factor}×{factor}.",
            f"Use a number of channels that {factor**2} divides, or another upscale_factor.",
            port=0,
            param="upscale_factor",
        )
    return (typed(call, *lead, channels // factor**2, height * factor, width * factor),)


def pixel_unshuffle(call: Call) -> tuple[ValueType | None, ...]:
    """...×C×H·r×W·r to ...×C·r²×H×W."""
    *lead, channels, height, width = _image(call)
    factor = call.param("downscale_factor")
    for name, size in (("height", height), ("width", width)):
        if isinstance(size, int) and size % factor:
            raise ShapeError(
                f"The {name} {size} cannot be divided by {factor}.",
                f"Pad or crop to a multiple of {factor}, or use another downscale_factor.",
                port=0,
                param="downscale_factor",
            )
    return (typed(call, *lead, channels * factor**2, height // factor, width // factor),)


def channel_shuffle(call: Call) -> tuple[ValueType | None, ...]:
    """The input's shape; the channels (dimension 1) must split in the groups."""
    shape = call.shape()
    expect_least(call, 3, "N×C and one or more dimensions after them")
    groups = call.param("groups")
    if isinstance(shape[1], int) and shape[1] % groups:
        raise ShapeError(
            f"{shape[1]} channels cannot be split in {groups} groups.",
            f"Choose a divisor of {shape[1]}.",
            port=0,
            param="groups",
        )
    return (call.input(),)


def _image(call: Call) -> tuple[Dim, ...]:
    expect_least(call, 3, "C×H×W with any dimensions before them")
    return call.shape()


def _check_mode(call: Call, dims: int) -> None:
    mode = call.param("mode")
    if mode in _RANKS and _RANKS[mode] != dims + 2:
        raise ShapeError(
            f"Mode {mode} takes {_RANKS[mode]}-D inputs, gets {dims + 2}-D {shape_text(call.shape())}.",
            f"Set mode to {_MODES[dims]} or nearest.",
            port=0,
            param="mode",
        )


def _each(call: Call, param: str, dims: int) -> tuple[Any, ...]:
    values = call.param(param)
    if len(values) == 1:
        return tuple(values * dims)
    if len(values) != dims:
        raise ShapeError(
            f"{param} {times(values)} has {len(values)} numbers, the input has {dims} dimensions of space.",
            f"Give one number, or {dims}.",
            param=param,
        )
    return tuple(values)


def _scaled(size: Dim, scale: float) -> Dim:
    """floor(size·scale), computed as PyTorch does where the size is a number."""
    if isinstance(size, int):
        return math.floor(float(size) * scale)
    short = Fraction(scale).limit_denominator(1000)
    exact = short if float(short) == scale else Fraction(scale)
    return size * exact.numerator // exact.denominator


RULES: Mapping[str, Rule] = {
    "resize": resize,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
}
