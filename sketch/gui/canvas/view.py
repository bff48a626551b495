"""The canvas as the window uses it: one view of a document's top level or of one of its groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from sketch.graph.rows import Edge
from sketch.gui.canvas import speaking, surroundings
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.keyboard import KeyboardView
from sketch.gui.canvas.link import cut_wires
from sketch.gui.canvas.look import summary, wire_text
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.wires import Wiring
from sketch.gui.theme import Theme
from sketch.state.document import FOLLOW, Document, Update


class CanvasView(KeyboardView):
    """Mirrors a document and turns gestures into commands."""

    selection_changed = Signal(object)

    def __init__(
        self,
        document: Document,
        theme: Theme,
        *,
        parent_group: int | None = None,
        parent: QWidget | None = None,
        wiring: Wiring | None = None,
    ):
        super().__init__(document, CanvasScene(document, theme, parent_group, None, wiring), parent)
        self._above: dict[int | None, CanvasScene] = {}
        self._unsubscribe = document.subscribe(self._follow)
        self.canvas.setParent(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self.canvas.selectionChanged.connect(self._tell_selection)
        self.wires_chosen.connect(lambda: self.selection_changed.emit(self.selected()))

    # --- for the window ----------------------------------------------------------------------------

    def selected(self) -> list[int]:
        """Ids of the selected nodes and notes."""
        return self.canvas.selected_ids()

    def selected_wires(self) -> list[Edge]:
        """The selected wires."""
        return list(self.canvas.edges.selected)

    def delete_selected_wires(self) -> bool:
        """Cut the selected wires; False when none is selected."""
        wires = self.selected_wires()
        return bool(wires) and cut_wires(self, wires)

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these nodes and notes, where they are on this canvas."""
        self.canvas.choose(ids)

    def reveal(self, node_id: int) -> None:
        """Go to a canvas that shows a node, select it and bring it to the middle."""
        home = surroundings.home_of(self, node_id)
        if home is not None:
            self.set_group(home[0])
            self.select([node_id])
            self.centre_on(node_id)

    def set_group(self, group: int | None) -> None:
        """Show the canvas of a group (None: the top level)."""
        if group == self.canvas.group:
            return
        self._cancel_gesture()
        self._set_under(None)
        old, made = self.canvas, self._above.pop(group, None)
        self._keep(old, group)
        stale = made is not None and made.ink.options is not self.options
        self._adopt(made or CanvasScene(self.document, old.ink.theme, group, self))
        if made is None:
            self.canvas.selectionChanged.connect(self._tell_selection)
        if stale:
            self.set_options(self.options)
        self.canvas.refuse(old.refusals)
        self.canvas.badges.show_values(old.badges.shown)
        self.frame_all()
        self.selection_changed.emit([])

    def _keep(self, left: CanvasScene, group: int | None) -> None:
        """Keep the canvas that was left, plain and without a selection, if it is one above; drop what is not."""
        left.choose(())
        left.emphasise(None, ())
        self._above[left.group] = left
        around = set(_groups_around(self.document, group))
        for key in [key for key in self._above if key not in around or key == group]:
            self._above.pop(key).deleteLater()
        if left.group in self._above and not left.ink.is_plain:
            left.ink.colour_by(None)
            left.recolour(None)
        if left.group in self._above:
            left.hide(())

    def canvases(self) -> tuple[CanvasScene, ...]:
        """The canvas in view, and those of the levels above it that are kept up to date; this one is last."""
        return (*self._above.values(), self.canvas)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in another theme."""
        for canvas in self.canvases():
            canvas.use(theme)
        self.nodes_moved()
        self.viewport().update()

    def pointer_place(self) -> tuple[QPointF, QPoint]:
        """(scene, global) place of the pointer, of the middle when the pointer is elsewhere."""
        where = self.viewport().mapFromGlobal(QCursor.pos())
        if not self.viewport().rect().contains(where):
            where = self.viewport().rect().center()
        return self.mapToScene(where), self.viewport().mapToGlobal(where)

    def close_document(self) -> None:
        """Stop following the document; the view shows no more changes."""
        self._cancel_gesture()
        self._close_edit()
        self._unsubscribe()

    # --- events ------------------------------------------------------------------------------------

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        where = event.position().toPoint()
        here = self.mapToScene(where)
        thing = self.canvas.thing_at(here)
        part = thing.part_at(here) if isinstance(thing, GroupFrame) else None
        if part == "fold" or (isinstance(thing, NodeItem) and thing.fold_at(here)):
            return  # the first click of the two has opened or closed it
        if isinstance(thing, GroupFrame) and part is None:
            thing = None
        if isinstance(thing, GroupFrame) or (isinstance(thing, NodeItem) and thing.look.is_group):
            self.group_entered.emit(thing.node_id)
        elif isinstance(thing, (NodeItem, NoteItem)):
            self.start_rename(thing.node_id)
        elif thing is None and self.wire_at(here) is None:
            self.quick_add_requested.emit(here, self.viewport().mapToGlobal(where), None)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_summary(event)
            return True
        return bool(super().viewportEvent(event))

    # --- inside ------------------------------------------------------------------------------------

    def _follow(self, update: Update) -> None:
        """Mirror an update; a gesture that it overtakes ends without an edit."""
        if update.cause == FOLLOW:
            for canvas in (*self._above.values(), self.canvas):
                canvas.restate(update)
            return
        self._cancel_gesture()
        before = self.selected()
        for group in [
            key for key in self._above if key is not None and key not in self.document.tables.nodes
        ]:
            self._above.pop(group).deleteLater()
        for canvas in self.canvases():
            canvas.follow(update)
        self.nodes_moved()
        if back := self.canvas.here(update.brought_back()):
            self.canvas.choose(back)
        elif not update.delta or self.selected() != before:
            self._tell_selection()
        if not self.canvas.nodes:
            self.viewport().update()

    def _tell_selection(self) -> None:
        chosen = self.selected()
        if len(chosen) == 1:
            self.make_current(chosen[0])
        words = speaking.node_words(self.document, chosen[0]) if len(chosen) == 1 else ""
        speaking.say(self, ". ".join(filter(None, (speaking.selection_words(self.document, chosen), words))))
        self.selection_changed.emit(chosen)

    def _show_summary(self, event: QHelpEvent) -> None:
        from html import escape  # with a long table of names, which the first paint does without

        # With the commands, which the first paint does without.
        from sketch.gui.group_port_text import port_text

        here = self.mapToScene(event.pos())
        text = port_text(self.document, self.canvas, here) or self._summary(here)
        # Names come from files: shown as text, never as markup.
        shown = f"<p style='white-space:pre'>{escape(text)}</p>" if text else ""
        QToolTip.showText(event.globalPos(), shown, self.viewport())

    def _summary(self, here: QPointF) -> str:
        thing = self.canvas.thing_at(here)
        tables, inference = self.document.tables, self.document.inference
        if isinstance(thing, (NodeItem, GroupFrame)):
            text = summary(tables, inference, thing.node_id, self.canvas.refusals)
            return "\n\n".join(filter(None, (text, self.canvas.badges.node_text(thing.node_id))))
        if thing is None and (line := self.wire_at(here)) is not None:
            names = [tables.nodes[n].name for n in (line.edge.source, line.edge.target)]
            seen = self.canvas.badges.wire_text(line.edge) or wire_text(inference, line.edge)
            return f"{names[0]} → {names[1]}\n{seen or 'shape not known yet'}"
        return ""


def _groups_around(document: Document, group: int | None) -> Iterator[int | None]:
    """The groups around a group, innermost first, and None for the top level."""
    while group is not None and group in document.tables.nodes:
        group = document.tables.nodes[group].parent
        yield group
