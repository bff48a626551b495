"""Layers that select, move and describe elements: torch's types, and refused where torch refuses."""

from __future__ import annotations

import numpy as np
import pytest

from sketch.graph.cost import step_flops
from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.contract.cases import case
from tests.contract.dice import Dice
from tests.contract.draws_tensor import DRAWS
from tests.graph.layer_checks import (
    check_cases,
    check_same_verdict,
    floats,
    library,
    look,
    refusal,
    shapes,
    sized,
)
from tests.kernels.pytorch.drawing import Drawing

N, L = symbol("N"), symbol("L")
PICKING = ("GatherElements", "Scatter", "ScatterAdd")
"""Layers with an input of numbers that must be those of entries."""
KEPT = ("groups", "repeats", "num_classes")


@pytest.mark.parametrize("layer", DRAWS)
def test_random_cases_agree_with_torch(layer):
    check_cases(layer, 40)


@pytest.mark.parametrize("layer", DRAWS)
def test_refuses_what_torch_refuses(layer):
    accepted = sum(check_same_verdict(layer, *bent(layer, seed)) for seed in range(60))
    assert accepted >= 5


def bent(layer, seed):
    """A valid case, one of whose inputs has another shape, or one of whose numbers is another."""
    drawn, dice = case(library()[layer], seed), Dice(seed, layer)
    inputs, params = list(drawn.inputs), dict(drawn.params)
    numbers = [name for name, value in params.items() if type(value) is int and name not in KEPT]
    if numbers and layer not in PICKING and dice.flip(0.4):
        name = dice.pick(*numbers)
        params[name] += dice.pick(-2, -1, 1, 2)
        low = library()[layer].params[name].min
        params[name] = params[name] if low is None else max(params[name], int(low))
    else:
        port = dice.number(1 if layer in PICKING else 0, len(inputs) - 1)
        inputs[port] = reshaped(dice, inputs[port])
    return params, inputs


def reshaped(dice, x):
    way = dice.number(0, 2)
    if way == 0:
        return x[None]
    if way == 1 and x.ndim:
        return np.concatenate([x, x], dice.number(0, x.ndim - 1))
    return x.reshape(-1)[:1].reshape((1,) * max(x.ndim - 1, 1))


def test_sizes_stay_symbolic():
    assert shapes("Roll", {"dims": 0}, floats(N, 3)) == [sized("N", 3)]
    assert shapes("Repeat", {"repeats": ["N", 1, 2]}, floats(1, 3, L)) == [sized("N", 3, "2*L")]
    assert shapes("RepeatInterleave", {"dim": 0}, floats(N, 3)) == [sized("2*N", 3)]
    assert shapes("UnfoldDim", {"size": 4, "step": 2}, floats(N, L)) == [sized("N", "(L-4)//2+1", 4)]
    assert shapes("TopK", {"k": 3}, floats(N, L)) == [sized("N", 3)] * 2
    assert shapes("Einsum", {"equation": "nld,md->nlm"}, floats(N, L, 8), floats(4, 8)) == [
        sized("N", "L", 4)
    ]
    assert shapes("FunctionalConv1d", {}, floats(N, 4, L), floats(6, 4, 3)) == [sized("N", 6, "L-2")]
    assert shapes("GridSample", {}, floats(N, 3, 8, 8), floats(N, L, 5, 2)) == [sized("N", 3, "L", 5)]


def test_element_types():
    assert [kind.dtype for kind in look("Sort", {}, [floats(2, 3)]).outputs] == ["float32", "int64"]
    assert look("Any", {}, [floats(2, 3)]).outputs[0].dtype == "bool"
    assert look("FloorDivide", {}, [ValueType("int64", (3,)), floats(3)]).outputs[0].dtype == "float32"
    assert look("Rsqrt", {}, [ValueType("int64", (3,))]).outputs[0].dtype == "float32"


def test_a_refusal_says_what_to_do():
    problem = refusal("Einsum", {"equation": "ij,jk->ik"}, floats(2, 3), floats(4, 5))
    assert problem.message == "Einsum has sizes 3 and 4 for j."
    problem = refusal("Einsum", {"equation": "ij,jk->ik"}, floats(2, 3))
    assert "it is for 2 inputs, 1 are wired" in problem.message
    problem = refusal("Roll", {"shifts": [1, 2], "dims": [1]}, floats(2, 3))
    assert (problem.message, problem.param) == ("Roll has 2 shifts for 1 dimensions.", "shifts")
    problem = refusal("GatherElements", {}, floats(2, 3), ValueType("int32", (2, 3)))
    assert problem.cure == "Insert a Cast to int64."
    problem = refusal("FunctionalLinear", {}, floats(2, 3), floats(5, 4))
    assert "transpose the weight" in problem.cure


def test_a_functional_layer_costs_what_its_sibling_costs():
    made = Drawing()
    x = made.add("Input", shape=("N", 3, 8, 8))
    own = made.add("Conv2d", x, out_channels=5, bias=False)
    given = made.add("FunctionalConv2d", x, made.add("Parameter", shape=(5, 3, 3, 3)))
    costs = {step.id: step_flops(step) for step in made.network().steps}
    assert costs[own] == costs[given] != 0
