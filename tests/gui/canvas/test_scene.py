"""Items mirror the document: after any edit, undo or jump there is one item for each row, where the row says."""

import random

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from sketch.gui.theme import load_theme
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_wires import random_edit


def mirrors(view, document) -> None:
    tables, canvas = document.tables, view.canvas
    assert set(canvas.nodes) == set(tables.children(canvas.group))
    assert set(canvas.notes) == {note.id for note in tables.notes.values() if note.parent == canvas.group}
    for node_id, item in canvas.nodes.items():
        place = tables.places[node_id]
        assert item.pos().toTuple() == (place.x, place.y)
        assert item.look.title == tables.nodes[node_id].name
        assert item.box == canvas.wiring.boxes[node_id]
        lines = list(canvas.wiring.lines_at(node_id))
        assert item.wired_in == {line.into for line in lines if line.end == node_id}
        assert item.wired_out == {line.out for line in lines if line.start == node_id}
    assert set(canvas.edges.lines) == set(canvas.wiring.lines)
    assert set(canvas.stubs) == set(canvas.wiring.stubs)


@pytest.mark.parametrize("seed", range(4))
def test_items_follow_random_edits(document, canvas, seed):
    draw = random.Random(100 + seed)
    view = canvas()
    for _ in range(60):
        random_edit(document, draw)
        mirrors(view, document)
    while document.can_undo:
        document.undo()
    mirrors(view, document)
    assert not view.canvas.nodes
    while document.can_redo:
        document.redo()
    mirrors(view, document)


def test_a_group_canvas_follows_too(document, canvas):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, [b, c])
    view = canvas(group)
    mirrors(view, document)
    assert [item.text for item in view.canvas.stubs.values()] == [document.tables.nodes[a].name]
    commands.rename(document, a, "pixels")
    assert [item.text for item in view.canvas.stubs.values()] == ["pixels"]
    commands.remove(document, [a])
    mirrors(view, document)
    commands.ungroup(document, group)
    assert not view.canvas.nodes


def test_selection_survives_an_edit_and_tells_when_its_node_goes(document, canvas, qtbot):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    view.select([b])
    commands.rename(document, b, "gate")
    assert view.selected() == [b]
    with qtbot.waitSignal(view.selection_changed) as told:
        commands.remove(document, [b])
    assert told.args == [[]]
    assert set(view.canvas.nodes) == {a}


def test_a_problem_shows_as_a_badge_and_goes_with_its_cure(document, canvas):
    a = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 10)})
    b = commands.add_layer(document, "Linear", (0, 100), params={"in_features": 7})
    view = canvas()
    assert view.canvas.nodes[b].look.severity == "error"
    commands.connect(document, a, 0, b)
    assert view.canvas.nodes[b].look.severity == "error"
    commands.set_param(document, [b], "in_features", 10)
    assert view.canvas.nodes[b].look.severity is None


def test_a_group_takes_the_badge_of_its_members(document, canvas):
    (b,) = chain(document, "ReLU")
    group = commands.group(document, [b])
    view = canvas()
    assert view.canvas.nodes[group].look.severity == "error"
    a = commands.add_layer(document, "Input", (0, -100))
    commands.connect(document, a, 0, b)
    assert view.canvas.nodes[group].look.severity is None


def picture(view) -> QImage:
    view.viewport().repaint()
    return view.viewport().grab().toImage()


def colours(image: QImage, step: int = 2) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), step)
        for y in range(0, image.height(), step)
    }


def test_both_themes_paint_in_their_colours(document, canvas):
    chain(document, "Input", "ReLU")
    view = canvas()
    for name in ("dark", "light"):
        theme = load_theme(name)
        view.set_theme(theme)
        found = colours(picture(view))
        assert {theme.canvas, theme.node} <= found
        assert theme.category("Activation").name() in found


def test_an_empty_canvas_says_what_to_do(document, canvas):
    view = canvas()
    blank = colours(picture(view))
    chain(document, "Input")
    document.undo()
    assert colours(picture(view)) == blank
    middle = picture(view).copy(250, 320, 400, 60)
    assert len(colours(middle)) > 3


def test_a_closed_view_no_longer_follows(document, canvas):
    view = canvas()
    view.close_document()
    chain(document, "Input")
    assert not view.canvas.nodes


def test_every_wire_of_a_long_drawing_is_where_its_layers_are(document, canvas):
    ids = chain(document, *["ReLU"] * 200)
    view = canvas()
    for node_id in ids[:-1]:
        box = view.canvas.wiring.boxes[node_id]
        found = view.canvas.edges.lines.at(QPointF(box.x, box.bottom + 10), 4.0)
        assert found is not None
        assert found.edge.source == node_id
