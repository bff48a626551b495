"""Sequences and optional values against the suite and onnx's evaluator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import sequence
from tests.kernels.pytorch.functions.references import assert_same, body_of, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check, to_numpy

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SequenceInsert": sequence.sequence_insert,
    "SplitToSequence": sequence.split_to_sequence,
    "OptionalGetElement": sequence.optional_get_element,
    "OptionalHasElement": sequence.optional_has_element,
}
TYPES = [np.float32, np.int64, np.bool_, np.float16, np.uint16, np.uint32, np.uint64, np.int8, np.complex64]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_sequences_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, FUNCTIONS[case.node.op_type])


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("SequenceMap")])
def test_sequence_map_gives_the_numbers_of_the_suite(case: Case) -> None:
    body = body_of(case.attributes["body"])
    check(case, lambda *inputs, **_: sequence.sequence_map(*inputs, body=body))


def test_sequence_map_hands_captured_values_to_the_body() -> None:
    outer = torch.tensor(10.0)
    have = sequence.sequence_map([torch.tensor(1.0)], torch.tensor(2.0), body=torch.Tensor.add, captures=())
    assert have == ([torch.tensor(3.0)],)
    have = sequence.sequence_map([torch.tensor(1.0)], body=lambda x, y: (x + y, x), captures=(outer,))
    assert have == ([torch.tensor(11.0)], [torch.tensor(1.0)])


def elements(dtype: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 2, (2, 3)).astype(dtype) + np.array(i % 2).astype(dtype) for i in range(3)]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("position", [0, 1, 2, -1, -3])
def test_positions_count_from_both_ends(dtype: Any, position: int) -> None:
    inputs = [elements(dtype), np.array(position)]
    for kind, function in (("SequenceAt", sequence.sequence_at), ("SequenceErase", sequence.sequence_erase)):
        assert_same(ours(function, inputs), by_evaluator(kind, inputs))


@pytest.mark.parametrize("position", [None, 0, 2, 3, -1, -3])
def test_insertion_is_before_a_position_or_at_the_end(position: int | None) -> None:
    """As Python's own insert; onnx's evaluator puts the position "length" at the front."""
    given = elements(np.float32)
    new = np.full((4,), 7, np.float32)
    want = list(given)
    want.insert(3 if position is None else position, new)
    place = [] if position is None else [np.array(position)]
    assert_same(ours(sequence.sequence_insert, [given, new, *place]), [want])


def test_sequences_are_never_changed_in_place() -> None:
    given = [torch.zeros(1), torch.ones(2)]
    sequence.sequence_insert(given, torch.zeros(3), torch.tensor(0))
    sequence.sequence_erase(given)
    made = sequence.sequence_construct(*given)
    made.append(torch.zeros(1))
    assert [len(x) for x in given] == [1, 2]


def test_length_and_emptiness() -> None:
    assert sequence.sequence_empty(dtype=torch.int64) == []
    length = sequence.sequence_length(sequence.sequence_construct(torch.ones(2), torch.ones(1)))
    assert (length.item(), length.dtype, length.shape) == (2, torch.int64, ())
    with pytest.raises(ValueError, match="empty"):
        sequence.optional_get_element(sequence.optional())
    assert sequence.optional(torch.ones(1), type=None) == torch.ones(1)


@pytest.mark.parametrize("split", [None, 1, 2, 3, [2, 3], [5, 0], [1, 1, 3]])
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axis", [0, -1])
def test_splitting_agrees_with_the_evaluator(split: Any, keepdims: int, axis: int) -> None:
    inputs = [np.arange(25, dtype=np.float32).reshape(5, 5)]
    inputs += [] if split is None else [np.array(split, np.int64)]
    attributes = {"axis": axis, "keepdims": keepdims}
    want = by_evaluator("SplitToSequence", inputs, **attributes)
    have = [to_numpy(sequence.split_to_sequence(*map(torch.from_numpy, inputs), **attributes))]
    assert_same(have, want)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("axis", "new_axis"), [(0, 0), (-1, 0), (0, 1), (2, 1), (-1, 1), (-3, 1)])
def test_joining_agrees_with_the_evaluator(dtype: Any, axis: int, new_axis: int) -> None:
    inputs = [elements(dtype)]
    want = np.stack(inputs[0], axis) if new_axis else np.concatenate(inputs[0], axis)
    assert_same(ours(sequence.concat_from_sequence, inputs, axis=axis, new_axis=new_axis), [want])
