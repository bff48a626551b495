"""A drawing with zones back from the notes in its .pth: structure from the notes, weights from the module.

Notes come from a file, so that nothing in them is believed: each row is checked as it is taken in, the graph of calls
must be the one that they were written for, and the drawing that comes out must have no error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, Loss
from sketch.binder.torch_calls import outputs
from sketch.graph.attachments import add_tensor, set_hint, set_weight
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.evaluate import output_count
from sketch.graph.freezing import set_frozen
from sketch.graph.network import Network, build_network
from sketch.graph.order import sort
from sketch.graph.rows import DTYPES, FrozenDict, Node, Place, ValueType
from sketch.graph.specs import freeze
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.carrying import is_carried
from sketch.kernels.pytorch.graph_digest import FOLDED, graph_digest, tensor_digest
from sketch.kernels.pytorch.keeping import EXACT, OUTPUTS, set_shared, set_transient
from sketch.kernels.pytorch.leaf_layers import layer_class
from sketch.kernels.pytorch.lift_operators import spelled_value
from sketch.kernels.pytorch.module_rows import UNFLATTEN
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.operands import VALUE
from sketch.kernels.pytorch.operator_notes import read_bytes, read_type
from sketch.kernels.pytorch.reading import module_params
from sketch.kernels.pytorch.reread import library
from sketch.kernels.pytorch.sink import Sink
from sketch.kernels.pytorch.table import MODULES

MOST_DEPTH = 100
"""Groups are at most this deep inside of each other."""
_BODIES = frozenset({"if_", "loop", "scan"})
MOST_PORTS = 1 << 16
"""A node has at most so many outputs."""
_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a row that is not as it should be leads to, where no check names it."""
_CURE = "open the drawing that it was made from, or write the file anew"


def noted_drawing(module: nn.Module, notes: Notes) -> Mapping[str, Any] | None:
    """The record of a drawing with zones, None for a module without; BinderError where it is needed and not there."""
    record = notes.drawing
    if record is None:
        if _runs_bodies(module):
            raise BinderError(
                f"The file runs If, Loop or Scan and lacks the notes of how they were drawn; {_CURE}."
            )
        return None
    if "refused" in record:
        raise BinderError(f"The file cannot be drawn again: {str(record['refused'])[:200]}; {_CURE}.")
    return record


def redraw(module: nn.Module, record: Mapping[str, Any], store: Any) -> Sink:
    """The drawing; BinderError in one line where the record is damaged or does not fit the module."""
    sink = Sink(library(), store)
    _guarded(_Reader(module, record, sink).read)
    _guarded(lambda: _refuse_errors(_network(sink.draft)))
    return sink


def rehearse(
    module: nn.Module, record: Mapping[str, Any], types: Mapping[int, Sequence[ValueType | None]]
) -> tuple[dict[int, dict[int, ValueType]], str]:
    """Read a record that was just made: (types that do not come back by themselves, why it cannot be read).

    Args:
        types: number of a node -> the types of its outputs.
    """
    sink = Sink(library(), None)
    try:
        made = _Reader(module, record, sink).read()
        by_id = _network(sink.draft).by_id
    except (BinderError, GraphError) as error:
        return {}, str(error)
    missing: dict[int, dict[int, ValueType]] = {}
    for index, kinds in types.items():
        found = by_id[made[index]].types
        for out, kind in enumerate(kinds):
            if kind is not None and found[out : out + 1] != (kind,):
                missing.setdefault(index, {})[out] = kind
    return missing, ""


def tensor_at(module: nn.Module, path: str) -> torch.Tensor:
    """The tensor at a path; BinderError when there is none."""
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part, None)
    if not isinstance(value, torch.Tensor):
        _unfit(f"it has no tensor {path}")
    return value


def form_of(tensor: torch.Tensor) -> tuple[list[int], str]:
    """Shape and element type, as a record has them."""
    try:
        return list(tensor.shape), type_name(tensor.dtype)
    except KeyError:
        _unfit(f"it holds numbers of the type {tensor.dtype}")


def module_state(layer: str, module: nn.Module, path: str) -> Any:
    """What the module of a layer remembers of the parameters, as plain JSON."""
    try:
        inner = module.get_submodule(path)
    except AttributeError:
        _unfit(f"it has no module {path}")
    kind = layer_class(inner)
    row = UNFLATTEN if layer == "Unflatten" else MODULES.of_layer(layer)
    if row is None or kind is None or kind.__name__ != layer:
        _unfit(f"{path} is a {type(inner).__name__}, no {layer}")
    return json.loads(json.dumps(module_params(row, library()[layer], inner), default=str))


def claimed_paths(items: Sequence[Mapping[str, Any]]) -> set[str]:
    """Paths of the tensors that belong to roles of nodes."""
    return {
        held[0] for item in items for name in ("weights", "spelled") for held in item.get(name, {}).values()
    }


