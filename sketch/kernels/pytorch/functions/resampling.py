"""Resize and Upsample: axis by axis, every output position has input positions (taps) with weights."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.indexing import picked


def resize(
    x: Tensor,
    roi: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    *,
    antialias: int = 0,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:
    """Resize: resampled axis by axis to new sizes, by nearest, linear or cubic interpolation."""
    along = [axis % x.dim() for axis in (range(x.dim()) if axes is None else axes)]
    lengths = [x.shape[axis] for axis in along]
    factors, targets = new_sizes(lengths, scales, sizes, keep_aspect_ratio_policy)
    cropped = coordinate_transformation_mode == "tf_crop_and_resize"
    regions = crop_regions(roi, sizes) if cropped else [(0.0, 1.0)] * len(along)
    plain = not (antialias or exclude_outside) and mode != "nearest" and cubic_coeff_a == -0.75
    if plain and torch_resizes(x, along, lengths, targets, factors, coordinate_transformation_mode):
        return by_torch(x, along, targets, mode, coordinate_transformation_mode == "align_corners")
    y, beyond = x if mode == "nearest" else floating(x), torch.zeros([1] * x.dim(), dtype=torch.bool)
    for axis, length, target, factor, region in zip(along, lengths, targets, factors, regions, strict=True):
        if factor == 1 and target == length and region == (0.0, 1.0):
            continue
        place = source_places(coordinate_transformation_mode, length, target, factor, region)
        taps, weights = nearest_taps(place, nearest_mode)
        if mode != "nearest":
            taps, weights = bell_taps(place, mode, min(factor, 1.0) if antialias else 1.0, cubic_coeff_a)
        if exclude_outside:
            weights = weights * ((taps >= 0) & (taps < length))
        y = weighted_sum(y, axis, taps.clamp(0, length - 1), weights)
        beyond = beyond | ((place < 0) | (place > length - 1)).reshape([-1] + [1] * (x.dim() - axis - 1))
    if cropped:
        y = torch.where(beyond.to(x.device), torch.tensor(extrapolation_value).to(y), y)
    return rounded_to(y, x.dtype)


def upsample(x: Tensor, scales: Tensor, *, mode: str = "nearest") -> Tensor:
    """Upsample: the old name of Resize, with the positions `i / scale`."""
    place = "asymmetric"
    return resize(x, scales=scales, mode=mode, nearest_mode="floor", coordinate_transformation_mode=place)


def torch_resizes(
    x: Tensor, along: list[int], lengths: list[int], targets: list[int], factors: list[float], places: str
) -> bool:
    """Whether torch's own interpolation means the same: only axes after the second change, to `factor` times whole."""
    axes = list(zip(along, lengths, targets, factors, strict=True))
    same = places in ("half_pixel", "align_corners") or (places == "pytorch_half_pixel" and min(targets) > 1)
    whole = all(abs(factor * length - target) < 1e-9 for _, length, target, factor in axes)
    spatial = all(axis > 1 or length == target for axis, length, target, _ in axes)
    return x.dim() == 4 and x.dtype.is_floating_point and same and whole and spatial


def by_torch(x: Tensor, along: list[int], targets: list[int], mode: str, align_corners: bool) -> Tensor:
    """The last two of four axes resized by torch itself."""
    sizes = list(x.shape)
    for axis, target in zip(along, targets, strict=True):
        sizes[axis] = target
    kind = "bilinear" if mode == "linear" else "bicubic"
    return F.interpolate(floating(x), sizes[2:], mode=kind, align_corners=align_corners).to(x.dtype)


def new_sizes(
    lengths: list[int], scales: Tensor | None, sizes: Tensor | None, policy: str
) -> tuple[list[float], list[int]]:
    """The scale and the new size of every axis; the size by scales is computed in float, their type."""
    if scales is not None and scales.numel():
        products = scales.cpu() * torch.tensor(lengths, dtype=scales.dtype)
        return scales.tolist(), products.floor().to(torch.int64).tolist()
    if sizes is None or not sizes.numel():
        raise ValueError("Resize: give the input scales or the input sizes")
    targets = sizes.tolist()
    factors = [target / length if length else 1.0 for target, length in zip(targets, lengths, strict=True)]
    if policy == "stretch":
        return factors, targets
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [factor] * len(lengths), [int(factor * length + 0.5) for length in lengths]


