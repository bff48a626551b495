"""Linear, Bilinear and Embedding: the last dimension must fit, all others pass through."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.contract import draws_tensor
from tests.contract.dice import Dice
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    errors,
    floats,
    layers_in,
    look,
    refusal,
    shapes,
    sized,
)

NAMES = [name for name in layers_in("Linear") if name not in draws_tensor.DRAWS]


def wild(dice: Dice, layer: str):
    shape = dice.some(dice.number(0, 4), 1, 4)
    if layer == "Linear":
        return {"out_features": 3, **dice.maybe(0.4, in_features=dice.number(1, 4))}, [dice.floats(*shape)]
    if layer == "Embedding":
        params = {"num_embeddings": 4, "padding_idx": dice.pick(None, dice.number(-6, 5))}
        return params, [dice.ints(*shape, high=3)]
    other = (*shape[:-1], dice.number(1, 4)) if dice.flip() else dice.some(len(shape), 1, 2)
    params = {"out_features": 3, **dice.maybe(0.3, in2_features=dice.number(1, 4))}
    return params, [dice.floats(*shape), dice.floats(*other)]


def test_all_of_them_are_there():
    assert set(NAMES) == {"Linear", "Bilinear", "Embedding"}


@pytest.mark.parametrize("layer", NAMES)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 80)


@pytest.mark.parametrize("layer", NAMES)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *wild(Dice(seed, layer), layer)) for seed in range(200))
    assert 15 <= accepted <= 190


def test_a_flatten_is_offered_where_it_would_fit():
    problem = refusal("Linear", {"in_features": 25088}, floats(symbol("N"), 512, 7, 7))
    assert problem.message == "Linear expects 25088 features, gets 7."
    assert problem.cure == "Set in_features to 7 or insert a Flatten."
    assert (problem.param, problem.port) == ("in_features", 0)


def test_in_features_follows_the_input():
    found = look("Linear", {"out_features": 10}, [floats(symbol("N"), 84)])
    assert (found.params["in_features"], found.parameters) == (84, 850)
    assert shapes("Linear", {}, floats(symbol("N"), symbol("L"), 84)) == [sized("N", "L", 128)]


def test_a_flattened_symbol_gives_no_weight():
    problem = refusal("Linear", {}, floats(1, symbol("L") * 8))
    assert problem.message == "Linear needs a fixed number of features, gets 8*L."


def test_a_single_number_has_no_features():
    assert "at least one dimension" in refusal("Linear", {}, floats()).message


def test_the_inputs_of_bilinear_agree_in_front():
    problem = refusal("Bilinear", {}, floats(2, 3, 4), floats(2, 5, 4))
    assert problem.message == "The two inputs differ before their last dimension: 2×3×4 and 2×5×4."
    assert problem.port == 1


def test_embedding_looks_up_whole_numbers_only():
    problem = refusal("Embedding", {}, floats(1, 8))
    assert problem.message == "Embedding takes int values on 'x', gets float32."
    found = look("Embedding", {}, [ValueType("int64", (symbol("N"), 8))])
    assert not errors(found)
    assert str(found.outputs[0]) == "float32 N×8×64"


def test_padding_idx_is_one_of_the_vectors():
    problem = refusal("Embedding", {"num_embeddings": 5, "padding_idx": 5}, ValueType("int64", (3,)))
    assert problem.message == "padding_idx 5 is outside of the 5 vectors."
