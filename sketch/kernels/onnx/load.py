"""Import: structure, then one walk that raises operators to layers and keeps the rest. Runs in the worker only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx_ir as ir

from sketch.binder.kernel import BinderError, ImportedModel, Loss, Task
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import ValueType
from sketch.graph.tables import Tables
from sketch.kernels.onnx.building import Builder, encoded_type, group_layers
from sketch.kernels.onnx.claims import GROUPS_KEY, SEED_KEY, Claim
from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.foreign import MODEL_INPUT
from sketch.kernels.onnx.keeping import called_layer, keep
from sketch.kernels.onnx.naming import SCOPES_KEY, clean, path_of
from sketch.kernels.onnx.program import LAYER_DOMAIN
from sketch.kernels.onnx.raising import elementwise, layout, norms, patterns, recurrent, windows
from sketch.kernels.onnx.raising.site import Plan, Raiser, Site, Weight
from sketch.kernels.onnx.structure import Structure, read
from sketch.resources_root import resource_root

RAISERS: Mapping[str, Raiser] = {
    **elementwise.RAISERS,
    **layout.RAISERS,
    **norms.RAISERS,
    **recurrent.RAISERS,
    **windows.RAISERS,
}


def import_model(path: Path, options: Mapping[str, Any], task: Task) -> ImportedModel:
    """Read an .onnx file into one Delta on empty tables; weights stay in the file where they can."""
    task.step(0, 3, "Reading structure")
    structure = read(path)
    task.step(1, 3, "Raising layers")
    draft = Draft(Tables(), LayerLibrary.load(resource_root() / "layers"))
    loader = _Loader(structure, draft, task, path)
    loader.run()
    task.step(2, 3, "Done")
    kinds = Counter(draft.node(change.key).layer for change in draft.delta() if change.table == "nodes")
    details = {
        "opset": structure.opset, "producer": structure.producer,
        "operators": sorted(kind for kind in kinds if ":" in kind),
    }  # fmt: skip
    name = clean(structure.model.graph.name or path.stem) or path.stem
    return ImportedModel(draft.delta(), "onnx", name, tuple(loader.losses), details)


class _Loader:
    """Walks the operators in order."""

    def __init__(self, structure: Structure, draft: Draft, task: Task, path: Path):
        self._structure, self._draft, self._task, self._path = structure, draft, task, path
        meta = structure.meta
        self._build = Builder(draft, task, structure.constants, group_layers(meta.get(GROUPS_KEY, "{}")))
        self.losses: list[Loss] = []

    def run(self) -> None:
        """Inputs, operators, outputs."""
        graph = self._structure.model.graph
        self._declare(graph)
        for value in graph.inputs:
            self._input(value)
        ends = [self._build.add("Output", (clean(value.name or "output"),), {}) for value in graph.outputs]
        found = patterns.find(graph)
        for node in graph:
            if node in found.inside:
                continue
            try:
                self._node(node, found)
            except (GraphError, ValueError, KeyError, TypeError, IndexError, ZeroDivisionError) as error:
                where = node.name or (node.outputs[0].name if node.outputs else "") or node.op_type
                reason = " ".join(str(error).split())[:200]
                raise BinderError(
                    f"{self._path.name}: {clean(where)!r} ({clean(node.op_type)}): {reason}"
                ) from None
        for value, node_id in zip(graph.outputs, ends, strict=True):
            try:
                self._build.wire(value, node_id, 0)
            except ValueError as error:
                raise BinderError(f"{self._path.name}: {error}") from None
        self._remember()

    def _declare(self, graph: ir.Graph) -> None:
        """Types that onnx's inference found, where the model itself says none."""
        for value in _values(graph):
            proto = self._structure.types.get(value.name or "")
            if proto is None or not proto.HasField("tensor_type"):
                continue
            if value.type is None:
                value.type = ir.TensorType(ir.DataType(proto.tensor_type.elem_type))
            if value.shape is None and proto.tensor_type.HasField("shape"):
                value.shape = ir.serde.deserialize_type_proto_for_shape(proto)

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

    # --- operators ---------------------------------------------------------------------------------

    def _node(self, node: ir.Node, found: patterns.Patterns) -> None:
        path = self._name(node)
        first = next((value.name for value in node.outputs if value.name), "")
        claim = self._structure.claims.get(first or "")
        if claim is not None and self._believed(claim, node):
            return
        if node.domain == LAYER_DOMAIN and self._called(node, path):
            return
        if not self._typed(node):
            self._foreign(node, path)
            return
        if node in found.plans and self._agreed([found.plans[node]]):
            self._build.commit([found.plans[node]], path)
            return
        raiser = RAISERS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        plans = raiser(Site(node, self._build.type_of)) if raiser else None
        if plans and self._agreed(plans):
            self._build.commit(plans, path)
        else:
            self._foreign(node, path)

    def _typed(self, node: ir.Node) -> bool:
        """Layers need to know the rank and element type of what flows in; operators do not."""
        kinds = [self._build.type_of(value) for value in node.inputs if value is not None]
        return all(kind is not None and kind.shape is not None for kind in kinds)

    def _name(self, node: ir.Node) -> tuple[str, ...]:
        output = next((value.name for value in node.outputs if value.name), "") or ""
        return path_of(node.name or "", node.op_type, output, node.metadata_props.get(SCOPES_KEY, ""))

    def _agreed(self, plans: Sequence[Plan]) -> bool:
        """True when the layers exist and take these parameters."""
        try:
            for plan in plans:
                spec = self._draft.library[plan.layer]
                for name, value in plan.params.items():
                    spec.clean_param(name, value)
        except GraphError:
            return False
        return True

    def _believed(self, claim: Claim, node: ir.Node) -> bool:
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
        plan = Plan(claim.layer, claim.params, inputs, weights, self._layer_outputs(claim.layer, node))
        if claim.layer not in self._draft.library or not self._agreed([plan]):
            return False
        self._build.commit([plan], claim.path or self._name(node))
        return True

    def _layer_outputs(self, layer: str, node: ir.Node) -> list[ir.Value | None]:
        return [value if value.name else None for value in node.outputs]

    def _called(self, node: ir.Node, path: tuple[str, ...]) -> bool:
        """A call of a layer's function whose claim was lost: read its attributes and formal names."""
        formal = self._structure.formal.get((node.op_type, node.overload))
        if formal is None or len(formal) != len(node.inputs) or node.op_type not in self._draft.library:
            return False
        plan = called_layer(node, self._draft.library[node.op_type], formal)
        if plan is None or not self._agreed([plan]):
            return False
        self._build.commit([plan], path)
        return True

    def _foreign(self, node: ir.Node, path: tuple[str, ...]) -> None:
        keep(node, path, self._build, self._by_name)

    @cached_property
    def _by_name(self) -> Mapping[str, ir.Value]:
        return {value.name: value for value in _values(self._structure.model.graph) if value.name}


def _is_open(kind: ValueType | None) -> bool:
    return kind is None or kind.shape is None


def _values(graph: ir.Graph) -> list[ir.Value]:
    made = [value for node in graph for value in node.outputs]
    return [*graph.inputs, *graph.initializers.values(), *made]
