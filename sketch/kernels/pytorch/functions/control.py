"""If, Loop and Scan: bodies are functions or modules that return a tuple; captured values come last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def if_(
    cond: Tensor, then_branch: Callable[..., Any], else_branch: Callable[..., Any], *captures: Any
) -> Any:
    """If: what the chosen branch returns."""
    return then_branch(*captures) if bool(cond) else else_branch(*captures)


def loop(
    M: Tensor | None,
    cond: Tensor | None,
    body: Callable[..., Any],
    state: tuple[Any, ...],
    captures: tuple[Any, ...] = (),
    *,
    scan_outputs: tuple[Tensor, ...] = (),
) -> tuple[Any, ...]:
    """Loop: body(iteration, cond, *state, *captures) gives (cond, *state, *scan outputs), as long as cond holds.

    At most M times; without the input cond it is M times whatever the body says. Scan outputs are stacked;
    `scan_outputs` has one tensor for each, of the type and shape of one element, for a loop that never runs.
    """
    rows: list[tuple[Any, ...]] = []
    limit = None if M is None else int(M)
    going = torch.tensor(True) if cond is None else cond.reshape(())
    while (limit is None or len(rows) < limit) and bool(going):
        result = as_results(body(torch.tensor(len(rows)), going, *state, *captures))
        going = going if cond is None else result[0].reshape(())
        rows.append(result[1 + len(state) :])
        state = result[1 : 1 + len(state)]
    return (*state, *stacked_rows(rows, scan_outputs))


def as_results(result: Any) -> tuple[Any, ...]:
    """What a body returned; a single value is a tuple of one."""
    return result if isinstance(result, tuple) else (result,)


def stacked_rows(rows: list[tuple[Any, ...]], elements: tuple[Tensor, ...]) -> list[Tensor]:
    """The scan outputs of all iterations, each stacked along a new first axis."""
    if rows:
        return [torch.stack(column) for column in zip(*rows, strict=True)]
    return [element.new_empty(0, *element.shape) for element in elements]


def scan(
    body: Callable[..., Any],
    state: tuple[Tensor, ...],
    sequences: tuple[Tensor, ...],
    captures: tuple[Any, ...] = (),
    *,
    scan_input_axes: tuple[int, ...] = (),
    scan_input_directions: tuple[int, ...] = (),
    scan_output_axes: tuple[int, ...] = (),
    scan_output_directions: tuple[int, ...] = (),
    scan_outputs: tuple[Tensor, ...] = (),
) -> tuple[Tensor, ...]:
    """Scan: body(*state, *slices, *captures) gives (*state, *scan outputs) for every slice of the sequences.

    `scan_outputs` has one tensor for each scan output, of the type and shape of one element, for no slice at all.
    """
    columns = []
    for place, sequence in enumerate(sequences):
        slices = list(sequence.unbind(scan_input_axes[place] if scan_input_axes else 0))
        backwards = scan_input_directions and scan_input_directions[place]
        columns.append(slices[::-1] if backwards else slices)
    rows: list[tuple[Any, ...]] = []
    for items in zip(*columns, strict=True):
        result = as_results(body(*state, *items, *captures))
        rows.append(result[len(state) :])
        state = result[: len(state)]
    outputs = []
    for place, output in enumerate(stacked_rows(rows, scan_outputs)):
        backwards = scan_output_directions and scan_output_directions[place]
        axis = scan_output_axes[place] if scan_output_axes else 0
        outputs.append((output.flip(0) if backwards else output).movedim(0, axis))
    return (*state, *outputs)
