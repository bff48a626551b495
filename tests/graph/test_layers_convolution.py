"""Convolutions and transposed convolutions: shapes, weights and refusals are torch's."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.errors import ParameterError
from sketch.graph.rows import ValueType
from tests.contract import draws_tensor
from tests.contract.dice import Dice
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    errors,
    floats,
    layers_in,
    library,
    look,
    refusal,
    shapes,
    sized,
)

NAMES = [name for name in layers_in("Convolution") if name not in draws_tensor.DRAWS]


def wild_conv(dice: Dice, dims: int):
    """Parameters and shapes that often do not fit."""
    params = {
        "out_channels": dice.number(1, 6),
        "kernel_size": dice.some(dims, 1, 5),
        "stride": dice.pick(1, dice.some(dims, 1, 3)),
        "padding": dice.pick("same", "valid", dice.some(dims, 0, 4)),
        "dilation": dice.some(dims, 1, 2),
        "groups": dice.pick(1, 1, 2, 3),
        "padding_mode": dice.pick("zeros", "reflect", "replicate", "circular"),
        **dice.maybe(0.2, in_channels=dice.number(1, 6)),
    }
    rank = dice.pick(dims, dims + 1, dims + 1, dims + 2, dims + 2, dims + 2, dims + 2, dims + 3)
    return params, [dice.floats(*dice.some(rank, 1, 7))]


def wild_transposed(dice: Dice, dims: int):
    params = {
        "out_channels": dice.number(1, 6),
        "kernel_size": dice.some(dims, 1, 3),
        "stride": dice.some(dims, 1, 3),
        "padding": dice.some(dims, 0, 2),
        "output_padding": dice.some(dims, 0, 2),
        "dilation": dice.some(dims, 1, 2),
        "groups": dice.pick(1, 1, 2, 3),
        **dice.maybe(0.2, in_channels=dice.number(1, 6)),
    }
    rank = dice.pick(dims, dims + 1, dims + 1, dims + 2, dims + 2, dims + 2, dims + 2, dims + 3)
    return params, [dice.floats(*dice.some(rank, 1, 4))]


def test_all_of_them_are_there():
    assert set(NAMES) == {f"Conv{kind}{d}d" for kind in ("", "Transpose") for d in (1, 2, 3)}


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 60)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    dims, draw = int(layer[-2]), wild_transposed if "Transpose" in layer else wild_conv
    accepted = sum(check_same_verdict(layer, *draw(Dice(seed, layer), dims)) for seed in range(150))
    assert 10 <= accepted <= 140


def test_sizes_stay_symbolic():
    n, h = symbol("N"), symbol("H")
    assert shapes("Conv2d", {"stride": 2, "padding": 1}, floats(n, 3, h, 224)) == [
        sized("N", 64, "(H+1)//2", 112)
    ]
    assert shapes("Conv2d", {"padding": "same"}, floats(n, 3, h, 8)) == [sized("N", 64, "H", 8)]
    assert shapes("Conv1d", {"kernel_size": 5}, floats(n, 3, h)) == [sized("N", 64, "H-4")]
    assert shapes("ConvTranspose1d", {"kernel_size": 4, "stride": 2, "padding": 1}, floats(n, 3, h)) == [
        sized("N", 64, "2*H")
    ]


def test_in_channels_follows_until_it_is_pinned():
    assert look("Conv2d", {}, [floats(1, 5, 9, 9)]).params["in_channels"] == 5
    assert look("Conv2d", {}, [floats(5, 9, 9)]).params["in_channels"] == 5
    problem = refusal("Conv2d", {"in_channels": 4}, floats(1, 3, 9, 9))
    assert problem.message == "Conv2d expects 4 channels, gets 3."
    assert (problem.cure, problem.param, problem.port) == ("Set in_channels to 3.", "in_channels", 0)


def test_a_channel_count_without_a_number_is_refused():
    problem = refusal("Conv2d", {}, floats(1, symbol("C"), 9, 9))
    assert problem.message == "Conv2d needs a fixed number of channels, gets C."
    assert look("Conv2d", {}, [floats(1, symbol("C"), 9, 9)]).parameters is None


def test_a_kernel_larger_than_its_input():
    problem = refusal("Conv2d", {"kernel_size": 11}, floats(1, 3, 8, 8))
    assert problem.message == "A kernel of 11×11 is larger than its input of 8×8."
    problem = refusal("Conv1d", {"kernel_size": 3, "dilation": 4, "padding": 1}, floats(1, 3, 6))
    assert (
        problem.message
        == "A kernel of 3, spread to 9 by its dilation, is larger than its input of 6 (8 with padding)."
    )


def test_groups_must_divide_the_channels():
    problem = refusal("Conv2d", {"groups": 4, "out_channels": 8}, floats(1, 6, 9, 9))
    assert problem.message == "6 input channels cannot be split in 4 groups."
    assert (problem.cure, problem.param) == ("Choose a divisor of 6.", "groups")


def test_same_padding_needs_stride_one():
    problem = refusal("Conv2d", {"padding": "same", "stride": 2}, floats(1, 3, 9, 9))
    assert problem.message == "padding 'same' does not go with stride 2×2."
    assert problem.cure == "Set padding to 1×1, or stride to 1."


def test_the_wrong_rank_names_the_sibling():
    problem = refusal("Conv2d", {}, floats(2, 3, 4, 5, 6))
    assert (
        problem.message
        == "Conv2d needs a 3-D or 4-D input (N×C×H×W, or C×H×W without a batch), gets 5-D 2×3×4×5×6."
    )
    assert problem.cure.startswith("Use Conv3d")


def test_a_mirrored_border_needs_a_larger_input():
    problem = refusal("Conv1d", {"padding": 4, "padding_mode": "reflect"}, floats(1, 3, 4))
    assert problem.message == "padding 4 is too large to mirror an input of 4."


def test_output_padding_stays_below_the_stride():
    problem = refusal("ConvTranspose2d", {"stride": 2, "output_padding": 2}, floats(1, 3, 4, 4))
    assert problem.message == "output_padding 2 is not smaller than stride 2 or dilation 1."
    assert problem.cure == "Set output_padding to 1 or less."


def test_padding_that_cuts_the_whole_output_off():
    problem = refusal("ConvTranspose1d", {"kernel_size": 1, "padding": 1}, floats(1, 3, 2))
    assert problem.message == "Padding 1 cuts the whole output off: its size would be 0."


def test_whole_numbers_are_refused():
    problem = errors(look("Conv2d", {}, [ValueType("int64", (1, 3, 9, 9))]))[0]
    assert (problem.code, problem.message) == ("dtype", "Conv2d takes float values on 'x', gets int64.")


@pytest.mark.parametrize("value", [0, -1, (1, 0), (1, 2, 3), "wide", 1.5, True])
def test_a_kernel_size_that_is_none(value):
    with pytest.raises(ParameterError, match="kernel_size"):
        library()["Conv2d"].clean_param("kernel_size", value)


def test_published_counts():
    assert look("Conv2d", {"out_channels": 6, "kernel_size": 5}, [floats(1, 1, 32, 32)]).parameters == 156
    assert look("Conv2d", {"groups": 32, "out_channels": 32}, [floats(1, 32, 8, 8)]).parameters == 320
