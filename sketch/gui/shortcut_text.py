"""All commands with their keys as a page: for the overview, the printer, the clipboard and docs/shortcuts.md."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sketch.gui.action_rows import Action
from sketch.gui.key_names import CANVAS, Keyed, keyed

MOUSE: Sequence[tuple[str, str]] = (
    ("Click in the toolbox", "Append the layer to the selection, wired"),
    ("Drag from the toolbox", "Add a layer there; onto a wire it is inserted (Alt: never)"),
    ("Double-click on empty canvas", "Add a layer"),
    ("Double-click on a layer, a group", "Rename it, enter it"),
    ("Drag from a port or the border", "Draw a wire; dropped on empty canvas it offers what fits"),
    (
        "Drag the end of a wire, or Ctrl+drag its port",
        "Move it to another port, or on empty canvas to a new layer",
    ),
    ("Drag a layer onto a wire", "Insert it there (Alt: never)"),
    ("Alt+drag", "Duplicate and drag"),
    ("Ctrl+right-drag", "Cut the wires that the stroke crosses"),
    ("Drag on empty canvas", "Select; Shift adds, Ctrl toggles (or pan: option canvas.left_drag)"),
    ("Middle-drag", "Pan"),
    ("Wheel", "Zoom at the pointer; Ctrl+wheel scrolls (or the other way round: option canvas.wheel)"),
)
"""What the mouse does; it cannot be changed but by the options named."""
Keys = Callable[[str], Sequence[str]]


def sections(rows: Iterable[Action]) -> dict[str, list[Keyed]]:
    """What can have a key, by menu, in the order of the menus."""
    found: dict[str, list[Keyed]] = {}
    for one in keyed(rows):
        found.setdefault(one.menu, []).append(one)
    return found


def as_html(rows: Iterable[Action], keys: Keys) -> Iterator[str]:
    """A page for the screen and the printer, part by part; only commands that have a key."""
    head = "<h2>Shortcuts</h2>"
    for menu, members in sections(rows).items():
        lines = [(one.title, ", ".join(keys(one.command))) for one in members]
        part = _table(menu, [line for line in lines if line[1]])
        if part:
            yield head + part
            head = ""
    yield head + _table("Mouse", [(what, gesture) for gesture, what in MOUSE])


def as_text(rows: Iterable[Action], keys: Keys) -> str:
    """The same as plain text, for the clipboard."""
    lines: list[str] = []
    for menu, members in sections(rows).items():
        pairs = [(one.title, ", ".join(keys(one.command))) for one in members if keys(one.command)]
        lines += ["", menu, *(f"  {title:<44}{found}" for title, found in pairs)] if pairs else []
    lines += ["", "Mouse", *(f"  {what:<44}{gesture}" for gesture, what in MOUSE)]
    return "\n".join(lines).strip() + "\n"


def as_markdown(rows: Sequence[Action], presets: Mapping[str, Keys]) -> str:
    """docs/shortcuts.md: every command with its keys in every preset (title -> keys)."""
    titles = list(presets)
    parts = [
        "# Shortcuts\n\nWritten by `scripts/generate-shortcuts` from the table of commands and",
        "`resources/settings.yaml`.",
        "Settings > Shortcuts changes every key, finds a command by its key, and exports and imports keys;",
        "Help > Shortcuts shows and prints those in force. A command without a key is in its menu and in the",
        "command palette.\n",
    ]
    for menu, members in sections(rows).items():
        place = "gestures of the canvas" if menu == CANVAS else menu
        parts += [f"\n## {place[0].upper()}{place[1:]}\n", f"| Command | {' | '.join(titles)} |"]
        parts.append("|" + " --- |" * (len(titles) + 1))
        for one in members:
            cells = [", ".join(f"`{key}`" for key in presets[title](one.command)) for title in titles]
            parts.append(f"| {_cell(one.title)} | {' | '.join(map(_cell, cells))} |")
    parts += ["\n## Mouse\n", "| Gesture | What it does |", "| --- | --- |"]
    parts += [f"| {gesture} | {what} |" for gesture, what in MOUSE]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(title: str, lines: Sequence[tuple[str, str]]) -> str:
    if not lines:
        return ""
    rows = "".join(
        f"<tr><td width='55%'>{html.escape(what)}</td><td>{html.escape(keys)}</td></tr>"
        for what, keys in lines
    )
    return f"<h3>{html.escape(title)}</h3><table width='100%' cellspacing='0' cellpadding='2'>{rows}</table>"
