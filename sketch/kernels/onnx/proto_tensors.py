"""Every tensor of a model, wherever it stands: initializers, attributes, bodies, functions, training graphs."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from sketch.kernels.onnx.graph_bytes import graphs_of


def tensors_of(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """All TensorProtos of a model, in the order of the file."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        for node in function.node:
            yield from _of_node(node)
    for info in model.training_info:
        yield from _of_graph(info.initialization)
        yield from _of_graph(info.algorithm)


def is_elsewhere(tensor: onnx.TensorProto) -> bool:
    """True when the elements are not in the message itself."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def entries_of(tensor: onnx.TensorProto) -> dict[str, str]:
    """Where the elements are: location, offset, length, ..."""
    return {item.key: item.value for item in tensor.external_data}


def point(tensor: onnx.TensorProto, **entries: object) -> None:
    """Let a tensor's elements be somewhere else."""
    for name in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
        tensor.ClearField(name)
    del tensor.external_data[:]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))


def _of_graph(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        yield from _of_node(node)


def _of_node(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    for attribute in node.attribute:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
        for item in (*sparse, *attribute.sparse_tensors):
            yield from (item.values, item.indices)
        for body in graphs_of(attribute):
            yield from _of_graph(body)
