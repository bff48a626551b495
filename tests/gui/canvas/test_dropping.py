"""Layers dragged from the toolbox, with real drag events (the offscreen platform runs no drag loop of its own)."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from sketch.graph.rows import Edge
from sketch.gui.canvas.dropping import LAYER_MIME
from sketch.state import commands
from tests.gui.canvas.conftest import chain


def drop(
    view,
    payload: str,
    where: tuple[float, float],
    mime: str = LAYER_MIME,
    keys=Qt.KeyboardModifier.NoModifier,
) -> bool:
    data = QMimeData()
    data.setData(mime, payload.encode())
    at = view.mapFromScene(*where)
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(at), Qt.DropAction.CopyAction, data, left, keys)
    QApplication.sendEvent(view.viewport(), enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(
        view.viewport(), QDragMoveEvent(QPoint(at), Qt.DropAction.CopyAction, data, left, keys)
    )
    event = QDropEvent(at.toPointF(), Qt.DropAction.CopyAction, data, left, keys)
    QApplication.sendEvent(view.viewport(), event)
    return event.isAccepted()


def test_a_layer_is_added_where_it_is_dropped_and_selected(document, canvas):
    view = canvas()
    assert drop(view, "Conv2d", (120, 60))
    (node,) = document.tables.nodes.values()
    place = document.tables.places[node.id]
    assert (node.layer, place.x, place.y) == ("Conv2d", 120.0, 60.0)
    assert view.selected() == [node.id]


def test_a_layer_dropped_in_a_group_joins_it(document, canvas):
    (a,) = chain(document, "ReLU")
    group = commands.group(document, [a])
    view = canvas(group)
    drop(view, "GELU", (0, 200))
    assert len(document.tables.children(group)) == 2


def test_a_layer_dropped_on_a_wire_inserts_itself_in_one_step(document, canvas):
    a, b = chain(document, "Input", "GELU")
    view = canvas()
    before = len(document.history.entries())
    drop(view, "ReLU", (0, 50))
    (c,) = set(document.tables.nodes) - {a, b}
    assert {e for n in document.tables.nodes.values() for e in n.next} == {Edge(a, 0, c, 0), Edge(c, 0, b, 0)}
    assert len(document.history.entries()) == before + 1


def test_alt_leaves_the_wire_alone(document, canvas):
    a, b = chain(document, "Input", "GELU")
    view = canvas()
    drop(view, "ReLU", (0, 50), keys=Qt.KeyboardModifier.AltModifier)
    assert {e for n in document.tables.nodes.values() for e in n.next} == {Edge(a, 0, b, 0)}
    assert len(document.tables.nodes) == 3
    assert view.selected_wires() == []


def test_a_layer_without_an_input_does_not_go_into_a_wire(document, canvas):
    a, b = chain(document, "Input", "GELU")
    view = canvas()
    drop(view, "Input", (0, 50))
    assert {e for n in document.tables.nodes.values() for e in n.next} == {Edge(a, 0, b, 0)}
    assert len(document.tables.nodes) == 3


def test_where_a_saved_block_is_dropped_is_told(document, canvas, qtbot):
    view = canvas()
    with qtbot.waitSignal(view.block_dropped) as told:
        assert drop(view, "block:stem", (10, 20))
    assert told.args == ["stem", (10.0, 20.0), None]


def test_an_unknown_layer_is_refused_with_a_message(document, canvas, qtbot):
    view = canvas()
    with qtbot.waitSignal(view.message) as told:
        drop(view, "Nonsense", (0, 0))
    assert "Nonsense" in told.args[0]
    assert not document.tables.nodes


@pytest.mark.parametrize("mime", ["text/plain", "text/uri-list"])
def test_other_drags_are_left_to_the_window(canvas, mime):
    view = canvas()
    assert not drop(view, "file:///x.onnx", (0, 0), mime)
