"""Activations, normalisations and attention in functional form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.graph.dims import product
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.torch_calls.indexing import index_select
from sketch.kernels.onnx.torch_calls.writer import Number, Val, Writer


def _along(layer: str) -> Callable[..., Val]:
    def lower(w: Writer, x: Val, dim: Any = None, *more: Any, dtype: Any = None, **_idle: Any) -> Val:
        word = next((item for item in more if hasattr(item, "name") and not isinstance(item, Val)), dtype)
        if dim is None:
            dim = 0 if x.rank in (0, 1, 3) else 1
        return w.layer(layer, w.cast(x, word), dim=dim)

    return lower


def _activation(layer: str, *names: str) -> Callable[..., Val]:
    """A function whose arguments after the first have these names in the layer."""

    def lower(w: Writer, x: Val, *args: Any, **named: Any) -> Val:
        given = {**dict(zip(names, args, strict=False)), **named}
        known = {name: value for name, value in given.items() if name not in ("inplace", "training")}
        return w.layer(
            layer,
            x,
            **{name: float(v) if isinstance(v, int) and name != "dim" else v for name, v in known.items()},
        )

    return lower


def rrelu(
    w: Writer,
    x: Val,
    lower: Number = 1 / 8,
    upper: Number = 1 / 3,
    training: Any = False,
    inplace: Any = False,
) -> Val:
    """At inference with the mean of the slopes."""
    del inplace
    if training:
        raise UnsayableError("It draws its slopes at random; switch its training off.")
    return w.layer("LeakyReLU", x, negative_slope=(lower + upper) / 2)


def prelu(w: Writer, x: Val, weight: Val) -> Val:
    """x below 0 times a slope for each channel."""
    if weight.rank and weight.shape != (1,) and x.rank > 2:
        weight = w.reshape(weight, weight.shape[0], *(1,) * (x.rank - 2))
    return w.op("PRelu", x, weight, like=x)


# --- normalisations ----------------------------------------------------------------------------------


def _standardised(w: Writer, x: Val, axes: Sequence[int], eps: float) -> tuple[Val, Val, Val]:
    """(standardised, mean, 1/deviation)."""
    variance, mean = w.layers("VarMean", x, dim=list(axes), correction=0, keepdim=True)
    scale = w.layer("Rsqrt", w.add(variance, eps))
    return w.mul(w.sub(x, mean), scale), mean, scale


def _per_channel(w: Writer, value: Val, rank: int) -> Val:
    """A number for each entry of dimension 1."""
    return w.reshape(value, value.shape[0], *(1,) * (rank - 2)) if rank > 2 else value


def _affine(w: Writer, y: Val, weight: Val | None, bias: Val | None, *, channels: bool) -> Val:
    if weight is not None:
        y = w.mul(y, _per_channel(w, weight, y.rank) if channels else weight)
    if bias is not None:
        y = w.add(y, _per_channel(w, bias, y.rank) if channels else bias)
    return y


def layer_norm(
    w: Writer, x: Val, normalized_shape: Any, weight: Val | None = None, bias: Val | None = None,
    eps: Number = 1e-5, cudnn_enable: Any = None,
) -> Val:  # fmt: skip
    """Over the last dimensions."""
    del cudnn_enable
    last = len(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else 1
    if weight is not None and w.e.opset >= 17 and weight.dtype == x.dtype:
        given = (x, weight) if bias is None else (x, weight, bias)
        return w.op("LayerNormalization", *given, like=x, axis=-last, epsilon=float(eps))
    y = _standardised(w, x, range(x.rank - last, x.rank), float(eps))[0]
    return _affine(w, y, weight, bias, channels=False)


def rms_norm(
    w: Writer, x: Val, normalized_shape: Any, weight: Val | None = None, eps: Number | None = None
) -> Val:
    """Over the last dimensions, without a mean."""
    last = len(normalized_shape)
    small = {"float32": 2.0**-23, "float64": 2.0**-52, "float16": 2.0**-10}.get(x.dtype, 2.0**-7)
    power = w.layer("Mean", w.mul(x, x), dim=list(range(x.rank - last, x.rank)), keepdim=True)
    y = w.mul(x, w.layer("Rsqrt", w.add(power, small if eps is None else float(eps))))
    return y if weight is None else w.mul(y, weight)


def batch_norm(
    w: Writer, x: Val, running_mean: Val | None, running_var: Val | None, weight: Val | None = None,
    bias: Val | None = None, training: bool = False, momentum: Number = 0.1, eps: Number = 1e-5,
    cudnn_enabled: Any = None,
) -> Val:  # fmt: skip
    """By running statistics, or by those of the batch."""
    del momentum, cudnn_enabled
    if training or running_mean is None or running_var is None:
        axes = [axis for axis in range(x.rank) if axis != 1]
        return _affine(w, _standardised(w, x, axes, float(eps))[0], weight, bias, channels=True)
    scale = w.layer("Rsqrt", w.add(running_var, float(eps)))
    if weight is not None:
        scale = w.mul(scale, weight)
    shift = w.layer("Neg", w.mul(running_mean, scale))
    shift = shift if bias is None else w.add(shift, bias)
    return _affine(w, x, scale, shift, channels=True)


def aten_batch_norm(
    w: Writer, x: Val, weight: Val | None, bias: Val | None, running_mean: Val | None, running_var: Val | None,
    training: Any = False, momentum: Any = 0.1, eps: Any = 1e-5, *more: Any,
) -> tuple[Val, ...]:  # fmt: skip
    """aten's batch_norm and native_batch_norm, whose tensors stand in another order."""
    del more
    return (batch_norm(w, x, running_mean, running_var, weight, bias, training, momentum, eps),)


