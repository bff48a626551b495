"""Commands as actions: worked out once a turn, right whenever somebody looks."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenuBar

from sketch.gui.action_rows import Action
from sketch.gui.actions import ActionSet
from sketch.gui.desk import Chosen
from sketch.gui.edit_commands import sees_anything
from sketch.state import commands
from tests.gui.conftest import Hand
from tests.gui.windows import CTRL, SHIFT, main_window, new_window, press


@pytest.fixture
def window(qtbot):
    with new_window(qtbot) as made:
        yield made


def test_many_changes_in_a_turn_are_one_question(window, qtbot):
    asked: list[int] = []
    row = Action("file.new", "New", "File", lambda _w: None, lambda _w: asked.append(1))
    made = ActionSet(window, (row,), window.services.settings)
    assert made["file.new"].isEnabled()
    asked.clear()
    for _ in range(5):
        made.refresh()
    assert asked == []
    qtbot.waitUntil(lambda: bool(asked))
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


def test_a_key_asks_only_for_what_it_may_be_for(window, monkeypatch):
    settled = []
    commands.add_layer(window.desk.document, "ReLU", (0, 0))
    monkeypatch.setattr(type(window.actions_), "settle", lambda _actions: settled.append(1))
    undo, note = (window.actions_._made(window.actions_._rows[key]) for key in ("edit.undo", "edit.redo"))
    QTest.keyClick(window.desk.view, Qt.Key.Key_Right)
    assert not undo.isEnabled()  # an arrow is for none of them
    QTest.keyPress(window.desk.view, Qt.Key.Key_Z, CTRL)
    assert not window.desk.document.tables.nodes
    assert not note.isEnabled()
    assert settled == []
    QTest.keyClick(window.desk.view, Qt.Key.Key_Plus, CTRL)
    assert settled  # Qt may take it for =, or for Shift and =


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


def test_the_selection_is_worked_out_once_until_it_or_the_document_changes(window):
    desk, view, document = window.desk, window.desk.view, window.desk.document
    a, b = (commands.add_layer(document, name, (0, at)) for at, name in enumerate(("ReLU", "Tanh")))
    view.select([b, a])
    first = desk.chosen
    assert (desk.chosen, first.nodes, desk.selection) == (first, [a, b], [a, b])
    commands.replace_layer(document, a, "GELU")
    assert desk.chosen is not first
    assert (desk.chosen.nodes, desk.chosen.layers) == ([a, b], {"GELU", "Tanh"})
    view.select([b])
    assert desk.chosen.nodes == [b]
    commands.remove(document, [b])
    assert (desk.selection, desk.chosen.layers) == ([], frozenset())
    document.undo()
    assert desk.chosen.nodes == [b]
    window.opener.new()
    assert desk.selection == []
    window.opener.close(desk.tab)
    assert desk.chosen.nodes == [b]


def test_a_list_of_what_is_selected_is_the_askers_own(window):
    view, document = window.desk.view, window.desk.document
    node = commands.add_layer(document, "ReLU", (0, 0))
    view.select([node])
    view.selected().clear()
    assert view.selected() == window.desk.selection == [node]


def test_wires_that_are_not_selected_any_more_are_not_deleted(window):
    document, view = window.desk.document, window.desk.view
    one, two = (commands.add_layer(document, "ReLU", (0, 100 * number)) for number in range(2))
    commands.connect(document, one, 0, two)
    view.restore_view({"zoom": 1.0, "x": 0.0, "y": 50.0})
    hand = Hand(view)
    for leave in (lambda: press(view, Qt.Key.Key_Escape), lambda: drag_away(view, hand)):
        hand.click((0, 50))
        assert view.selected_wires()
        assert enabled(window, "edit.delete", "wire.insert") == [True, True]
        leave()
        assert view.selected_wires() == []
        assert enabled(window, "wire.insert") == [False]


def drag_away(view, hand) -> None:
    """Take a layer, let it go back with Escape."""
    hand.press((0, 0))
    hand.move((60, 0))
    press(view, Qt.Key.Key_Escape)
    hand.release((60, 0))


def test_a_wire_is_drawn_from_the_layer_where_the_keys_are(window):
    commands.add_layer(window.desk.document, "ReLU", (0, 0))
    view = window.desk.view
    view.make_current(None)
    view.select([])
    assert enabled(window, "wire.draw") == [False]
    press(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier | SHIFT)
    assert (view.current, view.selected()) == (1, [])
    assert enabled(window, "wire.draw") == [True]


def test_edits_of_the_source_can_be_accepted_as_soon_as_something_is_typed(window):
    commands.add_layer(window.desk.document, "ReLU", (0, 0))
    code = window.panels.source.code
    window.mirror.refresh()
    assert code.toPlainText()
    assert enabled(window, "text.accept", "text.discard") == [False, False]
    code.setFocus()
    QTest.keyClicks(code, "x")
    assert enabled(window, "text.accept", "text.discard") == [True, True]


def enabled(window, *names: str) -> list[bool]:
    QApplication.processEvents()
    return [window.actions_[name].isEnabled() for name in names]


def test_a_key_of_a_command_that_cannot_run_says_why(window):
    """On the canvas and elsewhere; a key that the field of the focus takes for itself says nothing."""
    view, said = window.desk.view, window.statusBar().currentMessage
    view.select([])
    view.setFocus()
    for key, modifier, action in (
        (Qt.Key.Key_G, CTRL, "group.group"),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, "edit.delete"),
        (Qt.Key.Key_Y, CTRL, "edit.redo"),
    ):
        window.statusBar().clearMessage()
        press(view.viewport(), key, modifier)
        assert said() == window.actions_.why_not(action) != ""
    window.statusBar().clearMessage()
    field = window.panels.toolbox.search
    field.setFocus()
    press(field, Qt.Key.Key_Delete)
    assert said() == ""


def test_what_was_undone_is_not_said_any_more_after_the_next_edit(window):
    document, said = window.desk.document, window.statusBar().currentMessage
    commands.add_layer(document, "ReLU", (0.0, 0.0))
    window.actions_.run("edit.undo")
    assert said().startswith("Undone: ")
    added = commands.add_layer(document, "Tanh", (0.0, 0.0))
    assert said() == ""
    window.desk.view.setFocus()
    press(window.desk.view.viewport(), Qt.Key.Key_Delete)
    assert said() == window.actions_.why_not("edit.delete") != ""
    window.desk.view.select([added])
    assert said() == ""
    window.say("Saved.")
    window.desk.view.select([])
    assert said() == "Saved."


def test_an_undo_that_takes_all_out_of_view_brings_it_back_into_view(window):
    document, view = window.desk.document, window.desk.view
    node = commands.add_layer(document, "ReLU", (0.0, 0.0))
    commands.move(document, {node: (9000.0, 0.0)})
    view.centre_on(node)
    assert sees_anything(view)
    window.actions_.run("edit.undo")
    assert sees_anything(view)
    commands.move(document, {node: (9000.0, 0.0)})
    view.restore_view({"zoom": 1.0, "x": 9000.0, "y": 0.0})
    view.scroll_by(QPoint(0, view.height() // 2))
    assert not sees_anything(view)  # half of it stands at the upper edge
    view.restore_view({"zoom": 1.0, "x": 0.0, "y": 5000.0})
    assert not sees_anything(view)
    state = view.view_state()
    window.actions_.run("edit.undo")
    assert view.view_state() == state
