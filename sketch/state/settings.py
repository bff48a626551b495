"""Typed options and all shortcuts: settings.yaml says what there is, a file of the person what they changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketch.durable import write_text
from sketch.graph.kept import kept_yaml

FILE_NAME = "settings.json"
PRESET = "shortcuts.preset"

_log = logging.getLogger(__name__)

_TEXT = "text."


class SettingsError(ValueError):
    """An option is unknown or its value does not fit; the message says which and what fits."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `type` is bool, int, float, str or choice; `optional` allows None."""

    name: str
    type: str
    default: Any = None
    choices: tuple[Any, ...] = ()
    min: float | None = None
    max: float | None = None
    optional: bool = False
    doc: str = ""

    def check(self, value: Any) -> Any:
        """The value in its right type; SettingsError otherwise."""
        if value is None and self.optional:
            return None
        if self.type == "choice":
            fits = value in self.choices
        elif self.type in ("int", "float"):
            kinds = (int,) if self.type == "int" else (int, float)
            fits = isinstance(value, kinds) and not isinstance(value, bool) and self._in_range(value)
        else:
            fits = isinstance(value, {"bool": bool, "str": str}[self.type])
        if not fits:
            raise SettingsError(f"{self.name} cannot be {value!r}; it takes {self._takes()}.")
        return float(value) if self.type == "float" else value

    def _in_range(self, value: float) -> bool:
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def _takes(self) -> str:
        if self.choices:
            return ", ".join(map(str, self.choices))
        low = "" if self.min is None else f"from {self.min:g}"
        high = "" if self.max is None else f"up to {self.max:g}"
        kind = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "text"}[
            self.type
        ]
        return " ".join(filter(None, [kind, low, high]))


class Settings:
    """The options and shortcuts in force.

    Args:
        source: the settings.yaml with every option and preset.
        folder: where the person's changes are kept; None keeps them in memory.
        kept_in: the folder that keeps what `source` says, for a quick start; None reads `source` each time.
    """

    def __init__(self, source: Path, folder: Path | None = None, kept_in: Path | None = None):
        raw = kept_yaml(source, kept_in)
        self._options = {name: _option(name, fields) for name, fields in raw["options"].items()}
        self._presets = {name: _keys_of(rows) for name, rows in raw["shortcuts"].items()}
        self._path = folder / FILE_NAME if folder is not None else None
        self._values: dict[str, Any] = {}
        self._keys: dict[str, list[str]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self.warning = ""
        self._read()

    def options(self) -> tuple[Option, ...]:
        """Every option, in the order of the file."""
        return tuple(self._options.values())

    def option(self, name: str) -> Option:
        """One option by name; SettingsError when there is none."""
        if name not in self._options:
            raise SettingsError(f"There is no option {name!r}.")
        return self._options[name]

    def get(self, name: str) -> Any:
        """The value in force."""
        option = self.option(name)
        return self._values.get(name, option.default)

    def set(self, name: str, value: Any) -> None:
        """Change an option and keep it; SettingsError when the value does not fit."""
        option = self.option(name)
        checked = option.check(value)
        if checked == self.get(name):
            return
        self._values[name] = checked
        if checked == option.default:
            del self._values[name]
        self._changed(name)

    def reset(self, name: str) -> None:
        """Back to the default."""
        self.set(name, self.option(name).default)

    @property
    def presets(self) -> tuple[str, ...]:
        """The names of the sets of keys."""
        return tuple(self._presets)

    def commands(self) -> tuple[str, ...]:
        """Every command that has or can have a key in some preset."""
        return tuple(dict.fromkeys(name for keys in self._presets.values() for name in keys))

    def shortcut(self, command: str) -> list[str]:
        """The keys of a command in Qt's spelling; empty when it has none."""
        for keys in (self._keys, self._presets[self.get(PRESET)], self._presets["default"]):
            if command in keys:
                return list(keys[command])
        return []

    def set_shortcut(self, command: str, keys: list[str] | None) -> None:
        """Give a command other keys (None: those of the preset), whatever the preset."""
        if keys is None:
            self._keys.pop(command, None)
        else:
            self._keys[command] = list(keys)
        self._changed(f"shortcut.{command}")

    def clashes(self, command: str, key: str) -> list[str]:
        """The other commands that have this key now; those of the source text hear keys only while it has the focus."""
        known = dict.fromkeys((*self.commands(), *self._keys))
        near = (name for name in known if name.startswith(_TEXT) == command.startswith(_TEXT))
        return [name for name in near if name != command and key in self.shortcut(name)]

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener(name)` after each change (`shortcut.edit.undo` for keys); the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- inside ------------------------------------------------------------------------------------

    def _changed(self, name: str) -> None:
        self._write()
        for listener in tuple(self._listeners):
            listener(name)

    def _read(self) -> None:
        """Take over what fits; what does not is said and left alone. A damaged file is kept beside."""
        if self._path is None or not self._path.exists():
            return
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
            values, keys = dict(raw.get("options", {})), dict(raw.get("shortcuts", {}))
        except (OSError, ValueError, AttributeError, TypeError) as error:
            self._set_aside(self._path, error)
            return
        for name, value in values.items():
            try:
                self._values[name] = self.option(name).check(value)
            except SettingsError as error:
                _log.warning("settings.ignored reason=%s", error)
        for command, chosen in keys.items():
            if isinstance(chosen, list) and all(isinstance(key, str) for key in chosen):
                self._keys[command] = chosen

    def _set_aside(self, path: Path, error: Exception) -> None:
        kept = path.with_suffix(".damaged.json")
        self.warning = (
            f"{path} could not be read ({error}); the defaults are used and the file is kept as {kept.name}."
        )
        _log.warning("settings.damaged path=%s error=%s", path, error)
        try:
            path.replace(kept)
        except OSError:
            _log.warning("settings.kept_in_place path=%s", path)

    def _write(self) -> None:
        if self._path is None:
            return
        text = json.dumps({"options": self._values, "shortcuts": self._keys}, indent=1, sort_keys=True)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, text + "\n")
            self.warning = ""
        except OSError as error:
            self.warning = f"The settings could not be kept: {error}."
            _log.warning("settings.not_written error=%s", error)


def _option(name: str, fields: Mapping[str, Any]) -> Option:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }
    option = Option(name, **values)
    option.check(option.default)
    return option


def _keys_of(rows: Mapping[str, Any]) -> dict[str, list[str]]:
    return {command: list(keys) if isinstance(keys, list) else [keys] for command, keys in rows.items()}
