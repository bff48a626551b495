"""What is where on a canvas: things by id, by point and by area, whether or not they were ever painted."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF

from sketch.gui.canvas import extents
from sketch.gui.canvas.boxes import Badge
from sketch.gui.canvas.carry_layer import inside
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.node_layer import BADGE_REACH, placed_badges
from sketch.gui.canvas.note_item import NoteItem, StubItem
from sketch.gui.canvas.scene_adopting import AdoptingScene

Thing = NodeItem | GroupFrame | NoteItem | StubItem


class PlacedScene(AdoptingScene):
    """Look-ups cost the same however big the drawing is."""

    def item_of(self, node_id: int) -> NodeItem | GroupFrame | NoteItem | None:
        """A node, open group or note that is on this canvas."""
        if node_id in self.wiring.boxes:
            return self.nodes[node_id]
        return self.frames.get(node_id) or self.notes.get(node_id)

    def thing_at(self, where: QPointF) -> Thing | None:
        """The uppermost node, stub, note or frame (by its strip or border) at a point."""
        around = QRectF(where.x() - 3, where.y() - 5, 6, 10)
        found = self.ink.in_order(self.boxes.near([around]))
        if found:
            return self.nodes[found[-1]]
        if self.notes or self.stubs:
            for item in self.items(where):
                if isinstance(item, (NoteItem, StubItem)):
                    return item
        frames = [frame for frame in self.frame_layer.near((around,)) if frame.part_at(where)]
        return frames[-1] if frames else None

    def badge_at(self, where: QPointF) -> Badge | None:
        """The badge of a shared source at a point."""
        badges = self.wiring.badges
        if not badges:
            return None
        around = QRectF(where, where).adjusted(-BADGE_REACH, -BADGE_REACH, BADGE_REACH, BADGE_REACH)
        for node_id in self.boxes.near([around]):
            for badge, place in placed_badges(self.ink, self.wiring.boxes[node_id], badges.get(node_id, ())):
                if place.contains(where):
                    return badge
        return None

    def nodes_in(self, area: QRectF) -> list[NodeItem]:
        """The nodes that an area touches."""
        return [self.nodes[node_id] for node_id in self.boxes.near([area])]

    def ids_in(self, area: QRectF) -> set[int]:
        """The nodes and notes that an area touches, and the frames that it holds, without what lies in these."""
        found = set(self.boxes.near([area]))
        if self.notes:
            found.update(item.node_id for item in self.items(area) if isinstance(item, NoteItem))
        for frame in self.frame_layer.near((area,)):
            if area.contains(frame.rect()) and frame.node_id not in found:
                found.difference_update(inside(self, frame))
                found.add(frame.node_id)
        return found

    def area_of(self, ids: Iterable[int]) -> QRectF:
        """The area that some nodes, groups and notes cover; null for none."""
        wanted = list(ids)
        area = extents.around(self.boxes, wanted)
        if not area.isNull():
            area = area.adjusted(-8, -10, 10, 10)
        for node_id in [key for key in wanted if key not in self.boxes.slots]:
            if (frame := self.frames.get(node_id)) is not None:
                area |= frame.area()
            elif (note := self.notes.get(node_id)) is not None:
                area |= note.sceneBoundingRect()
        return area
