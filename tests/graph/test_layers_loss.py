"""Losses: targets that fit, targets that do not, reductions and buffers, as torch judges them."""

import random

import pytest
import torch

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library, look
from tests.graph.torch_oracle import (
    check_agreement,
    check_symbolic,
    shape_of,
    sketch_outcome,
    tensor,
    torch_module,
    type_of,
)

N, C = symbol("N"), symbol("C")
BROADCASTING = ["MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "KLDivLoss"]
EXACT = ["BCELoss", "BCEWithLogitsLoss"]
FLOATS = ["float32", "float32", "float64", "float16"]


def reduction(rng, name):
    return rng.choice(library()[name].params["reduction"].choices)


def floats(*shapes):
    return [ValueType("float32", shape) for shape in shapes]


def test_all_of_them_are_there():
    assert {spec.name for spec in library() if spec.category == "Loss"} == {
        *BROADCASTING, *EXACT, "CrossEntropyLoss", "NLLLoss", "CTCLoss", "CosineEmbeddingLoss", "TripletMarginLoss",
    }  # fmt: skip


@pytest.mark.parametrize("name", BROADCASTING)
def test_pairs_broadcast(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(80):
        full = shape_of(rng, rng.randint(0, 4))
        other = [1 if rng.random() < 0.2 else size for size in full[rng.choice([0, 0, 1]) :]]
        if other and rng.random() < 0.2:
            other[-1] = 6
        pair = [tensor(rng, full, rng.choice(FLOATS)), tensor(rng, other, rng.choice(FLOATS))]
        rng.shuffle(pair)
        if name == "KLDivLoss" and min(value.dim() for value in pair) == 0:
            continue  # torch's batch mean of single numbers has no shape rule of its own
        accepted += check_agreement(name, {"reduction": reduction(rng, name)}, pair)
    assert 30 <= accepted <= 79


@pytest.mark.parametrize("name", EXACT)
def test_binary_targets_have_the_shape_of_the_input(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(120):
        shape = shape_of(rng, rng.randint(1, 3), 1, 4)
        target = shape if rng.random() < 0.85 else (*shape[:-1], 1)
        params = {"reduction": reduction(rng, name)}
        for factors in ("weight", "pos_weight"):
            if factors in library()[name].params and rng.random() < 0.4:
                length = shape[-1] if rng.random() < 0.7 else rng.randint(1, 4)
                params[factors] = [0.5] * length
        dtypes = ("float32", "float64") if rng.random() < 0.1 and len(params) == 1 else ("float32", "float32")
        accepted += check_agreement(
            name, params, [tensor(rng, shape, dtypes[0]), tensor(rng, target, dtypes[1])]
        )
    assert 40 <= accepted <= 115


@pytest.mark.parametrize("name", [*BROADCASTING, *EXACT])
def test_targets_of_whole_numbers_ask_for_a_cast(name):
    found = look(name, {}, [ValueType("float32", (2,)), ValueType("int64", (2,))]).problems[0]
    assert (found.code, found.port) == ("dtype", 1)
    assert "Cast" in found.cure


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
def test_class_numbers(name):
    rng = random.Random(name)
    accepted = 0
    for _ in range(200):
        classes = rng.randint(1, 4)
        rest = shape_of(rng, rng.choice([0, 1, 1, 2, 3]), 2, 4)
        scores = (*rest[:1], classes, *rest[1:])
        if rng.random() < 0.2:
            rest = rng.choice([(*rest, 1), rest[:-1], (*rest[:-1], 5)])
        params = {"reduction": reduction(rng, name)}
        if rng.random() < 0.4:
            params["weight"] = [0.5] * (classes if rng.random() < 0.8 else 7)
        kind = "int64" if rng.random() < 0.8 else "int32"
        accepted += check_agreement(name, params, [tensor(rng, scores), tensor(rng, rest, kind, 0, classes)])
    assert 80 <= accepted <= 190


def test_class_probabilities():
    rng = random.Random(1)
    accepted = 0
    for _ in range(120):
        scores = shape_of(rng, rng.randint(1, 4), 2, 4)
        target = scores if rng.random() < 0.8 else rng.choice([scores[:-1], (*scores[:-1], 5), scores[:1]])
        params = {
            "reduction": reduction(rng, "CrossEntropyLoss"),
            "label_smoothing": rng.choice([0.0, 0.1, 1.0]),
        }
        if rng.random() < 0.3:
            params["weight"] = [0.5] * (scores[0] if len(scores) == 1 else scores[1])
        if rng.random() < 0.3:
            params["ignore_index"] = rng.choice([-5, 0, 1])
        accepted += check_agreement("CrossEntropyLoss", params, [tensor(rng, scores), tensor(rng, target)])
    assert 40 <= accepted <= 115


def test_cross_entropy_explains_a_target_of_the_wrong_kind():
    one_hot = look("CrossEntropyLoss", {}, [*floats((8, 10)), ValueType("int64", (8, 10))]).problems[0]
    assert one_hot.message == "CrossEntropyLoss on 8×10 needs class numbers of shape 8, gets 8×10."
    assert one_hot.cure.startswith("Class probabilities must be floating point.")
    weights = look("CrossEntropyLoss", {"weight": [1, 2]}, floats((8, 3), (8, 3))).problems[0]
    assert weights.message == "CrossEntropyLoss has 2 class weights, the input has 3 classes in dimension 1."
    small = look("CrossEntropyLoss", {}, [*floats((8, 3)), ValueType("int32", (8,))]).problems[0]
    assert small.message == "CrossEntropyLoss needs int64 class numbers, gets int32."
    assert (one_hot.port, weights.param, small.port) == (1, "weight", 1)


@pytest.mark.parametrize("kind", ["rows", "joined", "single"])
def test_ctc(kind):
    rng = random.Random(kind)
    accepted = 0
    for _ in range(40):
        time, batch, classes, length = 10, rng.randint(1, 4), rng.randint(2, 5), rng.randint(1, 3)
        labels = {"rows": (batch, length), "joined": (batch * length,), "single": (length,)}[kind]
        scores = (time, classes) if kind == "single" else (time, batch, classes)
        lengths = () if kind == "single" else (batch,)
        broken = rng.random()
        if broken < 0.1:
            scores = (*scores, 2, 2)
        elif broken < 0.2:
            lengths = (batch + 1,)
        elif broken < 0.3 and kind == "rows":
            labels = (batch + 1, length)
        blank = rng.choice([0, 0, 0, 5])
        inputs = [
            tensor(rng, scores).log_softmax(-1),
            tensor(rng, labels, "int64", 1, classes),
            torch.full(lengths, time),
            torch.full(lengths, length),
        ]
        accepted += check_agreement(
            "CTCLoss", {"blank": blank, "reduction": reduction(rng, "CTCLoss")}, inputs
        )
    assert 8 <= accepted <= 39


def test_cosine_embedding():
    rng = random.Random(2)
    accepted = 0
    for _ in range(100):
        batch, size = rng.randint(1, 3), rng.randint(1, 4)
        pair = [(batch, size), (rng.choice([1, batch]), size), (batch,)]
        if rng.random() < 0.3:
            pair = [(size,), (size,), ()]
        if rng.random() < 0.2:
            pair[rng.randrange(3)] = shape_of(rng, rng.randint(0, 2), 2, 4)
        inputs = [
            tensor(rng, pair[0]),
            tensor(rng, pair[1]),
            tensor(rng, pair[2], rng.choice(["int64", "float32"])),
        ]
        accepted += check_agreement(
            "CosineEmbeddingLoss", {"reduction": reduction(rng, "CosineEmbeddingLoss")}, inputs
        )
    assert 50 <= accepted <= 98


def test_triplets():
    rng = random.Random(3)
    accepted = 0
    for _ in range(80):
        full = shape_of(rng, rng.randint(0, 3), 1, 4)
        shapes = [[1 if rng.random() < 0.1 else size for size in full] for _ in range(3)]
        if rng.random() < 0.2:
            shapes[rng.randrange(3)] = [5] * rng.randint(0, 3)
        if len({shape[-1] for shape in shapes if shape} - {1}) > 1 and not all(
            shape[-1:] != [1] for shape in shapes
        ):
            continue  # torch compares an anchor of size 1 with positives and negatives of two sizes
        inputs = [tensor(rng, shape, rng.choice(["float32", "float32", "float64"])) for shape in shapes]
        accepted += check_agreement(
            "TripletMarginLoss", {"reduction": reduction(rng, "TripletMarginLoss")}, inputs
        )
    assert 35 <= accepted <= 78


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("CrossEntropyLoss", {"weight": [1, 2, 3]}),
        ("NLLLoss", {"weight": [1, 2, 3]}),
        ("BCELoss", {"weight": [1, 2, 3]}),
        ("BCEWithLogitsLoss", {"weight": [1, 2, 3], "pos_weight": [2]}),
        ("BCEWithLogitsLoss", {"pos_weight": [1, 2, 3]}),
        ("CrossEntropyLoss", {}),
    ],
)
def test_factors_are_buffers_as_in_torch(name, params):
    target = [ValueType("int64", (2,))] if name in ("CrossEntropyLoss", "NLLLoss") else floats((2, 3))
    found = look(name, params, [*floats((2, 3)), *target])
    state = torch_module(name, params).state_dict()
    assert {role: kind.shape for role, kind in found.weights.items()} == {
        k: tuple(v.shape) for k, v in state.items()
    }
    assert {role: kind.init["value"] for role, kind in found.weights.items()} == {
        role: role for role in state
    }
    assert found.parameters == 0
    assert not found.problems


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("HuberLoss", {"delta": 0.0}),
        ("TripletMarginLoss", {"margin": 0.0}),
        ("TripletMarginLoss", {"margin": -1.0}),
    ],
)
def test_parameters_that_torch_refuses(name, params):
    rng = random.Random(4)
    inputs = [tensor(rng, (2, 3)) for _ in library()[name].inputs]
    assert not check_agreement(name, params, inputs)
    assert look(name, params, [type_of(value) for value in inputs]).problems[0].param == next(iter(params))


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_symbolic_batch_gives_the_same_shape(reduction):
    params = {"reduction": reduction}
    for name in [*BROADCASTING, *EXACT]:
        check_symbolic(name, params, floats((7, 4), (7, 4)))
    numbers = ValueType("int64", (7,))
    for name in ("CrossEntropyLoss", "NLLLoss"):
        check_symbolic(name, params, [*floats((7, 4)), numbers])
        check_symbolic(name, params, [*floats((7, 4, 5, 6)), ValueType("int64", (7, 5, 6))])
    check_symbolic(
        "CTCLoss", params, [*floats((9, 7, 5)), ValueType("int64", (7, 2)), numbers, numbers], axis=1
    )
    check_symbolic("CosineEmbeddingLoss", params, [*floats((7, 4), (7, 4)), numbers])
    check_symbolic("TripletMarginLoss", params, floats((7, 4), (7, 4), (7, 4)))


