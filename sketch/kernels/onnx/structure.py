"""From the bytes of a file to a normalised onnx_ir.Model: checked, inlined, raised to the newest opset, folded.

Weights are never loaded here: large tensors are pointers into files (see wire_format).
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx import inliner

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.claims import CONSTANTS_KEY, LAYER_KEY, Claim, read_claim, seal
from sketch.kernels.onnx.declared import declare, types_of
from sketch.kernels.onnx.external import resolve
from sketch.kernels.onnx.folding import fold
from sketch.kernels.onnx.graph_bytes import all_graphs, graphs_of
from sketch.kernels.onnx.naming import restore, scopes_of
from sketch.kernels.onnx.program import LAYER_DOMAIN
from sketch.kernels.onnx.sparse import make_dense
from sketch.kernels.onnx.upward import raise_operators
from sketch.kernels.onnx.wire_format import BITS, SELF, check_size, read_structure

_log = logging.getLogger(__name__)

MAX_CALLS = 100_000
"""Operators that model-local functions may expand to; a small file can claim 2^40."""
_TYPED = {"float_data": 4, "int32_data": 4, "int64_data": 8, "double_data": 8, "uint64_data": 8}


@dataclass
class Structure:
    """A model ready for raising. `types` are what the file and shape inference say of each value by name.

    `light` is the file as it was, with pointers.
    """

    model: ir.Model
    claims: Mapping[str, Claim]
    constants: Mapping[str, Claim]
    meta: Mapping[str, str]
    types: Mapping[str, onnx.TypeProto]
    opset: int
    producer: str
    formal: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    domains: Mapping[str, int] = field(default_factory=dict)
    light: bytes = b""


def read(path: Path) -> Structure:
    """Read and normalise a file; BinderError in one line for whatever is wrong with it."""
    light = read_structure(path)
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(light)
    except Exception:  # noqa: BLE001  protobuf raises a type of its own that has no public home
        raise BinderError(f"{path.name}: the file is damaged or no ONNX model; get it again.") from None
    _check(proto, path)
    _budget(proto, path)
    opset = next((item.version for item in proto.opset_import if item.domain in ("", "ai.onnx")), 0)
    meta = {item.key: item.value for item in proto.metadata_props}
    _drop_inputs_with_values(proto)
    for graph in all_graphs(proto.graph):
        make_dense(graph, path)
    claims = _claims(proto)
    types = types_of(proto)
    formal = {(f.name, f.overload): tuple(f.input) for f in proto.functions if f.domain == LAYER_DOMAIN}
    proto = _inline(proto, path)
    model = _pointed(_parsed(proto, path), path)
    declare(model.graph, types)
    scopes = scopes_of(model.graph)
    raise_operators(model, opset, path)
    restore(model.graph, scopes)
    fold(model.graph, path)
    constants = read_constants(meta.get(CONSTANTS_KEY, "{}"))
    own = ("", "ai.onnx", LAYER_DOMAIN)
    domains = {item.domain: item.version for item in proto.opset_import if item.domain not in own}
    return Structure(
        model, claims, constants, meta, types, opset, proto.producer_name, formal, domains, light
    )


# --- checks ------------------------------------------------------------------------------------------


def _check(proto: onnx.ModelProto, path: Path) -> None:
    if not proto.graph.node and not proto.graph.output:
        raise BinderError(f"{path.name}: the graph is empty.")
    for graph in all_graphs(proto.graph):
        for tensor in graph.initializer:
            _check_tensor(tensor, path)
        for node in graph.node:
            for attribute in node.attribute:
                for tensor in ([attribute.t] if attribute.HasField("t") else []) + list(attribute.tensors):
                    _check_tensor(tensor, path)
        _sort(graph, path)


def _check_tensor(tensor: onnx.TensorProto, path: Path) -> None:
    """The elements that are there must be as many as the sizes claim."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return
    count = 1
    for size in tensor.dims:
        count *= size
    try:
        if tensor.HasField("raw_data"):
            check_size(tensor.name, list(tensor.dims), tensor.data_type, len(tensor.raw_data))
            return
        if tensor.data_type not in BITS and tensor.data_type != onnx.TensorProto.STRING:
            raise BinderError(
                f"Tensor {tensor.name[:200]!r} has the unknown element type {tensor.data_type}."
            )
    except BinderError as error:
        raise BinderError(f"{path.name}: {error}") from None
    have = max([len(tensor.string_data), *(len(getattr(tensor, name)) for name in _TYPED)])
    packed = {21: 2, 22: 2, 23: 2, 25: 4, 26: 4}.get(tensor.data_type, 1)
    pairs = 2 if tensor.data_type in (14, 15) else 1
    if count < 0 or have != -(-count * pairs // packed):
        raise BinderError(
            f"{path.name}: tensor {tensor.name[:200]!r} claims {count} elements, {have} are there; the file is damaged."
        )


def _sort(graph: onnx.GraphProto, path: Path) -> None:
    """Producers first; BinderError names a loop."""
    made = {name: place for place, node in enumerate(graph.node) for name in node.output if name}
    twice = [
        name for name, uses in Counter(n for node in graph.node for n in node.output if n).items() if uses > 1
    ]
    if twice:
        raise BinderError(f"{path.name}: the value {twice[0]!r} is made by two operators.")
    needs = [{made[name] for name in _reads(node) if name in made} for node in graph.node]
    if all(max(need, default=-1) < place for place, need in enumerate(needs)):
        return
    order = _ordered(needs)
    if len(order) < len(needs):
        stuck = set(range(len(needs))) - set(order)
        names = [graph.node[place].name or graph.node[place].op_type for place in _loop(needs, stuck)]
        raise BinderError(
            f"{path.name}: the operators {' -> '.join(names[:8])} form a loop; a network has none."
        )
    nodes = [graph.node[place] for place in order]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    yield from node.input
    for attribute in node.attribute:
        for body in graphs_of(attribute):
            for inner in body.node:
                yield from _reads(inner)
            yield from (value.name for value in body.output)


def _ordered(needs: list[set[int]]) -> list[int]:
    users: dict[int, list[int]] = {}
    for place, need in enumerate(needs):
        for producer in need:
            users.setdefault(producer, []).append(place)
    waiting = [len(need) for need in needs]
    ready = [place for place, count in enumerate(waiting) if not count]
    order = []
    for place in ready:
        order.append(place)
        for user in users.get(place, ()):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order


def _loop(needs: list[set[int]], stuck: set[int]) -> list[int]:
    path = [min(stuck)]
    while True:
        producer = min(needs[path[-1]] & stuck)
        if producer in path:
            return [*path[path.index(producer) :], producer][::-1]
        path.append(producer)


# --- normalising -------------------------------------------------------------------------------------


def _drop_inputs_with_values(proto: onnx.ModelProto) -> None:
    """Old files list initializers among the inputs too; what has a value is no input."""
    valued = {tensor.name for tensor in proto.graph.initializer}
    valued |= {tensor.values.name for tensor in proto.graph.sparse_initializer}
    kept = [value for value in proto.graph.input if value.name not in valued]
    if len(kept) < len(proto.graph.input):
        copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in kept]
        del proto.graph.input[:]
        proto.graph.input.extend(copies)


