"""Layers whose weights come in by wires, Einsum, and GridSample."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sketch.kernels.onnx.bodies.linear import project
from sketch.kernels.onnx.emitter import Emitter, UnsayableError, same_padding


def functional_linear(e: Emitter) -> str:
    """x·Wᵀ + b."""
    return project(e, e.x[0], e.x[1], e.x[2:3] if e.given(2) else ())


def _convolution(dims: int) -> Callable[[Emitter], str]:
    def body(e: Emitter) -> str:
        params, batched = e.params, e.rank() == dims + 2
        kernel = tuple(e.size(axis, 1) for axis in range(2, dims + 2))
        if params["padding"] == "same":
            before, after = same_padding(kernel, params["dilation"])
        else:
            before = after = [0] * dims if params["padding"] == "valid" else list(params["padding"])
        y = e.op(
            "Conv", e.x[0] if batched else e.unsqueeze(e.x[0], 0), *e.x[1:3], kernel_shape=kernel,
            strides=params["stride"], pads=(*before, *after), dilations=params["dilation"], group=params["groups"],
        )  # fmt: skip
        return y if batched else e.squeeze(y, 0)

    return body


def einsum(e: Emitter) -> str:
    """Einsum."""
    return e.op("Einsum", *e.x, equation=re.sub(r"\s", "", e.params["equation"]))


def grid_sample(e: Emitter) -> str:
    """GridSample, whose modes have had two names."""
    if e.opset < 16:
        raise UnsayableError("GridSample needs opset 16; choose opset 16 or newer.")
    mode = e.params["mode"]
    if e.opset >= 20:
        mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    return e.op(
        "GridSample", e.x[0], e.x[1], mode=mode, padding_mode=e.params["padding_mode"],
        align_corners=int(e.params["align_corners"]),
    )  # fmt: skip


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "FunctionalLinear": functional_linear,
    **{f"FunctionalConv{dims}d": _convolution(dims) for dims in (1, 2, 3)},
    "Einsum": einsum,
    "GridSample": grid_sample,
}
