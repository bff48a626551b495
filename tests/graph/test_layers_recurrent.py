"""RNN, LSTM and GRU: layers, directions, projection, states and batch order are torch's."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
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

NAMES = layers_in("Recurrent")


def wild(dice: Dice, layer: str):
    shape = dice.some(dice.pick(1, 2, 2, 3, 3, 3, 3, 4), 1, 3)
    layers, both, hidden = dice.number(1, 2), dice.flip(), dice.number(1, 3)
    params = {
        "hidden_size": hidden,
        "num_layers": layers,
        "bidirectional": both,
        "batch_first": dice.flip(),
        **dice.maybe(0.2, input_size=dice.number(1, 3)),
    }
    if layer == "LSTM":
        params["proj_size"] = dice.number(0, 2)
    inputs = [dice.floats(*shape)]
    if dice.flip():
        batch = (shape[0 if params["batch_first"] else 1],) if len(shape) == 3 else ()
        stack = (layers * (1 + both), *batch) if dice.flip(0.6) else dice.some(dice.number(1, 2), 1, 4)
        inputs.append(dice.floats(*stack, params.get("proj_size") or hidden))
        if layer == "LSTM":
            inputs.append(dice.floats(*stack, dice.pick(hidden, hidden, hidden + 1)))
    return params, inputs


def test_all_of_them_are_there():
    assert set(NAMES) == {"RNN", "LSTM", "GRU"}


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 100)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *wild(Dice(seed, layer), layer)) for seed in range(250))
    assert 40 <= accepted <= 220


def test_lengths_and_batch_stay_symbolic():
    n, length = symbol("N"), symbol("T")
    params = {"bidirectional": True, "num_layers": 2, "proj_size": 5}
    assert shapes("LSTM", params, floats(length, n, 8)) == [
        sized("T", "N", 10),
        sized(4, "N", 5),
        sized(4, "N", 128),
    ]
    assert shapes("GRU", {"batch_first": True}, floats(n, length, 8)) == [
        sized("N", "T", 128),
        sized(1, "N", 128),
    ]
    assert shapes("RNN", {}, floats(length, 8)) == [sized("T", 128), (1, 128)]


def test_input_size_is_checked():
    problem = refusal("LSTM", {"input_size": 4}, floats(7, 2, 5))
    assert (problem.message, problem.cure) == (
        "LSTM expects 4 features in each step, gets 5.",
        "Set input_size to 5.",
    )


def test_a_state_of_another_shape():
    problem = refusal("GRU", {"hidden_size": 6}, floats(7, 2, 5), floats(1, 3, 6))
    assert problem.message == "GRU reads h0 as layers·directions×N×size = 1×2×6, gets 1×3×6."
    assert problem.port == 1


def test_the_projection_is_smaller_than_the_state():
    problem = refusal("LSTM", {"hidden_size": 4, "proj_size": 4}, floats(7, 2, 5))
    assert problem.message == "proj_size 4 is not smaller than hidden_size 4."


def test_both_directions_have_weights_of_their_own():
    found = look("LSTM", {"hidden_size": 20, "num_layers": 2, "bidirectional": True}, [floats(5, 3, 10)])
    assert found.weights["weight_ih_l1_reverse"].shape == (80, 40)
    assert found.parameters == 15040


def test_states_have_the_input_s_element_type():
    problem = refusal("GRU", {}, floats(7, 2, 5), ValueType("float64", (1, 2, 128)))
    assert problem.message == "GRU needs one element type, gets float32 and, on h0, float64."
