"""The keys that the canvas answers itself: walking, extending the selection, nudging, wires, entering and leaving."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QWidget

from sketch.gui.canvas import speaking
from sketch.gui.canvas.focus_ring import RingView
from sketch.gui.canvas.note_item import StubItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.walking import STEPS, next_node, wires_at
from sketch.state import commands
from sketch.state.document import Document

NUDGE = 8.0


class KeyboardView(RingView):
    """A view that can be used by keys alone."""

    group_left = Signal()
    parameters_wanted = Signal(int)

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(document, canvas, parent)
        self._hand_moved = False

    # --- events ------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """The key that pans while it is held is ours, even where a tap on it runs a command."""
        held = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if held and isinstance(event, QKeyEvent) and self._command(event) == "canvas.pan":
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event)
        verb, _, way = command.rpartition("_")
        if command:
            self._use_keys(on=True)
        if command == "canvas.pan":
            self._take_hand(event)
        elif event.key() == Qt.Key.Key_Escape or command == "group.leave":
            self._escape()
        elif command == "group.enter":
            self._enter()
        elif command == "canvas.toggle":
            self._toggle()
        elif command == "canvas.menu":
            self._open_menu()
        elif verb == "canvas.wire":
            self._walk_wires(1 if way == "next" else -1)
        elif verb == "canvas.nudge":
            self._nudge(way)
        elif verb in ("canvas.walk", "canvas.extend", "canvas.focus"):
            self._walk(way, verb.removeprefix("canvas."))
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or not self._hand or self._command(event, bare=True) != "canvas.pan":
            event.ignore()
            return
        self._hand = False
        self.show_cursor()
        if not self._hand_moved:
            self._tap(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._use_keys(on=False)
        self._hand_moved = True
        super().mousePressEvent(event)
        thing = self.canvas.thing_at(self.mapToScene(event.position().toPoint()))
        if thing is not None and not isinstance(thing, StubItem):
            self.make_current(thing.node_id)

    # --- inside ------------------------------------------------------------------------------------

    def _command(self, event: QKeyEvent, *, bare: bool = False) -> str:
        """The command of a key; `bare` leaves its modifiers out."""
        combination = QKeySequence(event.key()) if bare else QKeySequence(event.keyCombination())
        key = combination.toString(QKeySequence.SequenceFormat.PortableText)
        return self.options.keys.get(key.replace("Num+", ""), "")

    def _take_hand(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._hand, self._hand_moved = True, False
            self.show_cursor()

    def _tap(self, event: QKeyEvent) -> None:
        """A tap on the key that pans runs the command that has the same key."""
        sequence = QKeySequence(event.key())
        found = next((action for action in self.actions() if sequence in action.shortcuts()), None)
        if isinstance(found, QAction):
            found.trigger()

    def _escape(self) -> None:
        """Cancel the gesture, else select nothing, else leave the group."""
        if self._gesture is not None:
            self._cancel_gesture()
            self._tell_wires()
        elif self.canvas.selected_ids() or self.canvas.edges.selected:
            self.canvas.choose(())
        elif self.canvas.group is not None:
            self.group_left.emit()

    def _enter(self) -> None:
        """Into a group; to the parameters of a layer."""
        chosen = self.canvas.selected_ids()
        node_id = chosen[0] if len(chosen) == 1 else None if chosen else self.current
        node = self.document.tables.nodes.get(node_id) if node_id is not None else None
        if node is None:
            return
        if self.document.library[node.layer].group:
            self.group_entered.emit(node.id)
        else:
            self.canvas.choose([node.id])
            self.parameters_wanted.emit(node.id)

    def _nudge(self, way: str) -> None:
        """Move the selection a little; a row of nudges is one step of the history."""
        chosen = self.canvas.selected_ids()

        def act(document: Document) -> None:
            (dx, dy), places = STEPS[way], document.tables.places
            moving = commands.with_held(document, chosen)
            goal = {n: (places[n].x + dx * NUDGE, places[n].y + dy * NUDGE) for n in moving}
            commands.move(document, goal, gesture="nudge")

        if chosen:
            self.change("Move", act, ids=chosen)

    def _walk(self, way: str, how: str) -> None:
        """Go to the next node: `walk` selects it, `extend` adds it to the selection, `focus` only goes."""
        chosen = self.canvas.selected_ids()
        begin = self.current if self.current is not None else chosen[-1] if chosen else None
        found = next_node(self.canvas.wiring, self.canvas.boxes, begin, way)
        if found is None:
            return
        if how == "walk":
            self.canvas.choose([found])
        elif how == "extend":
            self.canvas.choose({*chosen, found} | ({begin} if begin is not None else set()))
        self.make_current(found)
        self.ensureVisible(self.canvas.area_of([found]), 40, 40)
        self.view_changed.emit()
        speaking.say(self, speaking.node_words(self.document, found))

    def _toggle(self) -> None:
        """Select the current node, or take it out of the selection."""
        current = self.current
        if current is not None:
            self.canvas.choose(set(self.canvas.selected_ids()) ^ {current})
            self.make_current(current)

    def _walk_wires(self, by: int) -> None:
        """Select the next wire of the current node."""
        current = self.current
        wires = wires_at(self.canvas.wiring, current) if current is not None else []
        if not wires:
            self.message.emit("Go to a layer that has wires first.")
            return
        chosen = next((n for n, edge in enumerate(wires) if edge in self.canvas.edges.selected), None)
        number = (chosen + by) % len(wires) if chosen is not None else 0 if by > 0 else len(wires) - 1
        self.canvas.choose(())
        self.make_current(current)
        self.choose_wires([wires[number]])
        speaking.say(self, speaking.wire_words(self.document, wires[number], number + 1, len(wires)))

    def _open_menu(self) -> None:
        """The context menu at the current node, else in the middle."""
        area = self._ring_area()
        where: QPoint = (
            self.mapFromScene(area.center()) if not area.isNull() else self.viewport().rect().center()
        )
        if self.current is not None and not self.canvas.selected_ids() and not self.canvas.edges.selected:
            self.canvas.choose([self.current])
        self.context_menu_requested.emit(self.viewport().mapToGlobal(where), self.current)
