"""The layers that are classes of torch.nn, in the order of PyTorch's manual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.binder.mapping import REQUIRED, Codec, Field
from sketch.graph.network import Step
from sketch.kernels.pytorch.calls import Call, Operand
from sketch.kernels.pytorch.rows import ModuleRow, one_or_many

_SHORT = Codec(one_or_many)


class Tensor1d(tuple[float, ...]):
    """Numbers that PyTorch wants as a tensor."""


_TENSOR = Codec(lambda value: None if value is None else Tensor1d(value))


def _row(layer: str, *required: str, **more: Any) -> ModuleRow:
    return ModuleRow(layer, f"nn.{layer}", required=required, **more)


def _sized(names: str, template: str, *required: str, **more: Any) -> list[ModuleRow]:
    return [_row(template.format(digit), *required, **more) for digit in names]


# ---------------------------------------------------------------- calls that are not "inputs in order"


def _recurrent(step: Step) -> Call:
    """`lstm(x, (h0, c0))` gives y, (h, c); `gru(x, h0)` gives y, h."""
    sources = [source for source in step.inputs if source is not None]
    args: tuple[Any, ...] = tuple(Operand(source) for source in sources)
    if step.layer != "LSTM":
        return Call("module", args, {}, (0, 1))
    state = args[1:]
    return Call("module", (args[0], state) if state else args[:1], {}, (0, (1, 2)))


def _attention(step: Step) -> Call:
    """Open key is the query, open value is the key; what is asked of the weights belongs to the call."""
    names = ("query", "key", "value", "key_padding_mask", "attn_mask")
    given = {n: s for n, s in zip(names, step.inputs, strict=False) if s is not None}
    query = given["query"]
    key = given.get("key", query)
    first = (Operand(query), Operand(key), Operand(given.get("value", key)))
    named: dict[str, Any] = {n: Operand(given[n]) for n in names[3:4] if n in given}
    if not step.params["need_weights"]:
        named["need_weights"] = False
    named.update({n: Operand(given[n]) for n in names[4:] if n in given})
    if step.params["need_weights"] and not step.params["average_attn_weights"]:
        named["average_attn_weights"] = False
    return Call("module", first, named, (0, 1))


# ---------------------------------------------------------------- parameters that are no attributes


def _attention_params(module: Any) -> Mapping[str, Any]:
    return {"bias": module.in_proj_bias is not None, "add_bias_kv": module.bias_k is not None}


def _encoder_params(module: Any) -> Mapping[str, Any]:
    attention = module.self_attn
    return {
        "d_model": attention.embed_dim, "nhead": attention.num_heads, "batch_first": attention.batch_first,
        "dim_feedforward": module.linear1.out_features, "dropout": module.dropout.p,
        "activation": _activation(module.activation), "layer_norm_eps": module.norm1.eps,
        "bias": module.linear1.bias is not None,
    }  # fmt: skip


def _activation(function: Any) -> str:
    """`relu` or `gelu`, for a function or a module; any other is refused by the parameter's choices."""
    name: str = getattr(function, "__name__", type(function).__name__).lower()
    exact = getattr(function, "approximate", "none") == "none"
    return name if exact else f"{name} with approximate={function.approximate}"


def _rnn_params(module: Any) -> Mapping[str, Any]:
    return {"nonlinearity": "relu" if module.mode == "RNN_RELU" else "tanh", "bias": module.bias}


def _prelu_params(module: Any) -> Mapping[str, Any]:
    return {"init": getattr(module, "init", 0.25)}


def _plain_bias(module: Any) -> Mapping[str, Any]:
    return {"bias": module.bias}


_CONV = ("in_channels", "out_channels")
_KERNEL = (Field("kernel_size", "kernel_size", default=REQUIRED),)
_WINDOW = ("kernel_size",)
_RNN = ("input_size", "hidden_size")

UNFLATTEN = _row("Unflatten", "dim", "unflattened_size")
"""Used where all sizes are numbers; else the call `torch.unflatten`."""

