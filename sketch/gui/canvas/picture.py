"""How one canvas level is drawn: its open groups as frames, everything else giving way to them. No Qt.

A picture has coordinates of its own; where it stands in the scene is `origin`. It changes only where its level or the
pictures inside its frames changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from math import inf
from typing import NamedTuple

from sketch.gui.canvas.boxes import Box, Gate, Point, shifted
from sketch.gui.canvas.late import Late
from sketch.gui.canvas.level import Arc, Key, Level, passing
from sketch.gui.canvas.outline import Outline, Padding
from sketch.gui.canvas.routing import Points
from sketch.gui.canvas.spreading import Demand, Room, Spread, changed_heights

_new = tuple.__new__
"""Makes a named tuple in half the time; thousands are made when everything moves."""
TRIES = 24
CLOSE = 1e-3
FEWEST_LATE = 200
"""On a canvas with fewer boxes and wires than this, what only moved along is told one by one."""


class Moved(NamedTuple):
    """What only moved along, all of it by `along`.

    On the canvas' own level that may be all `beyond`: (the boxes that began, the wires that began) at these heights of
    the picture as it was or below them. They are told neither one by one nor drawn until somebody asks.
    """

    boxes: dict[Key, None]
    arcs: dict[Arc, None]
    along: float
    beyond: tuple[float, float] | None = None


class Redrawn(NamedTuple):
    """What an update of a picture changed; `resized` when its frame or what passes its border differs."""

    boxes: dict[Key, None]
    arcs: dict[Arc, None]
    moved: Moved
    resized: bool


STILL = Moved({}, {}, 0.0)


class Picture:
    """The drawn boxes of a level (frames among them) and the drawn ways of its arcs (`Arc.drawn`)."""

    def __init__(self, level: Level, padding: Padding):
        self.level = level
        self.inside: dict[int, Picture] = {}
        """The pictures of its open groups."""
        self.boxes: Late[Key, Box] = Late()
        self.origin: Point | None = None
        """What is added to a coordinate of the picture for the scene; None until it was drawn."""
        self.outline = Outline(padding)
        """Its frame."""
        self.spread: Spread | None = None
        self._room = Room()
        self._framed: tuple[object, ...] = ()
        self._anchor = 0.0
        self._noted_in: Spread | None = None
        self._turn = 0

    def way(self, arc: Arc) -> Points:
        """The drawn way of an arc."""
        if arc.turn != self._turn:
            arc.turn = self._turn
            arc.spread = arc.drawn = _way(self, arc)
        return arc.drawn

    def update(self, reframed: Iterable[int]) -> Redrawn:
        """Follow the level's changes and those of the frames of these groups."""
        level = self.level
        boxes: dict[Key, None] = dict(level.moved)
        arcs: dict[Arc, None] = dict(level.bent)
        moved, level.moved, level.bent = level.moved, {}, {}
        for key in (*reframed, *moved):
            boxes[key] = None
            arcs.update(level.at.get(key, ()))
        moved_on = self._respread(boxes, arcs)
        changed: dict[Key, None] = {}
        for key in boxes:
            if self._draw_box(key):
                changed[key] = None
                arcs.update(level.at.get(key, ()))
        bent = {arc: None for arc in arcs if self._draw_arc(arc)}
        changed.update((group, None) for group in reframed if group in self.boxes)
        self._outline_notes()
        resized = self._reframe(bent, moved_on.arcs)
        for arc in moved_on.arcs.keys() & bent.keys():
            del moved_on.arcs[arc]
        return Redrawn(changed, bent, moved_on, resized)

    def moves(self, u: float, v: float) -> Point:
        """How far a layer with its middle at a place of the level moves across and along."""
        if self.spread is None:
            return 0.0, 0.0
        return self.spread.moved(Box(u, v, *self.level.borders.layer, 0, 0))

    def corner(self, group: int) -> Point:
        """The origin of the picture inside a frame, in this picture's coordinates."""
        box, rect = self.boxes[group], self.inside[group].outline.rect
        return box.left - rect[0], box.top - rect[1]

    def gates(self, entering: bool) -> list[Point]:
        """Where wires pass the border of its frame, in its own coordinates."""
        _, top, _, bottom = self.outline.rect
        v = top if entering else bottom
        return sorted((self.boxes[end].x, v) for end in self.level.ends if end.entering == entering)

    def stored_frame(self, group: int, corner: Point) -> Box:
        """The closed box that an open group has to have for its frame to have this upper left corner.

        The frame moves what is beside it, and with that itself: found by trying.
        """
        demands, inside, box = self._demands(), self.inside[group], self.level.boxes[group]
        gain, best, wide, error = 1.0, box, inf, (0.0, 0.0)
        for _ in range(TRIES):
            demand = inside.demand(box)
            left, top = self._room.spread_if(demand, demands).corner(demand)
            across, along = corner[0] - left, corner[1] - top
            if abs(across) + abs(along) < wide:
                best, wide = box, abs(across) + abs(along)
                error = across, along
            else:
                gain /= 2
            if wide < CLOSE:
                break
            box = shifted(best, error[0] * gain, error[1] * gain)
        return best

    # --- inside ------------------------------------------------------------------------------------

    def _respread(self, boxes: dict[Key, None], arcs: dict[Arc, None]) -> Moved:
        """Bring the spread up to date: what only moved along is moved and returned, the rest is to be drawn anew."""
        before, after = self.spread, self._room.update(boxes, self.level.boxes, self._demands())
        if before is after:
            return STILL
        self.spread = after
        heights = changed_heights(before, after)
        if heights is None:
            return STILL
        low, high = heights
        shift = (after.down.at(high) if after else 0.0) - (before.down.at(high) if before else 0.0)
        reach = max(spread.reach for spread in (before, after) if spread is not None)
        if self.level.above is None and len(self.level.boxes) + len(self.level.arcs) >= FEWEST_LATE:
            self._turn += bool(shift)
            return _shift_late(self, before, (low, high, shift, reach), boxes, arcs)
        moved = _shift_boxes(self, low, high, shift, boxes)
        return Moved(moved, _shift_arcs(self, low - reach, high + reach, shift, arcs), shift)

    def _demands(self) -> list[Demand]:
        boxes = self.level.boxes
        return [inside.demand(boxes[group]) for group, inside in sorted(self.inside.items())]

    def demand(self, box: Box) -> Demand:
        """What its frame asks of the level around it, where its closed box stands."""
        left, top, right, bottom = self.outline.rect
        return Demand(
            self.level.group or 0,
            box,
            self._anchor - left,
            right - self._anchor,
            max(bottom - top, box.height),
        )

    def _draw_box(self, key: Key) -> bool:
        box = _drawn_box(self, key)
        if not self.boxes.is_late(key) and box == self.boxes.get(key):
            return False
        if box is None:
            self.boxes.pop(key, None)
            self.outline.put(key, None)
            return True
        self.boxes[key] = box
        if self.level.above is not None:
            self.outline.put(key, box)
        return True

    def _draw_arc(self, arc: Arc) -> bool:
        if self.level.arcs.get(arc.course) is not arc:
            self.outline.drop(arc)
            return True
        points = _way(self, arc)
        if points == arc.spread and arc.turn == self._turn:
            return False
        arc.turn = self._turn
        arc.spread = arc.drawn = points
        if self.level.above is not None:
            self.outline.cover(arc)
        return True

    def _anchors(self, arc: Arc) -> tuple[Point, Point]:
        start, out, end, into = arc.course
        return (
            self._gate(start, Gate(False, *arc.owner))
            if isinstance(start, int) and start in self.inside
            else self.boxes[start].output_anchor(out),
            self._gate(end, Gate(True, *arc.owner))
            if isinstance(end, int) and end in self.inside
            else self.boxes[end].input_anchor(into),
        )

    def _gate(self, group: int, gate: Gate) -> Point:
        """Where a value passes the border of a frame on this picture."""
        frame, u = self.boxes[group], self.inside[group].boxes[gate].x
        return self.corner(group)[0] + u, frame.top if gate.entering else frame.bottom

    def _outline_notes(self) -> None:
        noted, self.level.noted = self.level.noted, {}
        for note_id in noted if self._noted_in is self.spread else {**noted, **self.level.notes}:
            note = self.level.notes.get(note_id)
            self.outline.put(("note", note_id), note and shifted(note, *self.moves(note.x, note.y)))
        self._noted_in = self.spread

    def _reframe(self, bent: dict[Arc, None], moved: dict[Arc, None]) -> bool:
        """Bring the frame up to date; True when it, or what passes it, differs. Wires stay inside."""
        level = self.level
        if level.above is None:
            return False
        top, bottom = level.extent()
        bottom += self.spread.down.total if self.spread is not None else 0.0
        if self.outline.update(top, bottom):
            bent.update(dict.fromkeys(level.arcs.values()))
        self.outline.keep_inside({**moved, **bent})
        self._anchor = self._middle()
        gates = frozenset((end, self.boxes[end].x) for end in level.ends)
        before, self._framed = self._framed, (self.outline.rect, self._anchor, gates)
        return before != self._framed

    def _middle(self) -> float:
        """Where the median member stands: moving one member does not move the others in the scene."""
        boxes = self.level.boxes
        members = sorted((box.x, key) for key, box in boxes.items() if isinstance(key, int))
        if not members:
            return 0.0
        _, key = members[(len(members) - 1) // 2]
        inside = self.inside.get(key)
        if inside is None:
            return self.boxes[key].x
        return self.corner(key)[0] + inside._anchor


def _way(picture: Picture, arc: Arc) -> Points:
    """The way of an arc around the open groups."""
    spread = picture.spread
    if spread is None:
        return arc.points
    return spread.shifted(arc.points) or spread.bent(arc.points, *picture._anchors(arc))


def _drawn_box(picture: Picture, key: Key) -> Box | None:
    """A box as it is to be drawn; None when it is gone."""
    boxes, spread = picture.level.boxes, picture.spread
    if key not in boxes:
        return None
    inside = picture.inside.get(key) if spread is not None and isinstance(key, int) else None
    if inside is None or spread is None:
        return _moved(boxes, spread, key)
    return _framed(boxes[key], inside.demand(boxes[key]), spread)


def _moved(boxes: Mapping[Key, Box], spread: Spread | None, key: Key) -> Box:
    """The drawn box of what is no open group."""
    box = boxes[key]
    if spread is None:
        return box
    across, along = spread.moved(box)
    return shifted(box, across, along) if across or along else box


def _framed(box: Box, demand: Demand, spread: Spread) -> Box:
    """The frame of an open group in place of its closed box."""
    left, top = spread.corner(demand)
    width = demand.before + demand.after
    return box._replace(x=left + width / 2, y=top + demand.height / 2, width=width, height=demand.height)


def _shift_late(
    picture: Picture,
    before: Spread | None,
    where: tuple[float, float, float, float],
    boxes: dict[Key, None],
    arcs: dict[Arc, None],
) -> Moved:
    """As `_shift_boxes` and `_shift_arcs`: what is below is drawn when somebody asks for it.

    `where` is from and up to where things differ, how far those below move, and how high boxes reach.
    """
    level, (low, high, shift, reach) = picture.level, where
    boxes.update(dict.fromkeys(picture._room.between(low, high)))
    boxes.update({key: None for key in (*picture.inside, *level.ends) if level.boxes[key].top >= low})
    arcs.update(dict.fromkeys(passing(level, low - reach, high + reach)))
    if not shift:
        return STILL
    late = level.boxes.keys() - picture.inside.keys() - level.ends.keys()
    picture.boxes.delay(late, partial(_moved, level.boxes, picture.spread))
    began = high + (before.down.at(high) if before else 0.0)
    return Moved({}, {}, shift, (began, began + reach))


def _shift_boxes(
    picture: Picture, low: float, high: float, shift: float, boxes: dict[Key, None]
) -> dict[Key, None]:
    """Move the drawn boxes below `high` and return them; those from `low` on join `boxes`, to be drawn anew."""
    drawn = picture.boxes
    found: dict[Key, None] = {}
    for key, box in picture.level.boxes.items():
        top = box[1] - box[3] / 2
        if top < low or key in boxes:
            continue
        if top < high:
            boxes[key] = None
        elif shift:
            there = drawn[key]
            drawn[key] = _new(Box, (there[0], there[1] + shift, *there[2:]))
            found[key] = None
    if picture.level.above is not None:
        for key in found:
            picture.outline.put(key, drawn[key])
    return found


def _shift_arcs(
    picture: Picture, low: float, high: float, shift: float, arcs: dict[Arc, None]
) -> dict[Arc, None]:
    """Move the drawn ways below `high` and return their arcs; those that pass `low` join `arcs`."""
    found: dict[Arc, None] = {}
    for arc in picture.level.arcs.values():
        points = arc.points
        top, bottom = points[0][1], points[-1][1]
        if top > bottom:
            arcs[arc] = None
        elif bottom >= low and arc not in arcs:
            if top < high:
                arcs[arc] = None
            elif shift:
                arc.spread = arc.drawn = tuple([(u, v + shift) for u, v in arc.spread])
                found[arc] = None
    if picture.level.above is not None:
        for arc in found:
            picture.outline.cover(arc)
    return found
