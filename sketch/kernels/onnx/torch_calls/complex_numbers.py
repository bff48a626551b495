"""Complex numbers: onnxruntime has none, so that a value has its real and imaginary parts as a last dimension of 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.graph.rows import ValueType
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.writer import Val, Writer

_WIDE = {
    "float32": "complex64",
    "float64": "complex128",
    "complex64": "complex64",
    "complex128": "complex128",
}
_PART = {"complex64": "float32", "complex128": "float64"}


def _pair(x: Val) -> Val:
    """A complex value as the real one that stands for it."""
    return Val(x.name, ValueType(_PART[x.dtype], (*x.shape, 2)))


def _complex(x: Val) -> Val:
    """A real value with a last dimension of 2 as the complex one that it stands for."""
    return Val(x.name, ValueType(_WIDE[x.dtype], x.shape[:-1]))


def _raised(w: Writer, x: Val) -> Val:
    """A real value as a complex one."""
    if x.is_complex:
        return x
    zero = w.mul(x, 0.0)
    return _complex(w.concat([w.unsqueeze(x, x.rank), w.unsqueeze(zero, x.rank)], x.rank))


def part(place: int) -> Callable[[Writer, Val], Val]:
    """The real (0) or imaginary (1) part."""

    def lower(w: Writer, x: Val) -> Val:
        if not x.is_complex:
            return x if place == 0 else w.mul(x, 0)
        pair = _pair(x)
        return w.op("Gather", pair, w.tensor("int64", place), like=pair, shape=x.shape, axis=x.rank)

    return lower


def magnitude(w: Writer, x: Val) -> Val:
    """|x|."""
    return w.layer("Norm", _pair(x), dim=[-1]) if x.is_complex else w.layer("Abs", x)


def as_complex(w: Writer, x: Val) -> Val:
    """view_as_complex."""
    del w
    return _complex(x)


def as_real(w: Writer, x: Val) -> Val:
    """view_as_real."""
    del w
    return _pair(x)


def conjugate(w: Writer, x: Val) -> Val:
    """The imaginary part turned round."""
    return _complex(w.mul(_pair(x), w.tensor(_PART[x.dtype], [1.0, -1.0]))) if x.is_complex else x


def made(w: Writer, real: Val, imaginary: Val) -> Val:
    """torch.complex."""
    return _complex(
        w.concat([w.unsqueeze(real, real.rank), w.unsqueeze(imaginary, imaginary.rank)], real.rank)
    )


def polar(w: Writer, size: Val, angle: Val) -> Val:
    """torch.polar."""
    return made(w, w.mul(size, w.layer("Cos", angle)), w.mul(size, w.layer("Sin", angle)))


def product(w: Writer, x: Any, other: Any) -> Val:
    """x·other, either of them complex or not."""
    values = [item for item in (x, other) if isinstance(item, Val)]
    if not any(item.is_complex for item in values):
        return w.mul(x, other)
    if not isinstance(other, Val) or not isinstance(x, Val):
        first, factor = (x, other) if isinstance(x, Val) else (other, x)
        return _complex(w.mul(_pair(first), factor))
    a, b = _raised(w, x), _raised(w, other)
    real = w.sub(w.mul(part(0)(w, a), part(0)(w, b)), w.mul(part(1)(w, a), part(1)(w, b)))
    imaginary = w.add(w.mul(part(0)(w, a), part(1)(w, b)), w.mul(part(1)(w, a), part(0)(w, b)))
    return made(w, real, imaginary)


# --- Fourier transforms --------------------------------------------------------------------------------


def _scale(norm: str | None, count: int, *, inverse: bool) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(count)
    return 1 / count if (norm in (None, "backward")) == inverse else 1.0


def _size(x: Val, axis: int) -> int:
    size = x.shape[axis]
    if not isinstance(size, int):
        raise UnsayableError("A Fourier transform needs a number as the size of its dimension.")
    return size


def _along(w: Writer, x: Val, axis: int, norm: str | None, *, inverse: bool) -> Val:
    """One dimension by the matrix of the transform: exact, and quick at the sizes of models."""
    count = _size(x, axis)
    x = _raised(w, x)
    turn = (1 if inverse else -1) * 2 * math.pi / count
    scale = _scale(norm, count, inverse=inverse)
    cos, sin = (
        w.tensor(
            _PART[x.dtype], [[scale * f(turn * (a * b % count)) for b in range(count)] for a in range(count)]
        )
        for f in (math.cos, math.sin)
    )
    real, imaginary = (_times(w, part(place)(w, x), axis) for place in (0, 1))
    new_real = w.sub(real(cos), imaginary(sin))
    new_imaginary = w.add(real(sin), imaginary(cos))
    return made(w, _back(w, new_real, axis), _back(w, new_imaginary, axis))


def _times(w: Writer, x: Val, axis: int) -> Callable[[Val], Val]:
    order = [at for at in range(x.rank) if at != axis] + [axis]
    turned = w.permute(x, order)
    return lambda matrix: w.layer("MatMul", turned, matrix)


def _back(w: Writer, x: Val, axis: int) -> Val:
    order = list(range(x.rank - 1))
    order.insert(axis, x.rank - 1)
    return w.permute(x, order)


def _fitted(w: Writer, x: Val, axis: int, count: Any) -> Val:
    """Cut, or filled with zeros, to a size."""
    size = _size(x, axis)
    if count is None or count == size:
        return x
    pair = _pair(x) if x.is_complex else x
    last = pair.rank - 1 - axis
    done = w.layer("Pad", pair, pad=[0, 0] * last + [0, int(count) - size])
    return _complex(done) if x.is_complex else done


def _axes(x: Val, s: Any, dim: Any, default: Sequence[int] | None) -> tuple[list[int], list[Any]]:
    wanted = dim if dim is not None else default
    if wanted is None:
        wanted = range(x.rank) if s is None else range(-len(s), 0)
    axes = [x.axis(item) for item in (wanted if not isinstance(wanted, int) else (wanted,))]
    return axes, list(s) if s is not None else [None] * len(axes)


def full(default: Sequence[int] | None, *, inverse: bool) -> Callable[..., Val]:
    """fft2, fftn and their inverses."""

    def lower(w: Writer, x: Val, s: Any = None, dim: Any = None, norm: str | None = None) -> Val:
        axes, sizes = _axes(x, s, dim, default)
        for axis, size in zip(axes, sizes, strict=True):
            x = _along(w, _fitted(w, x, axis, size), axis, norm, inverse=inverse)
        return x

    return lower


def single(*, inverse: bool) -> Callable[..., Val]:
    """fft and ifft."""

    def lower(w: Writer, x: Val, n: Any = None, dim: int = -1, norm: str | None = None) -> Val:
        return full((dim,), inverse=inverse)(w, x, None if n is None else [n], dim, norm)

    return lower


def _half(w: Writer, x: Val, axis: int) -> Val:
    pair = _pair(x)
    return _complex(w.layer("Slice", pair, dim=axis, start=0, end=_size(x, axis) // 2 + 1))


def real_to_half(default: Sequence[int] | None) -> Callable[..., Val]:
    """rfft2 and rfftn: the last dimension keeps its first half."""

    def lower(w: Writer, x: Val, s: Any = None, dim: Any = None, norm: str | None = None) -> Val:
        axes, sizes = _axes(x, s, dim, default)
        for axis, size in reversed(list(zip(axes, sizes, strict=True))):
            x = _along(w, _fitted(w, x, axis, size), axis, norm, inverse=False)
            x = _half(w, x, axis) if axis == axes[-1] else x
        return x

    return lower


def half_to_real(default: Sequence[int] | None) -> Callable[..., Val]:
    """irfft2 and irfftn: the other half is the mirrored conjugate."""

    def lower(w: Writer, x: Val, s: Any = None, dim: Any = None, norm: str | None = None) -> Val:
        axes, sizes = _axes(x, s, dim, default)
        last = axes[-1]
        for axis, size in zip(axes[:-1], sizes[:-1], strict=True):
            x = _along(w, _fitted(w, x, axis, size), axis, norm, inverse=True)
        count = sizes[-1] or 2 * (_size(x, last) - 1)
        x = _fitted(w, x, last, count // 2 + 1)
        mirrored = w.layer("Slice", _pair(conjugate(w, x)), dim=last, start=1, end=(count + 1) // 2)
        whole = w.concat([_pair(x), w.layer("Flip", mirrored, dims=[last])], last)
        return part(0)(w, _along(w, _complex(whole), last, norm, inverse=True))

    return lower


def _one(function: Callable[..., Val]) -> Callable[..., Val]:
    def lower(w: Writer, x: Val, n: Any = None, dim: int = -1, norm: str | None = None) -> Val:
        return function(w, x, None if n is None else [n], (dim,), norm)

    return lower


LOWERINGS: Mapping[str, Any] = {
    "real": part(0), "imag": part(1), "abs": magnitude, "mul": product,
    "view_as_complex": as_complex, "view_as_real": as_real,
    **dict.fromkeys(("conj", "resolve_conj", "conj_physical"), conjugate),
    "complex": made, "polar": polar,
    "fft_fft": single(inverse=False), "fft_ifft": single(inverse=True),
    "fft_fft2": full((-2, -1), inverse=False), "fft_ifft2": full((-2, -1), inverse=True),
    "fft_fftn": full(None, inverse=False), "fft_ifftn": full(None, inverse=True),
    "fft_rfft": _one(real_to_half(None)), "fft_irfft": _one(half_to_real(None)),
    "fft_rfft2": real_to_half((-2, -1)), "fft_irfft2": half_to_real((-2, -1)),
    "fft_rfftn": real_to_half(None), "fft_irfftn": half_to_real(None),
}  # fmt: skip
