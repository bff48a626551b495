"""Activations: every one accepts, refuses and answers as torch does."""

import random

import pytest

from sketch.graph.errors import ParameterError
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library, look
from tests.graph.torch_oracle import (
    check_agreement,
    check_symbolic,
    shape_of,
    sketch_outcome,
    tensor,
    torch_module,
    torch_outcome,
    type_of,
)

NAMES = sorted(spec.name for spec in library() if spec.category == "Activation")
WHOLE_NUMBERS_TOO = {"ReLU"}
TORCH_TAKES_MORE = {"ReLU6", "Hardtanh", "Threshold", "Sigmoid", "Tanh", "Softsign", "Tanhshrink"}
"""torch computes these on whole numbers; Sketch asks for a Cast, since other frameworks do not."""


def draw_params(name: str, rng: random.Random) -> dict[str, object]:
    """About half of the parameters, inside the ranges of the layer file and sometimes beside the point."""
    params: dict[str, object] = {}
    for spec in library()[name].params.values():
        if rng.random() < 0.5:
            continue
        if spec.type == "choice":
            params[spec.name] = rng.choice(spec.choices)
        elif spec.type == "bool":
            params[spec.name] = rng.random() < 0.5
        elif spec.type == "int":
            params[spec.name] = rng.randint(-4, 4) if spec.min is None else rng.randint(int(spec.min), 4)
        else:
            params[spec.name] = round(rng.uniform(spec.min if spec.min is not None else -2, 2), 2) or 1.0
    return params


def test_all_of_them_are_there():
    assert len(NAMES) == 26
    assert {"ReLU", "GELU", "PReLU", "GLU", "Softmax", "Softmin", "Threshold"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_torch_on_random_shapes_and_parameters(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(40):
        dtype = "float32" if library()[name].weights else rng.choice(["float32", "float64", "bfloat16"])
        x = tensor(rng, shape_of(rng, rng.randint(0, 5)), dtype)
        accepted += check_agreement(name, draw_params(name, rng), [x])
    assert accepted >= 8


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_element_types_are_refused_where_torch_refuses(name, dtype):
    x = tensor(random.Random(1), (2, 4), dtype)
    ours, theirs = sketch_outcome(name, {}, [type_of(x)]), torch_outcome(name, {}, [x])
    if name in TORCH_TAKES_MORE:
        assert isinstance(ours, str)
        assert "Cast" in ours
    else:
        assert isinstance(ours, str) == isinstance(theirs, str)
    assert (name in WHOLE_NUMBERS_TOO and dtype == "int64") == (not isinstance(ours, str))


@pytest.mark.parametrize("name", NAMES)
def test_a_symbolic_batch_stays(name):
    check_symbolic(name, {}, [ValueType("float32", (7, 4, 6))])


@pytest.mark.parametrize("slopes", [1, 3, 8])
def test_prelu_weight_equals_torchs(slopes):
    found = look("PReLU", {"num_parameters": slopes, "init": 0.1}, [ValueType("float32", (2, slopes, 4))])
    state = torch_module("PReLU", {"num_parameters": slopes, "init": 0.1}).state_dict()
    assert {role: kind.shape for role, kind in found.weights.items()} == {
        k: tuple(v.shape) for k, v in state.items()
    }
    assert found.parameters == slopes
    assert found.weights["weight"].init == {"scheme": "constant", "value": "init"}


def test_glu_names_the_odd_size():
    problem = look("GLU", {"dim": 1}, [ValueType("float32", (2, 7))]).problems[0]
    assert problem.message == "GLU halves dimension 1, and 7 is odd."
    assert problem.param == "dim"


def test_glu_of_a_single_number_is_refused():
    problem = look("GLU", {"dim": 0}, [ValueType("float32", ())]).problems[0]
    assert problem.message == "GLU halves a dimension, the input is a single number."
    assert problem.port == 0


def test_softmax_names_the_range_of_dim():
    problem = look("Softmax", {"dim": 2}, [ValueType("float32", (2, 7))]).problems[0]
    assert str(problem) == "Softmax has dim 2, the input has 2 dimensions. Choose dim from -2 to 1."


@pytest.mark.parametrize(
    ("name", "params", "word"),
    [
        ("CELU", {"alpha": 0.0}, "alpha"),
        ("Hardtanh", {"min_val": 2.0}, "max_val"),
        ("Softplus", {"beta": 0.0}, "beta"),
    ],
)
def test_parameters_that_cannot_be(name, params, word):
    problem = look(name, params, [ValueType("float32", (2, 7))]).problems[0]
    assert problem.param == word
    assert problem.severity == "error"


def test_softshrink_refuses_a_negative_lambd():
    with pytest.raises(ParameterError, match="lambd must be at least 0"):
        library()["Softshrink"].clean_param("lambd", -1)
