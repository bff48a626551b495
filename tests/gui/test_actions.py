"""Commands as actions: worked out once a turn, right whenever somebody looks."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenuBar

from sketch.gui.action_rows import Action
from sketch.gui.actions import ActionSet
from sketch.gui.desk import Chosen
from sketch.gui.palette import palette_choices
from sketch.state import commands
from tests.gui.windows import CTRL, main_window


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        made.opener.new()
        QApplication.processEvents()
        yield made


def test_many_changes_in_a_turn_are_one_question(window):
    asked = []
    row = Action("file.new", "New", "File", lambda _w: None, lambda _w: asked.append(1))
    made = ActionSet(window, (row,), window.services.settings)
    assert made["file.new"].isEnabled()
    asked.clear()
    for _ in range(5):
        made.refresh()
    assert asked == []
    QApplication.processEvents()
    assert asked == [1]
    QApplication.processEvents()
    assert asked == [1]


def test_commands_with_the_same_reason_ask_once(window):
    asked = []

    def why_not(_window):
        asked.append(1)
        return "Not now."

    rows = [Action(name, name, "File", lambda _w: None, why_not) for name in ("file.new", "file.open")]
    made = ActionSet(window, rows, window.services.settings)
    made.head(QMenuBar(window))
    made.complete()
    asked.clear()
    made.refresh()
    assert [made[name].statusTip() for name in ("file.new", "file.open")] == ["Not now."] * 2
    assert asked == [1]


def test_an_action_is_right_when_asked_for_in_the_turn_of_the_edit(window):
    document = window.desk.document
    undo = window.actions_["edit.undo"]
    assert not undo.isEnabled()
    commands.add_layer(document, "ReLU", (0, 0))
    assert window.actions_["edit.undo"] is undo
    assert undo.isEnabled()


def test_a_key_in_the_turn_of_the_edit_finds_its_command(window):
    node = commands.add_layer(window.desk.document, "ReLU", (0, 0))
    window.desk.view.setFocus()
    window.desk.view.select([node])
    QTest.keyClick(window.desk.view, Qt.Key.Key_Delete)
    assert not window.desk.document.tables.nodes
    QTest.keyClick(window.desk.view, Qt.Key.Key_Z, CTRL)
    assert list(window.desk.document.tables.nodes) == [node]


def test_a_menu_that_opens_is_right(window):
    menu = window.actions_.menu("Edit")
    (undo,) = (action for action in menu.actions() if action.objectName() == "edit.undo")
    commands.add_layer(window.desk.document, "ReLU", (0, 0))
    assert not undo.isEnabled()  # nobody has looked yet
    menu.aboutToShow.emit()
    assert undo.isEnabled()


def test_before_the_rest_is_there_menus_have_their_titles_and_keys_work(qtbot):
    with main_window(qtbot, started=False) as window:
        titles = [action.text().replace("&", "") for action in window.menuBar().actions()]
        assert titles[:3] == ["File", "Edit", "Insert"]
        assert window.actions_.menu("Edit").isEmpty()
        QTest.keyClick(window, Qt.Key.Key_N, CTRL)
        assert window.area.front is not None
        assert "edit.undo" in [action.objectName() for action in window.actions_.menu("Edit").actions()]


def test_the_tool_bar_says_at_once_what_cannot_run(qtbot):
    with main_window(qtbot, started=False) as window:
        assert not window.actions_["edit.undo"].isEnabled()
        assert window.actions_["file.new"].isEnabled()


def test_the_chosen_are_sorted_out_once(window):
    document = window.desk.document
    node = commands.add_layer(document, "ReLU", (0, 0))
    note = commands.add_note(document, "text", (200, 0))
    found = Chosen([node, note], document)
    assert (found.nodes, found.layers) == ([node], {"ReLU"})
    assert Chosen([], None).nodes == []


def test_the_palette_asks_the_canvas_once_for_the_selection(window, monkeypatch):
    asked, view = [], window.desk.view
    window.actions_.settle()
    monkeypatch.setattr(type(view), "selected", lambda _view: asked.append(1) or [])
    assert palette_choices(window)
    assert asked == [1]
