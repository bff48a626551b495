"""Convolutions, pools, resizing and padding in functional form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.graph.dims import product
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.arithmetic import remainder
from sketch.kernels.onnx.torch_calls.writer import Number, Val, Writer


def _many(value: Any, count: int) -> list[Any]:
    items = list(value) if isinstance(value, (tuple, list)) else [value]
    return items * count if len(items) == 1 else items


def _convolution(dims: int) -> Callable[..., Val]:
    def lower(
        w: Writer, x: Val, weight: Val, bias: Val | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1,
    ) -> Val:  # fmt: skip
        return w.layer(
            f"FunctionalConv{dims}d", x, weight, bias, stride=_many(stride, dims), dilation=_many(dilation, dims),
            padding=padding if isinstance(padding, str) else _many(padding, dims), groups=groups,
        )  # fmt: skip

    return lower


def _transposed(dims: int) -> Callable[..., Val]:
    def lower(
        w: Writer, x: Val, weight: Val, bias: Val | None = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Val:  # fmt: skip
        steps, pads, more, spread = (
            _many(item, dims) for item in (stride, padding, output_padding, dilation)
        )
        if any(a >= b for a, b in zip(more, steps, strict=True)):
            raise UnsayableError("onnxruntime takes an output_padding below the stride only.")
        batched = x.rank == dims + 2
        x = x if batched else w.unsqueeze(x, 0)
        kernel = [int(size) for size in weight.shape[2:]]
        rows = zip(x.shape[2:], kernel, steps, pads, spread, more, strict=True)
        space = [(size - 1) * s - 2 * p + d * (k - 1) + o + 1 for size, k, s, p, d, o in rows]
        given = (x, weight) if bias is None else (x, weight, bias)
        y = w.op(
            "ConvTranspose", *given, like=x, shape=(x.shape[0], weight.shape[1] * groups, *space),
            kernel_shape=tuple(kernel), strides=tuple(steps), pads=(*pads, *pads), dilations=tuple(spread),
            output_padding=tuple(more), group=groups,
        )  # fmt: skip
        return y if batched else w.squeeze(y, 0)

    return lower


def convolution(
    w: Writer, x: Val, weight: Val, bias: Val | None, stride: Any, padding: Any, dilation: Any, transposed: Any,
    output_padding: Any, groups: int, *more: Any,
) -> Val:  # fmt: skip
    """aten's convolution."""
    del more
    dims = weight.rank - 2
    if transposed:
        return _transposed(dims)(w, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolution(dims)(w, x, weight, bias, stride, padding, dilation, groups)


# --- pools -------------------------------------------------------------------------------------------


def _max_pool(dims: int) -> Callable[..., Any]:
    def lower(
        w: Writer, x: Val, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        kernel, steps = _many(kernel_size, dims), _many(stride, dims) if stride else None
        params = {"kernel_size": kernel, "stride": steps, "padding": _many(padding, dims),
                  "dilation": _many(dilation, dims), "ceil_mode": ceil_mode}  # fmt: skip
        pooled = w.layer(f"MaxPool{dims}d", x, **params)
        if not return_indices:
            return pooled
        if x.rank != dims + 2 or ceil_mode:
            raise UnsayableError(
                "Places of a pool without a batch or with ceil_mode have no counterpart in ONNX."
            )
        pads = tuple(_many(padding, dims))
        _, places = w.e.many(
            "MaxPool", 2, x.name, kernel_shape=tuple(kernel), strides=tuple(steps or kernel), pads=pads + pads,
            dilations=tuple(_many(dilation, dims)),
        )  # fmt: skip
        plane = product(list(x.shape[2:]))
        if not isinstance(plane, int):
            raise UnsayableError("Places of a pool need numbers as sizes.")
        at = Val(places, w.cast(pooled, "int64").kind)
        return pooled, remainder(w, at, plane)

    return lower


def _with_places(dims: int) -> Callable[..., Any]:
    return lambda w, x, *args, **named: _max_pool(dims)(w, x, *args, **{**named, "return_indices": True})


def _average(dims: int) -> Callable[..., Val]:
    def lower(
        w: Writer, x: Val, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Val:  # fmt: skip
        params = {
            "kernel_size": _many(kernel_size, dims), "stride": _many(stride, dims) if stride else None,
            "padding": _many(padding, dims), "ceil_mode": ceil_mode, "count_include_pad": count_include_pad,
        }  # fmt: skip
        more = {} if divisor_override is None else {"divisor_override": divisor_override}
        return w.layer(f"AvgPool{dims}d", x, **params, **more)

    return lower


def _adaptive(kind: str, dims: int) -> Callable[..., Val]:
    def lower(w: Writer, x: Val, output_size: Any, return_indices: bool = False) -> Val:
        if return_indices:
            raise UnsayableError("Places of an adaptive pool have no counterpart in ONNX.")
        return w.layer(f"Adaptive{kind}Pool{dims}d", x, output_size=_many(output_size, dims))

    return lower


# --- resizing and padding -----------------------------------------------------------------------------


def interpolate(
    w: Writer, x: Val, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    recompute_scale_factor: Any = None, antialias: bool = False,
) -> Val:  # fmt: skip
    """Another size of images."""
    dims = x.rank - 2
    if size is not None and any(not isinstance(item, int) for item in _many(size, dims)):
        raise UnsayableError("A size that is not fixed has no counterpart in ONNX here.")
    return w.layer(
        "Interpolate", x, size=None if size is None else _many(size, dims), mode=mode,
        scale_factor=None if scale_factor is None else [float(item) for item in _many(scale_factor, dims)],
        align_corners=bool(align_corners), recompute_scale_factor=bool(recompute_scale_factor), antialias=antialias,
    )  # fmt: skip


def pad(w: Writer, x: Val, pad: Sequence[int], mode: str = "constant", value: Number | None = None) -> Val:
    """Entries before and after."""
    if x.dtype == "bool":
        filled = w.layer("Pad", w.cast(x, "int32"), pad=list(pad), mode=mode, value=float(value or 0))
        return w.cast(filled, "bool")
    return w.layer("Pad", x, pad=list(pad), mode=mode, value=float(value or 0))


def grid_sample(
    w: Writer,
    x: Val,
    grid: Val,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: Any = None,
) -> Val:
    """Values of an image at places."""
    return w.layer(
        "GridSample", x, grid, mode=mode, padding_mode=padding_mode, align_corners=bool(align_corners)
    )


def affine_grid(w: Writer, theta: Val, size: Sequence[Any], align_corners: Any = None) -> Val:
    """A grid of turned and shifted places."""
    if len(size) != 4 or not all(isinstance(item, int) for item in size[2:]):
        raise UnsayableError("A grid of this kind has no counterpart in ONNX.")
    height, width = int(size[2]), int(size[3])
    ys, xs = (_places(count, inner=not align_corners) for count in (height, width))
    base = w.tensor(theta.dtype, [[x, y, 1.0] for y in ys for x in xs])
    flat = w.layer("MatMul", base, w.permute(theta, (0, 2, 1)))
    return w.reshape(flat, theta.shape[0], height, width, 2)


def _places(count: int, *, inner: bool) -> list[float]:
    if inner:
        return [(2 * at + 1) / count - 1 for at in range(count)]
    return [2 * at / (count - 1) - 1 for at in range(count)] if count > 1 else [0.0]


def blocks(w: Writer, x: Val, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Val:
    """F.unfold."""
    names = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    return w.layer("Unfold", x, **{name: _many(value, 2) for name, value in names.items()})


def folded(
    w: Writer,
    x: Val,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Val:
    """F.fold."""
    names = {"output_size": output_size, "kernel_size": kernel_size, "dilation": dilation, "padding": padding,
             "stride": stride}  # fmt: skip
    return w.layer("Fold", x, **{name: _many(value, 2) for name, value in names.items()})


LOWERINGS: Mapping[str, Any] = {
    **{f"conv{dims}d": _convolution(dims) for dims in (1, 2, 3)},
    **{f"conv_transpose{dims}d": _transposed(dims) for dims in (1, 2, 3)},
    "convolution": convolution,
    "_convolution": convolution,
    **{f"max_pool{dims}d": _max_pool(dims) for dims in (1, 2, 3)},
    **{f"max_pool{dims}d_with_indices": _with_places(dims) for dims in (1, 2, 3)},
    **{f"avg_pool{dims}d": _average(dims) for dims in (1, 2, 3)},
    **{f"adaptive_avg_pool{dims}d": _adaptive("Avg", dims) for dims in (1, 2, 3)},
    **{f"_adaptive_avg_pool{dims}d": _adaptive("Avg", dims) for dims in (2, 3)},
    **{f"adaptive_max_pool{dims}d": _adaptive("Max", dims) for dims in (1, 2, 3)},
    "constant_pad_nd": lambda w, x, pads, value=0: pad(w, x, pads, "constant", value),
    "pixel_shuffle": lambda w, x, factor: w.layer("PixelShuffle", x, upscale_factor=factor),
    "pixel_unshuffle": lambda w, x, factor: w.layer("PixelUnshuffle", x, downscale_factor=factor),
    "channel_shuffle": lambda w, x, groups: w.layer("ChannelShuffle", x, groups=groups),
    "im2col": blocks, "F_unfold": blocks, "F_fold": folded,
    **{item.__name__: item for item in (interpolate, pad, grid_sample, affine_grid)},
}  # fmt: skip
