"""One operator as a raiser sees it, and the plan of layers that it answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.graph.dims import Dim
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.sizes import sizes_of

SMALL = 4096
"""Elements of a constant that may become a parameter."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Weight:
    """A tensor for a weight: as it lies in the file under another shape, or computed from it.

    `part` tells apart several weights made from one tensor.
    """

    value: ir.Value
    shape: tuple[int, ...] | None = None
    change: Callable[[Array], Array] | None = None
    part: str = ""


@dataclass
class Plan:
    """A layer to add. An input is a value of the file, (number of an earlier plan, output) or None.

    `outputs` are the values of the file that its outputs are; None: nothing outside reads this output.
    """

    layer: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[ir.Value | tuple[int, int] | None] = ()
    weights: Mapping[str, Weight] = field(default_factory=dict)
    outputs: Sequence[ir.Value | None] = ()


@dataclass
class Found:
    """A match: the layers, the operators that they stand for, and the operator at whose place they are added.

    The first operator stands for the place unless another one is given.
    """

    plans: Sequence[Plan]
    nodes: Sequence[ir.Node]
    place: ir.Node | None = None

    @property
    def at(self) -> ir.Node:
        """Where the layers are added."""
        return self.place or self.nodes[0]


Finder = Callable[[ir.Node], Iterable[Found]]
"""Gives the matches that end in an operator, the best first."""


class Site:
    """An operator with its attributes as plain values, its constants and what is known of its values."""

    def __init__(self, node: ir.Node, types: Callable[[ir.Value], ValueType | None]):
        self.node = node
        self.kind = node.op_type
        self.attributes: dict[str, Any] = {
            name: plain_attribute(item) for name, item in node.attributes.items()
        }
        self._types = types

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        return self.attributes.get(name, default)

    def value(self, index: int = 0) -> ir.Value | None:
        """The value at an input, None when it is left out."""
        return self.node.inputs[index] if index < len(self.node.inputs) else None

    def given(self, index: int) -> bool:
        """True when there is something at this input."""
        return self.value(index) is not None

    def weight(self, index: int) -> ir.TensorProtocol | None:
        """The constant tensor at an input, of any size; None when it is computed or left out."""
        return known(self.value(index))

    def constant(self, index: int) -> Array | None:
        """The elements of a small constant at an input."""
        tensor = self.weight(index)
        return None if tensor is None or tensor.size > SMALL else np.asarray(tensor.numpy())

    def numbers(self, index: int) -> tuple[int, ...] | None:
        """A small integer constant as a tuple."""
        array = self.constant(index)
        return None if array is None else tuple(int(item) for item in array.reshape(-1))

    def sizes(self, index: int) -> tuple[Dim, ...] | None:
        """What a vector of sizes holds: numbers, or sizes of the inputs by their names."""
        return sizes_of(self.value(index))

    def number(self, index: int) -> float | None:
        """A constant with a single element."""
        array = self.constant(index)
        return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None

    def type(self, index: int = 0) -> ValueType | None:
        """What is known of an input."""
        value = self.value(index)
        return self._types(value) if value is not None else None

    def shape(self, index: int = 0) -> tuple[Any, ...] | None:
        """The sizes of an input."""
        kind = self.type(index)
        return kind.shape if kind else None

    def rank(self, index: int = 0) -> int | None:
        """The number of dimensions of an input."""
        shape = self.shape(index)
        return None if shape is None else len(shape)

    def dtype(self, index: int = 0) -> str | None:
        """The element type of an input."""
        kind = self.type(index)
        return kind.dtype if kind else None

    def dims(self, index: int) -> tuple[int, ...]:
        """The sizes of a constant tensor."""
        tensor = self.weight(index)
        return tuple(int(size) for size in tensor.shape) if tensor is not None else ()  # type: ignore[arg-type]

    def as_weight(
        self, index: int, shape: tuple[int, ...] | None = None, change: Any = None, part: str = ""
    ) -> Weight:
        """The constant at an input as a weight."""
        value = self.value(index)
        if value is None:
            raise IndexError(index)
        return Weight(value, shape, change, part)

    def used(self, output: int) -> bool:
        """True when something reads this output."""
        if output >= len(self.node.outputs):
            return False
        value = self.node.outputs[output]
        return bool(value.uses()) or value.is_graph_output()

    def plan(
        self, layer: str, params: Mapping[str, Any] | None = None, inputs: Any = None, **weights: Weight
    ) -> Plan:
        """A plan for one layer over the first input, giving the first output."""
        return Plan(
            layer,
            params or {},
            inputs if inputs is not None else [self.value(0)],
            weights,
            self.node.outputs[:1],
        )


def plain_attribute(attribute: ir.Attr) -> Any:
    """An attribute as int, float (as 32 bits print it), str or a tuple; None for what is no plain value."""
    kind, value = attribute.type, attribute.value
    if kind in (ir.AttributeType.INT, ir.AttributeType.STRING):
        return value
    if kind == ir.AttributeType.FLOAT:
        return shortest(value)
    if kind in (ir.AttributeType.INTS, ir.AttributeType.STRINGS):
        return tuple(value)
    if kind == ir.AttributeType.FLOATS:
        return tuple(shortest(item) for item in value)
    return None


def shortest(value: float) -> float:
    """The shortest decimal that is this number in 32 bits: 1e-05 and not 9.99999974737875e-06."""
    return short_decimal(np.float32(value))


def short_decimal(item: Any) -> float:
    """The shortest decimal of a number; the number itself near the end of its range, beyond which it would round."""
    short = float(str(item))
    return short if abs(short) < _NEAR_THE_END else float(item)


_NEAR_THE_END = 1e38

Raiser = Callable[[Site], Sequence[Plan] | None]
"""Answers with the layers that an operator is, None when it is none exactly. A plan's inputs are checked later."""
