"""Resizing and shuffles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sketch.kernels.onnx.bodies.layout import reshape_to
from sketch.kernels.onnx.bodies.pooling import shrink
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.program import TensorValue

_LINEAR = ("linear", "bilinear", "trilinear")


def resize(e: Emitter) -> str:
    """Resize with the coordinates that PyTorch uses in each mode."""
    mode = e.params["mode"]
    if mode == "area":
        return _area(e)
    if mode == "nearest":
        named = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    elif mode == "nearest-exact":
        named = {
            "mode": "nearest",
            "coordinate_transformation_mode": "half_pixel",
            "nearest_mode": "round_prefer_ceil",
        }
    else:
        corners = "align_corners" if e.params["align_corners"] else "half_pixel"
        named = {"mode": "linear" if mode in _LINEAR else "cubic", "coordinate_transformation_mode": corners}
    attributes: dict[str, Any] = dict(named)
    if mode == "bicubic":
        attributes["cubic_coeff_a"] = -0.75
    if e.params.get("antialias") and mode in ("bilinear", "bicubic"):
        _smoothed(e, attributes)
    return e.op("Resize", *_target(e), **attributes)


def _smoothed(e: Emitter, attributes: dict[str, Any]) -> None:
    if e.opset < 18:
        raise UnsayableError("Antialiased resizing needs opset 18; choose opset 18 or newer.")
    if e.params["align_corners"]:
        raise UnsayableError("ONNX cannot antialias with align_corners; switch one of them off.")
    attributes.update(antialias=1, exclude_outside=1)
    if attributes["mode"] == "cubic":
        attributes["cubic_coeff_a"] = -0.5


def _target(e: Emitter) -> tuple[str, ...]:
    """(x, "", scales) or (x, "", "", sizes)."""
    space = e.rank() - 2
    given, scales = e.params["size"], e.params["scale_factor"]
    if given is None and not e.params["recompute_scale_factor"]:
        factors = tuple(float(scale) for scale in (scales * space if len(scales) == 1 else scales))
        return (e.x[0], "", e.constant(TensorValue("float32", (space + 2,), (1.0, 1.0, *factors))))
    out = e.out_shape()[2:]
    if not all(isinstance(size, int) for size in out):
        raise UnsayableError(
            "ONNX needs the size of the result as numbers here; give the Input numbers there."
        )
    batch, channels = e.sizes(e.x[0])[:2]
    return (e.x[0], "", "", e.op("Concat", batch, channels, e.ints(*out), axis=0))


def _area(e: Emitter) -> str:
    """Adaptive average pooling to the output's size."""
    x = e.x[0]
    for axis, size in enumerate(e.out_shape()[2:], 2):
        if size != e.shape()[axis]:
            if not isinstance(size, int):
                raise UnsayableError(
                    "Mode area needs sizes as numbers in ONNX; give the Input numbers there."
                )
            x = shrink(e, x, axis, size, "Mean")
    return x


def pixel_shuffle(e: Emitter) -> str:
    """DepthToSpace for any number of leading dimensions."""
    return _image(e, lambda x: e.op("DepthToSpace", x, blocksize=e.params["upscale_factor"], mode="CRD"))


def pixel_unshuffle(e: Emitter) -> str:
    """SpaceToDepth of each channel alone, so that PyTorch's order of channels comes out."""
    factor = e.params["downscale_factor"]
    channels = e.size(e.rank() - 3)

    def blocks(x: str) -> str:
        alone = e.op("SpaceToDepth", e.reshape(x, -1, 1, 0, 0), blocksize=factor)
        return e.reshape(alone, -1, channels * factor**2, 0, 0)

    return _image(e, blocks)


def _image(e: Emitter, body: Callable[[str], str]) -> str:
    """Run a 4-D body over an input of any rank."""
    if e.rank() == 4:
        return body(e.x[0])
    if e.rank() == 3:
        return e.squeeze(body(e.unsqueeze(e.x[0], 0)), 0)
    image = [e.size(axis) for axis in range(e.rank() - 3, e.rank())]
    y = body(e.reshape(e.x[0], -1, *image))
    return reshape_to(e, y, e.out_shape())


def channel_shuffle(e: Emitter) -> str:
    """Channels as groups × rest, swapped."""
    groups, channels = e.params["groups"], e.size(1)
    split = e.reshape(e.x[0], 0, groups, channels // groups, -1)
    return reshape_to(e, e.op("Transpose", split, perm=(0, 2, 1, 3)), e.shape())


BODIES: Mapping[str, Callable[[Emitter], str]] = {
    "Upsample": resize,
    "Interpolate": resize,
    "PixelShuffle": pixel_shuffle,
    "PixelUnshuffle": pixel_unshuffle,
    "ChannelShuffle": channel_shuffle,
}
