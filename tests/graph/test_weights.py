"""From weight entries to tensors: roles, shapes, conditions, repetition, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.dims import symbol
from sketch.graph.errors import ExpressionError
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import LayerSpec, WeightSpec
from sketch.graph.weights import WeightType, weight_types


def layer(*weights):
    return LayerSpec(
        "Thing", "Thing", "T", {}, (), (), "same", weights={weight.name: weight for weight in weights}
    )


@given(
    st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(1, 5), min_size=1, max_size=3), st.booleans()
)
def test_shapes_follow_the_parameters(rows, columns, kernel, bias):
    spec = layer(
        WeightSpec("weight", "rows, columns, *kernel"),
        WeightSpec("bias", "rows", when="bias"),
        WeightSpec("count", "", trainable=False, dtype="int64"),
    )
    found = weight_types(spec, {"rows": rows, "columns": columns, "kernel": tuple(kernel), "bias": bias})
    assert list(found) == ["weight", *(["bias"] if bias else []), "count"]
    assert found["weight"].shape == (rows, columns, *kernel)
    total = rows * columns
    for size in kernel:
        total *= size
    assert found["weight"].count == total
    assert (found["count"].shape, found["count"].count, found["count"].dtype) == ((), 1, "int64")
    assert not found["count"].trainable


@given(st.integers(1, 4), st.booleans(), st.booleans())
def test_repetition_makes_one_role_a_round(layers, both_ways, bias):
    spec = layer(
        WeightSpec(
            "w_l{layer}{way}",
            "hidden, size if layer == 0 else hidden",
            each=FrozenDict(layer="range(layers)", way="('', '_reverse') if both_ways else ('',)"),
        ),
        WeightSpec("b_l{layer}", "hidden", when="bias and layer > 0", each=FrozenDict(layer="range(layers)")),
    )
    params = {"layers": layers, "both_ways": both_ways, "bias": bias, "hidden": 5, "size": 3}
    found = weight_types(spec, params)
    ways = ["", "_reverse"] if both_ways else [""]
    expected = [f"w_l{number}{way}" for number in range(layers) for way in ways]
    expected += [f"b_l{number}" for number in range(1, layers)] if bias else []
    assert list(found) == expected
    assert all(found[f"w_l0{way}"].shape == (5, 3) for way in ways)
    assert all(found[f"w_l{number}"].shape == (5, 5) for number in range(1, layers))


def test_a_parameter_may_name_the_element_type():
    spec = layer(WeightSpec("value", "shape", dtype="dtype"))
    assert weight_types(spec, {"shape": (2, 3), "dtype": "bfloat16"})["value"].dtype == "bfloat16"
    assert weight_types(spec, {"shape": (2, 3), "dtype": "int8"})["value"].shape == (2, 3)


def test_a_size_that_is_no_number_has_no_count():
    spec = layer(WeightSpec("weight", "features, 2"))
    found = weight_types(spec, {"features": symbol("N")})["weight"]
    assert found.shape == (symbol("N"), 2)
    assert found.count is None


def test_a_parameter_that_is_not_known_yet():
    with pytest.raises(ExpressionError, match="'features' is not known here"):
        weight_types(layer(WeightSpec("weight", "features, 2")), {})


def test_no_elements_and_one_element():
    init = FrozenDict(scheme="zeros")
    assert WeightType("w", (3, 0), "float32", True, init).count == 0
    assert WeightType("w", (), "float32", True, init).count == 1
