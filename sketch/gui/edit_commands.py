"""The commands that change the drawing in front: each calls one function of state.commands and shows the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from sketch.graph.errors import GraphError
from sketch.graph.lifting import descendants
from sketch.graph.rows import Note
from sketch.gui.canvas import surroundings
from sketch.gui.reasons import selected_nodes
from sketch.gui.toolbox import BLOCK
from sketch.state import blocks, commands
from sketch.state.clip import Clip
from sketch.state.codec import CodecError

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

MIME_CLIP = "application/x-sketch-clip"
CLEARANCE = 16.0


def undo(window: MainWindow) -> None:
    """Take the last edit back."""
    with_tab(window, lambda tab: window.say(f"Undone: {tab.document.undo()}"))


def redo(window: MainWindow) -> None:
    """Do again what was taken back."""
    with_tab(window, lambda tab: window.say(f"Redone: {tab.document.redo()}"))


def copy(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, to the clipboard."""
    with_tab(window, lambda tab: put_clip(commands.copy(tab.document, _with_held(tab))))


def cut(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, and remove it."""
    with_tab(window, lambda tab: put_clip(commands.cut(tab.document, _with_held(tab))))


def paste(window: MainWindow) -> None:
    """Paste the clipboard's layers into the middle of the canvas in view."""

    def run(tab: CanvasTab) -> None:
        group, centre = tab.view.landing(QPointF(*middle(tab)))
        tab.view.select(commands.paste(tab.document, clip_in_clipboard(), centre, parent=group))

    with_tab(window, run)


def duplicate(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, beside itself."""
    with_tab(window, lambda tab: tab.view.select(commands.duplicate(tab.document, _with_held(tab))))


def delete(window: MainWindow, *, rejoin: bool = True) -> None:
    """Remove the selection; its wires join again where the types fit."""

    def run(tab: CanvasTab) -> None:
        if tab.view.selected():
            wanted = rejoin and window.services.settings.get("edit.rejoin")
            commands.remove(tab.document, tab.view.selected(), rejoin=wanted)
        else:
            tab.view.delete_selected_wires()

    with_tab(window, run)


def delete_plain(window: MainWindow) -> None:
    """Remove the selection and its wires."""
    delete(window, rejoin=False)


def select_none(window: MainWindow) -> None:
    """Select nothing."""
    with_tab(window, lambda tab: tab.view.select([]))


def select_before(window: MainWindow) -> None:
    """Select everything on this canvas that the selection depends on, and itself."""
    with_tab(window, lambda tab: tab.view.select(_reached(tab, forward=False)))


def select_after(window: MainWindow) -> None:
    """Select everything on this canvas that depends on the selection, and itself."""
    with_tab(window, lambda tab: tab.view.select(_reached(tab, forward=True)))


def group(window: MainWindow, layer: str = "Group") -> None:
    """Put the selected layers into a block."""
    with_tab(
        window, lambda tab: tab.view.select([commands.group(tab.document, selected_nodes(window), layer)])
    )


def ungroup(window: MainWindow) -> None:
    """Take the selected block apart."""
    with_tab(window, lambda tab: tab.view.select(commands.ungroup(tab.document, selected_nodes(window)[0])))


def select_all(window: MainWindow) -> None:
    """Select everything on the canvas in view."""
    with_tab(window, lambda tab: tab.view.select(surroundings.everything(tab.view)))


def add_note(window: MainWindow) -> None:
    """Put a note near the middle of the canvas in view, where it covers no layer, and let the person type."""

    def run(tab: CanvasTab) -> None:
        group, place = tab.view.landing(QPointF(*_bare_place(tab)))
        note = commands.add_note(tab.document, "Note", place, parent=group)
        tab.view.select([note])
        tab.view.start_rename(note)

    with_tab(window, run)


def quick_add(window: MainWindow) -> None:
    """Type the name of a layer to add: into the selected wire, behind the current layer, or at the pointer."""
    from sketch.gui import popups, wire_commands

    view = window.desk.view
    if view is None:
        return
    if view.selected_wires():
        wire_commands.insert(window)
    else:
        popups.quick_add(window, *surroundings.add_spot(view))


def append(window: MainWindow, key: str) -> None:
    """Add a layer (or a saved block) below the selection, wired to its end."""

    def run(tab: CanvasTab) -> None:
        nodes = tab.document.tables.nodes
        after = selected_nodes(window) if window.services.settings.get("edit.append_wired") else []
        group, centre = tab.view.landing(QPointF(*middle(tab)))
        if key.startswith(BLOCK):
            made = blocks.insert(tab.document, key.removeprefix(BLOCK), centre, group)
        else:
            parent = nodes[after[0]].parent if after else tab.group
            place = None if after or tab.document.tables.children(tab.group) else centre
            made = commands.append_layer(tab.document, key, after, place=place, parent=parent)
        tab.view.reveal(made)

    if window.desk.tab is None:
        window.opener.new()
    with_tab(window, run)


def save_block(window: MainWindow) -> None:
    """Keep the selected group as a block in the toolbox."""

    def run(tab: CanvasTab) -> None:
        node = tab.document.tables.nodes[selected_nodes(window)[0]]
        blocks.save(tab.document, node.id, node.name)
        window.show_blocks()
        window.say(f"Saved the block '{node.name}'; it is in the toolbox under My blocks.")

    with_tab(window, run)


def put_clip(clip: Clip) -> None:
    """Put layers into the clipboard."""
    data = QMimeData()
    text = clip.to_text()
    data.setData(MIME_CLIP, text.encode("utf-8"))
    QGuiApplication.clipboard().setMimeData(data)


def clip_in_clipboard() -> Clip:
    """The layers in the clipboard; CodecError when there are none."""
    data = QGuiApplication.clipboard().mimeData()
    raw = bytes(data.data(MIME_CLIP).data()) if data is not None else b""
    return Clip.from_text(raw.decode("utf-8"))


def middle(tab: CanvasTab) -> tuple[float, float]:
    """The middle of what is in view, in scene units."""
    point: QPointF = tab.view.mapToScene(tab.view.viewport().rect().center())
    return point.x(), point.y()


def _bare_place(tab: CanvasTab) -> tuple[float, float]:
    """The middle, or as far to its left as it takes to stand clear of layers and notes."""
    x, y = middle(tab)
    size = Note(0, "", None)
    area = QRectF(x - size.width / 2, y - size.height / 2, size.width, size.height)
    while found := tab.view.canvas.ids_in(area):
        area.moveRight(tab.view.canvas.area_of(found).left() - CLEARANCE)
    return area.center().x(), area.center().y()


def attempt(window: MainWindow, run: Callable[[], object]) -> bool:
    """Run an edit; a refusal becomes one line in the status bar."""
    try:
        run()
    except (GraphError, CodecError) as error:
        window.say(str(error))
        return False
    return True


def _reached(tab: CanvasTab, *, forward: bool) -> list[int]:
    nodes = tab.document.tables.nodes
    stack = [inner for key in tab.view.selected() if key in nodes for inner in _inside(tab, key)]
    seen = dict.fromkeys(stack)
    while stack:
        node = nodes[stack.pop()]
        for edge in node.next if forward else node.prior:
            other = edge.target if forward else edge.source
            if other not in seen:
                seen[other] = None
                stack.append(other)
    shown = dict.fromkeys(tab.view.canvas.wiring.shown(key) for key in seen)
    return [key for key in shown if key is not None]


def _with_held(tab: CanvasTab) -> list[int]:
    return commands.with_held(tab.document, tab.view.selected())


def _inside(tab: CanvasTab, key: int) -> list[int]:
    """A node, with all that is in it when it is a group: wires join layers."""
    return [key, *descendants(tab.document.tables, key)]


def with_tab(window: MainWindow, run: Callable[[CanvasTab], object]) -> None:
    """Run an edit on the tab in front; a refusal becomes one line in the status bar."""
    tab = window.desk.tab
    if tab is not None:
        attempt(window, lambda: run(tab))
