"""The commands that change the drawing in front: each calls one function of state.commands and shows the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QMimeData, QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from sketch.graph.errors import GraphError
from sketch.graph.rows import Note
from sketch.gui import asides, fold_jobs
from sketch.gui.canvas import surroundings
from sketch.gui.canvas.tracing import reached
from sketch.gui.reasons import selected_nodes
from sketch.gui.toolbox import BLOCK
from sketch.state import commands
from sketch.state.clip import Clip
from sketch.state.codec import CodecError
from sketch.state.document import Document

if TYPE_CHECKING:
    from sketch.graph.delta import Delta
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.history import Checkpoint

T = TypeVar("T")
MIME_CLIP = "application/x-sketch-clip"
CLEARANCE = 16.0
EDGE = 0.1
"""What stands in this part of the view's width and height at each side is not what a person looks at."""
LARGE_CLIP = 100 * asides.MANY
"""A clip of so many bytes holds more layers than are pasted within a frame."""


def undo(window: MainWindow) -> None:
    """Take the last edit back."""
    _step(window, "Undo", "Undone", Document.undo, lambda document: document.history.undo_step)


def redo(window: MainWindow) -> None:
    """Do again what was taken back."""
    _step(window, "Redo", "Redone", Document.redo, lambda document: document.history.redo_step)


def jump(window: MainWindow, sequence: int) -> None:
    """Go to any state of the history, 0 for its beginning."""
    tab = window.desk.tab
    if tab is None:
        return
    document = tab.document

    def between() -> list[Delta]:
        history = document.history
        steps = set(history.path(history.cursor)).symmetric_difference(history.path(sequence))
        return [history[step].delta for step in steps]

    asides.edit(
        window, tab, "Go through the history", lambda document: document.jump(sequence),
        many=lambda: fold_jobs.change_many(document, between()),
    )  # fmt: skip


def _step(
    window: MainWindow,
    title: str,
    done: str,
    act: Callable[[Document], str | None],
    step_of: Callable[[Document], Checkpoint | None],
) -> None:
    tab = window.desk.tab
    if tab is None:
        return
    document, view = tab.document, tab.view
    saw = sees_anything(view)

    def delta() -> Delta:
        step = step_of(document)
        return () if step is None else step.delta

    def tell(label: str | None) -> None:
        if label is None:
            return
        window.say(f"{done}: {label}", for_now=True)
        if saw and view is tab.view and not sees_anything(view):
            view.frame_all()  # all went back to a place that is out of view

    asides.edit(
        window, tab, title, act, tell,
        many=lambda: fold_jobs.change_many(document, [delta()]), folds=lambda: fold_jobs.is_fold(delta()),
    )  # fmt: skip


def sees_anything(view: CanvasView) -> bool:
    """True when a node is in view, and not only at its edge."""
    area = view.viewport().rect()
    across, down = round(EDGE * area.width()), round(EDGE * area.height())
    seen = view.mapToScene(area.adjusted(across, down, -across, -down)).boundingRect()
    return len(view.canvas.boxes.slots_near([seen])) > 0


