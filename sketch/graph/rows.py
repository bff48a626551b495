"""The frozen rows a document is made of: nodes with their wires, places, tensors, weights, notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

type_names = {
    "float32", "float64", "float16", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
    "float8e5m2fnuz", "float8e8m0", "float4e2m1", "int2", "int4", "int8", "int16", "int32", "int64",
    "uint2", "uint4", "uint8", "uint16", "uint32", "uint64", "bool", "string", "complex64", "complex128",
}  # fmt: skip
DTYPES: frozenset[str] = frozenset(type_names)
"""Every element type a tensor can have; ONNX's types, spelled as numpy and torch spell them."""
del type_names


class FrozenDict(dict[str, Any]):
    """A dict that cannot change once built; rows hold it so that a Delta can share them."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("rows are frozen: build a new one with FrozenDict({**old, ...})")

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items(), key=lambda item: item[0])))

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)

    def with_(self, **changes: object) -> FrozenDict:
        """A copy with these entries replaced."""
        return FrozenDict({**self, **changes})

    def without(self, *names: str) -> FrozenDict:
        """A copy that lacks these entries."""
        return FrozenDict({key: value for key, value in self.items() if key not in names})


class Edge(NamedTuple):
    """One wire: output `out` of node `source` feeds input `into` of node `target`. A tuple: wires are often keys."""

    source: int
    out: int
    target: int
    into: int


@dataclass(frozen=True, slots=True)
class Node:
    """A layer, an operator or a group on the canvas (the adjacency list of the paper).

    `params` holds only what the person or the file said; defaults and derived values come from the layer.
    A parameter that follows the input by itself is pinned by being here.
    `prior` and `next` hold the same Edge values at both ends; `parent` is the enclosing group's id.
    """

    id: int
    layer: str
    name: str
    params: FrozenDict = field(default_factory=FrozenDict)
    prior: tuple[Edge, ...] = ()
    next: tuple[Edge, ...] = ()
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The way that the layout found for one wire, from port `out` of the item that holds it.

    It ends at port `into` of item `target` on the same canvas; items are layers or closed groups, ports as drawn.
    `points` are scene units and hold both ends.
    """

    out: int
    target: int
    into: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node or a note stands: the centre, in scene units (1 unit = 1 px at zoom 1).

    `ways` are those of the wires that start here and have bends; they hold as long as both ends stay where they are.
    """

    x: float
    y: float
    ways: tuple[Way, ...] = ()


NOTE, FRAME = "note", "frame"
COLOURS = ("grey", "blue", "green", "amber", "red", "violet")
"""What a frame can be coloured in; empty is the first."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text on the canvas; `parent` is the group canvas it lies in.

    `kind` is NOTE, or FRAME: a titled rectangle behind the layers that lie in it. `colour` is one of COLOURS.
    """

    id: int
    text: str
    parent: int | None = None
    width: float = 200.0
    height: float = 80.0
    kind: str = NOTE
    colour: str = ""


@dataclass(frozen=True, slots=True)
class TensorRow:
    """A stored tensor: the bytes are in the store under `digest`; several weights may share one row (tied)."""

    id: int
    digest: str
    shape: tuple[int, ...]
    dtype: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ValueType:
    """What flows on a wire: element type and shape; a None shape means that the rank is unknown.

    `seq(float32)`, `optional(float32)`, `optional(seq(float32))` are types too; they have no shape.
    """

    dtype: str
    shape: tuple[Any, ...] | None

    def __str__(self) -> str:
        if not self.is_tensor:
            return self.dtype
        if self.shape is None:
            return f"{self.dtype} (unknown shape)"
        return f"{self.dtype} {shape_text(self.shape)}"

    @property
    def is_tensor(self) -> bool:
        """False for a sequence and an optional value."""
        return "(" not in self.dtype

    @property
    def rank(self) -> int | None:
        """Number of dimensions, None when unknown."""
        return None if self.shape is None else len(self.shape)


def shape_text(shape: tuple[Any, ...] | None) -> str:
    """`1×3×224×224`; a scalar is `scalar`, an unknown shape `?`."""
    if shape is None:
        return "?"
    return "×".join(str(dim) for dim in shape) if shape else "scalar"


def number_in(row: str, prefix: str) -> int | None:
    """The number in the name of a row of `meta` such as `open.12`; None for every other name, and files hold any."""
    number = row.removeprefix(prefix)
    return int(number) if number != row and number.isascii() and number.isdigit() else None


def edges_of(nodes: Mapping[int, Node]) -> Iterator[Edge]:
    """Every wire once, in the order of the nodes."""
    for node in nodes.values():
        yield from node.next
