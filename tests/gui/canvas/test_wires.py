"""Boxes and lines of a canvas: lifted right, and after any edits the same as if built anew."""

import gc
import itertools
import random

import pytest

from sketch.graph.errors import GraphError
from sketch.graph.rows import Edge
from sketch.graph.stopping import asked_by
from sketch.gui.canvas.boxes import Stub
from sketch.gui.canvas.level import Arc, Level
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from tests.gui.canvas.conftest import chain


def wiring(document, parent=None) -> Wiring:
    return Wiring(document.tables, document.library, parent)


def drawn(found: Wiring):
    """What a wiring draws, without the lanes (they depend on what was there before)."""
    lines = {e: (n.start, n.out, n.end, n.into, n.points[0], n.points[-1]) for e, n in found.lines.items()}
    return found.boxes, found.stubs, lines


def test_a_wire_to_a_group_ends_at_its_box(document):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, [b, c])
    found = wiring(document)
    assert set(found.boxes) == {a, group}
    line = found.lines[Edge(a, 0, b, 0)]
    assert (line.start, line.end, line.into) == (a, group, 0)
    assert line.points[-1] == (0.0, found.boxes[group].top)
    assert Edge(b, 0, c, 0) not in found.lines


def test_one_port_of_a_group_for_each_value(document):
    a, b, c, d = chain(document, "Input", "ReLU", "GELU", "Add")
    commands.connect(document, a, 0, d)
    group = commands.group(document, [b, c, d])
    box = wiring(document).boxes[group]
    assert box.ports is not None
    assert box.ports.inputs == ((a, 0),)
    assert box.ports.outputs == ((d, 0),)


def test_an_unwired_group_shows_its_open_ports(document):
    b, c = chain(document, "ReLU", "GELU")
    group = commands.group(document, [b, c])
    ports = wiring(document).boxes[group].ports
    assert ports.inputs == ((None, b, 0),)
    assert ports.outputs == ((c, 0),)


def test_a_group_canvas_has_stubs_where_wires_cross_its_border(document):
    a, b, c, d = chain(document, "Input", "ReLU", "GELU", "Output")
    group = commands.group(document, [b, c])
    found = wiring(document, group)
    assert set(found.boxes) == {b, c}
    entering, leaving = Stub(True, a, 0), Stub(False, d, 0)
    assert set(found.stubs) == {entering, leaving}
    assert found.stubs[entering].bottom < found.boxes[b].top
    assert found.stubs[leaving].top > found.boxes[c].bottom
    assert found.lines[Edge(a, 0, b, 0)].start == entering
    assert found.lines[Edge(c, 0, d, 0)].end == leaving


def test_stubs_do_not_overlap(document):
    inputs = [commands.add_layer(document, "Input", (0, 0)) for _ in range(5)]
    add = commands.add_layer(document, "Concat", (0, 100))
    for source in inputs:
        commands.connect(document, source, 0, add)
    group = commands.group(document, [add])
    boxes = sorted(wiring(document, group).stubs.values(), key=lambda box: box.x)
    assert len(boxes) == 5
    assert all(left.right < right.left for left, right in itertools.pairwise(boxes))


def test_a_skip_runs_beside_what_stands_between(document):
    a, _, _, d = chain(document, "Input", "ReLU", "GELU", "Add")
    edge = commands.connect(document, a, 0, d)
    found = wiring(document)
    lane = found.lines[edge].lane
    assert lane is not None
    for node_id in found.boxes:
        box = found.boxes[node_id]
        crosses = box.left < lane[0] < box.right and box.top < lane[2] and box.bottom > lane[1]
        assert not crosses


def test_wires_of_one_output_share_a_lane_and_others_keep_away(document):
    ids = chain(document, "Input", "Add", "Add", "Add", "Add", "Add")
    one = commands.connect(document, ids[0], 0, ids[3])
    two = commands.connect(document, ids[0], 0, ids[5])
    other = commands.connect(document, ids[1], 0, ids[4])
    lines = wiring(document).lines
    assert lines[one].lane[0] == lines[two].lane[0]
    assert abs(lines[other].lane[0] - lines[two].lane[0]) >= 12


