"""The commands on linked, repeated and kept groups: each calls one function of state and shows the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from sketch.graph.linking.rows import instances, is_linked
from sketch.gui import asides, background
from sketch.gui.edit_commands import edit_selection, with_tab
from sketch.gui.reasons import selected_nodes
from sketch.state import blocks, commands

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.group_finds import RepeatsDialog
    from sketch.gui.group_repeat import RepeatDialog
    from sketch.gui.main_window import MainWindow

BLOCK_FILES = "Blocks of Sketch (*.sketchblock)"


def duplicate_linked(window: MainWindow) -> None:
    """Copy the selected groups beside themselves, linked to them."""
    edit_selection(
        window, "Duplicate linked", commands.duplicate_linked, lambda tab, made: tab.view.select(made),
        lambda _tab: selected_nodes(window),
    )  # fmt: skip


def link(window: MainWindow) -> None:
    """Link the selected groups, or all that are equal to the one selected; every group is looked at for that."""
    tab = window.desk.tab
    if tab is None:
        return
    chosen, nodes = selected_nodes(window), tab.document.tables.nodes
    asides.edit(
        window, tab, "Link equal groups", lambda document: commands.link(document, chosen),
        lambda linked: window.say(f"{len(linked)} groups are linked: what you edit in one changes in all."),
        many=lambda: len(nodes) > background.FEW,
    )  # fmt: skip


def unlink(window: MainWindow) -> None:
    """Let the selected groups stand alone."""
    tab = window.desk.tab
    if tab is None:
        return
    chosen = [n for n in selected_nodes(window) if is_linked(tab.document.tables, n)]
    asides.edit(
        window, tab, "Unlink", lambda document: commands.unlink(document, chosen),
        many=lambda: len(chosen) > asides.MANY,
    )  # fmt: skip


def select_linked(window: MainWindow) -> None:
    """Select the instances of the selected group on this canvas, and say how many are elsewhere."""

    def run(tab: CanvasTab) -> None:
        tables = tab.document.tables
        found = instances(tables, selected_nodes(window)[0])
        beside = [n for n in found if tables.nodes[n].parent == tab.group]
        tab.view.select(beside)
        rest = len(found) - len(beside)
        window.say(f"{len(found)} linked groups" + (f", {rest} of them on other canvases." if rest else "."))

    with_tab(window, run)


def repeat(window: MainWindow) -> RepeatDialog | None:
    """Ask how often the selected group is to stand in series."""
    from sketch.gui.group_repeat import RepeatDialog

    tab = window.desk.tab
    if tab is None:
        return None
    dialog = RepeatDialog(window, tab, selected_nodes(window)[0])
    dialog.open()
    return dialog


def find_repeats(window: MainWindow) -> None:
    """Look for repeated blocks and show what was found."""
    from sketch.gui import group_offer

    tab = window.desk.tab
    if tab is not None:
        group_offer.look(window, tab, lambda found: show_finds(window, tab, found))


def show_finds(window: MainWindow, tab: CanvasTab, found: object) -> RepeatsDialog | None:
    """The dialog with repeated blocks, or one line when there are none."""
    from sketch.gui.group_finds import RepeatsDialog

    if not found:
        window.say("No repeated blocks were found.")
        return None
    dialog = RepeatsDialog(window, tab, found)  # type: ignore[arg-type]
    dialog.open()
    return dialog


def show_ports(window: MainWindow) -> None:
    """Bring the ports of the selected group into view in the node editor."""
    from sketch.gui.group_section import GroupSection

    window.docks["editor"].show()
    window.docks["editor"].raise_()
    editor = window.panels.editor
    section = next((each for each in editor.shown_sections if isinstance(each, GroupSection)), None)
    if section is not None and section.ports is not None:
        editor.ensureWidgetVisible(section.ports)
        section.ports.focus_first()


def import_block(window: MainWindow) -> None:
    """Take a block from a file into the toolbox."""
    path, _ = QFileDialog.getOpenFileName(window, "Import a block", str(window.folder), BLOCK_FILES)
    if not path:
        return

    def shown(name: str) -> None:
        window.show_blocks()
        window.say(f"The block '{name}' is in the toolbox under My blocks.")

    source = Path(path)
    background.run(
        window.jobs, f"Import {source.name}", lambda task: blocks.take_in(source, task.step), shown,
        failed=window.say, at_once=not source.is_file() or source.stat().st_size < blocks.LARGE_BYTES,
    )  # fmt: skip


def insert_block(
    window: MainWindow, tab: CanvasTab, name: str, place: tuple[float, float], group: int | None,
    *, centred: bool = False,
) -> None:  # fmt: skip
    """Put a copy of a kept block on a canvas and select it; `centred` brings it to the middle, too."""
    asides.edit(
        window, tab, f"Add {name}", lambda document: blocks.insert(document, name, place, group),
        lambda made: tab.view.reveal(made) if centred else tab.view.select([made]),
        many=lambda: blocks.is_large(name),
    )  # fmt: skip
