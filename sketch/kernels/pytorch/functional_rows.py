"""Functions of PyTorch that mean a layer which we write as a module: read on import, never written."""

from __future__ import annotations

from typing import Any

from sketch.binder.mapping import Field
from sketch.kernels.pytorch.rows import CallRow
from sketch.kernels.pytorch.tensor_rows import READ_ONLY_ROWS

NO_DEFAULT = "no default here: the layer's own"


def _f(layer: str, target: str, *signature: str, also: tuple[str, ...] = (), **defaults: Any) -> CallRow:
    """A function whose arguments after the input have the names of the layer's parameters.

    `a=b` in a signature reads the function's argument a as the layer's parameter b; `!a` is ignored.
    """
    fields, names = [], ["input"]
    for item in signature:
        name, _, param = item.lstrip("!").partition("=")
        names.append(name)
        if not item.startswith("!"):
            fields.append(Field(param or name, name, default=defaults.get(name, NO_DEFAULT)))
    return CallRow(layer, target, tuple(fields), also=also, signature=tuple(names))


def _loss(layer: str, name: str, operands: tuple[str, ...], *rest: str) -> CallRow:
    row = _f(layer, f"F.{name}", *rest)
    return CallRow(layer, row.target, row.fields, signature=(*operands, *rest_names(rest)), operands=operands)


def rest_names(rest: tuple[str, ...]) -> tuple[str, ...]:
    """Argument names of a signature without their marks."""
    return tuple(item.lstrip("!").partition("=")[0] for item in rest)


def _bare(layer: str, name: str, *signature: str, learns: str, **defaults: Any) -> CallRow:
    """A normalisation that is given neither a scale nor a shift."""
    row = _f(layer, f"F.{name}", *signature, **defaults)
    return CallRow(
        layer, row.target, (*row.fields, Field(learns, learns, default=False)), also=(f"torch.{name}",),
        signature=(*row.signature, learns),
    )  # fmt: skip


_POOL = ("kernel_size", "stride", "padding")
_AVERAGE = (*_POOL, "ceil_mode", "count_include_pad")
_MAXIMUM = (*_POOL, "dilation", "ceil_mode", "!return_indices")
_MEAN = ("!size_average", "!reduce", "reduction")
_PAIR = ("input", "target")

