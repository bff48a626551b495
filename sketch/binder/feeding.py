"""What a run is fed with: random numbers by seed, arrays from files, pictures; sizes where the drawing has names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketch.binder.kernel import BinderError
from sketch.binder.samples import draw_samples
from sketch.graph.dims import Symbolic, parse_dim, substitute, symbols_in
from sketch.graph.network import Network, Step
from sketch.graph.rows import shape_text

Array = np.ndarray[Any, Any]
ARRAY_SUFFIXES = (".npy", ".npz")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
SCALINGS = {
    "unit": "0 to 1",
    "signed": "-1 to 1",
    "imagenet": "ImageNet mean and deviation",
    "raw": "0 to 255, as they are",
}
"""What becomes of the bytes of a picture."""
LAYOUTS = ("NCHW", "NHWC")
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PLAIN, _ALPHA = (1, 3), (4,)
_SIDES, _LENGTHS = ("h", "w", "height", "width"), ("l", "t", "s", "seq", "len", "length", "sequence")


@dataclass(frozen=True, slots=True)
class PictureSize:
    """What an input asks of a picture: sizes in pixels, 1, 3 or 4 channels, and where the channels stand."""

    height: int
    width: int
    channels: int
    layout: str


Reader = Callable[[Path, PictureSize], Array]
"""Reads a picture file: height x width x channels, uint8."""


def symbols_of(network: Network) -> dict[str, int]:
    """The names among the sizes of the inputs, in their order, and a usual number for each."""
    found: dict[str, int] = {}
    for step in network.inputs:
        for place, size in enumerate(step.params["shape"]):
            for name in sorted(symbols_in(parse_dim(size))):
                found.setdefault(name, _usual(name, place))
    return found


def input_shape(step: Step, symbols: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of an Input in numbers; BinderError names a size that has none."""
    sizes = []
    for item in step.params["shape"]:
        size = substitute(parse_dim(item), symbols)
        if isinstance(size, Symbolic) or size < 0:
            raise BinderError(f"Input '{step.name}': its size {item} has no number; give one to each name.")
        sizes.append(int(size))
    return tuple(sizes)


def feed(
    network: Network, given: Mapping[str, Array], symbols: Mapping[str, int] | None = None, seed: int = 0
) -> dict[str, Array]:
    """An array for every Input: the given ones, checked, and random ones in the range that their consumers need.

    A given array says the sizes that have names; BinderError when it does not fit, or two of them disagree.
    """
    sizes = {**symbols_of(network), **(symbols or {})}
    steps = {step.name: step for step in network.inputs}
    for name in given:
        if name not in steps:
            raise BinderError(f"There is no input {name!r}; there are {', '.join(steps) or 'none'}.")
    fixed: dict[str, int] = {}
    arrays = {name: _fitted(steps[name], array, fixed) for name, array in given.items()}
    sizes.update(fixed)
    shapes = {step.name: input_shape(step, sizes) for step in network.inputs}
    for name, array in arrays.items():
        if array.shape != shapes[name]:
            raise BinderError(
                f"Input '{name}' takes {shape_text(shapes[name])}, got {shape_text(array.shape)}."
            )
    drawn = draw_samples(network, seed, shapes).arrays
    return {step.name: arrays.get(step.name, drawn[step.name]) for step in network.inputs}


def read_array(path: Path, name: str = "") -> Array:
    """The array in an `.npy` file, or the one in an `.npz` that is called like the input, or is alone there."""
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found as arrays:
            chosen = name if name in arrays.files else arrays.files[0] if len(arrays.files) == 1 else None
            if chosen is not None:
                return np.asarray(arrays[chosen])
            names = ", ".join(arrays.files) or "nothing"
    except OSError as error:
        raise BinderError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except (ValueError, EOFError, KeyError) as error:
        raise BinderError(f"{path}: is no array file that numpy wrote: {error}") from None
    raise BinderError(f"{path}: holds {names}; an array for this input must be called {name!r}.")


def picture_size(step: Step, symbols: Mapping[str, int]) -> PictureSize | None:
    """What an input asks of a picture; None when its shape is not that of one."""
    shape = input_shape(step, symbols)
    if len(shape) == 2:
        return PictureSize(shape[0], shape[1], 1, "NCHW")
    if len(shape) not in (3, 4):
        return None
    first, last = shape[-3], shape[-1]
    if first in _PLAIN or (first in _ALPHA and last not in _PLAIN):
        return PictureSize(shape[-2], last, first, "NCHW")
    if last in (*_PLAIN, *_ALPHA):
        return PictureSize(first, shape[-2], last, "NHWC")
    return PictureSize(shape[-2], last, 1, "NCHW") if len(shape) == 3 else None


