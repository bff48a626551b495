"""Operators that move or select elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from sketch.graph.dims import is_known
from sketch.kernels.onnx.raising.site import Plan, Raiser, Site

_TO_THE_END = (1 << 31) - 1


def reshape(site: Site) -> Sequence[Plan] | None:
    """Reshape by a constant shape: Flatten where that is what it does, else Reshape."""
    wanted, have = site.numbers(1), site.shape(0)
    if wanted is None or (site.attribute("allowzero", 0) and 0 in wanted):
        return None
    flat = _flattened(wanted, have)
    if flat is not None:
        return [site.plan("Flatten", {"start_dim": flat})]
    sizes: list[Any] = []
    for place, size in enumerate(wanted):
        if size == 0 and (have is None or place >= len(have)):
            return None
        sizes.append(str(have[place]) if size == 0 and have and not isinstance(have[place], int) else
                     have[place] if size == 0 and have else size)  # fmt: skip
    return [site.plan("Reshape", {"shape": tuple(sizes)})]


def _flattened(wanted: Sequence[int], have: tuple[Any, ...] | None) -> int | None:
    """Where Flatten would start, None when the reshape is no Flatten."""
    kept = len(wanted) - 1
    if kept < 0 or kept == 0:
        return None
    if wanted[-1] == -1 and all(size == 0 for size in wanted[:-1]):
        return kept if have is None or len(have) > kept else None
    if have is None or len(have) <= kept or not is_known(have):
        return None
    same = all(size in (0, own) for size, own in zip(wanted[:-1], have, strict=False))
    return kept if same and wanted[-1] in (-1, prod(have[kept:])) else None


def flatten(site: Site) -> Sequence[Plan] | None:
    """Flatten at axis 1 keeps the batch; at another axis it also joins what is before."""
    axis, shape = site.attribute("axis", 1), site.shape(0)
    rank = None if shape is None else len(shape)
    if axis == 1 and (rank is None or rank >= 2):
        return [site.plan("Flatten")]
    if shape is None or rank is None or not is_known(shape):
        return None
    axis = axis % rank if axis < 0 else axis
    return [site.plan("Reshape", {"shape": (prod(shape[:axis]), prod(shape[axis:]))})]


def transpose(site: Site) -> Sequence[Plan] | None:
    """Transpose; without an order it reverses the dimensions."""
    rank = site.rank(0)
    order = site.attribute("perm")
    if order is None:
        if rank is None:
            return None
        order = tuple(reversed(range(rank)))
    return [site.plan("Permute", {"dims": order})]


def squeeze(site: Site) -> Sequence[Plan] | None:
    """Squeeze of constant axes."""
    axes = site.numbers(1) if site.given(1) else site.attribute("axes")
    if site.given(1) and axes is None:
        return None
    return [site.plan("Squeeze", {"dim": axes})]


def unsqueeze(site: Site) -> Sequence[Plan] | None:
    """One Unsqueeze for each axis, the smallest first."""
    axes, rank = site.numbers(1) if site.given(1) else site.attribute("axes"), site.rank(0)
    if axes is None or rank is None:
        return None
    places = sorted(axis % (rank + len(axes)) for axis in axes)
    plans = [
        Plan("Unsqueeze", {"dim": axis}, [(n - 1, 0) if n else site.value(0)])
        for n, axis in enumerate(places)
    ]
    if plans:
        plans[-1].outputs = site.node.outputs[:1]
    return plans or None


def concat(site: Site) -> Sequence[Plan] | None:
    """Concat along an axis."""
    return [site.plan("Concat", {"dim": site.attribute("axis", 1)}, list(site.node.inputs))]


def split(site: Site) -> Sequence[Plan] | None:
    """Split by constant sizes, or in equal parts of a known size."""
    axis, count, shape = site.attribute("axis", 0), len(site.node.outputs), site.shape(0)
    sizes = site.numbers(1) if site.given(1) else None
    if sizes is None:
        if site.given(1) or shape is None or not isinstance(shape[axis], int):
            return None
        part = -(-shape[axis] // count)
        sizes = (*(part,) * (count - 1), shape[axis] - part * (count - 1))
    if len(sizes) != count:
        return None
    params = {"split_size_or_sections": sizes, "dim": axis}
    return [Plan("Split", params, [site.value(0)], {}, site.node.outputs)]


def slice_(site: Site) -> Sequence[Plan] | None:
    """One Slice for each axis."""
    starts, ends = site.numbers(1), site.numbers(2)
    if starts is None or ends is None:
        return None
    axes = site.numbers(3) if site.given(3) else tuple(range(len(starts)))
    steps = site.numbers(4) if site.given(4) else (1,) * len(starts)
    if axes is None or steps is None or min(steps, default=1) < 1:
        return None
    plans: list[Plan] = []
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        first = 0 if start <= -_TO_THE_END else start
        params = {"dim": axis, "start": first, "end": None if end >= _TO_THE_END else end, "step": step}
        plans.append(Plan("Slice", params, [(len(plans) - 1, 0) if plans else site.value(0)]))
    if plans:
        plans[-1].outputs = site.node.outputs[:1]
    return plans or None


def expand(site: Site) -> Sequence[Plan] | None:
    """Expand to constant sizes; 1 keeps what is there."""
    sizes, rank = site.numbers(1), site.rank(0)
    if sizes is None or rank is None or rank > len(sizes):
        return None
    new = len(sizes) - rank
    return [
        site.plan(
            "Expand", {"shape": tuple(-1 if size == 1 and n >= new else size for n, size in enumerate(sizes))}
        )
    ]


def resize(site: Site) -> Sequence[Plan] | None:
    """Resize of the dimensions of space with coordinates that PyTorch has."""
    rank, mode = site.rank(0), _resize_mode(site)
    if rank not in (3, 4, 5) or mode is None or site.attribute("axes") or site.attribute("antialias", 0):
        return None
    scales = site.constant(2) if site.given(2) else None
    sizes = site.numbers(3) if site.given(3) else None
    shape = site.shape(0)
    if scales is not None and scales.size == rank and tuple(scales[:2]) == (1.0, 1.0):
        target: dict[str, Any] = {"scale_factor": tuple(float(str(item)) for item in scales[2:])}
    elif sizes is not None and shape is not None and len(sizes) == rank and tuple(shape[:2]) == sizes[:2]:
        target = {"size": sizes[2:], "scale_factor": None}
    else:
        return None
    return [site.plan("Upsample", {**target, **mode})]


def _resize_mode(site: Site) -> dict[str, Any] | None:
    rank = site.rank(0) or 0
    kind = site.attribute("mode", "nearest")
    where = site.attribute("coordinate_transformation_mode", "half_pixel")
    if kind == "nearest":
        rounding = site.attribute("nearest_mode", "round_prefer_floor")
        return {"mode": "nearest"} if (where, rounding) == ("asymmetric", "floor") else None
    if where not in ("half_pixel", "align_corners", "pytorch_half_pixel") or site.attribute(
        "exclude_outside", 0
    ):
        return None
    corners = {"align_corners": where == "align_corners"}
    if kind == "linear":
        return {"mode": {3: "linear", 4: "bilinear", 5: "trilinear"}.get(rank, ""), **corners}
    if kind == "cubic" and rank == 4 and site.attribute("cubic_coeff_a", -0.75) == -0.75:
        return {"mode": "bicubic", **corners}
    return None


RAISERS: Mapping[str, Raiser] = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Concat": concat,
    "Split": split,
    "Slice": slice_,
    "Expand": expand,
    "Resize": resize,
}
