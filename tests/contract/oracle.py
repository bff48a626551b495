"""What torch itself says of a case: the module it is, and the outputs for its inputs. Torch is the oracle."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketch.graph.evaluate import applies
from sketch.graph.specs import LayerSpec
from tests.contract import tensor_functions
from tests.contract.cases import Case
from tests.contract.dice import Array

Params = Mapping[str, Any]
Inputs = list[Tensor | None]

FORWARD = {"MultiheadAttention": ("need_weights", "average_attn_weights")}
"""Parameters that torch takes at the call and not at construction."""


def module_of(spec: LayerSpec, params: Params) -> nn.Module | None:
    """The torch module a layer is, built with every parameter that applies; None for a function."""
    kind = getattr(nn, spec.name, None)
    if spec.name in FUNCTIONS or kind is None:
        return None
    given = {
        name: _argument(spec, name, value)
        for name, value in params.items()
        if applies(spec, name, params) and name not in FORWARD.get(spec.name, ())
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(**given).eval()


def _argument(spec: LayerSpec, name: str, value: Any) -> Any:
    if spec.params[name].type == "floats" and value is not None and spec.category == "Loss":
        return torch.tensor(value)
    if spec.name == "Upsample" and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    return value


def state_of(module: nn.Module | None) -> dict[str, tuple[tuple[int, ...], str, bool]]:
    """role -> (shape, element type, trainable) of a module's state_dict."""
    if module is None:
        return {}
    learned = {name for name, _ in module.named_parameters()}
    state = module.state_dict()
    return {
        name: (tuple(t.shape), str(t.dtype).removeprefix("torch."), name in learned)
        for name, t in state.items()
    }


def load_weights(module: nn.Module | None, weights: Mapping[str, Array]) -> None:
    """Put arrays in a module, by role; every role must be there and no other."""
    if module is not None:
        module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})


def outputs_of(
    spec: LayerSpec, params: Params, module: nn.Module | None, inputs: Sequence[Array | None]
) -> tuple[Array | None, ...]:
    """The outputs of torch for these inputs; None for an output that is not there."""
    tensors: Inputs = [None if x is None else torch.from_numpy(np.array(x)) for x in inputs]
    tensors += [None] * (len(spec.inputs) - len(tensors))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = _call(spec, params, module, tensors)
    items = result if isinstance(result, (tuple, list)) else (result,)
    return tuple(None if item is None else item.detach().numpy() for item in items)


def expected(
    case: Case, spec: LayerSpec, params: Params, weights: Mapping[str, Array]
) -> tuple[Array | None, ...]:
    """The outputs of torch for a case with these weights (role -> array)."""
    module = module_of(spec, params)
    load_weights(module, weights)
    if spec.name in ("Constant", "Parameter") and "value" in weights:
        return (weights["value"],)
    return outputs_of(spec, params, module, case.inputs)


def _call(spec: LayerSpec, params: Params, module: nn.Module | None, inputs: Inputs) -> Any:
    if module is None:
        return FUNCTIONS[spec.name](params, *inputs)
    if spec.name in CALLS:
        return CALLS[spec.name](module, params, *inputs)
    return module(*inputs)


def _recurrent(module: nn.Module, _params: Params, x: Tensor, h0: Tensor | None) -> Any:
    return module(x, h0)


def _lstm(module: nn.LSTM, params: Params, x: Tensor, h0: Tensor | None, c0: Tensor | None) -> Any:
    batch = () if x.ndim == 2 else (x.shape[0 if params["batch_first"] else 1],)
    stack = (params["num_layers"] * (2 if params["bidirectional"] else 1), *batch)
    if h0 is None:
        h0 = torch.zeros(*stack, params["proj_size"] or params["hidden_size"])
    if c0 is None:
        c0 = torch.zeros(*stack, params["hidden_size"])
    y, (h, c) = module(x, (h0, c0))
    return y, h, c


def _attention(
    module: nn.Module,
    params: Params,
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    *masks: Tensor | None,
) -> Any:
    key = query if key is None else key
    value = key if value is None else value
    flags = {name: params[name] for name in FORWARD["MultiheadAttention"]}
    return module(query, key, value, key_padding_mask=masks[0], attn_mask=masks[1], **flags)


def _encoder(
    module: nn.Module, _params: Params, src: Tensor, mask: Tensor | None, padding: Tensor | None
) -> Any:
    return module(src, src_mask=mask, src_key_padding_mask=padding)


CALLS: dict[str, Callable[..., Any]] = {
    "RNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _lstm,
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _encoder,
}


