"""The commands that change the drawing in front: each calls one function of state.commands and shows the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from sketch.graph.errors import GraphError
from sketch.graph.rows import Note
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem
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
    _with_tab(window, lambda tab: window.say(f"Undone: {tab.document.undo()}"))


def redo(window: MainWindow) -> None:
    """Do again what was taken back."""
    _with_tab(window, lambda tab: window.say(f"Redone: {tab.document.redo()}"))


def copy(window: MainWindow) -> None:
    """Copy the selection to the clipboard."""
    _with_tab(window, lambda tab: put_clip(commands.copy(tab.document, tab.view.selected())))


def cut(window: MainWindow) -> None:
    """Copy the selection and remove it."""
    _with_tab(window, lambda tab: put_clip(commands.cut(tab.document, tab.view.selected())))


def paste(window: MainWindow) -> None:
    """Paste the clipboard's layers into the middle of the canvas in view."""

    def run(tab: CanvasTab) -> None:
        clip = clip_in_clipboard()
        centre = middle(tab)
        tab.view.select(commands.paste(tab.document, clip, centre, parent=tab.group))

    _with_tab(window, run)


def duplicate(window: MainWindow) -> None:
    """Copy the selection beside itself."""
    _with_tab(window, lambda tab: tab.view.select(commands.duplicate(tab.document, tab.view.selected())))


def delete(window: MainWindow, *, rejoin: bool = True) -> None:
    """Remove the selection; its wires join again where the types fit."""

    def run(tab: CanvasTab) -> None:
        if tab.view.selected():
            wanted = rejoin and window.services.settings.get("edit.rejoin")
            commands.remove(tab.document, tab.view.selected(), rejoin=wanted)
        else:
            tab.view.delete_selected_wires()

    _with_tab(window, run)


def delete_plain(window: MainWindow) -> None:
    """Remove the selection and its wires."""
    delete(window, rejoin=False)


def select_none(window: MainWindow) -> None:
    """Select nothing."""
    _with_tab(window, lambda tab: tab.view.select([]))


def select_before(window: MainWindow) -> None:
    """Select everything on this canvas that the selection depends on, and itself."""
    _with_tab(window, lambda tab: tab.view.select(_reached(tab, forward=False)))


def select_after(window: MainWindow) -> None:
    """Select everything on this canvas that depends on the selection, and itself."""
    _with_tab(window, lambda tab: tab.view.select(_reached(tab, forward=True)))


def group(window: MainWindow, layer: str = "Group") -> None:
    """Put the selected layers into a block."""
    _with_tab(
        window, lambda tab: tab.view.select([commands.group(tab.document, selected_nodes(window), layer)])
    )


def ungroup(window: MainWindow) -> None:
    """Take the selected block apart."""
    _with_tab(window, lambda tab: tab.view.select(commands.ungroup(tab.document, selected_nodes(window)[0])))


def select_all(window: MainWindow) -> None:
    """Select everything on the canvas in view."""

    def run(tab: CanvasTab) -> None:
        notes = [note.id for note in tab.document.tables.notes.values() if note.parent == tab.group]
        tab.view.select([*tab.document.tables.children(tab.group), *notes])

    _with_tab(window, run)


def add_note(window: MainWindow) -> None:
    """Put a note near the middle of the canvas in view, where it covers no layer, and let the person type."""

    def run(tab: CanvasTab) -> None:
        note = commands.add_note(tab.document, "Note", _bare_place(tab), parent=tab.group)
        tab.view.select([note])
        tab.view.start_rename(note)

    _with_tab(window, run)


def append(window: MainWindow, key: str) -> None:
    """Add a layer (or a saved block) below the selection, wired to its end."""

    def run(tab: CanvasTab) -> None:
        after = selected_nodes(window) if window.services.settings.get("edit.append_wired") else []
        place = None if after or tab.document.tables.children(tab.group) else middle(tab)
        if key.startswith(BLOCK):
            made = blocks.insert(tab.document, key.removeprefix(BLOCK), middle(tab), tab.group)
        else:
            made = commands.append_layer(tab.document, key, after, place=place, parent=tab.group)
        tab.view.reveal(made)

    if window.desk.tab is None:
        window.opener.new()
    _with_tab(window, run)


def arrange(window: MainWindow) -> None:
    """Lay out the canvas in view."""

    def run(tab: CanvasTab) -> None:
        window.opener.arrange(tab.document, tab.group)
        tab.view.frame_all()

    _with_tab(window, run)


def arrange_selection(window: MainWindow) -> None:
    """Lay out the selected layers among themselves, around the middle of where they are."""

    def run(tab: CanvasTab) -> None:
        chosen = set(selected_nodes(window))
        found = window.opener.places(tab.document, tab.group)
        old = tab.document.tables.places
        drawn = {key: place for key, place in found.items() if key in chosen}
        shift = [
            sum((old[key].x, old[key].y)[axis] - drawn[key][axis] for key in drawn) / len(drawn)
            for axis in (0, 1)
        ]
        moved = {key: (x + shift[0], y + shift[1]) for key, (x, y) in drawn.items()}
        commands.place_all(tab.document, moved, "Arrange the selection")

    _with_tab(window, run)


def save_block(window: MainWindow) -> None:
    """Keep the selected group as a block in the toolbox."""

    def run(tab: CanvasTab) -> None:
        node = tab.document.tables.nodes[selected_nodes(window)[0]]
        blocks.save(tab.document, node.id, node.name)
        window.show_blocks()
        window.say(f"Saved the block '{node.name}'; it is in the toolbox under My blocks.")

    _with_tab(window, run)


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
    while found := [item for item in tab.view.canvas.items(area) if isinstance(item, (NodeItem, NoteItem))]:
        left = min(item.sceneBoundingRect().left() for item in found)
        area.moveRight(left - CLEARANCE)
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
    stack = [key for key in tab.view.selected() if key in nodes]
    seen = dict.fromkeys(stack)
    while stack:
        node = nodes[stack.pop()]
        for edge in node.next if forward else node.prior:
            other = edge.target if forward else edge.source
            if other not in seen:
                seen[other] = None
                stack.append(other)
    return [key for key in seen if nodes[key].parent == tab.group]


def _with_tab(window: MainWindow, run: Callable[[CanvasTab], object]) -> None:
    tab = window.desk.tab
    if tab is not None:
        attempt(window, lambda: run(tab))
