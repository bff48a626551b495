"""The order is kept while wires come and go in any number, and loops are found as networkx finds them."""

import random

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.delta import Change, inverse
from sketch.graph.errors import CycleError
from sketch.graph.order import TopologicalOrder, reaches, sort
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables, snapshot

COUNT = 7
pairs = st.tuples(st.integers(1, COUNT), st.integers(1, COUNT)).filter(lambda pair: pair[0] != pair[1])
batches = st.lists(
    st.tuples(st.frozensets(pairs, max_size=5), st.frozensets(st.integers(1, COUNT), max_size=3)), max_size=8
)


def rows_of(present, wires):
    """Return the nodes of a plain graph; port numbers count up."""
    edges = [Edge(a, 0, b, n) for n, (a, b) in enumerate(sorted(wires))]
    return {
        n: Node(
            n,
            "Add",
            str(n),
            prior=tuple(e for e in edges if e.target == n),
            next=tuple(e for e in edges if e.source == n),
        )
        for n in present
    }


def delta_to(tables, rows):
    numbers = range(1, max([0, *tables.nodes, *rows]) + 1)
    changes = (Change("nodes", n, tables.nodes.get(n), rows.get(n)) for n in numbers)
    return tuple(change for change in changes if change.before != change.after)


def valid(order, tables):
    assert order.rank.keys() == tables.nodes.keys()
    assert len(set(order.rank.values())) == len(order.rank)
    assert all(
        order.rank[e.source] < order.rank[e.target] for node in tables.nodes.values() for e in node.next
    )


@given(batches)
def test_any_batch_of_wires_and_nodes_is_followed_or_named_a_loop(batches) -> None:
    tables, order = Tables(), TopologicalOrder()
    present, wires = set(), set()
    for flipped, toggled in batches:
        now = present ^ toggled
        wanted = {pair for pair in wires ^ flipped if now.issuperset(pair)}
        delta = delta_to(tables, rows_of(now, wanted))
        tables.apply(delta)
        if networkx.is_directed_acyclic_graph(networkx.DiGraph(list(wanted))):
            order.follow(tables, delta)
            present, wires = now, wanted
            assert sorted(sort(tables)) == sorted(now)
        else:
            with pytest.raises(CycleError):
                order.follow(tables, delta)
            with pytest.raises(CycleError, match="→"):
                sort(tables)
            tables.apply(inverse(delta))
            order = TopologicalOrder()
            order.follow(tables, tuple(Change("nodes", n, None, row) for n, row in tables.nodes.items()))
        valid(order, tables)


def test_batches_of_wires_that_cross_each_other() -> None:
    for seed in range(1500):
        dice, tables, order, wires = random.Random(seed), Tables(), TopologicalOrder(), set()
        for _ in range(6):
            flipped = [tuple(dice.sample(range(1, 10), 2)) for _ in range(dice.randrange(1, 7))]
            wires = wires.symmetric_difference(flipped)
            delta = delta_to(tables, rows_of(range(1, 10), wires))
            tables.apply(delta)
            if not networkx.is_directed_acyclic_graph(networkx.DiGraph(list(wires))):
                with pytest.raises(CycleError):
                    order.follow(tables, delta)
                break
            order.follow(tables, delta)
            valid(order, tables)


def test_many_nodes_at_once_are_sorted_from_nothing() -> None:
    tables, order = Tables(), TopologicalOrder()
    delta = delta_to(tables, rows_of(range(1, 150), {(n + 1, n) for n in range(1, 149)}))
    tables.apply(delta)
    order.follow(tables, delta)
    valid(order, tables)
    assert sort(tables) == list(range(149, 0, -1))
    gone = delta_to(tables, {})
    tables.apply(gone)
    order.follow(tables, gone)
    assert not any(snapshot(tables).values())
    assert order.rank == {}


def test_sorting_breaks_ties_by_id_and_names_a_loop() -> None:
    tables = Tables()
    tables.apply(delta_to(tables, rows_of(range(1, 6), {(3, 1), (3, 2)})))
    assert sort(tables) == [3, 4, 5, 1, 2]
    looped = Tables()
    looped.apply(delta_to(looped, rows_of(range(1, 5), {(1, 2), (2, 3), (3, 2), (3, 4)})))
    with pytest.raises(CycleError, match=r"The nodes ('2' → '3' → '2'|'3' → '2' → '3') form a loop"):
        sort(looped)


def test_reaches() -> None:
    tables = Tables()
    tables.apply(delta_to(tables, rows_of(range(1, 6), {(1, 2), (2, 3), (1, 4), (4, 3)})))
    assert reaches(tables.node, 1, 3)
    assert reaches(tables.node, 2, 2)
    assert not reaches(tables.node, 3, 1)
    assert not reaches(tables.node, 1, 5)


def test_a_node_that_comes_between_two_others_renumbers_none() -> None:
    tables, order = Tables(), TopologicalOrder()
    line = {(n, n + 1) for n in range(1, 40)}
    delta = delta_to(tables, rows_of(range(1, 41), line))
    tables.apply(delta)
    order.follow(tables, delta)
    for new in range(41, 110):  # one after the other before the same node: more than halving a number allows
        before = dict(order.rank)
        last = next(a for a, b in line if b == 20)
        line = (line - {(last, 20)}) | {(last, new), (new, 20)}
        delta = delta_to(tables, rows_of(range(1, new + 1), line))
        tables.apply(delta)
        order.follow(tables, delta)
        valid(order, tables)
        if new < 80:
            assert {n: order.rank[n] for n in before} == before


def test_several_nodes_that_come_back_renumber_none() -> None:
    tables, order = Tables(), TopologicalOrder()
    line = {(n, n + 1) for n in range(1, 40)}
    whole = rows_of(range(1, 41), line)
    delta = delta_to(tables, whole)
    tables.apply(delta)
    order.follow(tables, delta)
    ends = {(a, b) for a, b in line if not {a, b} & {10, 11, 12}}
    for rows in (rows_of([n for n in range(1, 41) if n not in (10, 11, 12)], ends), whole):
        before = dict(order.rank)
        delta = delta_to(tables, rows)
        tables.apply(delta)
        order.follow(tables, delta)
        valid(order, tables)
        assert all(order.rank[n] == rank for n, rank in before.items() if n in order.rank)
