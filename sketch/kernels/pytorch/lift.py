"""From a torch.fx graph to nodes: every call is read by the rows that write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, Loss
from sketch.graph.dims import Symbolic
from sketch.graph.freezing import set_frozen
from sketch.graph.library import LayerLibrary
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.carrying import is_carried
from sketch.kernels.pytorch.keeping import PASSING, set_shared
from sketch.kernels.pytorch.leaf_layers import layer_class
from sketch.kernels.pytorch.lift_calls import HANDLERS
from sketch.kernels.pytorch.lift_operators import OperatorReader
from sketch.kernels.pytorch.module_calls import (
    frozen_in,
    legacy_dim,
    module_operands,
    module_weights,
    nested_results,
)
from sketch.kernels.pytorch.module_rows import UNFLATTEN
from sketch.kernels.pytorch.noted import keep, noted_path
from sketch.kernels.pytorch.notes import Notes, plain_params
from sketch.kernels.pytorch.placing import Placer, changes_its_input, module_path
from sketch.kernels.pytorch.reading import READ_CALLS, Reading, canonical, module_params, read_call
from sketch.kernels.pytorch.sink import Sink, Wire
from sketch.kernels.pytorch.table import MODULES

InputType = tuple[str, tuple[Any, ...], str]
"""Name, shape and element type of an input."""


class Lifter:
    """Reads one GraphModule into a Sink."""

    def __init__(
        self,
        module: fx.GraphModule,
        library: LayerLibrary,
        store: Any,
        inputs: Sequence[InputType],
        notes: Notes,
    ):
        self.sink = Sink(library, store)
        self._module = module
        self._inputs = list(inputs)
        self._notes = notes
        self._values: dict[fx.Node, Any] = {}
        self._tensors: dict[str, Wire] = {}
        self._placer = Placer(module, notes, self.sink)
        targets = (str(n.target) for n in module.graph.nodes if n.op in ("call_module", "get_attr"))
        self._taken = {target.partition(".")[0] for target in targets}
        self._index = -1
        self.owners: dict[int, list[int]] = {}
        self._called: dict[str, int] = {}
        self._operators = OperatorReader(module, notes, self.sink, self.owners)

    def lift(self) -> Sink:
        """Read every call; BinderError names the first that has no layer."""
        for node in self._module.graph.nodes:
            if node.op == "output":
                self._outputs(node.args[0])
            else:
                self._values[node] = self._node(node)
        for owner, made in self.owners.items():
            _restore(self.sink, made[0], self._notes.said(owner))
        keep(self._notes, self.sink.draft, self._tensor, self.owners)
        return self.sink

    def _node(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            name, shape, dtype = self._inputs.pop(0)
            foreign = self._operators.input(name, dtype)
            if foreign is not None:
                return foreign
            name = f"{name}_input" if name in self._taken and not self._notes else name
            made = self.sink.add("Input", {"shape": shape, "dtype": dtype}, name=name)
            self.sink.pin_all(made, self._notes.input_params(name) or self.sink.draft.node(made).params)
            self._operators.entered(Wire(made))
            return Wire(made)
        if node.op == "get_attr":
            unread = self._notes and not node.users
            return None if unread else self._tensor(noted_path(self._notes, self._module, str(node.target)))
        self._index += 1
        made = self._operators.value(self._index, self._tensors)
        if made is not NotImplemented:
            return made
        if node.target == PASSING and self._notes:
            return self._arguments(node)[0][0]
        if node.op == "call_module":
            return self._call_module(node)
        return self._call(node)

    def _call_module(self, node: fx.Node) -> Any:
        target = str(node.target)
        module = self._module.get_submodule(target)
        args, kwargs = self._arguments(node)
        cls = layer_class(module)
        row = UNFLATTEN if cls is nn.Unflatten else MODULES.of_layer(cls.__name__) if cls else None
        if row is None:
            raise BinderError(f"'{target}' is a {type(module).__name__}, which has no layer in Sketch yet.")
        spec = self.sink.library[row.layer]
        params = module_params(row, spec, module)
        if row.layer in ("Softmax", "LogSoftmax", "Softmin") and params.get("dim") is None:
            params["dim"] = legacy_dim(self.sink, args[0])
        operands, more = module_operands(row.layer, [port.name for port in spec.inputs], args, kwargs)
        name, parent = self._placer.place(self._index, node, target)
        made = self._add(Reading(row.layer, {**params, **more}, tuple(operands)), name, parent, module)
        first = self._called.setdefault(target, made)
        if first != made:
            set_shared(self.sink.draft, made, first)
        return nested_results(made, row.results)

    def _call(self, node: fx.Node) -> Any:
        args, kwargs = self._arguments(node)
        if is_carried(node.target) and self.noted():
            return Wire(self.add(node, Reading(self.noted(), {}, args)))
        name = canonical(_target_name(node), HANDLERS)
        handler = HANDLERS.get(name)
        if handler is not None:
            result = handler(self, node, args, kwargs)
            if result is not NotImplemented:
                return self._rebind(node, result)
        if _plain_only(args, kwargs):
            return _compute(node, args, kwargs)
        for row in READ_CALLS.get(name, ()):
            reading = read_call(row, args, kwargs)
            if reading is not None:
                return self._rebind(node, nested_results(self.add(node, reading), row.results))
        raise BinderError(
            f"{_where(node)}the call {_target_name(node).lstrip('.')} has no layer in Sketch yet."
        )

    def add(self, node: fx.Node, reading: Reading) -> int:
        """A layer for a call; plain numbers among its operands become Constants."""
        name, parent = self._placer.place(self._index, node, "")
        merged = self._merge(reading)
        return merged if merged is not None else self._add(reading, name, parent, None)

    def _add(self, reading: Reading, name: str, parent: int | None, module: nn.Module | None) -> int:
        like = next((item for item in reading.operands if isinstance(item, Wire)), None)
        wires = [self.wire(item, like) for item in reading.operands]
        spec = self.sink.library[reading.layer]
        weights = module_weights(module) if module is not None else {}
        params = {key: value for key, value in reading.params.items() if key in spec.params}
        made = self.sink.add(reading.layer, params, wires, name=name, parent=parent, weights=weights)
        set_frozen(self.sink.draft, made, frozen_in(weights))
        owner = self._notes.owner(self._index)
        if owner is not None:
            self.owners.setdefault(owner, []).append(made)
        return made

    def _merge(self, reading: Reading) -> int | None:
        """`a + b + c` was one node when it was written: the later sums join the first."""
        owner = self._notes.owner(self._index)
        before = self.owners.get(owner, []) if owner is not None else []
        if not before or reading.layer not in ("Add", "Mul") or reading.operands[:1] != (Wire(before[0]),):
            return None
        for operand in reading.operands[1:]:
            wire = self.wire(operand, None)
            if wire is not None:
                self.sink.draft.connect(
                    wire.node, wire.out, before[0], len(self.sink.draft.node(before[0]).prior)
                )
        return before[0]

    def noted(self) -> str:
        """The layer that the notes give for the present call."""
        note = self._notes.node(self._index)
        return "" if note is None else str(note["layer"])

    def wire(self, value: Any, like: Wire | None) -> Wire | None:
        """An operand as a wire: numbers and tensors become constants."""
        if value is None or isinstance(value, Wire):
            return value
        if isinstance(value, (bool, int, float)):
            return self.sink.number(value, like)
        if isinstance(value, torch.Tensor):
            return self._constant(value, "")
        raise BinderError(
            f"A value of type {type(value).__name__} is used as a tensor, which Sketch cannot show."
        )

    # --- values -------------------------------------------------------------------------------------

    def _arguments(self, node: fx.Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tuple(map(partial(resolved, self._values), node.args)), {
            name: resolved(self._values, value) for name, value in node.kwargs.items()
        }

    def _tensor(self, target: str) -> Any:
        """A parameter or a buffer of a module, one node for all its uses."""
        value: Any = self._module
        for part in target.split("."):
            value = getattr(value, part)
        if not isinstance(value, torch.Tensor):
            return value
        if (self._notes.tensor(target) or {}).get("operand"):
            return None
        if target not in self._tensors:
            self._tensors[target] = self._constant(value, target)
        return self._tensors[target]

    def _constant(self, value: torch.Tensor, target: str) -> Wire:
        note = self._notes.tensor(target)
        *path, name = target.split(".") if target else ("",)
        parent = self._notes.parent(note, self.sink) if note else self._placer.group(path)
        title = note["name"] if note else "" if name.startswith("_tensor_constant") else name
        layer = "Parameter" if isinstance(value, nn.Parameter) else "Constant"
        params: dict[str, Any] = {"shape": tuple(value.shape), "dtype": type_name(value.dtype)}
        said = plain_params(note) if note else {}
        number = bool(note) and layer == "Constant" and said.get("shape") is None
        made = self.sink.add(
            layer,
            said if number else params,
            name=title,
            parent=parent,
            weights={} if number else {"value": value},
        )
        if said.get("shape", params["shape"]) == params["shape"]:
            self.sink.pin_all(made, said or params)
        set_frozen(self.sink.draft, made, frozen_in({"value": value}))
        return Wire(made)

    def _rebind(self, node: fx.Node, result: Any) -> Any:
        """An operation in place changes what the name of its first argument means from here on."""
        if changes_its_input(node) and node.args and isinstance(node.args[0], fx.Node):
            self._values[node.args[0]] = result
        return result

    def _outputs(self, value: Any) -> None:
        draw_outputs(self.sink, self._notes, resolved(self._values, value))


def draw_outputs(sink: Sink, notes: Notes, value: Any) -> None:
    """An Output for every tensor of a nested result; what is none is told as a loss."""
    for index, (key, wire) in enumerate(_flat(value)):
        if not isinstance(wire, Wire):
            if isinstance(wire, (int, Symbolic)):
                raise BinderError("The model gives back a size as a number, which Sketch cannot show.")
            sink.losses.append(Loss("output", "a result that is no tensor was left out"))
            continue
        sink.add("Output", {}, [wire], name=notes.output(index) or key or f"output{index + 1}")


def resolved(values: Mapping[fx.Node, Any], value: Any) -> Any:
    """An argument with every node of the graph replaced by its value."""
    if isinstance(value, fx.Node):
        return values[value]
    if isinstance(value, (list, tuple)):
        items = (resolved(values, item) for item in value)
        return list(items) if isinstance(value, list) else tuple(items)
    if isinstance(value, Mapping):
        return {name: resolved(values, item) for name, item in value.items()}
    if isinstance(value, slice):
        return slice(*(resolved(values, item) for item in (value.start, value.stop, value.step)))
    return TypeName(type_name(value)) if isinstance(value, torch.dtype) else value


def _restore(sink: Sink, node: int, said: tuple[Any, Any] | None) -> None:
    """Parameters as the person said them, where the module still is as it was written."""
    if said is not None and dict(sink.draft.node(node).params) == said[0]:
        sink.pin_all(node, said[1])


def _target_name(node: fx.Node) -> str:
    if node.op == "call_method":
        return f".{node.target}"
    target: Any = node.target
    module = getattr(target, "__module__", None) or "torch"
    if module == "torch" or str(module).startswith("torch._C") or not module:
        owner = torch.nn.functional if not hasattr(torch, target.__name__) else torch
        return f"{owner.__name__}.{target.__name__}"
    if module == "torch.functional":
        module = "torch"
    return f"{module}.{target.__name__}"


def _plain_only(args: Any, kwargs: Any) -> bool:
    return not any(isinstance(item, (Wire, Symbolic)) for item in _leaves((*args, *kwargs.values())))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _compute(node: fx.Node, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A call on plain numbers only."""
    if node.op != "call_function" or not str(getattr(node.target, "__module__", "")).endswith("operator"):
        raise BinderError(
            f"{_where(node)}the call {_target_name(node).lstrip('.')} has no layer in Sketch yet."
        )
    function: Any = node.target
    return function(*args, **kwargs)


def _where(node: fx.Node) -> str:
    inner = module_path(node)
    return f"In '{inner}': " if inner else ""


def _flat(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [pair for name, item in value.items() for pair in _flat(item, str(name))]
    if isinstance(value, (tuple, list)):
        return [pair for item in value for pair in _flat(item, key)]
    return [] if value is None else [(key, value)]


def notes_of(module: nn.Module) -> Notes:
    """The notes that our own export left in a module; empty for others."""
    return Notes.read(getattr(module, "sketch", ""))
