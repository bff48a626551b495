"""Functional calls whose weights are all that one module has: they are that module's layer.

`F.conv2d(x, self.weight, self.bias, ...)` in the forward of a subclass of nn.Conv2d, or in an exported program, is a
Conv2d at the module's path. Its keys stay what they were, as the roles of the layer are the names of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.weights import weight_types
from sketch.kernels.pytorch.drawing.module_state import ModuleState
from sketch.kernels.pytorch.drawing.targets import row_name
from sketch.kernels.pytorch.reading import bind

Bound = Mapping[str, Any]
Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Whole:
    """A function that a layer stands for.

    `signature` are its arguments, those in `roles` weights; `layer` is a name with `{}` for the number of dimensions
    beside the first two of the input. `params` gives the layer's parameters from the arguments and the weights.
    """

    signature: tuple[str, ...]
    roles: tuple[str, ...]
    layer: str
    params: Callable[[Bound, Tensors], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that becomes a layer: the module's path, the layer, its parameters and weights."""

    path: str
    layer: str
    params: dict[str, Any]
    weights: Tensors
    inputs: tuple[fx.Node, ...]


def plan_layers(graph: fx.Graph, state: ModuleState, library: LayerLibrary) -> dict[fx.Node, Planned]:
    """The calls of a graph that are layers of modules."""
    found: dict[fx.Node, Planned] = {}
    for node in graph.nodes:
        row = WHOLE.get(row_name(node)) if node.op == "call_function" else None
        planned = _planned(node, row, state, library) if row is not None else None
        if planned is not None:
            found[node] = planned
    return {node: item for node, item in found.items() if _alone(item, found, state)}


def _planned(node: fx.Node, row: Whole, state: ModuleState, library: LayerLibrary) -> Planned | None:
    bound = bind(row.signature, node.args, node.kwargs)
    if bound is None or not isinstance(bound.get("input"), fx.Node):
        return None
    given = {role: bound[role] for role in row.roles if bound.get(role) is not None}
    if not given or not all(isinstance(item, fx.Node) and item.op == "get_attr" for item in given.values()):
        return None
    paths = {role: str(item.target) for role, item in given.items()}
    owners = {path.rpartition(".")[0] for path in paths.values()}
    if len(owners) != 1 or any(path.rpartition(".")[2] != role for role, path in paths.items()):
        return None
    owner = owners.pop()
    if not owner or state.below(owner):
        return None
    weights = state.saved_in(owner)
    params = row.params(bound, weights)
    rank = _rank(bound["input"])
    if params is None or rank is None or any(isinstance(item, fx.Node) for item in params.values()):
        return None
    layer = row.layer.format(max(1, rank - 2))
    if layer not in library or not _fits(library, layer, params, weights):
        return None
    return Planned(owner, layer, params, weights, (bound["input"],))


def _fits(library: LayerLibrary, layer: str, params: Mapping[str, Any], weights: Tensors) -> bool:
    """True when the layer has exactly the weights that are there."""
    spec = library[layer]
    try:
        clean = {name: spec.clean_param(name, value) for name, value in params.items()}
        needed = weight_types(spec, {**spec.defaults(), **clean})
    except (GraphError, TypeError, KeyError):
        return False
    return needed.keys() == weights.keys() and all(
        kind.shape == tuple(weights[role].shape) and kind.trainable == isinstance(weights[role], nn.Parameter)
        for role, kind in needed.items()
    )


def _alone(item: Planned, planned: Mapping[fx.Node, Planned], state: ModuleState) -> bool:
    """True when nothing but calls of this very layer reads the module's weights."""
    readers = [user for role in item.weights for user in state.readers(f"{item.path}.{role}")]
    same = (planned.get(user) for user in readers)
    return not state.is_leaf(item.path) and all(
        other is not None and (other.path, other.layer, other.params) == (item.path, item.layer, item.params)
        for other in same
    )


def _rank(node: fx.Node) -> int | None:
    kinds: Any = node.meta.get("kinds") or ()
    return len(kinds[0][0]) if len(kinds) == 1 else None


# ---------------------------------------------------------------- what each function says


