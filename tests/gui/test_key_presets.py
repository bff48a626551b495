"""The presets of keys: nothing clashes where it is heard, nothing is lost, and habits of other editors are met."""

import pytest
from PySide6.QtGui import QKeySequence

from sketch.gui.action_table import TABLE
from sketch.gui.canvas.options import DEFAULT_KEYS
from sketch.gui.key_names import GESTURES, keyed
from sketch.gui.key_page import PRESETS
from sketch.resources_root import resource_root
from sketch.state.keymap import canonical
from sketch.state.settings import PRESET, Settings

PORTABLE = QKeySequence.SequenceFormat.PortableText
BLENDER = {  # the Blender manual, and the list in GraphiteEditor/Graphite#3211
    "Shift+A": "insert.quick_add",
    "X": "edit.delete_plain",
    "Ctrl+X": "edit.delete",  # delete with reconnect
    "Shift+D": "edit.duplicate",
    "Ctrl+C": "edit.copy",
    "Ctrl+V": "edit.paste",
    "A": "edit.select_all",
    "Alt+A": "edit.select_none",
    "Ctrl+I": "edit.select_inverse",
    "L": "edit.select_before",
    "Shift+L": "edit.select_after",
    "Shift+G": "edit.select_type",
    "F": "wire.draw",
    "Ctrl+G": "group.group",
    "Ctrl+Alt+G": "group.ungroup",
    "Ctrl+J": "insert.frame",
    "H": "group.fold",
    "F2": "edit.rename",
    "F3": "view.command_palette",
    "Home": "view.frame_all",
    "T": "view.toolbox",
    "N": "view.node_editor",
    "Ctrl+Z": "edit.undo",
    "Ctrl+Shift+Z": "edit.redo",
    "Ctrl+F": "edit.find",
}
COMFYUI = {  # its documentation: shortcuts, lite-graph settings
    "Ctrl+Return": "compile.compile",
    "Ctrl+Alt+Return": "compile.cancel",
    "Ctrl+Z": "edit.undo",
    "Ctrl+Y": "edit.redo",
    "Ctrl+S": "file.save",
    "Ctrl+O": "file.open",
    "Ctrl+A": "edit.select_all",
    "Ctrl+C": "edit.copy",
    "Ctrl+V": "edit.paste",
    "Delete": "edit.delete",
    "Backspace": "edit.delete",
    "Ctrl+G": "insert.frame",
    "Alt+C": "group.fold",
    "Ctrl+,": "edit.settings",
    ".": "view.frame_selection",
    "Alt+=": "view.zoom_in",
    "Alt+-": "view.zoom_out",
    "F": "view.full_screen",
    "N": "view.toolbox",
    "W": "view.tree",
    "Ctrl+`": "view.log",
    "Escape": "group.leave",
    "Space": "canvas.pan",
}
SKETCH = {  # DESIGN.md section 4
    "Tab": "insert.quick_add",
    "Delete": "edit.delete",
    "Ctrl+Delete": "edit.delete_plain",
    "Ctrl+G": "group.group",
    "Ctrl+Shift+G": "group.ungroup",
    "Return": "group.enter",
    "Escape": "group.leave",
    "F": "view.frame_selection",
    "Shift+F": "view.frame_all",
    "Home": "view.frame_all",
    "Ctrl+D": "edit.duplicate",
    "Ctrl+F": "edit.find",
    "Ctrl+Shift+P": "view.command_palette",
    "Ctrl+Y": "edit.redo",
    "F2": "edit.rename",
    "Up": "canvas.walk_up",
    "Ctrl+Up": "canvas.nudge_up",
    "Ctrl+B": "compile.compile",
    "Space": "canvas.pan",
}


@pytest.fixture(params=sorted(PRESETS))
def settings(request) -> Settings:
    """The settings with each preset in turn."""
    made = Settings(resource_root() / "settings.yaml")
    made.set(PRESET, request.param)
    return made


def test_no_key_has_two_commands_where_it_is_heard(settings) -> None:
    clashes = {
        (key, command): others
        for command in settings.commands()
        for key in settings.shortcut(command)
        if (others := settings.clashes(command, key))
    }
    assert clashes == {}


def test_every_key_is_one_that_qt_knows(settings) -> None:
    for command in settings.commands():
        for key in settings.shortcut(command):
            sequence = QKeySequence(key)
            assert sequence.count() == 1, (command, key)
            assert canonical(sequence.toString(PORTABLE)) == canonical(key), (command, key)


def test_what_has_a_key_exists_and_keeps_one_in_every_preset(settings) -> None:
    known = {one.command for one in keyed(TABLE)}
    default = Settings(resource_root() / "settings.yaml")
    assert [command for command in settings.commands() if command not in known] == []
    lost = [c for c in settings.commands() if default.shortcut(c) and not settings.shortcut(c)]
    assert lost == []


def test_every_command_can_be_reached_without_a_key() -> None:
    assert [row.id for row in TABLE if not row.menu or not row.title] == []
    assert len({row.id for row in TABLE}) == len(TABLE)


def test_every_gesture_of_the_canvas_has_a_title_and_a_default() -> None:
    in_menus = {row.id for row in TABLE if row.scope == "gesture"}
    assert set(DEFAULT_KEYS) == set(GESTURES) | {command for command in DEFAULT_KEYS if command in in_menus}
    settings = Settings(resource_root() / "settings.yaml")
    for command, keys in DEFAULT_KEYS.items():
        assert [*map(canonical, keys)] == [*map(canonical, settings.shortcut(command))]


@pytest.mark.parametrize(
    ("preset", "habits"), [("default", SKETCH), ("blender", BLENDER), ("comfyui", COMFYUI)]
)
def test_habits_are_met(preset, habits) -> None:
    settings = Settings(resource_root() / "settings.yaml")
    settings.set(PRESET, preset)
    for key, command in habits.items():
        assert settings.clashes("", key) == [command], key


def test_the_mouse_of_a_preset() -> None:
    settings = Settings(resource_root() / "settings.yaml")
    assert settings.get("canvas.left_drag") == "select"
    settings.set(PRESET, "comfyui")
    assert settings.get("canvas.left_drag") == "pan"
    settings.set("canvas.left_drag", "select")  # the person's own choice holds
    assert settings.get("canvas.left_drag") == "select"
    settings.set(PRESET, "blender")
    assert settings.get("canvas.left_drag") == "select"
