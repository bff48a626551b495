"""The cases of ONNX's own backend suite that have one operator, called on our torch functions directly.

`cases("Resize", "Upsample")` gives them; `check(case, resize)` compares by the suite's own tolerances, with
element types and shapes. A case of an older opset is raised first, so that every function has one meaning.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from tests.kernels.pytorch.tensor_bits import to_numpy, to_torch
from tests.kernels.pytorch.tensor_bits import torch_type as named_type

NEWEST = 28
_TYPES = frozenset({"to", "dtype", "output_dtype", "stash_type", "softmax_precision", "precision"})


@dataclass(frozen=True)
class Case:
    """One case: the operator in its newest form and the suite's own numbers."""

    name: str
    node: onnx.NodeProto
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    rtol: float
    atol: float

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes as our functions take them: lists as tuples, bytes as str, tensors as torch tensors."""
        return {item.name: _plain(item) for item in self.node.attribute}


@cache
def _collected() -> tuple[Any, ...]:
    """All node cases; the suite computes them when it is asked (about 7 s), with numpy's warnings about its edges."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        return tuple(collect_testcases(None))


def cases(*operators: str) -> Iterator[Case]:
    """Every case whose graph is one of these operators alone (after conversion to the newest opset)."""
    for case in _collected():
        graph = case.model.graph
        if len(graph.node) != 1 or graph.node[0].op_type not in operators:
            continue
        model = _raised(case.model)
        if model is None or len(model.graph.node) != 1:
            continue
        for inputs, outputs in case.data_sets:
            given = dict(zip((value.name for value in graph.input), inputs, strict=False))
            node = model.graph.node[0]
            fed = tuple(given.get(name) if name else None for name in node.input)
            yield Case(case.name, node, fed, tuple(outputs), case.rtol, case.atol)


def _raised(model: onnx.ModelProto) -> onnx.ModelProto | None:
    version = next((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), NEWEST)
    if version >= NEWEST:
        return model
    try:
        return onnx.version_converter.convert_version(model, NEWEST)
    except RuntimeError:
        return None


def _plain(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return to_torch(numpy_helper.to_array(value))
    if attribute.name in _TYPES and isinstance(value, int):
        return torch_type(value) if value else None
    if isinstance(value, (list, tuple)) or hasattr(value, "__len__"):
        return tuple(item.decode() if isinstance(item, bytes) else item for item in value)
    return value


def torch_type(number: int) -> torch.dtype:
    """The element type of a number of the standard's enumeration."""
    return named_type(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number)).name)


def run(case: Case, function: Callable[..., Any]) -> list[Any]:
    """What the function answers, as numpy, cut to the outputs that the case has."""
    result = function(*(to_torch(value) for value in case.inputs), **case.attributes)
    results = list(result) if isinstance(result, tuple) else [result]
    shown = [place for place, name in enumerate(case.node.output) if name]
    return [to_numpy(results[place]) for place in shown]


def check(case: Case, function: Callable[..., Any]) -> None:
    """AssertionError when an output has another element type, shape or value than the suite says."""
    got = run(case, function)
    assert len(got) == len(case.outputs), f"{case.name}: {len(got)} outputs, wanted {len(case.outputs)}"
    for have, want in zip(got, case.outputs, strict=True):
        _same(case, have, want)


def _same(case: Case, have: Any, want: Any) -> None:
    if isinstance(want, list):
        assert len(have) == len(want), case.name
        for one, other in zip(have, want, strict=True):
            _same(case, one, other)
        return
    if want is None or have is None:
        assert want is have, case.name
        return
    want = np.asarray(want)
    assert have.dtype == want.dtype, f"{case.name}: {have.dtype}, wanted {want.dtype}"
    assert have.shape == want.shape, f"{case.name}: {have.shape}, wanted {want.shape}"
    if not re.match(r"u?int|bool|str|object", want.dtype.name):
        have, want = have.astype(np.float64), want.astype(np.float64)
    np.testing.assert_allclose(have, want, rtol=case.rtol, atol=case.atol, err_msg=case.name)
