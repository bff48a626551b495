"""How a layer's lowering writes operators: into the model itself, or into the body of the layer's function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.element_types import HELD_TYPES
from sketch.graph.network import Step
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.program import NEWEST_OPSET, Attribute, Op, TensorValue, ints


class UnsayableError(Exception):
    """ONNX cannot say this layer with these parameters or inputs; the message is the reason."""


class Reading:
    """One step as a lowering reads it: parameters, and what flows in. `x` names the inputs by port (`""`: open)."""

    def __init__(self, step: Step, opset: int, inputs: Sequence[str] | None):
        self.step = step
        self.opset = opset
        self.params = step.params
        self.x: tuple[str, ...] = tuple(inputs) if inputs is not None else formal_inputs(step)

    def given(self, index: int) -> bool:
        """True when this input is wired."""
        return index < len(self.x) and bool(self.x[index])

    def type(self, index: int = 0) -> ValueType:
        """The type of an input; UnsayableError when it is not known."""
        kinds = self.step.input_types
        kind = kinds[index] if index < len(kinds) else None
        if kind is None or kind.shape is None:
            raise UnsayableError("The shape of its input is not known yet.")
        return kind

    def shape(self, index: int = 0) -> tuple[Any, ...]:
        """The sizes of an input, symbols among them."""
        return self.type(index).shape or ()

    def rank(self, index: int = 0) -> int:
        """The number of dimensions of an input."""
        return len(self.shape(index))

    def axis(self, dim: int, index: int = 0, extra: int = 0) -> int:
        """A dimension counted from the front."""
        rank = self.rank(index) + extra
        return dim + rank if dim < 0 else dim

    def size(self, dim: int, index: int = 0) -> int:
        """A size as a number; UnsayableError when it is symbolic."""
        size = self.shape(index)[dim]
        if isinstance(size, Symbolic):
            raise UnsayableError(
                f"ONNX needs the size of dimension {dim} of its input as a number here, it is {size}; "
                "give the Input a number there."
            )
        return int(size)

    def out_shape(self, out: int = 0) -> tuple[Any, ...]:
        """The sizes of an output; UnsayableError when they are not known."""
        kind = self.step.types[out] if out < len(self.step.types) else None
        if kind is None or kind.shape is None:
            raise UnsayableError("The shape of its output is not known yet.")
        return kind.shape

    @property
    def dtype(self) -> str:
        """Element type of the first input."""
        kind = self.step.input_types[0] if self.step.input_types else None
        return kind.dtype if kind else "float32"


class Emitter(Reading):
    """Collects the operators of one step. Constants become `Constant` operators.

    Subclasses say how new values and constants are named.
    """

    def __init__(self, step: Step, opset: int = NEWEST_OPSET, inputs: Sequence[str] | None = None):
        super().__init__(step, opset, inputs)
        self.ops: list[Op] = []
        self._numbers: dict[str, int] = {}
        self._constants: dict[TensorValue, str] = {}
        self.measured: dict[str, Dim] = {}
        """Sizes that the model's inputs say, by the names under which they are at hand here."""

    def child(self, step: Step, inputs: Sequence[str]) -> Emitter:
        """An emitter for a step that is part of this one; what it writes stands here."""
        made = Emitter(step, self.opset, inputs)
        made.ops, made._numbers, made._constants = self.ops, self._numbers, self._constants
        made.measured = self.measured
        return made

    def op(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """Write an operator with one output and return its name."""
        return self.many(kind, 1, *inputs, **attributes)[0]

    def many(self, kind: str, outputs: int, *inputs: str, **attributes: Attribute) -> tuple[str, ...]:
        """Write an operator with several outputs and return their names."""
        kept = list(inputs)
        while kept and not kept[-1]:
            kept.pop()
        names = tuple(self.fresh(kind) for _ in range(outputs))
        self.ops.append(Op(kind, tuple(kept), names, dict(attributes), node=self.step.id))
        return names

    def fresh(self, kind: str) -> str:
        """A new value name after the operator that makes it."""
        stem = kind.lower()
        self._numbers[stem] = self._numbers.get(stem, 0) + 1
        return f"{stem}{self._numbers[stem]}"

    def constant(self, value: TensorValue) -> str:
        """A constant; the same one twice is written once."""
        if value not in self._constants:
            name = self.fresh("const")
            self.ops.append(Op("Constant", (), (name,), {"value": value}, node=self.step.id))
            self._constants[value] = name
        return self._constants[value]

    @property
    def constants(self) -> dict[str, TensorValue]:
        """Name -> constant, for all that were written."""
        return {name: value for value, name in self._constants.items()}

    def ints(self, *values: int) -> str:
        """A 1-D int64 constant."""
        return self.constant(ints(values))

    def number(self, value: float, dtype: str | None = None) -> str:
        """A scalar of the first input's element type."""
        kind = dtype or self.dtype
        whole = kind.startswith(("int", "uint"))
        return self.constant(TensorValue(kind, (), (int(value) if whole else float(value),)))

    def weight(self, role: str) -> str:
        """The name under which a weight of this step is at hand."""
        return role

    def has(self, role: str) -> bool:
        """True when the layer has this weight under its parameters."""
        return role in self.step.weights

    def cast(self, x: str, have: str, want: str) -> str:
        """A value in another element type; itself when it has that already."""
        return x if have == want else self.op("Cast", x, to=HELD_TYPES[want])

    # --- operators whose form changed between opsets -------------------------------------------------

    def reduce(self, kind: str, x: str, axes: Sequence[int] | None, keepdims: bool = True) -> str:
        """ReduceSum, ReduceMean, ...: the axes are an input from opset 18 on (ReduceSum: 13)."""
        keep = int(keepdims)
        if axes is None:
            return self.op(kind, x, keepdims=keep)
        if self.opset >= 18 or kind == "ReduceSum":
            return self.op(kind, x, self.ints(*axes), keepdims=keep)
        return self.op(kind, x, axes=tuple(axes), keepdims=keep)

    def split(self, x: str, axis: int, sizes: Sequence[int]) -> tuple[str, ...]:
        """Cut a dimension in parts of these sizes."""
        return self.many("Split", len(sizes), x, self.ints(*sizes), axis=axis)

    def slice(self, x: str, axis: int, start: int, end: int, step: int = 1) -> str:
        """Entries start, start + step, ... before end along a dimension."""
        return self.op("Slice", x, self.ints(start), self.ints(end), self.ints(axis), self.ints(step))

    def reshape(self, x: str, *shape: int) -> str:
        """New sizes; 0 keeps the size at its place, -1 is worked out."""
        return self.op("Reshape", x, self.ints(*shape))

    def unsqueeze(self, x: str, *axes: int) -> str:
        """Add dimensions of size 1."""
        return self.op("Unsqueeze", x, self.ints(*axes))

    def squeeze(self, x: str, *axes: int) -> str:
        """Remove dimensions of size 1."""
        return self.op("Squeeze", x, self.ints(*axes))

    def sizes(self, x: str, index: int = 0) -> list[str]:
        """Each size of an input as a 1-D int64 value: a constant where it is known, else read from the tensor."""
        found, whole = [], ""
        for place, size in enumerate(self.shape(index)):
            if isinstance(size, int):
                found.append(self.ints(size))
                continue
            whole = whole or self.op("Shape", x)
            found.append(self.slice(whole, 0, place, place + 1))
        return found

    def measure(self, size: Dim) -> str:
        """A size as a 1-D int64 value: a constant, read from an input of the layer, or from one of the model."""
        if isinstance(size, int):
            return self.ints(size)
        for index, kind in enumerate(self.step.input_types):
            if self.given(index) and kind is not None and size in (kind.shape or ()):
                return self.slice(self.op("Shape", self.x[index]), 0, *_at((kind.shape or ()).index(size)))
        name = next((name for name, known in self.measured.items() if known == size), "")
        name = name or f"size{len(self.measured) + 1}"
        self.measured[name] = size
        return name

    def shape_of(self, sizes: Sequence[Dim]) -> str:
        """Sizes as a 1-D int64 value."""
        if all(isinstance(size, int) for size in sizes):
            return self.ints(*(int(size) for size in sizes if isinstance(size, int)))
        return self.op("Concat", *(self.measure(size) for size in sizes), axis=0)


def _at(place: int) -> tuple[int, int]:
    return place, place + 1


def formal_inputs(step: Step) -> tuple[str, ...]:
    """The names of a step's inputs inside its function: the ports' names, numbered where a port is variadic."""
    names = []
    for index, source in enumerate(step.inputs):
        port = step.spec.input_port(index)
        name = f"{port.name}{index - len(step.spec.inputs) + 1}" if port.variadic else port.name
        names.append(name if source is not None else "")
    return tuple(names)


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> tuple[list[int], list[int]]:
    """PyTorch's `same`: (before, after) of each axis, the odd one after."""
    totals = [step * (size - 1) for size, step in zip(kernel, dilation, strict=True)]
    return [total // 2 for total in totals], [total - total // 2 for total in totals]


def lowest(dtype: str) -> float:
    """What is below every value of an element type."""
    return -math.inf if dtype.startswith(("float", "bfloat")) else 0
