"""A module that Sketch wrote, drawn again from its graph and its notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import fx, nn

from sketch.binder.kernel import ImportedModel, Task
from sketch.kernels.pytorch.assemble import assemble
from sketch.kernels.pytorch.lift import InputType, notes_of
from sketch.kernels.pytorch.zone_reading import noted_drawing


def redrawn(
    module: nn.Module, store: Any, *, name: str, details: Mapping[str, Any], task: Task | None = None
) -> ImportedModel | None:
    """The drawing of a module that Sketch wrote, None for another one.

    BinderError for a module of ours with zones whose notes are gone: a recorded run would unroll its loops.

    Args:
        name: of the drawing, where the notes do not give one.
        task: is told how far it is.
    """
    notes = notes_of(module)
    drawing = noted_drawing(module, notes)
    if not notes or not isinstance(module, fx.GraphModule):
        return None
    if task is not None:
        task.step(2, 3, "Reading weights")
    inputs: list[InputType] = [] if drawing is not None else notes.inputs()
    return assemble(module, inputs, notes, store, name=notes.name or name, format="pytorch", details=details)
