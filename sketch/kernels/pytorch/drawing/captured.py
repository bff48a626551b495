"""Reads a recorded run into a drawing: every call becomes a layer where one means exactly the same, else a function."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, Loss
from sketch.binder.mapping import LossyError
from sketch.graph.dims import parse_dim
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.specs import freeze
from sketch.kernels.pytorch.capture.calls import size
from sketch.kernels.pytorch.drawing.function_nodes import function_node
from sketch.kernels.pytorch.drawing.handlers import READERS, UNREAD
from sketch.kernels.pytorch.drawing.module_state import ModuleState
from sketch.kernels.pytorch.drawing.own_functions import operator_node
from sketch.kernels.pytorch.drawing.own_tensors import (
    OwnTensors,
    idle_modules,
    module_classes,
    module_versions,
)
from sketch.kernels.pytorch.drawing.placing import RecordedPlacer
from sketch.kernels.pytorch.drawing.results import kinds, marked, output_names, pairs, place, wires
from sketch.kernels.pytorch.drawing.targets import row_name
from sketch.kernels.pytorch.drawing.tidying import close_gaps, forget_idle, prune, undo
from sketch.kernels.pytorch.drawing.whole_layers import Planned, plan_layers
from sketch.kernels.pytorch.keeping import ALONE, EXACT, OUTPUTS
from sketch.kernels.pytorch.lift import InputType, Lifter, resolved
from sketch.kernels.pytorch.lift_calls import HANDLERS
from sketch.kernels.pytorch.module_calls import nested_results
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.reading import READ_CALLS, Reading, canonical, read_call
from sketch.kernels.pytorch.sink import Sink, Wire
from sketch.kernels.pytorch.table import MODULES

_READ_ERRORS = (
    BinderError,
    GraphError,
    LossyError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
)
"""What a reader raises for a call that it does not cover; the call is then drawn as the function that it is."""


class CapturedLifter(Lifter):
    """Reads one recorded graph into a Sink.

    `mismatches` are calls that a layer reads and whose type then was another one than the recorded: they are drawn as
    functions, and each is a fault of a reader.
    """

    def __init__(
        self,
        recorded: fx.GraphModule,
        module: nn.Module,
        library: LayerLibrary,
        store: Any,
        inputs: Sequence[InputType],
        chains: frozenset[str],
        outputs: Any = 0,
    ):
        super().__init__(recorded, library, store, inputs, Notes({}))
        self.mismatches: list[str] = []
        self._template = outputs
        self._alone = module
        self._state = ModuleState(module, recorded.graph)
        self._planned = plan_layers(recorded.graph, self._state, library)
        layers = self._state.leaves | {item.path for item in self._planned.values()}
        self._placer: RecordedPlacer = RecordedPlacer(chains, self.sink, self._state, layers, recorded.graph)
        self._placer.alone = "" if "0" in dict(module.named_children()) else "0"
        self._owned = OwnTensors(self.sink, self._state, self._placer)
        self._values = _Values(self)
        self._alive = _alive(recorded.graph)
        self._taken = set(self._state.names.get("", ()))

    def lift(self) -> Sink:
        """Read every call that a result depends on; then the tensors that none of them reads."""
        for node in self._module.graph.nodes:
            if node.op == "output":
                self._outputs(node.args[0])
            elif node.op == "placeholder":
                self._values[node] = self._node(node)
            elif node.op != "get_attr" and node in self._alive:
                self._index += 1
                self._values[node] = self._call_module(node) if node.op == "call_module" else self._call(node)
        inner = self._alone, self._state.leaves
        self._owned.finish(module_versions(*inner), module_classes(*inner))
        self.sink.draft.put("meta", EXACT, True)
        prune(self.sink.draft)
        close_gaps(self.sink.draft, self.sink.numbered, self.sink.is_free)
        forget_idle(self.sink.draft)
        return self.sink

    # --- calls --------------------------------------------------------------------------------------

    def _call_module(self, node: fx.Node) -> Any:
        path = str(node.target)
        try:
            result = super()._call_module(node)
        except BinderError as error:
            raise BinderError(f"{place(node)}{error}") from None
        made = next(wires(result))
        module = self._module.get_submodule(path)
        self._owned.enter_layer(path, made.node, dict(module.state_dict(keep_vars=True)))
        if module is self._alone:
            self._owned.covered.update(self._state.keys)
            self.sink.draft.put("meta", ALONE, made.node)
        if not self._agrees(node, result):
            self.mismatches.append(f"{place(node)}{type(module).__name__} {path}")
            self._declare(node, result)
        return result

    def _call(self, node: fx.Node) -> Any:
        if node.target is size:
            return parse_dim(str(node.args[0]))
        if node in self._planned:
            return self._whole(node)
        args, kwargs = self._arguments(node)
        if node.target is operator.getitem and not isinstance(args[0], Wire):
            return args[0][args[1]]
        own = operator_node(self.sink, lambda: self._placer.place(self._index, node, ""), node, args, kwargs)
        if own is not NotImplemented:
            return own
        for read in (self._handled, self._rows):
            mark = self.sink.draft.get("meta", "next_id") or 1
            try:
                result = read(node, args, kwargs)
            except _READ_ERRORS:
                result = NotImplemented
            if result is not NotImplemented and self._agrees(node, result):
                return result
            if result is not NotImplemented:
                self.mismatches.append(f"{place(node)}{row_name(node)}")
            undo(self.sink.draft, mark)
        return self._function(node, args, kwargs)

    def _whole(self, node: fx.Node) -> Any:
        """A functional call as the layer of the module whose weights it takes."""
        item: Planned = self._planned[node]
        name, parent = self._placer.beside(item.path)
        wires = [self._values[source] for source in item.inputs]
        made = self.sink.add(item.layer, item.params, wires, name=name, parent=parent, weights=item.weights)
        self._owned.enter_layer(item.path, made, item.weights)
        if not self._agrees(node, Wire(made)):
            self.mismatches.append(f"{place(node)}{item.layer} {item.path}")
            self._declare(node, Wire(made))
        return Wire(made)

    def _handled(self, node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = canonical(row_name(node), HANDLERS)
        if name in UNREAD:
            return NotImplemented
        handler = READERS.get(name) or HANDLERS.get(name)
        return NotImplemented if handler is None else handler(self, node, args, kwargs)

    def _rows(self, node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = canonical(row_name(node), HANDLERS)
        for row in READ_CALLS.get(name, ()) if name not in UNREAD else ():
            reading = read_call(row, args, kwargs)
            if reading is not None:
                return nested_results(self.add(node, reading), row.results)
        return NotImplemented

    def _function(self, node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The call as a node of its own."""
        _, parent = self._placer.place(self._index, node, "")
        return function_node(self.sink, node, args, kwargs, parent)

    def add(self, node: fx.Node, reading: Reading) -> int:
        """A layer for a call; plain numbers among its operands become Constants beside it."""
        path = self._placer.module_of(node) if reading.layer in MODULES else ""
        name, parent = self._placer.at(path) if path else self._placer.place(self._index, node, "")
        like = next((item for item in reading.operands if isinstance(item, Wire)), None)
        wires = [self._operand(item, like, parent) for item in reading.operands]
        spec = self.sink.library[reading.layer]
        params = {key: value for key, value in reading.params.items() if key in spec.params}
        made = self.sink.add(reading.layer, params, wires, name=name, parent=parent)
        if path:
            self._owned.enter_layer(path, made, {})
        return made

    def _operand(self, value: Any, like: Wire | None, parent: int | None) -> Wire | None:
        if isinstance(value, (bool, int, float)):
            return self.sink.number(value, like, parent)
        return self.wire(value, like)

    def _agrees(self, node: fx.Node, result: Any) -> bool:
        """True when the values that were read have the types that were recorded."""
        recorded = kinds(node)
        found = dict(pairs(node.meta.get("results", 0), result))
        return len(found) == len(recorded) and all(
            isinstance(wire, Wire) and self.sink.type_of(wire) == recorded[out] for out, wire in found.items()
        )

    def _declare(self, node: fx.Node, result: Any) -> None:
        """Let what follows see the recorded types of a layer."""
        recorded = kinds(node)
        for out, wire in pairs(node.meta.get("results", 0), result):
            if isinstance(wire, Wire):
                self.sink.declare(wire, recorded[out])

    def remarks(self) -> list[Loss]:
        """Calls that a layer would have given another type, and modules that are not drawn at all."""
        calls = (node for node in self._module.graph.nodes if node in self._alive)
        scopes = {str(n.target) if n.op == "call_module" else str(n.meta.get("scope") or "") for n in calls}
        return [
            *(Loss(where, "was read as a function: the layer for it gives another type")
              for where in self.mismatches),
            *idle_modules(self._alone, scopes),
        ]  # fmt: skip

    # --- tensors ------------------------------------------------------------------------------------

    def _constant(self, value: torch.Tensor, target: str) -> Wire:
        return self._owned.node(value, target)

    # --- results ------------------------------------------------------------------------------------

    def _outputs(self, value: Any) -> None:
        """The results in order, flat; how they are nested is a row of its own."""
        names = dict(output_names(self._template))
        for index, item in enumerate(resolved(self._values, value)):
            name = names.get(index, "")
            title = f"output{index + 1}" if not name or name[0].isdigit() else name
            self.sink.add("Output", {}, [item], name=title)
        plain = 0 if len(value) == 1 else tuple(range(len(value)))
        if self._template != plain:
            self.sink.draft.put("meta", OUTPUTS, freeze(marked(self._template)))


class _Values(dict[fx.Node, Any]):
    """Values of the graph's nodes; a tensor of the module becomes a node when a call first takes it."""

    def __init__(self, lifter: CapturedLifter):
        super().__init__()
        self._lifter = lifter

    def __missing__(self, node: fx.Node) -> Any:
        if node.op != "get_attr":
            raise KeyError(node)
        self[node] = self._lifter._tensor(str(node.target))
        return self[node]


def _alive(graph: fx.Graph) -> set[fx.Node]:
    """The nodes that the results depend on."""
    found: set[fx.Node] = set()
    stack = [node for node in graph.nodes if node.op == "output"]
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.all_input_nodes)
    return found
