"""The command palette with real keys: everything by name, used last first, reasons, layers, places to go."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui.filter_popup import FilterPopup
from sketch.gui.palette import RECENT, palette_choices
from tests.gui.windows import CTRL, SHIFT, bring_to_front, example_window, press

KEY = Qt.Key


@pytest.fixture
def window(qtbot):
    """A window with ResNet-18 in front."""
    with example_window(qtbot, "resnet18") as window:
        yield window


def open_palette(window, typed: str = "") -> FilterPopup:
    bring_to_front(window)
    window.desk.view.setFocus()
    press(window.desk.view, KEY.Key_P, CTRL | SHIFT)
    box = QApplication.activePopupWidget()
    assert isinstance(box, FilterPopup)
    QTest.keyClicks(box.field, typed)
    return box


def test_every_command_is_there_with_menu_and_keys(window) -> None:
    found = {choice.key[1]: choice for choice in palette_choices(window) if choice.key[0] == "run"}
    assert set(found) == {row.id for row, _action in window.actions_}
    assert found["edit.undo"].detail == "Ctrl+Z"
    assert found["edit.undo"].aside == "Edit"
    assert found["edit.undo"].reason == "There is nothing to undo."
    assert found["text.find"].aside == "Edit > Source text"
    assert found["edit.find"].reason == ""


def test_beginnings_of_words_find_a_command(window) -> None:
    box = open_palette(window, "frsel")
    assert box.titles()[0] == "Frame selection"
    press(box.field, KEY.Key_A, CTRL)
    QTest.keyClicks(box.field, "undo")
    assert box.titles()[0] == "Undo"
    assert box._note.text() == "There is nothing to undo."
    press(box.field, KEY.Key_Return)
    assert box.isVisible()  # it cannot run, so nothing happens
    press(box.field, KEY.Key_Escape)


def test_what_was_used_last_comes_first(window) -> None:
    box = open_palette(window, "select all")
    press(box.field, KEY.Key_Return)
    assert len(window.desk.selection) == len(window.desk.document.tables.children(None))
    box = open_palette(window, "frame everything")
    press(box.field, KEY.Key_Return)
    assert window.services.session.get(RECENT) == ["view.frame_all", "edit.select_all"]
    box = open_palette(window)
    assert box.titles()[:2] == ["Frame everything", "Select all"]
    press(box.field, KEY.Key_Escape)


def test_a_layer_is_added_by_its_name(window) -> None:
    count = len(window.desk.document.tables.nodes)
    box = open_palette(window, "add dropout2d")
    assert box.titles()[0] == "Add Dropout2d"
    press(box.field, KEY.Key_Return)
    assert len(window.desk.document.tables.nodes) == count + 1
    (made,) = window.desk.selection
    assert window.desk.document.tables.nodes[made].layer == "Dropout2d"


def test_an_at_goes_to_a_layer(window) -> None:
    box = open_palette(window, "@downs")
    assert set(box.titles()) == {"downsample"}
    assert {choice.aside for choice in box.shown()} == {"in layer2.0", "in layer3.0", "in layer4.0"}
    press(box.field, KEY.Key_Down)
    press(box.field, KEY.Key_Return)
    (found,) = window.desk.selection
    assert window.desk.document.tables.nodes[found].name == "downsample"


def test_another_key_is_shown_at_once(window) -> None:
    window.services.settings.set_shortcut("edit.find", ["Ctrl+Alt+J"])
    found = next(choice for choice in palette_choices(window) if choice.key == ("run", "edit.find"))
    assert found.detail == "Ctrl+Alt+J"
