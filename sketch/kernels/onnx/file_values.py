"""Inputs, outputs, initializers and declared types of an edited file."""

from __future__ import annotations

from typing import Any

import onnx

from sketch.graph.network import Network, Step
from sketch.graph.rows import ValueType
from sketch.kernels.onnx.declared_types import agrees, as_now, typed
from sketch.kernels.onnx.file_graph import FileGraph, reads_of
from sketch.kernels.onnx.merge_plan import MergePlan
from sketch.kernels.onnx.pristine import Pristine, mark_of


def replace_items(field: Any, items: list[Any]) -> None:
    """New content for a repeated field; the items may be from the field itself."""
    copies = []
    for item in items:
        copies.append(type(item)())
        copies[-1].CopyFrom(item)
    del field[:]
    field.extend(copies)


class FileValues:
    """What stands around the operators; `part` has what was written anew."""

    def __init__(
        self, network: Network, pristine: Pristine, graph: FileGraph, plan: MergePlan, part: onnx.ModelProto
    ):
        self._network, self._pristine, self._graph, self._plan = network, pristine, graph, plan
        self._part = part

    def write(self, graph: onnx.GraphProto) -> None:
        """Fill a graph whose operators are in place."""
        self._inputs(graph)
        self._outputs(graph)
        self._initializers(graph)
        self._value_info(graph)

    # --- ends ----------------------------------------------------------------------------------------

    def _ends(self) -> dict[str, int]:
        """Name in the file -> node, for Inputs and Outputs that are still there."""
        return {
            name: key
            for (key, out), name in self._pristine.names.items()
            if out == -1 and key in self._network.by_id
        }

    def _inputs(self, graph: onnx.GraphProto) -> None:
        kept, ends = [], self._ends()
        given = {value.name: value for value in self._part.graph.input}
        outputs = {step.id for step in self._network.outputs}
        for value in self._pristine.model.graph.input:
            key = ends.get(value.name)
            if key is None or key in outputs:
                if value.name in self._graph.initializers:
                    kept.append(value)
                continue
            now = given.pop(self._plan.values[key, -1], None)
            step = self._network.by_id[key]
            same = now is None or self._is_same(step)
            kept.append(as_now(value, value if now is None else now, same_type=same))
            kept[-1].name = self._plan.values[key, -1]
        replace_items(graph.input, [*kept, *given.values()])

    def _is_same(self, step: Step) -> bool:
        return mark_of(step.layer, step.pinned, step.stored) == self._pristine.nodes[step.id].mark

    def _outputs(self, graph: onnx.GraphProto) -> None:
        kept, ends = [], self._ends()
        given = {value.name: value for value in self._part.graph.output}
        inputs = {step.id for step in self._network.steps if step.layer != "Output"}
        for value in self._pristine.model.graph.output:
            key = ends.get(value.name)
            if key in inputs:
                key = next(
                    (k for (k, out), name in self._pristine.names.items() if out == -1 and name == value.name
                     and k in self._network.by_id and k not in inputs), None,
                )  # fmt: skip
            if key is None:
                continue
            step = self._network.by_id[key]
            now = given.pop(self._plan.values[key, -1], value)
            kind = step.input_types[0] if step.input_types else None
            kept.append(
                as_now(
                    value, now, same_type=kind is None or agrees(value.type, kind, strict=self._changed_ends)
                )
            )
            kept[-1].name = self._plan.values[key, -1]
        replace_items(graph.output, [*kept, *given.values()])

    @property
    def _changed_ends(self) -> bool:
        """True when an Input is not as it was, so that sizes all over the graph may have changed."""
        inputs = [step for step in self._network.steps if step.layer == "Input"]
        return any(step.id not in self._pristine.nodes or not self._is_same(step) for step in inputs)

    # --- values --------------------------------------------------------------------------------------

    def _initializers(self, graph: onnx.GraphProto) -> None:
        """Those that are used, or never were, stay; changed ones take the place of the old."""
        before = {name for reads in self._graph.reads for name in reads}
        before |= {value.name for value in self._pristine.model.graph.output}
        used = {name for node in graph.node for name in reads_of(node)}
        used |= {value.name for value in graph.output}
        fresh = {tensor.name: tensor for tensor in self._part.graph.initializer}
        made = {name for node in graph.node for name in node.output}
        kept = []
        for tensor in self._pristine.model.graph.initializer:
            if tensor.name in made:
                continue
            if tensor.name in fresh:
                kept.append(fresh.pop(tensor.name))
            elif tensor.name in used or tensor.name not in before:
                kept.append(tensor)
        replace_items(graph.initializer, [*kept, *fresh.values()])
        sparse = [
            item for item in self._pristine.model.graph.sparse_initializer
            if item.values.name in used or item.values.name not in before
        ]  # fmt: skip
        replace_items(graph.sparse_initializer, sparse)
        there = {item.name for item in (*graph.initializer, *graph.input)}
        there |= {name for node in graph.node for name in node.output}
        notes = [item for item in graph.quantization_annotation if item.tensor_name in there]
        replace_items(graph.quantization_annotation, notes)
        # An input that only listed an initializer goes with it.
        ends = {self._plan.values.get((step.id, -1)) for step in self._network.steps}
        replace_items(
            graph.input,
            [
                value
                for value in graph.input
                if value.name in ends
                or value.name in there - {item.name for item in graph.input}
                or value.name in {item.name for item in graph.initializer}
            ],
        )

    def _value_info(self, graph: onnx.GraphProto) -> None:
        made = {name for node in graph.node for name in node.output} | {t.name for t in graph.initializer}
        ports = {name: port for port, name in self._plan.values.items() if port[1] >= 0}
        shapes_changed = self._changed_ends
        kept, loose = [], []
        for value in self._pristine.model.graph.value_info:
            name = self._plan.renamed.get(value.name, value.name)
            if name not in made:
                continue
            copy = onnx.ValueInfoProto()
            copy.CopyFrom(value)
            copy.name = name
            kind = self._kind(ports.get(name))
            if name not in ports:
                loose.append(copy)
            elif kind is None or agrees(value.type, kind, strict=shapes_changed):
                kept.append(copy)
            else:
                shapes_changed = True
                now = typed(name, kind)
                kept += [as_now(copy, now, same_type=False)] if now is not None else []
        order = {self._plan.renamed.get(v.name, v.name): at for at, v in enumerate(graph.value_info)}
        whole = [*kept, *(() if shapes_changed else loose)]
        replace_items(graph.value_info, sorted(whole, key=lambda value: order[value.name]))

    def _kind(self, port: tuple[int, int] | None) -> ValueType | None:
        step = self._network.by_id.get(port[0]) if port else None
        return step.types[port[1]] if step is not None and port and port[1] < len(step.types) else None
