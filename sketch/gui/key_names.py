"""What has a key: the commands of the menus and the gestures that the canvas answers itself, under their titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sketch.gui.action_rows import Action, plain

CANVAS = "Canvas"
"""Where gestures stand in lists of keys; they are in no menu."""
GESTURES: Mapping[str, str] = {
    "canvas.pan": "Hold to pan with the left button",
    "canvas.walk_up": "Go to the layer before, along the wire",
    "canvas.walk_down": "Go to the layer after, along the wire",
    "canvas.walk_left": "Go to the layer on the left",
    "canvas.walk_right": "Go to the layer on the right",
    "canvas.extend_up": "Extend the selection up",
    "canvas.extend_down": "Extend the selection down",
    "canvas.extend_left": "Extend the selection to the left",
    "canvas.extend_right": "Extend the selection to the right",
    "canvas.focus_up": "Move the focus up",
    "canvas.focus_down": "Move the focus down",
    "canvas.focus_left": "Move the focus to the left",
    "canvas.focus_right": "Move the focus to the right",
    "canvas.nudge_up": "Nudge up",
    "canvas.nudge_down": "Nudge down",
    "canvas.nudge_left": "Nudge to the left",
    "canvas.nudge_right": "Nudge to the right",
    "canvas.toggle": "Select or unselect the current layer",
    "canvas.wire_next": "Next wire of the layer",
    "canvas.wire_previous": "Previous wire of the layer",
    "canvas.menu": "Context menu",
}
"""The gestures of the canvas that have keys and are no command of a menu."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """Something that can have a key: `menu` is a path such as `View > Panels`."""

    command: str
    title: str
    menu: str
    hint: str = ""


def keyed(rows: Iterable[Action]) -> list[Keyed]:
    """Everything that can have a key, in the order of the menus; the gestures last."""
    found = [Keyed(row.id, plain(row.title), plain(row.menu).replace("/", " > "), row.hint) for row in rows]
    return [*found, *(Keyed(command, title, CANVAS) for command, title in GESTURES.items())]
