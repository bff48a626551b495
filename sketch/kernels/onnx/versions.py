"""A light model in another opset: upward by the converters, downward operator by operator. Runs in the worker only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir
from onnx import numpy_helper

from sketch.binder.kernel import BinderError
from sketch.graph.element_types import HELD_NAMES
from sketch.kernels.onnx.declared import types_of
from sketch.kernels.onnx.graph_bytes import all_graphs
from sketch.kernels.onnx.older_forms import NoOlderFormError, older_form
from sketch.kernels.onnx.pristine import opset_of
from sketch.kernels.onnx.program import LAYER_DOMAIN
from sketch.kernels.onnx.proto_tensors import is_elsewhere
from sketch.kernels.onnx.upward import raise_operators

Failures = dict[str, BinderError]
"""First output of an operator -> why it has no form in an opset."""


def converted(model: onnx.ModelProto, opset: int, title: str) -> tuple[onnx.ModelProto, Failures]:
    """The model with its standard operators in this opset, and the operators that have no such form and stay.

    BinderError when it cannot be converted upward at all, or an operator in a body or a function is in the way.
    """
    have = opset_of(model)
    if have in (0, opset):
        return model, {}
    if opset > have:
        return _upward(model, have, opset, title), {}
    return _downward(model, have, opset, title)


def _upward(model: onnx.ModelProto, have: int, opset: int, title: str) -> onnx.ModelProto:
    if model.graph.sparse_initializer or model.training_info:
        raise BinderError(
            f"{title}: a model with sparse initializers or training information stays at opset {have}; choose that."
        )
    raised = ir.from_proto(model)
    raise_operators(raised, have, Path(title), opset)
    result: onnx.ModelProto = ir.to_proto(raised)
    _keep_tensors(model.graph, result.graph)
    notes = list(model.graph.quantization_annotation)
    del result.graph.quantization_annotation[:]
    result.graph.quantization_annotation.extend(notes)
    return result


def _keep_tensors(before: onnx.GraphProto, after: onnx.GraphProto) -> None:
    """Initializers in the order and form that they had; what the converter added follows."""
    fresh = {tensor.name: tensor for tensor in after.initializer}
    kept = [tensor for tensor in before.initializer if fresh.pop(tensor.name, None) is not None]
    added = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in fresh.values()]
    del after.initializer[:]
    after.initializer.extend([*kept, *added])


def _downward(model: onnx.ModelProto, have: int, opset: int, title: str) -> tuple[onnx.ModelProto, Failures]:
    failures: Failures = {}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    types = {name: dtype for name, kind in types_of(model).items() if (dtype := _dtype(kind))}
    for graph in all_graphs(result.graph):
        found = _lower_nodes(graph.node, _constants(graph), types, have, opset, title)
        if graph is not result.graph and found:
            raise next(iter(found.values()))
        failures |= found
    for function in result.functions:
        own = next((item.version for item in function.opset_import if item.domain in ("", "ai.onnx")), opset)
        if own > opset:
            found = _lower_nodes(function.node, {}, {}, own, opset, title)
            if found and function.domain != LAYER_DOMAIN:
                raise next(iter(found.values()))
    for item in (*result.opset_import, *(i for f in result.functions for i in f.opset_import)):
        if item.domain in ("", "ai.onnx") and item.version > opset:
            item.version = opset
    _drop_unread(result)
    return result, failures


def _lower_nodes(
    nodes: Any, constants: Mapping[str, tuple[Any, ...]], types: Mapping[str, str], have: int, opset: int, title: str
) -> Failures:  # fmt: skip
    failures: Failures = {}
    for node in nodes:
        if node.domain not in ("", "ai.onnx"):
            continue
        try:
            older = older_form(node, have, opset, constants.get, types.get)
        except NoOlderFormError as error:
            where = node.name or node.output[0]
            failures[next(filter(None, node.output))] = BinderError(
                f"{title}: {where!r} ({node.op_type}) {error}; choose opset {error.since} or newer."
            )
            continue
        if older is not node:
            node.CopyFrom(older)
    return failures


def _constants(graph: onnx.GraphProto) -> dict[str, tuple[Any, ...]]:
    """Small integer constants: what may become an attribute."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            tensors[node.output[0]] = node.attribute[0].t
    return {
        name: tuple(numpy_helper.to_array(tensor).reshape(-1).tolist())
        for name, tensor in tensors.items()
        if tensor.data_type == onnx.TensorProto.INT64 and not is_elsewhere(tensor)
    }


def _dtype(kind: onnx.TypeProto) -> str | None:
    return HELD_NAMES.get(kind.tensor_type.elem_type) if kind.HasField("tensor_type") else None


def _drop_unread(model: onnx.ModelProto) -> None:
    """Initializers that became attributes are read by nobody any more."""
    read = {name for graph in all_graphs(model.graph) for node in graph.node for name in node.input}
    read |= {value.name for graph in all_graphs(model.graph) for value in graph.output}
    kept = [
        onnx.TensorProto.FromString(tensor.SerializeToString())
        for tensor in model.graph.initializer
        if tensor.name in read
    ]
    if len(kept) < len(model.graph.initializer):
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)