def _fold(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def folded(_params: Params, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for value in inputs[1:]:
            total = function(total, value)
        return total

    return folded


def _pure(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _params, *inputs: function(*inputs)


def _interpolate(p: Params, x: Tensor) -> Tensor:
    size, scale = p["size"], p["scale_factor"] if p["size"] is None else None
    return functional.interpolate(
        x,
        size=size[0] if size and len(size) == 1 else size,
        scale_factor=scale[0] if scale and len(scale) == 1 else scale,
        mode=p["mode"],
        align_corners=p["align_corners"] if p["mode"].endswith(("linear", "cubic")) else None,
        recompute_scale_factor=p["recompute_scale_factor"] if size is None else None,
        antialias=p["antialias"],
    )


def _dot_product(p: Params, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    names = ("dropout_p", "is_causal", "scale", "enable_gqa")
    return functional.scaled_dot_product_attention(q, k, v, mask, **{name: p[name] for name in names})


def _rotary(p: Params, x: Tensor, *angles: Tensor) -> Tensor:
    """Pairs as columns of a matrix: (a, b) becomes (a·cos - b·sin, b·cos' + a·sin')."""
    half = x.shape[-1] // 2
    assert x.ndim > 1
    assert x.shape[-1] % 2 == 0
    assert angles[0].shape[-1] == angles[1].shape[-1]

    def paired(t: Tensor) -> Tensor:
        return t.unflatten(-1, (half, 2)).mT if p["interleaved"] else t.unflatten(-1, (2, half))

    wide = [
        t.unsqueeze(-2).expand(*t.shape[:-1], 2, half) if t.shape[-1] == half else paired(t) for t in angles
    ]
    cos, sin = (t.broadcast_to(*x.shape[:-1], 2, half) for t in wide)
    pair = paired(x)
    y = torch.stack(
        (pair[..., 0, :] * cos[..., 0, :] - pair[..., 1, :] * sin[..., 0, :],
         pair[..., 1, :] * cos[..., 1, :] + pair[..., 0, :] * sin[..., 1, :]), -2,
    )  # fmt: skip
    return (y.mT if p["interleaved"] else y).flatten(-2)


def _over(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduced(p: Params, x: Tensor) -> Tensor:
        axes = tuple(range(x.ndim)) if p["dim"] is None else p["dim"]
        return function(x, axes, p["keepdim"])

    return reduced


def _gather(p: Params, x: Tensor, index: Tensor | None) -> Tensor:
    picked = torch.tensor(p["index"]) if index is None else index
    axis = p["dim"] % max(x.ndim, 1)
    flat = torch.index_select(x, axis, picked.reshape(-1))
    return flat.reshape((*x.shape[:axis], *picked.shape, *x.shape[axis + 1 :]))


def _constant(p: Params) -> Tensor:
    value = torch.tensor(p["value"], dtype=getattr(torch, p["dtype"]))
    return value if p["shape"] is None else value.expand(p["shape"])


def _pad(p: Params, x: Tensor) -> Tensor:
    return functional.pad(x, p["pad"], p["mode"], p["value"] if p["mode"] == "constant" else None)


def _slice(p: Params, x: Tensor) -> Tensor:
    size = x.shape[p["dim"]]
    index = torch.arange(size)[slice(p["start"], p["end"], p["step"])]
    return torch.index_select(x, p["dim"], index)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": _fold(torch.add),
    "Mul": _fold(torch.mul),
    "Sub": _pure(torch.sub),
    "Div": _pure(torch.div),
    "MatMul": _pure(torch.matmul),
    "Maximum": _pure(torch.maximum),
    "Minimum": _pure(torch.minimum),
    "Equal": _pure(torch.eq),
    "Greater": _pure(torch.gt),
    "Less": _pure(torch.lt),
    "GreaterEqual": _pure(torch.ge),
    "LessEqual": _pure(torch.le),
    "And": _pure(torch.logical_and),
    "Or": _pure(torch.logical_or),
    "Xor": _pure(torch.logical_xor),
    "Sign": _pure(torch.sign),
    "Round": _pure(torch.round),
    "CumSum": lambda p, x: torch.cumsum(x, p["dim"]),
    "Norm": lambda p, x: torch.linalg.vector_norm(x, p["ord"], p["dim"], p["keepdim"]),
    "Tril": lambda p, x: torch.tril(x, p["diagonal"]),
    "Triu": lambda p, x: torch.triu(x, p["diagonal"]),
    "Not": _pure(torch.logical_not),
    "Where": _pure(torch.where),
    "Pow": lambda p, x, exponent: torch.pow(x, p["exponent"] if exponent is None else exponent),
    **{
        name: _pure(getattr(torch, name.lower()))
        for name in ("Sqrt", "Exp", "Log", "Abs", "Neg", "Reciprocal")
    },
    **{name: _pure(getattr(torch, name.lower())) for name in ("Erf", "Sin", "Cos", "Floor", "Ceil")},
    "Clamp": lambda p, x: torch.clamp(x, p["min"], p["max"]),
    "Mean": _over(torch.mean),
    "Sum": _over(torch.sum),
    "Max": _over(torch.amax),
    "Min": _over(torch.amin),
    "ArgMax": lambda p, x: torch.argmax(x, p["dim"], p["keepdim"]),
    "Reshape": lambda p, x: x.reshape(p["shape"]),
    "Permute": lambda p, x: x.permute(p["dims"]),
    "Transpose": lambda p, x: x.transpose(p["dim0"], p["dim1"]),
    "Squeeze": lambda p, x: x.squeeze() if p["dim"] is None else x.squeeze(p["dim"]),
    "Unsqueeze": lambda p, x: x.unsqueeze(p["dim"]),
    "Expand": lambda p, x: x.expand(p["shape"]),
    "Concat": lambda p, *xs: torch.cat(xs, p["dim"]),
    "Stack": lambda p, *xs: torch.stack(xs, p["dim"]),
    "Split": lambda p, x: torch.split(x, p["split_size_or_sections"], p["dim"]),
    "Chunk": lambda p, x: torch.chunk(x, p["chunks"], p["dim"]),
    "Slice": _slice,
    "Pad": _pad,
    "Gather": _gather,
    "Cast": lambda p, x: x.to(getattr(torch, p["dtype"])),
    "Constant": _constant,
    "Parameter": lambda p: torch.zeros(p["shape"], dtype=getattr(torch, p["dtype"])),
    "Interpolate": _interpolate,
    "ScaledDotProductAttention": _dot_product,
    "RotaryEmbedding": _rotary,
    "Input": lambda p: (),
    "Output": lambda p, x: (),
    **tensor_functions.FUNCTIONS,
}
