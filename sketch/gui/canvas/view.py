"""The canvas as the window uses it: one view of a document's top level or of one of its groups."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QCursor, QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from sketch.graph.rows import Edge
from sketch.gui.canvas.look import summary, wire_text
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.renaming import RenamingView
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.walking import STEPS, next_node
from sketch.gui.theme import Theme
from sketch.state import commands
from sketch.state.document import Document, Update

NUDGE = 8.0


class CanvasView(RenamingView):
    """Mirrors a document and turns gestures into commands."""

    selection_changed = Signal(list)
    group_left = Signal()

    def __init__(
        self,
        document: Document,
        theme: Theme,
        *,
        parent_group: int | None = None,
        parent: QWidget | None = None,
    ):
        super().__init__(document, CanvasScene(document, theme, parent_group), parent)
        self._unsubscribe = document.subscribe(self._follow)
        self.canvas.setParent(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self.canvas.selectionChanged.connect(self._tell_selection)

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
        return bool(wires) and self.attempt(lambda: commands.disconnect(self.document, wires))

    def select(self, ids: Iterable[int]) -> None:
        """Select exactly these nodes and notes, where they are on this canvas."""
        self.canvas.choose(ids)

    def reveal(self, node_id: int) -> None:
        """Go to the canvas that a node is on, select it and bring it to the middle."""
        node = self.document.tables.nodes.get(node_id) or self.document.tables.notes.get(node_id)
        if node is None:
            return
        self.set_group(node.parent)
        self.select([node_id])
        self.centre_on(node_id)

    def set_group(self, group: int | None) -> None:
        """Show the canvas of a group (None: the top level)."""
        if group == self.canvas.group:
            return
        self._cancel_gesture()
        self._set_under(None)
        old = self.canvas
        self._adopt(CanvasScene(self.document, old.ink.theme, group, self))
        self.canvas.selectionChanged.connect(self._tell_selection)
        self.canvas.refuse(old.refusals)
        self.canvas.badges.show_values(old.badges.shown)
        old.deleteLater()
        self.frame_all()
        self.selection_changed.emit([])

    def set_theme(self, theme: Theme) -> None:
        """Repaint in another theme."""
        self.canvas.use(theme)
        self.nodes_moved()
        self.viewport().update()

    def pointer_place(self) -> tuple[QPointF, QPoint]:
        """(scene, global) place of the pointer, of the middle when the pointer is elsewhere."""
        where = self.viewport().mapFromGlobal(QCursor.pos())
        if not self.viewport().rect().contains(where):
            where = self.viewport().rect().center()
        return self.mapToScene(where), self.viewport().mapToGlobal(where)

    def render_to(self, painter: QPainter) -> None:
        """Paint the whole canvas at reading size; the painter's device decides how big it gets."""
        area = self.canvas.contents().adjusted(-24, -24, 24, 24)
        zoom, self.canvas.ink.zoom = self.canvas.ink.zoom, 1.0
        self.canvas.render(painter, QRectF(), area)
        self.canvas.ink.zoom = zoom

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
        if isinstance(thing, NodeItem) and thing.look.is_group:
            self.group_entered.emit(thing.node_id)
        elif isinstance(thing, (NodeItem, NoteItem)):
            self.start_rename(thing.node_id)
        elif thing is None and self.wire_at(here) is None:
            self.quick_add_requested.emit(here, self.viewport().mapToGlobal(where), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        command = self.options.keys.get(key.replace("Num+", ""), "")
        verb, _, way = command.rpartition("_")
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._hand = True
            self.show_cursor()
        elif event.key() == Qt.Key.Key_Escape or command == "group.leave":
            self._escape()
        elif command == "group.enter":
            self._enter()
        elif verb == "canvas.walk":
            self._walk(way)
        elif verb == "canvas.nudge":
            self._nudge(way)
        else:
            event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_summary(event)
            return True
        return bool(super().viewportEvent(event))

    # --- inside ------------------------------------------------------------------------------------

    def _follow(self, update: Update) -> None:
        """Mirror an update; a gesture that it overtakes ends without an edit."""
        self._cancel_gesture()
        before = self.selected()
        self.canvas.follow(update)
        self.nodes_moved()
        if not update.delta or self.selected() != before:
            self._tell_selection()
        if not self.canvas.nodes:
            self.viewport().update()

    def _tell_selection(self) -> None:
        chosen = self.selected()
        items = [item for node_id in chosen[:3] if (item := self.canvas.nodes.get(node_id)) is not None]
        named = ", ".join(f"{item.look.title} ({item.look.layer})" for item in items)
        more = f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
        self.setAccessibleDescription(f"Selected: {named}{more}" if chosen else "Nothing is selected")
        self.selection_changed.emit(chosen)

    def _escape(self) -> None:
        """Cancel the gesture, else select nothing, else leave the group."""
        if self._gesture is not None:
            self._cancel_gesture()
        elif self.selected() or self.selected_wires():
            self.canvas.choose(())
        elif self.canvas.group is not None:
            self.group_left.emit()

    def _enter(self) -> None:
        chosen = self.selected()
        item = self.canvas.nodes.get(chosen[0]) if len(chosen) == 1 else None
        if item is not None and item.look.is_group:
            self.group_entered.emit(item.node_id)

    def _nudge(self, way: str) -> None:
        """Move the selection a little; a row of nudges is one step of the history."""
        dx, dy = STEPS[way]
        places = {n: self.document.tables.places[n] for n in self.selected()}
        goal = {n: (place.x + dx * NUDGE, place.y + dy * NUDGE) for n, place in places.items()}
        if goal:
            self.attempt(lambda: commands.move(self.document, goal, gesture="nudge"))

    def _walk(self, way: str) -> None:
        chosen = self.selected()
        found = next_node(self.canvas.wiring, chosen[-1] if chosen else None, way)
        if found is not None:
            self.select([found])
            self.ensureVisible(self.canvas.nodes[found], 40, 40)
            self.view_changed.emit()

    def _show_summary(self, event: QHelpEvent) -> None:
        here = self.mapToScene(event.pos())
        thing = self.canvas.thing_at(here)
        tables, inference = self.document.tables, self.document.inference
        text = ""
        if isinstance(thing, NodeItem):
            text = summary(tables, inference, thing.node_id, self.canvas.refusals)
            text = "\n\n".join(filter(None, (text, self.canvas.badges.node_text(thing.node_id))))
        elif thing is None and (line := self.wire_at(here)) is not None:
            names = [tables.nodes[n].name for n in (line.edge.source, line.edge.target)]
            seen = self.canvas.badges.wire_text(line.edge) or wire_text(inference, line.edge)
            text = f"{names[0]} → {names[1]}\n{seen or 'shape not known yet'}"
        # Names come from files: shown as text, never as markup.
        shown = f"<p style='white-space:pre'>{html.escape(text)}</p>" if text else ""
        QToolTip.showText(event.globalPos(), shown, self.viewport())
