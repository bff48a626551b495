"""Types of values: what the file and onnx's inference say of each, put onto the graph that is raised."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import onnx
import onnx_ir as ir

_log = logging.getLogger(__name__)


def types_of(proto: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    """What the file declares of each value, and what onnx's inference adds."""
    try:
        inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True)
    except Exception as error:  # noqa: BLE001  the library raises several types of its own on odd graphs
        _log.info("onnx.infer_shapes failed: %s", error)
        inferred = proto
    graph = inferred.graph
    values = (*graph.value_info, *graph.input, *graph.output)
    return {value.name: value.type for value in values if value.HasField("type")}


def values_of(graph: ir.Graph) -> list[ir.Value]:
    """Every value of a graph, those of its bodies left out."""
    made = [value for node in graph for value in node.outputs]
    return [*graph.inputs, *graph.initializers.values(), *made]


def declare(graph: ir.Graph, types: Mapping[str, onnx.TypeProto]) -> None:
    """Give values the types by name, where the graph itself says none."""
    for value in values_of(graph):
        proto = types.get(value.name or "")
        if proto is None or (value.type is not None and value.shape is not None):
            continue
        if value.type is None and proto.WhichOneof("value") in ("sequence_type", "optional_type"):
            value.type = ir.serde.deserialize_type_proto_for_type(proto)
        if not proto.HasField("tensor_type"):
            continue
        if value.type is None:
            value.type = ir.TensorType(ir.DataType(proto.tensor_type.elem_type))
        if value.shape is None and proto.tensor_type.HasField("shape"):
            value.shape = ir.serde.deserialize_type_proto_for_shape(proto)
