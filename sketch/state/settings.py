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
from sketch.state.keymap import KeyFileError, Keymap
from sketch.state.late_file import LateFile

FILE_NAME = "settings.json"
PRESET = "shortcuts.preset"

_log = logging.getLogger(__name__)


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
        self._preset_options = {
            preset: {name: self.option(name).check(value) for name, value in values.items()}
            for preset, values in raw["preset_options"].items()
        }
        presets = {name: _keys_of(rows) for name, rows in raw["shortcuts"].items()}
        self._path = folder / FILE_NAME if folder is not None else None
        self._text, self._damage = "", ""
        self._file = (
            None if self._path is None else LateFile(self._path, lambda: self._text, self._tell_failing)
        )
        self._values: dict[str, Any] = {}
        self._keymap = Keymap(presets, {})
        self._listeners: list[Callable[[str], None]] = []
        self._watchers: list[Callable[[], object]] = []
        self._read()

    @property
    def warning(self) -> str:
        """One line for the person while the changes cannot be kept, or when their file was damaged; else empty."""
        failing = self._file.failing if self._file is not None else None
        return f"The settings could not be kept: {failing}." if failing else self._damage

    def watch(self, watcher: Callable[[], object]) -> Callable[[], None]:
        """Call `watcher()` when `warning` changes, on the thread that writes; the result ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    def flush(self) -> None:
        """Wait until what changed is on the disk, or could not be written."""
        if self._file is not None:
            self._file.flush()

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
        return self._values[name] if name in self._values else self.default(name)

    def default(self, name: str) -> Any:
        """What an option is while the person has not chosen: the preset of the keys may say it, for the mouse."""
        option = self.option(name)
        preset = self._values.get(PRESET) if name != PRESET else None
        return self._preset_options.get(preset or "", {}).get(name, option.default)

    def set(self, name: str, value: Any) -> None:
        """Change an option and keep it; SettingsError when the value does not fit."""
        option = self.option(name)
        checked = option.check(value)
        if checked == self.get(name):
            return
        self._values[name] = checked
        if checked == self.default(name):
            del self._values[name]
        self._changed(name)

    def reset(self, name: str) -> None:
        """Back to the default."""
        self.set(name, self.default(name))

    @property
    def presets(self) -> tuple[str, ...]:
        """The names of the sets of keys."""
        return self._keymap.presets

    def commands(self) -> tuple[str, ...]:
        """Every command that has or can have a key in some preset."""
        return self._keymap.commands()

    def shortcut(self, command: str) -> list[str]:
        """The keys of a command in Qt's spelling; empty when it has none."""
        return self._keymap.of(command, self.get(PRESET))

    def preset_keys(self, command: str) -> list[str]:
        """The keys that the preset in force gives a command."""
        return self._keymap.preset_keys(command, self.get(PRESET))

    def set_shortcut(self, command: str, keys: list[str] | None) -> None:
        """Give a command other keys (None: those of the preset), whatever the preset."""
        if keys is None or keys == self.preset_keys(command):
            self._keymap.own.pop(command, None)
        else:
            self._keymap.own[command] = list(keys)
        self._changed(f"shortcut.{command}")

    def own_shortcuts(self) -> tuple[str, ...]:
        """The commands whose keys the person changed."""
        return tuple(self._keymap.own)

    def reset_shortcuts(self) -> None:
        """All keys as in the preset."""
        self._keymap.own.clear()
        self._changed("shortcuts")

    def clashes(self, command: str, key: str) -> list[str]:
        """The other commands that have this key now where this command would have it."""
        return self._keymap.owners(key, self.get(PRESET), command)

    def write_shortcuts(self, path: Path) -> None:
        """Write the preset and the changed keys into a file; OSError when it cannot be written."""
        write_text(path, self._keymap.to_text(self.get(PRESET)))

    def read_shortcuts(self, path: Path, is_key: Callable[[str], bool] = bool) -> list[str]:
        """Take keys from such a file in place of all changed ones; the commands in it that are not known here.

        `is_key` says whether a text is the name of a key.

        Raises:
            SettingsError: it is no such file; nothing changes.
            OSError: it cannot be read.
        """
        try:
            preset, keys, unknown = self._keymap.from_text(path.read_text(encoding="utf-8"), is_key)
        except (KeyFileError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path.name} cannot be used: {error}") from None
        self._keymap.own = keys
        self.set(PRESET, preset)
        self._changed("shortcuts")
        return unknown

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
                self._keymap.own[command] = chosen

    def _set_aside(self, path: Path, error: Exception) -> None:
        kept = path.with_suffix(".damaged.json")
        self._damage = (
            f"{path} could not be read ({error}); the defaults are used and the file is kept as {kept.name}."
        )
        _log.warning("settings.damaged path=%s error=%s", path, error)
        try:
            path.replace(kept)
        except OSError:
            _log.warning("settings.kept_in_place path=%s", path)

    def _write(self) -> None:
        if self._file is None:
            return
        raw = {"options": self._values, "shortcuts": self._keymap.own}
        self._text = json.dumps(raw, indent=1, sort_keys=True) + "\n"
        self._damage = ""
        self._file.touch()

    def _tell_failing(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()


def _option(name: str, fields: Mapping[str, Any]) -> Option:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }
    option = Option(name, **values)
    option.check(option.default)
    return option


def _keys_of(rows: Mapping[str, Any]) -> dict[str, list[str]]:
    return {command: list(keys) if isinstance(keys, list) else [keys] for command, keys in rows.items()}
