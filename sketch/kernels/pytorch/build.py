"""A network as a torch.fx.GraphModule that needs nothing but torch: modules by path, one graph of calls."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn

from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.arrays import torch_type
from sketch.kernels.pytorch.calls import MODULE, Call, Operand, Size, TypeName
from sketch.kernels.pytorch.classes import camel
from sketch.kernels.pytorch.drafting import root_names, weight_type
from sketch.kernels.pytorch.module_rows import Tensor1d
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.reread import unsaid
from sketch.kernels.pytorch.table import TENSORS, module_row
from sketch.kernels.pytorch.weights import Weights

FORMAT = 1
NOTES = "sketch"
"""Attribute of the module that carries the notes."""
_LIBRARIES: Mapping[str, Any] = {"torch": torch, "F": nn.functional, "operator": operator}


def build_module(network: Network, store: Any) -> tuple[fx.GraphModule, Plan, Weights]:
    """The network with its weights, in eval mode; what the report needs comes along."""
    plan = Plan(network)
    weights = Weights(network, store)
    builder = _Builder(plan, weights)
    module = fx.GraphModule(builder.root, builder.graph(), camel(network.name))
    module.eval()
    notes = builder.notes()
    said = unsaid(
        module, notes, [(network.step(node).layer, network.step(node).pinned) for node in builder.owners()]
    )
    for index, params in said.items():
        notes["nodes"][index]["said"] = params
    module.__dict__[NOTES] = json.dumps(notes, separators=(",", ":"))
    return module, plan, weights


class _Builder:
    """Walks the living nodes in order and writes modules and graph nodes."""

    def __init__(self, plan: Plan, weights: Weights):
        self.root = nn.Module()
        self._plan = plan
        self._weights = weights
        self._graph = fx.Graph()
        self._values: dict[Source, fx.Node] = {}
        self._owners: list[int | None] = []
        self._owner: int | None = None
        self._tensors: dict[str, Step] = {}
        self._names = root_names(plan)

    def graph(self) -> fx.Graph:
        """The graph of calls; inputs and outputs are in the order of the network's."""
        for source, name in self._names.items():
            self._values[source] = self._add("placeholder", name, (), {})
        for step in self._plan.network.steps:
            if step.id in self._plan.live and step.layer != "Input":
                self._owner = step.id
                self._step(step)
        self._owner = None
        results = tuple(self._values[source] for _, source in self._plan.results)
        self._graph.output(results[0] if len(results) == 1 else results)
        self._graph.lint()
        return self._graph

    def notes(self) -> dict[str, Any]:
        """What the graph itself does not say: names, groups, and the types of the inputs."""
        network = self._plan.network
        order = {
            node: index for index, node in enumerate(dict.fromkeys(o for o in self._owners if o is not None))
        }
        groups = {box.id: index for index, box in enumerate(network.groups.values())}
        return {
            "format": FORMAT,
            "name": network.name,
            "seed": network.seed,
            "inputs": [
                {"name": s.name, "shape": list(s.params["shape"]), "dtype": s.params["dtype"], "params": dict(s.pinned)}
                for s in network.inputs
            ],
            "outputs": [name for name, _ in self._plan.results],
            "groups": [
                {"name": box.name, "layer": box.layer, "in": None if box.parent is None else groups[box.parent]}
                for box in network.groups.values()
            ],
            "nodes": [
                {"name": step.name, "layer": step.layer, "in": None if step.parent is None else groups[step.parent]}
                for step in map(network.step, order)
            ],
            "tensors": {
                target: {"name": step.name, "in": None if step.parent is None else groups[step.parent],
                         "params": dict(step.pinned)}
                for target, step in self._tensors.items()
            },
            "calls": [None if owner is None else order[owner] for owner in self._owners],
        }  # fmt: skip

    def owners(self) -> list[int]:
        """Node ids in the order of the notes' nodes."""
        return list(dict.fromkeys(owner for owner in self._owners if owner is not None))

    def _step(self, step: Step) -> None:
        if step.layer in TENSORS:
            self._values[Source(step.id, 0)] = self._tensor(step)
            return
        call = self._plan.calls[step.id]
        target = ""
        if module_row(step) is not None:
            target = self._plan.names.target(step)
            self._place(target, self._module(step))
        result = self._call(call, target)
        self._unpack(step, result, call.results)

    def _module(self, step: Step) -> nn.Module:
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
        self._weights.fill(step, made)
        return made

    def _tensor(self, step: Step) -> fx.Node:
        """A parameter or buffer of its own; a number becomes a call, so that it is no part of the state_dict."""
        target = self._plan.names.target(step) if self._plan.has_attribute(step) else ""
        if "value" in step.weights:
            trainable = step.layer == "Parameter"
            self._tensors[target] = step
            self._place(target, self._weights.tensor(step, "value", trainable=trainable))
            return self._add("get_attr", target, (), {})
        value, dtype = step.params["value"], torch_type(step.params["dtype"])
        like = next(iter(self._values.values()), None)
        if like is None:
            self._tensors[target] = step
            self._place(target, torch.tensor(value, dtype=dtype))
            return self._add("get_attr", target, (), {})
        if isinstance(value, tuple):
            return self._add("call_method", "new_tensor", (like, _lists(value)), {"dtype": dtype})
        return self._add("call_method", "new_full", (like, (), value), {"dtype": dtype})

    def _place(self, target: str, value: nn.Module | torch.Tensor) -> None:
        """Put a module, parameter or buffer at its path, with plain modules on the way."""
        *path, name = target.split(".")
        owner = self.root
        for part in path:
            inner = owner._modules.get(part)
            if inner is None:
                inner = nn.Module()
                owner.add_module(part, inner)
            owner = inner
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            owner.register_buffer(name, value)
        elif isinstance(value, nn.Module):
            owner.add_module(name, value)
        else:
            owner.register_parameter(name, value)

    def _call(self, call: Call, target: str) -> fx.Node:
        args = tuple(map(self._value, call.args))
        kwargs = {name: self._value(value) for name, value in call.kwargs.items()}
        if call.target == MODULE:
            return self._add("call_module", target, args, kwargs)
        if call.target.startswith("."):
            return self._add("call_method", call.target[1:], args, kwargs)
        library, _, name = call.target.partition(".")
        return self._add("call_function", getattr(_LIBRARIES[library], name), args, kwargs)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Operand):
            return self._values[value.source]
        if isinstance(value, Size):
            return self._add("call_method", "size", (self._values[value.operand.source], value.dim), {})
        if isinstance(value, Call):
            return self._call(value, "")
        if isinstance(value, TypeName):
            return torch_type(value.name)
        if type(value) in (tuple, list):
            return type(value)(map(self._value, value))
        return value

    def _unpack(self, step: Step, result: fx.Node, results: Any) -> None:
        """The outputs of a node from the nested tuple that it gives; only those that something uses."""
        if results is None:
            self._values[Source(step.id, 0)] = result
            return
        asked = {source for _, source in self._plan.results} | self._plan.users.keys()
        for index, item in enumerate(results):
            wanted = [out for out in _numbers(item) if Source(step.id, out) in asked]
            if not wanted:
                continue
            part = self._add("call_function", operator.getitem, (result, index), {})
            self._unpack(step, part, item) if isinstance(item, tuple) else self._keep(step, item, part)

    def _keep(self, step: Step, out: int, node: fx.Node) -> None:
        self._values[Source(step.id, out)] = node

    def _add(self, kind: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> fx.Node:
        if kind not in ("placeholder", "get_attr"):
            self._owners.append(self._owner)
        return self._graph.create_node(kind, target, args, kwargs)


def _argument(value: Any) -> Any:
    if isinstance(value, Tensor1d):
        return torch.tensor(list(value))
    return torch_type(value.name) if isinstance(value, TypeName) else value


def _numbers(item: Any) -> list[int]:
    return [out for part in item for out in _numbers(part)] if isinstance(item, tuple) else [item]


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