def copy(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, to the clipboard."""
    _take_clip(window, "Copy", commands.copy)


def cut(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, and remove it."""
    _take_clip(window, "Cut", commands.cut)


def _take_clip(window: MainWindow, title: str, take: Callable[[Document, list[int]], Clip]) -> None:
    def act(document: Document, held: list[int]) -> bytes:
        return take(document, held).to_text().encode("utf-8")

    edit_selection(window, title, act, lambda _tab, data: put_data(data), _with_held)


def paste(window: MainWindow) -> None:
    """Paste the clipboard's layers into the middle of the canvas in view."""
    tab = window.desk.tab
    if tab is None:
        return
    late, (group, centre) = LateClip(), tab.view.landing(QPointF(*middle(tab)))

    def act(document: Document) -> list[int]:
        return commands.paste(document, late.clip(), centre, parent=group)

    asides.edit(window, tab, "Paste", act, tab.view.select, many=late.is_large)


class LateClip:
    """Looks into the clipboard when it is its turn: what was copied just before may not be there sooner."""

    def __init__(self) -> None:
        self._data = b""

    def is_large(self) -> bool:
        """Look; True when pasting that takes longer than a frame."""
        self._data = _data_in_clipboard()
        return len(self._data) > LARGE_CLIP

    def clip(self) -> Clip:
        """The layers that were there; any thread may ask. CodecError when there were none."""
        return _clip_of(self._data)


def duplicate(window: MainWindow) -> None:
    """Copy the selection, and what lies in its frames, beside itself."""
    edit_selection(window, "Duplicate", commands.duplicate, _select, _with_held)


def delete(window: MainWindow, *, rejoin: bool = True) -> None:
    """Remove the selection; its wires join again where the types fit."""
    tab = window.desk.tab
    if tab is None:
        return
    if not tab.view.selected():
        tab.view.delete_selected_wires()
        return
    wanted = rejoin and window.services.settings.get("edit.rejoin")
    remove = partial(commands.remove, rejoin=wanted)
    edit_selection(window, "Delete", remove)


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

    def act(document: Document, chosen: list[int]) -> list[int]:
        return [commands.group(document, chosen, layer)]

    edit_selection(window, "Group", act, _select, lambda _tab: selected_nodes(window))


def ungroup(window: MainWindow) -> None:
    """Take the selected block apart."""

    def act(document: Document, chosen: list[int]) -> list[int]:
        return commands.ungroup(document, chosen[0])

    edit_selection(window, "Ungroup", act, _select, lambda _tab: selected_nodes(window))


def select_all(window: MainWindow) -> None:
    """Select everything on the canvas in view."""
    with_tab(window, lambda tab: tab.view.select(surroundings.everything(tab.view)))


def add_note(window: MainWindow) -> None:
    """Put a note near the middle of the canvas in view, where it covers no layer, and let the person type."""

    def run(tab: CanvasTab) -> None:
        group, place = tab.view.landing(QPointF(*_bare_place(tab)))
        add = partial(commands.add_note, text="Note", place=place, parent=group)
        tab.view.change("Note", add, partial(begin_typing, tab), stays=True)

    with_tab(window, run)


def begin_typing(tab: CanvasTab, made: int) -> None:
    """Select a note or frame and let the person type, unless another text is being typed by now."""
    if not tab.view.is_typing:
        tab.view.select([made])
        tab.view.start_rename(made)


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
            from sketch.gui.group_commands import insert_block  # which needs this module

            insert_block(window, tab, key.removeprefix(BLOCK), centre, group, centred=True)
            return
        parent = nodes[after[0]].parent if after else tab.group
        place = None if after or tab.document.tables.children(tab.group) else centre
        add = partial(commands.append_layer, layer=key, after=after, place=place, parent=parent)
        tab.view.change("Add a layer", add, tab.view.reveal, ids=after)

    if window.desk.tab is None:
        window.opener.new()
    with_tab(window, run)


def put_data(text: bytes) -> None:
    """Put a clip, as text, into the clipboard."""
    data = QMimeData()
    data.setData(MIME_CLIP, text)
    QGuiApplication.clipboard().setMimeData(data)


def clip_in_clipboard() -> Clip:
    """The layers in the clipboard; CodecError when there are none."""
    return _clip_of(_data_in_clipboard())


def _clip_of(data: bytes) -> Clip:
    return Clip.from_text(data.decode("utf-8"))


def _data_in_clipboard() -> bytes:
    data = QGuiApplication.clipboard().mimeData()
    return bytes(data.data(MIME_CLIP).data()) if data is not None else b""


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


def _reached(tab: CanvasTab, *, forward: bool) -> frozenset[int]:
    wiring = tab.view.canvas.wiring
    seen = reached(tab.document.tables, tab.view.selected(), forward=forward)
    boxes = seen & wiring.boxes.keys()
    return boxes.union(key for key in map(wiring.shown, seen - boxes) if key is not None)


def _select(tab: CanvasTab, made: list[int]) -> None:
    tab.view.select(made)


def _with_held(tab: CanvasTab) -> list[int]:
    return commands.with_held(tab.document, tab.view.selected())


def edit_selection(
    window: MainWindow,
    title: str,
    act: Callable[[Document, list[int]], T],
    then: Callable[[CanvasTab, T], object] = lambda _tab, _result: None,
    chosen_of: Callable[[CanvasTab], list[int]] | None = None,
    *,
    stays: bool = False,
) -> None:
    """Run a command on what is selected in front (or what `chosen_of` says), beside the window when that is much.

    `stays`, as of `asides.edit`: it needs nothing of what it may have to wait for.
    """
    tab = window.desk.tab
    if tab is None:
        return
    chosen = chosen_of(tab) if chosen_of else tab.view.selected()
    asides.edit(
        window,
        tab,
        title,
        lambda document: act(document, chosen),
        partial(then, tab),
        ids=chosen,
        stays=stays,
    )


def with_tab(window: MainWindow, run: Callable[[CanvasTab], object]) -> None:
    """Run an edit on the tab in front; a refusal becomes one line in the status bar."""
    tab = window.desk.tab
    if tab is not None:
        attempt(window, lambda: run(tab))