def _linear(_bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if "weight" not in weights or weights["weight"].ndim != 2:
        return None
    out, size = weights["weight"].shape
    return {"in_features": size, "out_features": out, "bias": "bias" in weights}


def _conv(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if "weight" not in weights:
        return None
    groups, shape = bound.get("groups", 1), weights["weight"].shape
    names = ("stride", "padding", "dilation")
    return {
        "in_channels": shape[1] * groups, "out_channels": shape[0], "kernel_size": tuple(shape[2:]), "groups": groups,
        "bias": "bias" in weights, **{name: _spread(bound[name], len(shape) - 2) for name in names if name in bound},
    }  # fmt: skip


def _conv_transpose(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if "weight" not in weights:
        return None
    groups, shape = bound.get("groups", 1), weights["weight"].shape
    names = ("stride", "padding", "output_padding", "dilation")
    return {
        "in_channels": shape[0], "out_channels": shape[1] * groups, "kernel_size": tuple(shape[2:]), "groups": groups,
        "bias": "bias" in weights, **{name: _spread(bound[name], len(shape) - 2) for name in names if name in bound},
    }  # fmt: skip


def _spread(value: Any, count: int) -> Any:
    """`(1,)` for two dimensions is `(1, 1)`."""
    if isinstance(value, (tuple, list)):
        return tuple(value) * count if len(value) == 1 else tuple(value)
    return value


def _layer_norm(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    return {
        "normalized_shape": tuple(bound["normalized_shape"]), "eps": bound.get("eps", 1e-5),
        "bias": "bias" in weights,
    }  # fmt: skip


def _rms_norm(bound: Bound, _weights: Tensors) -> dict[str, Any] | None:
    return {"normalized_shape": tuple(bound["normalized_shape"]), "eps": bound.get("eps")}


def _batch_norm(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if bound.get("training") is not False or "running_mean" not in weights:
        return None
    return {
        "num_features": weights["running_mean"].shape[0], "eps": bound.get("eps", 1e-5),
        "momentum": bound.get("momentum", 0.1), "affine": "weight" in weights,
    }  # fmt: skip


def _group_norm(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if "weight" not in weights:
        return None
    return {
        "num_groups": bound["num_groups"], "num_channels": weights["weight"].shape[0],
        "eps": bound.get("eps", 1e-5),
    }  # fmt: skip


def _embedding(bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    if "weight" not in weights or weights["weight"].ndim != 2:
        return None
    count, size = weights["weight"].shape
    padding = bound.get("padding_idx")
    names = ("max_norm", "norm_type", "scale_grad_by_freq", "sparse")
    return {
        "num_embeddings": count, "embedding_dim": size, "padding_idx": None if padding == -1 else padding,
        **{name: bound[name] for name in names if name in bound},
    }  # fmt: skip


def _prelu(_bound: Bound, weights: Tensors) -> dict[str, Any] | None:
    return {"num_parameters": weights["weight"].numel()} if "weight" in weights else None


_CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TURNED = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_PAIR = ("weight", "bias")

WHOLE: Mapping[str, Whole] = {
    "F.linear": Whole(("input", "weight", "bias"), _PAIR, "Linear", _linear),
    **{f"{owner}.conv{n}d": Whole(_CONV, _PAIR, f"Conv{n}d", _conv) for n in "123" for owner in ("F", "torch")},
    **{f"{owner}.conv_transpose{n}d": Whole(_TURNED, _PAIR, f"ConvTranspose{n}d", _conv_transpose)
       for n in "123" for owner in ("F", "torch")},
    **{f"{owner}.layer_norm": Whole(("input", "normalized_shape", "weight", "bias", "eps", "cudnn_enable"), _PAIR,
                                    "LayerNorm", _layer_norm) for owner in ("F", "torch")},
    **{f"{owner}.rms_norm": Whole(("input", "normalized_shape", "weight", "eps"), ("weight",), "RMSNorm", _rms_norm)
       for owner in ("F", "torch")},
    "F.batch_norm": Whole(
        ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
        ("running_mean", "running_var", "weight", "bias"), "BatchNorm{}d", _batch_norm),
    "torch.batch_norm": Whole(
        ("input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps", "cudnn_enabled"),
        ("running_mean", "running_var", "weight", "bias"), "BatchNorm{}d", _batch_norm),
    **{f"{owner}.group_norm": Whole(("input", "num_groups", "weight", "bias", "eps", "cudnn_enabled"), _PAIR,
                                    "GroupNorm", _group_norm) for owner in ("F", "torch")},
    "F.embedding": Whole(
        ("input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"), ("weight",),
        "Embedding", _embedding),
    "F.prelu": Whole(("input", "weight"), ("weight",), "PReLU", _prelu),
    "torch.prelu": Whole(("input", "weight"), ("weight",), "PReLU", _prelu),
}  # fmt: skip
"""By the name of the function."""
