"""How the lowering of a function of torch writes: by whole layers with PyTorch's meaning, and by single operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.dims import Dim, parse_dim
from sketch.graph.element_types import HELD_TYPES
from sketch.graph.errors import GraphError
from sketch.graph.evaluate import effective_params
from sketch.graph.network import Source, Step
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.rule import Call
from sketch.graph.shape_rules import RULES
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.layer_library import library
from sketch.kernels.onnx.layer_writing import write
from sketch.kernels.onnx.program import Attribute, TensorValue, flat


@dataclass(frozen=True, slots=True)
class Val:
    """A value of the model: its name and type. Complex numbers have a last dimension of 2 there, not in `shape`."""

    name: str
    kind: ValueType

    @property
    def dtype(self) -> str:
        """Element type."""
        return self.kind.dtype

    @property
    def shape(self) -> tuple[Any, ...]:
        """Sizes, symbols among them."""
        return self.kind.shape or ()

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def is_real(self) -> bool:
        """True for floating point."""
        return self.dtype.startswith(("float", "bfloat"))

    @property
    def is_complex(self) -> bool:
        """True for complex numbers."""
        return self.dtype.startswith("complex")

    def axis(self, dim: int, extra: int = 0) -> int:
        """A dimension counted from the front."""
        rank = self.rank + extra
        if not -max(rank, 1) <= dim < max(rank, 1):
            raise UnsayableError(f"It names dimension {dim} of a value with {rank}.")
        return dim + rank if dim < 0 else dim


@dataclass(frozen=True, slots=True)
class TypeWord:
    """An element type among the arguments, by Sketch's name."""

    name: str


Number = bool | int | float
Given = Val | Number


