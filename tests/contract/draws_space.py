"""Draws of layers that work on signals, images and volumes."""

from functools import partial
from typing import Any

from tests.contract.dice import UNBATCHED, Dice, Draw, Drawn, batched, lead

LINEAR_MODES = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}


def _grouped(dice: Dice) -> tuple[int, int, int]:
    """(groups, input channels, output channels); a third of them depthwise."""
    groups = dice.pick(1, 1, 2, 3)
    channels = groups * (1 if dice.flip(0.3) else dice.number(1, 3))
    return groups, channels, groups * dice.number(1, 3)


def conv(dice: Dice, dims: int) -> Drawn:
    groups, channels, out = _grouped(dice)
    params: dict[str, Any] = {
        "out_channels": out,
        "kernel_size": dice.some(dims, 1, 3),
        "dilation": dice.some(dims, 1, 2),
        "groups": groups,
        "bias": dice.flip(0.7),
        "padding": dice.pick("valid", "same", dice.some(dims, 0, 2), dice.some(dims, 0, 2)),
    }
    if params["padding"] != "same":
        params["stride"] = dice.some(dims, 1, 3)
    if params["padding"] != "valid" and any(params["padding"]):
        params["padding_mode"] = dice.pick("zeros", "zeros", "reflect", "replicate", "circular")
    params |= dice.maybe(0.2, in_channels=channels)
    batch = lead(dice)
    return batched(params, dice.floats(*batch, channels, *dice.some(dims, 5, 8)), batch)


def conv_transpose(dice: Dice, dims: int) -> Drawn:
    groups, channels, out = _grouped(dice)
    stride, dilation = dice.some(dims, 1, 3), dice.some(dims, 1, 2)
    params = {
        "out_channels": out,
        "kernel_size": dice.some(dims, 1, 3),
        "stride": stride,
        "padding": dice.some(dims, 0, 1),
        "output_padding": tuple(dice.number(0, max(s, d) - 1) for s, d in zip(stride, dilation, strict=True)),
        "groups": groups,
        "bias": dice.flip(0.7),
        "dilation": dilation,
    }
    batch = lead(dice)
    return batched(params, dice.floats(*batch, channels, *dice.some(dims, 3, 6)), batch)