def frozen_batch_norm(
    w: Writer, x: Val, weight: Any, bias: Any, mean: Val, var: Val, momentum: Any, eps: Any
) -> Any:
    """aten's _native_batch_norm_legit_no_training."""
    return aten_batch_norm(w, x, weight, bias, mean, var, False, momentum, eps)


def native_layer_norm(w: Writer, x: Val, shape: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """aten's layer norm; only its first result is read at inference."""
    return (layer_norm(w, x, shape, weight, bias, eps),)


def group_norm(
    w: Writer, x: Val, num_groups: int, weight: Val | None = None, bias: Val | None = None, eps: Number = 1e-5,
    cudnn_enabled: Any = None,
) -> Val:  # fmt: skip
    """Over groups of channels and all places."""
    del cudnn_enabled
    inner = product(list(x.shape[1:]))
    rows = w.reshape(x, x.shape[0], num_groups, inner // num_groups)
    y = w.reshape(_standardised(w, rows, [2], float(eps))[0], *x.shape)
    return _affine(w, y, weight, bias, channels=True)


def instance_norm(
    w: Writer, x: Val, running_mean: Val | None = None, running_var: Val | None = None, weight: Val | None = None,
    bias: Val | None = None, use_input_stats: bool = True, momentum: Number = 0.1, eps: Number = 1e-5, *more: Any,
) -> Val:  # fmt: skip
    """Each channel of each sample by itself."""
    del more
    if not use_input_stats:
        return batch_norm(w, x, running_mean, running_var, weight, bias, False, momentum, eps)
    y = _standardised(w, x, range(2, x.rank), float(eps))[0]
    return _affine(w, y, weight, bias, channels=True)


# --- look-ups and attention ----------------------------------------------------------------------------


def embedding(
    w: Writer, x: Val, weight: Val, padding_idx: Any = None, max_norm: Any = None, *more: Any, **named: Any
) -> Val:
    """Rows of a table."""
    del padding_idx, more, named
    if max_norm is not None:
        raise UnsayableError("An embedding with max_norm over a computed table has no counterpart in ONNX.")
    return index_select(w, weight, 0, x)


def aten_embedding(w: Writer, weight: Val, x: Val, *more: Any) -> Val:
    """aten's embedding, whose table stands first."""
    del more
    return index_select(w, weight, 0, x)


def attention(
    w: Writer, query: Val, key: Val, value: Val, attn_mask: Val | None = None, dropout_p: Number = 0.0,
    is_causal: bool = False, scale: Number | None = None, enable_gqa: bool = False,
) -> Val:  # fmt: skip
    """Scaled dot product; attention weights are not dropped at inference of a drawing."""
    if dropout_p:
        raise UnsayableError("It drops attention weights at inference; set dropout_p to 0.")
    return w.layer(
        "ScaledDotProductAttention", query, key, value, attn_mask, is_causal=is_causal,
        scale=None if scale is None else float(scale), enable_gqa=enable_gqa,
    )  # fmt: skip


LOWERINGS: Mapping[str, Any] = {
    "softmax": _along("Softmax"), "log_softmax": _along("LogSoftmax"), "softmin": _along("Softmin"),
    "relu": _activation("ReLU"), "relu6": _activation("ReLU6"), "selu": _activation("SELU"),
    "leaky_relu": _activation("LeakyReLU", "negative_slope"), "elu": _activation("ELU", "alpha"),
    "celu": _activation("CELU", "alpha"), "gelu": _activation("GELU"), "silu": _activation("SiLU"),
    "mish": _activation("Mish"), "hardtanh": _activation("Hardtanh", "min_val", "max_val"),
    "hardsigmoid": _activation("Hardsigmoid"), "hardswish": _activation("Hardswish"),
    "logsigmoid": _activation("LogSigmoid"), "log_sigmoid": _activation("LogSigmoid"),
    "softplus": _activation("Softplus", "beta", "threshold"), "softsign": _activation("Softsign"),
    "softshrink": _activation("Softshrink", "lambd"), "hardshrink": _activation("Hardshrink", "lambd"),
    "tanhshrink": _activation("Tanhshrink"), "threshold": _activation("Threshold", "threshold", "value"),
    "glu": _activation("GLU", "dim"),
    "rrelu": rrelu,
    "native_batch_norm": aten_batch_norm,
    "_native_batch_norm_legit_no_training": frozen_batch_norm,
    "native_layer_norm": native_layer_norm,
    "scaled_dot_product_attention": attention,
    "embedding": embedding,
    "aten_embedding": aten_embedding,
    "aten_batch_norm": lambda *args: aten_batch_norm(*args)[0],
    **{item.__name__: item for item in (prelu, layer_norm, rms_norm, batch_norm, group_norm, instance_norm)},
}  # fmt: skip
