"""Parts of a module that is built: a layer with its weights, all that no call reads, calls that must stay calls."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn

from sketch.graph.network import Step
from sketch.kernels.pytorch.arrays import torch_type
from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.drafting import weight_type
from sketch.kernels.pytorch.keeping import PASSING
from sketch.kernels.pytorch.module_rows import Tensor1d
from sketch.kernels.pytorch.table import module_row
from sketch.kernels.pytorch.weights import Weights


def layer_module(step: Step, weights: Weights) -> nn.Module:
    """The layer without numbers of its own, then filled with the node's."""
    row = module_row(step)
    if row is None:
        raise TypeError(f"{step.layer} has no module")
    first, named = row.constructor(step)
    dtype = weight_type(step)
    extra = {} if dtype == "float32" else {"dtype": torch_type(dtype)}
    with torch.device("meta"):
        made: nn.Module = getattr(nn, row.layer)(
            *map(_argument, first), **{name: _argument(value) for name, value in named.items()}, **extra
        )
    weights.fill(step, made)
    return made


def complete(module: fx.GraphModule, root: nn.Module, versions: Mapping[str, int]) -> None:
    """Give a graph module all that its root has, also what no call reads: torch.fx takes over the rest only.

    Args:
        versions: of the state_dict of modules, by path, where that is not the first.
    """
    module._modules.update(root._modules)
    module._parameters.update(root._parameters)
    module._buffers.update(root._buffers)
    module._non_persistent_buffers_set = set(root._non_persistent_buffers_set)
    once = {name for name, _ in root.named_parameters(recurse=False)}
    for name in root._parameters.keys() - once:
        module.__dict__[name] = root._parameters[name]  # torch.fx gives back one name of a tensor, and this
    for path, version in versions.items():
        if path in dict(module.named_modules()):
            module.get_submodule(path)._version = version


def keep_running(graph: fx.Graph, root: nn.Module, made: fx.Node) -> fx.Node | None:
    """Let a call on buffers alone be a call still when the file is loaded: torch.fx would compute it then.

    Returns:
        The call that was put in front of it, None for a call that needs none.
    """
    given = [node for node in made.all_input_nodes if not _is_size(node)]
    held = [_held(root, node) if node.op == "get_attr" else None for node in given]
    if not given or not all(isinstance(item, torch.Tensor) for item in held):
        return None
    if any(isinstance(item, nn.Parameter) for item in held):
        return None
    if PASSING not in root._modules:
        root.add_module(PASSING, nn.Identity())
    with graph.inserting_before(made):
        passed = graph.call_module(PASSING, (given[0],))
    made.replace_input_with(given[0], passed)
    return passed


def _is_size(node: fx.Node) -> bool:
    """True for a whole number that is read from a value's shape, or computed from such."""
    if node.op == "call_method":
        return node.target == "size"
    plain = node.op == "call_function" and node.target in (
        operator.add,
        operator.sub,
        operator.mul,
        operator.floordiv,
    )
    return plain and bool(node.all_input_nodes) and all(map(_is_size, node.all_input_nodes))


def _held(root: nn.Module, node: fx.Node) -> Any:
    owner, _, name = str(node.target).rpartition(".")
    return getattr(root.get_submodule(owner), name, None)


def _argument(value: Any) -> Any:
    if isinstance(value, Tensor1d):
        return torch.tensor(list(value))
    return torch_type(value.name) if isinstance(value, TypeName) else value
