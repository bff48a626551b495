"""What a rule of an operator is given: types and known elements of its inputs, and its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sketch.graph.dims import Dim, Symbolic, symbol
from sketch.graph.element_types import TYPE_NAMES
from sketch.graph.errors import GraphError, ShapeError
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call

Element = Dim | float | None
"""A number, an expression over dimensions, or None where only the place is known."""
Values = tuple[Element, ...]
"""The elements of a small tensor in order, as far as they are known."""
MOST_VALUES = 64
"""Tensors with more elements are not followed."""

Shape = tuple[Any, ...]
"""Sizes; None where a size depends on the data, which a declared type may still say."""
Out = ValueType | Shape | None
"""What a rule says of one output: a type, only a shape (the element type follows the standard), or nothing."""


class NotKnownError(GraphError):
    """A rule needs what inference does not know; its operator's outputs have no shape, and nothing is wrong."""


@dataclass(frozen=True, slots=True)
class OperatorCall(Call):
    """An operator applied to its inputs, small constants among them.

    `params` are those that were given. `values` are the known elements of each input, None where there are none.
    `outputs` is how many outputs are used.
    """

    values: tuple[Values | None, ...] = ()
    node: int = 0
    outputs: int = 1

    def attr(self, name: str, fallback: Any = None) -> Any:
        """An attribute's value, else the standard's default, else `fallback`."""
        if name in self.params:
            return self.params[name]
        spec = self.spec.params.get(name)
        return fallback if spec is None or spec.default is None else spec.default

    def ints(self, name: str, count: int, fallback: int) -> tuple[int, ...]:
        """An attribute that has one number for each of `count` dimensions; ShapeError for another length."""
        found = self.attr(name) or (fallback,) * count
        if len(found) != count:
            raise ShapeError(
                f"{self.spec.name} has {len(found)} numbers in {name}, needs {count}.",
                f"Give {name} {count} numbers.",
                param=name,
            )
        return tuple(found)

    def shape(self, index: int = 0) -> Shape:
        """The shape of an input; NotKnownError when its rank is not known."""
        kind = self.inputs[index] if index < len(self.inputs) else None
        if kind is None or kind.shape is None:
            raise NotKnownError(f"Input {index + 1} has no known shape.")
        return kind.shape

    def dtype(self, index: int = 0) -> str:
        """The element type of an input; NotKnownError when it is not known."""
        kind = self.inputs[index] if index < len(self.inputs) else None
        if kind is None:
            raise NotKnownError(f"Input {index + 1} has no known type.")
        return kind.dtype

    def elements(self, index: int) -> Values | None:
        """What is known of the elements of a small input."""
        return self.values[index] if index < len(self.values) else None

    def numbers(self, index: int) -> tuple[Dim, ...] | None:
        """The elements of an input when all are known whole numbers or expressions, else None."""
        found = self.elements(index)
        if found is None or not all(isinstance(item, (int, Symbolic)) for item in found):
            return None
        return tuple(item for item in found if isinstance(item, (int, Symbolic)))

    def whole(self, index: int) -> tuple[int, ...] | None:
        """The elements of an input when all are known numbers, else None."""
        found = self.elements(index)
        if found is None or not all(isinstance(item, int) for item in found):
            return None
        return tuple(item for item in found if isinstance(item, int))

    def fresh(self, out: int, axis: int) -> Symbolic:
        """A size that depends on the data; the same name as long as the node lives."""
        return symbol(f"d{self.node}_{axis}" if not out else f"d{self.node}_{out}_{axis}")

    def element_attr(self, name: str) -> str | None:
        """The element type that an attribute names, None for none."""
        number = self.attr(name)
        return TYPE_NAMES.get(number) if number else None

    def flag(self, name: str) -> bool:
        """True when an attribute is 1."""
        return bool(self.attr(name, 0))