def random_edit(document, draw: random.Random) -> None:
    """One edit of any kind; refusals are part of life."""
    nodes = list(document.tables.nodes)
    layers = ("Input", "ReLU", "Add", "Concat", "Split", "Conv2d", "LSTM", "Output")
    groups = [n for n in nodes if document.library[document.tables.nodes[n].layer].group]
    parent = draw.choice([None, *groups])
    some = draw.sample(nodes, min(len(nodes), draw.randint(1, 3))) if nodes else []
    place = (draw.uniform(-400, 400), draw.uniform(-400, 800))
    edges = [edge for node in document.tables.nodes.values() for edge in node.next]
    actions = [
        lambda: commands.add_layer(document, draw.choice(layers), place, parent=parent),
        lambda: commands.connect(document, some[0], 0, some[-1]),
        lambda: commands.connect(document, some[-1], 0, some[0]),
        lambda: commands.remove(document, some[:1]),
        lambda: commands.move(document, dict.fromkeys(some, place)),
        lambda: commands.group(document, some),
        lambda: commands.ungroup(document, draw.choice(groups)),
        lambda: commands.move_into(document, some[:1], parent),
        lambda: commands.disconnect(document, draw.sample(edges, 1)),
        document.undo,
        document.redo,
    ]
    try:
        draw.choices(actions, weights=[6, 6, 6, 2, 3, 2, 1, 2, 2, 2, 1])[0]()
    except (GraphError, IndexError, ValueError):
        return


@pytest.mark.parametrize("seed", range(12))
def test_following_edits_gives_what_building_anew_gives(document, seed):
    draw = random.Random(seed)
    watched = {None: wiring(document)}
    document.subscribe(lambda update: [found.sync(update.delta) for found in watched.values()])
    for _ in range(120):
        random_edit(document, draw)
        for node in document.tables.nodes.values():
            if document.library[node.layer].group and node.id not in watched and len(watched) < 4:
                watched[node.id] = wiring(document, node.id)
        for gone in [n for n in watched if n is not None and n not in document.tables.nodes]:
            del watched[gone]
        for parent, found in watched.items():
            assert drawn(found) == drawn(wiring(document, parent))
            for key in found.boxes:
                lines = {line.edge: line.end == key for line in found.lines_at(key)}
                assert found.edges_at(key) == lines
            for group in found.frames:
                assert found.edges_at(group).keys() == {line.edge for line in found.lines_at(group)}


def test_a_wire_to_something_above_runs_beside_all_boxes(document):
    low, high = (commands.add_layer(document, "ReLU", place) for place in ((0, 400), (300, 0)))
    commands.connect(document, low, 0, high)
    found = wiring(document)
    line = found.lines[Edge(low, 0, high, 0)]
    side = line.points[1][0]
    assert line.points[1][0] == line.points[2][0]
    assert all(side <= box.left or side >= box.right for box in found.boxes.values())


def test_a_wire_to_something_above_yields_to_a_new_box(document):
    low, high = (commands.add_layer(document, "ReLU", place) for place in ((0, 400), (300, 0)))
    commands.connect(document, low, 0, high)
    found = wiring(document)
    side = found.lines[Edge(low, 0, high, 0)].points[1][0]
    document.subscribe(lambda update: found.sync(update.delta))
    commands.add_layer(document, "ReLU", (side, 200.0))
    line = found.lines[Edge(low, 0, high, 0)]
    box = next(box for box in found.boxes.values() if box.y == 200.0)
    assert not box.left < line.points[1][0] < box.right


class StopError(Exception):
    """What a stopped loop raises."""


def is_stopped(document, rounds: int) -> bool:
    """True when a wiring is not finished before it was asked so often."""
    left = iter(range(rounds))

    def ask() -> None:
        if next(left, None) is None:
            raise StopError

    try:
        with asked_by(ask):
            Wiring(document.tables, document.library, None)
    except StopError:
        return True
    return False


def test_a_wiring_that_is_stopped_half_made_leaves_nothing_behind(document):
    chain(document, *["ReLU"] * 300)
    gc.collect()
    gc.disable()
    try:
        before = {id(one) for one in gc.get_objects() if isinstance(one, (Arc, Level))}
        for rounds in itertools.count():
            if not is_stopped(document, rounds):
                break
            there = {id(one) for one in gc.get_objects() if isinstance(one, (Arc, Level))}
            assert there <= before
    finally:
        gc.enable()
    assert rounds > 5