def picture_values(pixels: Array, step: Step, symbols: Mapping[str, int], scaling: str) -> Array:
    """A picture as the value of an input: scaled, with its channels in place, the same for every member of the batch.

    Args:
        pixels: height x width x channels, uint8, of the size that `picture_size` says.
        scaling: a key of SCALINGS.
    """
    size, shape = picture_size(step, symbols), input_shape(step, symbols)
    if size is None:
        raise BinderError(
            f"Input '{step.name}' takes {shape_text(shape)}, which is not the shape of a picture."
        )
    values = _scaled(pixels.astype(np.float32), scaling)
    plain = values.transpose(2, 0, 1) if size.layout == "NCHW" else values
    plain = plain[0] if len(shape) == 2 else plain
    dtype = step.params["dtype"]
    kind = "float32" if dtype.startswith(("bfloat", "float8", "float4")) else dtype
    return np.ascontiguousarray(np.broadcast_to(plain, shape)).astype(kind)


def read_feeds(
    network: Network, files: Mapping[str, Path], read: Reader, scaling: str, symbols: Mapping[str, int]
) -> dict[str, Array]:
    """The arrays of files for inputs, by name: what numpy wrote, and pictures."""
    steps = {step.name: step for step in network.inputs}
    found = {}
    for name, path in files.items():
        if name not in steps:
            raise BinderError(f"There is no input {name!r}; there are {', '.join(steps) or 'none'}.")
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            found[name] = read_array(path, name)
            continue
        size = picture_size(steps[name], symbols)
        if size is None:
            shape = shape_text(input_shape(steps[name], symbols))
            raise BinderError(f"{path}: input '{name}' takes {shape}, which is not the shape of a picture.")
        found[name] = picture_values(read(path, size), steps[name], symbols, scaling)
    return found


def _usual(name: str, place: int) -> int:
    """A number for a named size: one for the batch, room for a picture, a short sequence."""
    if name.lower() in _SIDES:
        return 224
    if name.lower() in _LENGTHS or "len" in name.lower() or "seq" in name.lower():
        return 16
    return 1 if place == 0 else 8


def _fitted(step: Step, array: Array, fixed: dict[str, int]) -> Array:
    """A given array in the element type of its input; what it says of named sizes goes into `fixed`."""
    shape = step.params["shape"]
    if array.ndim == len(shape) - 1 and (isinstance(shape[0], str) or shape[0] == 1):
        array = array[None]
    if array.ndim != len(shape):
        text = shape_text(tuple(shape))
        raise BinderError(f"Input '{step.name}' takes {text}, got {shape_text(array.shape)}.")
    for item, size in zip(shape, array.shape, strict=True):
        if isinstance(item, str) and item.isidentifier() and fixed.setdefault(item, size) != size:
            raise BinderError(f"Input '{step.name}': {item} is {size} here and {fixed[item]} elsewhere.")
    return _typed(step, array)


def _typed(step: Step, array: Array) -> Array:
    dtype = step.params["dtype"]
    kind = "float32" if dtype.startswith(("bfloat", "float8", "float4")) else dtype
    if kind == "string" or array.dtype.kind in "OUS":
        raise BinderError(f"Input '{step.name}' takes {dtype}, the file holds {array.dtype.name}.")
    cast: Array = array.astype(kind)
    whole = array.dtype.kind in "fc" and np.dtype(kind).kind in "iub"
    if whole and not np.array_equal(cast, array):
        raise BinderError(f"Input '{step.name}' takes {dtype}; the file holds numbers that are not whole.")
    return cast


def _scaled(values: Array, scaling: str) -> Array:
    if scaling == "raw":
        return values
    unit = values / np.float32(255)
    if scaling == "signed":
        return unit * np.float32(2) - np.float32(1)
    if scaling == "unit":
        return unit
    if scaling != "imagenet":
        raise BinderError(f"There is no scaling {scaling!r}; there are {', '.join(SCALINGS)}.")
    mean, std = _for_channels(_MEAN, values.shape[2]), _for_channels(_STD, values.shape[2])
    return (unit - mean) / std


def _for_channels(numbers: Iterable[float], channels: int) -> Array:
    """One number a channel; grey takes the mean of the three, a fourth channel (alpha) stays near as it is."""
    three: Array = np.array(tuple(numbers), np.float32)
    if channels == 1:
        return np.array([three.mean()])
    return three if channels == 3 else np.append(three, three.mean()).astype(np.float32)
