"""What stands on a canvas is kept in order, whatever edits, copies and groups come between."""

import random
from math import inf

import pytest

from sketch.graph import standing
from sketch.graph.delta import Change, inverse
from sketch.graph.rows import Node, Place
from sketch.graph.tables import Tables


def rows(*places: tuple[float, float], parent: int | None = None, first: int = 1) -> tuple[Change, ...]:
    """The edit that puts nodes there."""
    found: list[Change] = []
    for node_id, (x, y) in enumerate(places, first):
        found.append(Change("nodes", node_id, None, Node(node_id, "ReLU", str(node_id), parent=parent)))
        found.append(Change("places", node_id, None, Place(x, y)))
    return tuple(found)


def everything(
    tables: Tables, parent: int | None = None, *, sideways: bool = False
) -> list[tuple[float, int]]:
    return list(tables.standing(parent, sideways=sideways).between(-inf, inf))


def test_in_order_along_the_way_the_drawing_runs_and_by_id_where_two_stand_at_one_height() -> None:
    tables = Tables()
    tables.apply(rows((5.0, 30.0), (1.0, 10.0), (3.0, 10.0)))
    assert everything(tables) == [(10.0, 2), (10.0, 3), (30.0, 1)]
    assert everything(tables, sideways=True) == [(1.0, 2), (3.0, 3), (5.0, 1)]
    assert everything(tables, 7) == []


def test_both_ends_are_included() -> None:
    tables = Tables()
    tables.apply(rows(*((0.0, 10.0 * number) for number in range(6))))
    found = tables.standing(None, sideways=False)
    assert list(found.between(10.0, 30.0)) == [(10.0, 2), (20.0, 3), (30.0, 4)]
    assert list(found.between(11.0, 19.0)) == []


def test_notes_and_what_has_no_place_stand_nowhere() -> None:
    tables = Tables()
    tables.apply((Change("nodes", 1, None, Node(1, "ReLU", "a")), Change("places", 9, None, Place(0.0, 0.0))))
    assert everything(tables) == []
    tables.apply((Change("places", 9, Place(0.0, 0.0), Place(0.0, 4.0)),))
    assert everything(tables) == []


def test_follows_what_goes_into_a_group_and_comes_out() -> None:
    tables = Tables()
    tables.apply((*rows((0.0, 1.0), (0.0, 2.0)), *rows((0.0, 9.0), parent=1, first=3)))
    assert everything(tables) == [(1.0, 1), (2.0, 2)]
    before = tables.nodes[2]
    enters = (Change("nodes", 2, before, Node(2, "ReLU", "2", parent=1)),)
    tables.apply(enters)
    assert everything(tables) == [(1.0, 1)]
    tables.apply(inverse(enters))
    assert everything(tables) == [(1.0, 1), (2.0, 2)]


def test_a_copy_goes_its_own_way() -> None:
    tables = Tables()
    tables.apply(rows((0.0, 1.0), (0.0, 2.0)))
    everything(tables)
    pending = rows((0.0, 1.5), first=3)
    tables.apply(pending)
    twin = tables.copy()
    tables.apply(inverse(pending))
    assert everything(twin) == [(1.0, 1), (1.5, 3), (2.0, 2)]
    assert everything(tables) == [(1.0, 1), (2.0, 2)]
    assert everything(twin) == [(1.0, 1), (1.5, 3), (2.0, 2)]


@pytest.mark.parametrize("most", [0, 3, 2000])
def test_kept_order_is_that_of_the_rows_after_any_edits(most, monkeypatch) -> None:
    monkeypatch.setattr(standing, "MOST_RENEWED", most)
    chance = random.Random(most)
    tables = Tables()
    tables.apply(rows(*((0.0, float(chance.randrange(5))) for _ in range(30))))
    for turn in range(60):
        key = chance.randrange(1, 31)
        if key in tables.nodes and chance.random() < 0.4:
            tables.apply(
                (
                    Change("nodes", key, tables.nodes[key], None),
                    Change("places", key, tables.places[key], None),
                )
            )
        elif key in tables.nodes:
            tables.apply((Change("places", key, tables.places[key], Place(0.0, float(chance.randrange(5)))),))
        else:
            tables.apply(rows((0.0, float(chance.randrange(5))), first=key))
        if turn % 3 == 0:
            assert everything(tables) == sorted((place.y, n) for n, place in tables.places.items())
