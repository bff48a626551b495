"""Arithmetic: broadcasting, type promotion, matrix products and reductions give torch's types."""

import random
from itertools import product

import pytest
import torch

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import look
from tests.graph.torch_oracle import (
    check_agreement,
    check_symbolic,
    has_symbol,
    shape_of,
    sketch_outcome,
    tensor,
)

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
PAIRS = ["Sub", "Div", "Maximum", "Minimum", "Pow", "Equal", "Greater", "Less"]
UNARY = [
    "Sqrt",
    "Exp",
    "Log",
    "Abs",
    "Neg",
    "Reciprocal",
    "Erf",
    "Sin",
    "Cos",
    "Floor",
    "Ceil",
    "Not",
    "Pow",
    "Clamp",
]
REDUCTIONS = ["Mean", "Sum", "Max", "Min"]
N = symbol("N")


def shapes_that_may_meet(rng: random.Random, count: int) -> list[tuple[int, ...]]:
    """Shapes cut from one, with some sizes set to 1 and now and then one that does not fit."""
    full = shape_of(rng, rng.randint(0, 4))
    found = []
    for _ in range(count):
        shape = [1 if rng.random() < 0.25 else size for size in full[rng.randint(0, len(full)) :]]
        if shape and rng.random() < 0.15:
            shape[rng.randrange(len(shape))] = 6
        found.append(tuple(shape))
    return found


@pytest.mark.parametrize("name", ["Add", "Mul"])
def test_two_to_four_inputs_broadcast_as_in_torch(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(80):
        shapes = shapes_that_may_meet(rng, rng.randint(2, 4))
        accepted += check_agreement(name, {}, [tensor(rng, shape) for shape in shapes])
    assert 30 <= accepted <= 79


@pytest.mark.parametrize("name", PAIRS)
def test_two_inputs_broadcast_as_in_torch(name):
    rng = random.Random(name)
    accepted = sum(
        check_agreement(name, {}, [tensor(rng, shape) for shape in shapes_that_may_meet(rng, 2)])
        for _ in range(60)
    )
    assert 20 <= accepted <= 59


@pytest.mark.parametrize("name", ["Add", *PAIRS])
def test_types_promote_as_in_torch(name):
    rng = random.Random(name)
    for first, second in product(DTYPES, DTYPES):
        ranks = rng.choice([(2, 2), (2, 0), (0, 2), (0, 0)])
        inputs = [
            tensor(rng, (2, 3)[:rank], dtype, 1) for rank, dtype in zip(ranks, (first, second), strict=True)
        ]
        check_agreement(name, {}, inputs)


def test_every_pair_of_types_and_ranks_promotes_as_in_torch():
    rng = random.Random(5)
    for first, second, ranks in product(DTYPES, DTYPES, [(1, 1), (1, 0), (0, 1), (0, 0)]):
        inputs = [tensor(rng, (3,)[:rank], dtype) for rank, dtype in zip(ranks, (first, second), strict=True)]
        assert check_agreement("Mul", {}, inputs)


@pytest.mark.parametrize(
    ("first", "second"), [("uint16", "int64"), ("uint32", "bool"), ("float8_e5m2", "float32")]
)
def test_types_without_a_common_one_are_refused(first, second):
    names = {"float8_e5m2": "float8e5m2"}
    inputs = [ValueType(names.get(dtype, dtype), (2,)) for dtype in (first, second)]
    problem = look("Add", {}, inputs).problems[0]
    assert problem.message == f"Add cannot combine {names.get(first, first)} with {second}."
    assert "Cast" in problem.cure


@pytest.mark.parametrize("second", ["bool", "int64", "float16", "float64", "complex64"])
@pytest.mark.parametrize("first", ["complex64", "complex128"])
def test_complex_numbers_promote_as_in_torch(first, second):
    rng = random.Random(1)
    a = tensor(rng, (3,)).to(getattr(torch, first))
    b = tensor(rng, (3,)).to(getattr(torch, second))
    assert check_agreement("Mul", {}, [a, b])


@pytest.mark.parametrize("first", ["float32", "float64"])
@pytest.mark.parametrize("second", ["complex64", "complex128"])
def test_a_complex_scalar_keeps_the_precision_of_a_tensor(first, second):
    rng = random.Random(1)
    assert check_agreement("Mul", {}, [tensor(rng, (3,), first), tensor(rng, ()).to(getattr(torch, second))])


def test_floats_of_eight_bits_do_not_promote_to_complex():
    inputs = [ValueType("float8e5m2", (2,)), ValueType("complex64", (2,))]
    assert sketch_outcome("Mul", {}, inputs).startswith("Mul cannot combine float8e5m2 with complex64.")


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "bfloat16", "float32", "float64"])
def test_functions_of_one_input(name, dtype):
    rng = random.Random(2)
    x = tensor(rng, shape_of(rng, rng.randint(0, 4)), dtype, 1)
    check_agreement(name, {}, [x])


@pytest.mark.parametrize(
    "bounds", [{"min": None, "max": 2.5}, {"min": -1.0, "max": 1.0}, {"min": None, "max": None}]
)
def test_clamp_needs_a_bound(bounds):
    rng = random.Random(3)
    assert check_agreement("Clamp", bounds, [tensor(rng, (2, 3))]) == (bounds["max"] is not None)


