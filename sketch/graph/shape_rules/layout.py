"""How a shape splits in batch, channels and space, and the refusals all layers word alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call

SPACE = {1: "L", 2: "H×W", 3: "D×H×W"}
"""Letters of the dimensions of space, by their number."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A shape in its parts: `lead` is the batch or empty, then the channels, then the dimensions of space."""

    lead: tuple[Dim, ...]
    channels: Dim
    space: tuple[Dim, ...]


def layout(call: Call, dims: int, port: int = 0) -> Layout:
    """Split an N×C×space or C×space input; ShapeError for any other rank."""
    shape = call.shape(port)
    expect_rank(call, (dims + 2, dims + 1), f"N×C×{SPACE[dims]}, or C×{SPACE[dims]} without a batch", port)
    return Layout(shape[: -dims - 1], shape[-dims - 1], shape[-dims:])


def expect_rank(call: Call, ranks: Sequence[int], wording: str, port: int = 0) -> None:
    """ShapeError unless the input has one of these ranks; `wording` is the layout in letters."""
    shape = call.shape(port)
    if len(shape) in ranks:
        return
    wanted = " or ".join(f"{rank}-D" for rank in sorted(ranks))
    raise ShapeError(
        f"{call.spec.name} needs a {wanted} input ({wording}), gets {len(shape)}-D {shape_text(shape)}.",
        _rank_cure(call, len(shape)),
        port=port,
    )


def expect_least(call: Call, least: int, wording: str, port: int = 0) -> None:
    """ShapeError unless the input has this many dimensions or more."""
    shape = call.shape(port)
    if len(shape) < least:
        raise ShapeError(
            f"{call.spec.name} needs at least {least} dimensions ({wording}), gets {len(shape)}-D {shape_text(shape)}.",
            "Change the shape with a Reshape or Unsqueeze.",
            port=port,
        )


def expect_same_dtype(call: Call, *ports: int) -> None:
    """ShapeError when a connected input has another element type than the first; a bool mask goes with any."""
    first = call.input()
    for port in ports:
        value = call.input(port) if call.given(port) else first
        if value.dtype not in (first.dtype, "bool"):
            name = call.spec.input_port(port).name
            raise ShapeError(
                f"{call.spec.name} needs one element type, gets {first.dtype} and, on {name}, {value.dtype}.",
                f"Insert a Cast to {first.dtype}.",
                port=port,
            )


def _rank_cure(call: Call, rank: int) -> str:
    """Name the sibling layer of the right dimension where there is one."""
    family = re.fullmatch(r"(.*)[123]d", call.spec.name)
    if family and rank - 2 in SPACE and not call.spec.name.endswith(f"{rank - 2}d"):
        return f"Use {family[1]}{rank - 2}d, or change the shape with a Reshape."
    return "Change the shape with a Reshape, Unsqueeze or Flatten."


def expect_size(call: Call, param: str, found: Dim, what: str, *, port: int = 0, also: str = "") -> int:
    """The number a size parameter holds; ShapeError when the input's size differs or is no number.

    Args:
        call: the layer and its inputs.
        param: the parameter that says the size.
        found: the input's size, maybe symbolic.
        what: what is counted ("channels").
        port: the input that is looked at.
        also: a second cure, appended to "Set <param> to <found>".
    """
    wanted = call.param(param)
    if not isinstance(wanted, int):
        raise ShapeError(
            f"{call.spec.name} needs a fixed number of {what}, gets {wanted}.",
            f"Set {param} by hand, or give that dimension of the Input a number.",
            port=port,
            param=param,
        )
    if isinstance(found, int) and found != wanted:
        raise ShapeError(
            f"{call.spec.name} expects {wanted} {what}, gets {found}.",
            f"Set {param} to {found}{also}.",
            port=port,
            param=param,
        )
    return wanted


def sizes_differ(first: Dim, second: Dim) -> bool:
    """True when two sizes cannot be equal; a symbol may turn out to be any number, but N is never N+1."""
    gap = first - second
    return isinstance(gap, int) and gap != 0


def expect_shape(call: Call, port: int, wanted: tuple[Dim, ...], wording: str) -> None:
    """ShapeError when an optional input (a state, a mask) has another shape than the layer reads."""
    shape = call.shape(port)
    if len(shape) == len(wanted) and not any(map(sizes_differ, shape, wanted)):
        return
    name = call.spec.input_port(port).name
    raise ShapeError(
        f"{call.spec.name} reads {name} as {wording} = {shape_text(wanted)}, gets {shape_text(shape)}.",
        f"Change the shape of {name}.",
        port=port,
    )


def typed(call: Call, *shape: Dim, port: int = 0) -> ValueType:
    """A type of this shape with an input's element type."""
    return replace(call.input(port), shape=shape)


def times(sizes: Sequence[Any]) -> str:
    """`3×5` for sizes of a window."""
    return "×".join(str(size) for size in sizes)
