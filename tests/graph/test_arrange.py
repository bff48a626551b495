"""Arranged canvases: nothing overlaps, wires go down, chains are straight, the same result every time."""

import itertools
import random
import subprocess
import sys

import pytest

from sketch.graph import arrange as arranging
from sketch.graph.delta import Change
from sketch.graph.draft import Draft
from sketch.graph.geometry import GAP_X, NODE_HEIGHT, node_size
from sketch.graph.grouping import group
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import drawn_ports, drawn_size, lift
from sketch.graph.rows import Place
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library() -> LayerLibrary:
    return LayerLibrary.load(resource_root() / "layers")


def arrange(tables, parent, library) -> dict[int, tuple[float, float]]:
    """The places without the ways."""
    return {n: (place.x, place.y) for n, place in arranging.arrange(tables, parent, library).items()}


def arrange_all(tables, library) -> dict[int, tuple[float, float]]:
    """The places of every canvas without the ways."""
    return {n: (place.x, place.y) for n, place in arranging.arrange_all(tables, library).items()}


class Builder:
    """Builds tables layer by layer."""

    def __init__(self, library: LayerLibrary):
        self.tables = Tables()
        self.library = library
        self.draft = Draft(self.tables, library)

    def __call__(self, layer: str, *sources: int) -> int:
        node = self.draft.add(layer)
        for source in sources:
            self.draft.connect(source, 0, node, self.draft.free_input(node), check_cycle=False)
        return node

    def done(self) -> Tables:
        self.tables.apply(self.draft.delta())
        return self.tables


@pytest.fixture
def build(library) -> Builder:
    return Builder(library)


def overlaps(tables, library, places) -> list[tuple[int, int]]:
    found = []
    by_row: dict[float, list[int]] = {}
    for node, (_, y) in places.items():
        by_row.setdefault(y, []).append(node)
    for row in by_row.values():
        row.sort(key=lambda node: places[node][0])
        for left, right in itertools.pairwise(row):
            wide = (drawn_size(tables, library, left)[0] + drawn_size(tables, library, right)[0]) / 2
            if places[right][0] - places[left][0] < wide + GAP_X - 0.2:
                found.append((left, right))
    heights = sorted(by_row)
    assert all(low - high >= NODE_HEIGHT for high, low in itertools.pairwise(heights))
    return found


def random_network(build: Builder, seed: int, count: int) -> Tables:
    draw = random.Random(seed)
    ids = [build("Input")]
    for _ in range(count):
        sources = [
            draw.choice(ids[-draw.choice((1, 2, 3, 30)) :]) for _ in range(draw.choice((1, 1, 1, 2, 3)))
        ]
        ids.append(build("Concat", *sources) if len(sources) > 1 else build("ReLU", *sources))
    return build.done()


def test_a_chain_is_a_straight_column(build, library):
    node = build("Input")
    for layer in ("Conv2d", "ReLU", "MaxPool2d", "Output"):
        node = build(layer, node)
    places = arrange(build.done(), None, library)
    assert {x for x, _ in places.values()} == {0.0}
    assert [y for _, y in places.values()] == [0.0, 100.0, 200.0, 300.0, 400.0]


def test_a_residual_block_keeps_its_main_branch_straight(build, library):
    a = build("ReLU", build("Input"))
    b = build("BatchNorm2d", build("Conv2d", a))
    add = build("Add", b, a)
    build("Output", add)
    places = arrange(build.done(), None, library)
    assert len({x for x, _ in places.values()}) == 1


def test_parallel_branches_stand_side_by_side_around_their_ends(build, library):
    start = build("Input")
    branches = [build("Conv2d", start) for _ in range(3)]
    end = build("Concat", *branches)
    places = arrange(build.done(), None, library)
    xs = [places[branch][0] for branch in branches]
    assert xs == sorted(xs)
    assert len(set(xs)) == 3
    assert {places[branch][1] for branch in branches} == {100.0}
    assert places[start][0] == places[end][0] == xs[1]


@pytest.mark.parametrize("seed", range(8))
def test_nothing_overlaps_and_every_wire_goes_down(build, library, seed):
    tables = random_network(build, seed, 150)
    places = arrange(tables, None, library)
    assert set(places) == set(tables.nodes)
    assert overlaps(tables, library, places) == []
    for node in tables.nodes.values():
        assert all(places[edge.target][1] > places[node.id][1] for edge in node.next)


def test_parts_stand_side_by_side(build, library):
    one, other = build("ReLU", build("Input")), build("GELU", build("Input"))
    alone = build("Dropout")
    tables = build.done()
    places = arrange(tables, None, library)
    assert places[one][0] < places[other][0] < places[alone][0]
    assert overlaps(tables, library, places) == []


