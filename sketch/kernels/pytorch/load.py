"""A module that Sketch wrote, drawn again from its graph and its notes."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from sketch.binder.kernel import ImportedModel, Task
from sketch.kernels.pytorch.assemble import assemble
from sketch.kernels.pytorch.lift import InputType, notes_of
from sketch.kernels.pytorch.tracing import trace
from sketch.kernels.pytorch.zone_reading import noted_drawing


def with_notes(module: nn.Module, path: Path, task: Task) -> ImportedModel:
    """The drawing of a module that has notes; `path` is the file it came from."""
    traced = trace(module)
    notes = notes_of(module)
    inputs: list[InputType] = [] if noted_drawing(traced, notes) is not None else notes.inputs()
    task.step(2, 3, "Reading weights")
    name = notes.name or path.stem
    return assemble(
        traced, inputs, notes, task.store, name=name, format="pytorch", details={"file": path.name}
    )
