"""Oracle of the operators' rules: onnx's own shape inference over the nodes of its backend suite."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference, version_converter

from sketch.graph.attachments import add_tensor, set_hint, set_weight
from sketch.graph.dims import Symbolic, parse_dim
from sketch.graph.draft import Draft
from sketch.graph.element_types import TYPE_NAMES
from sketch.graph.errors import ExpressionError
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.tables import Tables, whole
from sketch.resources_root import resource_root

OPSET = onnx.defs.onnx_opset_version()
SMALL = 64


@cache
def library() -> LayerLibrary:
    """The real layers and operators."""
    return LayerLibrary.load(resource_root() / "layers")


@dataclass
class Drawing:
    """A model's graph as rows, with the port that each value is."""

    tables: Tables = field(default_factory=Tables)
    ports: dict[str, tuple[int, int]] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)

    def inference(self) -> Inference:
        """Infer everything."""
        found = Inference(library())
        found.follow(self.tables, whole(self.tables))
        return found


def type_name(proto: onnx.TypeProto) -> str:
    """`float32`, `seq(int64)`, `optional(...)`; empty for none."""
    kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        return TYPE_NAMES.get(proto.tensor_type.elem_type, "")
    if kind == "sequence_type":
        return f"seq({type_name(proto.sequence_type.elem_type)})"
    if kind == "optional_type":
        return f"optional({type_name(proto.optional_type.elem_type)})"
    return ""


def sizes(proto: onnx.TypeProto) -> list[Any] | None:
    """Numbers, names, None for what is not known; None for a whole shape that is not."""
    if proto.WhichOneof("value") != "tensor_type" or not proto.tensor_type.HasField("shape"):
        return None
    return [
        d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in proto.tensor_type.shape.dim
    ]


def value_type(proto: onnx.TypeProto) -> ValueType:
    """As the drawing says it."""
    found = sizes(proto)
    shape = None if found is None else tuple(dim if isinstance(dim, int) else named(dim) for dim in found)
    return ValueType(type_name(proto), shape)


def named(text: str | None) -> Any:
    """A dimension's name as the graph takes it."""
    try:
        return parse_dim(text or "unnamed")
    except ExpressionError:
        return parse_dim("s_" + "".join(char if char.isalnum() else "_" for char in text or ""))


def plain(attribute: onnx.AttributeProto) -> Any:
    """An attribute as a parameter."""
    if attribute.type in (1, 2, 3, 6, 7, 8):
        value = helper.get_attribute_value(attribute)
        items = [
            item.decode() if isinstance(item, bytes) else item
            for item in (value if attribute.type > 5 else [value])
        ]
        return tuple(items) if attribute.type > 5 else items[0]
    record: dict[str, Any] = {"kind": "tensor", "role": f"@{attribute.name}"}
    if attribute.type == onnx.AttributeProto.TENSOR:
        record.update(
            constant(attribute.t)
            or {"dtype": TYPE_NAMES[attribute.t.data_type], "shape": tuple(attribute.t.dims)}
        )
    return FrozenDict(record)


def constant(tensor: onnx.TensorProto) -> FrozenDict | None:
    """A small constant as a parameter."""
    dtype = TYPE_NAMES[tensor.data_type]
    if np.prod(tensor.dims, dtype=np.int64) > SMALL or dtype == "string" or dtype.startswith("complex"):
        return None
    data = (
        numpy_helper.to_array(tensor)
        .reshape(-1)
        .astype(object if dtype.startswith(("int", "uint", "bool")) else np.float64)
    )
    if any(isinstance(item, float) and not np.isfinite(item) for item in data.tolist()):
        return None
    items = tuple(
        bool(i) if dtype == "bool" else int(i) if dtype.startswith(("int", "uint")) else float(i)
        for i in data
    )
    return FrozenDict(dtype=dtype, shape=tuple(tensor.dims), data=items)


