"""How each layer is written in ONNX operators where no row says it; one function a layer or family.

A body that is a single operator goes into the model as it is. Any other becomes a model-local function named after
the layer, whose call carries the layer's parameters, so that it is the layer again when the file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sketch.kernels.onnx.bodies import (
    activation,
    arithmetic,
    attention,
    elementwise,
    functional,
    layout,
    linear,
    loss,
    moving,
    norm,
    pooling,
    recurrent,
    resampling,
    selecting,
    statistics,
    window,
)
from sketch.kernels.onnx.emitter import Emitter

Body = Callable[[Emitter], str | tuple[str, ...]]
"""Writes a step and names its outputs (`""`: an output that is not there); raises UnsayableError."""

BODIES: Mapping[str, Body] = {
    **activation.BODIES,
    **arithmetic.BODIES,
    **attention.BODIES,
    **elementwise.BODIES,
    **functional.BODIES,
    **layout.BODIES,
    **linear.BODIES,
    **loss.BODIES,
    **moving.BODIES,
    **norm.BODIES,
    **pooling.BODIES,
    **recurrent.BODIES,
    **resampling.BODIES,
    **selecting.BODIES,
    **statistics.BODIES,
    **window.BODIES,
}
