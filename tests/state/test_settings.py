"""Options are typed, shortcuts come in presets, the person's changes come back and damage costs only them."""

import json

import pytest

from sketch.resources_root import resource_root
from sketch.state import late_file
from sketch.state.settings import Option, Settings, SettingsError

SOURCE = resource_root() / "settings.yaml"


@pytest.fixture
def own(tmp_path):
    return Settings(SOURCE, tmp_path)


def test_every_option_says_what_it_does_and_has_a_fitting_default(own) -> None:
    assert len(own.options()) > 20
    for option in own.options():
        assert option.doc.endswith(".")
        assert own.get(option.name) == option.check(option.default)


def test_changes_come_back(own, tmp_path) -> None:
    heard = []
    leave = own.subscribe(heard.append)
    own.set("canvas.grid", False)
    own.set("canvas.grid", False)
    own.set("canvas.zoom_speed", 2)
    own.set("compile.opset", 18)
    own.set("compile.opset", None)
    own.set("appearance.theme", "dark")
    own.reset("appearance.theme")
    leave()
    leave()
    own.set_shortcut("edit.undo", ["Ctrl+U"])
    own.flush()
    assert heard == [
        "canvas.grid",
        "canvas.zoom_speed",
        "compile.opset",
        "compile.opset",
        "appearance.theme",
        "appearance.theme",
    ]
    again = Settings(SOURCE, tmp_path)
    assert again.get("canvas.grid") is False
    assert again.get("canvas.zoom_speed") == 2.0
    assert again.get("compile.opset") is None
    assert again.shortcut("edit.undo") == ["Ctrl+U"]
    again.set_shortcut("edit.undo", None)
    again.flush()
    assert Settings(SOURCE, tmp_path).shortcut("edit.undo") == ["Ctrl+Z"]
    assert json.loads((tmp_path / "settings.json").read_text())["options"] == {
        "canvas.grid": False,
        "canvas.zoom_speed": 2.0,
    }


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("canvas.grid", 1, "true or false"),
        ("canvas.grid_size", 3, "a whole number from 4 up to 128"),
        ("canvas.grid_size", 5.0, "a whole number"),
        ("canvas.grid_size", True, "a whole number"),
        ("canvas.zoom_speed", "fast", "a number from 0.1 up to 5"),
        ("appearance.theme", "pink", "light, dark, system"),
        ("compile.kernel", None, "text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(own, name, value, takes) -> None:
    before = own.get(name)
    with pytest.raises(SettingsError, match=takes):
        own.set(name, value)
    assert own.get(name) == before


def test_an_unknown_option_is_refused(own) -> None:
    with pytest.raises(SettingsError, match=r"no option 'x\.y'"):
        own.get("x.y")


def test_presets_change_keys_and_fall_back_to_the_default(own) -> None:
    assert own.presets == ("default", "blender", "comfyui")
    assert own.shortcut("edit.redo") == ["Ctrl+Shift+Z", "Ctrl+Y"]
    own.set("shortcuts.preset", "blender")
    assert own.shortcut("insert.quick_add") == ["Shift+A", "Tab"]
    assert own.shortcut("edit.redo") == ["Ctrl+Shift+Z", "Ctrl+Y"]
    assert own.shortcut("no.such.command") == []
    own.set_shortcut("edit.find_next", ["F3"])
    assert own.own_shortcuts() == ("edit.find_next",)
    assert own.clashes("edit.find_next", "F3") == ["view.command_palette"]


@pytest.mark.parametrize("preset", ["default", "blender", "comfyui"])
def test_no_key_has_two_commands(own, preset) -> None:
    own.set("shortcuts.preset", preset)
    assert {k: c for c in own.commands() for k in own.shortcut(c) if own.clashes(c, k)} == {}


def test_the_gestures_that_were_promised_have_their_keys(own) -> None:
    promised = {
        "Tab": "insert.quick_add", "Delete": "edit.delete", "Ctrl+Delete": "edit.delete_plain", "Ctrl+G": "group.group",
        "Ctrl+Shift+G": "group.ungroup",
        "F": "view.frame_selection", "Shift+F": "view.frame_all", "Ctrl+D": "edit.duplicate",
        "Ctrl+F": "edit.find", "Ctrl+Shift+P": "view.command_palette", "Ctrl+Z": "edit.undo", "Ctrl+Y": "edit.redo",
        "F2": "edit.rename", "Ctrl+B": "compile.compile", "Escape": "group.leave",
    }  # fmt: skip
    assert {key: next(c for c in own.commands() if key in own.shortcut(c)) for key in promised} == promised


def test_keys_like_those_of_the_preset_are_no_change(own) -> None:
    own.set_shortcut("edit.undo", ["Ctrl+U"])
    assert own.own_shortcuts() == ("edit.undo",)
    own.set_shortcut("edit.undo", ["Ctrl+Z"])
    assert own.own_shortcuts() == ()


def test_keys_go_to_a_file_and_come_back(own, tmp_path) -> None:
    own.set("shortcuts.preset", "blender")
    own.set_shortcut("edit.undo", ["Ctrl+U", "F9"])
    path = tmp_path / "keys.json"
    own.write_shortcuts(path)
    heard: list[str] = []
    other = Settings(SOURCE)
    other.set_shortcut("edit.redo", ["F10"])
    other.subscribe(heard.append)
    assert other.read_shortcuts(path) == []
    assert (other.get("shortcuts.preset"), other.own_shortcuts()) == ("blender", ("edit.undo",))
    assert other.shortcut("edit.undo") == ["Ctrl+U", "F9"]
    assert "shortcuts" in heard
    other.reset_shortcuts()
    assert other.shortcut("edit.undo") == ["Ctrl+Z"]
    path.write_text("no keys")
    with pytest.raises(SettingsError, match=r"keys\.json cannot be used"):
        other.read_shortcuts(path)
    assert other.get("shortcuts.preset") == "blender"


def test_a_damaged_file_is_kept_and_said(tmp_path) -> None:
    (tmp_path / "settings.json").write_text("{")
    own = Settings(SOURCE, tmp_path)
    assert "defaults are used" in own.warning
    assert (tmp_path / "settings.damaged.json").read_text() == "{"
    own.set("canvas.grid", False)
    own.flush()
    assert own.warning == ""
    assert Settings(SOURCE, tmp_path).get("canvas.grid") is False


def test_a_damaged_file_that_cannot_be_moved_stays(tmp_path) -> None:
    (tmp_path / "settings.json").mkdir()
    (tmp_path / "settings.damaged.json").write_text("")
    assert "could not be read" in Settings(SOURCE, tmp_path).warning


def test_values_of_another_version_are_left_out(tmp_path, caplog) -> None:
    (tmp_path / "settings.json").write_text(
        json.dumps({"options": {"gone.option": 1, "canvas.grid": "yes", "canvas.snap": False},
                    "shortcuts": {"edit.undo": "Ctrl+U", "edit.redo": ["F9"], "edit.cut": [1]}})
    )  # fmt: skip
    own = Settings(SOURCE, tmp_path)
    assert (own.get("canvas.grid"), own.get("canvas.snap")) == (True, False)
    assert (own.shortcut("edit.undo"), own.shortcut("edit.redo")) == (["Ctrl+Z"], ["F9"])
    assert "gone.option" in caplog.text


def test_a_folder_that_cannot_be_written_is_said_and_the_value_holds(tmp_path, monkeypatch) -> None:
    own = Settings(SOURCE, tmp_path)

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    heard = []
    leave = own.watch(lambda: heard.append(own.warning))
    with monkeypatch.context() as patch:
        patch.setattr(late_file, "write_text", fail)
        own.set("canvas.grid", False)
        own.flush()
    assert "No space left" in own.warning
    assert own.get("canvas.grid") is False
    own.set("canvas.snap", False)
    own.flush()
    assert [bool(warning) for warning in heard] == [True, False]
    leave()
    leave()
    assert Settings(SOURCE, tmp_path).get("canvas.grid") is False


def test_settings_without_a_folder_live_in_memory(tmp_path) -> None:
    own = Settings(SOURCE)
    own.set("canvas.grid", False)
    assert own.get("canvas.grid") is False
    assert list(tmp_path.iterdir()) == []


def test_a_source_with_a_wrong_default_is_refused() -> None:
    with pytest.raises(SettingsError):
        Option("x", "int", "a").check("a")
