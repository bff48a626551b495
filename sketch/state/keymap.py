"""Which keys run which command: presets, what the person changed, and the file that carries it to another machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

DEFAULT = "default"
"""The preset that the others change."""
KIND, VERSION = "sketch-keys", 1
_TEXT = "text."
_MODIFIERS = ("Meta", "Ctrl", "Alt", "Shift")
_SHORT = {
    "escape": "Esc", "delete": "Del", "insert": "Ins", "pageup": "PgUp", "pagedown": "PgDown", "control": "Ctrl",
}  # fmt: skip


class KeyFileError(ValueError):
    """A file of keys cannot be used; the message says why."""


class Keymap:
    """The keys in force.

    Args:
        presets: name -> command -> keys in Qt's spelling; what a preset leaves out is as in the default.
        own: command -> keys that the person chose, whatever the preset.
    """

    def __init__(self, presets: Mapping[str, Mapping[str, Sequence[str]]], own: Mapping[str, Sequence[str]]):
        self._presets = presets
        self.own = {command: list(keys) for command, keys in own.items()}

    @property
    def presets(self) -> tuple[str, ...]:
        """The names of the presets."""
        return tuple(self._presets)

    def commands(self) -> tuple[str, ...]:
        """Every command that has or can have a key in some preset."""
        return tuple(dict.fromkeys(name for keys in self._presets.values() for name in keys))

    def of(self, command: str, preset: str) -> list[str]:
        """The keys of a command; empty when it has none."""
        return list(self.own[command]) if command in self.own else self.preset_keys(command, preset)

    def preset_keys(self, command: str, preset: str) -> list[str]:
        """The keys that a preset gives a command."""
        for keys in (self._presets[preset], self._presets[DEFAULT]):
            if command in keys:
                return list(keys[command])
        return []

    def owners(self, key: str, preset: str, command: str = "") -> list[str]:
        """The other commands that have this key where `command` has it.

        Those of the source text hear keys only while it has the focus, and then before all others.
        """
        wanted = canonical(key)
        known = dict.fromkeys((*self.commands(), *self.own))
        near = (name for name in known if name.startswith(_TEXT) == command.startswith(_TEXT))
        return [name for name in near if name != command and wanted in map(canonical, self.of(name, preset))]

    def to_text(self, preset: str) -> str:
        """The preset and what the person changed, as the text of a file."""
        data = {KIND: VERSION, "preset": preset, "shortcuts": self.own}
        return json.dumps(data, indent=1, sort_keys=True) + "\n"

    def from_text(
        self, text: str, is_key: Callable[[str], bool] = bool
    ) -> tuple[str, dict[str, list[str]], list[str]]:
        """(preset, command -> keys, commands that are not known here) of such a text; KeyFileError otherwise.

        `is_key` says whether a text is the name of a key.
        """
        try:
            raw: Any = json.loads(text)
            version, preset, keys = raw[KIND], raw["preset"], dict(raw["shortcuts"])
        except (ValueError, KeyError, TypeError):
            raise KeyFileError("It is no file of keys of Sketch.") from None
        if version != VERSION:
            raise KeyFileError(f"It is of another Sketch (version {version}).")
        if preset not in self._presets:
            raise KeyFileError(f"There is no preset {preset!r}; presets are {', '.join(self._presets)}.")
        wrong = [name for name, chosen in keys.items() if not _is_list_of_keys(chosen, is_key)]
        if wrong:
            raise KeyFileError(f"The keys of {wrong[0]} are no list of keys.")
        known = set(self.commands())
        return preset, {name: keys[name] for name in keys if name in known}, sorted(keys.keys() - known)


def canonical(key: str) -> str:
    """One spelling of a key: `shift+ctrl+delete` and `Ctrl+Shift+Del` are the same."""
    head, plus, last = key.rpartition("+")
    if not last and plus:  # the plus itself
        head, last = head.rstrip("+"), "+"
    parts = [_SHORT.get(part.lower(), part.capitalize()) for part in head.split("+") if part]
    name = _SHORT.get(last.lower(), last[:1].upper() + last[1:])
    ordered = [part for part in _MODIFIERS if part in parts]
    return "+".join([*ordered, name])


def _is_list_of_keys(chosen: object, is_key: Callable[[str], bool]) -> bool:
    return isinstance(chosen, list) and all(isinstance(key, str) and is_key(key) for key in chosen)