class _Reader:
    """Takes in one record."""

    def __init__(self, module: nn.Module, record: Mapping[str, Any], sink: Sink):
        self._module, self._record, self._sink = module, record, sink
        self._draft = sink.draft
        self._items = [_dict(item, "a node") for item in _list(record.get("items"), "the list of nodes")]
        self._ids = [self._draft.new_id() for _ in self._items]

    def read(self) -> list[int]:
        """Add everything; the ids in the order of the record."""
        if self._record.get("graph") != graph_digest(self._module):
            _unfit("its calls are not those that the notes were written for")
        for index in self._outer_first():
            self._add(index, self._items[index])
        for index, item in enumerate(self._items):
            self._attach(self._ids[index], item)
        self._remember()
        self._check_fixed()
        return self._ids

    def _outer_first(self) -> Iterator[int]:
        """Numbers of the items, each group before what is in it."""
        depth: dict[int, int] = {}
        for index in range(len(self._items)):
            chain = [index]
            while chain[-1] not in depth and (above := self._items[chain[-1]].get("in")) is not None:
                chain.append(_index(above, len(self._items), "a group"))
                if len(chain) > MOST_DEPTH:
                    _damaged("its groups hold themselves, or are too deep inside of each other")
            base = depth.get(chain[-1], 0)
            for offset, each in enumerate(reversed(chain)):
                depth.setdefault(each, base + offset)
        yield from sorted(depth, key=depth.__getitem__)

    def _add(self, index: int, item: Mapping[str, Any]) -> None:
        node, draft = self._ids[index], self._draft
        spec = draft.library[_str(item.get("layer"), "a layer")]
        parent = item.get("in")
        above = None if parent is None else self._ids[_index(parent, len(self._ids), "a group")]
        if above is not None:
            draft.require_group(above)
        params = _dict(item.get("params", {}), "parameters")
        clean = FrozenDict({key: spec.clean_param(key, value) for key, value in params.items()})
        if output_count(spec, {**spec.defaults(), **clean}) > MOST_PORTS:
            _damaged(f"a {spec.name} claims more than {MOST_PORTS} outputs")
        draft.put("nodes", node, Node(node, spec.name, "", clean, parent=above))
        draft.put("places", node, Place(0.0, 0.0))
        draft.rename(node, _str(item.get("name"), "a name"))
        for name, value in clean.items():
            if name.startswith(VALUE):
                _check_constant(draft.node(node).name, value)

    def _attach(self, node: int, item: Mapping[str, Any]) -> None:
        """Wires, tensors, declared types, and parameters that were changed in the module."""
        draft = self._draft
        for port, place in enumerate(_list(item.get("inputs", []), "inputs")):
            if place is not None:
                source, out = _pair(place)
                draft.connect(
                    self._ids[_index(source, len(self._ids), "a wire")], out, node, port, check_cycle=False
                )
        frozen = []
        for role, held in _dict(item.get("weights", {}), "weights").items():
            tensor, name = self._held(held)
            set_weight(draft, node, role, self._row(tensor, name))
            if isinstance(tensor, nn.Parameter) and not tensor.requires_grad and tensor.is_floating_point():
                frozen.append(role)
        set_frozen(draft, node, frozen)
        for place, held in _dict(item.get("spelled", {}), "constants").items():
            self._spell(node, f"{VALUE}{_number(place)}", self._held(held)[0])
        for role, data in read_bytes(_dict(item.get("bytes", {}), "bytes") and item):
            held = torch.from_numpy(np.frombuffer(data, np.uint8).copy())
            set_weight(draft, node, role, self._row(held, ""))
        for place, kind in _dict(item.get("types", {}), "types").items():
            set_hint(draft, node, _number(place), read_type(kind))
        if "state" in item:
            self._changed(node, item)

    def _row(self, tensor: torch.Tensor, name: str) -> int | None:
        """The stored row; without a store one that only says the shape."""
        if self._sink.keeps_tensors:
            return self._sink.tensor(tensor, name)
        return add_tensor(self._draft, "", tuple(tensor.shape), type_name(tensor.dtype), name)

    def _held(self, held: Any) -> tuple[torch.Tensor, str]:
        """A tensor of the module, which must have the shape and type that the notes say, and its name."""
        if not isinstance(held, list) or len(held) != 4:
            _damaged("the place of a weight is not four values")
        path, shape, dtype, name = held
        tensor = tensor_at(self._module, _str(path, "the place of a weight"))
        now = form_of(tensor)
        if now != (shape, dtype):
            _unfit(f"{path} is {now[1]} {now[0]}, and was {dtype} {shape} when Sketch wrote it")
        return tensor, _str(name, "the name of a weight")

    def _spell(self, node: int, param: str, tensor: torch.Tensor) -> None:
        """A constant that the module holds: as it was written while the numbers are the same, else as it is now."""
        said, now = self._draft.node(node).params.get(param), spelled_value(tensor)
        if said is not None:
            made = torch.tensor(said["data"], dtype=tensor.dtype).reshape(said["shape"])
            if spelled_value(made) == now:
                return
        self._draft.set_param(node, param, now)

    def _changed(self, node: int, item: Mapping[str, Any]) -> None:
        """Parameters that the module has otherwise than when it was written."""
        path, before = _list(item["state"], "the state of a layer")
        before = _dict(before, "the state of a layer")
        row = self._draft.node(node)
        for name, value in module_state(row.layer, self._module, _str(path, "a path")).items():
            if before.get(name) != value:
                self._draft.set_param(node, name, value)

    def _remember(self) -> None:
        """What the drawing remembers of a module that it came from (see keeping)."""
        count = len(self._ids)
        if self._record.get("exact") is True:
            self._draft.put("meta", EXACT, True)
        if "outputs" in self._record:
            template = freeze(self._record["outputs"])
            sorted(set(outputs(template)))
            self._draft.put("meta", OUTPUTS, template)
        for node in _list(self._record.get("transient", []), "the buffers"):
            set_transient(self._draft, self._ids[_index(node, count, "a buffer")])
        for row in _list(self._record.get("shared", []), "the shared modules"):
            node, owner, role = _list(row, "a shared module")
            owner = self._ids[_index(owner, count, "a shared module")]
            set_shared(self._draft, self._ids[_index(node, count, "a call")], owner, _str(role, "a role"))

    def _check_fixed(self) -> None:
        """Tensors that are spelled out in the drawing are as they were; tensors that came later are reported."""
        fixed, state = _dict(self._record.get("fixed", {}), "fixed tensors"), self._module.state_dict()
        for path, digest in fixed.items():
            if tensor_digest(tensor_at(self._module, path)) != digest:
                _unfit(f"the constant {path} was changed")
        later = sorted(state.keys() - claimed_paths(self._items) - fixed.keys())
        for path in (path for path in later if FOLDED not in path):
            what = "was added to the module, and no call uses it; it was left out"
            self._sink.losses.append(Loss(path, what))


