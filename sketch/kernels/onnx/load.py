"""Import: structure, then one walk that raises operators to layers and keeps the rest. Runs in the worker only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx_ir as ir

from sketch.binder.kernel import BinderError, ImportedModel, Loss, Task
from sketch.graph.collection import paused_collection
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rows import ValueType
from sketch.graph.tables import Tables
from sketch.kernels.onnx.building import Builder, encoded_type, group_layers
from sketch.kernels.onnx.claims import GROUPS_KEY, SEED_KEY, Claim
from sketch.kernels.onnx.declared import values_of
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.foreign import MODEL_INPUT
from sketch.kernels.onnx.keeping import called_layer, keep
from sketch.kernels.onnx.layer_library import library
from sketch.kernels.onnx.naming import SCOPES_KEY, clean, path_of
from sketch.kernels.onnx.program import LAYER_DOMAIN
from sketch.kernels.onnx.raising import elementwise, layout, norms, patterns, recurrent, windows
from sketch.kernels.onnx.raising.measured import only_measure
from sketch.kernels.onnx.raising.places import paths_in
from sketch.kernels.onnx.raising.site import Plan, Raiser, Site, Weight
from sketch.kernels.onnx.recording import remember
from sketch.kernels.onnx.structure import Structure, read
from sketch.kernels.onnx.zoning import open_zone, opens

RAISERS: Mapping[str, Raiser] = {
    **elementwise.RAISERS,
    **layout.RAISERS,
    **norms.RAISERS,
    **recurrent.RAISERS,
    **windows.RAISERS,
}

_SAYS_NOTHING = ("", "main_graph", "torch_jit", "torch-jit-export")
"""What torch's exporters call every graph."""


