"""Keys: one spelling, who has one, and the file that carries them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.state.keymap import KeyFileError, Keymap, canonical

PRESETS = {
    "default": {"edit.undo": ["Ctrl+Z"], "edit.find": ["Ctrl+F"], "text.find": ["Ctrl+F"]},
    "other": {"edit.undo": ["U"]},
}
MODIFIERS = ("Meta", "Ctrl", "Alt", "Shift")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ctrl+Shift+Delete", "shift+ctrl+del"),
        ("Escape", "Esc"),
        ("Ctrl+PageUp", "Ctrl+PgUp"),
        ("Alt+Shift+a", "Shift+Alt+A"),
        ("Ctrl++", "ctrl++"),
    ],
)
def test_one_spelling(one, other) -> None:
    assert canonical(one) == canonical(other)


def test_other_keys_stay_others() -> None:
    assert len({canonical(key) for key in ("+", "Ctrl++", "Ctrl+=", "=", "-", "F1", "F11", "Ctrl+F1")}) == 8


@given(st.permutations(MODIFIERS), st.integers(0, 4), st.sampled_from(["A", "F12", "Del", "+", "Space", "1"]))
def test_the_order_of_modifiers_does_not_matter(order, count, key) -> None:
    some = order[:count]
    sorted_ones = [name for name in MODIFIERS if name in some]
    assert canonical("+".join([*some, key])) == "+".join([*sorted_ones, key])


def test_own_keys_go_before_the_preset_and_the_preset_before_the_default() -> None:
    keys = Keymap(PRESETS, {"edit.find": ["F9"]})
    assert keys.of("edit.undo", "default") == ["Ctrl+Z"]
    assert keys.of("edit.undo", "other") == ["U"]
    assert keys.of("edit.find", "other") == ["F9"]
    assert keys.preset_keys("edit.find", "other") == ["Ctrl+F"]
    assert keys.of("nothing", "other") == []


def test_keys_of_the_text_are_heard_there_only() -> None:
    keys = Keymap(PRESETS, {"edit.more": ["ctrl+f"]})
    assert keys.owners("Ctrl+F", "default", "edit.more") == ["edit.find"]
    assert keys.owners("Ctrl+F", "default", "text.find") == []
    assert keys.owners("Ctrl+F", "default", "text.other") == ["text.find"]


def test_a_file_carries_preset_and_own_keys() -> None:
    text = Keymap(PRESETS, {"edit.find": ["F9"], "edit.undo": []}).to_text("other")
    assert Keymap(PRESETS, {}).from_text(text) == ("other", {"edit.find": ["F9"], "edit.undo": []}, [])
    fewer = {"default": {"edit.undo": ["Ctrl+Z"]}, "other": {}}
    assert Keymap(fewer, {}).from_text(text) == ("other", {"edit.undo": []}, ["edit.find"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no file of keys"),
        ("[]", "no file of keys"),
        ('{"sketch-keys": 2, "preset": "default", "shortcuts": {}}', "another Sketch"),
        ('{"sketch-keys": 1, "preset": "vim", "shortcuts": {}}', "no preset 'vim'"),
        ('{"sketch-keys": 1, "preset": "other", "shortcuts": {"edit.undo": "U"}}', "edit.undo"),
        ('{"sketch-keys": 1, "preset": "other", "shortcuts": {"edit.undo": [""]}}', "edit.undo"),
    ],
)
def test_another_file_is_refused(text, said) -> None:
    with pytest.raises(KeyFileError, match=said):
        Keymap(PRESETS, {}).from_text(text)


def test_the_file_can_be_read_by_a_person() -> None:
    data = json.loads(Keymap(PRESETS, {"edit.find": ["F9"]}).to_text("default"))
    assert data == {"sketch-keys": 1, "preset": "default", "shortcuts": {"edit.find": ["F9"]}}