def draw(model: onnx.ModelProto, types: dict[str, onnx.TypeProto] | None = None) -> Drawing:
    """The graph as operators only; inputs that no layer can say are operators with a declared type.

    `types` declares the results of operators with graphs of their own, which have no rule.
    """
    drawing = Drawing()
    draft = Draft(drawing.tables, library())
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name in held:
            continue
        kind = value_type(value.type)
        if "(" in kind.dtype or kind.shape is None:
            node = draft.add("onnx.graph:Input", params={"type": ""})
            set_hint(draft, node, 0, kind)
        else:
            node = draft.add(
                "Input",
                params={
                    "dtype": kind.dtype,
                    "shape": [str(d) if isinstance(d, Symbolic) else d for d in kind.shape],
                },
            )
        drawing.ports[value.name] = node, 0
        drawing.inputs[value.name] = node
    for proto in model.graph.node:
        _add(draft, drawing, proto, held, types or {})
    drawing.tables.apply(draft.delta())
    return drawing


def _add(
    draft: Draft,
    drawing: Drawing,
    proto: onnx.NodeProto,
    held: dict[str, onnx.TensorProto],
    types: dict[str, onnx.TypeProto],
) -> None:
    params = {item.name: plain(item) for item in proto.attribute}
    weights = {}
    for place, name in enumerate(proto.input):
        if name in held:
            small = constant(held[name])
            if small is not None:
                params[f"$input{place}"] = small
            else:
                weights[f"input{place}"] = held[name]
    node = draft.add(f"{proto.domain or 'ai.onnx'}:{proto.op_type}", params=params)
    for role, tensor in weights.items():
        set_weight(
            draft,
            node,
            role,
            add_tensor(draft, role + str(node), tuple(tensor.dims), TYPE_NAMES[tensor.data_type]),
        )
    for place, name in enumerate(proto.input):
        if name in drawing.ports:
            draft.connect(*drawing.ports[name], node, place)
    for out, name in enumerate(proto.output):
        drawing.ports[name] = node, out
        if any(item.HasField("g") for item in proto.attribute) and name in types:
            set_hint(draft, node, out, value_type(types[name]))
        elif out:
            set_hint(
                draft, node, out, ValueType("float32", None)
            )  # as an import: it says how many outputs there are


