"""The commands that put the selection in line, frame it, and change many layers at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sketch.graph.geometry import GAP_X, GAP_Y, NODE_HEIGHT, NODE_WIDTH
from sketch.gui.canvas import surroundings
from sketch.gui.canvas.link import cut_wires
from sketch.gui.edit_commands import begin_typing, edit_selection, with_tab
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands.aligning import drawn_box

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow


def align(window: MainWindow, edge: str) -> None:
    """Let borders or middles of the selection agree."""
    edit_selection(window, "Align", lambda document, chosen: commands.align(document, chosen, edge))


def distribute(window: MainWindow, axis: str) -> None:
    """Make the gaps in the selection equal."""
    edit_selection(window, "Distribute", lambda document, chosen: commands.distribute(document, chosen, axis))


def snap(window: MainWindow) -> None:
    """Put the selection on the grid."""
    grid = window.services.settings.get("canvas.grid_size")
    edit_selection(window, "Snap", lambda document, chosen: commands.snap(document, chosen, grid))


def frame(window: MainWindow) -> None:
    """Put a frame around the selection and let the person type its title."""
    edit_selection(window, "Frame", commands.add_frame, begin_typing, stays=True)


def fit_frame(window: MainWindow) -> None:
    """Let the selected frames be as big as what they hold."""
    edit_selection(window, "Fit frames", commands.fit_frames, stays=True)


def colour_frame(window: MainWindow, colour: str) -> None:
    """Colour the selected frames."""
    edit_selection(
        window, "Colour frames", lambda document, chosen: commands.colour_frames(document, chosen, colour),
        stays=True,
    )  # fmt: skip


def select_inverse(window: MainWindow) -> None:
    """Select what is not selected on this canvas, and nothing else."""

    def run(tab: CanvasTab) -> None:
        tab.view.select(set(surroundings.everything(tab.view)) - set(tab.view.selected()))

    with_tab(window, run)


def break_wires(window: MainWindow) -> None:
    """Cut every wire of the selected layers, in one step."""
    view = window.desk.view
    if view is not None:
        cut_wires(view, surroundings.wires_of(view, selected_nodes(window)))


def take_out(window: MainWindow) -> None:
    """Move the selected layers out of their group, beside it; their wires stay."""

    def run(tab: CanvasTab) -> None:
        tables, chosen = tab.document.tables, selected_nodes(window)
        group = tables.nodes[chosen[0]].parent
        if group is None:
            return
        inside = [key for key in chosen if tables.nodes[key].parent == group]
        _, top, right, _ = drawn_box(tab.document, group)
        x = right + GAP_X + NODE_WIDTH / 2
        places = {key: (x, top + NODE_HEIGHT / 2 + n * (NODE_HEIGHT + GAP_Y)) for n, key in enumerate(inside)}
        parent = tables.nodes[group].parent
        move = partial(commands.move_into, ids=inside, parent=parent, places=places)
        tab.view.change("Take out of a group", move, lambda _done: tab.view.select(inside), ids=inside)

    with_tab(window, run)
