"""Sums, extremes, orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sketch.kernels.onnx.torch_calls.writer import Number, Val, Writer


def _axes(dim: Any) -> list[int] | None:
    if dim is None or dim in ((), []):
        return None
    return list(dim) if isinstance(dim, (tuple, list)) else [dim]


def _over(layer: str) -> Callable[..., Val]:
    def lower(w: Writer, x: Val, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Val:
        return w.layer(layer, w.cast(x, dtype), dim=_axes(dim), keepdim=keepdim)

    return lower


def _extreme(reduce: str, pair: str, place: str) -> Callable[..., Any]:
    """torch.max: of all, of two values, or along a dimension with the places."""

    def lower(w: Writer, x: Val, dim: Any = None, keepdim: bool = False) -> Any:
        if isinstance(dim, Val):
            return w.layer(pair, x, dim)
        if dim is None:
            return w.layer(reduce, x)
        found = w.layer(reduce, x, dim=[dim], keepdim=keepdim)
        return found, w.layer(place, x, dim=dim, keepdim=keepdim)

    def with_other(w: Writer, x: Val, *args: Any, other: Val | None = None, **named: Any) -> Any:
        return lower(w, x, other) if other is not None else lower(w, x, *args, **named)

    return with_other


def _spread(layer: str) -> Callable[..., Any]:
    def lower(
        w: Writer, x: Val, dim: Any = None, unbiased: Any = True, keepdim: bool = False, *, correction: Any = None
    ) -> Any:  # fmt: skip
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        less = correction if correction is not None else 1 if unbiased is None else int(unbiased)
        found = w.layers(layer, x, dim=_axes(dim), correction=less, keepdim=keepdim)
        return found if len(found) > 1 else found[0]

    return lower


def aminmax(w: Writer, x: Val, *, dim: Any = None, keepdim: bool = False) -> tuple[Val, Val]:
    """The smallest and the largest."""
    return tuple(w.layer(layer, x, dim=_axes(dim), keepdim=keepdim) for layer in ("Min", "Max"))  # type: ignore[return-value]


def cumsum(w: Writer, x: Val, dim: int, *, dtype: Any = None) -> Val:
    """Running sums; those of truth values and whole numbers are int64."""
    x = w.cast(x, dtype or (x.dtype if x.is_real else "int64"))
    return w.op("CumSum", x, w.tensor("int64", x.axis(dim)), like=x)


def diff(
    w: Writer, x: Val, n: int = 1, dim: int = -1, prepend: Val | None = None, append: Val | None = None
) -> Val:
    """Differences of neighbours."""
    axis = x.axis(dim)
    x = w.concat([item for item in (prepend, x, append) if item is not None], axis)
    for _ in range(n):
        later = w.layer("Slice", x, dim=axis, start=1)
        before = w.layer("Slice", x, dim=axis, start=0, end=-1)
        x = w.layer("NotEqual", later, before) if x.dtype == "bool" else w.sub(later, before)
    return x


def sort(
    w: Writer, x: Val, *args: Any, dim: int = -1, descending: bool = False, stable: bool = False
) -> tuple[Val, ...]:
    """In order, with the places."""
    del stable
    plain = [item for item in args if not isinstance(item, bool)]
    flags = [item for item in args if isinstance(item, bool)]
    return w.layers("Sort", x, dim=plain[0] if plain else dim, descending=flags[-1] if flags else descending)


def argsort(w: Writer, x: Val, *args: Any, **named: Any) -> Val:
    """The places."""
    return sort(w, x, *args, **named)[1]


def topk(
    w: Writer, x: Val, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Val, ...]:  # fmt: skip
    """The k largest."""
    return w.layers("TopK", x, k=k, dim=dim, largest=largest, sorted=sorted)


def kthvalue(w: Writer, x: Val, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Val, ...]:
    """The k-th smallest."""
    found = w.layers("TopK", x, k=k, dim=dim, largest=False)
    last = [w.layer("Slice", item, dim=dim, start=k - 1) for item in found]
    return tuple(last if keepdim else [w.squeeze(item, item.axis(dim)) for item in last])


def argmax(layer: str) -> Callable[..., Val]:
    """The place of the extreme."""

    def lower(w: Writer, x: Val, dim: int | None = None, keepdim: bool = False) -> Val:
        return w.layer(layer, x, dim=dim, keepdim=keepdim)

    return lower


def prod(w: Writer, x: Val, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Val:
    """The product."""
    return w.layer("Prod", w.cast(x, dtype), dim=dim, keepdim=keepdim)


def trace(w: Writer, x: Val) -> Val:
    """The sum of the diagonal."""
    return w.op("Einsum", x, like=x, shape=(), equation="ii->")


def count_nonzero(w: Writer, x: Val, dim: Any = None) -> Val:
    """How many are not 0."""
    return w.layer("Sum", w.cast(w.layer("NotEqual", x, w.number(0, x)), "int64"), dim=_axes(dim))


def equal_number(w: Writer, x: Val) -> Val:
    """How many elements there are."""
    total: Any = 1
    for size in x.shape:
        total = total * size
    return w.tensor("int64", total)


def normalize(w: Writer, x: Val, p: Number = 2.0, dim: int = 1, eps: Number = 1e-12) -> Val:
    """x / max(length, eps)."""
    return w.layer("Normalize", x, p=float(p), dim=dim, eps=float(eps))


LOWERINGS: Mapping[str, Any] = {
    **{name: _over(layer) for name, layer in (
        ("sum", "Sum"), ("mean", "Mean"), ("amax", "Max"), ("amin", "Min"), ("logsumexp", "LogSumExp"),
        ("any", "Any"), ("all", "All"))},
    "max": _extreme("Max", "Maximum", "ArgMax"),
    "min": _extreme("Min", "Minimum", "ArgMin"),
    "var": _spread("Var"), "std": _spread("Std"), "var_mean": _spread("VarMean"),
    "argmax": argmax("ArgMax"), "argmin": argmax("ArgMin"),
    "numel": equal_number,
    **{item.__name__: item for item in (
        aminmax, cumsum, diff, sort, argsort, topk, kthvalue, prod, trace, count_nonzero, normalize)},
}  # fmt: skip
