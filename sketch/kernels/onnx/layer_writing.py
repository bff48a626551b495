"""One layer as operators: by its row where that is exact, else by its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.network import Step
from sketch.kernels.onnx.bodies import BODIES
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.rows import ROWS


def write(emitter: Emitter) -> tuple[str, ...]:
    """Write the emitter's layer; the names of its outputs. UnsayableError when ONNX has no words for it."""
    step = emitter.step
    _refuse_types(step)
    row = ROWS.of_layer(step.layer)
    if row is not None and row.fits(step, emitter.opset):
        roles = [role for role in row.roles if role in step.weights]
        inputs = [*emitter.x, *roles] if step.layer != "Embedding" else [*roles, *emitter.x]
        attributes = {**row.fixed, **row.arguments(_prepared(step))}
        return (emitter.op(row.target, *inputs, **attributes),)
    if step.layer not in BODIES:
        raise UnsayableError(f"{step.layer} has no counterpart in ONNX.")
    result = BODIES[step.layer](emitter)
    return (result,) if isinstance(result, str) else result


def _prepared(step: Step) -> Mapping[str, Any]:
    """Parameters with what an empty one stands for written out."""
    params = dict(step.params)
    if "stride" in params and params["stride"] is None:
        params["stride"] = params["kernel_size"]
    return params


def _refuse_types(step: Step) -> None:
    for kind in (*step.input_types, *step.types):
        if kind is not None and kind.dtype.startswith("complex"):
            raise UnsayableError(
                "onnxruntime has no complex numbers; use real and imaginary parts as two values."
            )
