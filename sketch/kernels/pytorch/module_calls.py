"""Calls of a layer's own module: operands by port, weights by role, results by output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.sink import Sink, Wire


def legacy_dim(sink: Sink, value: Any) -> int:
    """What PyTorch's softmax chooses when no dim is given."""
    kind = sink.type_of(value) if isinstance(value, Wire) else None
    return 0 if kind is not None and kind.rank in (0, 1, 3) else 1


def module_operands(
    layer: str, ports: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Operands by port, and what the call itself says about parameters."""
    if layer in ("LSTM", "GRU", "RNN"):
        state = args[1] if len(args) > 1 else kwargs.get("hx")
        states = state if isinstance(state, (tuple, list)) else (state,)
        return [args[0], *(item for item in states if item is not None)], {}
    if layer == "MultiheadAttention":
        return _attention_operands(args, kwargs)
    given = {
        **dict(zip(ports, args, strict=False)),
        **{("x" if n == "input" else n): v for n, v in kwargs.items()},
    }
    for hint, mask in _HINTS:
        if given.get(mask) is not None:
            given.pop(hint, None)
    for name, value in given.items():
        if name not in ports and value not in (None, False):
            raise BinderError(f"{layer} is called with {name}={value!r}, which has no place in Sketch yet.")
    return [given.get(name) for name in ports], {}


def _attention_operands(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    names = (
        "query",
        "key",
        "value",
        "key_padding_mask",
        "need_weights",
        "attn_mask",
        "average_attn_weights",
    )
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    causal = given.pop("is_causal", False)
    if causal and given.get("attn_mask") is None:
        raise BinderError("MultiheadAttention with is_causal and no mask has no layer yet; give attn_mask.")
    more: dict[str, Any] = {
        name: given.pop(name) for name in ("need_weights", "average_attn_weights") if name in given
    }
    query, key, value = given["query"], given["key"], given["value"]
    wires = [query, None if key == query else key, None if value == key else value]
    return [*wires, given.get("key_padding_mask"), given.get("attn_mask")], more


_HINTS = (("is_causal", "src_mask"), ("tgt_is_causal", "tgt_mask"), ("memory_is_causal", "memory_mask"))
"""Arguments that only say what a mask beside them looks like."""


def module_weights(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor of a layer by its role; computed ones (weight norm) as they are now."""
    state = module.state_dict(keep_vars=True)
    found = {name: tensor for name, tensor in state.items() if "parametrizations." not in name}
    for name in getattr(module, "parametrizations", {}):
        found[name] = getattr(module, name).detach()
    return {name: tensor for name, tensor in found.items() if isinstance(tensor, torch.Tensor)}


def frozen_in(weights: Mapping[str, torch.Tensor]) -> list[str]:
    """The roles of parameters that training leaves as they are."""
    return [
        role for role, tensor in weights.items()
        if isinstance(tensor, nn.Parameter) and not tensor.requires_grad
        and (tensor.is_floating_point() or tensor.is_complex())
    ]  # fmt: skip


def nested_results(node: int, results: Any) -> Any:
    """The wires of a module's results, nested as it gives them."""
    if results is None:
        return Wire(node)
    return tuple(
        nested_results(node, item) if isinstance(item, tuple) else Wire(node, item) for item in results
    )
