"""Dropouts: the probability's range, the ranks that torch takes, and a shape that stays."""

import random

import pytest

from sketch.graph.errors import ParameterError
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library, look
from tests.graph.torch_oracle import check_agreement, check_symbolic, shape_of, tensor

NAMES = sorted(spec.name for spec in library() if spec.category == "Dropout")


def test_all_of_them_are_there():
    assert NAMES == ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rank", range(6))
def test_takes_the_ranks_that_torch_takes(name, rank):
    rng = random.Random(rank)
    x = tensor(rng, shape_of(rng, rank))
    if name == "Dropout3d" and rank == 0:
        return  # torch's answer differs between versions
    check_agreement(name, {"p": round(rng.random(), 2)}, [x])


@pytest.mark.parametrize("name", NAMES)
def test_a_symbolic_batch_stays(name):
    check_symbolic(name, {}, [ValueType("float32", (7, 4, 6))])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_p_outside_its_range_is_refused(name, p):
    with pytest.raises(ParameterError, match=r"p must be at (least 0|most 1)"):
        library()[name].clean_param("p", p)


def test_dropout1d_says_what_it_takes():
    problem = look("Dropout1d", {}, [ValueType("float32", (1, 2, 3, 4))]).problems[0]
    assert problem.message == "Dropout1d takes 2 or 3 dimensions, gets 4 (1×2×3×4)."


def test_whole_numbers_cannot_be_dropped():
    problem = look("Dropout", {}, [ValueType("int64", (2, 3))]).problems[0]
    assert (problem.code, problem.port) == ("dtype", 0)


def test_dropout2d_needs_channels():
    problem = look("Dropout2d", {}, [ValueType("float32", (4,))]).problems[0]
    assert problem.message == "Dropout2d takes 2 to 8 dimensions, gets 1 (4)."
    assert problem.port == 0
