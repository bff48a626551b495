"""What several rows of calls share: the first wire, sizes by name, codecs of numbers that may be one or many."""

from __future__ import annotations

from typing import Any

from sketch.binder.mapping import Codec, Field, LossyError
from sketch.graph.dims import Symbolic
from sketch.graph.network import Step
from sketch.kernels.pytorch.calls import Operand
from sketch.kernels.pytorch.rows import Shapes, one_or_many, size

SHORT = Codec(one_or_many)
"""A tuple of one number as the number."""


def first_wire(step: Step) -> Operand:
    """The wire at the first port."""
    source = step.inputs[0]
    if source is None:
        raise LossyError(f"'{step.name}' has nothing on its first input; connect a layer to it.")
    return Operand(source)


def named_sizes(step: Step, name: str, shapes: Shapes) -> tuple[Any, ...]:
    """The sizes of a parameter, those with names as expressions over what is at hand."""
    try:
        return tuple(size(item, step, shapes) for item in step.params[name])
    except KeyError as missing:
        raise LossyError(
            f"The size {missing.args[0]} in {name} of '{step.name}' is no size of an input; "
            "write a number, or name that dimension in an Input."
        ) from None


def plain_numbers(value: Any) -> Any:
    """Numbers of a call as a parameter; LossyError for what is none."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    if not items or any(isinstance(item, bool) or not isinstance(item, int) for item in items):
        raise LossyError("these are no plain numbers")
    return tuple(items)


def plain_sizes(value: Any) -> Any:
    """Sizes of a call as a parameter: numbers, and names as text."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    return plain_numbers(tuple(0 if isinstance(item, Symbolic) else item for item in items)) and tuple(
        str(item) if isinstance(item, Symbolic) else item for item in items
    )


def field(name: str, default: Any = None, codec: Codec = Codec(), target: str = "") -> Field:  # noqa: B008
    """A field whose argument has the parameter's name."""
    return Field(name, target or name, codec, default)
