"""Reshaping, joining and parting against the suite and onnx's evaluator, with every element type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import shaping
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Concat": shaping.concat,
    "DepthToSpace": shaping.depth_to_space,
    "Expand": shaping.expand,
    "Flatten": shaping.flatten,
    "Reshape": shaping.reshape,
    "ReverseSequence": shaping.reverse_sequence,
    "Shape": shaping.shape,
    "Size": shaping.size,
    "SpaceToDepth": shaping.space_to_depth,
    "Split": shaping.split,
    "Squeeze": shaping.squeeze,
    "Tile": shaping.tile,
    "Transpose": shaping.transpose,
    "Unsqueeze": shaping.unsqueeze,
}
TYPES = [
    *(np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64),
    *(np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.complex64, ml_dtypes.float8_e4m3fn),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_shaping_gives_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


def numbers(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


def tensor(*shape: int, kind: Any = np.float32) -> np.ndarray[Any, Any]:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(kind)


CALLS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Reshape", [tensor(2, 0, 3), numbers(0, 0, 3)], {}),
    ("Reshape", [tensor(2, 0, 3), numbers(3, 0, 2)], {"allowzero": 1}),
    ("Reshape", [tensor(1), numbers()], {}),
    ("Shape", [tensor(2, 3, 4)], {"start": -2, "end": 9}),
    ("Shape", [tensor()], {}),
    ("Size", [tensor(3, 0)], {}),
    ("Flatten", [tensor(2, 3, 4)], {"axis": 3}),
    ("Flatten", [tensor(3, 0, 4)], {"axis": 1}),
    ("Squeeze", [tensor(1, 3, 1)], {}),
    ("Squeeze", [tensor(1, 3, 1), numbers(-1)], {}),
    ("Unsqueeze", [tensor(3), numbers(-1, 0)], {}),
    ("Unsqueeze", [tensor(), numbers(0)], {}),
    ("Transpose", [tensor()], {}),
    ("Expand", [tensor(3, 1), numbers(2, 1, 6)], {}),
    ("Expand", [tensor(3, 1), numbers(1)], {}),
    ("Expand", [tensor(3, 1), numbers(3, 0)], {}),
    ("Tile", [tensor(2, 1), numbers(0, 3)], {}),
    ("Concat", [tensor(2, 0), tensor(2, 3)], {"axis": -1}),
    ("Split", [tensor(5), numbers(2, 0, 3)], {}),
    ("DepthToSpace", [tensor(1, 8, 2, 3)], {"blocksize": 2, "mode": "CRD"}),
    ("SpaceToDepth", [tensor(1, 2, 4, 6)], {"blocksize": 2}),
    ("ReverseSequence", [tensor(2, 3, 2), numbers(3, 1)], {"batch_axis": 0, "time_axis": 1}),
]


@pytest.mark.parametrize(("kind", "inputs", "attributes"), CALLS)
def test_edges_agree_with_the_evaluator(kind: str, inputs: list[Any], attributes: dict[str, Any]) -> None:
    outputs = 3 if kind == "Split" else 1
    want = by_evaluator(kind, inputs, outputs, **attributes)
    assert_same(ours(FUNCTIONS[kind], inputs, **attributes), want, rtol=0, atol=0)


@pytest.mark.parametrize("kind", TYPES)
def test_every_element_type_moves_as_it_is(kind: Any) -> None:
    x = tensor(2, 4, 2, 2, kind=kind)
    calls: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("Reshape", [x, numbers(4, -1)], {}),
        ("Flatten", [x], {"axis": 2}),
        ("Transpose", [x], {}),
        ("Expand", [x[:, :1], numbers(2, 3, 2, 2)], {}),
        ("Tile", [x, numbers(1, 2, 1, 2)], {}),
        ("Concat", [x, x], {"axis": 1}),
        ("Split", [x], {"axis": 1, "num_outputs": 2}),
        ("DepthToSpace", [x], {"blocksize": 2}),
        ("SpaceToDepth", [x], {"blocksize": 2}),
        ("ReverseSequence", [x, numbers(1, 2, 1, 2)], {}),
    ]
    for name, inputs, attributes in calls:
        want = by_evaluator(name, inputs, 2 if name == "Split" else 1, **attributes)
        for have, other in zip(ours(FUNCTIONS[name], inputs, **attributes), want, strict=True):
            assert have.dtype == other.dtype
            np.testing.assert_array_equal(have, other, err_msg=name)


def test_an_uneven_split_has_a_smaller_last_part() -> None:
    parts = shaping.split(torch.arange(7), num_outputs=3)
    assert [len(part) for part in parts] == [3, 3, 1]


def test_squeeze_refuses_an_axis_that_is_not_of_size_one() -> None:
    with pytest.raises(ValueError, match="Squeeze: axes"):
        shaping.squeeze(torch.ones(1, 2), torch.tensor([1]))