def test_where_takes_a_bool_condition():
    rng = random.Random(4)
    accepted = 0
    for _ in range(60):
        shapes = shapes_that_may_meet(rng, 3)
        kinds = [rng.choice(["bool", "bool", "int64"]), rng.choice(DTYPES), rng.choice(DTYPES)]
        accepted += check_agreement(
            "Where", {}, [tensor(rng, *pair) for pair in zip(shapes, kinds, strict=True)]
        )
    assert 15 <= accepted <= 59


def test_matrix_products():
    rng = random.Random(6)
    accepted = 0
    for _ in range(150):
        k, first, second = rng.randint(1, 4), rng.randint(0, 4), rng.randint(0, 4)
        a, b = [*shape_of(rng, first, 1, 2)], [*shape_of(rng, second, 1, 2)]
        if a and b:
            a[-1] = k
            b[-2 if len(b) > 1 else -1] = k if rng.random() < 0.85 else k + 1
        kinds = ("float32", "float32") if rng.random() < 0.9 else ("float32", "int64")
        accepted += check_agreement("MatMul", {}, [tensor(rng, a, kinds[0]), tensor(rng, b, kinds[1])])
    assert accepted >= 50


def test_matmul_names_the_sizes_that_do_not_meet():
    inputs = [ValueType("float32", (N, 3, 10)), ValueType("float32", (8, 2))]
    problem = look("MatMul", {}, inputs).problems[0]
    assert problem.message == "MatMul cannot multiply N×3×10 by 8×2: 10 columns meet 8 rows."
    assert problem.port == 1


@pytest.mark.parametrize("name", [*REDUCTIONS, "ArgMax"])
def test_reductions(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(80):
        rank = rng.randint(0, 4)
        x = tensor(rng, shape_of(rng, rank), rng.choice(["float32", "float32", "int64", "bool", "uint8"]))
        dims = tuple(rng.randint(-rank - 1, rank) for _ in range(rng.randint(1, 2)))
        dim = None if rng.random() < 0.2 else dims[0] if name == "ArgMax" else dims
        accepted += check_agreement(name, {"dim": dim, "keepdim": rng.random() < 0.5}, [x])
    assert 10 <= accepted <= 79


@pytest.mark.parametrize("name", ["Max", "ArgMax"])
def test_nothing_has_no_largest_entry(name):
    x = tensor(random.Random(1), (0, 3))
    dim = 0 if name == "ArgMax" else (0,)
    assert not check_agreement(name, {"dim": dim}, [x])
    assert check_agreement(name, {"dim": 1 if name == "ArgMax" else (1,)}, [x])
    assert check_agreement("Sum", {"dim": 0}, [x])


@pytest.mark.parametrize("name", ["Add", "Mul", "Sub", "Div", "Pow", "Maximum", "Greater"])
def test_broadcasting_keeps_names(name):
    first, second = ValueType("float32", (7, 4, 1)), ValueType("float32", (4, 6))
    check_symbolic(name, {}, [first, second])
    check_symbolic(name, {}, [second, first], axis=1)


def test_a_name_meets_a_number():
    def add(*shapes):
        return sketch_outcome("Add", {}, [ValueType("float32", shape) for shape in shapes])

    assert add((N, 3), (1, 3)) == [("float32", (N, 3))]
    assert add((N, 3), (8, 1)) == [("float32", (8, 3))]
    assert add((N, 3), (N, 3)) == [("float32", (N, 3))]
    assert add((3,), (N, 1)) == [("float32", (N, 3))]
    assert add((N, 3), (N, 4)).startswith("Add cannot combine N×3 with N×4: 3 and 4 differ in dimension -1.")


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_keep_names(name):
    x = ValueType("float32", (7, 4, 6))
    check_symbolic(name, {"dim": (1, 2)}, [x])
    check_symbolic(name, {"dim": None}, [x])
    assert has_symbol(name, {"dim": -1}, [ValueType("float32", (N, 4))])


def test_matmul_keeps_names():
    check_symbolic("MatMul", {}, [ValueType("float32", (7, 2, 5)), ValueType("float32", (7, 5, 3))])
    check_symbolic("MatMul", {}, [ValueType("float32", (2, 7, 5)), ValueType("float32", (2, 5, 7))], axis=1)


def test_add_needs_two_inputs():
    problem = look("Add", {}, [ValueType("float32", (2,))]).problems[0]
    assert problem.message == "Add needs at least 2 inputs, has 1."


@pytest.mark.parametrize(("sizes", "port"), [((3, 3, 4), 2), ((3, 4, 3), 1)])
def test_the_input_that_does_not_fit_is_named(sizes, port):
    found = look("Add", {}, [ValueType("float32", (N, size)) for size in sizes]).problems[0]
    assert found.port == port
    assert found.message == "Add cannot combine N×3 with N×4: 3 and 4 differ in dimension -1."


def test_matmul_asks_for_one_element_type():
    found = look("MatMul", {}, [ValueType("float16", (2, 3)), ValueType("float32", (3, 2))]).problems[0]
    assert str(found) == "MatMul needs one element type, gets float16 and float32. Insert a Cast to float16."
    assert found.port == 1


@pytest.mark.parametrize("port", [0, 1])
def test_matmul_of_a_single_number_is_a_mul(port):
    shapes = [(2, 2), (2, 2)]
    shapes[port] = ()
    found = look("MatMul", {}, [ValueType("float32", shape) for shape in shapes]).problems[0]
    assert (found.port, found.cure) == (port, "Use Mul.")