def test_one_known_batch_is_enough():
    scores, target = ValueType("float32", (N, 10)), ValueType("int64", (32,))
    assert sketch_outcome("CrossEntropyLoss", {"reduction": "none"}, [scores, target]) == [("float32", (32,))]
    classes = ValueType("float32", (N, C))
    assert sketch_outcome("CrossEntropyLoss", {"weight": [1, 2]}, [classes, target]) == [("float32", ())]


def test_single_numbers_have_no_classes():
    assert not check_agreement("NLLLoss", {}, [torch.tensor(0.5), torch.tensor(0)])
    found = look("NLLLoss", {}, [ValueType("float32", ()), ValueType("int64", ())]).problems[0]
    assert found.message == "NLLLoss needs a score for each class, gets a single number."


def test_ctc_targets_have_one_or_two_dimensions():
    numbers = ValueType("int64", (2,))
    found = look(
        "CTCLoss", {}, [*floats((9, 2, 5)), ValueType("int64", (2, 3, 1)), numbers, numbers]
    ).problems[0]
    assert found.message == "CTCLoss needs targets N×S or one row, gets 2×3×1."


@pytest.mark.parametrize(
    ("name", "inputs", "port", "message"),
    [
        (
            "MSELoss",
            floats((8, 3), (8, 4)),
            1,
            "MSELoss cannot combine 8×3 with 8×4: 3 and 4 differ in dimension -1.",
        ),
        ("BCELoss", floats((8, 3), (8, 1)), 1, "BCELoss needs a target of shape 8×3, gets 8×1."),
        (
            "TripletMarginLoss",
            floats((8, 3), (8, 3), (8, 4)),
            2,
            "TripletMarginLoss cannot combine 8×3 with 8×4",
        ),
        ("TripletMarginLoss", floats((8, 3), (8, 3), (3,)), 2, "TripletMarginLoss needs inputs of one rank"),
        (
            "CosineEmbeddingLoss",
            floats((8, 3), (8, 3), (7,)),
            2,
            "CosineEmbeddingLoss cannot combine 8 with 7",
        ),
        (
            "CosineEmbeddingLoss",
            floats((8, 3), (3,), (8,)),
            1,
            "CosineEmbeddingLoss needs inputs N×D with a target",
        ),
    ],
)
def test_the_input_at_fault_is_named(name, inputs, port, message):
    found = look(name, {}, inputs).problems[0]
    assert found.port == port
    assert found.message.startswith(message)
    assert found.cure


def test_ctc_names_the_input_at_fault():
    def refusal(scores=(9, 2, 5), targets=(2, 3), inputs=(2,), lengths=(2,), blank=0):
        numbers = [ValueType("int64", shape) for shape in (targets, inputs, lengths)]
        return look("CTCLoss", {"blank": blank}, [*floats(scores), *numbers]).problems[0]

    assert (refusal(scores=(9,)).port, refusal(scores=(9,)).param) == (0, None)
    assert refusal(targets=(3, 3)).message == "CTCLoss has 2 examples and targets for 3."
    assert refusal(inputs=(3,)).message == "CTCLoss needs 2 numbers in input_lengths, gets 3."
    assert refusal(lengths=()).port == 3
    assert refusal(blank=5).cure == "Choose from 0 to 4."


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_example_without_a_batch_takes_one_class_number(count):
    inputs = [tensor(random.Random(5), (3,)), tensor(random.Random(6), (count,), "int64")]
    assert check_agreement("NLLLoss", {}, inputs) == (count == 1)
    assert check_agreement("CrossEntropyLoss", {}, inputs) == (count == 1)
