"""Pools: shapes and refusals are torch's, rounding up included."""

import pytest
import torch
from torch.nn import functional

from sketch.graph.dims import substitute, symbol
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

NAMES = layers_in("Pooling")


def _wild_rank(dice: Dice, dims: int) -> int:
    return dice.pick(dims, dims + 1, dims + 1, dims + 2, dims + 2, dims + 2, dims + 2, dims + 3)


def wild_max(dice: Dice, dims: int):
    params = {
        "kernel_size": dice.some(dims, 1, 4),
        "stride": dice.pick(None, dice.some(dims, 1, 4)),
        "padding": dice.pick(0, dice.some(dims, 0, 2)),
        "dilation": dice.pick(1, 1, dice.some(dims, 1, 2)),
        "ceil_mode": dice.flip(),
    }
    if params["dilation"] != 1:
        params["padding"] = 0  # torch's paths differ on how much padding goes with a dilated window
    return params, [dice.floats(*dice.some(_wild_rank(dice, dims), 1, 6))]


def wild_avg(dice: Dice, dims: int):
    params, inputs = wild_max(dice, dims)
    del params["dilation"]
    return {**params, "count_include_pad": dice.flip()}, inputs


def wild_lp(dice: Dice, dims: int):
    params, inputs = wild_avg(dice, dims)
    return {name: params[name] for name in ("kernel_size", "stride", "ceil_mode")}, inputs


def wild_adaptive(dice: Dice, dims: int):
    size = dice.pick(2, dice.some(dims, 2, 4))  # for size 1 torch takes a mean over any rank
    return {"output_size": size}, [dice.floats(*dice.some(_wild_rank(dice, dims), 1, 6))]


def draw_for(layer: str):
    kinds = {"MaxPool": wild_max, "AvgPool": wild_avg, "LPPool": wild_lp}
    return kinds.get(layer[:-2], wild_adaptive)


def test_all_of_them_are_there():
    names = {f"{kind}Pool{d}d" for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax") for d in (1, 2, 3)}
    assert set(NAMES) == names | {"LPPool2d"}


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 60)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    draw, dims = draw_for(layer), int(layer[-2])
    accepted = sum(check_same_verdict(layer, *draw(Dice(seed, layer), dims)) for seed in range(150))
    assert 15 <= accepted <= 149


def test_rounding_up_holds_for_every_size_of_a_symbolic_input():
    for seed in range(40):
        dice = Dice(seed, "ceil")
        kernel, stride = dice.number(1, 6), dice.number(1, 7)
        params = {
            "kernel_size": kernel,
            "stride": stride,
            "padding": dice.number(0, kernel // 2),
            "ceil_mode": True,
        }
        size = look("MaxPool1d", params, [floats(1, 1, symbol("L"))]).outputs[0].shape[-1]
        for length in range(kernel, 25):
            found = functional.max_pool1d(torch.zeros(1, 1, length), **params).shape[-1]
            assert substitute(size, {"L": length}) == found, (params, length)


def test_sizes_stay_symbolic():
    n, h = symbol("N"), symbol("H")
    assert shapes("MaxPool2d", {}, floats(n, 8, h, 12)) == [sized("N", 8, "(H//2)", 6)]
    assert shapes("AdaptiveAvgPool2d", {"output_size": (None, 3)}, floats(n, 8, h, 12)) == [
        sized("N", 8, "H", 3)
    ]


def test_an_empty_stride_is_the_window():
    assert shapes("AvgPool2d", {"kernel_size": (2, 3), "stride": None}, floats(1, 4, 8, 9)) == [(1, 4, 4, 3)]


def test_padding_is_at_most_half_of_the_window():
    problem = refusal("MaxPool2d", {"kernel_size": 2, "padding": 2}, floats(1, 3, 8, 8))
    assert problem.message == "Padding 2 is more than half of the 2 wide kernel."
    assert (problem.cure, problem.param) == ("Set padding to 1 or less.", "padding")


def test_nothing_left_to_pool():
    problem = refusal("MaxPool2d", {}, floats(1, 512, 1, 1))
    assert problem.message == "A kernel of 2×2 is larger than its input of 1×1."
    assert problem.param == "kernel_size"


def test_a_stride_that_is_only_partly_given():
    assert refusal("MaxPool2d", {"stride": (None, 2)}, floats(1, 3, 8, 8)).param == "stride"


def test_an_output_size_is_needed():
    problem = refusal("AdaptiveAvgPool2d", {"output_size": None}, floats(1, 3, 8, 8))
    assert (problem.message, problem.param) == ("output_size is empty.", "output_size")
