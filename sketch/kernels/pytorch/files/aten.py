"""ATen operators as the functions a person writes: what TorchScript and torch.export keep, for the recorder to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_TYPES = (
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64,
    torch.complex32, torch.complex64, torch.complex128, torch.bool, torch.qint8, torch.quint8, torch.qint32,
    torch.bfloat16,
)  # fmt: skip
"""Element types by the number that TorchScript gives them."""
_DROPPED = frozenset({"layout", "device", "pin_memory", "non_blocking", "cudnn_enable", "implicit"})
_PLAIN = frozenset({
    "gelu", "hardtanh", "leaky_relu", "elu", "silu", "mish", "hardswish", "hardsigmoid", "softplus", "glu", "relu6",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d", "adaptive_avg_pool3d", "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "scaled_dot_product_attention", "pixel_shuffle", "pixel_unshuffle",
    "softshrink", "hardshrink", "one_hot", "bilinear", "prelu", "rrelu", "selu", "celu", "channel_shuffle",
})  # fmt: skip
"""Operators whose arguments torch.nn.functional takes in the same order."""

_IN_PLACE = frozenset({
    "relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu", "mish", "hardswish", "hardsigmoid", "selu", "celu",
})  # fmt: skip
"""Activations that torch.nn.functional also does in place."""


class Op:
    """One operator as it is called: its name and the names and defaults of its arguments."""

    def __init__(self, name: str, schema: Any):
        self.name = name
        self._arguments = list(schema.arguments)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it as ordinary Python would: defaults left out, devices and layouts dropped."""
        places: list[Any] = []
        named: dict[str, Any] = {}
        for index, argument in enumerate(self._arguments):
            given = args[index] if index < len(args) else kwargs.get(argument.name, argument.default_value)
            value = _typed(argument.name, given)
            if argument.kwarg_only:
                if argument.name not in _DROPPED and value != argument.default_value:
                    named[argument.name] = value
            elif argument.name not in _DROPPED:
                places.append(value)
        return call(self.name, places, named, self._defaults())

    def _defaults(self) -> list[Any]:
        """Defaults of the arguments by place; an argument without one has itself no equal."""
        kept = [item for item in self._arguments if not item.kwarg_only and item.name not in _DROPPED]
        return [item.default_value if item.has_default_value() else _NONE for item in kept]


_NONE = object()


