"""Notes and stubs follow the document: there are few of them, so each is an item of the scene."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from sketch.graph.ports import stub_name
from sketch.graph.rows import FRAME, Place
from sketch.gui.canvas.boxes import Stub
from sketch.gui.canvas.frame_spread import drawn_frame
from sketch.gui.canvas.note_item import FrameItem, NoteItem, StubItem, make_note
from sketch.gui.canvas.wires import Changes

if TYPE_CHECKING:
    from sketch.gui.canvas.scene_layers import SceneLayers
    from sketch.state.document import Update


class CardMirror:
    """The notes and stubs of one canvas by id."""

    def __init__(self, scene: SceneLayers):
        self.notes: dict[int, NoteItem] = {}
        self.stubs: dict[Stub, StubItem] = {}
        self._scene = scene

    def build(self) -> None:
        """Make the notes that stand on the canvas."""
        for note_id in self._scene.document.tables.notes:
            self._mirror_note(note_id)

    def tinted(self, ground: QColor, x: float, y: float) -> QColor:
        """A ground as it looks at a point of the scene, where frames of the person may lie over it."""
        for item in self.notes.values():
            if isinstance(item, FrameItem) and item.covers(x, y):
                ground = item.tinted(ground)
        return ground

    def follow(self, update: Update, changes: Changes) -> None:
        """Bring the notes up to date that an Update touches; all of them where frames moved."""
        touched = {*update.of("notes"), *(self.notes.keys() & update.of("places").keys())}
        if changes.frames:
            touched.update(self._scene.document.tables.notes)
        for note_id in touched:
            self._mirror_note(note_id)
        if update.of("nodes") or update.of("meta"):
            for stub in list(self.stubs):
                self.follow_stub(stub)

    def follow_stub(self, stub: Stub) -> None:
        """Bring one stub up to date."""
        scene, item = self._scene, self.stubs.get(stub)
        box = scene.wiring.stubs.get(stub)
        if box is None:
            if item is not None:
                scene.removeItem(self.stubs.pop(stub))
            return
        text = self._stub_text(stub)
        if item is None:
            self.stubs[stub] = StubItem(stub, box, text, scene.ink)
            scene.addItem(self.stubs[stub])
        elif (box, text) != (item.box, item.text):
            item.set_box(box, text)

    def _stub_text(self, stub: Stub) -> str:
        """The name of the group's port that it stands for, else that of the node outside."""
        tables, group = self._scene.document.tables, self._scene.group
        node = tables.nodes.get(stub.node)
        port = "" if group is None else stub_name(tables, group, stub.entering, stub.node, stub.port)
        return port or (node.name if node else "")

    def _mirror_note(self, note_id: int) -> None:
        scene, item = self._scene, self.notes.get(note_id)
        tables, wiring = scene.document.tables, scene.wiring
        note = tables.notes.get(note_id)
        if note is None or (note.parent != scene.group and note.parent not in wiring.frames):
            if item is not None:
                scene.removeItem(self.notes.pop(note_id))
            return
        stored = tables.places.get(note_id) or Place(0.0, 0.0)
        if note.kind == FRAME and wiring.frames:
            note, place = drawn_frame(scene.document, wiring, note)
        else:
            x, y = wiring.scene_place(note.parent, stored.x, stored.y)
            place = replace(stored, x=x, y=y)
        if item is None:
            self.notes[note_id] = make_note(note, place, scene.ink)
            scene.addItem(self.notes[note_id])
        else:
            item.set_note(note, place)
