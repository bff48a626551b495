"""What a person should know of a recording: what was fixed, and at which line."""

from __future__ import annotations

import torch

from sketch.binder.kernel import Loss
from sketch.kernels.pytorch.capture.aligning import Aligned
from sketch.kernels.pytorch.capture.book import FROM_INPUT, RANDOM, Entry
from sketch.kernels.pytorch.capture.nesting import refs
from sketch.kernels.pytorch.capture.places import NOWHERE, Place
from sketch.kernels.pytorch.capture.running import Run

_BY_DATA = frozenset({
    "nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "_unique2", "bincount",
})  # fmt: skip


MASKED = Loss("inputs", "a mask of ones was given zeros for the recording: the model skips a mask of ones")
"""The note for a drawing that reads a mask where the examples would have let the model skip it."""

UNMASKED = Loss("inputs", "a mask of ones is fixed: with zeros in it the model does something else")
"""The note for a drawing that does what the model does for a mask of ones only."""


def sized_by_data(run: Run, entry: Entry) -> bool:
    """True for a call on the input whose result has as many elements as the data says."""
    if not entry.origin & FROM_INPUT:
        return False
    if entry.name == "getitem":
        return any(run.entries[ref.entry].types[ref.out][1] == torch.bool for ref in refs(entry.args[1:]))
    alone = entry.name == "where" and len(entry.args) == 1
    return alone or entry.name in _BY_DATA


def remarks(run: Run, found: Aligned, kept: set[int]) -> tuple[Loss, ...]:
    """Notes of a run, each once.

    Args:
        kept: numbers of the entries that the graph has.
    """
    notes = [Loss(_where(read.place), _about_read(read.name, read.origin)) for read in run.reads]
    for at in sorted(kept):
        entry = found.entries[at]
        given = (*refs(entry.args), *refs(entry.kwargs))
        inherited = any(found.entries[ref.entry].origin & RANDOM for ref in given)
        if entry.origin & RANDOM and not inherited:
            notes.append(
                Loss(
                    _where(entry.place),
                    f"{entry.name} draws random numbers: they are other ones at each call",
                )
            )
        if sized_by_data(run, run.entries[at]):
            notes.append(
                Loss(_where(entry.place), f"the size of what {entry.name} gives is that of the example")
            )
    for path, place in run.changed.items():
        what = f"the tensor '{path}' of the model" if path else "a tensor that the model keeps"
        notes.append(Loss(_where(place), f"{what} is changed by each call; the drawing keeps what it holds"))
    notes += [Loss("output", f"{what} was left out: it is no tensor") for what in run.results.left]
    if run.python_random:
        notes.append(Loss("forward", "numbers drawn by Python's or numpy's random are fixed"))
    return tuple(dict.fromkeys(notes))


def fixed_batch(size: int | None, reason: str) -> Loss:
    """The note that a drawing has one batch size only."""
    return Loss("inputs", f"the batch size is fixed to {size}, other sizes do something else: {reason}")


def _about_read(name: str, origin: int) -> str:
    source = (
        "the input"
        if origin & FROM_INPUT
        else "random numbers"
        if origin & RANDOM
        else "the model's own tensors"
    )
    return f"a number is read from {source} ({name}); what follows is drawn as it was for the examples"


def _where(place: Place) -> str:
    return "forward" if place is NOWHERE else place.where