def _claims(proto: onnx.ModelProto) -> dict[str, Claim]:
    """First output -> what Sketch wrote about the operator, where the operator is still as it was."""
    values = {tensor.name: tensor for tensor in proto.graph.initializer}
    found = {}
    for node in (node for graph in all_graphs(proto.graph) for node in graph.node):
        text = next((item.value for item in node.metadata_props if item.key == LAYER_KEY), None)
        claim = read_claim(text, None) if text is not None else None
        if text is None or claim is None or len(claim.inputs) != len(node.input) or not node.output:
            continue
        constants = [
            _elements(values[name]) for name, place in zip(node.input, claim.inputs, strict=True)
            if place is None and name in values
        ]  # fmt: skip
        attributes = {item.name: _attribute(item) for item in node.attribute}
        if read_claim(text, seal(node.op_type, node.domain, attributes, constants)):
            found[next(name for name in node.output if name)] = claim
    return found


def _elements(tensor: onnx.TensorProto) -> list[Any]:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return []
    array = onnx.numpy_helper.to_array(tensor)
    wide = array.astype(np.float64) if array.dtype.kind not in "iub" else array
    return list(wide.reshape(-1).tolist())


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)) or hasattr(value, "__len__"):
        return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]
    return value


def read_constants(text: str) -> dict[str, Claim]:
    """Initializer name -> the Constant or Parameter that it was."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = {}
    for name, line in raw.items() if isinstance(raw, dict) else ():
        claim = read_claim(line, None) if isinstance(line, str) else None
        if claim is not None:
            found[str(name)] = claim
    return found


def _inline(proto: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Model-local functions become operators, but for those that stand for layers."""
    others = [function for function in proto.functions if function.domain != LAYER_DOMAIN]
    layers = [function for function in proto.functions if function.domain == LAYER_DOMAIN]
    if others:
        del proto.functions[:]
        proto.functions.extend(others)
        try:
            proto = inliner.inline_local_functions(proto)
        except (RuntimeError, ValueError) as error:
            raise BinderError(
                f"{path.name}: its functions cannot be resolved: {str(error).splitlines()[0]}"
            ) from None
    if layers:
        del proto.functions[:]
    return proto


