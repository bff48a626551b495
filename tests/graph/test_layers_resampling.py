"""Resizing, shuffles, fold and unfold: sizes and refusals are torch's."""

import pytest

from sketch.graph.dims import substitute, symbol
from tests.contract import draws_tensor
from tests.contract.dice import Dice
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    floats,
    layers_in,
    look,
    refusal,
    shapes,
    sized,
)

NAMES = [name for name in layers_in("Resampling") if name not in draws_tensor.DRAWS]


def wild(dice: Dice, layer: str):
    shape = dice.some(dice.pick(2, 3, 3, 4, 4, 4, 5), 1, 8)
    if layer in ("Upsample", "Interpolate"):
        modes = ["nearest", "linear", "bilinear", "bicubic", "trilinear"] + ["area"] * (
            layer == "Interpolate"
        )
        params = {"mode": dice.pick(*modes)}
        count = dice.pick(1, max(len(shape) - 2, 1), dice.number(1, 3))
        if dice.flip():
            params["size"] = dice.some(count, 1, 5)
        else:
            params["scale_factor"] = tuple(dice.pick(0.3, 0.5, 1.7, 2.0) for _ in range(count))
        return params, [dice.floats(*shape)]
    if layer in ("Fold", "Unfold"):
        params = {
            "kernel_size": dice.some(2, 1, 3),
            "stride": dice.some(2, 1, 2),
            "padding": dice.some(2, 0, 1),
            "dilation": dice.some(2, 1, 2),
        }
        if layer == "Unfold":
            return params, [dice.floats(*dice.some(dice.pick(2, 3, 4, 4, 5), 1, 5))]
        params |= {"output_size": dice.some(2, 1, 2), "kernel_size": dice.some(2, 1, 2), "dilation": 1}
        return params, [dice.floats(*dice.some(dice.pick(1, 2, 3, 3, 4), 1, 4))]
    param = {"PixelShuffle": "upscale_factor", "PixelUnshuffle": "downscale_factor"}.get(layer, "groups")
    return {param: dice.number(1, 3)}, [dice.floats(*shape)]


def test_all_of_them_are_there():
    shuffles = {"PixelShuffle", "PixelUnshuffle", "ChannelShuffle"}
    assert set(NAMES) == {"Upsample", "Interpolate", "Fold", "Unfold"} | shuffles


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 80)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *wild(Dice(seed, layer), layer)) for seed in range(250))
    assert 8 <= accepted <= 240


def test_scaled_symbols_are_rounded_down():
    size = look("Upsample", {"scale_factor": 1.7}, [floats(1, 3, symbol("L"))]).outputs[0].shape[-1]
    for length in range(1, 60):
        assert [(1, 3, substitute(size, {"L": length}))] == shapes(
            "Upsample", {"scale_factor": 1.7}, floats(1, 3, length)
        )


def test_sizes_stay_symbolic():
    n, h = symbol("N"), symbol("H")
    assert shapes("Upsample", {}, floats(n, 3, h, 4)) == [sized("N", 3, "2*H", 8)]
    assert shapes("Upsample", {"scale_factor": 0.5}, floats(n, 3, h, 4)) == [sized("N", 3, "(H//2)", 2)]
    assert shapes("Interpolate", {"size": 7}, floats(n, 3, h, 4)) == [sized("N", 3, 7, 7)]
    assert shapes("PixelShuffle", {}, floats(n, 8, h, 4)) == [sized("N", 2, "2*H", 8)]


def test_the_size_wins_over_the_scale():
    assert shapes("Upsample", {"size": (5, 6), "scale_factor": 2.0}, floats(1, 3, 4, 4)) == [(1, 3, 5, 6)]


def test_a_mode_has_its_own_rank():
    problem = refusal("Upsample", {"mode": "bilinear"}, floats(1, 3, 9))
    assert problem.message == "Mode bilinear takes 4-D inputs, gets 3-D 1×3×9."
    assert (problem.cure, problem.param) == ("Set mode to linear or nearest.", "mode")


def test_neither_size_nor_scale():
    problem = refusal("Upsample", {"scale_factor": None}, floats(1, 3, 9))
    assert problem.message == "Neither size nor scale_factor is given."


def test_nothing_would_be_left():
    problem = refusal("Upsample", {"scale_factor": 0.1}, floats(1, 3, 9))
    assert problem.message == "Nothing would be left of 9 with scale_factor 0.1."


def test_pixel_shuffle_needs_a_square_of_channels():
    problem = refusal("PixelShuffle", {"upscale_factor": 3}, floats(1, 8, 4, 4))
    assert problem.message == "8 channels cannot be split in groups of 3×3."
    problem = refusal("PixelUnshuffle", {}, floats(1, 8, 4, 5))
    assert problem.message == "The width 5 cannot be divided by 2."


def test_fold_takes_what_unfold_gives():
    params = {"kernel_size": (2, 3), "stride": (1, 2), "padding": 1}
    assert shapes("Unfold", params, floats(symbol("N"), 3, 10, 12)) == [sized("N", 18, 66)]
    assert shapes("Fold", {**params, "output_size": (10, 12)}, floats(symbol("N"), 18, 66)) == [
        sized("N", 3, 10, 12)
    ]


def test_fold_counts_its_blocks():
    problem = refusal("Fold", {"output_size": 4, "kernel_size": 2}, floats(1, 8, 8))
    assert problem.message == "An output of 4×4 has 3×3 = 9 blocks, the input has 8."


def test_shuffles_name_the_layout_they_need():
    problem = refusal("ChannelShuffle", {}, floats(2, 4))
    assert problem.message == (
        "ChannelShuffle needs at least 3 dimensions (N×C and one or more dimensions after them), gets 2-D 2×4."
    )
    assert refusal("PixelShuffle", {}, floats(4, 4)).port == 0


def test_numbers_for_each_dimension_of_space():
    problem = refusal("Upsample", {"scale_factor": (2, 2)}, floats(1, 3, 9))
    assert problem.message == "scale_factor 2.0×2.0 has 2 numbers, the input has 1 dimensions of space."
