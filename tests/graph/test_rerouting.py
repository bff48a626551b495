"""reroute does what Draft.rewire does, without the walk for loops."""

import pytest

from sketch.graph.draft import Draft
from sketch.graph.errors import CycleError, UnknownPortError, WireError
from sketch.graph.infer import Inference
from sketch.graph.rerouting import reroute
from sketch.graph.tables import Tables, whole
from tests.graph.random_edits import laws, library


@pytest.fixture
def tables():
    made = Tables()
    draft = Draft(made, library())
    a, _ = draft.add("Input", "a"), draft.add("Input", "b")
    cat, relu = draft.add("Concat", "cat"), draft.add("ReLU", "relu")
    draft.connect(a, 0, cat, 0)
    draft.connect(a, 0, cat, 1)
    draft.connect(cat, 0, relu, 0)
    made.apply(draft.delta())
    return made


def test_it_is_rewire(tables) -> None:
    wire = tables.node(3).prior[0]
    one, two = Draft(tables, library()), Draft(tables, library())
    assert reroute(one, wire, 2, 0) == two.rewire(wire, 2, 0)
    assert set(one.delta()) == set(two.delta())
    tables.apply(one.delta())
    laws(tables)


def test_what_is_not_there_is_refused(tables) -> None:
    draft = Draft(tables, library())
    wire = tables.node(3).prior[0]
    reroute(draft, wire, 2, 0)
    with pytest.raises(WireError, match="no such wire"):
        reroute(draft, wire, 2, 0)
    with pytest.raises(UnknownPortError):
        reroute(draft, tables.node(3).prior[1], 2, 5)


def test_a_loop_is_found_when_it_is_applied(tables) -> None:
    inference, draft = Inference(library()), Draft(tables, library())
    inference.follow(tables, whole(tables))
    reroute(draft, tables.node(3).prior[0], 4, 0)
    delta = draft.delta()
    tables.apply(delta)
    with pytest.raises(CycleError):
        inference.follow(tables, delta)
