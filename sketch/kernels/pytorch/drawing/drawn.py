"""A live module as a drawing: recorded, read, and with the facts that bring it back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from sketch.binder.kernel import ImportedModel
from sketch.kernels.pytorch.capture import capture
from sketch.kernels.pytorch.drawing.captured import CapturedLifter
from sketch.kernels.pytorch.reread import library


def drawn(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None,
    store: Any,
    *,
    name: str = "",
    format: str = "pytorch",
    details: Mapping[str, Any] | None = None,
    runner: Any = None,
) -> ImportedModel:
    """A module as one edit on empty tables; BinderError names the line of the model that cannot be drawn.

    Args:
        args: example inputs, nested as the module takes them.
        kwargs: those that are passed by name.
        runner: see capture.
    """
    recorded = capture(module, args, dict(kwargs or {}), runner=runner)
    lifter = CapturedLifter(
        recorded.graph_module, module, library(), store, recorded.inputs, recorded.chains,
        recorded.outputs,
    )  # fmt: skip
    sink = lifter.lift()
    told = {"class": type(module).__name__, **(details or {})}
    losses = (*recorded.notes, *sink.losses, *lifter.remarks())
    return ImportedModel(sink.draft.delta(), format, name or type(module).__name__, losses, told)
