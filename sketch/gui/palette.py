"""The command palette: every command by name, layers to add, and with @ the layers to go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sketch.gui.action_rows import plain
from sketch.gui.category_dots import CategoryDots
from sketch.gui.choices import Choice
from sketch.gui.filter_popup import MOST_SHOWN, FilterPopup, top_middle
from sketch.gui.key_capture import native

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

RECENT, MOST_KEPT = "palette.recent", 10
"""Where the session keeps the commands used last, and how many."""
WIDTH, GO_TO = 560, "@"
"""Width of the window, px; what begins a name of a layer to go to."""
_COMMANDS, _LAYERS = 100, 10_000
"""First rank of commands that were not used lately, and of layers to add."""


def command_palette(window: MainWindow) -> FilterPopup:
    """Offer every command, those used last first; one that cannot run says why."""
    popup = FilterPopup(
        window, f"Type a command, a layer to add, or {GO_TO} and the name of a layer", palette_choices(window),
        lambda key: _run(window, key), source=lambda typed: _layers_named(window, typed), width=WIDTH,
    )  # fmt: skip
    popup.open_at(top_middle(window, popup))
    return popup


def palette_choices(window: MainWindow) -> list[Choice]:
    """Every command with its menu, keys and reason; then every layer that can be added."""
    recent = {key: place for place, key in enumerate(window.services.session.get(RECENT, ()))}
    choices = []
    for number, (row, action) in enumerate(window.actions_):
        keys = ", ".join(map(native, window.services.settings.shortcut(row.id)[:2]))
        choices.append(
            Choice(
                ("run", row.id), plain(row.named(window) if row.named else row.title), keys, words=(row.hint,),
                icon=action.icon() if row.icon else None, reason=row.why_not(window) or "",
                rank=recent.get(row.id, _COMMANDS + number), aside=plain(row.menu.replace("/", " > ")),
            )
        )  # fmt: skip
    return [*choices, *_layers_to_add(window)]


def _layers_to_add(window: MainWindow) -> list[Choice]:
    if window.desk.tab is None:
        return []
    dots = CategoryDots(window.theme)
    return [
        Choice(
            ("add", spec.name), f"Add {spec.title}", words=(spec.name, *spec.search), rank=_LAYERS,
            icon=dots(spec.category), aside=spec.category,
        )
        for spec in window.services.library if not spec.hidden
    ]  # fmt: skip


def _layers_named(window: MainWindow, typed: str) -> Sequence[Choice] | None:
    """The layers of the drawing whose names hold what stands after the @; None when no @ was typed."""
    document = window.desk.document
    if not typed.startswith(GO_TO) or document is None:
        return None
    wanted = typed.removeprefix(GO_TO).strip().lower()
    found = [node for node in document.tables.nodes.values() if wanted in node.name.lower()]
    found.sort(key=lambda node: (not node.name.lower().startswith(wanted), len(node.name), node.id))
    dots, library = CategoryDots(window.theme), document.library
    from sketch.state.weight_changes import full_name

    return [
        Choice(
            ("go", node.id), node.name, library[node.layer].title,
            icon=dots(library[node.layer].category),
            aside="" if node.parent is None else f"in {full_name(document.tables, node.parent)}",
        )
        for node in found[:MOST_SHOWN]
    ]  # fmt: skip


def _run(window: MainWindow, key: tuple[str, Any]) -> None:
    verb, what = key
    if verb == "go":
        window.desk.reveal(what)
    elif verb == "add":
        from sketch.gui import edit_commands

        edit_commands.append(window, what)
    else:
        session = window.services.session
        before = [other for other in session.get(RECENT, ()) if other != what]
        session.set(RECENT, [what, *before][:MOST_KEPT])
        window.actions_.run(what)
