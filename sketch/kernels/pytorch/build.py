"""A network as a torch.fx.GraphModule that needs nothing but torch: modules by path, one graph of calls."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import fx, nn

from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.arrays import torch_type
from sketch.kernels.pytorch.calls import FUNCTION, MODULE, Call, Fixed, Operand, Size, TypeName
from sketch.kernels.pytorch.carrying import operator_function
from sketch.kernels.pytorch.classes import camel
from sketch.kernels.pytorch.drafting import root_names, weight_type
from sketch.kernels.pytorch.module_rows import Tensor1d
from sketch.kernels.pytorch.operands import DECLARED
from sketch.kernels.pytorch.operator_notes import Place, layer_note, operator_note
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.reread import unsaid
from sketch.kernels.pytorch.table import TENSORS, is_noted, module_row
from sketch.kernels.pytorch.weights import Weights

FORMAT = 1
NOTES = "sketch"
"""Attribute of the module that carries the notes."""
UNSAID = "_fixed_"
"""Buffers for constants that the source spells out where they are used; they are not in its state_dict."""
_LIBRARIES: Mapping[str, Any] = {"torch": torch, "F": nn.functional, "operator": operator}


def build_module(
    network: Network, store: Any, *, mapped: bool = False
) -> tuple[fx.GraphModule, Plan, Weights]:
    """The network with its weights, in eval mode; what the report needs comes along.

    `mapped` leaves the weights in the store's files (see Weights).
    """
    plan = Plan(network)
    weights = Weights(plan.network, store, plan.spelled, mapped=mapped)
    builder = _Builder(plan, weights)
    module = fx.GraphModule(builder.root, builder.graph(), camel(network.name))
    module.eval()
    notes = builder.notes()
    said = unsaid(
        module,
        notes,
        [(plan.network.step(node).layer, plan.network.step(node).pinned) for node in builder.owners()],
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
        self._places: dict[Source, Place] = {}
        self._index: dict[fx.Node, int] = {}
        self._results: dict[int, int] = {}

    def graph(self) -> fx.Graph:
        """The graph of calls; inputs and outputs are in the order of the network's."""
        for number, (source, name) in enumerate(self._names.items()):
            self._values[source] = self._add("placeholder", name, (), {})
            self._places[source] = ["input", number]
        for step in self._plan.network.steps:
            if step.id in self._plan.live and step.layer != "Input":
                self._owner = self._plan.owner.get(step.id, step.id)
                self._step(step)
                self._remember(step)
        self._owner = None
        results = tuple(self._values[source] for _, source in self._plan.results)
        self._graph.output(results[0] if len(results) == 1 else results)
        self._graph.lint()
        return self._graph

    def notes(self) -> dict[str, Any]:
        """What the graph itself does not say."""
        record = _Record(self._plan, self._owners, self._tensors, self._places, self._results)
        return record.written()

    def owners(self) -> list[int]:
        """Node ids in the order of the notes' nodes."""
        return list(dict.fromkeys(owner for owner in self._owners if owner is not None))

    def _step(self, step: Step) -> None:
        if step.layer in TENSORS:
            self._values[Source(step.id, 0)] = self._tensor(step)
            return
        if step.id in self._plan.bodies:
            self._values[Source(step.id, 0)] = self._body(step)
            return
        call = self._plan.calls[step.id]
        target = ""
        if module_row(step) is not None:
            target = self._plan.names.target(step)
            _place(self.root, target, self._module(step))
        result = self._call(call, target)
        self._unpack(step, result, call.results)

    def _remember(self, step: Step) -> None:
        """Where the values of a node are, for the operators that take them."""
        for out in range(max(1, len(step.types))):
            made = self._values.get(Source(step.id, out))
            if made is not None and made.op == "get_attr":
                bodies, spelled = self._plan.bodies, self._plan.spelled
                kind = "body" if step.id in bodies else "spelled" if step.id in spelled else "tensor"
                self._places[Source(step.id, out)] = [kind, str(made.target)]
            elif made is not None:
                self._places[Source(step.id, out)] = ["node", step.id, out]
                if is_noted(step):
                    self._results[self._index[made]] = out

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

    def _body(self, step: Step) -> fx.Node:
        """A body of an If, Loop or Scan: a GraphModule of its own."""
        plan = self._plan.bodies[step.id]
        inner = _Builder(plan, self._weights.within(plan.network, plan.spelled))
        target = self._plan.names.target(step)
        _place(self.root, target, fx.GraphModule(inner.root, inner.graph(), camel(step.name)))
        return self._add("get_attr", target, (), {})

    def _tensor(self, step: Step) -> fx.Node:
        """A parameter or buffer of its own; a number becomes a call, so that it is no part of the state_dict."""
        target = self._plan.names.target(step) if self._plan.has_attribute(step) else ""
        if "value" in step.weights:
            trainable = step.layer == "Parameter"
            self._tensors[target] = step
            _place(self.root, target, self._weights.tensor(step, "value", trainable=trainable))
            return self._add("get_attr", target, (), {})
        value, dtype = step.params["value"], torch_type(step.params["dtype"])
        like = self._like()
        if like is None:
            self._tensors[target] = step
            _place(self.root, target, torch.tensor(value, dtype=dtype))
            return self._add("get_attr", target, (), {})
        if isinstance(value, tuple):
            return self._add("call_method", "new_tensor", (like, _lists(value)), {"dtype": dtype})
        return self._add("call_method", "new_full", (like, (), value), {"dtype": dtype})

    def _call(self, call: Call, target: str) -> fx.Node:
        args = tuple(map(self._value, call.args))
        kwargs = {name: self._value(value) for name, value in call.kwargs.items()}
        if call.target == MODULE:
            return self._add("call_module", target, args, kwargs)
        if call.target.startswith("."):
            return self._add("call_method", call.target[1:], args, kwargs)
        if call.target.startswith(FUNCTION):
            function = operator_function(call.target[len(FUNCTION) :])
            made = self._add("call_function", function, args, kwargs)
            made.meta["is_wrapped"] = True
            return made
        library, _, name = call.target.partition(".")
        return self._add("call_function", reduce(getattr, name.split("."), _LIBRARIES[library]), args, kwargs)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Operand):
            return self._values[value.source]
        if isinstance(value, Size):
            return self._add("call_method", "size", (self._values[value.operand.source], value.dim), {})
        if isinstance(value, Call):
            return self._call(value, "")
        if isinstance(value, TypeName):
            return torch_type(value.name)
        if isinstance(value, Fixed):
            return self._fixed(value)
        if type(value) in (tuple, list):
            return type(value)(map(self._value, value))
        if isinstance(value, slice):
            return slice(*map(self._value, (value.start, value.stop, value.step)))
        return value

    def _fixed(self, value: Fixed) -> fx.Node:
        """A small tensor, made on the device of a value that is there already; sizes and the like on the CPU."""
        like = self._like()
        options: dict[str, Any] = {"dtype": torch_type(value.dtype)}
        if value.on_cpu:
            options["device"] = torch.device("cpu")
        if like is None:
            return self._buffer(value)
        if not value.data:
            return self._add("call_method", "new_empty", (like, value.shape), options)
        if not value.shape:
            return self._add("call_method", "new_full", (like, (), value.data[0]), options)
        return self._add("call_method", "new_tensor", (like, value.nested()), options)

    def _buffer(self, value: Fixed) -> fx.Node:
        """A constant of a network without inputs: nothing is there that could make it."""
        number = sum(name.startswith(UNSAID) for name in self.root._buffers)
        name = f"{UNSAID}{number}"
        _place(
            self.root, name, torch.tensor(value.nested(), dtype=torch_type(value.dtype)).reshape(value.shape)
        )
        return self._add("get_attr", name, (), {})

    def _like(self) -> fx.Node | None:
        """A value of the graph that is known to be a tensor, the first input where it is one."""
        for source, node in self._values.items():
            kind = self._plan.network.step(source.node).types[source.out : source.out + 1]
            if kind and kind[0] is not None and kind[0].shape is not None and "(" not in kind[0].dtype:
                return node
        return None

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
        made = self._graph.create_node(kind, target, args, kwargs)
        if kind not in ("placeholder", "get_attr"):
            self._index[made] = len(self._owners)
            self._owners.append(self._owner)
        return made


