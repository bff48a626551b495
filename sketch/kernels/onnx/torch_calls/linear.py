"""Products of matrices and distances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.writer import Number, Val, Writer, scaled


def matmul(w: Writer, x: Val, other: Val) -> Val:
    """The matrix product."""
    return w.layer("MatMul", x, other)


def addmm(w: Writer, x: Val, mat1: Val, mat2: Val, *, beta: Number = 1, alpha: Number = 1) -> Val:
    """beta·x + alpha·(mat1 @ mat2); with beta 0 nothing of x is read."""
    product = scaled(w, matmul(w, mat1, mat2), alpha)
    return product if beta == 0 else w.add(scaled(w, x, beta), product)


def baddbmm(w: Writer, x: Val, batch1: Val, batch2: Val, *, beta: Number = 1, alpha: Number = 1) -> Val:
    """beta·x + alpha·(batch1 @ batch2)."""
    return addmm(w, x, batch1, batch2, beta=beta, alpha=alpha)


def addmv(w: Writer, x: Val, mat: Val, vec: Val, *, beta: Number = 1, alpha: Number = 1) -> Val:
    """beta·x + alpha·(mat @ vec)."""
    return addmm(w, x, mat, vec, beta=beta, alpha=alpha)


def inner(w: Writer, x: Val, other: Val) -> Val:
    """Products of all last dimensions."""
    if x.rank > 2 or other.rank > 2:
        raise UnsayableError("inner of more than two dimensions has no counterpart in ONNX.")
    return matmul(w, x, w.permute(other, (1, 0)) if other.rank == 2 else other)


def addr(w: Writer, x: Val, vec1: Val, vec2: Val, *, beta: Number = 1, alpha: Number = 1) -> Val:
    """beta·x + alpha·outer(vec1, vec2)."""
    return w.add(scaled(w, x, beta), scaled(w, outer(w, vec1, vec2), alpha))


def addbmm(w: Writer, x: Val, batch1: Val, batch2: Val, *, beta: Number = 1, alpha: Number = 1) -> Val:
    """The products of all matrices of a batch are summed."""
    total = w.layer("Sum", matmul(w, batch1, batch2), dim=[0])
    return w.add(scaled(w, x, beta), scaled(w, total, alpha))


def outer(w: Writer, x: Val, other: Val) -> Val:
    """Each by each."""
    return w.mul(w.unsqueeze(x, 1), w.unsqueeze(other, 0))


def linear(w: Writer, x: Val, weight: Val, bias: Val | None = None) -> Val:
    """x·Wᵀ + b."""
    if weight.rank == 1:
        y = matmul(w, x, weight)
        return y if bias is None else w.add(y, bias)
    return w.layer("FunctionalLinear", x, weight, bias)


def bilinear(w: Writer, x: Val, other: Val, weight: Val, bias: Val | None = None) -> Val:
    """x·W·other for each output."""
    y = w.op(
        "Einsum",
        x,
        weight,
        other,
        like=x,
        shape=(*x.shape[:-1], weight.shape[0]),
        equation="...i,oij,...j->...o",
    )
    return y if bias is None else w.add(y, bias)


def einsum(w: Writer, equation: str, *operands: Any) -> Val:
    """Einsum."""
    values = operands[0] if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands
    return w.layer("Einsum", *values, equation=equation)


def cdist(w: Writer, x: Val, other: Val, p: Number = 2.0, compute_mode: Any = None) -> Val:
    """Distances between all rows of two matrices."""
    gap = w.sub(w.unsqueeze(x, x.rank - 1), w.unsqueeze(other, other.rank - 2))
    return _length(w, gap, float(p), -1, keep=False)


def pairwise_distance(
    w: Writer, x: Val, other: Val, p: Number = 2.0, eps: Number = 1e-6, keepdim: bool = False
) -> Val:  # fmt: skip
    """The length of the difference."""
    return _length(w, w.add(w.sub(x, other), float(eps)), float(p), -1, keep=keepdim)


def _length(w: Writer, x: Val, degree: float, dim: int, *, keep: bool) -> Val:
    if degree in (1.0, 2.0):
        return w.layer("Norm", x, ord=degree, dim=[dim], keepdim=keep)
    if degree == float("inf"):
        return w.layer("Max", w.layer("Abs", x), dim=[dim], keepdim=keep)
    powers = w.layer("Pow", w.layer("Abs", x), exponent=degree)
    return w.layer("Pow", w.layer("Sum", powers, dim=[dim], keepdim=keep), exponent=1 / degree)


def norm(
    w: Writer, x: Val, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None, **named: Any
) -> Val:  # fmt: skip
    """torch.norm and torch.linalg.norm where they are norms of vectors."""
    degree = named.get("ord", p)
    degree = 2.0 if degree in (None, "fro") else degree
    axes = None if dim is None else list(dim) if isinstance(dim, (tuple, list)) else [dim]
    return vector_norm(w, w.cast(x, dtype), degree, axes, keepdim)


def linalg_norm(
    w: Writer, x: Val, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Val:
    """A norm of vectors; one of matrices only where it is the root of all squares."""
    many = (x.rank if dim is None else len(dim) if isinstance(dim, (tuple, list)) else 1) == 2
    if many and ord not in (None, "fro"):
        raise UnsayableError(f"The norm {ord!r} of matrices has no counterpart in ONNX.")
    return norm(w, x, ord, dim, keepdim, dtype)


def vector_norm(
    w: Writer, x: Val, ord: Number = 2.0, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Val:
    """The length of vectors along dimensions."""
    x, degree = w.cast(x, dtype), float(ord)
    axes = None if dim is None else list(dim) if isinstance(dim, (tuple, list)) else [dim]
    if degree in (1.0, 2.0):
        return w.layer("Norm", x, ord=degree, dim=axes, keepdim=keepdim)
    size = w.layer("Abs", x)
    if degree in (float("inf"), float("-inf")):
        return w.layer("Max" if degree > 0 else "Min", size, dim=axes, keepdim=keepdim)
    if degree == 0:
        return w.layer("Sum", w.cast(w.layer("NotEqual", x, 0.0), x.dtype), dim=axes, keepdim=keepdim)
    total = w.layer("Sum", w.layer("Pow", size, exponent=degree), dim=axes, keepdim=keepdim)
    return w.layer("Pow", total, exponent=1 / degree)


def cosine_similarity(w: Writer, x: Val, other: Val, dim: int = 1, eps: Number = 1e-8) -> Val:
    """The cosine between vectors."""
    wide = w.add(x, w.mul(other, 0.0))
    least = float(eps)
    lengths = [
        w.layer(
            "Maximum", w.layer("Norm", item, ord=2.0, dim=[wide.axis(dim) - wide.rank], keepdim=True), least
        )
        for item in (x, other)
    ]
    parts = w.mul(w.div(x, lengths[0]), w.div(other, lengths[1]))
    return w.layer("Sum", parts, dim=[wide.axis(dim)])


def weight_norm(w: Writer, v: Val, g: Val, dim: int = 0) -> Val:
    """g·v/|v|, the length over all dimensions but one."""
    axes = [axis for axis in range(v.rank) if axis != (dim % v.rank if dim != -1 else -1)]
    return w.mul(v, w.div(g, w.layer("Norm", v, ord=2.0, dim=axes, keepdim=True)))


_HALVINGS, _TERMS = 8, 13
"""With 64-bit numbers these give all digits of 32-bit ones for matrices of a norm below 300."""


def matrix_exp(w: Writer, x: Val) -> Val:
    """The exponential of a matrix: Taylor's series of a small part of it, squared again and again."""
    size = x.shape[-1]
    if not isinstance(size, int) or x.dtype not in ("float32", "float16", "bfloat16"):
        raise UnsayableError("The exponential of such a matrix has no counterpart in ONNX.")
    small = w.mul(w.cast(x, "float64"), 2.0**-_HALVINGS)
    unit = w.tensor("float64", [[int(a == b) for b in range(size)] for a in range(size)])
    total = unit
    for term in range(_TERMS, 0, -1):
        total = w.add(unit, w.mul(matmul(w, small, total), 1 / term))
    for _ in range(_HALVINGS):
        total = matmul(w, total, total)
    return w.cast(total, x.dtype)


LOWERINGS: Mapping[str, Any] = {
    **dict.fromkeys(("matmul", "bmm", "mm", "mv", "dot", "vdot"), matmul),
    "addmv": addmv,
    "rmatmul": lambda w, x, other: matmul(w, other, x),
    "_weight_norm": weight_norm,
    **{item.__name__: item for item in (
        addmm, baddbmm, addbmm, addr, outer, inner, linear, bilinear, einsum, cdist, pairwise_distance, norm,
        linalg_norm, vector_norm, cosine_similarity, matrix_exp)},
}  # fmt: skip
