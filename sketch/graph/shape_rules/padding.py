"""Rules of padding layers: sizes grow by what is added at both ends."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import SPACE, expect_least, layout, typed


def side_padding(call: Call) -> tuple[ValueType | None, ...]:
    """Each of the last dimensions grows by its two paddings, given from the last dimension to the first."""
    dims, mode = call.arg("dims"), call.arg("mode")
    shape = call.shape()
    if mode != "constant":
        layout(call, dims)
    else:
        expect_least(call, dims, SPACE[dims])
    pairs = _pairs(call.param("padding"))
    sizes = shape[len(shape) - dims :]
    if mode == "reflect":
        _check_mirror(sizes, pairs)
    space = tuple(size + before + after for size, (before, after) in zip(sizes, pairs, strict=True))
    kept = [size + min(before, 0) + min(after, 0) for size, (before, after) in zip(sizes, pairs, strict=True)]
    too_much = mode == "constant" and any(isinstance(size, int) and size < 0 for size in kept)
    if too_much or any(isinstance(size, int) and size < 1 for size in space):
        raise ShapeError(
            f"padding {', '.join(map(str, call.param('padding')))} cuts the whole input of {shape_text(sizes)} off.",
            "Cut fewer places off.",
            param="padding",
        )
    return (typed(call, *shape[: len(shape) - dims], *space),)


def _pairs(padding: tuple[int, ...]) -> list[tuple[int, int]]:
    """(before, after) of each dimension, first dimension first; PyTorch lists them from the last one."""
    return list(zip(padding[::2], padding[1::2], strict=True))[::-1]


def _check_mirror(sizes: tuple[Dim, ...], pairs: list[tuple[int, int]]) -> None:
    for size, pair in zip(sizes, pairs, strict=True):
        if isinstance(size, int) and max(pair) >= size:
            raise ShapeError(
                f"A border of {max(pair)} cannot be mirrored from an input of {size}.",
                f"Set padding to {size - 1} or less, or use ReplicationPad.",
                port=0,
                param="padding",
            )


RULES: Mapping[str, Rule] = {"side_padding": side_padding}
