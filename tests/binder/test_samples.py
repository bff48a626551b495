"""Inputs of the proof stay in the range that what they feed needs, also behind layers that pass values on."""

from __future__ import annotations

import numpy as np
import pytest

from sketch.binder.samples import draw_samples
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def drawing(library):
    """Draw nodes: (name, layer, params, inputs by name); the Network."""

    def draw(*rows):
        tables = Tables()
        draft = Draft(tables, library)
        ids = {}
        for name, layer, params, sources in rows:
            ids[name] = draft.add(layer, name, params)
            for into, source in enumerate(sources):
                if source:
                    draft.connect(ids[source], 0, ids[name], into)
        tables.apply(draft.delta())
        return build_network(tables, library)

    return draw


def ids(name="ids", shape=("N", 64), dtype="int64"):
    return (name, "Input", {"shape": shape, "dtype": dtype}, [])


@pytest.mark.parametrize(
    "between",
    [
        [],
        [("c", "Cast", {"dtype": "int32"})],
        [("u", "Unsqueeze", {"dim": 1}), ("q", "Squeeze", {"dim": 1})],
        [("f", "Flatten", {}), ("c", "Cast", {"dtype": "int64"})],
    ],
)
def test_ids_reach_an_embedding_in_range(drawing, between):
    rows, last = [ids()], "ids"
    for name, layer, params in between:
        rows.append((name, layer, params, [last]))
        last = name
    network = drawing(*rows, ("e", "Embedding", {"num_embeddings": 3, "embedding_dim": 2}, [last]))
    drawn = draw_samples(network, 1)
    array = drawn.arrays["ids"]
    assert set(np.unique(array)) == {0, 1, 2}
    assert drawn.drawn_from["ids"] == "index from 0 to 2"


def test_an_offset_moves_the_range(drawing):
    network = drawing(
        ids(),
        ("two", "Constant", {"value": 2, "dtype": "int64"}, []),
        ("sum", "Add", {}, ["ids", "two"]),
        ("e", "Embedding", {"num_embeddings": 5, "embedding_dim": 2}, ["sum"]),
    )
    assert set(np.unique(draw_samples(network, 1).arrays["ids"])) == {0, 1, 2}


def test_the_narrowest_consumer_decides(drawing):
    network = drawing(
        ids(),
        ("e", "Embedding", {"num_embeddings": 50, "embedding_dim": 2}, ["ids"]),
        ("f", "Embedding", {"num_embeddings": 2, "embedding_dim": 2}, ["ids"]),
    )
    assert draw_samples(network, 1).arrays["ids"].max() == 1


def test_gather_takes_the_size_of_its_axis(drawing):
    data = ("x", "Input", {"shape": (7, 3)}, [])
    network = drawing(data, ids(), ("g", "Gather", {"dim": 1}, ["x", "ids"]))
    assert draw_samples(network, 1).arrays["ids"].max() == 2


def test_scattered_places_come_once_each(drawing):
    data = ("x", "Input", {"shape": (8, 3)}, [])
    index = ("i", "Input", {"shape": (8, 1), "dtype": "int64"}, [])
    fresh = ("u", "Input", {"shape": (8, 3)}, [])
    network = drawing(data, index, fresh, ("s", "ai.onnx:ScatterND", {}, ["x", "i", "u"]))
    assert sorted(draw_samples(network, 1).arrays["i"].ravel()) == list(range(8))


def test_masks_leave_each_row_something_to_see(drawing):
    shape = {"shape": ("N", 2, 6, 4)}
    rows = [(name, "Input", shape, []) for name in ("q", "k", "v")]
    for dtype, none in (("float32", -np.inf), ("bool", False)):
        mask = ("m", "Input", {"shape": (6, 6), "dtype": dtype}, [])
        network = drawing(*rows, mask, ("a", "ScaledDotProductAttention", {}, ["q", "k", "v", "m"]))
        array = draw_samples(network, 1).arrays["m"]
        assert array.dtype == dtype
        assert (array[:, 0] != none).all()
        assert (array == none).any()


def test_whole_number_masks_are_known_by_their_name(drawing):
    network = drawing(ids("attention_mask"), ("c", "Cast", {"dtype": "float32"}, ["attention_mask"]))
    assert set(np.unique(draw_samples(network, 1).arrays["attention_mask"])) == {0, 1}


def test_a_given_size_fixes_its_symbol_everywhere(drawing):
    network = drawing(ids("a", ("N", 4)), ids("b", ("N", 6)), ("c", "Concat", {"dim": 1}, ["a", "b"]))
    arrays = draw_samples(network, 1, {"a": (5, 4)}).arrays
    assert (arrays["a"].shape, arrays["b"].shape) == ((5, 4), (5, 6))


def test_the_same_seed_draws_the_same(drawing):
    network = drawing(("x", "Input", {"shape": ("N", 4)}, []), ("r", "ReLU", {}, ["x"]))
    first, again, other = (draw_samples(network, seed).arrays["x"] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