def _guarded(read: Callable[[], object]) -> None:
    """Whatever a damaged record leads to becomes one line."""
    try:
        read()
    except GraphError as error:
        _damaged(str(error))
    except _FAULTS as error:
        _damaged(f"a row cannot be read ({type(error).__name__})")


def _network(draft: Draft) -> Network:
    tables = Tables()
    tables.apply(draft.delta())
    sort(tables)
    return build_network(tables, library())


def _refuse_errors(network: Network) -> None:
    for problem in network.errors:
        _damaged(problem.message)
    for step in network.steps:
        if step.weights.keys() != step.stored.keys() or step.outgrown:
            _damaged(f"the weights of '{step.name}' are not those of a {step.layer}")


def _runs_bodies(module: nn.Module) -> bool:
    graphs = (inner.graph for inner in module.modules() if isinstance(inner, fx.GraphModule))
    calls = (node.target for graph in graphs for node in graph.nodes if node.op == "call_function")
    return any(is_carried(target) and target.__name__ in _BODIES for target in calls)


# --- plain JSON that is what it should be --------------------------------------------------------------


def _damaged(what: str) -> NoReturn:
    raise BinderError(f"The drawing that this file carries is damaged: {what.rstrip('.')}; {_CURE}.")


def _unfit(what: str) -> NoReturn:
    raise BinderError(f"The drawing that this file carries does not fit its module: {what}; {_CURE}.")


def _dict(value: Any, what: str) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _damaged(f"{what} is no table")


def _list(value: Any, what: str) -> list[Any]:
    return value if isinstance(value, list) else _damaged(f"{what} is no list")


def _str(value: Any, what: str) -> str:
    return value if isinstance(value, str) else _damaged(f"{what} is no text")


def _index(value: Any, count: int, what: str) -> int:
    if type(value) is not int or not 0 <= value < count:
        _damaged(f"{what} leads to a node that is not there")
    return value


def _number(value: Any) -> int:
    """A port, as a key."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 7:
        return int(value)
    _damaged("a port is no number")


def _pair(value: Any) -> tuple[int, int]:
    """(number of a node, output)."""
    if not isinstance(value, list) or len(value) != 2 or any(type(item) is not int for item in value):
        _damaged("a wire is no pair of numbers")
    if not 0 <= value[1] < MOST_PORTS:
        _damaged("a wire starts at an output that is not there")
    return value[0], value[1]


def _check_constant(name: str, value: Any) -> None:
    """The constant input of an operator: as many numbers as its shape says."""
    value = freeze(value)
    good = isinstance(value, dict) and value.get("dtype") in DTYPES
    shape, data = (value.get("shape"), value.get("data")) if good else ((), ())
    sizes = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
    numbers = isinstance(data, tuple) and all(isinstance(item, (int, float)) for item in data)
    if not good or not sizes or not numbers or len(data) != math.prod(shape):
        _damaged(f"a constant of '{name}' is no tensor")
