"""A Call answers what a rule asks, and says in a sentence what is missing."""

import pytest

from sketch.graph.errors import ShapeError
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.rule import Call
from sketch.graph.shape_rules import RULES
from sketch.graph.specs import LayerSpec, PortSpec

SPEC = LayerSpec(
    "Thing", "Thing", "T", {}, (PortSpec("x"), PortSpec("mask", optional=True)), (PortSpec("y"),), "same"
)
KNOWN, UNKNOWN = ValueType("float32", (2, 3)), ValueType("float32", None)


def call(*inputs, **params):
    return Call(SPEC, params, inputs, FrozenDict(ranks=(2,)), (KNOWN,))


def test_what_is_there():
    found = call(KNOWN, None, n=3)
    assert found.input() == KNOWN
    assert found.shape() == (2, 3)
    assert found.param("n") == 3
    assert (found.arg("ranks"), found.arg("other"), found.arg("other", 5)) == ((2,), None, 5)
    assert [found.given(index) for index in (0, 1, 2)] == [True, False, False]


@pytest.mark.parametrize("inputs", [(), (None,)])
def test_an_open_input(inputs):
    with pytest.raises(ShapeError, match="Thing has nothing on input 'x'") as refused:
        call(*inputs).input()
    assert (refused.value.port, refused.value.cure) == (0, "Connect a layer to it.")


def test_a_shape_that_is_not_known():
    with pytest.raises(ShapeError, match="The shape of input 'mask' is not known") as refused:
        call(KNOWN, UNKNOWN).shape(1)
    assert refused.value.port == 1


def test_a_parameter_that_follows_an_input_that_does_not_say():
    with pytest.raises(ShapeError, match="n follows the input, and the input does not say it") as refused:
        call(KNOWN).param("n")
    assert (refused.value.param, refused.value.cure) == ("n", "Set n by hand.")


def test_an_operator_gives_what_its_file_declared():
    assert RULES["declared"](call()) == (KNOWN,)
