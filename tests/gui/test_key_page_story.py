"""The page of keys with real keys and clicks: search, remap, conflicts, presets, files; and that it works at once."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QMessageBox

from sketch.gui.key_page import KeyPage
from sketch.gui.palette import palette_choices
from sketch.gui.settings_dialog import SettingsDialog
from sketch.state.settings import PRESET
from tests.gui.windows import CTRL, SHIFT, bring_to_front, click, example_window, press

KEY = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(qtbot):
    """A window with LeNet-5 in front."""
    with example_window(qtbot, "lenet5") as window:
        yield window


@pytest.fixture
def page(window, qtbot):
    """The page of keys, in its dialog."""
    dialog = SettingsDialog(window, window.services.settings, window.actions_)
    dialog.turn_to("Shortcuts")
    dialog.show()
    dialog.activateWindow()
    QTest.qWaitForWindowActive(dialog)
    qtbot.waitUntil(lambda: "Shortcuts" in dialog.pages)
    yield dialog.pages["Shortcuts"]
    dialog.accept()
    dialog.deleteLater()


def capture(button, key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """Press the button, then a key."""
    click(button)
    assert button.is_waiting
    QTest.keyClick(button, key, modifiers)
    QApplication.processEvents()
    assert not button.is_waiting


def chips(page: KeyPage) -> list[str]:
    return [chip.text().removesuffix("  ×") for chip in page.editor.chips]


def test_a_command_is_found_by_words_and_by_its_key(page) -> None:
    everything = len(page.shown())
    assert everything > 120
    QTest.keyClicks(page.search, "find nex")
    assert page.shown() == ["edit.find_next"]
    click(page.every)
    assert len(page.shown()) == everything
    capture(page.by_key, KEY.Key_D, CTRL)
    assert page.shown() == ["edit.duplicate"]
    assert page.editor.title.text() == "Edit: Duplicate"
    assert "Ctrl+D" in page.by_key.text()
    capture(page.by_key, KEY.Key_J, CTRL | ALT)
    assert page.shown() == []
    assert page.note.text() == "No command has Ctrl+Alt+J."


def test_a_key_is_added_and_works_at_once(window, page) -> None:
    page.show_command("edit.select_all")
    capture(page.editor.capture, KEY.Key_J, CTRL | ALT)
    assert chips(page) == ["Ctrl+A", "Ctrl+Alt+J"]
    found = next(c for c in palette_choices(window) if c.key == ("run", "edit.select_all"))
    assert found.detail == "Ctrl+A, Ctrl+Alt+J"
    page.window().accept()
    bring_to_front(window)
    window.desk.view.setFocus()
    window.desk.view.select([])
    press(window.desk.view, KEY.Key_J, CTRL | ALT)
    assert len(window.desk.selection) == len(window.desk.document.tables.nodes)


def test_tool_tips_follow_the_keys(window, page) -> None:
    page.show_command("edit.find")
    click(page.editor.chips[0])
    capture(page.editor.capture, KEY.Key_F4)
    assert "(F4)" in window.actions_["edit.find"].toolTip()
    assert [key.toString() for key in window.actions_["edit.find"].shortcuts()] == ["F4"]
    assert window.actions_.why_not("edit.find_next") == "Find a layer first (F4)."


def test_a_key_that_another_command_has_can_be_taken_from_it(window, page) -> None:
    settings = window.services.settings
    page.show_command("edit.find")
    capture(page.editor.capture, KEY.Key_D, CTRL)
    assert page.editor.clash.text() == "Ctrl+D runs 'Duplicate'. Take it from there for 'Find'?"
    assert settings.shortcut("edit.find") == ["Ctrl+F"]
    click(page.editor.leave)
    assert not page.editor.clash.isVisible()
    assert settings.shortcut("edit.duplicate") == ["Ctrl+D"]
    capture(page.editor.capture, KEY.Key_D, CTRL)
    click(page.editor.take)
    assert settings.shortcut("edit.find") == ["Ctrl+F", "Ctrl+D"]
    assert settings.shortcut("edit.duplicate") == []
    assert page._items["edit.duplicate"].font(1).bold()
    click(page.editor.back)
    assert settings.own_shortcuts() == ("edit.duplicate",)
    page.show_command("edit.duplicate")
    click(page.editor.back)
    assert settings.own_shortcuts() == ()


def test_any_key_can_be_captured_but_only_when_asked(window, page) -> None:
    page.show_command("edit.find")
    page.editor.capture.setFocus()
    press(page.editor.capture, KEY.Key_Tab)  # goes on, and is not taken
    assert not page.editor.capture.hasFocus()
    capture(page.editor.capture, KEY.Key_Tab)
    assert "'Any layer'" in page.editor.clash.text()
    click(page.editor.leave)
    capture(page.editor.capture, KEY.Key_Escape)
    assert "'Leave'" in page.editor.clash.text()
    assert page.window().isVisible()
    click(page.editor.leave)
    capture(page.editor.capture, KEY.Key_Backtab, CTRL | SHIFT)
    assert "'Previous tab'" in page.editor.clash.text()


def test_a_gesture_of_the_canvas_gets_another_key(window, page) -> None:
    page.show_command("canvas.nudge_down")
    click(page.editor.chips[0])
    capture(page.editor.capture, KEY.Key_J, ALT)
    page.window().accept()
    bring_to_front(window)
    document, view = window.desk.document, window.desk.view
    node = document.tables.named(None, "conv1")
    view.setFocus()
    view.select([node])
    before = document.tables.places[node].y
    press(view, KEY.Key_Down, CTRL)
    assert document.tables.places[node].y == before
    press(view, KEY.Key_J, ALT)
    assert document.tables.places[node].y > before


def test_a_preset_changes_keys_and_mouse_at_once(window, page, qtbot) -> None:
    page.window().turn_to("Canvas")
    qtbot.waitUntil(lambda: "Canvas" in page.window().pages)
    field = page.window()._fields["canvas.left_drag"]
    assert field.findChild(QComboBox).currentText() == "select"
    page.preset.setCurrentIndex(page.preset.findData("comfyui"))
    page.preset.activated.emit(page.preset.currentIndex())
    assert window.services.settings.get(PRESET) == "comfyui"
    assert window.desk.view.options.left_drag == "pan"
    page.show_command("insert.frame")
    assert chips(page)[0] == "Ctrl+G"
    assert window.actions_["insert.frame"].shortcut().toString() == "Ctrl+G"
    assert field.findChild(QComboBox).currentText() == "pan"


def test_keys_go_into_a_file_and_all_are_reset(window, page, tmp_path, monkeypatch) -> None:
    settings, path = window.services.settings, tmp_path / "keys.json"
    page.show_command("edit.find")
    capture(page.editor.capture, KEY.Key_F4)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    page._export()
    assert json.loads(path.read_text())["shortcuts"] == {"edit.find": ["Ctrl+F", "F4"]}
    monkeypatch.setattr(QMessageBox, "question", lambda *_args: QMessageBox.StandardButton.Yes)
    click(page.reset)
    assert settings.own_shortcuts() == ()
    assert not page.reset.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    page._import()
    assert settings.shortcut("edit.find") == ["Ctrl+F", "F4"]
    path.write_text(path.read_text().replace("F4", "Foo+Bar"))
    page._import()
    assert page.note.text() == "keys.json cannot be used: The keys of edit.find are no list of keys."
    path.write_text("{}")
    page._import()
    assert "cannot be used" in page.note.text()
    assert settings.shortcut("edit.find") == ["Ctrl+F", "F4"]
