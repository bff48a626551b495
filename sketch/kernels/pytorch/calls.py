"""How a layer is called in PyTorch, as a value: the text kernel prints it and the exporter builds it.

`target` is `module` (the node's own module), `torch.cat`, `F.pad`, `operator.add`, `function.gather_nd` (a function
that is written into the source, see operators) or, with a leading dot, a method of the first argument. Arguments hold
operands, numbers, texts, tuples, slices, small tensors and nested calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sketch.graph.network import Source

MODULE = "module"
"""The target of a call of the node's own nn.Module."""


FUNCTION = "function."
"""In front of the name of a function that is written into the source."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that another node gives."""

    source: Source


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a value along one dimension, read while the network runs."""

    operand: Operand
    dim: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """An element type, by Sketch's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """A small tensor that the source spells out: element type (Sketch's name), shape, flat values.

    `on_cpu` is for sizes, axes and the like, whose values steer the computation and are read as Python numbers.
    """

    dtype: str
    shape: tuple[int, ...]
    data: tuple[Any, ...]
    on_cpu: bool = False

    def nested(self) -> Any:
        """The values as nested lists, a number for a scalar."""
        return _nested(list(self.data), self.shape)


@dataclass(frozen=True, slots=True)
class Call:
    """A call; `results` says where its outputs are: None (the value itself), or nested tuples of output numbers."""

    target: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    results: Any = None


def operands(value: Any) -> Iterator[Operand]:
    """Every operand inside a call or argument, in order."""
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, Size):
        yield value.operand
    elif isinstance(value, Call):
        yield from operands(value.args)
        yield from operands(tuple(value.kwargs.values()))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from operands(item)
    elif isinstance(value, slice):
        yield from operands((value.start, value.stop, value.step))


def functions(value: Any) -> Iterator[str]:
    """Names of the functions of the source that a call or argument uses, in order."""
    if isinstance(value, Call):
        if value.target.startswith(FUNCTION):
            yield value.target[len(FUNCTION) :]
        yield from functions(value.args)
        yield from functions(tuple(value.kwargs.values()))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from functions(item)


def _nested(data: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return data[0]
    step = len(data) // shape[0] if shape[0] else 0
    return [_nested(data[index * step : (index + 1) * step], shape[1:]) for index in range(shape[0])]


TORCH_TYPES: Mapping[str, str] = {
    **{name: name for name in (
        "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
        "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128",
    )},
    "float8e4m3fn": "float8_e4m3fn", "float8e4m3fnuz": "float8_e4m3fnuz", "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz", "float8e8m0": "float8_e8m0fnu",
}  # fmt: skip
"""Sketch's element types that PyTorch has, and PyTorch's names for them."""

SKETCH_TYPES: Mapping[str, str] = {torch_name: name for name, torch_name in TORCH_TYPES.items()}
"""PyTorch's element types and Sketch's names for them."""
