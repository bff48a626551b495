"""A wiring straight from a layout shows what a wiring of the rows shows, for any network that it can show."""

import random

import pytest

from benchmarks.models import KINDS, write
from sketch.graph.arrange import Canvas, arrange_all, draw_parts
from sketch.graph.delta import Change
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables
from sketch.gui.canvas.still import StillWiring
from sketch.gui.canvas.wires import Wiring
from sketch.gui.glance_rows import wired
from sketch.kernels.onnx import KERNEL
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_wires import random_edit


def still(tables: Tables, library) -> StillWiring | None:
    canvas = Canvas(tables, library, list(tables.children(None)))
    parts = draw_parts(canvas)
    return StillWiring(tables, library, canvas, parts) if StillWiring.can_show(canvas, parts) else None


def exact(tables: Tables, library) -> Wiring:
    """That of the same rows at the places that the layout gives them."""
    found = tables.copy()
    places = arrange_all(found, library)
    found.apply(tuple(Change("places", key, found.places.get(key), row) for key, row in places.items()))
    return Wiring(found, library, None)


def shown(found: Wiring):
    """Boxes, lines and badges; ends of lines are the same to a tenth of a pixel."""
    lines = {
        edge: (*line[:5], [(round(x, 1), round(y, 1)) for x, y in line.points])
        for edge, line in found.lines.items()
    }
    return found.boxes, lines, found.badges, found.stubs, found.frames, found.right


def same(tables: Tables, library) -> None:
    one, other = still(tables, library), exact(tables, library)
    assert one is not None
    assert shown(one) == shown(other)
    for key in (*tables.nodes, -1):
        assert one.shown(key) == other.shown(key)
        assert set(one.lines_at(key)) == {one.lines[line.edge] for line in other.lines_at(key)}
        assert one.edges_at(key) == other.edges_at(key)
    for key, box in one.boxes.items():
        assert one.stored(key, box.x + 5, box.y) == pytest.approx(other.stored(key, box.x + 5, box.y))
    assert one.canvas_at(0.0, 0.0) is None
    assert one.stored_in(None, 3.0, 4.0) == one.scene_place(None, 3.0, 4.0) == (3.0, 4.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("runs", ["down", "right"])
def test_models_are_shown_alike(kind, runs, library, tmp_path):
    tables = Tables.of(KERNEL.glance(KINDS[kind](tmp_path / "model.onnx", 250)))
    tables.apply((Change("meta", "direction", None, runs),))
    same(tables, library)


@pytest.mark.parametrize("seed", range(25))
def test_any_network_is_shown_alike(document, seed):
    draw, compared = random.Random(seed), 0
    for _ in range(6):
        for _ in range(25):
            random_edit(document, draw)
        if still(document.tables, document.library) is not None:
            same(document.tables, document.library)
            compared += 1
    assert compared or any(node.prior for node in document.tables.nodes.values())


def test_a_shared_source_has_badges(document):
    source = chain(document, "Input")[0]
    for node in [commands.add_layer(document, "ReLU", (0.0, 0.0)) for _ in range(8)]:
        commands.connect(document, source, 0, node)
    found = still(document.tables, document.library)
    assert found is not None
    assert not found.lines
    assert [badge.source for badges in found.badges.values() for badge in badges] == [source] * 8
    assert found.loose_line(next(iter(found.badges.values()))[0]) is not None
    same(document.tables, document.library)


def test_a_loop_is_left_to_the_wiring_of_the_rows(library):
    one, two, back = Edge(1, 0, 2, 0), Edge(2, 0, 3, 0), Edge(3, 0, 1, 0)
    ends = {1: (back, one), 2: (one, two), 3: (two, back)}
    nodes = [Node(n, "ReLU", f"n{n}", prior=(into,), next=(out,)) for n, (into, out) in ends.items()]
    tables = Tables.of(nodes)
    assert still(tables, library) is None
    found = wired(tables, library)
    assert found.lines.keys() == {one, two, back}
    assert tables.places.keys() == {1, 2, 3}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_damaged_file_seems_to_hold_is_drawn(seed, library, tmp_path):
    draw, file = random.Random(seed), write(tmp_path, "branching", 60)
    content = bytearray(file.read_bytes())
    for _ in range(4):
        content[draw.randrange(len(content))] = draw.randrange(256)
    file.write_bytes(content)
    nodes = KERNEL.glance(file)
    assert nodes is None or wired(Tables.of(nodes), library).boxes.keys() == {node.id for node in nodes}


def test_wires_instead_of_badges_are_left_to_it_as_well(document):
    source = chain(document, "Input")[0]
    for node in [commands.add_layer(document, "ReLU", (0.0, 0.0)) for _ in range(8)]:
        commands.connect(document, source, 0, node)
    nodes = document.tables.nodes.values()
    assert isinstance(wired(Tables.of(nodes), document.library), StillWiring)
    found = wired(Tables.of(nodes), document.library, badges=False)
    assert len(found.lines) == 8
    assert not found.badges


def test_it_lets_go(document):
    chain(document, "Input", "ReLU", "Output")
    found = still(document.tables, document.library)
    assert found is not None
    assert len(list(found.lines_at(2))) == 2
    found.rest()
    assert len(list(found.lines_at(2))) == 2
    assert not found.use_badges(False).lines
    assert not found.sync(()).boxes
    found.let_go()
    assert not found.boxes
    assert not list(found.lines_at(2))
