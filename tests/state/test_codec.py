"""Rows to JSON and back are the same rows, and nothing else is taken for a row."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.delta import TABLES, Change
from sketch.graph.dims import parse_dim, symbol
from sketch.graph.rows import (
    COLOURS,
    FRAME,
    NOTE,
    Edge,
    FrozenDict,
    Node,
    Note,
    Place,
    TensorRow,
    ValueType,
    Way,
)
from sketch.state import codec
from sketch.state.codec import CodecError
from sketch.state.history import Checkpoint

texts = st.text(st.characters(), max_size=8)
numbers = st.integers() | st.floats(allow_nan=False) | st.booleans()
values = st.recursive(
    st.none() | numbers | texts | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3)
        | st.dictionaries(texts, inner, max_size=3).map(FrozenDict)
    ),
    max_leaves=8,
)
ids = st.integers(1, 10**6)
edges = st.builds(Edge, ids, ids, ids, ids)
params = st.dictionaries(texts, values, max_size=3).map(FrozenDict)
wires = st.lists(edges, max_size=3).map(tuple)
dims = st.integers(0, 9) | st.sampled_from([symbol("N"), parse_dim("2*N+1"), parse_dim("(H+3)//2"), "N"])
points = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2)
ways = st.builds(
    Way, st.integers(0, 9), ids, st.integers(0, 9), st.lists(points, min_size=2, max_size=4).map(tuple)
)
rows = {
    "nodes": st.tuples(ids, st.builds(Node, ids, texts, texts, params, wires, wires, st.none() | ids)),
    "places": st.tuples(
        ids,
        st.builds(
            Place,
            st.floats(allow_nan=False),
            st.floats(allow_nan=False),
            st.lists(ways, max_size=2).map(tuple),
        ),
    ),
    "tensors": st.tuples(
        ids,
        st.builds(
            TensorRow, ids, st.sampled_from(["ab12", "at-9f"]), st.tuples(ids), st.just("bfloat16"), texts
        ),
    ),
    "weights": st.tuples(st.tuples(ids, texts), ids),
    "hints": st.tuples(
        st.tuples(ids, ids),
        st.builds(ValueType, st.just("int8"), st.none() | st.lists(dims, max_size=3).map(tuple)),
    ),
    "notes": st.tuples(
        ids,
        st.builds(
            Note,
            ids,
            texts,
            st.none() | ids,
            st.floats(1, 9),
            st.floats(1, 9),
            st.sampled_from((NOTE, FRAME)),
            st.sampled_from(("", *COLOURS)),
        ),
    ),
    "meta": st.tuples(texts, values.filter(lambda value: value is not None)),
}
changes = st.sampled_from(TABLES).flatmap(
    lambda table: st.builds(lambda one, two: Change(table, one[0], None, two[1]), rows[table], rows[table])
)


def same(first, second) -> bool:
    """Equal, with equal types at every depth (1, 1.0 and True are three things)."""
    if type(first) is not type(second):
        return False
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return first == second and repr(first) == repr(second)


@given(values)
def test_values_come_back_with_their_types(value) -> None:
    assert same(codec.decode_value(codec.from_text(codec.to_text(codec.encode_value(value)))), value)


@given(st.lists(changes, max_size=4).map(tuple))
def test_deltas_and_checkpoints_come_back(delta) -> None:
    text = codec.to_text(codec.encode_delta(delta))
    assert text.isascii()
    assert codec.decode_delta(json.loads(text)) == delta
    step = Checkpoint(3, 1, "läbel\ud800", delta, None, 12.5)
    assert codec.decode_checkpoint(codec.from_text(codec.to_text(codec.encode_checkpoint(step)))) == step


def test_numbers_without_a_value_come_back() -> None:
    raw = codec.from_text(codec.to_text(codec.encode_value((math.nan, math.inf, -math.inf, -0.0))))
    nan, high, low, zero = codec.decode_value(raw)
    assert math.isnan(nan)
    assert (high, low, str(zero)) == (math.inf, -math.inf, "-0.0")


def test_numbers_of_numpy_become_plain() -> None:
    import numpy as np

    assert same(codec.encode_value(np.int64(3)), 3)
    assert same(codec.encode_value(np.float32(0.5)), 0.5)


@pytest.mark.parametrize("value", [object(), {1, 2}, FrozenDict({1: 2})])
def test_what_cannot_be_kept_is_refused(value) -> None:
    with pytest.raises(CodecError):
        codec.encode_value(value)


@pytest.mark.parametrize(
    "raw",
    [
        {"f": "1e9"},
        {"f": []},
        {"x": 1},
        {"f": "nan", "d": {}},
        {"b": "%"},
        {"b": 3},
        {"d": []},
        {"l": {}},
        {"s": "+"},
        {},
    ],
)
def test_values_that_are_none_are_refused(raw) -> None:
    with pytest.raises(CodecError):
        codec.decode_value(raw)


@pytest.mark.parametrize(
    ("table", "raw"),
    [
        ("nodes", [1, "ReLU", "a", {"d": {}}, [], []]),
        ("nodes", [True, "ReLU", "a", {"d": {}}, [], [], None]),
        ("nodes", [1, 2, "a", {"d": {}}, [], [], None]),
        ("nodes", [1, "ReLU", "a", [], [], [], None]),
        ("nodes", [1, "ReLU", "a", {"d": {}}, [[1, 2, 3]], [], None]),
        ("nodes", [1, "ReLU", "a", {"d": {}}, {}, [], None]),
        ("nodes", [1, "ReLU", "a", {"d": {}}, [], [], "x"]),
        ("places", [1]),
        ("places", ["1", 2]),
        ("places", [True, 2]),
        ("tensors", [1, "ab", [-1], "float32", ""]),
        ("tensors", [1, "ab", [1], "float33", ""]),
        ("tensors", [1, "../ab", [1], "float32", ""]),
        ("tensors", [1, 5, [1], "float32", ""]),
        ("tensors", [1, "a" * 200, [1], "float32", ""]),
        ("weights", "1"),
        ("hints", ["int8", 4]),
        ("notes", [1, None, None, 1.0, 1.0]),
    ],
)
def test_rows_that_are_none_are_refused(table, raw) -> None:
    with pytest.raises(CodecError):
        codec.decode_row(table, raw)


@pytest.mark.parametrize(
    "raw", [{}, [[]], [["rows", 1, None, None]], [["weights", 1, None, None]], [["nodes", "1", None, None]]]
)
def test_deltas_that_are_none_are_refused(raw) -> None:
    with pytest.raises(CodecError):
        codec.decode_delta(raw)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe\x00"])
def test_text_that_is_no_json_is_refused(text) -> None:
    with pytest.raises(CodecError, match="JSON"):
        codec.from_text(text)


def test_places_of_files_without_ways_load() -> None:
    assert codec.decode_row("places", [1.5, -2]) == Place(1.5, -2)
    assert codec.encode_row("places", Place(1.5, -2.0)) == [1.5, -2.0]


@pytest.mark.parametrize(
    "way",
    [
        [0, 2, 0, 1.0, 2.0, 3.0],
        [0, 2, 0, 1.0, 2.0],
        [0, 2],
        [0, 2, 0.5, 1, 2, 3, 4],
        7,
        [0, 2, 0, 1, 2, 3, {"f": "inf"}],
    ],
)
def test_damaged_ways_are_refused(way) -> None:
    with pytest.raises(CodecError):
        codec.decode_row("places", [0.0, 0.0, [way]])


def test_nodes_of_one_layer_share_its_name() -> None:
    raw = json.dumps([codec.encode_row("nodes", Node(number, "Conv2d", f"n{number}")) for number in range(2)])
    one, other = (codec.decode_row("nodes", row) for row in json.loads(raw))
    assert one.layer == "Conv2d"
    assert one.layer is other.layer
