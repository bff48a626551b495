"""Shape layers: every regrouping, cut and join gives torch's shape, and is refused where torch refuses."""

import random

import pytest

from sketch.graph.dims import parse_dim, symbol
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library
from tests.graph.torch_oracle import (
    any_tensor,
    check_agreement,
    check_symbolic,
    problem,
    shape_of,
    shapes_out,
    tensor,
)

N, T = symbol("N"), symbol("T")


def dims(text):
    return tuple(parse_dim(item) for item in text.split())


def factors(rng, total):
    """A random factorisation, sometimes with a -1, sometimes wrong."""
    sizes = []
    while total > 1 and rng.random() < 0.8:
        divisor = rng.choice([d for d in range(1, total + 1) if total % d == 0])
        sizes.append(divisor)
        total //= divisor
    sizes.append(total)
    rng.shuffle(sizes)
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        sizes[rng.randrange(len(sizes))] = -1
    if rng.random() < 0.2:
        sizes[rng.randrange(len(sizes))] = rng.randint(0, 5)
    return tuple(sizes)


def test_all_of_them_are_there():
    names = {spec.name for spec in library() if spec.category == "Shape"}
    assert names >= {
        "Identity", "Flatten", "Unflatten", "Reshape", "Permute", "Transpose", "Squeeze", "Unsqueeze", "Expand",
        "Concat", "Stack", "Split", "Chunk", "Slice", "Pad", "Gather", "Cast",
    }  # fmt: skip


# ------------------------------------------------------------------ regrouping


def test_identity():
    assert check_agreement("Identity", {}, [any_tensor(random.Random(1))])


def test_flatten():
    rng = random.Random(1)
    accepted = 0
    for _ in range(150):
        x = any_tensor(rng)
        reach = x.dim() + 1
        params = {"start_dim": rng.randint(-reach, reach), "end_dim": rng.randint(-reach, reach)}
        accepted += check_agreement("Flatten", params if rng.random() < 0.8 else {}, [x])
    assert 30 <= accepted <= 140


def test_unflatten():
    rng = random.Random(2)
    accepted = 0
    for _ in range(200):
        x = tensor(rng, shape_of(rng, rng.randint(0, 3), 1, 24))
        dim = rng.randint(-x.dim() - 1, x.dim()) if rng.random() < 0.2 else rng.randrange(max(x.dim(), 1))
        size = x.shape[dim] if -x.dim() <= dim < x.dim() else 4
        accepted += check_agreement("Unflatten", {"dim": dim, "unflattened_size": factors(rng, size)}, [x])
    assert 50 <= accepted <= 190


def test_reshape():
    rng = random.Random(3)
    accepted = 0
    for _ in range(300):
        x = any_tensor(rng)
        accepted += check_agreement("Reshape", {"shape": factors(rng, x.numel())}, [x])
    assert 100 <= accepted <= 290


@pytest.mark.parametrize(
    ("params", "x", "y"),
    [
        (["N", -1], "N 3 4", "N 12"),
        ([-1, 12], "N 3 4", "N 12"),
        ([-1, 6], "N 3 4", "2*N 6"),
        (["N", "T", 2, -1], "N T 16", "N T 2 8"),
        (["N*T", 16], "N T 16", "N*T 16"),
        ([-1, 16], "N T 16", "N*T 16"),
        ([64, -1], "N 512", "64 8*N"),
        ([-1], "N+1 4", "4*N+4"),
    ],
)
def test_reshape_with_names(params, x, y):
    assert shapes_out("Reshape", {"shape": params}, dims(x)) == [dims(y)]


@pytest.mark.parametrize(
    ("params", "x", "message"),
    [
        ([2, 5, -1], "4 96", "384 elements do not fit 2×5×-1."),
        ([2, 5], "4 96", "384 elements do not fit 2×5."),
        (["N", 10], "N 3 4", "12*N elements do not fit N×10."),
        (["N", 10, -1], "N 3 4", "12*N elements do not fit N×10×-1."),
        (["N", 3], "N+1 3", "3*N+3 elements do not fit N×3."),
        ([7, 2], "N 4", "4*N elements do not fit 7×2."),
        ([-1, -1], "2 3", "Reshape has 2 sizes of -1."),
        (["N", -1], "2 3", "Reshape names N, but the input is 2×3."),
        ([-2, 3], "2 3", "Reshape has size -2."),
    ],
)
def test_reshape_refuses_what_surely_does_not_fit(params, x, message):
    found = problem("Reshape", {"shape": params}, dims(x))
    assert found.message == message
    assert found.param == "shape"
    assert found.cure


def test_reshape_accepts_what_may_fit():
    assert shapes_out("Reshape", {"shape": [64, 8]}, (N, 512)) == [(64, 8)]
    assert shapes_out("Reshape", {"shape": [-1, 10]}, (N, 4)) == [(parse_dim("4*N//10"), 10)]


def test_permute():
    rng = random.Random(4)
    accepted = 0
    for _ in range(120):
        x = any_tensor(rng)
        order = rng.sample(range(x.dim()), x.dim())
        if order and rng.random() < 0.3:
            order[0] = rng.randint(-x.dim() - 1, x.dim())
        if rng.random() < 0.1:
            order.append(0)
        accepted += check_agreement("Permute", {"dims": order}, [x])
    assert 50 <= accepted <= 115


