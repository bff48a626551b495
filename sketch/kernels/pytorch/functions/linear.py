"""Matrix products."""

from __future__ import annotations

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import same_bits
from sketch.kernels.pytorch.functions.indexing import from_bits


def mat_mul(a: Tensor, b: Tensor) -> Tensor:
    """MatMul: the product of matrices, over all leading dimensions."""
    return from_bits(torch.matmul(same_bits(a), same_bits(b)), a.dtype)


def gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    """Gemm: alpha * A' B' + beta * C with A' and B' transposed on request."""
    product = mat_mul(a.T if transA else a, b.T if transB else b)
    if product.is_floating_point():
        product = product if alpha == 1 else product * alpha
        return product if c is None or beta == 0 else product + (c if beta == 1 else c * beta)
    c = torch.zeros_like(product) if c is None else c
    if alpha == int(alpha) and beta == int(beta):
        return from_bits(same_bits(product) * int(alpha) + same_bits(c) * int(beta), a.dtype)
    return (product.double() * alpha + c.double() * beta).to(a.dtype)


def einsum(*inputs: Tensor, equation: str) -> Tensor:
    """Einsum: the sum of products that the equation names; 16-bit floats are summed in float32."""
    dtype = inputs[0].dtype
    half = dtype in (torch.float16, torch.bfloat16)
    terms = [x.float() if half else same_bits(x) for x in inputs]
    y = torch.einsum(equation, *terms)
    return y.to(dtype) if half else from_bits(y, dtype)
