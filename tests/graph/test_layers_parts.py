"""Layers that join, cut, pad or pick: Concat, Stack, Split, Chunk, Slice, Pad, Gather, judged by torch."""

import random

import pytest

from sketch.graph.dims import symbol
from sketch.graph.rows import ValueType
from tests.graph.torch_oracle import (
    any_tensor,
    check_agreement,
    check_symbolic,
    problem,
    shape_of,
    shapes_out,
    sketch_outcome,
    tensor,
    torch_outcome,
    type_of,
)

N, T = symbol("N"), symbol("T")


def test_concat():
    rng = random.Random(6)
    accepted = 0
    for _ in range(150):
        base = shape_of(rng, rng.randint(0, 4))
        dim = (
            rng.randint(-len(base) - 1, len(base))
            if rng.random() < 0.2 or not base
            else rng.randrange(len(base))
        )
        tensors = []
        for _ in range(rng.randint(1, 4)):
            shape = list(base)
            if -len(base) <= dim < len(base):
                shape[dim] = rng.randint(1, 5)
            if shape and rng.random() < 0.08:
                shape[rng.randrange(len(shape))] += 1
            tensors.append(tensor(rng, shape, rng.choice(["float32", "float32", "int64", "float64"])))
        accepted += check_agreement("Concat", {"dim": dim}, tensors)
    assert 60 <= accepted <= 145


def test_stack():
    rng = random.Random(7)
    accepted = 0
    for _ in range(120):
        base = shape_of(rng, rng.randint(0, 3))
        tensors = [
            tensor(rng, base, rng.choice(["float32", "int64", "bool"])) for _ in range(rng.randint(1, 4))
        ]
        if rng.random() < 0.1:
            tensors.append(tensor(rng, (*base, 2)))
        accepted += check_agreement("Stack", {"dim": rng.randint(-len(base) - 2, len(base) + 1)}, tensors)
    assert 50 <= accepted <= 115


def test_concat_with_names():
    assert shapes_out("Concat", {}, (N, 3, 8), (N, 5, 8)) == [(N, 8, 8)]
    assert shapes_out("Concat", {}, (N, T, 8), (N, 1, 8)) == [(N, T + 1, 8)]
    assert shapes_out("Concat", {}, (N, 3), (4, 5)) == [(4, 8)]
    assert shapes_out("Stack", {}, (N, 3), (4, 3)) == [(4, 2, 3)]


def test_the_skip_connection_of_a_u_net_that_does_not_fit():
    found = problem("Concat", {}, (N, 64, 56, 56), (N, 64, 57, 56))
    assert found.message == (
        "Concat along dimension 1 cannot join N×64×56×56 and N×64×57×56: 56 and 57 differ in dimension 2."
    )
    assert found.port == 1


def test_split():
    rng = random.Random(8)
    accepted = 0
    for _ in range(120):
        x = any_tensor(rng)
        dim = rng.randint(-x.dim() - 1, x.dim()) if rng.random() < 0.2 else rng.randrange(max(x.dim(), 1))
        size = x.shape[dim] if -x.dim() <= dim < x.dim() else 4
        cut = rng.randint(0, size)
        sections = [cut, size - cut] if rng.random() < 0.8 else [cut, size]
        accepted += check_agreement("Split", {"split_size_or_sections": sections, "dim": dim}, [x])
    assert 50 <= accepted <= 115


def test_split_says_what_is_left_over():
    found = problem("Split", {"split_size_or_sections": [2, 3]}, (N, 6))
    assert found.message == "Split has sections of 5 entries together, dimension 1 has 6."
    assert found.cure == "Make the sections add up to 6."


def test_chunk_gives_torchs_parts_or_refuses_the_number():
    rng = random.Random(9)
    for _ in range(200):
        x = tensor(rng, (2, rng.randint(1, 12)))
        chunks = rng.randint(1, 6)
        theirs = torch_outcome("Chunk", {"chunks": chunks}, [x])
        ours = sketch_outcome("Chunk", {"chunks": chunks}, [type_of(x)])
        if len(theirs) == chunks:
            assert ours == theirs
        else:
            assert f"Set chunks to {len(theirs)}." in ours


def test_chunk_of_a_name():
    assert shapes_out("Chunk", {"chunks": 3, "dim": -1}, (N, 3 * T)) == [(N, T)] * 3
    first, last = shapes_out("Chunk", {"chunks": 2, "dim": 1}, (2, N))
    assert first[1] + last[1] == N


def test_slice():
    rng = random.Random(10)
    accepted = 0
    for _ in range(200):
        x = any_tensor(rng)
        dim = rng.randint(-x.dim() - 1, x.dim()) if rng.random() < 0.2 else rng.randrange(max(x.dim(), 1))
        params = {
            "dim": dim,
            "start": rng.randint(-6, 6),
            "end": rng.choice([None, rng.randint(-6, 6)]),
            "step": rng.randint(1, 3),
        }
        accepted += check_agreement("Slice", params, [x])
    assert 80 <= accepted <= 195


