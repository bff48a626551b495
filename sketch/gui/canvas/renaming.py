"""Names and notes that are edited where they stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRect, QRectF, QTimer
from PySide6.QtWidgets import QWidget

from sketch.graph.rows import NOTE
from sketch.gui.canvas.dropping import DropView
from sketch.gui.canvas.inline_edit import InlineEdit
from sketch.gui.canvas.note_item import NoteItem
from sketch.gui.canvas.scene import CanvasScene
from sketch.state import commands
from sketch.state.document import Document


class RenamingView(DropView):
    """A view that lays a field over a node's name or a note's text."""

    def __init__(self, document: Document, canvas: CanvasScene, parent: QWidget | None = None):
        super().__init__(document, canvas, parent)
        self._edit: InlineEdit | None = None
        self.view_changed.connect(self._leave_edit)

    @property
    def is_typing(self) -> bool:
        """True while a text is edited in place."""
        return self._edit is not None and self._edit.is_open

    def start_rename(self, node_id: int) -> None:
        """Edit a node's name, or a note's text, in place."""
        item = self.canvas.item_of(node_id)
        if isinstance(item, NoteItem):
            area = self.mapFromScene(item.text_area().translated(item.pos())).boundingRect()
            lines = item.note.kind == NOTE
            self._open_edit(area, item.note.text, lambda text: self._set_note(node_id, text), lines=lines)
        elif item is not None:
            box = item.box
            name = QRectF(box.left + 8, box.top + 6, box.width - 16, 26)
            area = self.mapFromScene(name).boundingRect()
            self._open_edit(area, item.look.title, lambda text: self._rename(node_id, text), lines=False)

    # --- inside ------------------------------------------------------------------------------------

    def _open_edit(self, area: QRect, text: str, commit: Callable[[str], bool], *, lines: bool) -> None:
        self._close_edit()
        self._edit = InlineEdit(self.viewport(), area, text, commit, lines=lines)
        self._edit.closed.connect(self.setFocus)

    def _close_edit(self) -> None:
        edit, self._edit = self._edit, None
        if edit is not None and edit.is_open:
            edit.finish(keep=False)

    def _leave_edit(self) -> None:
        """What it lies over moved away: keep what was typed, in a turn in which no change is being told."""
        edit = self._edit
        if edit is not None and edit.is_open:
            QTimer.singleShot(0, edit, edit.leave)

    def _rename(self, node_id: int, name: str) -> bool:
        return self.change("Rename", partial(commands.rename, node_id=node_id, name=name), stays=True)

    def _set_note(self, note_id: int, text: str) -> bool:
        return self.change("Note", partial(commands.set_note, note_id=note_id, text=text), stays=True)