def _place(root: nn.Module, target: str, value: nn.Module | torch.Tensor) -> None:
    """Put a module, parameter or buffer at its path, with plain modules on the way."""
    *path, name = target.split(".")
    owner = root
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


@dataclass(frozen=True, slots=True)
class _Record:
    """What the notes of a module are made of: whose each call is, where tensors and values are."""

    plan: Plan
    owners: Sequence[int | None]
    tensors: Mapping[str, Step]
    places: Mapping[Source, Place]
    results: Mapping[int, int]

    def written(self) -> dict[str, Any]:
        """What the graph itself does not say: names, groups, and the types of the inputs."""
        network = self.plan.network
        order = self._order()
        groups = {box.id: index for index, box in enumerate(network.groups.values())}
        return {
            "format": FORMAT,
            "name": network.name,
            "seed": network.seed,
            "inputs": [
                {"name": s.name, "shape": list(s.params["shape"]), "dtype": s.params["dtype"], "params": dict(s.pinned),
                 **({"declared": dict(s.params[DECLARED])} if DECLARED in s.params else {})}
                for s in network.inputs
            ],
            "outputs": [name for name, _ in self.plan.results],
            "groups": [
                {"name": box.name, "layer": box.layer, "in": None if box.parent is None else groups[box.parent]}
                for box in network.groups.values()
            ],
            "nodes": [
                {"name": step.name, "layer": step.layer, "in": None if step.parent is None else groups[step.parent],
                 **self._operator(step, order)}
                for step in map(network.step, order)
            ],
            "results": {str(call): out for call, out in self.results.items()},
            "tensors": {
                target: {"name": step.name, "in": None if step.parent is None else groups[step.parent],
                         "params": dict(step.pinned), **({"operand": True} if step.id in self.plan.owner else {})}
                for target, step in self.tensors.items()
            },
            "calls": [None if owner is None else order[owner] for owner in self.owners],
        }  # fmt: skip

    def _order(self) -> dict[int, int]:
        """Node id -> its number in the notes."""
        return {
            node: index
            for index, node in enumerate(dict.fromkeys(owner for owner in self.owners if owner is not None))
        }

    def _operator(self, step: Step, order: Mapping[int, int]) -> dict[str, Any]:
        """The record of an operator or of a layer of several calls, nothing for others."""
        if not is_noted(step):
            return {}
        places = {
            source: [place[0], order.get(place[1], -1), place[2]] if place[0] == "node" else place
            for source in step.inputs if source is not None and (place := self.places[source])
        }  # fmt: skip
        if not step.spec.is_operator:
            return {"operator": layer_note(step, places)}
        return {"operator": operator_note(step, self.plan.network, places, self.plan.spelled)}


def _argument(value: Any) -> Any:
    if isinstance(value, Tensor1d):
        return torch.tensor(list(value))
    return torch_type(value.name) if isinstance(value, TypeName) else value


def _numbers(item: Any) -> list[int]:
    return [out for part in item for out in _numbers(part)] if isinstance(item, tuple) else [item]


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