def _budget(proto: onnx.ModelProto, path: Path) -> None:
    """Refuse functions that call each other in a circle or expand beyond MAX_CALLS."""
    bodies = {(f.domain, f.name, f.overload): f for f in proto.functions}
    sizes: dict[tuple[str, str, str], int] = {}

    def size(key: tuple[str, str, str], above: tuple[Any, ...]) -> int:
        if key in above:
            raise BinderError(f"{path.name}: the function {key[1]!r} calls itself; ONNX allows no recursion.")
        if key not in sizes:
            total = 0
            for node in bodies[key].node:
                called = (node.domain, node.op_type, node.overload)
                total += size(called, (*above, key)) if called in bodies else 1
            sizes[key] = total
        return sizes[key]

    called = [(node.domain, node.op_type, node.overload) for node in proto.graph.node]
    total = sum(size(key, ()) if key in bodies else 1 for key in called)
    if total > MAX_CALLS:
        raise BinderError(f"{path.name}: its functions expand to {total} operators, more than {MAX_CALLS}.")


def _parsed(proto: onnx.ModelProto, path: Path) -> ir.Model:
    try:
        return ir.from_proto(proto)
    except Exception as error:  # noqa: BLE001  whatever a damaged structure makes the reader stumble over
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        raise BinderError(f"{path.name}: the model's structure is damaged: {_line(cause)}") from None


def _pointed(model: ir.Model, path: Path) -> ir.Model:
    """Pointers become tensors that map the right file; nothing is read."""
    files: dict[str, tuple[Path, int]] = {}
    for graph in (model.graph, *model.graph.subgraphs()):
        for value in graph.initializers.values():
            tensor = value.const_value
            if isinstance(tensor, ir.ExternalTensor):
                value.const_value = _mapped(tensor, path, files)
        for node in graph:
            for attribute in list(node.attributes.values()):
                if attribute.type == ir.AttributeType.TENSOR and isinstance(
                    attribute.value, ir.ExternalTensor
                ):
                    node.attributes[attribute.name] = ir.AttrTensor(
                        attribute.name, _mapped(attribute.value, path, files)
                    )
    return model


def _mapped(tensor: ir.ExternalTensor, path: Path, files: dict[str, tuple[Path, int]]) -> ir.ExternalTensor:
    location = str(tensor.location)
    if location not in files:
        found = path.resolve() if location == SELF else resolve(path, location, tensor.name or "")
        files[location] = (found, found.stat().st_size)
    real, have = files[location]
    bits = BITS.get(tensor.dtype.value, 0)
    count = 1
    for size in tensor.shape:
        count *= int(size)  # type: ignore[arg-type]
    need, offset = -(-count * bits // 8), int(tensor.offset or 0)
    if count < 0 or offset < 0 or offset + need > have or (tensor.length or need) != need:
        raise BinderError(
            f"{path.name}: tensor {(tensor.name or '')[:200]!r} claims {need} bytes at {offset} of {real.name}, "
            f"which has {have}; the file is damaged or cut off."
        )
    return ir.ExternalTensor(
        real.name,
        offset,
        need,
        tensor.dtype,
        shape=tensor.shape,
        name=tensor.name or "",
        base_dir=str(real.parent),
    )


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
