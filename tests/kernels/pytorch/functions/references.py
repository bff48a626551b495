"""One operator as a model, run by programs that we did not write.

They are onnx's evaluator, the same on the function body that the standard gives the operator, and onnxruntime.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

from tests.kernels.pytorch.functions.suite import to_numpy, to_torch

NEWEST = {"": 28, "ai.onnx.ml": 5, "ai.onnx.preview.training": 1, "ai.onnx.preview": 1}


def node_model(
    kind: str,
    inputs: Sequence[Any],
    outputs: int = 1,
    *,
    domain: str = "",
    opset: int | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one operator. An input is an array, a list of arrays (a sequence) or None (left out)."""
    names = [f"x{place}" if value is not None else "" for place, value in enumerate(inputs)]
    results = [f"y{place}" for place in range(outputs)]
    node = helper.make_node(kind, names, results, domain=domain, **attributes)
    given = [_value_info(name, value) for name, value in zip(names, inputs, strict=True) if name]
    graph = helper.make_graph([node], "one", given, [onnx.ValueInfoProto(name=name) for name in results])
    versions = {domain: NEWEST[domain], "": NEWEST[""]} | ({"": opset} if opset else {})
    opsets = [helper.make_opsetid(name, version) for name, version in versions.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10 if opset else 13)


def _value_info(name: str, value: Any) -> onnx.ValueInfoProto:
    if isinstance(value, list):
        kind = helper.np_dtype_to_tensor_dtype(value[0].dtype)
        return helper.make_tensor_sequence_value_info(name, kind, None)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _feeds(inputs: Sequence[Any]) -> dict[str, Any]:
    return {f"x{place}": value for place, value in enumerate(inputs) if value is not None}


def by_evaluator(kind: str, inputs: Sequence[Any], outputs: int = 1, **given: Any) -> list[Any]:
    """The outputs by onnx's evaluator."""
    model = node_model(kind, inputs, outputs, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(ReferenceEvaluator(model).run(None, _feeds(inputs)))


def by_body(kind: str, inputs: Sequence[Any], outputs: int = 1, **given: Any) -> list[Any]:
    """The outputs by onnx's evaluator on the function body that the standard gives the operator here."""
    node = node_model(kind, inputs, outputs, **given).graph.node[0]
    types = [onnx.TypeProto() if value is None else _value_info("", value).type for value in inputs]
    schema = onnx.defs.get_schema(kind, domain=node.domain)
    text = schema.get_context_dependent_function(
        node.SerializeToString(), [kind.SerializeToString() for kind in types]
    )
    body = onnx.FunctionProto.FromString(text)
    results = [onnx.ValueInfoProto(name=name) for name in body.output[:outputs]]
    graph = helper.make_graph(body.node, "body", [], results)
    feeds = {name: value for name, value in zip(body.input, inputs, strict=False) if value is not None}
    graph.input.extend(_value_info(name, value) for name, value in feeds.items())
    model = helper.make_model(graph, opset_imports=body.opset_import, ir_version=13)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(ReferenceEvaluator(model).run(None, feeds))


def by_runtime(
    kind: str, inputs: Sequence[Any], outputs: int = 1, opset: int = 22, **given: Any
) -> list[Any]:
    """The outputs by onnxruntime, at an opset that it knows."""
    return run_in_runtime(node_model(kind, inputs, outputs, opset=opset, **given), _feeds(inputs))


def run_in_runtime(model: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    """The outputs of a model by onnxruntime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feeds))


def ours(function: Any, inputs: Sequence[Any], **attributes: Any) -> list[Any]:
    """The outputs of one of our functions, from and to numpy."""
    result = function(*(to_torch(value) for value in inputs), **attributes)
    return [to_numpy(value) for value in (result if isinstance(result, tuple) else (result,))]


def assert_same(have: Sequence[Any], want: Sequence[Any], rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """Element types, shapes and values agree, for as many outputs as the reference gives."""
    for place, (one, other) in enumerate(zip(have, want, strict=False)):
        if isinstance(other, list):
            assert len(one) == len(other)
            assert_same(one, other, rtol, atol)
            continue
        array = np.asarray(other)
        assert (one.dtype, one.shape) == (array.dtype, array.shape), f"output {place}"
        wide = np.float64 if array.dtype.kind in "fV" else array.dtype
        np.testing.assert_allclose(
            one.astype(wide), array.astype(wide), rtol=rtol, atol=atol, err_msg=f"output {place}"
        )


def body_of(graph: onnx.GraphProto, captures: Sequence[str] = (), domain: str = "") -> Callable[..., Any]:
    """A graph attribute as a function on torch values, run by onnx's evaluator; captured values come last."""
    whole = onnx.GraphProto()
    whole.CopyFrom(graph)
    whole.input.extend(onnx.ValueInfoProto(name=name) for name in captures)
    opsets = [helper.make_opsetid(name, NEWEST[name]) for name in {"", domain}]
    evaluator = ReferenceEvaluator(helper.make_model(whole, opset_imports=opsets, ir_version=13))

    def call(*values: Any) -> tuple[Any, ...]:
        names = [item.name for item in whole.input]
        feeds = dict(zip(names, map(to_numpy, values), strict=True))
        return tuple(to_torch(value) for value in evaluator.run(None, feeds))

    return call