FUNCTIONAL_ROWS: tuple[CallRow, ...] = (
    _f("ReLU", "F.relu", "inplace", also=("torch.relu",)),
    _f("ReLU6", "F.relu6", "inplace"),
    _f("LeakyReLU", "F.leaky_relu", "negative_slope", "inplace"),
    _f("ELU", "F.elu", "alpha", "inplace"),
    _f("CELU", "F.celu", "alpha", "inplace", also=("torch.celu",)),
    _f("SELU", "F.selu", "inplace", also=("torch.selu",)),
    _f("GELU", "F.gelu", "approximate"),
    _f("SiLU", "F.silu", "inplace"),
    _f("Mish", "F.mish", "inplace"),
    _f("Sigmoid", "torch.sigmoid", also=("F.sigmoid",)),
    _f("Tanh", "torch.tanh", also=("F.tanh",)),
    _f("Hardtanh", "F.hardtanh", "min_val", "max_val", "inplace"),
    _f("Hardsigmoid", "F.hardsigmoid", "inplace"),
    _f("Hardswish", "F.hardswish", "inplace"),
    _f("LogSigmoid", "F.logsigmoid"),
    _f("Softplus", "F.softplus", "beta", "threshold"),
    _f("Softsign", "F.softsign"),
    _f("Softshrink", "F.softshrink", "lambd"),
    _f("Hardshrink", "F.hardshrink", "lambd", also=("torch.hardshrink",)),
    _f("Tanhshrink", "F.tanhshrink"),
    _f("Threshold", "F.threshold", "threshold", "value", "inplace"),
    _f("GLU", "F.glu", "dim"),
    _f("Softmax", "F.softmax", "dim", "!_stacklevel", "!dtype", also=("torch.softmax",)),
    _f("LogSoftmax", "F.log_softmax", "dim", "!_stacklevel", "!dtype", also=("torch.log_softmax",)),
    _f("Softmin", "F.softmin", "dim", "!_stacklevel"),
    *(_f(f"MaxPool{n}d", f"F.max_pool{n}d", *_MAXIMUM, also=(f"torch.max_pool{n}d",)) for n in "123"),
    _f("AvgPool1d", "F.avg_pool1d", *_AVERAGE, also=("torch.avg_pool1d",)),
    *(_f(f"AvgPool{n}d", f"F.avg_pool{n}d", *_AVERAGE, "divisor_override") for n in "23"),
    *(_f(f"AdaptiveAvgPool{n}d", f"F.adaptive_avg_pool{n}d", "output_size",
         also=(f"torch.adaptive_avg_pool{n}d",)) for n in "123"),
    *(_f(f"AdaptiveMaxPool{n}d", f"F.adaptive_max_pool{n}d", "output_size", "!return_indices") for n in "123"),
    _f("LPPool2d", "F.lp_pool2d", "norm_type", "kernel_size", "stride", "ceil_mode"),
    _f("Dropout", "F.dropout", "p", "!training", "inplace", also=("torch.dropout",)),
    *(_f(f"Dropout{n}d", f"F.dropout{n}d", "p", "!training", "inplace") for n in "123"),
    _f("AlphaDropout", "F.alpha_dropout", "p", "!training", "inplace"),
    _f("Flatten", "torch.flatten", "start_dim", "end_dim", start_dim=0),
    _f("PixelShuffle", "F.pixel_shuffle", "upscale_factor", also=("torch.pixel_shuffle",)),
    _f("PixelUnshuffle", "F.pixel_unshuffle", "downscale_factor", also=("torch.pixel_unshuffle",)),
    _f("ChannelShuffle", "F.channel_shuffle", "groups", also=("torch.channel_shuffle",)),
    _bare("LayerNorm", "layer_norm", "normalized_shape", "!weight", "!bias", "eps", learns="elementwise_affine"),
    _bare("RMSNorm", "rms_norm", "normalized_shape", "!weight", "eps", learns="elementwise_affine", eps=None),
    _bare("GroupNorm", "group_norm", "num_groups", "!weight", "!bias", "eps", learns="affine"),
    _f("LocalResponseNorm", "F.local_response_norm", "size", "alpha", "beta", "k"),
    _f("Unfold", "F.unfold", "kernel_size", "dilation", "padding", "stride"),
    _f("Fold", "F.fold", "output_size", "kernel_size", "dilation", "padding", "stride"),
    _f("Identity", ".contiguous", "!memory_format"),
    _loss("MSELoss", "mse_loss", _PAIR, *_MEAN),
    _loss("L1Loss", "l1_loss", _PAIR, *_MEAN),
    _loss("SmoothL1Loss", "smooth_l1_loss", _PAIR, *_MEAN, "beta"),
    _loss("HuberLoss", "huber_loss", _PAIR, "reduction", "delta"),
    _loss("KLDivLoss", "kl_div", _PAIR, *_MEAN, "log_target"),
    _loss("CrossEntropyLoss", "cross_entropy", _PAIR, "!weight", "!size_average", "ignore_index", "!reduce",
          "reduction", "label_smoothing"),
    _loss("NLLLoss", "nll_loss", _PAIR, "!weight", "!size_average", "ignore_index", "!reduce", "reduction"),
    _loss("BCELoss", "binary_cross_entropy", _PAIR, "!weight", *_MEAN),
    _loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", _PAIR, "!weight", *_MEAN, "!pos_weight"),
    *READ_ONLY_ROWS,
)  # fmt: skip
"""Ignored arguments are only accepted at their defaults (see reading.read_call)."""
