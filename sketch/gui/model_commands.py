"""The commands of the Model menu that are edits at once: inputs and outputs, extracting, replacing a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui.edit_commands import attempt
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands.interface import ends_of, wires_into

if TYPE_CHECKING:
    from pathlib import Path

    from sketch.binder.job import Job
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.commands import Extract
    from sketch.state.commands.patterns import Pattern
    from sketch.state.document import Document

NAMED = 10
"""So many of what was made are said by their names."""


def make_output(window: MainWindow) -> None:
    """Outputs for the selected wires, else for what the selected layers give."""

    def run(tab: CanvasTab) -> None:
        wires = [(edge.source, edge.out) for edge in tab.view.selected_wires()]
        chosen = [source for source, _ in wires] or selected_nodes(window)

        def make(document: Document) -> list[int]:
            return commands.make_outputs(document, wires or ends_of(document, chosen))

        tab.view.change("Make outputs", make, lambda made: _show(window, tab, made, "output"), ids=chosen)

    _with_tab(window, run)


def make_input(window: MainWindow) -> None:
    """Inputs in the place of the selected wires, else of those that come into the selected layers."""

    def run(tab: CanvasTab) -> None:
        cut = tab.view.selected_wires()
        chosen = [edge.target for edge in cut] or selected_nodes(window)

        def make(document: Document) -> list[int]:
            wires = cut or wires_into(document, chosen)
            port = _open_port(document, chosen) if not wires else None
            if port is not None:
                return [commands.make_input_at(document, *port)]
            return commands.make_inputs(document, wires)

        tab.view.change("Make inputs", make, lambda made: _show(window, tab, made, "input"), ids=chosen)

    _with_tab(window, run)


def input_shapes(window: MainWindow) -> None:
    """Ask for names, shapes and types of all inputs."""
    from sketch.gui.dialog_parts import ask_soon
    from sketch.gui.input_shapes import InputShapes

    tab = window.desk.tab
    if tab is not None:
        ask_soon(InputShapes(window, tab.view), lambda _accepted: None)


def extract(window: MainWindow) -> None:
    """The selection as a network of its own, in a new tab; it is the beginning of its history."""
    from sketch.gui import adopting, background
    from sketch.gui.opening import free_name

    tab = window.desk.tab
    if tab is None:
        return
    lend, chosen = background.lent(tab.document), selected_nodes(window)
    kernel, services = window.desk.kernel, window.services
    label, name = f"Extract from {tab.document.name}", free_name(window, f"{tab.document.name} part")
    found: list[Extract] = []

    def make(folder: Path, task: Job) -> Document:
        task.step(0, 0, "Extract")
        with lend() as twin:
            found.append(commands.extract(twin, chosen))
        task.step(0, 0, "Reading shapes")
        document = services.filled(folder, name, found[0].delta, label)
        document.kernel = kernel
        return document

    def shown(made: CanvasTab) -> None:
        made.view.frame_all()
        window.say(f"Extracted: {', '.join(found[0].inputs) or 'no input'} to {', '.join(found[0].outputs)}.")

    few = len(tab.document.tables.nodes) <= background.FEW
    adopting.adopt(window, "Extract", make, shown, failed=window.say, at_once=few)


def replace_all(window: MainWindow) -> None:
    """Find the selection wherever it is, and ask what is to stand there instead."""
    from sketch.gui import asides, background
    from sketch.gui.replacing import ReplaceAll

    def run(tab: CanvasTab) -> None:
        document, chosen = tab.document, selected_nodes(window)
        if not asides.are_many(document, chosen):
            ReplaceAll(window, tab, commands.pattern_of(document, chosen)).show()
            return
        lend = background.lent(document)

        def find(_task: Job) -> Pattern:
            with lend() as twin:
                return commands.pattern_of(twin, chosen)

        background.run(
            window.jobs, "Read the pattern", find, lambda pattern: ReplaceAll(window, tab, pattern).show(),
            failed=window.say, still=background.unchanged(document),
            dropped=lambda _pattern: window.say("The drawing changed meanwhile; try again."),
        )  # fmt: skip

    _with_tab(window, run)


def _open_port(document: Document, chosen: list[int]) -> tuple[int, int] | None:
    """The first open input of a single selected layer."""
    from sketch.graph.lifting import open_inputs

    if len(chosen) != 1:
        return None
    node = document.tables.nodes[chosen[0]]
    ports = open_inputs(node, document.library)
    return (node.id, ports[0]) if ports else None


def _show(window: MainWindow, tab: CanvasTab, made: list[int], word: str) -> None:
    names = ", ".join(tab.document.tables.nodes[key].name for key in made[:NAMED])
    more = f" and {len(made) - NAMED:,} more" if len(made) > NAMED else ""
    if tab.group is None:
        tab.view.select(made)
    window.say(
        f"Made {'an' if len(made) == 1 else len(made)} {word}{'' if len(made) == 1 else 's'}: {names}{more}."
    )


def _with_tab(window: MainWindow, run: object) -> None:
    tab = window.desk.tab
    if tab is not None and callable(run):
        attempt(window, lambda: run(tab))