def import_model(path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
    """Read an .onnx file into one Delta on empty tables; weights stay in the file where they can.

    Options: `raise` (False: every operator stays an operator), `keep` (names of nodes that stay operators).
    """
    with paused_collection():
        return _imported(path, options, task)


def _imported(path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
    task.step(0, 3, "Reading structure")
    structure = read(path)
    task.step(1, 3, "Raising layers")
    draft = Draft(Tables(), library())
    loader = _Loader(structure, draft, task, path, options)
    loader.run()
    task.step(2, 3, "Done")
    delta = draft.delta()
    kinds = Counter(change.after.layer for change in delta if change.table == "nodes")
    details = {
        "opset": structure.opset, "producer": structure.producer,
        "operators": sorted(kind for kind in kinds if ":" in kind),
    }  # fmt: skip
    graph_name = structure.model.graph.name or ""
    name = clean(path.stem if graph_name in _SAYS_NOTHING else graph_name) or path.stem
    return ImportedModel(delta, "onnx", name, tuple(loader.losses), details)


class _Loader:
    """Walks the operators in order."""

    def __init__(
        self, structure: Structure, draft: Draft, task: Task, path: Path, options: Mapping[str, Any]
    ):
        self._structure, self._draft, self._task, self._path = structure, draft, task, path
        meta = structure.meta
        self._build = Builder(draft, task, structure.constants, group_layers(meta.get(GROUPS_KEY, "{}")))
        self._raise = bool(options.get("raise", True))
        self._kept = frozenset(options.get("keep", ()))
        self._paths: dict[ir.Node, tuple[str, ...]] = {}
        self.losses: list[Loss] = []

    def run(self) -> None:
        """Inputs, operators, outputs."""
        graph = self._structure.model.graph
        for value in graph.inputs:
            self._input(value)
        ends = [self._build.add("Output", (clean(value.name or "output"),), {}) for value in graph.outputs]
        for value, node_id in zip(graph.outputs, ends, strict=True):
            self._build.origin.ends[node_id] = value.name or ""
        self._walk(graph, ())
        for value, node_id in zip(graph.outputs, ends, strict=True):
            try:
                self._build.wire(value, node_id, 0)
            except ValueError as error:
                raise BinderError(f"{self._path.name}: {error}") from None
        self._remember()

    def _walk(self, graph: ir.Graph, above: tuple[str, ...]) -> None:
        """Add the operators of a graph; their names are below the path `above`."""
        found = self._patterns(graph)
        self._paths.update(paths_in(graph, found))
        sizes = only_measure(graph, self._structure.claims)
        for node in graph:
            if node in found.inside or node in sizes:
                continue
            try:
                with self._build.origin.together():
                    self._node(node, found, above)
                self._build.origin.name(_first(node))
            except (GraphError, ValueError, KeyError, TypeError, IndexError, ZeroDivisionError) as error:
                where = node.name or (node.outputs[0].name if node.outputs else "") or node.op_type
                reason = " ".join(str(error).split())[:200]
                raise BinderError(
                    f"{self._path.name}: {clean(where)!r} ({clean(node.op_type)}): {reason}"
                ) from None

    def _patterns(self, graph: ir.Graph) -> patterns.Patterns:
        """Matches of several operators; one that Sketch wrote as a layer of its own is in none."""
        if not self._raise:
            return patterns.Patterns()
        own = {node.name for node in graph if node.name and _first(node) in self._structure.claims}
        return patterns.find(graph, keep=self._kept | own)

    # --- ends --------------------------------------------------------------------------------------

    def _input(self, value: ir.Value) -> None:
        kind = self._build.type_of(value)
        path = (clean(value.name or "input"),)
        if kind is None or kind.shape is None or not isinstance(value.type, ir.TensorType):
            proto = ir.to_proto(value).type.SerializeToString()
            node_id = self._build.add(MODEL_INPUT, path, {"type": encoded_type(proto)})
            self._build.hint(node_id, 0, value)
        else:
            shape = tuple(size if isinstance(size, int) else str(size) for size in kind.shape)
            node_id = self._build.add("Input", path, {"shape": shape, "dtype": kind.dtype})
        self._build.bind(value, node_id)
        self._build.origin.ends[node_id] = value.name or ""

    def _remember(self) -> None:
        if self._structure.domains:
            self._draft.put("meta", "onnx.domains", dict(self._structure.domains))
        declared = {
            value.name: encoded_type(ir.to_proto(value).type.SerializeToString())
            for value in self._structure.model.graph.outputs
            if value.name and value.type is not None and _is_open(self._build.type_of(value))
        }
        if declared:
            self._draft.put("meta", "onnx.outputs", declared)
        seed = self._structure.meta.get(SEED_KEY, "")
        if seed.isdigit():
            self._draft.put("meta", "seed", int(seed))
        remember(self._draft, self._structure, self._build, self._task, self._path)

    # --- operators ---------------------------------------------------------------------------------

    def _node(self, node: ir.Node, found: patterns.Patterns, above: tuple[str, ...]) -> None:
        path = (*above, *self._name(node))
        claim = self._structure.claims.get(_first(node))
        if claim is not None and self._believed(claim, node, above):
            return
        if node.domain == LAYER_DOMAIN and self._called(node, path):
            return
        if opens(node):
            open_zone(node, path, self._build, self._walk)
            return
        if node in found.plans:
            self._build.commit(list(found.plans[node]), path)
        elif not self._raised(node, path):
            self._foreign(node, path)

    def _raised(self, node: ir.Node, path: tuple[str, ...]) -> bool:
        """Add the layers that one operator is; False when it stays an operator."""
        if not self._raise or (node.name or "") in self._kept or not self._typed(node):
            return False
        raiser = RAISERS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        plans = raiser(Site(node, self._build.type_of)) if raiser else None
        if not plans or not self._agreed(plans):
            return False
        self._build.commit(plans, path)
        return True

    def _typed(self, node: ir.Node) -> bool:
        """Layers need to know the rank and element type of what flows in; operators do not."""
        kinds = [self._build.type_of(value) for value in node.inputs if value is not None]
        return all(kind is not None and kind.shape is not None for kind in kinds)

    def _name(self, node: ir.Node) -> tuple[str, ...]:
        if node in self._paths:
            return self._paths[node]
        return path_of(node.name or "", node.op_type, _first(node), node.metadata_props.get(SCOPES_KEY, ""))

    def _agreed(self, plans: Sequence[Plan]) -> bool:
        """True when the layers exist and take these parameters."""
        try:
            for plan in plans:
                self._draft.clean_params(self._draft.library[plan.layer], plan.params)
        except GraphError:
            return False
        return True

    def _believed(self, claim: Claim, node: ir.Node, above: tuple[str, ...]) -> bool:
        """Add the layer that Sketch wrote this operator from."""
        if claim.layer == "Output" and node.inputs[0] is not None:
            self._build.alias(node.outputs[0], node.inputs[0])
            return True
        inputs: list[ir.Value | None] = []
        weights: dict[str, Weight] = {}
        if any(value is not None and known(value) is None for value in node.inputs[len(claim.inputs) :]):
            return False
        for value, place in zip(node.inputs, claim.inputs, strict=False):
            if isinstance(place, int):
                inputs.extend([None] * (place + 1 - len(inputs)))
                inputs[place] = value
            elif place is not None and value is not None:
                if known(value) is None:
                    return False
                weights[place] = Weight(value)
        plan = Plan(
            claim.layer,
            claim.params,
            inputs,
            weights,
            [value if value.name else None for value in node.outputs],
        )
        if claim.layer not in self._draft.library or not self._agreed([plan]):
            return False
        self._build.commit([plan], (*above, *(claim.path or self._name(node))))
        return True

    def _called(self, node: ir.Node, path: tuple[str, ...]) -> bool:
        """A call of a layer's function whose claim was lost: read its attributes and formal names."""
        formal = self._structure.formal.get((node.op_type, node.overload))
        layer = node.op_type if node.op_type in self._draft.library else re.sub(r"_\d+\Z", "", node.op_type)
        if formal is None or len(formal) != len(node.inputs) or layer not in self._draft.library:
            return False
        plan = called_layer(node, self._draft.library[layer], formal)
        if plan is None or not self._agreed([plan]):
            return False
        self._build.commit([plan], path)
        return True

    def _foreign(self, node: ir.Node, path: tuple[str, ...]) -> None:
        keep(node, path, self._build, self._by_name)

    @cached_property
    def _by_name(self) -> Mapping[str, ir.Value]:
        return {value.name: value for value in values_of(self._structure.model.graph) if value.name}


def _first(node: ir.Node) -> str:
    return next((value.name for value in node.outputs if value.name), "") or ""


def _is_open(kind: ValueType | None) -> bool:
    return kind is None or kind.shape is None