def max_pool(dice: Dice, dims: int) -> Drawn:
    kernel, dilation = dice.some(dims, 1, 3), dice.some(dims, 1, 2)
    params = {
        "kernel_size": kernel,
        "stride": dice.pick(None, dice.some(dims, 1, 3)),
        "padding": tuple(dice.number(0, k // 2) for k in kernel),
        "dilation": dilation,
        "ceil_mode": dice.flip(),
    }
    batch = lead(dice)
    return batched(params, dice.floats(*batch, 2, *dice.some(dims, 5, 9)), batch)


def avg_pool(dice: Dice, dims: int) -> Drawn:
    kernel = dice.some(dims, 1, 4)
    params = {
        "kernel_size": kernel,
        "stride": dice.pick(None, dice.some(dims, 1, 3)),
        "padding": tuple(dice.number(0, k // 2) for k in kernel),
        "ceil_mode": dice.flip(),
        "count_include_pad": dice.flip(),
    }
    if dims > 1:
        params |= dice.maybe(0.25, divisor_override=dice.number(1, 5))
    batch = lead(dice)
    return batched(params, dice.floats(*batch, 2, *dice.some(dims, 5, 9)), batch)


def lp_pool(dice: Dice) -> Drawn:
    params = {
        "norm_type": dice.pick(1.0, 2.0, 3.0),
        "kernel_size": dice.some(2, 1, 3),
        "stride": dice.pick(None, dice.some(2, 1, 3)),
        "ceil_mode": dice.flip(),
    }
    batch = lead(dice)
    return batched(params, dice.floats(*batch, 2, *dice.some(2, 5, 9), low=0.1), batch)


def adaptive_pool(dice: Dice, dims: int) -> Drawn:
    size = tuple(None if dims > 1 and dice.flip(0.2) else dice.number(1, 5) for _ in range(dims))
    batch = lead(dice)
    return batched({"output_size": size}, dice.floats(*batch, 2, *dice.some(dims, 3, 9)), batch)


def batch_norm(dice: Dice, dims: int) -> Drawn:
    params = {
        "eps": dice.pick(1e-5, 0.001),
        "momentum": dice.pick(0.1, None, 0.25),
        "affine": dice.flip(0.7),
        "track_running_stats": dice.flip(0.8),
    }
    space = () if dims == 1 and dice.flip(0.4) else dice.some(dims, 2, 4)
    # Without running statistics the batch's own are used, so a result depends on the batch.
    return Drawn(params, [dice.floats(dice.number(2, 4), dice.number(1, 4), *space)], (0,))


def instance_norm(dice: Dice, dims: int) -> Drawn:
    params = {"eps": dice.pick(1e-5, 0.001), "affine": dice.flip(), "track_running_stats": dice.flip(0.4)}
    if params["track_running_stats"]:
        params |= dice.maybe(0.4, momentum=0.25)
    batch = lead(dice)
    return batched(params, dice.floats(*batch, dice.number(1, 4), *dice.some(dims, 2, 4)), batch)


def group_norm(dice: Dice) -> Drawn:
    groups, each = dice.number(1, 3), dice.number(1, 3)
    params = {"num_groups": groups, "eps": dice.pick(1e-5, 0.001), "affine": dice.flip(0.7)}
    x = dice.floats(dice.number(2, 3), groups * each, *dice.some(dice.number(0, 3), 1, 4))
    return Drawn(params, [x], (0,))


def trailing_norm(dice: Dice, **params: Any) -> Drawn:
    shape = dice.some(dice.number(2, 4), 2, 5)
    params |= {"elementwise_affine": dice.flip(0.7)}
    params |= dice.maybe(0.5, normalized_shape=shape[-dice.number(1, len(shape) - 1) :])
    return Drawn(params, [dice.floats(*shape)], (0,))


def layer_norm(dice: Dice) -> Drawn:
    return trailing_norm(dice, eps=dice.pick(1e-5, 0.001), bias=dice.flip(0.7))


def rms_norm(dice: Dice) -> Drawn:
    return trailing_norm(dice, eps=dice.pick(None, 1e-6, 0.01))


def local_response_norm(dice: Dice) -> Drawn:
    params = {
        "size": dice.number(1, 5),
        "alpha": dice.pick(0.0001, 0.5),
        "beta": dice.pick(0.75, 0.5),
        "k": dice.pick(1.0, 2.0),
    }
    x = dice.floats(dice.number(1, 3), dice.number(1, 6), *dice.some(dice.number(1, 3), 1, 4))
    return Drawn(params, [x], (0,))


def crop_or_pad(dice: Dice, dims: int, **params: Any) -> Drawn:
    """Constant borders go on any rank and may be negative."""
    batch = lead(dice)
    params["padding"] = dice.pick(dice.number(0, 3), dice.some(2 * dims, -1, 3))
    return batched(params, dice.floats(*batch, 2, *dice.some(dims, 4, 6)), batch)


def constant_pad(dice: Dice, dims: int) -> Drawn:
    return crop_or_pad(dice, dims, value=dice.real(-2, 2))


def border_pad(dice: Dice, dims: int) -> Drawn:
    batch = lead(dice)
    padding = dice.pick(dice.number(0, 3), dice.some(2 * dims, 0, 3))
    return batched({"padding": padding}, dice.floats(*batch, 2, *dice.some(dims, 4, 6)), batch)


def resize(dice: Dice, more: bool) -> Drawn:
    dims = dice.number(1, 3)
    mode = dice.pick("nearest", *LINEAR_MODES[dims], *(("area", "nearest-exact") if more else ()))
    params: dict[str, Any] = {"mode": mode}
    if mode in LINEAR_MODES[dims]:
        params["align_corners"] = dice.pick(None, False, True)
    if dice.flip():
        params["size"] = dice.pick(dice.number(2, 8), dice.some(dims, 2, 8))
    else:
        factors = (2.0, 3.0, 1.5, 0.5)
        params["scale_factor"] = dice.pick(
            dice.pick(*factors), tuple(dice.pick(*factors) for _ in range(dims))
        )
        params |= dice.maybe(0.3, recompute_scale_factor=dice.pick(True, False))
    if more and mode in ("bilinear", "bicubic"):
        params["antialias"] = dice.flip(0.3)
    return Drawn(params, [dice.floats(dice.number(1, 2), 2, *dice.some(dims, 3, 6))], (0,))


def pixel_shuffle(dice: Dice) -> Drawn:
    factor, batch = dice.number(1, 3), lead(dice)
    x = dice.floats(*batch, factor**2 * dice.number(1, 2), *dice.some(2, 1, 4))
    return batched({"upscale_factor": factor}, x, batch)


def pixel_unshuffle(dice: Dice) -> Drawn:
    factor, batch = dice.number(1, 3), lead(dice)
    x = dice.floats(*batch, dice.number(1, 3), *(factor * size for size in dice.some(2, 1, 3)))
    return batched({"downscale_factor": factor}, x, batch)


def channel_shuffle(dice: Dice) -> Drawn:
    groups = dice.number(1, 3)
    x = dice.floats(dice.number(1, 3), groups * dice.number(1, 3), *dice.some(dice.number(1, 3), 1, 3))
    return Drawn({"groups": groups}, [x], (0,))


def _blocks(dice: Dice) -> dict[str, Any]:
    return {
        "kernel_size": dice.some(2, 1, 3),
        "dilation": dice.some(2, 1, 2),
        "padding": dice.some(2, 0, 2),
        "stride": dice.some(2, 1, 3),
    }


def unfold(dice: Dice) -> Drawn:
    batch = lead(dice)
    return batched(_blocks(dice), dice.floats(*batch, 2, *dice.some(2, 5, 8)), batch)


def fold(dice: Dice) -> Drawn:
    params, size, batch = _blocks(dice), dice.some(2, 5, 8), lead(dice)
    count, rows = 1, 1
    columns = (params[name] for name in ("kernel_size", "dilation", "padding", "stride"))
    for full, k, d, p, s in zip(size, *columns, strict=True):
        count *= (full + 2 * p - d * (k - 1) - 1) // s + 1
        rows *= k
    return batched({"output_size": size, **params}, dice.floats(*batch, 2 * rows, count), batch)


def linear(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 4), 1, 5)
    params = {
        "out_features": dice.number(1, 6),
        "bias": dice.flip(0.7),
        **dice.maybe(0.2, in_features=shape[-1]),
    }
    return Drawn(
        params,
        [dice.floats(*shape)],
        (0 if len(shape) > 1 else None,),
        frozenset() if len(shape) > 1 else UNBATCHED,
    )


def bilinear(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 3), 1, 4)
    params = {"out_features": dice.number(1, 5), "bias": dice.flip(0.7)}
    inputs = [dice.floats(*shape, dice.number(1, 4)), dice.floats(*shape, dice.number(1, 4))]
    return Drawn(params, [*inputs], (0, 0))


def _each(name: str, draw: Any) -> dict[str, Draw]:
    return {name.format(dims): partial(draw, dims=dims) for dims in (1, 2, 3)}


DRAWS: dict[str, Draw] = {
    **_each("Conv{}d", conv),
    **_each("ConvTranspose{}d", conv_transpose),
    **_each("MaxPool{}d", max_pool),
    **_each("AvgPool{}d", avg_pool),
    **_each("AdaptiveAvgPool{}d", adaptive_pool),
    **_each("AdaptiveMaxPool{}d", adaptive_pool),
    "LPPool2d": lp_pool,
    **_each("BatchNorm{}d", batch_norm),
    **_each("InstanceNorm{}d", instance_norm),
    "GroupNorm": group_norm,
    "LayerNorm": layer_norm,
    "RMSNorm": rms_norm,
    "LocalResponseNorm": local_response_norm,
    **_each("ZeroPad{}d", crop_or_pad),
    **_each("ConstantPad{}d", constant_pad),
    **_each("ReflectionPad{}d", border_pad),
    **_each("ReplicationPad{}d", border_pad),
    "Upsample": partial(resize, more=False),
    "Interpolate": partial(resize, more=True),
    "PixelShuffle": pixel_shuffle,
    "PixelUnshuffle": pixel_unshuffle,
    "ChannelShuffle": channel_shuffle,
    "Unfold": unfold,
    "Fold": fold,
    "Linear": linear,
    "Bilinear": bilinear,
}
