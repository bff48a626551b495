"""From a module that can be run to its drawing: inputs given or tried, the run recorded, the record read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from sketch.binder.kernel import ImportedModel, Task
from sketch.kernels.pytorch import live
from sketch.kernels.pytorch.files.script_run import run_script
from sketch.kernels.pytorch.files.tried import Tried, tried_inputs

Shape = Sequence[int | str]


def drawn(
    module: nn.Module,
    inputs: Mapping[str, Shape],
    task: Task,
    *,
    name: str,
    details: Mapping[str, Any],
    format: str = "pytorch",
    examples: Tried | None = None,
) -> ImportedModel:
    """The drawing of a module as it computes on inputs.

    Args:
        inputs: shapes by argument of forward; what is missing is tried.
        examples: inputs that the file brings; shapes in `inputs` win.
    """
    found = examples if examples is not None and not inputs else tried_inputs(module, inputs)
    task.step(2, 3, "Recording a run")
    facts = {**details, "inputs": found.text}
    return live.drawn(
        module,
        found.args,
        found.kwargs,
        task.store,
        name=name,
        format=format,
        details=facts,
        runner=run_script,
    )
