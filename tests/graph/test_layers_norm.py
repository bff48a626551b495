"""Normalisation: what is normalised must be there, shapes stay, weights are torch's."""

import pytest

from sketch.graph.dims import symbol
from tests.contract import draws_tensor
from tests.contract.dice import Dice
from tests.graph.layer_checks import check_cases, check_same_verdict, errors, floats, layers_in, look, refusal

NAMES = [name for name in layers_in("Normalisation") if name not in draws_tensor.DRAWS]


def wild(dice: Dice, layer: str):
    shape = dice.some(dice.number(1, 5), 1, 4)
    params = {}
    if layer.startswith(("BatchNorm", "InstanceNorm")):
        params = {
            "affine": dice.flip(),
            "track_running_stats": dice.flip(),
            **dice.maybe(0.3, num_features=dice.number(1, 4)),
        }
    elif layer == "GroupNorm":
        params = {
            "num_groups": dice.number(1, 3),
            "affine": dice.flip(),
            **dice.maybe(0.2, num_channels=dice.number(1, 6)),
        }
    elif layer == "LocalResponseNorm":
        params = {"size": dice.number(1, 4)}
    else:
        params = dice.maybe(0.7, normalized_shape=dice.pick(shape[-1:], shape[-2:], dice.some(2, 1, 4)))
    return params, [dice.floats(*shape)]


def test_all_of_them_are_there():
    names = {f"{kind}Norm{d}d" for kind in ("Batch", "Instance") for d in (1, 2, 3)}
    assert set(NAMES) == names | {"LayerNorm", "RMSNorm", "GroupNorm", "LocalResponseNorm"}


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 60)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    draws = [wild(Dice(seed, layer), layer) for seed in range(250)]
    accepted = sum(check_same_verdict(layer, *drawn) for drawn in draws)
    assert accepted >= 15


def test_layer_norm_follows_the_last_dimension_until_it_is_pinned():
    assert look("LayerNorm", {}, [floats(2, 7, 16)]).params["normalized_shape"] == (16,)
    assert look("LayerNorm", {"normalized_shape": (7, 16)}, [floats(2, 7, 16)]).parameters == 2 * 7 * 16
    problem = refusal("LayerNorm", {"normalized_shape": 8}, floats(2, 7, 16))
    assert problem.message == "LayerNorm expects the last sizes 8, gets 2×7×16."
    assert (problem.cure, problem.param) == ("Set normalized_shape to 16.", "normalized_shape")


def test_layer_norm_needs_a_number_to_learn_a_weight():
    problem = refusal("LayerNorm", {}, floats(2, symbol("L")))
    assert problem.message == "LayerNorm needs fixed last sizes, gets L."


def test_batch_norm_counts_its_channels():
    problem = refusal("BatchNorm2d", {"num_features": 4}, floats(1, 3, 8, 8))
    assert (problem.message, problem.cure) == (
        "BatchNorm2d expects 4 channels, gets 3.",
        "Set num_features to 3.",
    )


def test_batch_norm_takes_its_own_rank_only():
    problem = refusal("BatchNorm2d", {}, floats(4, 3))
    assert problem.message == "BatchNorm2d needs a 4-D input (N×C×H×W), gets 2-D 4×3."
    assert refusal("BatchNorm2d", {}, floats(4, 3, 8)).cure.startswith("Use BatchNorm1d")
    assert not errors(look("BatchNorm1d", {}, [floats(4, 3)]))


def test_group_norm_splits_its_channels():
    problem = refusal("GroupNorm", {"num_groups": 4}, floats(1, 6, 8, 8))
    assert problem.message == "6 channels cannot be split in 4 groups."


def test_instance_norm_needs_more_than_one_value():
    problem = refusal("InstanceNorm2d", {}, floats(2, 3, 1, 1))
    assert problem.message == "InstanceNorm2d needs more than one value in each channel, gets 1×1."


def test_buffers_are_not_counted():
    found = look("BatchNorm2d", {}, [floats(1, 64, 8, 8)])
    assert found.parameters == 128
    assert {role: kind.shape for role, kind in found.weights.items() if not kind.trainable} == {
        "running_mean": (64,),
        "running_var": (64,),
        "num_batches_tracked": (),
    }


def test_group_norm_needs_more_than_one_value_in_each_group():
    problem = refusal("GroupNorm", {"num_groups": 4}, floats(1, 4))
    assert problem.message == "GroupNorm needs more than one value in each group, gets 1×4."


def test_batch_statistics_of_one_value():
    problem = refusal("BatchNorm1d", {"track_running_stats": False}, floats(1, 4))
    assert problem.param == "track_running_stats"
    assert not errors(look("BatchNorm1d", {}, [floats(1, 4)]))


def test_a_norm_without_weights_takes_any_number_of_channels():
    params = {"num_features": 4, "affine": False, "track_running_stats": False}
    assert not errors(look("BatchNorm2d", params, [floats(2, 3, 8, 8)]))
    assert errors(look("BatchNorm2d", {**params, "affine": True}, [floats(2, 3, 8, 8)]))
