"""An ONNX model as plain values: what the text prints and the export writes, without the framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NEWEST_OPSET = 26
"""The newest opset that onnxruntime 1.31 runs officially; drawn networks are written with it."""
IMPORT_OPSET = 28
"""The newest opset that onnx knows: operators of opened files are raised to it, and mean what it says."""
OLDEST_OPSET = 13
IR_VERSION = 10
"""The first IR with overloads of functions and metadata on nodes; every runtime of the last years reads it."""
LAYER_DOMAIN = "sketch.layers"
"""Domain of the model-local functions that stand for layers which ONNX lacks as one operator."""
LAYER_DOMAIN_VERSION = 1


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A small constant: element type, sizes and its elements in row order."""

    dtype: str
    shape: tuple[int, ...]
    data: tuple[Any, ...]


Attribute = int | float | str | tuple[Any, ...] | TensorValue
"""What an operator's attribute may hold; a tuple is a list of ints, floats or strings."""


@dataclass(slots=True)
class Op:
    """One operator or function call. `inputs` and `outputs` are value names, `""` where one is left out.

    `bodies` holds attributes that are kept as they came (graphs, big tensors): name -> tensor id in the network.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    domain: str = ""
    overload: str = ""
    name: str = ""
    node: int = 0
    meta: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    graphs: dict[str, Graph] = field(default_factory=dict)


@dataclass(slots=True)
class Graph:
    """A body of control flow; it may read all names of the model around it."""

    name: str
    inputs: list[Port]
    outputs: list[Port]
    ops: list[Op]


@dataclass(slots=True)
class Function:
    """The body of a layer as a model-local function."""

    name: str
    overload: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[str, ...]
    ops: list[Op]


@dataclass(slots=True)
class Initializer:
    """A tensor of the file: a small constant (`value`) or a weight of a node (`node`, `role`)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    value: TensorValue | None = None
    node: int = 0
    role: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model; `declared` is the type as the file had it where Sketch has no own."""

    name: str
    dtype: str
    shape: tuple[Any, ...] | None
    node: int
    declared: str = ""


@dataclass(slots=True)
class Program:
    """A whole model. `remarks` are nodes that could not be written: (node id, name, reason)."""

    name: str
    opset: int
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    initializers: list[Initializer] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def domains(self) -> list[str]:
        """Every operator set that the model uses, the standard one first."""
        used = dict.fromkeys(op.domain for op in all_ops(self.ops))
        return ["", *(domain for domain in used if domain)]


def all_ops(ops: Iterable[Op]) -> Iterator[Op]:
    """Operators and those in their graphs."""
    for op in ops:
        yield op
        for graph in op.graphs.values():
            yield from all_ops(graph.ops)


def flat(value: Any) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """(shape, elements) of nested tuples of numbers; a number is a scalar."""
    if not isinstance(value, (tuple, list)):
        return (), (value,)
    if not value:
        return (0,), ()
    parts = [flat(item) for item in value]
    return (len(value), *parts[0][0]), tuple(item for _, items in parts for item in items)


def ints(values: Sequence[int]) -> TensorValue:
    """A 1-D int64 constant."""
    return TensorValue("int64", (len(values),), tuple(int(value) for value in values))
