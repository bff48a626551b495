"""Tables apply all of a Delta or none of it, and their indexes follow."""

from dataclasses import replace

import pytest

from sketch.graph.delta import TABLES, Change, inverse
from sketch.graph.errors import StaleDeltaError, UnknownNodeError
from sketch.graph.rows import Edge, FrozenDict, Node, ValueType, edges_of, shape_text
from sketch.graph.tables import Tables, snapshot, whole
from tests.graph.random_edits import indexes

ONE, TWO = Node(1, "ReLU", "a"), Node(2, "ReLU", "b", parent=1)


def test_a_stale_delta_changes_nothing() -> None:
    tables = Tables()
    tables.apply((Change("nodes", 1, None, ONE),))
    before = snapshot(tables)
    for delta in (
        (Change("meta", "x", None, 1), Change("nodes", 1, None, TWO)),
        (Change("meta", "x", None, 1), Change("nodes", 2, TWO, None)),
        (Change("meta", "x", None, 1), Change("rows", 1, None, ONE)),
    ):
        with pytest.raises(StaleDeltaError):
            tables.apply(delta)
        assert snapshot(tables) == before


def test_tables_of_nodes_are_those_that_their_delta_builds() -> None:
    wire = Edge(1, 0, 3, 0)
    nodes = [replace(ONE, next=(wire,)), TWO, Node(3, "Add", "c", prior=(wire,))]
    made, built = Tables.of(nodes), Tables()
    built.apply(tuple(Change("nodes", node.id, None, node) for node in nodes))
    assert snapshot(made) == snapshot(built)
    indexes(made)
    for tables in (made, built):
        tables.apply((Change("nodes", 3, nodes[2], None),))
    assert snapshot(made) == snapshot(built)
    indexes(made)


def test_indexes_follow_names_that_trade_places() -> None:
    tables = Tables()
    tables.apply((Change("nodes", 1, None, ONE), Change("nodes", 2, None, replace(TWO, parent=None))))
    two = tables.nodes[2]
    swap = (Change("nodes", 1, ONE, replace(ONE, name="b")), Change("nodes", 2, two, replace(two, name="a")))
    for delta in (swap, inverse(swap), swap):
        tables.apply(delta)
        indexes(tables)
    assert tables.named(None, "a") == 2
    assert tables.named(None, "c") is None
    assert tables.named(7, "a") is None


def test_children_are_oldest_first_after_undo_too() -> None:
    tables = Tables()
    rows = [Node(n, "ReLU", str(n)) for n in (1, 2, 3)]
    tables.apply(tuple(Change("nodes", row.id, None, row) for row in rows))
    gone = (Change("nodes", 1, rows[0], None),)
    tables.apply(gone)
    assert tables.children(None) == (2, 3)
    tables.apply(inverse(gone))
    assert tables.children(None) == (1, 2, 3)
    assert tables.children(9) == ()


def test_weights_and_hints_of_a_node() -> None:
    tables = Tables()
    kind = ValueType("int8", ())
    delta = (
        Change("weights", (1, "w"), None, 5),
        Change("weights", (1, "b"), None, 6),
        Change("hints", (1, 2), None, kind),
    )
    tables.apply(delta)
    assert tables.weights_of(1) == {"w": 5, "b": 6}
    assert tables.hints_of(1) == (2,)
    tables.apply(inverse(delta))
    assert (tables.weights_of(1), tables.hints_of(1), tables.weights_of(3)) == ({}, (), {})


def test_unknown_nodes_and_tables_are_named() -> None:
    tables = Tables()
    with pytest.raises(UnknownNodeError, match="no node 4"):
        tables.node(4)
    with pytest.raises(StaleDeltaError, match="no table 'rows'"):
        tables.table("rows")


def test_whole_builds_the_same_rows() -> None:
    tables = Tables()
    tables.apply((Change("nodes", 1, None, ONE), Change("meta", "next_id", None, 2)))
    other = Tables()
    other.apply(whole(tables))
    assert snapshot(other) == snapshot(tables)
    assert set(snapshot(tables)) == set(TABLES)


def test_rows_are_frozen_and_say_what_they_are() -> None:
    params = FrozenDict(a=1)
    for act in (lambda: params.update(b=2), lambda: params.pop("a"), params.clear):
        with pytest.raises(TypeError, match="frozen"):
            act()
    with pytest.raises(TypeError, match="frozen"):
        params["a"] = 2
    assert params.with_(b=2) == {"a": 1, "b": 2}
    assert params.without("a") == {}
    assert hash(params) == hash(FrozenDict(a=1))
    assert isinstance(params.__reduce__()[0](*params.__reduce__()[1]), FrozenDict)
    edge = Edge(1, 0, 2, 0)
    assert list(edges_of({1: replace(ONE, next=(edge,)), 2: replace(TWO, prior=(edge,))})) == [edge]
    assert (shape_text((1, "N")), shape_text(()), shape_text(None)) == ("1×N", "scalar", "?")
    assert (str(ValueType("int8", (2, 3))), str(ValueType("int8", None))) == (
        "int8 2×3",
        "int8 (unknown shape)",
    )
    assert (ValueType("int8", (2, 3)).rank, ValueType("int8", None).rank) == (2, None)
