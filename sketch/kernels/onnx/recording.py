"""Keeps an opened file beside its drawing: the light model and what each node of the drawing is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from sketch.binder.kernel import Task
from sketch.binder.tensors import FileSlice
from sketch.graph.attachments import add_tensor
from sketch.graph.draft import Draft
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.rows import FrozenDict, Node
from sketch.kernels.onnx.building import Builder
from sketch.kernels.onnx.external import resolve
from sketch.kernels.onnx.model_writer import WAS
from sketch.kernels.onnx.pristine import (
    END,
    KEY,
    LOCATION,
    NAMED_BY,
    Made,
    Pristine,
    mark_of,
    packed,
    top_names,
)
from sketch.kernels.onnx.proto_tensors import entries_of, is_elsewhere, point, tensors_of
from sketch.kernels.onnx.raising.site import Weight
from sketch.kernels.onnx.structure import Structure
from sketch.kernels.onnx.wire_format import SELF

BYTE = 8


def remember(draft: Draft, structure: Structure, build: Builder, task: Task, path: Path) -> None:
    """Put the opened file into the draft, as two hidden tensors and a row of `meta`."""
    model = onnx.ModelProto.FromString(structure.light)
    _point_to_store(model, structure.model.graph, draft, build, task, path)
    record = _record(model, draft, structure, build)
    rows = {
        "model": _hidden(draft, task, model.SerializeToString(deterministic=True)),
        "origin": _hidden(draft, task, packed(record)),
    }
    draft.put("meta", KEY, FrozenDict(rows))


def _hidden(draft: Draft, task: Task, data: bytes) -> int:
    array = np.frombuffer(data, np.uint8)
    return add_tensor(draft, task.store.put(array, "uint8"), array.shape, "uint8")


def _point_to_store(
    model: onnx.ModelProto, graph: ir.Graph, draft: Draft, build: Builder, task: Task, path: Path
) -> None:
    """Pointers into files become pointers to tensors of the document."""
    known = {name: tensor for tensor, name in build.origin.exact.items()}
    files: dict[str, Path] = {SELF: path.resolve()}
    for place, tensor in enumerate(tensors_of(model)):
        if not is_elsewhere(tensor):
            continue
        entries = entries_of(tensor)
        where = entries.get("location", "")
        was = {} if where == SELF else {WAS + key: value for key, value in entries.items()}
        found = None
        if place < len(model.graph.initializer):
            found = known.get(tensor.name) or _whole(graph.initializers.get(tensor.name), build)
        if found is None:
            if where not in files:
                files[where] = resolve(path, where, tensor.name)
            found = _raw(entries, files[where], draft, task)
        point(tensor, location=f"{LOCATION}:{found}", **was)


def _whole(value: ir.Value | None, build: Builder) -> int | None:
    """A tensor row with the elements of an initializer that the drawing has otherwise, or not at all."""
    tensor = value.const_value if value is not None else None
    if value is None or not isinstance(tensor, ir.ExternalTensor) or tensor.dtype.bitwidth < BYTE:
        return None
    return build.tensor(Weight(value)) if tensor.dtype.value in HELD_NAMES else None


def _raw(entries: dict[str, str], real: Path, draft: Draft, task: Task) -> int:
    """A tensor row with the bytes as they lie in the file."""
    offset = int(entries.get("offset", 0))
    length = int(entries.get("length", 0)) or real.stat().st_size - offset
    digest = task.store.put_slice(FileSlice(str(real), offset, length), "uint8", (length,))
    return add_tensor(draft, digest, (length,), "uint8")


def _record(model: onnx.ModelProto, draft: Draft, structure: Structure, build: Builder) -> Pristine:
    origin, top = build.origin, top_names(model)
    graph = structure.model.graph
    names = {
        port: value.name
        for port, value in origin.values.items()
        if value.name in top and _is_of(value, graph)
    }
    names |= {(node_id, END): name for node_id, name in origin.ends.items()}
    names |= {(node_id, NAMED_BY): name for node_id, name in origin.named.items() if name in top}
    delta = draft.delta()
    rows: dict[int, Node] = {c.key: c.after for c in delta if c.table == "nodes"}
    weights: dict[int, dict[str, int]] = {}
    for change in delta:
        if change.table == "weights":
            weights.setdefault(change.key[0], {})[change.key[1]] = change.after
    nodes = {
        key: Made(
            origin.batches.get(key, 0),
            mark_of(row.layer, row.params, weights.get(key, {})),
            _path(row, rows),
            frozenset((edge.into, edge.source, edge.out) for edge in row.prior),
        )
        for key, row in rows.items()
        if not draft.library[row.layer].group
    }
    initializers = {tensor.name for tensor in model.graph.initializer}
    roles = {
        (key, role): origin.sources[tensor]
        for key, own in weights.items()
        for role, tensor in own.items()
        if origin.sources.get(tensor) in initializers
    }
    roles |= {key: name for key, name in origin.roles.items() if name in initializers}
    exact = {tensor: name for tensor, name in origin.exact.items() if name in initializers}
    return Pristine(model, nodes, names, exact, roles, _sizes(model, structure.types))


def _sizes(model: onnx.ModelProto, types: Mapping[str, onnx.TypeProto]) -> dict[str, tuple[int | None, ...]]:
    """Shapes that operators of the file ask for and that were numbers at the import, perhaps taken for constant."""
    asked = {node.input[0] for node in model.graph.node if node.op_type in ("Shape", "Size") and node.input}
    found = {}
    for name in sorted(asked):
        kind = types.get(name)
        if kind is None or not kind.tensor_type.HasField("shape"):
            continue
        dims = kind.tensor_type.shape.dim
        found[name] = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)
    return found


def _is_of(value: ir.Value, graph: ir.Graph) -> bool:
    maker = value.producer()
    return maker is None or maker.graph is graph


def _path(row: Node, rows: dict[int, Node]) -> tuple[str, ...]:
    names, above = [row.name], row.parent
    while above is not None:
        names.append(rows[above].name)
        above = rows[above].parent
    return tuple(reversed(names))