def test_sources_stand_close_to_their_consumer(build, library):
    node = build("Input")
    for _ in range(6):
        node = build("ReLU", node)
    constant = build("Constant")
    add = build("Add", node, constant)
    places = arrange(build.done(), None, library)
    assert places[add][1] - places[constant][1] == 100.0


def test_groups_are_boxes_and_each_canvas_is_arranged(build, library):
    a = build("Input")
    b, d = build("ReLU", a), build("Dropout", a)
    c = build("GELU", b)
    e = build("Add", c, d)
    tables = build.done()
    draft = Draft(tables, library)
    box = group(draft, [b, c])
    tables.apply(draft.delta())
    places = arrange_all(tables, library)
    assert set(places) == set(tables.nodes)
    assert places[a][1] < places[box][1] < places[e][1]
    assert (places[b], places[c]) == ((0.0, 0.0), (0.0, 100.0))
    assert lift(tables, c, None) == box


def test_groups_that_feed_each_other_both_ways_are_still_drawn(build, library):
    a = build("Input")
    b = build("ReLU", a)
    c = build("GELU", b)
    d = build("Dropout", c)
    tables = build.done()
    draft = Draft(tables, library)
    one, other = group(draft, [a, c]), group(draft, [b, d])
    tables.apply(draft.delta())
    places = arrange(tables, None, library)
    assert set(places) == {one, other}
    assert places[one][1] != places[other][1]


def test_an_empty_canvas(library):
    assert arrange(Tables(), None, library) == {}


def test_a_drawing_that_runs_to_the_right_is_the_same_turned(build, library):
    tables = random_network(build, 4, 60)
    places = arranging.arrange(tables, None, library, runs="right")
    boxes = {n: (place.x, place.y, *drawn_size_right(tables, library, n)) for n, place in places.items()}
    for one, (x, y, width, height) in boxes.items():
        for other, (x2, y2, width2, height2) in boxes.items():
            assert (
                one >= other or abs(x - x2) >= (width + width2) / 2 or abs(y - y2) >= (height + height2) / 2
            )
    for node in tables.nodes.values():
        assert all(places[edge.target].x > places[node.id].x for edge in node.next)
        for way in places[node.id].ways:
            assert way.points[0][0] == places[node.id].x + 92
            assert way.points[-1][0] == places[way.target].x - 92
            assert all(one[0] < other[0] for one, other in itertools.pairwise(way.points))


def drawn_size_right(tables, library, node) -> tuple[float, float]:
    return node_size(*drawn_ports(tables, library, node), "right")


def test_wires_of_a_shared_source_do_not_shape_the_drawing(build, library):
    source, last = build("Constant"), build("Input")
    for _ in range(20):
        last = build("Add", last, source)
    tables = build.done()
    places = arranging.arrange(tables, None, library)
    assert places[source].y == places[3].y - 100
    assert places[source].ways == ()
    assert {places[n].x for n in range(3, 23)} == {places[3].x}


def test_some_nodes_are_arranged_among_themselves(build, library):
    a = build("Input")
    b = build("ReLU", a)
    c = build("GELU", b)
    tables = build.done()
    tables.apply(tuple(Change("places", n, tables.places[n], Place(10.0 * n, 400.0)) for n in (b, c)))
    places = arranging.arrange_some(tables, library, [c, b])
    assert {n: (row.x, row.y) for n, row in places.items()} == {b: (25.0, 350.0), c: (25.0, 450.0)}
    assert arranging.arrange_some(tables, library, []) == {}


def test_a_task_hears_how_far_it_is_and_may_stop_it(build, library):
    tables = random_network(build, 2, 60)
    heard = []

    class Task:
        def step(self, done, total, text):
            heard.append((done, total))
            if len(heard) > 4:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        arranging.arrange(tables, None, library, Task())
    assert heard == sorted(heard)
    assert heard[-1][1] == 61


SCRIPT = """
from tests.graph.test_arrange import Builder, random_network
from sketch.graph import arrange as arranging
from sketch.graph.library import LayerLibrary
from sketch.resources_root import resource_root
library = LayerLibrary.load(resource_root() / "layers")
print(arranging.arrange(random_network(Builder(library), 3, 200), None, library))
"""


def test_the_same_whatever_the_hash_seed():
    seen = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True, text=True, check=True, cwd=resource_root().parent,
        ).stdout
        for seed in ("0", "1", "5", "77", "4242")
    }  # fmt: skip
    assert len(seen) == 1
