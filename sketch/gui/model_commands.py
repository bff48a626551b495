"""The commands of the Model menu that are edits at once: inputs and outputs, extracting, replacing a pattern."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sketch.gui.edit_commands import attempt
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands.interface import ends_of, wires_into

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document


def make_output(window: MainWindow) -> None:
    """Outputs for the selected wires, else for what the selected layers give."""

    def run(tab: CanvasTab) -> None:
        wires = [(edge.source, edge.out) for edge in tab.view.selected_wires()]
        ends = wires or ends_of(tab.document, selected_nodes(window))
        make = partial(commands.make_outputs, ends=ends)
        tab.view.change("Make outputs", make, lambda made: _show(window, tab, made, "output"))

    _with_tab(window, run)


def make_input(window: MainWindow) -> None:
    """Inputs in the place of the selected wires, else of those that come into the selected layers."""

    def run(tab: CanvasTab) -> None:
        chosen = selected_nodes(window)
        wires = tab.view.selected_wires() or wires_into(tab.document, chosen)
        port = _open_port(tab, chosen) if not wires else None

        def make(document: Document) -> list[int]:
            if port is not None:
                return [commands.make_input_at(document, *port)]
            return commands.make_inputs(document, wires)

        tab.view.change("Make inputs", make, lambda made: _show(window, tab, made, "input"))

    _with_tab(window, run)


def input_shapes(window: MainWindow) -> None:
    """Ask for names, shapes and types of all inputs."""
    from sketch.gui.input_shapes import InputShapes

    tab = window.desk.tab
    if tab is not None:
        InputShapes(window, tab.view).exec()


def extract(window: MainWindow) -> None:
    """The selection as a network of its own, in a new tab."""

    def run(tab: CanvasTab) -> None:
        found = commands.extract(tab.document, selected_nodes(window))
        name = tab.document.name
        made = window.opener.fresh(found.delta, f"Extract from {name}", f"{name} part")
        made.view.frame_all()
        window.say(f"Extracted: {', '.join(found.inputs) or 'no input'} to {', '.join(found.outputs)}.")

    _with_tab(window, run)


def replace_all(window: MainWindow) -> None:
    """Find the selection wherever it is, and ask what is to stand there instead."""
    from sketch.gui.replacing import ReplaceAll

    def run(tab: CanvasTab) -> None:
        pattern = commands.pattern_of(tab.document, selected_nodes(window))
        ReplaceAll(window, tab, pattern).show()

    _with_tab(window, run)


def _open_port(tab: CanvasTab, chosen: list[int]) -> tuple[int, int] | None:
    """The first open input of a single selected layer."""
    from sketch.graph.lifting import open_inputs

    if len(chosen) != 1:
        return None
    node = tab.document.tables.nodes[chosen[0]]
    ports = open_inputs(node, tab.document.library)
    return (node.id, ports[0]) if ports else None


def _show(window: MainWindow, tab: CanvasTab, made: list[int], word: str) -> None:
    names = ", ".join(tab.document.tables.nodes[key].name for key in made)
    if tab.group is None:
        tab.view.select(made)
    window.say(
        f"Made {'an' if len(made) == 1 else len(made)} {word}{'' if len(made) == 1 else 's'}: {names}."
    )


def _with_tab(window: MainWindow, run: object) -> None:
    tab = window.desk.tab
    if tab is not None and callable(run):
        attempt(window, lambda: run(tab))
