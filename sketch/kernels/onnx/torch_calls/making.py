"""Functions that make a tensor out of sizes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sketch.graph.dims import Dim, Symbolic
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.writer import Given, Number, TypeWord, Val, Writer


def _sizes(args: tuple[Any, ...]) -> tuple[Dim, ...]:
    first = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    return tuple(first)


def _word(dtype: TypeWord | None, default: str) -> str:
    return dtype.name if dtype is not None else default


def _kind_of(value: Number) -> str:
    return "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"


def filled(value: Number) -> Callable[..., Val]:
    """torch.zeros and its like; what `empty` holds is not said, so it may be 0."""

    def lower(w: Writer, *size: Any, dtype: TypeWord | None = None, **named: Any) -> Val:
        return w.full(_sizes(size or (named["size"],)), value, _word(dtype, "float32"))

    return lower


def filled_like(value: Number) -> Callable[..., Val]:
    """torch.zeros_like and its like."""

    def lower(w: Writer, x: Val, *, dtype: TypeWord | None = None) -> Val:
        return w.full(x.shape, value, _word(dtype, x.dtype))

    return lower


def new_filled(value: Number) -> Callable[..., Val]:
    """x.new_zeros and its like."""

    def lower(w: Writer, x: Val, *size: Any, dtype: TypeWord | None = None) -> Val:
        return w.full(_sizes(size), value, _word(dtype, x.dtype))

    return lower


def full(w: Writer, size: Any, fill_value: Given, *, dtype: TypeWord | None = None) -> Val:
    """One number everywhere."""
    if isinstance(fill_value, Val):
        return w.expand(w.cast(fill_value, dtype), tuple(size))
    return w.full(tuple(size), fill_value, _word(dtype, _kind_of(fill_value)))


def full_like(w: Writer, x: Val, fill_value: Number, *, dtype: TypeWord | None = None) -> Val:
    """One number, in the sizes of x."""
    return w.full(x.shape, fill_value, _word(dtype, x.dtype))


def fill(w: Writer, x: Val, value: Any) -> Val:
    """One number in the place of all."""
    if isinstance(value, Val):
        return w.expand(w.cast(value, x.dtype), x.shape)
    return w.full(x.shape, value, x.dtype)


def new_full(w: Writer, x: Val, size: Any, fill_value: Number, *, dtype: TypeWord | None = None) -> Val:
    """One number everywhere, in the element type of x."""
    return w.full(tuple(size), fill_value, _word(dtype, x.dtype))


def arange(w: Writer, *bounds: Any, dtype: TypeWord | None = None, **named: Any) -> Val:
    """Range from start to end."""
    start, end, step = _bounds(bounds, named)
    plain = all(isinstance(item, (int, float)) for item in (start, end, step))
    kind = "float32" if any(isinstance(item, float) for item in (start, end, step)) else "int64"
    if plain:
        count = max(0, -int(-(end - start) // step) if kind != "int64" else len(range(start, end, step)))
        made = w.tensor(_word(dtype, kind), [start + place * step for place in range(count)])
        return made if count else w.full((0,), 0, _word(dtype, kind))
    if step != 1:
        raise UnsayableError("A range of symbolic length has step 1 in ONNX's form here.")
    ends = [_scalar(w, item) for item in (start, end)]
    name = w.e.op("Range", *ends, w.tensor("int64", 1).name)
    return w.cast(Val(name, ValueType("int64", (end - start,))), dtype)


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    if len(bounds) < 2 and "end" not in named:
        return 0, bounds[0], named.get("step", 1)
    start = bounds[0] if bounds else named.get("start", 0)
    end = bounds[1] if len(bounds) > 1 else named["end"]
    return start, end, bounds[2] if len(bounds) > 2 else named.get("step", 1)


def _scalar(w: Writer, size: Dim) -> str:
    if isinstance(size, Symbolic):
        return w.e.squeeze(w.e.measure(size), 0)
    return w.tensor("int64", size).name


def eye(w: Writer, n: Dim, m: Dim | None = None, *, dtype: TypeWord | None = None) -> Val:
    """Ones on the diagonal."""
    rows, columns = n, n if m is None else m
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise UnsayableError("A unit matrix needs numbers as sizes.")
    return w.tensor(_word(dtype, "float32"), [[int(a == b) for b in range(columns)] for a in range(rows)])


def linspace(w: Writer, start: Number, end: Number, steps: int, *, dtype: TypeWord | None = None) -> Val:
    """Numbers at equal distances."""
    gap = (end - start) / (steps - 1) if steps > 1 else 0.0
    return w.tensor(_word(dtype, "float32"), [start + gap * place for place in range(steps)])


def scalar_tensor(w: Writer, value: Number, *, dtype: TypeWord | None = None) -> Val:
    """A number."""
    return w.tensor(_word(dtype, "float32"), value)


def tensor(w: Writer, data: Any, *, dtype: TypeWord | None = None) -> Val:
    """Nested numbers."""
    if isinstance(data, Val):
        return w.cast(data, dtype)
    first = data
    while isinstance(first, (tuple, list)) and first:
        first = first[0]
    return w.tensor(_word(dtype, _kind_of(first)), data)


def new_tensor(w: Writer, x: Val, data: Any, *, dtype: TypeWord | None = None) -> Val:
    """Nested numbers, in the element type of x."""
    return tensor(w, data, dtype=dtype or TypeWord(x.dtype))


LOWERINGS: Mapping[str, Any] = {
    "zeros": filled(0), "ones": filled(1), "empty": filled(0),
    "zeros_like": filled_like(0), "ones_like": filled_like(1), "empty_like": filled_like(0),
    "new_zeros": new_filled(0), "new_ones": new_filled(1), "new_empty": new_filled(0),
    "zero": lambda w, x: w.full(x.shape, 0, x.dtype),
    **{item.__name__: item for item in (
        full, full_like, fill, new_full, arange, eye, linspace, scalar_tensor, new_tensor)},
}  # fmt: skip