class Writer:
    """Writes into the emitter of one node."""

    def __init__(self, emitter: Emitter):
        self.e = emitter

    # --- values ----------------------------------------------------------------------------------

    def wire(self, number: int) -> Val:
        """An input of the node."""
        if not self.e.given(number):
            raise UnsayableError("It has open inputs.")
        return Val(self.e.x[number], self.e.type(number))

    def tensor(self, dtype: str, value: Any) -> Val:
        """A constant of nested numbers."""
        shape, data = flat(value)
        return Val(
            self.e.constant(TensorValue(dtype, shape, tuple(_as(dtype, item) for item in data))),
            ValueType(dtype, shape),
        )

    def number(self, value: Given, like: Val | None = None) -> Val:
        """A plain number as a value beside `like`, with PyTorch's rule for its element type; a value as it is."""
        if isinstance(value, Val):
            return value
        if not isinstance(value, (bool, int, float)):
            raise UnsayableError(f"{value!r} is used as a number.")
        kind = "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"
        if like is not None and (like.is_real or (kind == "int64" and like.dtype != "bool")):
            kind = like.dtype
        return self.tensor(kind, value)

    def sizes(self, sizes: Sequence[Dim]) -> str:
        """Sizes as a 1-D int64 value, by name."""
        return self.e.shape_of(list(sizes))

    # --- writing ---------------------------------------------------------------------------------

    def op(self, kind: str, *inputs: Val | str, like: Val, shape: Sequence[Dim] | None = None, dtype: str = "",
           **attributes: Attribute) -> Val:  # fmt: skip
        """One operator; its type is that of `like` but for what is said."""
        if any(isinstance(item, Val) and item.is_complex for item in inputs):
            raise UnsayableError(
                "onnxruntime has no complex numbers; take the real and imaginary parts before it."
            )
        names = (item.name if isinstance(item, Val) else item for item in inputs)
        found = like.shape if shape is None else tuple(shape)
        return Val(self.e.op(kind, *names, **attributes), ValueType(dtype or like.dtype, found))

    def layer(self, layer: str, *inputs: Given | None, **params: Any) -> Val:
        """A layer with one output."""
        return self.layers(layer, *inputs, **params)[0]

    def layers(self, layer: str, *inputs: Given | None, **params: Any) -> tuple[Val, ...]:
        """A layer with these inputs and parameters, and its outputs."""
        like = next((item for item in inputs if isinstance(item, Val)), None)
        values = [None if item is None else self.number(item, like) for item in inputs]
        step = self._step(layer, values, params)
        names = write(self.e.child(step, [item.name if item else "" for item in values]))
        return tuple(
            Val(name, kind) for name, kind in zip(names, step.types, strict=True) if kind is not None
        )

    def _step(self, layer: str, values: Sequence[Val | None], params: dict[str, Any]) -> Step:
        spec = library()[layer]
        kinds = tuple(None if item is None else item.kind for item in values)
        try:
            said = FrozenDict({name: spec.clean_param(name, value) for name, value in params.items()})
            known = effective_params(spec, said, kinds)
            types = RULES[spec.rule](Call(spec, known, kinds, spec.rule_args))
        except GraphError as error:
            raise UnsayableError(str(error)) from None
        sources = tuple(None if item is None else Source(0, place) for place, item in enumerate(values))
        return Step(
            self.e.step.id,
            self.e.step.name,
            layer,
            spec,
            known,
            said,
            sources,
            kinds,
            types,
            {},
            {},
            (),
            None,
        )

    # --- frequent layers ---------------------------------------------------------------------------

    def add(self, first: Given, second: Given) -> Val:
        """first + second."""
        return self.layer("Add", *self.pair(first, second))

    def sub(self, first: Given, second: Given) -> Val:
        """first - second."""
        return self.layer("Sub", *self.pair(first, second))

    def mul(self, first: Given, second: Given) -> Val:
        """first · second."""
        return self.layer("Mul", *self.pair(first, second))

    def div(self, first: Given, second: Given) -> Val:
        """first / second."""
        return self.layer("Div", *self.pair(first, second))

    def pair(self, first: Given, second: Given) -> tuple[Val, Val]:
        """Two operands as values; a plain number takes the element type that it has beside the other."""
        like = first if isinstance(first, Val) else second if isinstance(second, Val) else None
        return self.number(first, like), self.number(second, like)

    def cast(self, value: Val, dtype: str | TypeWord | None) -> Val:
        """A value in another element type; itself for none."""
        name = dtype.name if isinstance(dtype, TypeWord) else dtype
        if not name or name == value.dtype:
            return value
        if name not in HELD_TYPES or name.startswith("complex") or value.is_complex:
            raise UnsayableError(f"onnxruntime has no {name} here.")
        return self.layer("Cast", value, dtype=name)

    def reshape(self, value: Val, *shape: Dim) -> Val:
        """The same elements under other sizes."""
        if tuple(shape) == value.shape:
            return value
        unknown = [size for size in shape if not isinstance(size, int)]
        if len(unknown) == 1 and 0 not in shape and -1 not in shape:
            wanted = self.e.ints(*(size if isinstance(size, int) else -1 for size in shape))
        else:
            wanted = self.sizes(shape)
        return self.op("Reshape", value, wanted, like=value, shape=shape)

    def permute(self, value: Val, order: Sequence[int]) -> Val:
        """Another order of the dimensions."""
        if list(order) == list(range(value.rank)):
            return value
        shape = [value.shape[axis] for axis in order]
        return self.op("Transpose", value, like=value, shape=shape, perm=tuple(order))

    def expand(self, value: Val, shape: Sequence[Dim]) -> Val:
        """Sizes of 1 repeated."""
        return (
            value
            if tuple(shape) == value.shape
            else self.op("Expand", value, self.sizes(shape), like=value, shape=shape)
        )

    def squeeze(self, value: Val, axis: int) -> Val:
        """Without a dimension of size 1."""
        shape = (*value.shape[:axis], *value.shape[axis + 1 :])
        return self.op("Squeeze", value, self.e.ints(axis), like=value, shape=shape)

    def unsqueeze(self, value: Val, *axes: int) -> Val:
        """With new dimensions of size 1, at their places afterwards."""
        shape = list(value.shape)
        for axis in sorted(axes):
            shape.insert(axis, 1)
        return self.op("Unsqueeze", value, self.e.ints(*axes), like=value, shape=shape)

    def concat(self, values: Sequence[Val], axis: int) -> Val:
        """Joined along a dimension."""
        return values[0] if len(values) == 1 else self.layer("Concat", *values, dim=axis)

    def full(self, shape: Sequence[Dim], value: Number, dtype: str) -> Val:
        """One number everywhere."""
        return self.expand(self.tensor(dtype, value), shape) if shape else self.tensor(dtype, value)


def _as(dtype: str, value: Any) -> Any:
    if dtype == "bool":
        return bool(value)
    return int(value) if dtype.startswith(("int", "uint")) else float(value)


def parsed_size(text: str) -> Dim:
    """A size among the arguments."""
    return parse_dim(text)


def scaled(writer: Writer, value: Val, factor: Number) -> Val:
    """A value times a number, nothing where it is 1."""
    return value if factor == 1 else writer.mul(value, factor)
