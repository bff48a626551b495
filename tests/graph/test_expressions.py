"""The language of layer files: what it computes, what it refuses, and that it is Python's arithmetic."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sketch.graph.dims import symbol
from sketch.graph.errors import ExpressionError
from sketch.graph.expressions import evaluate, names_in, shape_of
from sketch.graph.rows import ValueType

X = ValueType("float32", (symbol("N"), 3, 32, 32))
NAMES = {"a": 7, "b": 2, "k": (3, 5), "flag": True, "mode": "same", "nothing": None, "x": X, "open": None}

numbers = st.integers(-20, 20).map(str)
names = st.sampled_from(["a", "b"])
texts = st.recursive(
    st.one_of(numbers, names),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("min({}, {})".format, inner, inner),
        st.builds("max({}, abs({}))".format, inner, inner),
    ),
    max_leaves=8,
)


@given(texts, st.integers(-9, 9), st.integers(-9, 9))
def test_equals_python(text, a, b):
    try:
        expected = eval(text, {"__builtins__": {"min": min, "max": max, "abs": abs}}, {"a": a, "b": b})  # noqa: S307
    except ZeroDivisionError:
        assume(False)
    found = evaluate(text, {"a": a, "b": b})
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a, b", (7, 2)),
        ("a, *k", (7, 3, 5)),
        ("*k, *k", (3, 5, 3, 5)),
        ("[1, 2]", (1, 2)),
        ("k[0] * k[-1]", 15),
        ("k[1:]", (5,)),
        ("k[:1] + k[1:]", (3, 5)),
        ("k[::2]", (3,)),
        ("len(k)", 2),
        ("prod(k)", 15),
        ("range(b)", (0, 1)),
        ("range(1, 7, 2)", (1, 3, 5)),
        ("a ** b", 49),
        ("a / b", 3.5),
        ("1 < b < a", True),
        ("1 < a < b", False),
        ("mode in ('same', 'valid')", True),
        ("mode not in ('same', 'valid')", False),
        ("nothing is None", True),
        ("a is not None", True),
        ("known(x) and not known(open)", True),
        ("same(k)", False),
        ("same((2, 2, 2))", True),
        ("any((0, a))", True),
        ("all((0, a))", False),
        ("dim(x, 1)", 3),
        ("dim(x, -3) // 3", 1),
        ("dim(x, 0) * 2", 2 * symbol("N")),
        ("dim(x, 0) // 2", symbol("N") // 2),
        ("rank(x)", 4),
        ("flag and 'yes' or 'no'", "yes"),
        ("nothing or a", 7),
        ("", ()),
    ],
)
def test_values(text, value):
    assert evaluate(text, NAMES) == value


@pytest.mark.parametrize("value", [3, 2.5, True, None])
def test_what_is_no_text_is_its_own_value(value):
    assert evaluate(value, {}) is value


def test_the_other_side_of_a_choice_is_not_computed():
    assert evaluate("open is not None and dim(open, 1) > 2", NAMES) is False
    assert evaluate("0 if open is None else rank(open)", NAMES) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "'a +' is no expression"),
        ("c", "'c' is not known here"),
        ("a // 0", "cannot be computed"),
        ("k[9]", "cannot be computed"),
        ("a + mode", "cannot be computed"),
        ("dim(x, 4)", "the input has no dimension 4"),
        ("dim(open, 0)", "the input has no dimension 0"),
        ("rank(open)", "the input's rank is not known"),
        ("dim(x, 0) > 3", "cannot be computed"),
        ("x.shape", "'x.shape' is not allowed in a layer file"),
        ("open('file')", "is not allowed in a layer file"),
        ("__import__('os')", "is not allowed in a layer file"),
        ("(lambda: 1)()", "is not allowed in a layer file"),
        ("[i for i in k]", "is not allowed in a layer file"),
        ("{'a': 1}", "is not allowed in a layer file"),
        ("f'{a}'", "is not allowed in a layer file"),
        ("(c := 3)", "is not allowed in a layer file"),
        ("len.__class__", "is not allowed in a layer file"),
        ("dim(x=1)", "cannot be computed"),
        ("~a", "'~a' is not allowed in a layer file"),
        ("+a", "'+a' is not allowed in a layer file"),
        ("a << 2", "is not allowed in a layer file"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(ExpressionError) as refused:
        evaluate(text, NAMES)
    assert message in str(refused.value)


def test_shapes():
    assert shape_of("a, b // 2, *k", NAMES) == (7, 1, 3, 5)
    assert shape_of("a", NAMES) == (7,)
    assert shape_of("k", NAMES) == (3, 5)
    assert shape_of("", NAMES) == ()
    assert shape_of(4, NAMES) == (4,)


def test_names_that_an_expression_reads():
    assert names_in("a + len(k) if flag else dim(x, b)") == {"a", "k", "flag", "x", "b"}
    assert names_in("mode is None or True") == {"mode"}
    assert names_in("") == frozenset()
    assert names_in(3) == frozenset()
