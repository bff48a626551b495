"""Puts an edited drawing back into the file that it was opened from: operators that stay, and those written anew."""

from __future__ import annotations

import json
from typing import Any

import onnx

from sketch.binder.kernel import Task
from sketch.graph.network import Network
from sketch.kernels.onnx.claims import CONSTANTS_KEY, GROUPS_KEY, SEED_KEY
from sketch.kernels.onnx.file_graph import FileGraph, in_order, names_in, reads_of
from sketch.kernels.onnx.file_values import FileValues, replace_items
from sketch.kernels.onnx.grouping import Group
from sketch.kernels.onnx.lowering import lower
from sketch.kernels.onnx.merge_plan import MergePlan
from sketch.kernels.onnx.operator_names import rename, rename_values
from sketch.kernels.onnx.pristine import Pristine
from sketch.kernels.onnx.program import LAYER_DOMAIN, Program
from sketch.kernels.onnx.protos import build
from sketch.kernels.onnx.value_names import Reuse


def merged(
    network: Network, pristine: Pristine, graph: FileGraph, plan: MergePlan, task: Task
) -> onnx.ModelProto:
    """The edited file as a light model. UnsayableError and OpsetTooOldError as when a drawing is written."""
    return _Assembly(network, pristine, graph, plan, task).run()


class _Assembly:
    def __init__(self, network: Network, pristine: Pristine, graph: FileGraph, plan: MergePlan, task: Task):
        self._network, self._pristine, self._graph, self._plan = network, pristine, graph, plan
        self._kept_reads = {
            plan.operators[at].get(name, name) for at in plan.operators for name in graph.reads[at]
        }
        self._program: Program = lower(network, pristine.opset or 1, reuse=self._reuse())
        self._part = build(network, self._program, task)

    def run(self) -> onnx.ModelProto:
        """The model."""
        model = onnx.ModelProto()
        model.CopyFrom(self._pristine.model)
        self._functions(model)
        graph = model.graph
        nodes = self._nodes()
        del graph.node[:]
        graph.node.extend(nodes)
        FileValues(self._network, self._pristine, self._graph, self._plan, self._part).write(graph)
        self._metadata(model)
        self._imports(model)
        return model

    def _reuse(self) -> Reuse:
        """Initializers that hold what a step needs, and names for changed ones that nobody else reads."""
        weights: dict[tuple[int, str], str] = {}
        wishes: dict[tuple[int, str], str] = {}
        exact = {
            tensor: name for tensor, name in self._pristine.exact.items() if name in self._graph.initializers
        }
        for key in self._plan.lowered:
            for role, tensor in self._network.by_id[key].stored.items():
                if tensor in exact:
                    weights[key, role] = exact[tensor]
        used = self._kept_reads | set(weights.values()) | set(self._plan.values.values())
        for (key, role), name in self._pristine.roles.items():
            free = name in self._graph.initializers and name not in used
            if key in self._plan.lowered and (key, role) not in weights and free:
                wishes[key, role] = name
                used.add(name)
        taken = names_in(self._graph.graph) | set(self._plan.values.values())
        functions = frozenset(
            item.name for item in self._pristine.model.functions if item.domain == LAYER_DOMAIN
        )
        return Reuse(self._plan.lowered, self._plan.values, frozenset(taken), weights, wishes, functions)

    # --- operators -----------------------------------------------------------------------------------

    def _nodes(self) -> list[onnx.NodeProto]:
        nodes: list[onnx.NodeProto] = []
        ranks: list[tuple[int, int]] = []
        names = self._node_names()
        for at in sorted(self._plan.operators):
            node = onnx.NodeProto()
            node.CopyFrom(self._graph.graph.node[at])
            rename_values(node, self._plan.operators[at])
            if at in names:
                rename(node, names[at])
            nodes.append(node)
            ranks.append((at, 0))
        place = {name: rank for node, rank in zip(nodes, ranks, strict=True) for name in node.output}
        anchors = {
            key: max(group.operators) for group in self._plan.groups if group.operators for key in group.ids
        }
        for count, (op, node) in enumerate(zip(self._program.ops, self._part.graph.node, strict=True)):
            before = max((place.get(name, (-1, 0)) for name in reads_of(node)), default=(-1, 0))
            rank = (anchors.get(op.node, before[0]), count + 1)
            place.update(dict.fromkeys(node.output, rank))
            nodes.append(node)
            ranks.append(rank)
        return in_order(nodes, ranks)

    def _node_names(self) -> dict[int, tuple[str, ...]]:
        """Operators that bear another name now: number -> path."""
        found: dict[int, tuple[str, ...]] = {}
        for group in self._plan.groups:
            if not group.kept or len(group.ids) != 1 or not group.operators:
                continue
            path = self._network.path(self._network.by_id[group.ids[0]])
            at = self._main(group)
            node = self._graph.graph.node[at]
            moved = path != self._pristine.nodes[group.ids[0]].path
            nameless = not node.name and any(name in group.names for name in node.output)
            if (moved or nameless) and self._network.by_id[group.ids[0]].layer != "Output":
                found[at] = path
        return found

    def _main(self, group: Group) -> int:
        """The operator that the node of the drawing got its name from."""
        named = self._pristine.names.get((group.ids[0], -2))
        at = self._graph.maker.get(named) if named else None
        return at if at in group.operators else max(group.operators)

    # --- the model -----------------------------------------------------------------------------------

    def _metadata(self, model: onnx.ModelProto) -> None:
        have = {item.key: item.value for item in model.metadata_props}
        fresh = dict(self._program.meta)
        if GROUPS_KEY not in have and not _unusual(self._network):
            fresh.pop(GROUPS_KEY, None)
        if SEED_KEY not in have and not self._plan.lowered:
            fresh.pop(SEED_KEY, None)
        if CONSTANTS_KEY in have:
            old = _mapping(have[CONSTANTS_KEY])
            there = {tensor.name for tensor in model.graph.initializer}
            new = {**old, **_mapping(fresh.get(CONSTANTS_KEY, "{}"))}
            fresh[CONSTANTS_KEY] = json.dumps({name: text for name, text in new.items() if name in there})
        for item in model.metadata_props:
            if item.key in fresh:
                item.value = fresh.pop(item.key)
        for key, value in fresh.items():
            model.metadata_props.add(key=key, value=value)

    def _imports(self, model: onnx.ModelProto) -> None:
        if not self._part.graph.node and not self._part.graph.initializer:
            return
        have = {item.domain for item in model.opset_import}
        have |= {""} if "ai.onnx" in have else set()
        used = {node.domain for node in self._part.graph.node}
        for item in self._part.opset_import:
            if item.domain not in have and item.domain in used:
                model.opset_import.add(domain=item.domain, version=item.version)
        model.ir_version = max(model.ir_version, self._part.ir_version)

    def _functions(self, model: onnx.ModelProto) -> None:
        """Functions of layers: those still called, then new ones."""
        nodes = (self._graph.graph.node[at] for at in self._plan.operators)
        called = {(node.op_type, node.overload) for node in nodes if node.domain == LAYER_DOMAIN}
        kept = [
            item for item in self._pristine.model.functions
            if item.domain != LAYER_DOMAIN or (item.name, item.overload) in called
        ]  # fmt: skip
        replace_items(model.functions, [*kept, *self._part.functions])


def _mapping(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _unusual(network: Network) -> bool:
    """True when a group is of a kind that names of operators do not say."""
    return any(box.layer == "Sequential" for box in network.groups.values())