@pytest.mark.parametrize("name", ["Transpose", "Squeeze", "Unsqueeze"])
def test_single_dimensions(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(120):
        x = any_tensor(rng)
        first, second = (rng.randint(-x.dim() - 1, x.dim()) for _ in range(2))
        params = {
            "Transpose": {"dim0": first, "dim1": second},
            "Squeeze": {"dim": rng.choice([None, (first,), (first, second)])},
            "Unsqueeze": {"dim": first + rng.choice([-1, 0, 0, 1])},
        }[name]
        accepted += check_agreement(name, params, [x])
    assert 40 <= accepted <= 119


def test_expand():
    rng = random.Random(5)
    accepted = 0
    for _ in range(200):
        x = tensor(rng, shape_of(rng, rng.randint(0, 3), 1, 2))
        sizes = [rng.choice([-1, size, size if size > 1 else rng.randint(0, 4)]) for size in x.shape]
        sizes = [rng.choice([1, 2, 3, 3, -1]) for _ in range(rng.choice([0, 0, 1]))] + sizes
        if sizes and rng.random() < 0.2:
            sizes[-1] = rng.randint(-2, 3)
        accepted += check_agreement("Expand", {"shape": sizes[rng.choice([0, 0, 0, 1]) :]}, [x])
    assert 60 <= accepted <= 190


def test_a_token_expands_to_the_batch():
    assert shapes_out("Expand", {"shape": ["N", -1, -1]}, (1, 1, 768)) == [(N, 1, 768)]
    assert shapes_out("Expand", {"shape": [-1, 5, 768]}, (N, 1, 768)) == [(N, 5, 768)]
    assert problem("Expand", {"shape": [-1, 4]}, (N, 3)).message.startswith("Expand cannot make 4 out of 3")


@pytest.mark.parametrize("dtype", ["float16", "int64", "bool", "complex64"])
def test_cast(dtype):
    assert check_agreement("Cast", {"dtype": dtype}, [tensor(random.Random(14), (2, 3))])


# ------------------------------------------------------------------ names everywhere

X = ValueType("float32", (7, 4, 6))
KEEPING = [
    ("Identity", {}, [X]),
    ("Flatten", {}, [X]),
    ("Flatten", {"start_dim": 0}, [X]),
    ("Unflatten", {"dim": 2, "unflattened_size": [2, -1]}, [X]),
    ("Reshape", {"shape": [-1, 24]}, [X]),
    ("Permute", {"dims": [2, 0, 1]}, [X]),
    ("Transpose", {"dim0": 0, "dim1": 1}, [X]),
    ("Squeeze", {}, [ValueType("float32", (7, 1, 6))]),
    ("Unsqueeze", {"dim": 0}, [X]),
    ("Expand", {"shape": [2, -1, -1, -1]}, [X]),
    ("Concat", {}, [X, X]),
    ("Concat", {"dim": 0}, [X, X, X]),
    ("Stack", {}, [X, X]),
    ("Split", {"split_size_or_sections": [1, 3]}, [X]),
    ("Chunk", {}, [X]),
    ("Slice", {"end": 2}, [X]),
    ("Pad", {}, [X]),
    ("Pad", {"pad": [1, 2, 0, 0, 3, -1]}, [X]),
    ("Pad", {"pad": [1, 2], "mode": "reflect"}, [X]),
    ("Gather", {"index": [0, 1]}, [X]),
    ("Gather", {"dim": 2}, [X, ValueType("int64", (7,))]),
    ("Cast", {"dtype": "int32"}, [X]),
]


@pytest.mark.parametrize(
    ("layer", "params", "inputs"), KEEPING, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_symbolic_batch_gives_the_same_shape(layer, params, inputs):
    check_symbolic(layer, params, inputs)


# ------------------------------------------------------------------ corners


def test_unflatten_needs_sizes():
    rng = random.Random(16)
    assert not check_agreement("Unflatten", {"dim": 0, "unflattened_size": []}, [tensor(rng, (2, 3))])


def test_squeeze_of_no_dimension_does_nothing():
    assert check_agreement("Squeeze", {"dim": []}, [tensor(random.Random(17), (1, 3))])


def test_ranges_are_named():
    found = problem("Gather", {"dim": 3}, (N, 5))
    assert str(found) == "Gather has dim 3, the input has 2 dimensions. Choose dim from -2 to 1."
    found = problem("Unsqueeze", {"dim": 4}, (N,))
    assert found.cure == "Choose dim from -2 to 1."
    found = problem("Flatten", {"start_dim": 2, "end_dim": 1}, (N, 3, 4))
    assert str(found) == "Flatten has start_dim 2 behind end_dim 1. Choose end_dim from 2 to 2."
    found = problem("Permute", {"dims": [0, 2, 1]}, (N, 3, 4, 5))
    assert found.message == "Permute orders 3 dimensions, the input has 4 (N×3×4×5)."
    assert found.cure == "Give each number from 0 to 3 once."
