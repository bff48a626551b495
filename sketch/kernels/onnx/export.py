"""Write a Program as an .onnx file: protobuf, checker, external data. Loads onnx; runs in the worker only."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sketch.binder.initial import initial_tensor
from sketch.binder.kernel import BinderError, ExportReport, Loss, Task
from sketch.graph.network import Network
from sketch.graph.rows import TensorRow
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.graph_bytes import renamed_graph
from sketch.kernels.onnx.lowering import lower
from sketch.kernels.onnx.program import (
    IR_VERSION,
    LAYER_DOMAIN,
    LAYER_DOMAIN_VERSION,
    NEWEST_OPSET,
    OLDEST_OPSET,
    Function,
    Initializer,
    Op,
    Port,
    Program,
    TensorValue,
)
from sketch.kernels.onnx.rows import ELEMENT_TYPES

INLINE_LIMIT = 1 << 31
"""Protobuf cannot hold more; larger weights go into a file beside the model."""
_WIDE_IR = {"uint4": 10, "int4": 10, "float4e2m1": 11, "float8e8m0": 12, "uint2": 13, "int2": 13}
_PACKED = {"uint4": 4, "int4": 4, "float4e2m1": 4, "uint2": 2, "int2": 2}


def export_model(network: Network, path: Path, options: Mapping[str, Any], task: Task) -> ExportReport:
    """Write `path`, and `path`.data when the weights need a file of their own; BinderError says what is in the way."""
    opset = _opset(options)
    task.step(0, 3, "Writing operators")
    try:
        program = lower(network, opset)
    except UnsayableError as error:
        raise BinderError(f"{path.name}: {error}") from None
    if not program.outputs:
        raise BinderError(f"{path.name}: the network has no Output; add one and wire it.")
    task.step(1, 3, "Writing weights")
    model, losses = build(network, program, task, _split(network, program, options), path)
    task.step(2, 3, "Checking")
    files = _save(model, path)
    foreign = any(step.spec.is_operator for step in network.steps)
    notes = [f"opset {opset}, IR {model.ir_version}", *_check(path, foreign)]
    return ExportReport(tuple(files), tuple(losses), tuple(notes))


def _opset(options: Mapping[str, Any]) -> int:
    opset = options.get("opset") or NEWEST_OPSET
    if not isinstance(opset, int) or not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise BinderError(
            f"Opset {opset} cannot be written; choose one from {OLDEST_OPSET} to {NEWEST_OPSET}."
        )
    return opset


def _split(network: Network, program: Program, options: Mapping[str, Any]) -> bool:
    """True when the weights go into a file of their own."""
    total = sum(
        int(np.prod(item.shape, dtype=np.int64)) * 4 for item in program.initializers if item.value is None
    )
    return bool(options.get("external_data")) or total > INLINE_LIMIT - (1 << 26)


def build(
    network: Network, program: Program, task: Task, external: bool, path: Path
) -> tuple[onnx.ModelProto, list[Loss]]:
    """The protobuf and what it could not hold."""
    losses: list[Loss] = []
    weights = _Weights(network, task, path.with_name(path.name + ".data") if external else None)
    try:
        graph = helper.make_graph(
            [make_node(op, network, task) for op in program.ops],
            program.name,
            [_value_info(port) for port in program.inputs],
            [_value_info(port) for port in program.outputs],
            [weights.tensor(item) for item in program.initializers],
        )
    finally:
        weights.close()
    opsets = [helper.make_opsetid("", program.opset)]
    for domain in program.domains()[1:]:
        version = (
            LAYER_DOMAIN_VERSION
            if domain == LAYER_DOMAIN
            else network.meta.get("onnx.domains", {}).get(domain, 1)
        )
        opsets.append(helper.make_opsetid(domain, version))
    functions = [_function(function, program.opset) for function in program.functions]
    model = helper.make_model(
        graph,
        opset_imports=opsets,
        functions=functions,
        producer_name="sketch",
        ir_version=_ir_version(program),
    )
    for key, value in program.meta.items():
        model.metadata_props.add(key=key, value=value)
    losses.extend(_losses(network))
    _check_since(program, network)
    return model, losses


def _ir_version(program: Program) -> int:
    return max([IR_VERSION, *(_WIDE_IR.get(item.dtype, IR_VERSION) for item in program.initializers)])


def _check_since(program: Program, network: Network) -> None:
    """Foreign operators are kept at the newest form; an older opset must have had that form already."""
    for op in program.ops:
        if op.domain or network.by_id.get(op.node) is None or not network.step(op.node).spec.is_operator:
            continue
        try:
            since = onnx.defs.get_schema(op.kind, NEWEST_OPSET, "").since_version
        except onnx.defs.SchemaError:
            continue
        if since > program.opset:
            raise BinderError(
                f"'{op.name}' ({op.kind}) has its present form since opset {since}; choose opset {since} or newer."
            )


def _losses(network: Network) -> Iterator[Loss]:
    for step in network.steps:
        if "num_batches_tracked" in step.stored:
            yield Loss(
                network.qualified(step), "num_batches_tracked is not kept in ONNX; only training reads it."
            )


def make_node(op: Op, network: Network, task: Task) -> onnx.NodeProto:
    """A NodeProto; attributes that were kept as bytes go back as they were, with outer names as they are now."""
    node = onnx.NodeProto(op_type=op.kind, name=op.name, domain=op.domain, overload=op.overload)
    node.input.extend(op.inputs)
    node.output.extend(op.outputs)
    for name, value in op.attributes.items():
        node.attribute.append(_attribute(name, value))
    for name, (tensor, captured) in op.bodies.items():
        row = network.tensors[tensor]
        data = task.store.get(row.digest, row.shape, row.dtype).tobytes()
        attribute = onnx.AttributeProto.FromString(data)
        attribute.name = name
        renamed_graph(attribute, captured)
        node.attribute.append(attribute)
    for key, value in op.meta.items():
        node.metadata_props.add(key=key, value=value)
    return node


def _attribute(name: str, value: Any) -> onnx.AttributeProto:
    if isinstance(value, TensorValue):
        return helper.make_attribute(name, _small(name, value))
    if value == ():
        return helper.make_attribute(name, [], attr_type=onnx.AttributeProto.INTS)
    return helper.make_attribute(name, list(value) if isinstance(value, tuple) else value)


def _small(name: str, value: TensorValue) -> onnx.TensorProto:
    return helper.make_tensor(name, ELEMENT_TYPES[value.dtype], value.shape, value.data)


def _function(function: Function, opset: int) -> onnx.FunctionProto:
    nodes = [helper.make_node(op.kind, op.inputs, op.outputs) for op in function.ops]
    for node, op in zip(nodes, function.ops, strict=True):
        node.attribute.extend(_attribute(name, value) for name, value in op.attributes.items())
    return helper.make_function(
        LAYER_DOMAIN, function.name, function.inputs, function.outputs, nodes, [helper.make_opsetid("", opset)],
        function.attributes, overload=function.overload or None,
    )  # fmt: skip


def _value_info(port: Port) -> onnx.ValueInfoProto:
    if port.declared:
        return onnx.ValueInfoProto(
            name=port.name, type=onnx.TypeProto.FromString(base64.b64decode(port.declared, validate=True))
        )
    shape = (
        None if port.shape is None else [size if isinstance(size, int) else str(size) for size in port.shape]
    )
    return helper.make_tensor_value_info(port.name, ELEMENT_TYPES[port.dtype], shape)


class _Weights:
    """Turns initializers into TensorProtos, in the model or in one file beside it."""

    def __init__(self, network: Network, task: Task, beside: Path | None):
        self._network, self._task = network, task
        self._file = beside.open("wb") if beside else None
        self._beside = beside

    def close(self) -> None:
        """Close the file beside the model."""
        if self._file:
            self._file.close()

    def tensor(self, item: Initializer) -> onnx.TensorProto:
        """The TensorProto of an initializer."""
        if item.value is not None:
            return _small(item.name, item.value)
        proto = onnx.TensorProto(name=item.name, data_type=ELEMENT_TYPES[item.dtype], dims=item.shape)
        data = _packed(self._array(item), item.dtype)
        if self._file is None or self._beside is None or len(data) < 1024:
            proto.raw_data = data
            return proto
        self._file.write(b"\0" * (-self._file.tell() % 4096))
        proto.data_location = onnx.TensorProto.EXTERNAL
        facts = {"location": self._beside.name, "offset": self._file.tell(), "length": len(data)}
        for key, value in facts.items():
            proto.external_data.add(key=key, value=str(value))
        self._file.write(data)
        return proto

    def _array(self, item: Initializer) -> np.ndarray[Any, Any]:
        step = self._network.step(item.node)
        tensor = step.stored.get(item.role)
        if tensor is not None:
            row: TensorRow = self._network.tensors[tensor]
            return self._task.store.get(row.digest, row.shape, row.dtype)
        return initial_tensor(step.weights[item.role], step.weights, step.params, self._network.seed, step.id)


def _packed(array: np.ndarray[Any, Any], dtype: str) -> bytes:
    """The bytes of a tensor in a file; two- and four-bit elements share bytes, the first in the low bits."""
    width = _PACKED.get(dtype)
    if width is None:
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    per = 8 // width
    flat = np.zeros(-(-array.size // per) * per, np.uint8)
    flat[: array.size] = array.reshape(-1).view(np.uint8) & ((1 << width) - 1)
    total = np.zeros(flat.size // per, np.uint8)
    for place in range(per):
        total |= flat[place::per] << (width * place)
    return total.tobytes()


def _save(model: onnx.ModelProto, path: Path) -> list[Path]:
    try:
        data = model.SerializeToString(deterministic=True)
    except (ValueError, RuntimeError):
        raise BinderError(
            f"{path.name}: the model is too large for one file; use the option external_data."
        ) from None
    path.write_bytes(data)
    beside = path.with_name(path.name + ".data")
    return [path, beside] if beside.exists() else [path]


def _check(path: Path, foreign: bool) -> list[str]:
    """onnx's own checker with shape inference; notes what inference objects to around foreign operators."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError) as error:
        lines = str(error).strip().splitlines()
        first = lines[0] if lines else "no reason given"
        if not foreign or not isinstance(error, onnx.shape_inference.InferenceError):
            raise BinderError(f"{path.name}: onnx's checker refuses the model: {first}") from None
        return [f"onnx's shape inference objects to an operator that is kept as it came: {first}"]
    return []
