"""New layers find their place; only what must move moves."""

import pytest

from sketch.graph.delta import Change
from sketch.graph.draft import Draft
from sketch.graph.geometry import GAP_X, GAP_Y, NODE_HEIGHT, NODE_WIDTH
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import drawn_size
from sketch.graph.rows import Edge, Place, Way
from sketch.graph.settling import MOST_MOVED, settle, settle_draft
from sketch.graph.surgery import insert_on
from sketch.graph.tables import Tables, snapshot
from sketch.resources_root import resource_root

STEP = NODE_HEIGHT + GAP_Y


@pytest.fixture(scope="module")
def library() -> LayerLibrary:
    return LayerLibrary.load(resource_root() / "layers")


def chain(library: LayerLibrary, count: int) -> Tables:
    """A column of layers, 100 px apart."""
    tables = Tables()
    draft = Draft(tables, library)
    last = draft.add("Input", place=(0.0, 0.0))
    for number in range(1, count):
        node = draft.add("ReLU", place=(0.0, STEP * number))
        draft.connect(last, 0, node, 0)
        last = node
    tables.apply(draft.delta())
    return tables


def inserted(
    tables: Tables, library: LayerLibrary, at: int, place=(0.0, 0.0), *, wished=False
) -> tuple[int, dict]:
    """Put a layer into the wire that leaves a node; (its id, place of every node then)."""
    draft = Draft(tables, library)
    node = draft.add("GELU", place=place)
    insert_on(draft, node, tables.nodes[at].next[0])
    settle_draft(draft, None, [node], [node] if wished else [])
    tables.apply(draft.delta())
    return node, {key: (row.x, row.y) for key, row in tables.places.items()}


def covered(tables: Tables, library: LayerLibrary) -> list[tuple[int, int]]:
    """Pairs of boxes that touch."""
    boxes = [(key, tables.places[key], drawn_size(tables, library, key)) for key in tables.nodes]
    return [
        (one, other)
        for number, (one, a, size) in enumerate(boxes)
        for other, b, more in boxes[number + 1 :]
        if abs(a.x - b.x) < (size[0] + more[0]) / 2 and abs(a.y - b.y) < (size[1] + more[1]) / 2
    ]


def test_what_follows_in_a_chain_makes_room_and_nothing_else_moves(library) -> None:
    tables = chain(library, 5)
    draft = Draft(tables, library)
    aside = draft.add("ReLU", place=(600.0, 2 * STEP))
    tables.apply(draft.delta())
    node, places = inserted(tables, library, 2)
    assert [places[key] for key in (1, 2, node, 3, 4, 5)] == [(0.0, STEP * n) for n in range(6)]
    assert places[aside] == (600.0, 2 * STEP)


def test_a_gap_wide_enough_takes_it_without_a_move(library) -> None:
    tables = chain(library, 3)
    rows = [Change("places", key, tables.places[key], Place(0.0, y)) for key, y in ((2, 300.0), (3, 600.0))]
    tables.apply(tuple(rows))
    before = dict(tables.places)
    node, places = inserted(tables, library, 2)
    assert places[node] == (0.0, 450.0)
    assert {key: row for key, row in tables.places.items() if key != node} == before


def test_slack_further_down_stops_the_move(library) -> None:
    tables = chain(library, 4)
    tables.apply((Change("places", 4, tables.places[4], Place(0.0, 1000.0)),))
    node, places = inserted(tables, library, 1)
    assert (places[node], places[2], places[3], places[4]) == ((0, 100), (0, 200), (0, 300), (0, 1000))


def test_a_place_that_a_person_chose_stays_unless_it_covers_something(library) -> None:
    tables = chain(library, 2)
    tables.apply((Change("places", 2, tables.places[2], Place(0.0, 400.0)),))
    node, places = inserted(tables, library, 1, (30.0, 170.0), wished=True)
    assert places[node] == (30.0, 170.0)
    other, places = inserted(tables, library, node, (30.0, 200.0), wished=True)
    assert covered(tables, library) == []
    assert places[node] == (30.0, 170.0)
    assert places[node][1] < places[other][1] < places[2][1]


def test_a_second_consumer_stands_beside_the_first(library) -> None:
    tables = chain(library, 3)
    draft = Draft(tables, library)
    node = draft.add("GELU")
    draft.connect(1, 0, node, 0)
    settle_draft(draft, None, [node])
    row = draft.get("places", node)
    assert (abs(row.x), row.y) == (NODE_WIDTH + GAP_X, STEP)


def test_a_new_source_stands_before_what_reads_it(library) -> None:
    tables = chain(library, 3)
    draft = Draft(tables, library)
    add = draft.add("Add", place=(0.0, 5 * STEP))
    node = draft.add("Constant")
    draft.connect(node, 0, add, 0)
    settle_draft(draft, None, [node])
    assert draft.get("places", node) == Place(0.0, 4 * STEP)


def test_several_new_layers_in_a_row_go_one_under_another(library) -> None:
    tables = chain(library, 2)
    draft = Draft(tables, library)
    made = [draft.add("GELU") for _ in range(4)]
    for one, other in zip([2, *made], made, strict=False):
        draft.connect(one, 0, other, 0)
    settle_draft(draft, None, made[::-1])
    assert [draft.get("places", key).y for key in made] == [STEP * n for n in range(2, 6)]


def test_ways_of_what_moves_together_move_along(library) -> None:
    tables = chain(library, 4)
    way = Way(0, 4, 0, ((0.0, 228.0), (5.0, 250.0), (0.0, 272.0)))
    tables.apply((Change("places", 3, tables.places[3], Place(0.0, 200.0, (way,))),))
    inserted(tables, library, 1)
    assert tables.places[3].ways == (Way(0, 4, 0, ((0.0, 328.0), (5.0, 350.0), (0.0, 372.0))),)


def test_a_long_tower_is_left_alone(library) -> None:
    tables = chain(library, MOST_MOVED + 10)
    before = dict(tables.places)
    node, _ = inserted(tables, library, 2)
    assert {key: row for key, row in tables.places.items() if key != node} == before
    assert covered(tables, library) == []


def test_a_drawing_that_runs_to_the_right(library) -> None:
    tables = chain(library, 2)
    rows = [Change("places", key, tables.places[key], Place(x, 0.0)) for key, x in ((1, 0.0), (2, 280.0))]
    tables.apply((*rows, Change("meta", "direction", None, "right")))
    node, places = inserted(tables, library, 1)
    assert [places[key] for key in (1, node, 2)] == [(0.0, 0.0), (280.0, 0.0), (560.0, 0.0)]


def test_nothing_to_do(library) -> None:
    assert settle(chain(library, 3), library, None, []) == {}
    assert Edge(1, 0, 2, 0) in chain(library, 3).nodes[1].next


def test_the_base_of_a_draft_is_as_it_was_after_looking_for_room(library) -> None:
    tables = chain(library, 4)
    before = snapshot(tables), tables.layers, tables.children(None)
    draft = Draft(tables, library)
    draft.remove([4])
    node = draft.add("GELU")
    insert_on(draft, node, tables.nodes[2].next[0])
    settle_draft(draft, None, [node])
    assert (snapshot(tables), tables.layers, tables.children(None)) == before
    assert tables.free_number(None, "relu") == 4
    tables.apply(draft.delta())
    assert tables.free_number(None, "relu") == 3
