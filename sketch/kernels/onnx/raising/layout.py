"""Operators that move or select elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sketch.graph.dims import Dim, floor_divide, is_known, product
from sketch.kernels.onnx.raising.site import Array, Plan, Raiser, Site

_TO_THE_END = (1 << 31) - 1


def reshape(site: Site) -> Sequence[Plan] | None:
    """Reshape by known sizes: Flatten where that is what it does, else Reshape."""
    wanted, have = site.sizes(1), site.shape(0)
    if wanted is None or (site.attribute("allowzero", 0) and 0 in wanted):
        return None
    sizes: list[Dim] = []
    for place, size in enumerate(wanted):
        if size == 0 and (have is None or place >= len(have)):
            return None
        sizes.append(have[place] if size == 0 and have else size)
    shape = named(sizes, have)
    if shape is None:
        return None
    flat = _flattened(sizes, have)
    return [site.plan("Flatten", {"start_dim": flat}) if flat else site.plan("Reshape", {"shape": shape})]


def named(sizes: Sequence[Dim], have: tuple[Dim, ...] | None) -> tuple[int | str, ...] | None:
    """Sizes as a Reshape takes them: those of the input by name, one other as -1; None where more are open."""
    found: list[int | str] = []
    free = -1 not in sizes
    for size in sizes:
        if isinstance(size, int):
            found.append(size)
        elif have is not None and size in have and str(size).isidentifier():
            found.append(str(size))
        elif free:
            found.append(-1)
            free = False
        else:
            return None
    return tuple(found)


def _flattened(sizes: Sequence[Dim], have: tuple[Dim, ...] | None) -> int | None:
    """Where Flatten would start: the leading sizes stay, the rest becomes one; None when the reshape is none."""
    kept = len(sizes) - 1
    if have is None or kept < 1 or len(have) <= kept:
        return None
    target = list(sizes)
    if -1 in target:
        rest = product([size for size in target if size != -1])
        target[target.index(-1)] = floor_divide(product(have), rest) if rest != 0 else -1
    return kept if target == [*have[:kept], product(have[kept:])] else None


def flatten(site: Site) -> Sequence[Plan] | None:
    """Flatten at axis 1 keeps the batch; at another axis it also joins what is before."""
    axis, shape = site.attribute("axis", 1), site.shape(0)
    rank = None if shape is None else len(shape)
    if axis == 1 and (rank is None or rank >= 2):
        return [site.plan("Flatten")]
    if shape is None or rank is None or not is_known(shape):
        return None
    axis = axis % rank if axis < 0 else axis
    return [site.plan("Reshape", {"shape": (product(shape[:axis]), product(shape[axis:]))})]


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
    """Expand to known sizes; 1 keeps what is there, and so does a size that the input has."""
    sizes, have = site.sizes(1), site.shape(0)
    if sizes is None or have is None or len(have) > len(sizes):
        return None
    new = len(sizes) - len(have)
    own = (*(None,) * new, *have)
    kept = [n >= new and size in (1, own[n]) for n, size in enumerate(sizes)]
    if any(not keep and not isinstance(size, int) for keep, size in zip(kept, sizes, strict=True)):
        return None
    if all(kept):
        return [site.plan("Identity")]
    return [
        site.plan(
            "Expand", {"shape": tuple(-1 if keep else size for keep, size in zip(kept, sizes, strict=True))}
        )
    ]


def resize(site: Site) -> Sequence[Plan] | None:
    """Resize of the dimensions of space with coordinates that PyTorch has."""
    rank, mode = site.rank(0), _resize_mode(site)
    if rank not in (3, 4, 5) or mode is None or site.attribute("axes") or site.attribute("antialias", 0):
        return None
    if site.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        return None
    scales = site.constant(2) if site.given(2) else None
    sizes = site.sizes(3) if site.given(3) else None
    shape = site.shape(0)
    if not _same_places(site, shape, scales, sizes):
        return None
    if scales is not None and scales.size == rank and tuple(scales[:2]) == (1.0, 1.0):
        target: dict[str, Any] = {"scale_factor": tuple(float(str(item)) for item in scales[2:])}
    elif (
        sizes is not None
        and shape is not None
        and len(sizes) == rank
        and tuple(shape[:2]) == sizes[:2]
        and is_known(sizes[2:])
    ):
        target = {"size": sizes[2:], "scale_factor": None}
    else:
        return None
    return [site.plan("Upsample", {**target, **mode})]


def _same_places(
    site: Site, shape: tuple[Dim, ...] | None, scales: Array | None, sizes: tuple[Dim, ...] | None
) -> bool:
    """True where both count places alike: align_corners on whole results, pytorch_half_pixel on more than one entry."""
    where = site.attribute("coordinate_transformation_mode", "half_pixel")
    if where not in ("align_corners", "pytorch_half_pixel"):
        return True
    if scales is None:
        return sizes is not None and all(not isinstance(size, int) or size > 1 for size in sizes[2:])
    for place, factor in enumerate(scales.reshape(-1).tolist()[2:], 2):
        size = shape[place] if shape is not None else None
        if isinstance(size, int):
            if size * factor != int(size * factor) or size * factor < 2:
                return False
        elif factor != int(factor) or factor < 2:
            return False
    return True


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