def crop_regions(roi: Tensor | None, sizes: Tensor | None) -> list[tuple[float, float]]:
    """Where tf_crop_and_resize begins and ends along every axis."""
    if roi is None or not roi.numel():
        raise ValueError("Resize: tf_crop_and_resize needs the input roi")
    starts, ends = roi.reshape(2, -1).tolist()
    regions = list(zip(starts, ends, strict=True))
    if sizes is None and any(region != (0.0, 1.0) for region in regions):
        raise ValueError("Resize: tf_crop_and_resize by scales has two meanings; give sizes")
    return regions


def source_places(mode: str, length: int, target: int, factor: float, region: tuple[float, float]) -> Tensor:
    """The position in the input of every position of the output; by scales the exact new size may be fractional."""
    step = torch.arange(target, dtype=torch.float64)
    exact = factor * length
    if mode == "align_corners":
        return step * (length - 1) / (exact - 1) if exact != 1 else step * 0
    if mode == "asymmetric":
        return step / factor
    if mode == "tf_crop_and_resize":
        start, end = region
        if exact == 1:
            return step * 0 + 0.5 * (start + end) * (length - 1)
        return start * (length - 1) + step * (end - start) * (length - 1) / (exact - 1)
    if mode == "pytorch_half_pixel" and target == 1:
        return step * 0
    if mode not in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"):
        raise ValueError(f"Resize: coordinate_transformation_mode {mode} is not in the standard")
    shift = length / 2 * (1 - target / exact) if mode == "half_pixel_symmetric" else 0.0
    return shift + (step + 0.5) / factor - 0.5


def nearest_taps(place: Tensor, rounding: str) -> tuple[Tensor, Tensor]:
    """The nearest position; in float, the type of the scales, so that 1 / (1 / 3) is 3."""
    place = place.to(torch.float32).to(torch.float64)
    if rounding == "round_prefer_floor":
        tap = torch.ceil(place - 0.5)
    elif rounding == "round_prefer_ceil":
        tap = torch.floor(place + 0.5)
    else:
        tap = torch.floor(place) if rounding == "floor" else torch.ceil(place)
    return tap.to(torch.int64).unsqueeze(1), torch.ones(len(place), 1, dtype=torch.float64)


def bell_taps(place: Tensor, mode: str, shrink: float, a: float) -> tuple[Tensor, Tensor]:
    """The positions under a triangle or a cubic bell around every place; `shrink` below 1 widens it (antialias)."""
    half = math.ceil((1 if mode == "linear" else 2) / shrink)
    taps = place.floor().unsqueeze(1) + torch.arange(1 - half, half + 1)
    d = (taps - place.unsqueeze(1)).abs() * shrink
    if mode == "linear":
        return taps.to(torch.int64), (1 - d).clamp(min=0)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return taps.to(torch.int64), torch.where(d <= 1, near, torch.where(d < 2, far, 0.0))


def weighted_sum(x: Tensor, axis: int, taps: Tensor, weights: Tensor) -> Tensor:
    """Along one axis: the elements at `taps` (a row for every output position), weighted."""
    places = taps.to(x.device)
    if taps.shape[1] == 1:
        return picked(x, axis, places[:, 0])
    shape = [-1] + [1] * (x.dim() - axis - 1)
    weights = (weights / weights.sum(1, keepdim=True)).to(x)
    y = x.index_select(axis, places[:, 0]) * weights[:, 0].reshape(shape)
    for tap in range(1, taps.shape[1]):
        y = y + x.index_select(axis, places[:, tap]) * weights[:, tap].reshape(shape)
    return y


def floating(x: Tensor) -> Tensor:
    """In a type that interpolates well: float for the halves, double for integers."""
    if x.dtype.is_complex:
        return x
    return x.to(torch.promote_types(x.dtype, torch.float32)) if x.dtype.is_floating_point else x.double()


def rounded_to(y: Tensor, dtype: torch.dtype) -> Tensor:
    """Back in the type of the input: integers rounded, and held within their range."""
    if y.dtype == dtype or dtype.is_floating_point or dtype == torch.bool:
        return y.to(dtype)
    limits = torch.iinfo(dtype)
    return y.round().clamp(limits.min, limits.max).to(dtype)
