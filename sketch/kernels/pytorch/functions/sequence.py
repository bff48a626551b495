"""Sequences (Python lists, never changed in place) and optional values (the value or None)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def sequence_empty(*, dtype: torch.dtype | None = None) -> list[Tensor]:
    """SequenceEmpty: a sequence without tensors."""
    return []


def sequence_construct(*inputs: Tensor) -> list[Tensor]:
    """SequenceConstruct: the inputs in order."""
    return list(inputs)


def sequence_at(input_sequence: list[Tensor], position: Tensor) -> Tensor:
    """SequenceAt: the tensor at a position (negative: from the back)."""
    return input_sequence[int(position)]


def sequence_length(input_sequence: list[Tensor]) -> Tensor:
    """SequenceLength: how many tensors there are."""
    return torch.tensor(len(input_sequence))


def sequence_insert(
    input_sequence: list[Tensor], tensor: Tensor, position: Tensor | None = None
) -> list[Tensor]:
    """SequenceInsert: the sequence with the tensor before the position, or at the end."""
    place = len(input_sequence) if position is None else int(position)
    return [*input_sequence[:place], tensor, *input_sequence[place:]]


def sequence_erase(input_sequence: list[Tensor], position: Tensor | None = None) -> list[Tensor]:
    """SequenceErase: the sequence without the tensor at the position (the last one by default)."""
    place = (-1 if position is None else int(position)) % len(input_sequence)
    return [*input_sequence[:place], *input_sequence[place + 1 :]]


def sequence_map(
    input_sequence: list[Any],
    *additional_inputs: Any,
    body: Callable[..., Any],
    captures: tuple[Any, ...] = (),
) -> tuple[list[Any], ...]:
    """SequenceMap: the body's outputs for every element, one sequence an output; tensors go to all elements."""
    rows = []
    for place, element in enumerate(input_sequence):
        others = [item[place] if isinstance(item, list) else item for item in additional_inputs]
        row = body(element, *others, *captures)
        rows.append(row if isinstance(row, tuple) else (row,))
    return tuple(list(column) for column in zip(*rows, strict=True))


def split_to_sequence(
    input: Tensor, split: Tensor | None = None, *, axis: int = 0, keepdims: int = 1
) -> list[Tensor]:
    """SplitToSequence: parts of one length (the last may be shorter), of given lengths, or single slices."""
    if split is None:
        return (
            list(torch.split(input, 1, axis) if keepdims else input.unbind(axis)) if input.shape[axis] else []
        )
    if split.dim() == 0:
        return list(torch.split(input, int(split), axis)) if input.shape[axis] else []
    return list(torch.split(input, split.tolist(), axis))


def concat_from_sequence(input_sequence: list[Tensor], *, axis: int, new_axis: int = 0) -> Tensor:
    """ConcatFromSequence: the tensors end to end along an axis, or stacked along a new one."""
    return torch.stack(input_sequence, axis) if new_axis else torch.cat(input_sequence, axis)


def optional(input: Any = None, *, type: Any = None) -> Any:
    """Optional: the value, or None for an empty optional."""
    return input


def optional_get_element(input: Any) -> Any:
    """OptionalGetElement: the value of an optional that has one."""
    if input is None:
        raise ValueError("OptionalGetElement: the optional is empty")
    return input


def optional_has_element(input: Any = None) -> Tensor:
    """OptionalHasElement: whether there is a value."""
    return torch.tensor(input is not None)
