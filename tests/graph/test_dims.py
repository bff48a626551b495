"""Symbolic sizes: whatever is computed with names equals the same computation with numbers."""

import operator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sketch.graph.dims import (
    Symbolic,
    floor_divide,
    is_known,
    parse_dim,
    product,
    substitute,
    symbol,
    symbols_in,
)
from sketch.graph.errors import ExpressionError

N, M, H = symbol("N"), symbol("M"), symbol("H")
OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}

leaves = st.one_of(st.integers(-9, 9), st.sampled_from(["N", "M", "H"]))
trees = st.recursive(
    leaves, lambda inner: st.tuples(st.sampled_from(sorted(OPERATORS)), inner, inner), max_leaves=7
)
numbers = st.fixed_dictionaries({name: st.integers(1, 40) for name in "NMH"})


def build(tree):
    """The tree as a dimension."""
    if isinstance(tree, tuple):
        left, right = build(tree[1]), build(tree[2])
        assume(right != 0 or tree[0] not in ("//", "%"))
        return OPERATORS[tree[0]](left, right)
    return symbol(tree) if isinstance(tree, str) else tree


def compute(tree, values):
    """The tree with numbers."""
    if isinstance(tree, tuple):
        left, right = compute(tree[1], values), compute(tree[2], values)
        assume(right != 0 or tree[0] not in ("//", "%"))
        return OPERATORS[tree[0]](left, right)
    return values[tree] if isinstance(tree, str) else tree


@given(trees, numbers)
def test_arithmetic_with_names_equals_arithmetic_with_numbers(tree, values):
    expected = compute(tree, values)
    assert substitute(build(tree), values) == expected


@given(trees)
def test_text_and_back(tree):
    dim = build(tree)
    assert parse_dim(str(dim)) == dim
    assert hash(parse_dim(str(dim))) == hash(dim)


@given(trees, numbers)
def test_names_can_be_filled_in_one_at_a_time(tree, values):
    expected = compute(tree, values)
    dim = build(tree)
    for name, number in values.items():
        try:
            dim = substitute(dim, {name: number})
        except ExpressionError:
            assume(False)  # a divisor became 0 on the way
    assert dim == expected
    assert not symbols_in(dim)


@given(trees, trees, trees)
def test_equal_values_are_equal_objects(first, second, third):
    a, b, c = build(first), build(second), build(third)
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert -a + a == 0


@given(trees, st.integers(1, 9))
def test_exact_division_leaves_no_floor(tree, factor):
    dim = build(tree)
    assert (dim * factor) // factor == dim
    assert (dim * factor) % factor == 0
    assert (dim * factor + (factor - 1)) // factor == dim


@given(trees)
def test_names_in_a_dimension(tree):
    dim = build(tree)
    assert symbols_in(dim) <= {"N", "M", "H"}
    if isinstance(dim, int):
        assert symbols_in(dim) == frozenset()


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (N, "N"),
        (2 * N + 1, "2*N+1"),
        (1 - N, "-N+1"),
        (N * M - 3 * H, "M*N-3*H"),
        ((H + 1) // 2, "(H+1)//2"),
        ((4 * N + 3) // 4, "N"),
        ((N * M) // N, "M"),
        (N // (M + 1), "N//(M+1)"),
        ((6 * N + 4) // (2 * N), "(4//(2*N))+3"),
    ],
)
def test_canonical_text(dim, text):
    assert str(dim) == text


def test_a_number_stays_a_number():
    assert type(N - N + 3) is int
    assert type(parse_dim("2*3+1")) is int
    assert parse_dim(7) == 7
    assert parse_dim("-3") == -3


def test_a_size_after_a_convolution():
    size = (H + 2 * 3 - 7) // 2 + 1
    for height in (224, 225, 32):
        assert substitute(size, {"H": height}) == (height + 6 - 7) // 2 + 1
    assert substitute(size, {"N": 3}) == size


@pytest.mark.parametrize(
    "text", ["", "N+", "f(N)", "1.5", "N/2", "'a'", "N.x", "N if N else 1", "True", "N N"]
)
def test_what_is_no_dimension_is_refused(text):
    with pytest.raises(ExpressionError, match="is no dimension; write a number or a name"):
        parse_dim(text)


@pytest.mark.parametrize("name", ["", "1N", "a b", "N+1"])
def test_what_cannot_name_a_dimension_is_refused(name):
    with pytest.raises(ExpressionError, match="cannot name a dimension"):
        symbol(name)


def test_a_very_deep_text_is_refused_and_no_crash():
    with pytest.raises(ExpressionError):
        parse_dim("(" * 500 + "N" + ")" * 500)


@pytest.mark.parametrize("top", [0, 5, N])
def test_division_by_zero_is_refused(top):
    with pytest.raises(ExpressionError, match="Division by zero"):
        floor_divide(top, 0)
    with pytest.raises(ExpressionError):
        parse_dim("N//0")


def test_known_shapes_and_products():
    assert is_known((1, 2))
    assert is_known(())
    assert not is_known((N, 2))
    assert not is_known(None)
    assert product(()) == 1
    assert product((N, 2, 3)) == 6 * N
    assert repr(N) == "Symbolic('N')"
    assert isinstance(product((N, M)), Symbolic)
    assert product((N, 0)) == 0
