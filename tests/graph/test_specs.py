"""Parameters and ports: one stored form for each value, and one sentence for what does not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.errors import ParameterError, UnknownPortError
from sketch.graph.rows import DTYPES, FrozenDict
from sketch.graph.specs import PARAM_TYPES, LayerSpec, ParamSpec, PortSpec, freeze

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-100, 100), st.floats(allow_nan=False), st.text(max_size=4),
    st.sampled_from(["N", "2*N+1", "float32", "same"]),
)  # fmt: skip
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
specs = st.builds(
    ParamSpec,
    name=st.just("p"),
    type=st.sampled_from(PARAM_TYPES),
    rank=st.integers(0, 3),
    min=st.one_of(st.none(), st.integers(-5, 0)),
    max=st.one_of(st.none(), st.integers(1, 50)),
    choices=st.sampled_from([(), ("same", "valid")]),
    optional=st.booleans(),
)


@given(specs, values)
def test_a_value_is_refused_or_brought_to_one_stored_form(spec, value):
    try:
        cleaned = spec.clean(value)
    except ParameterError as refused:
        assert str(refused).startswith("p ")  # noqa: PT017
        assert str(refused).endswith(".")  # noqa: PT017
        return
    assert spec.clean(cleaned) == cleaned
    assert type(spec.clean(cleaned)) is type(cleaned)
    hash(cleaned)


@given(
    st.sampled_from(["int", "float", "ints", "floats"]),
    st.integers(-60, 60),
    st.integers(-9, 0),
    st.integers(1, 9),
)
def test_the_range_is_kept(kind, value, low, high):
    spec = ParamSpec("p", kind, min=low, max=high)
    if low <= value <= high:
        assert spec.clean(value) in (value, (value,))
    else:
        side = f"at least {low}" if value < low else f"at most {high}"
        with pytest.raises(ParameterError, match=f"p must be {side}, not {value}"):
            spec.clean(value)


@given(st.integers(1, 4), st.lists(st.integers(-9, 9), max_size=5))
def test_a_rank_takes_one_number_or_as_many(rank, numbers):
    spec = ParamSpec("k", "int", rank=rank)
    assert spec.clean(7) == (7,) * rank
    if len(numbers) == rank:
        assert spec.clean(numbers) == tuple(numbers)
    else:
        with pytest.raises(ParameterError, match=f"k needs {rank} numbers, not {len(numbers)}"):
            spec.clean(numbers)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_whole_number_may_be_written_as_a_float(value):
    spec = ParamSpec("n", "int")
    if value == int(value):
        assert spec.clean(value) == value
        assert type(spec.clean(value)) is int
    else:
        with pytest.raises(ParameterError, match="n must be a whole number"):
            spec.clean(value)


@pytest.mark.parametrize(
    ("spec", "value", "stored"),
    [
        (ParamSpec("p", "float"), 1, 1.0),
        (ParamSpec("p", "float", rank=2), 1, (1.0, 1.0)),
        (ParamSpec("p", "float", rank=2), [1, 2], (1.0, 2.0)),
        (ParamSpec("p", "floats"), 3, (3.0,)),
        (ParamSpec("p", "ints"), [1, 2.0], (1, 2)),
        (ParamSpec("p", "ints"), 4, (4,)),
        (ParamSpec("p", "bool"), False, False),
        (ParamSpec("p", "str"), "x", "x"),
        (ParamSpec("p", "choice", choices=("a", 2)), 2, 2),
        (ParamSpec("p", "int", rank=2, choices=("same",)), "same", "same"),
        (ParamSpec("p", "dtype"), "bfloat16", "bfloat16"),
        (ParamSpec("p", "shape"), ["N", 3, "M + 1", "6//2"], ("N", 3, "M+1", 3)),
        (ParamSpec("p", "shape"), 5, (5,)),
        (ParamSpec("p", "value"), [[1, 2.5], [True, 4]], ((1, 2.5), (True, 4))),
        (ParamSpec("p", "int", optional=True), None, None),
    ],
)
def test_stored_forms(spec, value, stored):
    assert spec.clean(value) == stored


@pytest.mark.parametrize(
    ("spec", "value", "message"),
    [
        (ParamSpec("p", "int"), None, "p needs a value."),
        (ParamSpec("p", "int"), True, "p must be a whole number, not True."),
        (ParamSpec("p", "int"), "3", "p must be a whole number, not '3'."),
        (ParamSpec("p", "int"), 2.5, "p must be a whole number, not 2.5."),
        (ParamSpec("p", "int"), [3], "p must be a whole number, not [3]."),
        (ParamSpec("p", "int"), float("inf"), "p must be a whole number, not inf."),
        (ParamSpec("p", "int"), float("nan"), "p must be a whole number, not nan."),
        (ParamSpec("p", "float"), False, "p must be a number, not False."),
        (ParamSpec("p", "float", rank=2), [1], "p needs 2 numbers, not 1."),
        (ParamSpec("p", "float", min=0), float("nan"), "p must be a number, not nan."),
        (ParamSpec("p", "bool"), 1, "p must be true or false, not 1."),
        (ParamSpec("p", "str"), 1, "p must be text, not 1."),
        (ParamSpec("p", "choice", choices=("a", "b")), "c", "p must be one of a, b, not 'c'."),
        (ParamSpec("p", "choice", choices=("a", "b")), ["a"], "p must be one of a, b, not ['a']."),
        (ParamSpec("p", "dtype"), "float", "p must be an element type such as float32, not 'float'."),
        (ParamSpec("p", "dtype"), ["float32"], "p must be an element type such as float32, not ['float32']."),
        (ParamSpec("p", "shape"), [1.5], "p takes numbers and names such as N, not 1.5."),
        (ParamSpec("p", "shape"), ["N+"], "p takes numbers and names such as N, not 'N+'."),
        (ParamSpec("p", "value"), "x", "p must be a number or nested lists of numbers, not 'x'."),
        (ParamSpec("p", "ints", min=0), [1, -2], "p must be at least 0, not -2."),
    ],
)
def test_refusals(spec, value, message):
    with pytest.raises(ParameterError) as refused:
        spec.clean(value)
    assert str(refused.value) == message


def test_every_element_type_can_be_chosen():
    assert all(ParamSpec("p", "dtype").clean(dtype) == dtype for dtype in DTYPES)


# ------------------------------------------------------------------ ports and layers

LAYER = LayerSpec(
    "Thing", "Thing", "Things",
    {
        "n": ParamSpec("n", "int", 3),
        "c": ParamSpec("c", "int", derive="dim(x, 1)"),
        "o": ParamSpec("o", "int", optional=True),
    },
    (PortSpec("x"), PortSpec("more", variadic=True)), (PortSpec("y"),), "same",
)  # fmt: skip


def test_indexes_past_a_variadic_port_belong_to_it():
    assert [LAYER.input_port(index).name for index in (0, 1, 9)] == ["x", "more", "more"]
    assert LAYER.output_port(0).name == "y"


@pytest.mark.parametrize("index", [1, -1])
def test_ports_that_are_not_there(index):
    with pytest.raises(UnknownPortError, match=f"Thing has no output {index + 1}; it has 1"):
        LAYER.output_port(index)
    with pytest.raises(UnknownPortError):
        LAYER.input_port(-1)


def test_defaults_leave_out_what_follows_the_input():
    assert LAYER.defaults() == {"n": 3, "o": None}


def test_parameters_by_name():
    assert LAYER.clean_param("n", 4.0) == 4
    with pytest.raises(ParameterError, match="Thing has no parameter 'm'"):
        LAYER.clean_param("m", 4)


@given(
    st.recursive(
        scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=9
    )
)
def test_frozen_values_can_be_hashed_and_stay_frozen(value):
    frozen = freeze(value)
    hash(frozen)
    assert freeze(frozen) == frozen
    if isinstance(frozen, FrozenDict):
        with pytest.raises(TypeError, match="rows are frozen"):
            frozen["new"] = 1