def call(name: str, args: list[Any], kwargs: dict[str, Any], defaults: Sequence[Any] = ()) -> Any:
    """Call an operator by its name in ATen with its arguments in ATen's order."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special(*args, **kwargs)
    while args and len(args) <= len(defaults) and _equal(args[-1], defaults[len(args) - 1]):
        args = args[:-1]
    function = _function(name)
    return function(*args, **kwargs)


def _function(name: str) -> Callable[..., Any]:
    """The function that a person would call; the operator itself where there is none."""
    if name.endswith("_") and name[:-1] in _IN_PLACE:
        return partial(getattr(functional, name[:-1]), inplace=True)
    if name in _PLAIN:
        found: Callable[..., Any] = getattr(functional, name)
        return found
    for home in (torch, Tensor):
        if hasattr(home, name) and not name.startswith("_"):
            method: Callable[..., Any] = getattr(home, name)
            return method
    operator: Callable[..., Any] = getattr(torch.ops.aten, name)
    return operator


def _equal(one: Any, two: Any) -> bool:
    return type(one) is type(two) and not isinstance(one, Tensor) and bool(one == two)


def _typed(name: str, value: Any) -> Any:
    """Sizes as tuples, and element types, which are numbers in TorchScript."""
    if isinstance(value, (list, tuple)) and all(isinstance(item, (int, float)) for item in value):
        return tuple(value)
    return (
        _TYPES[value] if name == "dtype" and isinstance(value, int) and not isinstance(value, bool) else value
    )


def element_type(number: Any) -> Any:
    """The element type that a number of TorchScript stands for; other values as they are."""
    return _TYPES[number] if isinstance(number, int) and not isinstance(number, bool) else number


def _convolution(x: Tensor, weight: Tensor, bias: Any, *how: Any) -> Tensor:
    stride, padding, dilation, transposed, output_padding, groups, *_ = how
    kind = f"conv_transpose{weight.dim() - 2}d" if transposed else f"conv{weight.dim() - 2}d"
    function: Callable[..., Tensor] = getattr(functional, kind)
    inner = (tuple(output_padding), groups, tuple(dilation)) if transposed else (tuple(dilation), groups)
    return function(x, weight, bias, tuple(stride), tuple(padding), *inner)


def _batch_norm(
    x: Tensor,
    weight: Any,
    bias: Any,
    mean: Any,
    var: Any,
    training: bool,
    momentum: float,
    eps: float,
    *_: Any,
) -> Tensor:
    return functional.batch_norm(x, mean, var, weight, bias, training, momentum, eps)


def _instance_norm(
    x: Tensor, weight: Any, bias: Any, mean: Any, var: Any, own: bool, momentum: float, eps: float, *_: Any
) -> Tensor:
    return functional.instance_norm(x, mean, var, weight, bias, own, momentum, eps)


def _layer_norm(
    x: Tensor, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Tensor:
    return functional.layer_norm(x, tuple(shape), weight, bias, eps)


def _group_norm(
    x: Tensor, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Tensor:
    return functional.group_norm(x, groups, weight, bias, eps)


def _embedding(weight: Tensor, indices: Tensor, padding: int = -1, *_: Any) -> Tensor:
    return functional.embedding(indices, weight, None if padding < 0 else padding)


def _dropout(name: str) -> Callable[..., Tensor]:
    function: Callable[..., Tensor] = getattr(functional, name)
    return lambda x, p, train=False: function(x, p, train)


def _soft(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def softened(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
        return function(x, dim=dim) if dtype is None else function(x, dim=dim, dtype=dtype)

    return softened


def _slice(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    last = None if end is None or end >= (1 << 62) else end
    part = slice(start or None, last, None if step == 1 else step)
    if not isinstance(x, Tensor):
        return x[part]
    return x if part == slice(None) else x[(*(slice(None),) * (dim % x.dim()), part)]


def _index(x: Tensor, indices: Sequence[Any]) -> Tensor:
    return x[tuple(slice(None) if item is None else item for item in indices)]


def _index_put(
    x: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False, *_: Any
) -> Tensor:
    if accumulate:
        return torch.index_put(x, [item for item in indices if item is not None], values, accumulate=True)
    copy = x.clone()
    copy[tuple(slice(None) if item is None else item for item in indices)] = values
    return copy


def _to(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The forms of aten::to: an element type, another tensor, or a device, which changes nothing here."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor):
            return x.type_as(value)
        kind = element_type(value)
        if isinstance(kind, torch.dtype):
            return x.to(kind)
    return x


def _resized(mode: str) -> Callable[..., Tensor]:
    def resized(x: Tensor, size: Any, *rest: Any) -> Tensor:
        corners = next((item for item in rest if isinstance(item, bool)), None)
        scales = [item for item in rest if item is not None and not isinstance(item, bool)]
        flat = [part for item in scales for part in (item if isinstance(item, (list, tuple)) else [item])]
        how = {} if mode in ("nearest", "nearest-exact") else {"align_corners": bool(corners)}
        if flat and (size is None or len(flat) == x.dim() - 2):
            return functional.interpolate(x, scale_factor=tuple(map(float, flat)), mode=mode, **how)
        return functional.interpolate(x, size=tuple(size), mode=mode, **how)

    return resized


def _padded(mode: str) -> Callable[..., Tensor]:
    def padded(x: Tensor, pad: Any, value: Any = None) -> Tensor:
        return (
            functional.pad(x, tuple(pad), mode, value)
            if mode == "constant" and value
            else functional.pad(x, tuple(pad), mode)
        )

    return padded


def _pad(x: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    return functional.pad(x, tuple(pad), mode, value)


def _view(name: str) -> Callable[..., Tensor]:
    method: Callable[..., Tensor] = getattr(Tensor, name)
    return lambda x, size, *_: method(x, tuple(size))


_SPECIAL: Mapping[str, Callable[..., Any]] = {
    "_convolution": _convolution, "convolution": _convolution, "batch_norm": _batch_norm, "layer_norm": _layer_norm,
    "group_norm": _group_norm, "instance_norm": _instance_norm, "embedding": _embedding,
    "dropout": _dropout("dropout"), "dropout_": _dropout("dropout"), "feature_dropout": _dropout("dropout2d"),
    "alpha_dropout": _dropout("alpha_dropout"), "softmax": _soft(functional.softmax),
    "log_softmax": _soft(functional.log_softmax),
    "slice": _slice, "index": _index, "index_put": _index_put, "index_put_": _index_put, "to": _to,
    "_to_copy": _to, "type_as": lambda x, other: x.type_as(other),
    "upsample_nearest1d": _resized("nearest"), "upsample_nearest2d": _resized("nearest"),
    "upsample_nearest3d": _resized("nearest"), "upsample_linear1d": _resized("linear"),
    "upsample_bilinear2d": _resized("bilinear"), "upsample_trilinear3d": _resized("trilinear"),
    "upsample_bicubic2d": _resized("bicubic"), "constant_pad_nd": _padded("constant"), "pad": _pad,
    "reflection_pad1d": _padded("reflect"), "reflection_pad2d": _padded("reflect"),
    "replication_pad1d": _padded("replicate"), "replication_pad2d": _padded("replicate"),
    "log_sigmoid": functional.logsigmoid, "expand": _view("expand"), "view": _view("view"), "reshape": _view("reshape"),
    "permute": _view("permute"), "repeat": _view("repeat"), "_unsafe_view": _view("reshape"),
    "contiguous": lambda x, *_, **__: x.contiguous(), "clone": lambda x, **_: x.clone(),
    "detach": lambda x: x, "alias": lambda x: x, "lift_fresh_copy": lambda x: x.clone(), "lift": lambda x: x,
}  # fmt: skip
"""Operators whose arguments stand in another order in Python, or that mean nothing here."""
