"""What a shape rule is given and what it answers; the rules themselves are in shape_rules/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sketch.graph.errors import ShapeError
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.specs import LayerSpec


@dataclass(frozen=True, slots=True)
class Call:
    """One layer applied to its inputs.

    `params` are the effective values (defaults, derived, pinned). `inputs` follow the wires' port numbers,
    None where an optional input is open; every shape in them is known in rank. `args` are the rule's own
    arguments from the layer file. `declared` are the output types that a file gave, if any.
    """

    spec: LayerSpec
    params: Mapping[str, Any]
    inputs: tuple[ValueType | None, ...]
    args: FrozenDict
    declared: tuple[ValueType | None, ...] = ()

    def given(self, index: int) -> bool:
        """True when this input is connected."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def input(self, index: int = 0) -> ValueType:
        """The type of a connected input; ShapeError when it is open."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            name = self.spec.input_port(index).name
            raise ShapeError(
                f"{self.spec.name} has nothing on input {name!r}.", "Connect a layer to it.", port=index
            )
        return value

    def shape(self, index: int = 0) -> tuple[Any, ...]:
        """The shape of a connected input."""
        shape = self.input(index).shape
        if shape is None:
            raise ShapeError(
                f"The shape of input {self.spec.input_port(index).name!r} is not known.", port=index
            )
        return shape

    def param(self, name: str) -> Any:
        """The effective value of a parameter; ShapeError when it follows an input that does not say."""
        if name not in self.params:
            raise ShapeError(
                f"{name} follows the input, and the input does not say it.",
                f"Set {name} by hand.",
                param=name,
            )
        return self.params[name]

    def arg(self, name: str, default: Any = None) -> Any:
        """An argument that the layer file gives to the rule."""
        return self.args.get(name, default)


Rule = Callable[[Call], tuple[ValueType | None, ...]]
"""A pure function from a Call to the types of the outputs; raises ShapeError with a cure."""
