"""Padding layers: PyTorch's order of sides, crops, and the borders that can be mirrored."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.contract.dice import Dice
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    floats,
    layers_in,
    refusal,
    shapes,
    sized,
)

NAMES = layers_in("Padding")


def wild(dice: Dice, dims: int):
    low = dice.pick(0, 0, -3)
    params = {"padding": dice.pick(dice.number(0, 3), dice.some(2 * dims, low, 4))}
    rank = dice.pick(dims - 1, dims, dims + 1, dims + 1, dims + 2, dims + 2, dims + 3)
    return params, [dice.floats(*dice.some(rank, 1, 5))]


def test_all_of_them_are_there():
    assert set(NAMES) == {
        f"{k}Pad{d}d" for k in ("Zero", "Constant", "Reflection", "Replication") for d in (1, 2, 3)
    }


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 60)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *wild(Dice(seed, layer), int(layer[-2]))) for seed in range(200))
    assert 15 <= accepted <= 199


def test_sides_are_listed_from_the_last_dimension():
    assert shapes("ZeroPad2d", {"padding": (1, 2, 3, 4)}, floats(1, 3, 10, 20)) == [(1, 3, 17, 23)]
    assert shapes("ZeroPad2d", {"padding": 1}, floats(symbol("N"), 3, symbol("H"), 5)) == [
        sized("N", 3, "H+2", 7)
    ]


def test_constant_borders_keep_whole_numbers():
    assert shapes("ZeroPad1d", {"padding": 1}, ValueType("int64", (2, 3, 4))) == [(2, 3, 6)]


def test_a_border_cannot_be_mirrored_beyond_the_input():
    problem = refusal("ReflectionPad2d", {"padding": 4}, floats(1, 3, 4, 9))
    assert problem.message == "A border of 4 cannot be mirrored from an input of 4."
    assert problem.cure == "Set padding to 3 or less, or use ReplicationPad."


def test_a_crop_leaves_something():
    problem = refusal("ZeroPad1d", {"padding": (-2, -2)}, floats(1, 3, 4))
    assert problem.message == "padding -2, -2 cuts the whole input of 4 off."


def test_every_padded_dimension_must_be_there():
    problem = refusal("ConstantPad2d", {}, floats(4))
    assert problem.message == "ConstantPad2d needs at least 2 dimensions (H×W), gets 1-D 4."
