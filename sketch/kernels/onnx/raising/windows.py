"""Convolutions, pools and explicit padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sketch.kernels.onnx.raising.site import Plan, Raiser, Site

_LOWEST = -3.4028234663852886e38
_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _window(
    site: Site, kernel: Sequence[int]
) -> tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]] | None:
    """(kernel, stride and dilation, padding before, padding after); None when auto_pad cannot be worked out."""
    dims = len(kernel)
    stride = site.attribute("strides", (1,) * dims)
    dilation = site.attribute("dilations", (1,) * dims)
    params = {"kernel_size": tuple(kernel), "stride": stride, "dilation": dilation}
    mode = site.attribute("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        sides = _same(site, kernel, stride, dilation, mode)
        return None if sides is None else (params, *sides)
    pads = site.attribute("pads", (0,) * (2 * dims)) if mode == "NOTSET" else (0,) * (2 * dims)
    return params, tuple(pads[:dims]), tuple(pads[dims:])


def _same(
    site: Site, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], mode: str
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """auto_pad as numbers; with a stride it depends on the input's size."""
    shape = site.shape(0)
    before, after = [], []
    for axis, (size, step, spread) in enumerate(zip(kernel, stride, dilation, strict=True)):
        extent = spread * (size - 1) + 1
        total = extent - 1
        if step > 1:
            length = shape[axis + 2] if shape is not None and len(shape) == len(kernel) + 2 else None
            if not isinstance(length, int):
                return None
            total = max(0, (-(-length // step) - 1) * step + extent - length)
        small = total // 2
        before.append(small if mode == "SAME_UPPER" else total - small)
        after.append(total - small if mode == "SAME_UPPER" else small)
    return tuple(before), tuple(after)


def torch_order(before: Sequence[int], after: Sequence[int]) -> tuple[int, ...]:
    """Paddings from the last dimension to the first, before and after each."""
    return tuple(number for pair in reversed(list(zip(before, after, strict=True))) for number in pair)


def conv(site: Site) -> Sequence[Plan] | None:
    """Conv with constant weights; unequal sides become a padding layer of their own."""
    if site.weight(1) is None or (site.given(2) and site.weight(2) is None):
        return None
    shape = site.dims(1)
    dims = len(shape) - 2
    found = _window(site, site.attribute("kernel_shape", shape[2:])) if dims in (1, 2, 3) else None
    if found is None:
        return None
    params, before, after = found
    params |= {"out_channels": shape[0], "groups": site.attribute("group", 1), "bias": site.given(2)}
    if min((*before, *after)) < 0:
        return None
    plans: list[Plan] = []
    source: Any = site.value(0)
    if before != after:
        plans.append(Plan(f"ZeroPad{dims}d", {"padding": torch_order(before, after)}, [source]))
        before, source = (0,) * dims, (0, 0)
    weights = {"weight": site.as_weight(1), **({"bias": site.as_weight(2)} if site.given(2) else {})}
    params["padding"] = before
    plans.append(site.plan(f"Conv{dims}d", params, [source], **weights))
    return plans


def conv_transpose(site: Site) -> Sequence[Plan] | None:
    """ConvTranspose with constant weights and equal sides."""
    if site.weight(1) is None or (site.given(2) and site.weight(2) is None) or site.attribute("output_shape"):
        return None
    shape = site.dims(1)
    dims = len(shape) - 2
    if dims not in (1, 2, 3) or site.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        return None
    found = _window(site, site.attribute("kernel_shape", shape[2:]))
    if found is None or found[1] != found[2]:
        return None
    params, before, _ = found
    groups = site.attribute("group", 1)
    params |= {
        "out_channels": shape[1] * groups, "groups": groups, "bias": site.given(2), "padding": before,
        "output_padding": site.attribute("output_padding", (0,) * dims),
    }  # fmt: skip
    weights = {"weight": site.as_weight(1), **({"bias": site.as_weight(2)} if site.given(2) else {})}
    return [site.plan(f"ConvTranspose{dims}d", params, **weights)]


def pool(site: Site) -> Sequence[Plan] | None:
    """MaxPool and AveragePool of real numbers; padding that PyTorch's pools do not take becomes a layer of its own."""
    largest = site.kind == "MaxPool"
    real = (site.dtype(0) or "").startswith(("float", "bfloat"))
    if site.used(1) or site.attribute("storage_order", 0) or not real:
        return None
    kernel = site.attribute("kernel_shape", ())
    dims = len(kernel)
    found = _window(site, kernel) if dims in (1, 2, 3) else None
    if found is None:
        return None
    params, before, after = found
    if not largest and set(params.pop("dilation")) != {1}:
        return None
    params["ceil_mode"] = bool(site.attribute("ceil_mode", 0))
    include = bool(site.attribute("count_include_pad", 0))
    name = f"{'Max' if largest else 'Avg'}Pool{dims}d"
    if not largest:
        params["count_include_pad"] = include or not any((*before, *after))
    if before == after and all(2 * pad <= size for pad, size in zip(before, kernel, strict=True)):
        return [site.plan(name, {**params, "padding": before})]
    if params["ceil_mode"] or not (largest or include):
        return _own_ends(site, name, params, before, after)
    return _padded(site, name, params, before, after)


def _padded(
    site: Site, name: str, params: dict[str, Any], before: Sequence[int], after: Sequence[int]
) -> Sequence[Plan]:
    dims = len(before)
    value = _LOWEST if name.startswith("Max") else 0.0
    pad = Plan(
        f"ConstantPad{dims}d", {"padding": torch_order(before, after), "value": value}, [site.value(0)]
    )
    return [pad, site.plan(name, {**params, "padding": (0,) * dims}, [(0, 0)])]


def _own_ends(
    site: Site, name: str, params: dict[str, Any], before: Sequence[int], after: Sequence[int]
) -> Sequence[Plan] | None:
    """A pool that rounds up or leaves padding out of the mean, with unequal sides.

    Where the last window fits without the trailing padding, or reaches just as far as rounding up does, the
    trailing padding can be said by ceil_mode.
    """
    shape = site.shape(0)
    dims = len(before)
    if shape is None or not all(isinstance(size, int) for size in shape[2:]):
        return None
    single = None if name.startswith("Max") else _single(params, shape[2:], before, after)
    if single is not None:
        return [site.plan(name, single)]
    if any(before):
        return None
    if name.startswith("Max") and params["ceil_mode"]:
        extra = [_ceil_end(params, axis, shape[2 + axis], after[axis]) for axis in range(dims)]
        return _padded(site, name, {**params, "ceil_mode": False}, before, extra)
    if params["ceil_mode"]:
        return None
    for axis in range(dims):
        size, kernel, step = shape[2 + axis], params["kernel_size"][axis], params["stride"][axis]
        out = (size + after[axis] - kernel) // step + 1
        up = -(-(size - kernel) // step) + 1
        up -= (up - 1) * step >= size
        if out != up:
            return None
    plain = {**params, "padding": (0,) * dims, "ceil_mode": True, "count_include_pad": True}
    return [site.plan(name, plain)]


def _single(
    params: Mapping[str, Any], space: Sequence[int], before: Sequence[int], after: Sequence[int]
) -> dict[str, Any] | None:
    """One window for all: its mean without the padding is that of a smaller window."""
    kernel = []
    for size, whole, step, start, end in zip(
        space, params["kernel_size"], params["stride"], before, after, strict=True
    ):
        if (size + start + end - whole) // step != 0 or params["ceil_mode"]:
            return None
        kernel.append(min(size, whole - start))
    return {**params, "kernel_size": tuple(kernel), "padding": (0,) * len(kernel), "count_include_pad": True}


def _ceil_end(params: Mapping[str, Any], axis: int, size: int, after: int) -> int:
    extent = params["dilation"][axis] * (params["kernel_size"][axis] - 1) + 1
    step = params["stride"][axis]
    windows = -(-(size + after - extent) // step) + 1
    windows -= (windows - 1) * step >= size
    return int(max(0, (windows - 1) * step + extent - size))


def global_pool(site: Site) -> Sequence[Plan] | None:
    """GlobalAveragePool and GlobalMaxPool are adaptive pools of size 1."""
    rank = site.rank(0)
    if rank not in (3, 4, 5):
        return None
    kind = "Avg" if site.kind == "GlobalAveragePool" else "Max"
    return [site.plan(f"Adaptive{kind}Pool{rank - 2}d", {"output_size": (1,) * (rank - 2)})]


def pad(site: Site) -> Sequence[Plan] | None:
    """Pad by constant numbers."""
    numbers, rank = site.numbers(1), site.rank(0)
    mode = _MODES.get(site.attribute("mode", "constant"))
    value = site.number(2) if site.given(2) else 0.0
    if numbers is None or rank is None or mode is None or value is None:
        return None
    axes = site.numbers(3) if site.given(3) else tuple(range(rank))
    if axes is None or len(numbers) != 2 * len(axes):
        return None
    sides = {axis % rank: (numbers[place], numbers[place + len(axes)]) for place, axis in enumerate(axes)}
    first = min((axis for axis, pair in sides.items() if any(pair)), default=rank - 1)
    pairs = [sides.get(axis, (0, 0)) for axis in range(first, rank)]
    if mode != "constant" and (len(pairs) > 3 or len(pairs) > rank - 1):
        return None
    params: dict[str, Any] = {"pad": torch_order([b for b, _ in pairs], [a for _, a in pairs]), "mode": mode}
    if mode == "constant":
        params["value"] = value
    return [site.plan("Pad", params)]


RAISERS: Mapping[str, Raiser] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": pool,
    "AveragePool": pool,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "Pad": pad,
}
