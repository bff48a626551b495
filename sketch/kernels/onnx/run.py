"""Run a model in onnxruntime, and in onnx's own evaluator where onnxruntime cannot. Runs in the worker only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from sketch.binder.kernel import BinderError

Array = np.ndarray[Any, Any]
_EVALUATED = ("bfloat16", "float8", "float4", "int4", "int2", "uint2", "complex", "optional")
"""Element types that onnxruntime's Python side does not take or give."""
_NUMPY = {
    "float": "float32", "double": "float64", "float16": "float16", "bool": "bool", "int8": "int8", "int16": "int16",
    "int32": "int32", "int64": "int64", "uint8": "uint8", "uint16": "uint16", "uint32": "uint32", "uint64": "uint64",
}  # fmt: skip


def run(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs by name; BinderError says what neither program takes."""
    return run_model(str(path), path.name, inputs)


def run_model(model: str | bytes, title: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """As `run`, for a path or the bytes of a model; `title` stands in messages.

    A sequence gives a value for each of its members, `name[0]`, `name[1]`, ...; types that numpy lacks come as float32.
    """
    try:
        return _plain(_in_runtime(model, title, inputs))
    except BinderError as first:
        try:
            return _plain(_in_evaluator(model, title, inputs))
        except BinderError:
            raise
        except Exception:  # noqa: BLE001  the evaluator raises whatever its operators raise
            raise first from None


def _in_runtime(model: str | bytes, title: str, inputs: Mapping[str, Array]) -> dict[str, Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Else it rounds what flows into a MatMul with int8 weights to 8 bits too, which the model does not say.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        ends = [*session.get_inputs(), *session.get_outputs()]
        strange = next((end.type for end in ends if any(kind in end.type for kind in _EVALUATED)), "")
        if strange:
            raise BinderError(f"{title}: onnxruntime gives no values of type {strange}.")
        fed = {item.name: _fed(_given(inputs, item.name, title), item.type) for item in session.get_inputs()}
        names = [item.name for item in session.get_outputs()]
        return dict(zip(names, session.run(names, fed), strict=True))
    except BinderError:
        raise
    except Exception as error:  # noqa: BLE001  onnxruntime raises its own types that share no base class
        raise BinderError(f"{title}: onnxruntime cannot run the model: {_first_line(error)}") from None


def _in_evaluator(model: str | bytes, title: str, inputs: Mapping[str, Array]) -> dict[str, Any]:
    proto = onnx.load(model) if isinstance(model, str) else onnx.load_from_string(model)
    weights = {item.name for item in proto.graph.initializer}
    fed = {
        item.name: _as_declared(_given(inputs, item.name, title), item.type)
        for item in proto.graph.input
        if item.name not in weights or item.name in inputs
    }
    evaluator = ReferenceEvaluator(proto)
    names = [item.name for item in proto.graph.output]
    with np.errstate(all="ignore"):
        return dict(zip(names, evaluator.run(names, fed), strict=True))


def _given(inputs: Mapping[str, Array], name: str, title: str) -> Array:
    if name not in inputs:
        raise BinderError(f"{title}: no value is given for input {name!r}.")
    return inputs[name]


def _fed(array: Array, kind: str) -> Array:
    """An input in the element type that the session wants: `tensor(float)`."""
    name = kind.partition("(")[2].rstrip(")")
    if name == "string":
        return array.astype(object)
    return array.astype(_NUMPY[name], copy=False) if name in _NUMPY else array


def _as_declared(array: Array, kind: onnx.TypeProto) -> Array:
    if not kind.HasField("tensor_type"):
        return array
    if kind.tensor_type.elem_type == onnx.TensorProto.STRING:
        return array.astype(object)
    wanted = onnx.helper.tensor_dtype_to_np_dtype(kind.tensor_type.elem_type)
    return array.astype(wanted, copy=False)


def _plain(values: Mapping[str, Any]) -> dict[str, Array]:
    """Plain numpy arrays: sequences one by one, absent optionals left out."""
    found: dict[str, Array] = {}
    for name, value in values.items():
        if isinstance(value, (list, tuple)):
            found.update(_plain({f"{name}[{place}]": item for place, item in enumerate(value)}))
        elif value is not None:
            found[name] = _readable(np.asarray(value))
    return found


def _readable(array: Array) -> Array:
    if array.dtype.kind in "OUS":
        return array.astype(str)
    return array if array.dtype.isbuiltin == 1 else array.astype(np.float32)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
