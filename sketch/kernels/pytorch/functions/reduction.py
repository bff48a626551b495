"""Reductions, positions of extremes and running sums of ONNX."""

import math

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.arithmetic import abs_, signed_quotient, unsigned_quotient
from sketch.kernels.pytorch.functions.dtypes import accumulating, ordered, unordered, widened


def reduced_axes(data: Tensor, axes: Tensor | None, noop_with_empty_axes: int) -> list[int]:
    """The axes to reduce: the given ones; without any all, or none if that is asked."""
    if axes is None or axes.numel() == 0:
        return [] if noop_with_empty_axes else list(range(data.dim()))
    return [int(axis) for axis in axes.reshape(-1).tolist()]


def sum_over(x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    """Sum over these axes; over none it is x itself."""
    return torch.sum(x, axes, keepdim=bool(keepdims)) if axes else x


def reduce_sum(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceSum: the sum over the axes, 0 over nothing."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    return sum_over(widened(data), over, keepdims).to(data.dtype)


def reduce_mean(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceMean: the mean over the axes; of integers it is rounded toward zero."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    if not over:
        return data
    if data.dtype.is_floating_point:
        return torch.mean(data, over, keepdim=bool(keepdims))
    total = sum_over(widened(data), over, keepdims)
    count = torch.tensor(math.prod(data.shape[axis] for axis in over), device=data.device)
    divide = unsigned_quotient if data.dtype == torch.uint64 else signed_quotient
    return divide(total, count).to(data.dtype)


def reduce_prod(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceProd: the product over the axes, 1 over nothing."""
    product = accumulating(data)
    over = sorted(axis % data.dim() for axis in reduced_axes(data, axes, noop_with_empty_axes))
    for axis in reversed(over):
        product = torch.prod(product, axis, keepdim=bool(keepdims))
    return product.to(data.dtype)


def reduce_max(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceMax: the largest over the axes, over nothing the lowest of the type; NaN where there is one."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    if not over:
        return data
    if data.numel() == 0:
        return of_nothing(data, over, keepdims, lowest(data.dtype))
    return unordered(torch.amax(ordered(data), over, keepdim=bool(keepdims)), data.dtype)


def reduce_min(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceMin: the smallest over the axes, over nothing the highest of the type; NaN where there is one."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    if not over:
        return data
    if data.numel() == 0:
        return of_nothing(data, over, keepdims, highest(data.dtype))
    return unordered(torch.amin(ordered(data), over, keepdim=bool(keepdims)), data.dtype)


def of_nothing(data: Tensor, over: list[int], keepdims: int, value: float) -> Tensor:
    """The value in the shape that is left of an empty tensor after reducing these axes."""
    shape = sum_over(data.to(torch.bool), over, keepdims).shape
    return torch.full(shape, value, dtype=data.dtype, device=data.device)


def lowest(dtype: torch.dtype) -> float:
    """The lowest value of a type: minus infinity, False, or the smallest integer."""
    if dtype.is_floating_point:
        return -math.inf
    return False if dtype == torch.bool else torch.iinfo(dtype).min


def highest(dtype: torch.dtype) -> float:
    """The highest value of a type: infinity, True, or the largest integer."""
    if dtype.is_floating_point:
        return math.inf
    return True if dtype == torch.bool else torch.iinfo(dtype).max


def reduce_l1(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceL1: the sum of the absolute values over the axes."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    return sum_over(widened(abs_(data)), over, keepdims).to(data.dtype)


def reduce_l2(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceL2: the square root of the sum of squares over the axes."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    if not over:
        return abs_(data)
    x = accumulating(data) if data.dtype.is_floating_point else data.to(torch.float64)
    length: Tensor = torch.linalg.vector_norm(x, 2, over, keepdim=bool(keepdims))
    return length.to(data.dtype)


def reduce_sum_square(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceSumSquare: the sum of squares over the axes."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    x = accumulating(data)
    return sum_over(x * x, over, keepdims).to(data.dtype)


def reduce_log_sum(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceLogSum: the logarithm of the sum over the axes."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    return torch.log(sum_over(accumulating(data), over, keepdims)).to(data.dtype)


def reduce_log_sum_exp(
    data: Tensor, axes: Tensor | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    """ReduceLogSumExp: the logarithm of the sum of exp over the axes."""
    over = reduced_axes(data, axes, noop_with_empty_axes)
    if not over:
        return data
    return torch.logsumexp(accumulating(data), over, keepdim=bool(keepdims)).to(data.dtype)


def arg_max(data: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    """ArgMax: where the largest is along the axis, the first or the last of several."""
    x = ordered(data)
    if not select_last_index:
        return torch.argmax(x, axis, keepdim=bool(keepdims))
    return data.shape[axis] - 1 - torch.argmax(x.flip(axis), axis, keepdim=bool(keepdims))


def arg_min(data: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    """ArgMin: where the smallest is along the axis, the first or the last of several."""
    x = ordered(data)
    if not select_last_index:
        return torch.argmin(x, axis, keepdim=bool(keepdims))
    return data.shape[axis] - 1 - torch.argmin(x.flip(axis), axis, keepdim=bool(keepdims))


def cum_sum(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    """CumSum: the running sum along the axis; `exclusive` leaves the element itself out."""
    terms = running_terms(accumulating(x), int(axis), exclusive, reverse, 0)
    return running_result(torch.cumsum(terms, 0), int(axis), reverse).to(x.dtype)


def cum_prod(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    """CumProd: the running product along the axis; `exclusive` leaves the element itself out."""
    factors = running_terms(accumulating(x), int(axis), exclusive, reverse, 1)
    return running_result(torch.cumprod(factors, 0), int(axis), reverse).to(x.dtype)


def running_terms(x: Tensor, axis: int, exclusive: int, reverse: int, first: int) -> Tensor:
    """What to run over, along the first axis: turned for `reverse`, one later behind `first` for `exclusive`."""
    terms = x.movedim(axis, 0)
    terms = terms.flip(0) if reverse else terms
    return torch.cat([torch.full_like(terms[:1], first), terms[:-1]]) if exclusive else terms


def running_result(x: Tensor, axis: int, reverse: int) -> Tensor:
    """The order and the place of the axis as they were."""
    return (x.flip(0) if reverse else x).movedim(0, axis)
