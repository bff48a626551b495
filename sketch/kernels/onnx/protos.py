"""A Program as protobuf, with pointers in place of weights. Loads onnx; runs in the worker only."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import onnx
from onnx import helper, numpy_helper

from sketch.binder.kernel import BinderError, Task
from sketch.graph.element_types import HELD_TYPES
from sketch.graph.network import Network
from sketch.kernels.onnx.graph_bytes import renamed_graph
from sketch.kernels.onnx.numbers import array_of
from sketch.kernels.onnx.older_forms import NoOlderFormError, older_form
from sketch.kernels.onnx.pristine import LOCATION
from sketch.kernels.onnx.program import (
    IMPORT_OPSET,
    IR_VERSION,
    LAYER_DOMAIN,
    LAYER_DOMAIN_VERSION,
    Function,
    Graph,
    Initializer,
    Op,
    Port,
    Program,
    TensorValue,
)
from sketch.kernels.onnx.proto_tensors import point

INITIAL = "sketch:initial"
"""Location of a weight that is drawn when the file is written: `sketch:initial:<node id>:<role>`."""
_WIDE_IR = {"uint4": 10, "int4": 10, "float4e2m1": 11, "float8e8m0": 12, "uint2": 13, "int2": 13}


class OpsetTooOldError(Exception):
    """An operator has no form in this opset: `since` is the oldest that has one."""

    def __init__(self, message: str, since: int):
        super().__init__(message)
        self.since = since


def build(network: Network, program: Program, task: Task) -> onnx.ModelProto:
    """The whole Program; OpsetTooOldError when an operator that was kept as it came needs a newer opset."""
    writer = _Writer(network, program, task)
    graph = helper.make_graph(
        writer.nodes(program.ops),
        program.name,
        [value_info(port) for port in program.inputs],
        [value_info(port) for port in program.outputs],
        [writer.initializer(item) for item in program.initializers],
    )
    opsets = [helper.make_opsetid("", program.opset)]
    for domain in program.domains()[1:]:
        given = network.meta.get("onnx.domains", {}).get(domain, 1)
        opsets.append(helper.make_opsetid(domain, LAYER_DOMAIN_VERSION if domain == LAYER_DOMAIN else given))
    model = helper.make_model(
        graph,
        opset_imports=opsets,
        functions=[_function(function, program.opset) for function in program.functions],
        producer_name="sketch",
        ir_version=max(
            [IR_VERSION, *(_WIDE_IR.get(item.dtype, IR_VERSION) for item in program.initializers)]
        ),
    )
    for key, value in program.meta.items():
        model.metadata_props.add(key=key, value=value)
    return model


class _Writer:
    """Nodes and tensors of one Program."""

    def __init__(self, network: Network, program: Program, task: Task):
        self._network, self._program, self._task = network, program, task
        self._small = {item.name: item.value for item in program.initializers if item.value is not None}

    def nodes(self, ops: Iterable[Op]) -> list[onnx.NodeProto]:
        """NodeProtos, in the form that the Program's opset has."""
        return [node for op in ops for node in self._in_form(op, self._node(op))]

    def initializer(self, item: Initializer) -> onnx.TensorProto:
        """A TensorProto; weights are pointers."""
        if item.value is not None:
            return small_tensor(item.name, item.value)
        proto = onnx.TensorProto(name=item.name, data_type=HELD_TYPES[item.dtype], dims=item.shape)
        stored = self._network.step(item.node).stored.get(item.role)
        point(
            proto,
            location=f"{INITIAL}:{item.node}:{item.role}" if stored is None else f"{LOCATION}:{stored}",
        )
        return proto

    def _in_form(self, op: Op, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        """The node itself, or what it is in an older opset."""
        step = self._network.by_id.get(op.node)
        if op.domain or step is None or not step.spec.is_operator or op.graphs:
            yield node
            return
        constants = {name: self._small[name] for name in op.inputs if name in self._small}
        kinds = {name: kind.dtype for name, kind in zip(op.inputs, step.input_types, strict=False) if kind}
        try:
            yield older_form(
                node, IMPORT_OPSET, self._program.opset,
                lambda name: constants[name].data if name in constants else None,
                kinds.get,
            )  # fmt: skip
        except NoOlderFormError as error:
            raise OpsetTooOldError(
                f"'{op.name}' ({op.kind}) {error}; choose opset {error.since} or newer.", error.since
            ) from None

    def _node(self, op: Op) -> onnx.NodeProto:
        """A NodeProto; attributes that were kept as bytes go back as they were, with outer names as they are now."""
        node = onnx.NodeProto(op_type=op.kind, name=op.name, domain=op.domain, overload=op.overload)
        node.input.extend(op.inputs)
        node.output.extend(op.outputs)
        for name, value in op.attributes.items():
            node.attribute.append(_attribute(name, value, op))
        for name, (tensor, captured) in op.bodies.items():
            row = self._network.tensors[tensor]
            data = self._task.store.get(row.digest, row.shape, row.dtype).tobytes()
            attribute = onnx.AttributeProto.FromString(data)
            attribute.name = name
            renamed_graph(attribute, captured)
            node.attribute.append(attribute)
        for name, graph in op.graphs.items():
            node.attribute.append(helper.make_attribute(name, self._graph(graph)))
        for key, text in op.meta.items():
            node.metadata_props.add(key=key, value=text)
        return node

    def _graph(self, graph: Graph) -> onnx.GraphProto:
        """A body of control flow."""
        return helper.make_graph(
            self.nodes(graph.ops),
            graph.name,
            [value_info(port) for port in graph.inputs],
            [value_info(port) for port in graph.outputs],
        )


def _attribute(name: str, value: Any, op: Op | None = None) -> onnx.AttributeProto:
    if isinstance(value, TensorValue):
        return helper.make_attribute(name, small_tensor(name, value))
    kind = _attribute_type(op, name)
    if value == ():
        return helper.make_attribute(name, [], attr_type=kind or onnx.AttributeProto.INTS)
    if kind in (onnx.AttributeProto.FLOAT, onnx.AttributeProto.FLOATS):
        value = tuple(map(float, value)) if isinstance(value, tuple) else float(value)
    return helper.make_attribute(name, list(value) if isinstance(value, tuple) else value)


def _attribute_type(op: Op | None, name: str) -> int | None:
    """What the standard says of an attribute; None for operators that it does not have."""
    if op is None or not onnx.defs.has(op.kind, IMPORT_OPSET, op.domain):
        return None
    known = onnx.defs.get_schema(op.kind, IMPORT_OPSET, op.domain).attributes
    return int(known[name].type.value) if name in known else None  # type: ignore[attr-defined]


def small_tensor(name: str, value: TensorValue) -> onnx.TensorProto:
    """The TensorProto of a small constant."""
    if value.dtype == "string":
        return helper.make_tensor(name, HELD_TYPES["string"], value.shape, value.data)
    return numpy_helper.from_array(array_of(value), name)


def _function(function: Function, opset: int) -> onnx.FunctionProto:
    nodes = [helper.make_node(op.kind, op.inputs, op.outputs) for op in function.ops]
    for node, op in zip(nodes, function.ops, strict=True):
        node.attribute.extend(_attribute(name, value, op) for name, value in op.attributes.items())
    return helper.make_function(
        LAYER_DOMAIN, function.name, function.inputs, function.outputs, nodes, [helper.make_opsetid("", opset)],
        function.attributes, overload=function.overload or None,
    )  # fmt: skip


def value_info(port: Port) -> onnx.ValueInfoProto:
    """A value with its type; BinderError for a declared type that is damaged."""
    if port.declared:
        try:
            kind = onnx.TypeProto.FromString(base64.b64decode(port.declared, validate=True))
        except ValueError:
            raise BinderError(f"The declared type of '{port.name}' is damaged; set it anew.") from None
        return onnx.ValueInfoProto(name=port.name, type=kind)
    kind = type_proto(port.dtype, port.shape)
    return onnx.ValueInfoProto(name=port.name) if kind is None else helper.make_value_info(port.name, kind)


def type_proto(dtype: str, shape: tuple[Any, ...] | None) -> onnx.TypeProto | None:
    """The TypeProto of a value, nested ones (`seq(float32)`) among them; None for a type without a name in ONNX."""
    for word, make in (
        ("seq", helper.make_sequence_type_proto),
        ("optional", helper.make_optional_type_proto),
    ):
        if dtype.startswith(f"{word}("):
            inner = type_proto(dtype[len(word) + 1 : -1], None)
            return None if inner is None else make(inner)
    if dtype not in HELD_TYPES:
        return None
    sizes = None if shape is None else [size if isinstance(size, int) else str(size) for size in shape]
    return helper.make_tensor_type_proto(HELD_TYPES[dtype], sizes)
