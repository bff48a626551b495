"""The lists around the canvas follow edits, and tell their views only what has changed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from sketch.gui.summary_panel import MOST_COMPARED, Row, SummaryModel
from sketch.state import commands
from tests.gui.windows import new_window


@pytest.fixture
def window(qtbot):
    with new_window(qtbot) as made:
        yield made


def told(model) -> list[tuple[int, int]]:
    """First and last row of each change from now on; a reset is (-1, -1)."""
    found: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: found.append((first.row(), last.row())))
    model.modelReset.connect(lambda: found.append((-1, -1)))
    return found


def row_of(texts: dict[int, str]):
    return lambda node: Row(node, (texts[node], "", "", ""))


def filled(texts: dict[int, str]) -> SummaryModel:
    model = SummaryModel()
    model.fill(list(texts), row_of(texts))
    return model


def test_the_summary_tells_of_rows_that_say_something_else():
    texts = {node: f"layer {node}" for node in range(1000)}
    model = filled(texts)
    seen = [model.row(row).cells[0] for row in (3, 4, 5)]
    changes = told(model)
    model.fill(list(texts), row_of(texts))
    assert (seen, changes) == (["layer 3", "layer 4", "layer 5"], [])
    model.fill(list(texts), row_of({**texts, 4: "another", 900: "not seen yet"}))
    assert set(changes) == {(4, 4)}
    assert [model.row(row).cells[0] for row in (4, 900)] == ["another", "not seen yet"]
    assert model.index(4, 0).data() == "another"


def test_the_summary_tells_of_all_when_very_many_were_looked_at():
    texts = {node: f"layer {node}" for node in range(MOST_COMPARED + 1)}
    model = filled(texts)
    assert len(model.rows) == len(texts)
    changes = told(model)
    model.fill(list(texts), row_of({**texts, 7: "another"}))
    assert changes == [(0, MOST_COMPARED)]
    model.look(7, 7)
    assert model.index(7, 0).data() == "another"


def test_rows_of_the_summary_are_worked_out_when_they_are_looked_at(qtbot):
    asked: list[int] = []
    texts = {node: f"layer {node}" for node in range(1000)}
    panel = SummaryModel()
    panel.fill(list(texts), lambda node: asked.append(node) or row_of(texts)(node))
    panel.look(10, 12)
    assert asked == [10, 11, 12]
    assert [panel.index(11, column).data() for column in (0, 3)] == ["layer 11", ""]
    del texts[11]
    panel.fill(list(texts), row_of(texts))
    panel.look(10, 12)
    assert panel.rowCount() == 999
    assert [panel.index(row, 0).data() for row in (10, 11)] == ["layer 10", "layer 12"]
    (found,) = panel.match(panel.index(0, 0), Qt.ItemDataRole.DisplayRole, "layer 99")
    assert found.row() == 98


def test_the_summary_paints_what_is_in_view(window):
    panel, document = window.panels.summary, window.desk.document
    for number in range(100):
        commands.add_layer(document, "ReLU", (0, 100 * number))
    panel.refresh()
    panel.table.grab()
    rows = [panel.model.index(row, 0).data() for row in range(panel.model.rowCount())]
    assert rows[0] == "relu1"
    assert rows[-1] is None
    panel.table.scrollToBottom()
    panel.table.grab()
    assert panel.model.index(99, 0).data() == "relu100"


def test_the_history_adds_a_row_an_edit(window):
    panel, document = window.panels.history, window.desk.document
    panel.refresh()
    model = panel.model()
    begun, changes = model.rowCount(), told(model)
    node = commands.add_layer(document, "ReLU", (0, 0))
    panel.refresh()
    commands.rename(document, node, "another")
    panel.refresh()
    assert model.rowCount() == begun + 2
    assert changes == [(begun - 1, begun - 1), (begun, begun)]  # where one was and is no more
    assert panel.currentIndex().row() == begun + 1
    document.undo()
    panel.refresh()
    assert changes[2:] == [(begun, begun + 1)]
    assert panel.currentIndex().row() == begun
    commands.add_layer(document, "ReLU", (0, 99))
    panel.refresh()
    assert [entry.label for entry in document.history.entries()] == [
        panel.model().index(row).data() for row in range(model.rowCount())
    ]


def test_the_history_is_there_when_it_is_shown(window):
    panel, document = window.panels.history, window.desk.document
    dock = panel.parentWidget()
    dock.hide()
    commands.add_layer(document, "ReLU", (0, 0))
    window.desk.settled.emit()
    QApplication.processEvents()
    dock.show()
    dock.raise_()
    QApplication.processEvents()
    assert panel.model().rowCount() == len(document.history.entries())


def test_what_comes_back_is_selected(window):
    document, view = window.desk.document, window.desk.view
    one, two, three = (commands.add_layer(document, "ReLU", (0, 100 * number)) for number in range(3))
    view.select([one, two])
    window.actions_.run("edit.delete")
    view.select([three])
    window.actions_.run("edit.undo")
    assert view.selected() == [one, two]
    window.actions_.run("edit.redo")
    assert (list(document.tables.nodes), view.selected()) == ([three], [])
    commands.move(document, {three: (5.0, 5.0)})
    view.select([])
    window.actions_.run("edit.undo")
    assert view.selected() == []  # it was there all the time


def test_of_a_group_that_comes_back_the_group_is_selected(window):
    document, view = window.desk.document, window.desk.view
    members = [commands.add_layer(document, "ReLU", (0, 100 * number)) for number in range(2)]
    view.select(members)
    window.actions_.run("group.group")
    (group,) = view.selected()
    window.actions_.run("group.unfold_all")
    view.select([group])
    window.actions_.run("edit.delete")
    assert not document.tables.nodes
    window.actions_.run("edit.undo")
    assert view.selected() == [group]
