"""Rules of layers whose weights come in by wires, of Einsum, and of GridSample."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import FrozenDict, ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_rank, expect_same_dtype, layout, sizes_differ, typed
from sketch.graph.shape_rules.sizes import Shape, agree, broadcast
from sketch.graph.shape_rules.window import window

Types = tuple[ValueType | None, ...]
_EQUATION = re.compile(
    r"([A-Za-z]*(\.\.\.)?[A-Za-z]*)(,[A-Za-z]*(\.\.\.)?[A-Za-z]*)*(->[A-Za-z]*(\.\.\.)?[A-Za-z]*)?\Z"
)


def functional_linear(call: Call) -> Types:
    """...×in by out×in gives ...×out."""
    shape, weight = call.shape(), call.shape(1)
    expect_rank(call, (2,), "out_features × in_features", port=1)
    expect_same_dtype(call, 1, 2)
    if not shape or sizes_differ(shape[-1], weight[1]):
        raise ShapeError(
            f"{call.spec.title} multiplies {shape_text(shape)} by a weight of {shape_text(weight)}.",
            "The last sizes must be equal; transpose the weight, or change what is before it.",
            port=1,
        )
    out = (*shape[:-1], weight[0])
    if call.given(2) and broadcast(call, [out, call.shape(2)], 1) != out:
        _check_bias(call, weight[0])
    return (typed(call, *out),)


def functional_window(call: Call) -> Types:
    """As a convolution with the sizes of its weight input."""
    dims = call.arg("dims")
    expect_rank(call, (dims + 2,), "out_channels × in_channels/groups × kernel", port=1)
    expect_same_dtype(call, 1, 2)
    out, inner, *kernel = call.shape(1)
    parts, groups = layout(call, dims), call.param("groups")
    if not all(isinstance(size, int) for size in (out, inner, *kernel)):
        raise ShapeError(f"{call.spec.title} needs a weight of fixed sizes.", "Give them numbers.", port=1)
    if sizes_differ(parts.channels, inner * groups) or (isinstance(out, int) and out % groups):
        raise ShapeError(
            f"{call.spec.title} has {parts.channels} channels and a weight of {shape_text(call.shape(1))} "
            f"with {groups} group{'' if groups == 1 else 's'}.",
            "Change the weight or groups.",
            port=1,
        )
    _check_bias(call, out)
    names = {
        "in_channels": inner * groups,
        "out_channels": out,
        "kernel_size": tuple(kernel),
        "padding_mode": "zeros",
    }
    args = FrozenDict(dims=dims, channels="out_channels")
    return window(replace(call, params={**call.params, **names}, args=args))


def _check_bias(call: Call, size: Dim) -> None:
    if call.given(2) and (len(call.shape(2)) != 1 or sizes_differ(call.shape(2)[0], size)):
        raise ShapeError(
            f"{call.spec.title} gives {size} outputs and has a bias of {shape_text(call.shape(2))}.",
            f"Give the bias {size} numbers.",
            port=2,
        )


def einsum(call: Call) -> Types:
    """The sizes of the letters behind the arrow, or of those that stand once, in alphabetical order."""
    parts, result = terms(call)
    sizes: dict[str, Dim] = {}
    wide: Shape = ()
    for port, part in enumerate(parts):
        wide = _read(call, port, part, sizes, wide)
    unknown = [letter for letter in result.replace("...", "") if letter not in sizes]
    if unknown or len(set(result.replace("...", ""))) < len(result.replace("...", "")):
        raise _bad(call, f"the result {result} has a letter that no input has, or one twice")
    front, dots, back = result.partition("...")
    shape = (
        *(sizes[letter] for letter in front),
        *(wide if dots else ()),
        *(sizes[letter] for letter in back),
    )
    dtypes = {call.input(port).dtype for port in range(len(parts))}
    if len(dtypes) > 1:
        raise ShapeError(
            f"Einsum needs one element type, gets {' and '.join(sorted(dtypes))}.", "Insert a Cast.", port=1
        )
    return (typed(call, *shape),)


def terms(call: Call) -> tuple[list[str], str]:
    """The letters of each input and of the result; ShapeError for no equation."""
    text = re.sub(r"\s", "", call.param("equation"))
    if not _EQUATION.match(text):
        raise _bad(call, "it is no equation such as bij,bjk->bik")
    left, arrow, result = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(call.inputs):
        raise _bad(call, f"it is for {len(parts)} inputs, {len(call.inputs)} are wired")
    if not arrow:
        letters = "".join(parts).replace("...", "")
        result = "..." * ("..." in left) + "".join(
            sorted(item for item in set(letters) if letters.count(item) == 1)
        )
    return parts, result


def _read(call: Call, port: int, part: str, sizes: dict[str, Dim], wide: Shape) -> Shape:
    """Enter the sizes of one input's letters; gives the sizes that stand for `...`."""
    shape = call.shape(port)
    front, dots, back = part.partition("...")
    extra = len(shape) - len(front) - len(back)
    if extra < 0 or (extra and not dots):
        raise ShapeError(
            f"Einsum names {len(front) + len(back)} dimensions of {part or 'nothing'}, the input has {len(shape)}.",
            "Change the equation.",
            port=port,
            param="equation",
        )
    named = (*shape[: len(front)], *shape[len(front) + extra :])
    own: dict[str, Dim] = {}
    for letter, size in zip(front + back, named, strict=True):
        if sizes_differ(own.setdefault(letter, size), size):
            raise ShapeError(
                f"Einsum has sizes {own[letter]} and {size} for {letter} in one input.",
                "They must be equal.",
                port=port,
            )
        known = sizes.get(letter, size)
        found = size if known == 1 else known if size == 1 else agree(known, size)
        if found is None:
            raise ShapeError(
                f"Einsum has sizes {known} and {size} for {letter}.", "They must be equal.", port=port
            )
        sizes[letter] = found
    middle = tuple(shape[len(front) : len(front) + extra])
    return broadcast(call, [wide, middle]) if dots and wide else middle if dots else wide


def _bad(call: Call, why: str) -> ShapeError:
    return ShapeError(
        f"Einsum cannot read {call.param('equation')!r}: {why}.",
        "Write one letter a dimension.",
        param="equation",
    )


def grid_sample(call: Call) -> Types:
    """N×C×H×W and N×Hout×Wout×2 to N×C×Hout×Wout."""
    expect_rank(call, (4,), "N×C×H×W")
    expect_rank(call, (4,), "N×Hout×Wout×2", port=1)
    expect_same_dtype(call, 1)
    shape, grid = call.shape(), call.shape(1)
    if sizes_differ(shape[0], grid[0]) or sizes_differ(grid[3], 2):
        raise ShapeError(
            f"{call.spec.title} reads {shape_text(shape)} at a grid of {shape_text(grid)}.",
            "Give the grid the batch of the image and a last dimension of 2.",
            port=1,
        )
    return (typed(call, *shape[:2], *grid[1:3]),)


RULES: Mapping[str, Rule] = {
    "functional_linear": functional_linear,
    "functional_window": functional_window,
    "einsum": einsum,
    "grid_sample": grid_sample,
}