@pytest.mark.parametrize("start", [0, 2, -3])
@pytest.mark.parametrize("end", [None, 5, -1])
@pytest.mark.parametrize("step", [1, 2])
def test_slice_of_a_name_that_is_large_enough(start, end, step):
    check_symbolic(
        "Slice", {"dim": 1, "start": start, "end": end, "step": step}, [ValueType("float32", (2, 7))], 1
    )


def cuts_all(pad, shape):
    """True when the negative numbers leave nothing of a dimension."""
    pairs = zip(shape[::-1], pad[::2], pad[1::2], strict=False)
    return any(size + min(before, 0) + min(after, 0) < 1 for size, before, after in pairs)


def test_pad():
    rng = random.Random(11)
    accepted = 0
    for _ in range(600):
        mode = rng.choice(["constant", "reflect", "replicate", "circular"])
        rank = rng.randint(0, 5)
        x = tensor(rng, shape_of(rng, rank, 2, 4), "float32")
        count = 2 * rng.randint(0, 3) + (rng.random() < 0.05)
        pad = [rng.randint(-1, 3) if rng.random() < 0.8 else rng.randint(-4, 5) for _ in range(count)]
        params = {"pad": pad, "mode": mode, "value": 0.5}
        theirs = torch_outcome("Pad", params, [x])
        empty = mode != "constant" and not isinstance(theirs, str) and 0 in theirs[0][1]
        if empty or (mode == "circular" and not isinstance(theirs, str) and cuts_all(pad, x.shape)):
            # torch fills these from nothing
            assert "Cut less." in sketch_outcome("Pad", params, [type_of(x)])
            continue
        accepted += check_agreement("Pad", params, [x])
    assert 150 <= accepted <= 500


def test_gather():
    rng = random.Random(12)
    accepted = 0
    for _ in range(200):
        x = any_tensor(rng)
        dim = rng.randint(-x.dim() - 1, x.dim()) if rng.random() < 0.2 else rng.randrange(max(x.dim(), 1))
        reach = x.shape[dim] if -x.dim() <= dim < x.dim() else 2
        pick = lambda reach=reach: rng.randint(-reach, reach - 1 + (rng.random() < 0.1))  # noqa: E731
        index = rng.choice([pick(), (pick(), pick()), ((pick(), pick()), (pick(), pick()))])
        accepted += check_agreement("Gather", {"dim": dim, "index": index}, [x])
    assert 60 <= accepted <= 190


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_gather_by_an_input(shape):
    rng = random.Random(13)
    x, index = tensor(rng, (2, 5, 4)), tensor(rng, shape, "int64", 0, 5)
    assert check_agreement("Gather", {"dim": 1}, [x, index])


def test_gather_names_the_entry_that_is_not_there():
    found = problem("Gather", {"index": [0, 5]}, (N, 5))
    assert str(found) == "Gather picks entry 5 of dimension 1, which has 5. Choose from -5 to 4."
    assert problem("Gather", {"index": None}, (N, 5)).message == "Gather has no index."
    assert problem("Gather", {"index": 0.5}, (N, 5)).message == "Gather has index 0.5."


def test_concat_of_different_ranks_is_refused_as_in_torch():
    rng = random.Random(15)
    assert not check_agreement("Concat", {"dim": 0}, [tensor(rng, (2, 3)), tensor(rng, (3,))])
    found = problem("Concat", {}, (N, 64), (N, 64, 7, 7))
    assert found.message == "Concat cannot join N×64 and N×64×7×7: 2 and 4 dimensions."
    assert found.port == 1


def test_slice_that_ends_before_it_starts_is_empty():
    assert check_agreement("Slice", {"start": 3, "end": 1}, [tensor(random.Random(18), (2, 5))])
    assert shapes_out("Slice", {"start": 3, "end": 1}, (2, N)) == [(2, 0)]


@pytest.mark.parametrize(
    ("params", "x", "text"),
    [
        (
            {"pad": [1]},
            (N, 5),
            "Pad has 1 numbers for 2 dimensions (N×5). Give two a dimension, from the last one; at most 4.",
        ),
        (
            {"pad": [3, 0], "mode": "reflect"},
            (N, 2, 3),
            "Pad in mode reflect adds 3 to a size of 3; at most 2 fit. Use up to 2, or mode replicate.",
        ),
        ({"pad": [-2, -3]}, (N, 4), "Pad cuts 5 from a size of 4. Cut less."),
    ],
)
def test_pad_says_what_fits(params, x, text):
    assert str(problem("Pad", params, x)) == text
