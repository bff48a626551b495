"""Constants are one thing: an initializer. Operators that read only constants are computed once, at import."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.program import IMPORT_OPSET

_log = logging.getLogger(__name__)

MAX_FILL = 1 << 32
"""Bytes of a tensor that ConstantOfShape may make."""
MAX_FOLD = 1 << 24
"""Elements of a constant that is computed at import; larger ones stay operators."""
_FOLDABLE = frozenset({
    "Abs", "Add", "And", "Cast", "Ceil", "Concat", "Cos", "Div", "Equal", "Exp", "Expand", "Flatten", "Floor", "Gather",
    "GatherND", "Greater", "Less", "Log", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Range", "Reciprocal",
    "ReduceProd", "ReduceSum", "Reshape", "Shape", "Sin", "Size", "Slice", "Sqrt", "Squeeze", "Sub", "Tile",
    "Transpose",     "Unsqueeze", "Where", "Sum", "ScatterND", "Trilu", "ReduceMax", "ReduceMin", "CumSum",
})  # fmt: skip
_GROWING = frozenset({"Expand", "Range", "Tile"})


def fold(graph: ir.Graph, path: Path) -> None:
    """Compute what is constant; BinderError when a constant would be larger than any machine holds."""
    for node in list(graph):
        if node.domain not in ("", "ai.onnx") or any(out in graph.outputs for out in node.outputs):
            continue
        tensors = _results(node, path)
        if tensors is not None:
            _replace(graph, node, tensors)


def known(value: ir.Value | None) -> ir.TensorProtocol | None:
    """The tensor that a value always has, None when it is computed."""
    return value.const_value if value is not None and value.producer() is None else None


def _results(node: ir.Node, path: Path) -> Sequence[ir.TensorProtocol] | None:
    if node.op_type == "Constant":
        tensor = constant_tensor(node)
        return None if tensor is None or tensor.dtype == ir.DataType.STRING else (tensor,)
    inputs = [known(value) for value in node.inputs]
    if node.op_type == "Shape" and node.inputs[0] is not None and not node.attributes:
        return _shape(node.inputs[0])
    if not inputs or any(
        tensor is None for tensor, value in zip(inputs, node.inputs, strict=True) if value is not None
    ):
        return None
    if node.op_type == "Identity" and inputs[0] is not None:
        return (inputs[0],)
    if node.op_type == "ConstantOfShape" and inputs[0] is not None:
        return (_filled(node, inputs[0], path),)
    return _computed(node, inputs)


def _shape(value: ir.Value) -> Sequence[ir.TensorProtocol] | None:
    """A shape that is all numbers is a constant."""
    if value.shape is None or not all(isinstance(size, int) for size in value.shape):
        return None
    return (ir.tensor(np.asarray([int(size) for size in value.shape], np.int64)),)  # type: ignore[arg-type]


def constant_tensor(node: ir.Node) -> ir.TensorProtocol | None:
    """What a Constant operator holds, None for text and sparse ones."""
    for name, attribute in node.attributes.items():
        if name == "value":
            return attribute.as_tensor()
        if name in ("value_int", "value_ints"):
            return ir.tensor(np.asarray(attribute.value, np.int64))
        if name in ("value_float", "value_floats"):
            return ir.tensor(np.asarray(attribute.value, np.float32))
    return None


def _filled(node: ir.Node, sizes: ir.TensorProtocol, path: Path) -> ir.TensorProtocol:
    """ConstantOfShape over a constant shape: the weights of models that ship without any."""
    shape = tuple(int(size) for size in sizes.numpy().reshape(-1))
    given = node.attributes.get("value")
    value = given.as_tensor().numpy().reshape(-1)[0] if given else np.float32(0)
    count = 1
    for size in shape:
        count *= size
    if any(size < 0 for size in shape) or count * value.dtype.itemsize > MAX_FILL:
        where = node.name or (node.outputs[0].name if node.outputs else node.op_type)
        raise BinderError(
            f"{path.name}: {where!r} makes a tensor of {count} elements; that is too large to open."
        )
    return ir.LazyTensor(
        lambda: ir.tensor(np.full(shape, value)),
        dtype=ir.DataType.from_numpy(value.dtype),
        shape=ir.Shape(shape),
    )


def _computed(
    node: ir.Node, inputs: Sequence[ir.TensorProtocol | None]
) -> Sequence[ir.TensorProtocol] | None:
    """Run one operator over constants in onnx's own evaluator; None when it is better left alone."""
    if node.op_type not in _FOLDABLE or any(
        tensor is not None and tensor.size > MAX_FOLD for tensor in inputs
    ):
        return None
    if node.op_type in _GROWING and (_claimed(node, inputs) or MAX_FOLD) > MAX_FOLD // 16:
        return None
    proto = ir.to_proto(node)
    feeds = {
        name: tensor.numpy() for name, tensor in zip(proto.input, inputs, strict=True) if tensor is not None
    }
    graph = onnx.helper.make_graph(
        [proto],
        "one",
        [onnx.ValueInfoProto(name=name) for name in feeds],
        [onnx.ValueInfoProto(name=name) for name in proto.output],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", IMPORT_OPSET)])
    try:
        results = ReferenceEvaluator(model).run(None, feeds)
        return [ir.tensor(np.asarray(result)) for result in results]
    except Exception as error:  # noqa: BLE001  the evaluator raises whatever numpy and its operators raise
        _log.info("constant %s is left as it is: %s", node.op_type, error)
        return None


def _claimed(node: ir.Node, inputs: Sequence[ir.TensorProtocol | None]) -> int | None:
    """How many elements an operator would make that can grow without bound."""
    values = [
        tensor.numpy().reshape(-1).tolist() if tensor is not None and tensor.size < 64 else None
        for tensor in inputs
    ]
    if node.op_type == "Range" and all(values):
        start, limit, delta = (float(item[0]) for item in values if item)
        return int(abs((limit - start) / delta)) + 1 if delta else None
    sizes = values[1] if len(values) > 1 else None
    total = inputs[0].size if inputs[0] is not None else 1
    for size in sizes or ():
        total *= max(1, int(size))
    return total if sizes is not None else None


def _replace(graph: ir.Graph, node: ir.Node, tensors: Sequence[ir.TensorProtocol]) -> None:
    """The node's outputs become initializers of the same names."""
    made: list[tuple[str, ir.Value]] = []
    for old, tensor in zip(node.outputs, tensors, strict=False):
        name = old.name or f"constant_{id(old)}"
        new = ir.Value(
            name=name,
            shape=ir.Shape([int(size) for size in tensor.shape if isinstance(size, int)]),
            type=ir.TensorType(tensor.dtype),
            const_value=tensor,
        )
        ir.convenience.replace_all_uses_with(old, new)
        made.append((name, new))
    graph.remove(node, safe=True)
    for name, new in made:
        graph.initializers[name] = new
