"""A network as a torch.fx.GraphModule that needs nothing but torch: modules by path, one graph of calls."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.torch_calls import is_torch
from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.arrays import torch_type
from sketch.kernels.pytorch.calls import FUNCTION, MODULE, Call, Fixed, Operand, Size, TypeName
from sketch.kernels.pytorch.carrying import is_carried, operator_function
from sketch.kernels.pytorch.classes import camel
from sketch.kernels.pytorch.drafting import root_names
from sketch.kernels.pytorch.keeping import nested
from sketch.kernels.pytorch.module_making import complete, keep_running, layer_module
from sketch.kernels.pytorch.operator_notes import Place
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.recording import Record
from sketch.kernels.pytorch.reread import unsaid
from sketch.kernels.pytorch.table import TENSORS, is_noted, module_row
from sketch.kernels.pytorch.torch_allowed import require_allowed
from sketch.kernels.pytorch.weights import Weights
from sketch.kernels.pytorch.zone_notes import Level, drawing_note, has_zones

FORMAT = 1
NOTES = "sketch"
"""Attribute of the module that carries the notes."""
UNSAID = "_fixed_"
"""Buffers for constants that the source spells out where they are used; they are not in its state_dict."""
UNSAVED = "unsaved"
"""The module of buffers that are in no state_dict."""
_LIBRARIES: Mapping[str, Any] = {"torch": torch, "F": nn.functional, "operator": operator}


def build_module(
    network: Network, store: Any, *, mapped: bool = False
) -> tuple[fx.GraphModule, Plan, Weights]:
    """The network with its weights, in eval mode; what the report needs comes along.

    `mapped` leaves the weights in the store's files (see Weights).
    """
    plan = Plan(network)
    weights = Weights(plan.network, store, plan.spelled, mapped=mapped)
    builder = Builder(plan, weights)
    module = builder.module()
    module.eval()
    notes = builder.notes()
    said = unsaid(
        module,
        notes,
        [(plan.network.step(node).layer, plan.network.step(node).pinned) for node in builder.owners()],
    )
    for index, params in said.items():
        notes["nodes"][index]["said"] = params
    if has_zones(network):
        notes["drawing"] = drawing_note(network, module, list(_levels(builder)))
    module.__dict__[NOTES] = json.dumps(notes, separators=(",", ":"))
    return module, plan, weights


class Builder:
    """Walks the living nodes in order and writes modules and graph nodes; `index` numbers the calls."""

    def __init__(self, plan: Plan, weights: Weights):
        self.root = nn.Module()
        self._plan = plan
        self._weights = weights
        self._graph = fx.Graph()
        self.values: dict[Source, fx.Node] = {}
        self.owner_of_call: list[int | None] = []
        self._owner: int | None = None
        self._tensors: dict[str, Step] = {}
        self._names = root_names(plan)
        self._places: dict[Source, Place] = {}
        self.index: dict[fx.Node, int] = {}
        self._results: dict[int, int] = {}
        self.inner: dict[str, Builder] = {}

    def module(self) -> fx.GraphModule:
        """The graph with all modules, parameters and buffers, those too that no call reads."""
        made = fx.GraphModule(self.root, self.graph(), camel(self._plan.network.name))
        complete(made, self.root, self._plan.kept.versions)
        return made

    def graph(self) -> fx.Graph:
        """The graph of calls; inputs and outputs are in the order of the network's."""
        for number, (source, name) in enumerate(self._names.items()):
            self.values[source] = self._add("placeholder", name, (), {})
            self._places[source] = ["input", number]
        for step in self._plan.network.steps:
            if step.id in self._plan.live and step.layer != "Input":
                self._owner = self._plan.owner.get(step.id, step.id)
                self._step(step)
                self._remember(step)
        self._owner = None
        results = tuple(self.values[source] for _, source in self._plan.results)
        self._graph.output(nested(self._plan.kept.outputs, results))
        self._graph.lint()
        return self._graph

    def notes(self) -> dict[str, Any]:
        """What the graph itself does not say."""
        return Record(self._plan, self.owner_of_call, self._tensors, self._places, self._results).written()

    def owners(self) -> list[int]:
        """Node ids in the order of the notes' nodes."""
        return list(dict.fromkeys(owner for owner in self.owner_of_call if owner is not None))

    def _step(self, step: Step) -> None:
        if step.layer in TENSORS:
            self.values[Source(step.id, 0)] = self._tensor(step)
            return
        if step.id in self._plan.bodies:
            self.values[Source(step.id, 0)] = self._body(step)
            return
        call = self._plan.calls[step.id]
        target = ""
        if module_row(step) is not None:
            target = ".".join(self._plan.home(step))
            if step.id not in self._plan.kept.shared:
                _place(self.root, target, layer_module(step, self._weights))
        result = self._call(call, target)
        if is_torch(step.layer):
            require_allowed(step.layer, result)
        self._unpack(step, result, call.results)

    def _remember(self, step: Step) -> None:
        """Where the values of a node are, for the operators that take them."""
        for out in range(max(1, len(step.types))):
            made = self.values.get(Source(step.id, out))
            if made is not None and made.op == "get_attr":
                bodies, spelled = self._plan.bodies, self._plan.spelled
                kind = "body" if step.id in bodies else "spelled" if step.id in spelled else "tensor"
                self._places[Source(step.id, out)] = [kind, str(made.target)]
            elif made is not None:
                self._places[Source(step.id, out)] = ["node", step.id, out]
                if is_noted(step):
                    self._results[self.index[made]] = out

    def _body(self, step: Step) -> fx.Node:
        """A body of an If, Loop or Scan: a GraphModule of its own."""
        plan = self._plan.bodies[step.id]
        inner = Builder(plan, self._weights.within(plan.network, plan.spelled))
        target = self._plan.names.target(step)
        self.inner[target] = inner
        _place(self.root, target, fx.GraphModule(inner.root, inner.graph(), camel(step.name)))
        return self._add("get_attr", target, (), {})

    def _tensor(self, step: Step) -> fx.Node:
        """A parameter or buffer of its own; a number becomes a call, so that it is no part of the state_dict."""
        shared = step.id in self._plan.kept.shared
        target = ".".join(self._plan.home(step)) if shared or self._plan.has_attribute(step) else ""
        if step.id in self._plan.kept.transient and "." not in target:
            target = f"{UNSAVED}.{target}"  # a file keeps such a buffer out of the state_dict only inside of a module
        if "value" in step.weights:
            trainable = step.layer == "Parameter"
            self._tensors[target] = step
            if not shared:
                made = self._weights.tensor(step, "value", trainable=trainable)
                _place(self.root, target, made, persistent=step.id not in self._plan.kept.transient)
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
            return self.values[value.source]
        if isinstance(value, Size):
            return self._add("call_method", "size", (self.values[value.operand.source], value.dim), {})
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
        name = f"{UNSAID}{sum(name.startswith(UNSAID) for name in self.root._buffers)}"
        _place(
            self.root, name, torch.tensor(value.nested(), dtype=torch_type(value.dtype)).reshape(value.shape)
        )
        return self._add("get_attr", name, (), {})

    def _like(self) -> fx.Node | None:
        """A value of the graph that is known to be a tensor, the first input where it is one."""
        for source, node in self.values.items():
            kind = next(iter(self._plan.network.step(source.node).types[source.out :]), None)
            if kind is not None and kind.shape is not None and kind.is_tensor:
                return node
        return None

    def _unpack(self, step: Step, result: fx.Node, results: Any) -> None:
        """The outputs of a node from the nested tuple that it gives; only those that something uses."""
        if results is None:
            self.values[Source(step.id, 0)] = result
            return
        asked = {source for _, source in self._plan.results} | self._plan.users.keys()
        for index, item in enumerate(results):
            wanted = [out for out in _numbers(item) if Source(step.id, out) in asked]
            if not wanted:
                continue
            part = self._add("call_function", operator.getitem, (result, index), {})
            if isinstance(item, tuple):
                self._unpack(step, part, item)
            else:
                self.values[Source(step.id, item)] = part

    def _add(self, kind: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> fx.Node:
        made = self._graph.create_node(kind, target, args, kwargs)
        if kind in ("call_function", "call_method") and not is_carried(target):
            passed = keep_running(self._graph, self.root, made)
            if passed is not None:
                self.index[passed] = len(self.owner_of_call)
                self.owner_of_call.append(None)
        if kind not in ("placeholder", "get_attr"):
            self.index[made] = len(self.owner_of_call)
            self.owner_of_call.append(self._owner)
        return made


def _place(root: nn.Module, target: str, value: nn.Module | torch.Tensor, *, persistent: bool = True) -> None:
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
        owner.register_buffer(name, value, persistent=persistent)
    elif isinstance(value, nn.Module):
        owner.add_module(name, value)
    else:
        owner.register_parameter(name, value)


def _levels(builder: Builder, path: str = "") -> Iterator[Level]:
    """The graphs of calls, a network's own first, then those of bodies."""
    yield Level(builder._plan, builder._places, path)
    for target, inner in builder.inner.items():
        yield from _levels(inner, f"{path}{target}.")


def _numbers(item: Any) -> list[int]:
    return [out for part in item for out in _numbers(part)] if isinstance(item, tuple) else [item]


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
