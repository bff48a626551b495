"""What a person can choose about the canvas, and the keys of its gestures; from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from PySide6.QtGui import QKeySequence

DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "canvas.walk_up": ("Up",),
        "canvas.walk_down": ("Down",),
        "canvas.walk_left": ("Left",),
        "canvas.walk_right": ("Right",),
        "canvas.nudge_up": ("Ctrl+Up",),
        "canvas.nudge_down": ("Ctrl+Down",),
        "canvas.nudge_left": ("Ctrl+Left",),
        "canvas.nudge_right": ("Ctrl+Right",),
        "canvas.extend_up": ("Shift+Up",),
        "canvas.extend_down": ("Shift+Down",),
        "canvas.extend_left": ("Shift+Left",),
        "canvas.extend_right": ("Shift+Right",),
        "canvas.focus_up": ("Alt+Shift+Up",),
        "canvas.focus_down": ("Alt+Shift+Down",),
        "canvas.focus_left": ("Alt+Shift+Left",),
        "canvas.focus_right": ("Alt+Shift+Right",),
        "canvas.toggle": ("Ctrl+Space",),
        "canvas.wire_next": ("E",),
        "canvas.wire_previous": ("Shift+E",),
        "canvas.menu": ("Menu", "Shift+F10"),
        "canvas.pan": ("Space",),
        "group.enter": ("Return", "Enter"),
        "group.leave": ("Esc",),
    }
)
"""The gestures that the canvas answers itself, and their keys where no setting says otherwise."""


def _by_key(keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Key (in Qt's portable spelling) -> command."""
    portable = QKeySequence.SequenceFormat.PortableText
    return {QKeySequence(key).toString(portable): command for command, names in keys.items() for key in names}


class CanvasOptions(NamedTuple):
    """Choices of the person; every field but `keys` is the setting `canvas.<field>`.

    `wires` is curved, straight or square; `wheel` is zoom or scroll (Ctrl does the other); `left_drag` is what a
    drag on empty canvas does, select or pan (Shift and Ctrl always select); `grid_size` in scene px.
    """

    grid: bool = True
    snap: bool = True
    grid_size: int = 16
    shapes: bool = True
    parameters: bool = True
    values: bool = True
    badges: bool = True
    highlight: bool = False
    wires: str = "curved"
    zoom_speed: float = 1.0
    wheel: str = "zoom"
    left_drag: str = "select"
    keys: Mapping[str, str] = MappingProxyType(_by_key(DEFAULT_KEYS))

    @classmethod
    def of(cls, get: Callable[[str], Any], shortcut: Callable[[str], Sequence[str]]) -> CanvasOptions:
        """From a settings' `get` and `shortcut`."""
        values = {name: get(f"canvas.{name}") for name in cls._fields if name != "keys"}
        return cls(**values, keys=_by_key({command: shortcut(command) for command in DEFAULT_KEYS}))
