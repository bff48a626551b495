"""Layers and saved blocks dragged from the toolbox: dropped on the canvas, or into a wire (Alt: never)."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from sketch.graph.rows import Edge
from sketch.gui.canvas.gestures import Modifiers
from sketch.gui.canvas.pointer import PointerView
from sketch.gui.canvas.scene import CanvasScene
from sketch.state import commands
from sketch.state.document import Document

LAYER_MIME = "application/x-sketch-layer"
BLOCK = "block:"


class DropView(PointerView):
    """A view that takes layers from the toolbox. `block_dropped` carries a saved block: its name, place and group."""

    block_dropped = Signal(str, object, object)

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(document, canvas, parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(LAYER_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if not event.mimeData().hasFormat(LAYER_MIME):
            event.ignore()
            return
        alone = bool(event.modifiers() & Modifiers.AltModifier)
        edge = None if alone else self._takes_insert(event.position().toPoint(), _name(event))
        self.canvas.edges.select([edge] if edge else [])
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.choose_wires(())

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().hasFormat(LAYER_MIME):
            event.ignore()
            return
        self.choose_wires(())
        alone = bool(event.modifiers() & Modifiers.AltModifier)
        self._drop(_name(event), event.position().toPoint(), alone)
        event.acceptProposedAction()
        self.setFocus()

    # --- inside ------------------------------------------------------------------------------------

    def _drop(self, name: str, where: QPoint, alone: bool) -> None:
        here = self.mapToScene(where)
        group, place = self.landing(here)
        edge = None if alone else self._takes_insert(where, name)
        if name.startswith(BLOCK):
            self.block_dropped.emit(name.removeprefix(BLOCK), place, group)
            return
        if edge is not None:
            add = partial(commands.add_on_wire, layer=name, edge=edge, place=self.at_wire(edge, here))
        else:
            add = partial(commands.add_layer, layer=name, place=place, parent=group)
        self.change("Add a layer", add, lambda made: self.canvas.choose([made]))

    def _takes_insert(self, where: QPoint, name: str) -> Edge | None:
        """The wire under a point, when the layer can stand in one."""
        if name.startswith(BLOCK) or name not in self.document.library:
            return None
        spec = self.document.library[name]
        if spec.group or not spec.inputs or not spec.outputs:
            return None
        line = self.canvas.edges.lines.at(self.mapToScene(where), 14.0 / self.scale_factor)
        return line.edge if line else None


def _name(event: QDropEvent) -> str:
    return bytes(event.mimeData().data(LAYER_MIME).data()).decode("utf-8", "replace")