MODULE_ROWS: tuple[ModuleRow, ...] = (
    *_sized("123", "Conv{}d", *_CONV, fields=_KERNEL),
    *_sized("123", "ConvTranspose{}d", *_CONV, fields=_KERNEL),
    _row("Unfold", "kernel_size"),
    _row("Fold", "output_size", "kernel_size"),
    *_sized("123", "MaxPool{}d", *_WINDOW),
    *_sized("123", "AvgPool{}d", *_WINDOW),
    *_sized("123", "AdaptiveMaxPool{}d", "output_size"),
    *_sized("123", "AdaptiveAvgPool{}d", "output_size"),
    _row("LPPool2d", "norm_type", "kernel_size"),
    *(_row(f"{kind}Pad{digit}d", "padding") for kind in ("Zero", "Reflection", "Replication") for digit in "123"),
    *_sized("123", "ConstantPad{}d", "padding", "value"),
    *(_row(name) for name in (
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Hardtanh",
        "Hardsigmoid", "Hardswish", "LogSigmoid", "Softplus", "Softsign", "Softshrink", "Hardshrink", "Tanhshrink",
    )),
    _row("PReLU", inspect=_prelu_params),
    _row("Threshold", "threshold", "value"),
    _row("GLU"),
    *(_row(name, fields=(Field("dim", "dim", default=REQUIRED),)) for name in ("Softmax", "LogSoftmax", "Softmin")),
    *_sized("123", "BatchNorm{}d", "num_features"),
    *_sized("123", "InstanceNorm{}d", "num_features"),
    _row("GroupNorm", "num_groups", "num_channels"),
    _row("LayerNorm", "normalized_shape", fields=(Field("normalized_shape", "normalized_shape", _SHORT),)),
    _row("RMSNorm", "normalized_shape", fields=(Field("normalized_shape", "normalized_shape", _SHORT),)),
    _row("LocalResponseNorm", "size"),
    _row("RNN", *_RNN, arrange=_recurrent, results=(0, 1), inspect=_rnn_params),
    _row("LSTM", *_RNN, arrange=_recurrent, results=(0, (1, 2)), inspect=_plain_bias),
    _row("GRU", *_RNN, arrange=_recurrent, results=(0, 1), inspect=_plain_bias),
    _row(
        "MultiheadAttention", "embed_dim", "num_heads", called=("need_weights", "average_attn_weights"),
        arrange=_attention, results=(0, 1), inspect=_attention_params,
        follows={"kdim": "embed_dim", "vdim": "embed_dim"},
    ),
    _row("TransformerEncoderLayer", "d_model", "nhead", inspect=_encoder_params),
    _row("TransformerDecoderLayer", "d_model", "nhead", inspect=_encoder_params),
    _row("Identity"),
    _row("Flatten"),
    _row("Linear", "in_features", "out_features"),
    _row("Bilinear", "in1_features", "in2_features", "out_features"),
    _row("Embedding", "num_embeddings", "embedding_dim"),
    *_sized("123", "Dropout{}d"),
    _row("Dropout"),
    _row("AlphaDropout"),
    _row("PixelShuffle", "upscale_factor"),
    _row("PixelUnshuffle", "downscale_factor"),
    _row("ChannelShuffle", "groups"),
    _row("Upsample", fields=(Field("size", "size", _SHORT), Field("scale_factor", "scale_factor", _SHORT))),
    *(_row(name) for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "KLDivLoss", "CTCLoss",
                              "CosineEmbeddingLoss", "TripletMarginLoss")),
    *(_row(name, fields=(Field("weight", "weight", _TENSOR),)) for name in ("CrossEntropyLoss", "NLLLoss", "BCELoss")),
    _row("BCEWithLogitsLoss", fields=(Field("weight", "weight", _TENSOR), Field("pos_weight", "pos_weight", _TENSOR))),
)  # fmt: skip