def inferred(model: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    """What onnx infers of each value."""
    found = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return {value.name: value.type for value in (*found.graph.value_info, *found.graph.output)}


def bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without declared types of its results."""
    result = copy.deepcopy(model)
    del result.graph.value_info[:]
    for value in result.graph.output:
        value.type.Clear()
    return result


def baked(model: onnx.ModelProto, data: Sequence[onnx.TensorProto]) -> onnx.ModelProto:
    """Every input but the first a constant, as in real models."""
    result = copy.deepcopy(model)
    for value, tensor in list(zip(result.graph.input, data, strict=False))[1:]:
        if isinstance(tensor, onnx.TensorProto):
            kept = result.graph.initializer.add()
            kept.CopyFrom(tensor)
            kept.name = value.name
    return result


def newest(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model at the newest opset, as an import converts it."""
    old = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    return version_converter.convert_version(model, OPSET) if old and old[0] < OPSET else model


KNOWN = {
    "test_stft": "onnx 1.23.2 forgets that only one side is asked for; the data has the shape that Sketch says",
    "test_stft_with_window": "as test_stft",
    "test_scan_sum": "Scan has no rule, and what onnx declares after it has converted Scan 8 is not what comes out",
    "test_optional_get_element_optional_tensor": "types of optional values have no shape here",
}
"""Cases in which onnx says something else, and why that is so."""


@dataclass
class Verdict:
    """What one case shows. `skipped` says why onnx is no oracle for it."""

    skipped: str = ""
    faults: list[str] = field(default_factory=list)
    sizes: int = 0


def judge(model: onnx.ModelProto, outputs: Sequence[Any] = ()) -> Verdict:
    """Compare with onnx's inference, and with the arrays that the case must give. No problem may be found either."""
    try:
        model = newest(model)
        want = inferred(bare(model))
    except Exception as error:  # noqa: BLE001  onnx raises several types of its own
        return Verdict(skipped=str(error)[:120])
    drawing = draw(bare(model), want)
    found = drawing.inference()
    verdict = Verdict(faults=[str(problem) for problem in found.problems() if problem.severity == "error"])
    for name, proto in want.items():
        if name in drawing.ports:
            verdict.faults += differences(name, found.output(*drawing.ports[name]), proto)
            verdict.sizes += sum(isinstance(size, int) for size in sizes(proto) or ())
    for value, array in zip(model.graph.output, outputs, strict=False):
        if isinstance(array, np.ndarray) and value.name in drawing.ports:
            node, out = drawing.ports[value.name]
            verdict.faults += untrue(value.name, found.output(node, out), found.of(node).value(out), array)
    return verdict


def untrue(name: str, have: ValueType | None, values: Any, array: np.ndarray) -> Iterator[str]:
    """Sizes and elements that are known and that the real result does not have."""
    if have is None or have.shape is None:
        return
    if len(have.shape) != array.ndim or any(
        isinstance(ours, int) and ours != size for ours, size in zip(have.shape, array.shape, strict=True)
    ):
        yield f"{name}: {have.shape}, the data is {array.shape}"
    if values is not None and len(values) == array.size:
        for ours, real in zip(values, array.reshape(-1).tolist(), strict=True):
            if isinstance(ours, (int, float)) and not np.isclose(ours, real, equal_nan=True):
                yield f"{name}: element {ours}, the data has {real}"


def differences(name: str, have: ValueType | None, want: onnx.TypeProto) -> Iterator[str]:
    """Types, ranks and sizes that onnx knows and that are not the same here."""
    dtype, shape = type_name(want), sizes(want)
    if dtype and (have is None or have.dtype != dtype):
        yield f"{name}: element type {have and have.dtype}, onnx {dtype}"
    if shape is None or have is None or "(" in dtype:
        return
    if have.shape is None or len(have.shape) != len(shape):
        yield f"{name}: {have.shape}, onnx {shape}"
        return
    for axis, (ours, theirs) in enumerate(zip(have.shape, shape, strict=True)):
        if isinstance(theirs, int) and ours != theirs:
            yield f"{name}: size {axis} is {ours}, onnx {theirs} ({have.shape} {shape})"
        if (
            isinstance(theirs, str)
            and isinstance(ours, Symbolic)
            and not theirs.startswith("unk__")
            and str(ours) != str(named(theirs))
        ):
            yield f"{name}: size {axis} is {ours}, onnx {theirs}"


def suite(only: str = "") -> Iterator[list[tuple[str, Verdict]]]:
    """Every node case of the backend suite in both forms: as it is, and with constants for all inputs but the first."""
    for case in node_cases():
        if only in case.name:
            yield both_forms(case)


@cache
def node_cases() -> list[Any]:
    """The suite's cases that have a model."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the suite makes its numbers by casts that overflow
        return [case for case in collect_testcases(None) if case.model is not None]


def both_forms(case: Any) -> list[tuple[str, Verdict]]:
    """(name, verdict) of a case as it is and baked."""
    inputs, outputs = case.data_sets[0]
    found = [(case.name, judge(case.model, outputs))]
    if all(isinstance(item, (np.ndarray, onnx.TensorProto)) for item in inputs):
        tensors = [numpy_helper.from_array(item) if isinstance(item, np.ndarray) else item for item in inputs]
        found.append((case.name, judge(baked(case.model, tensors), outputs)))
    return found


def judge_file(path: Any) -> list[tuple[str, Verdict]]:
    """A model as it is, and after an edit of its first input's sizes: inferred live against onnx anew."""
    model = newest(onnx.load(path))
    return [(path.name, judge(model)), (f"{path.name}, edited", judge_edit(model))]


def judge_edit(model: onnx.ModelProto) -> Verdict:
    """Give the first input other sizes in the drawing; what follows must be as onnx infers the changed model."""
    changed = bare(model)
    value = changed.graph.input[0]
    for place, size in enumerate(value.type.tensor_type.shape.dim):
        if not size.HasField("dim_value"):
            size.dim_value = 5 + 8 * place if place < 2 else 48
    want = inferred(changed)
    drawing = draw(bare(model), inferred(bare(model)))
    found = drawing.inference()
    draft = Draft(drawing.tables, library())
    shape = value_type(value.type).shape
    draft.set_param(drawing.inputs[value.name], "shape", shape)
    delta = draft.delta()
    drawing.tables.apply(delta)
    found.follow(drawing.tables, delta)
    verdict = Verdict(faults=[str(problem) for problem in found.problems() if problem.severity == "error"])
    for name, proto in want.items():
        if name in drawing.ports:
            verdict.faults += differences(name, found.output(*drawing.ports[name]), proto)
            verdict.sizes += sum(isinstance(size, int) for size in sizes(proto) or ())
    return verdict
