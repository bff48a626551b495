"""A live nn.Module as a torch.fx graph whose leaves are the layers that Sketch draws."""

from __future__ import annotations

import inspect
from copy import copy
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.table import MODULES

_CLASSES: tuple[type[nn.Module], ...] = (*(getattr(nn, row.layer) for row in MODULES), nn.Unflatten)


CHAINS = "sketch_chains"
"""Attribute of a traced module that keeps the paths of its nn.Sequential blocks."""


def layer_class(module: nn.Module) -> type[nn.Module] | None:
    """The class of torch.nn that a module is: itself, or a subclass that computes the same way."""
    for kind in type(module).__mro__:
        if kind in _CLASSES:
            return kind if type(module).forward is kind.forward else None
    return None


class LayerTracer(fx.Tracer):
    """Keeps the layers of the library whole and goes into everything else."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """True for a layer with a row; other modules of torch are opened like any container."""
        return layer_class(m) is not None

    def call_module(self, m: nn.Module, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """nn.TransformerEncoder branches on values that tracing does not have; it is a chain of its layers."""
        if type(m) is nn.TransformerEncoder:
            return super().call_module(m, lambda *a, **k: _encoder(m, *a, **k), args, kwargs)
        return super().call_module(m, forward, args, kwargs)


def _encoder(
    module: nn.TransformerEncoder,
    src: Any,
    mask: Any = None,
    src_key_padding_mask: Any = None,
    is_causal: Any = None,
) -> Any:
    if is_causal:
        raise TypeError("nn.TransformerEncoder with is_causal and no mask")
    for layer in module.layers:
        masks = {"src_mask": mask, "src_key_padding_mask": src_key_padding_mask}
        src = layer(src, **{name: value for name, value in masks.items() if value is not None})
    return src if module.norm is None else module.norm(src)


def trace(module: nn.Module, given: int | None = None) -> fx.GraphModule:
    """The graph of a module; BinderError with the reason when its forward cannot be followed.

    Args:
        given: how many inputs are passed; later arguments of forward with defaults keep those.
    """
    if isinstance(module, fx.GraphModule):
        return module
    if layer_class(module) is not None:
        return _alone(module, given)
    root, training = module, module.training
    if type(module) is nn.TransformerEncoder:
        root = copy(module)
        root.__class__ = _Encoder
    try:
        module.eval()
        fixed = _defaults(root, given)
        graph = _without_fixed(LayerTracer().trace(root, concrete_args=fixed), len(fixed))
    except Exception as error:  # noqa: BLE001 - a border: tracing runs code of the model, which may raise anything
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise BinderError(f"{type(module).__name__} cannot be followed layer by layer: {reason}") from None
    finally:
        module.train(training)
    traced = fx.GraphModule(root, graph, type(module).__name__)
    traced.__dict__[CHAINS] = frozenset(
        name for name, inner in root.named_modules()
        if isinstance(inner, nn.Sequential) and type(inner).forward is nn.Sequential.forward
    )  # fmt: skip
    return traced


def chains(module: fx.GraphModule) -> frozenset[str]:
    """Paths of the nn.Sequential blocks that a traced module had; its own containers are plain modules."""
    found: frozenset[str] = module.__dict__.get(CHAINS, frozenset())
    return found


def _without_fixed(graph: fx.Graph, count: int) -> fx.Graph:
    """Arguments that keep their defaults are no inputs; tracing leaves them with checks of their values."""
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    for node in inputs[len(inputs) - count :]:
        for user in list(node.users):
            if not user.users and "assert" in str(user.target):
                graph.erase_node(user)
        if not node.users:
            graph.erase_node(node)
    return graph


class _Encoder(nn.TransformerEncoder):
    """nn.TransformerEncoder as the chain of its layers."""

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None
    ) -> Any:
        """As nn.TransformerEncoder without its fast path."""
        return _encoder(self, src, mask, src_key_padding_mask, is_causal)


def _alone(module: nn.Module, given: int | None) -> fx.GraphModule:
    """A single layer as a network of its own."""
    names = list(inspect.signature(module.forward).parameters.values())
    count = given or sum(1 for item in names if item.default is inspect.Parameter.empty)
    graph = fx.Graph()
    inputs = tuple(graph.placeholder(item.name) for item in names[:count])
    graph.output(graph.call_module("0", inputs))
    return fx.GraphModule(nn.ModuleDict({"0": module}), graph, type(module).__name__)


def _defaults(module: nn.Module, given: int | None) -> dict[str, Any]:
    """Arguments of forward that take their defaults."""
    if isinstance(module, nn.Sequential):
        return {}
    names = list(inspect.signature(module.forward).parameters.values())
    return {
        item.name: item.default for index, item in enumerate(names)
        if item.default is not inspect.Parameter.empty and (given is None or index >= given)
    }  # fmt: skip


def examples(inputs: Any) -> tuple[torch.Tensor, ...]:
    """Example inputs as a tuple of tensors."""
    found = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    if not all(isinstance(item, torch.Tensor) for item in found):
        raise BinderError("Example inputs must be tensors, in the order of forward.")
    return tuple(found)
