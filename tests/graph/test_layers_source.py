"""Input, Output, Constant, Parameter and the groups: what the layers without an input say of themselves."""

import pytest

from sketch.graph.dims import symbol
from sketch.graph.errors import ParameterError
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library, look
from tests.graph.torch_oracle import check_agreement, sketch_outcome


def test_input_has_a_symbolic_batch_by_default():
    assert sketch_outcome("Input", {}, []) == [("float32", (symbol("N"), 3, 224, 224))]


def test_input_of_word_numbers():
    found = sketch_outcome("Input", {"shape": ["N", "2*T"], "dtype": "int64"}, [])
    assert found == [("int64", (symbol("N"), 2 * symbol("T")))]


@pytest.mark.parametrize(("shape", "size"), [([2, -1], "-1"), ([-5], "-5")])
def test_a_negative_size_is_refused(shape, size):
    for layer in ("Input", "Parameter"):
        assert f"{layer} has size {size}." in sketch_outcome(layer, {"shape": shape}, [])


def test_an_impossible_shape_cannot_be_set():
    with pytest.raises(ParameterError, match="shape takes numbers and names"):
        library()["Input"].clean_param("shape", [1.5])


def test_output_takes_one_wire_and_gives_none():
    found = look("Output", {}, [ValueType("float32", (2, 3))])
    assert found.outputs == ()
    assert found.problems == ()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (0.5, "float32"),
        (3, "int64"),
        ([1, 2, 3], "float16"),
        ([[1.0], [2.0]], "float64"),
        (True, "bool"),
        ([], "int32"),
    ],
)
def test_constant_has_the_shape_of_its_value(value, dtype):
    params = {"value": value, "dtype": dtype}
    assert check_agreement("Constant", params, [])
    assert look("Constant", params, []).weights == {}


def test_constant_with_a_shape_is_kept_with_the_weights_and_not_trained():
    params = {"value": 2.0, "shape": [2, 3], "dtype": "float64"}
    assert check_agreement("Constant", params, [])
    found = look("Constant", params, [])
    weight = found.weights["value"]
    assert (weight.shape, weight.dtype, weight.trainable) == ((2, 3), "float64", False)
    assert found.parameters == 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"value": [[1, 2], [3]]}, "Constant has rows of different lengths in its value."),
        ({"value": [1, 2], "shape": [3]}, "Constant has values of shape [2], its shape says [3]."),
        ({"shape": ["N"]}, "Constant is stored, so its size N must be a number."),
    ],
)
def test_constants_that_cannot_be(params, message):
    assert sketch_outcome("Constant", params, []).startswith(message)


def test_parameter_is_trained():
    found = look("Parameter", {"shape": [1, 197, 768]}, [])
    assert found.outputs == (ValueType("float32", (1, 197, 768)),)
    assert found.parameters == 197 * 768
    assert found.weights["value"].trainable


def test_parameter_of_whole_numbers_is_refused():
    assert "cannot be trained" in sketch_outcome("Parameter", {"dtype": "int64"}, [])


@pytest.mark.parametrize("name", ["Sequential", "Group"])
def test_groups_have_no_ports(name):
    spec = library()[name]
    assert spec.group
    assert (spec.inputs, spec.outputs, spec.category) == ((), (), "Group")
    assert look(name, {}, []).problems == ()
