"""The pictures of all levels put into one scene: boxes, frames, wires and badges in scene coordinates. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, cast

from sketch.graph.rows import Edge
from sketch.graph.stopping import checked
from sketch.gui.canvas.boxes import Box, Frame, Point, Stub, shifted, turned
from sketch.gui.canvas.drawn import Beyond, Changes, Drawn, Found, Shift
from sketch.gui.canvas.level import Arc, Key, Level, untie
from sketch.gui.canvas.levels import Levels
from sketch.gui.canvas.line_drawing import NOWHERE, LineDrawing
from sketch.gui.canvas.picture import STILL, Picture, Redrawn

_UNCHANGED = Redrawn({}, {}, STILL, resized=False)
FEWEST_MOVED = 200
"""Fewer things than this that move alike are told one by one."""


class _Moves(NamedTuple):
    """Things of a picture that moved alike, and how far."""

    boxes: Iterable[Key]
    arcs: Iterable[Arc]
    by: Point


class Composed:
    """Keeps what is drawn up to date with the levels."""

    def __init__(self, levels: Levels, drawn: Drawn):
        self.pictures: dict[int | None, Picture] = {}
        self._levels = levels
        self._drawn = drawn
        self._line_drawing = LineDrawing(self.pictures, levels.pieces.arcs, drawn.lines, right=levels.right)
        self._found = Found()

    def redraw(self, lost: Iterable[Level] = ()) -> Changes:
        """Settle the levels that changed and draw what differs; `lost` are those that are gone."""
        self._found = Found()
        for level in lost:
            self._discard(level)
        levels = sorted(self._levels.levels.values(), key=lambda level: level.depth)
        self._make_pictures(levels)
        redrawn = self._update_pictures(levels)
        edges, self._levels.pieces.changed = self._levels.pieces.changed, {}
        for level in checked(levels):
            self._show(level, redrawn.get(level.group, _UNCHANGED), edges)
        self._found.lines.update(edges)
        self._line_drawing.draw(checked(edges))
        self._draw_badges()
        return self._found.changes()

    # --- inside ------------------------------------------------------------------------------------

    def _discard(self, level: Level) -> None:
        """Take what a level showed out of the scene; what is shown elsewhere now comes back."""
        picture = self.pictures.pop(level.group)
        above = self.pictures.get(level.above.group) if level.above is not None else None
        if above is not None and level.group is not None:
            above.inside.pop(level.group, None)
        for key in picture.boxes:
            if isinstance(key, int):
                self._hide(key)
        untie(level)

    def _hide(self, key: int) -> None:
        if self._drawn.boxes.pop(key, None) is not None:
            self._found.boxes.add(key)
        if self._drawn.frames.pop(key, None) is not None:
            self._found.frames.add(key)

    def _update_pictures(self, levels: list[Level]) -> dict[int | None, Redrawn]:
        """Bring the pictures up to date from the innermost; what changed on each, by group."""
        reframed: dict[int | None, dict[int, None]] = {}
        redrawn: dict[int | None, Redrawn] = {}
        for level in reversed(levels):
            around = reframed.get(level.group, {})
            picture = self.pictures[level.group]
            if level.is_settled and not around and picture.origin is not None:
                continue
            level.settle()
            found = redrawn[level.group] = picture.update(around)
            if found.resized and level.above is not None and level.group is not None:
                reframed.setdefault(level.above.group, {})[level.group] = None
        return redrawn

    def _make_pictures(self, levels: list[Level]) -> None:
        for level in levels:
            if level.group not in self.pictures:
                picture = self.pictures[level.group] = Picture(level, self._levels.padding)
                if level.above is not None and level.group is not None:
                    self.pictures[level.above.group].inside[level.group] = picture

    def _show(self, level: Level, redrawn: Redrawn, edges: dict[Edge, None]) -> None:
        """Put a picture where its frame is: what is to be drawn anew joins `edges`."""
        picture = self.pictures[level.group]
        before, picture.origin = picture.origin, self._origin(level)
        keys, arcs = dict(redrawn.boxes), dict(redrawn.arcs)
        if before is None:
            keys.update(dict.fromkeys(picture.boxes))
            arcs.update(dict.fromkeys(level.arcs.values()))
            self._put_first(level, picture, keys)
        else:
            for shift in _shifts(level, picture, redrawn, before):
                self._move(level, shift, keys, edges)
            if redrawn.moved.beyond is not None:
                self._move_late(level, picture, redrawn.moved.beyond, redrawn.moved.along)
        for key in keys:
            if isinstance(key, Stub):
                self._show_stub(key, picture)
            elif isinstance(key, int):
                self._show_item(level, key, picture)
        for arc in arcs:
            edges.update(arc.edges)

    def _move(self, level: Level, moves: _Moves, keys: dict[Key, None], edges: dict[Edge, None]) -> None:
        """Move things alike; what is to be drawn one by one after all joins `keys` and `edges`."""
        boxes, arcs, by = moves
        open_, pieces = level.open, self._levels.pieces.arcs
        items = [key for key in boxes if isinstance(key, int) and key not in open_]
        keys.update({key: None for key in boxes if not isinstance(key, int) or key in open_})
        alone: list[tuple[Edge, Arc]] = []
        for arc in arcs:
            for edge in arc.edges:
                if len(pieces[edge]) > 1:
                    edges[edge] = None
                elif edge not in edges:
                    alone.append((edge, arc))
        if len(items) + len(alone) < FEWEST_MOVED:
            keys.update(dict.fromkeys(items))
            edges.update({edge: None for edge, _ in alone})
            return
        self._put_boxes(level, items)
        self._line_drawing.put(level, alone)
        self._found.shifts.append(Shift(items, [edge for edge, _ in alone], *self._turned(*by)))

    def _move_late(self, level: Level, picture: Picture, beyond: Point, along: float) -> None:
        """Everything beyond moved along: boxes and lines come from the picture when they are asked for."""
        self._drawn.boxes.delay(_closed(level), partial(_on_level, picture.boxes, self._levels.right))
        self._line_drawing.delay()
        self._found.beyond = Beyond(*beyond, *self._turned(0.0, along))

    def _put_first(self, level: Level, picture: Picture, keys: dict[Key, None]) -> None:
        """Take a picture in that was not drawn before; its layers and closed groups leave `keys`."""
        items = [key for key in _closed(level) if key in picture.boxes]
        for key in items:
            del keys[key]
        for key in self._drawn.frames.keys() & items:
            del self._drawn.frames[key]
            self._found.frames.add(key)
        self._put_boxes(level, items)
        self._found.boxes.update(items)

    def _put_boxes(self, level: Level, items: Iterable[int]) -> None:
        """Take layers and closed groups as they are on their picture into the scene."""
        picture, right = self.pictures[level.group], self._levels.right
        boxes, (dx, dy) = picture.boxes, picture.origin or NOWHERE
        if right or dx or dy:
            put = {key: self._in_scene(boxes[key], (dx, dy)) for key in items}
        else:
            put = {key: boxes[key] for key in items}
        self._drawn.boxes.update(put)

    def _origin(self, level: Level) -> Point:
        if level.above is None or level.group is None:
            return 0.0, 0.0
        above = self.pictures[level.above.group]
        (left, top), around = above.corner(level.group), above.origin or (0.0, 0.0)
        return around[0] + left, around[1] + top

    def _show_item(self, level: Level, key: int, picture: Picture) -> None:
        box = picture.boxes.get(key)
        if box is None:
            if self._levels.home.get(key, level) is level:
                self._hide(key)
            return
        box = self._in_scene(box, picture.origin)
        if key in level.open:
            if self._drawn.boxes.pop(key, None) is not None:
                self._found.boxes.add(key)
            frame = self._frame(key, level, box)
            if self._drawn.frames.get(key) != frame:
                self._drawn.frames[key] = frame
                self._found.frames.add(key)
        elif self._drawn.boxes.is_late(key) or self._drawn.boxes.get(key) != box:
            self._drawn.boxes[key] = box
            self._found.boxes.add(key)
            if self._drawn.frames.pop(key, None) is not None:
                self._found.frames.add(key)

    def _frame(self, group: int, level: Level, rect: Box) -> Frame:
        inside, picture = self.pictures[group], self.pictures[level.group]
        (left, top), (x, y) = picture.corner(group), picture.origin or (0.0, 0.0)
        dx, dy = left + x, top + y
        inputs, outputs = (
            tuple(self._turned(u + dx, v + dy) for u, v in inside.gates(entering))
            for entering in (True, False)
        )
        return Frame(group, rect, level.depth, inputs, outputs)

    def _show_stub(self, key: Stub, picture: Picture) -> None:
        box = picture.boxes.get(key)
        if box is None:
            self._drawn.stubs.pop(key, None)
        else:
            self._drawn.stubs[key] = self._in_scene(box, picture.origin)
        self._found.boxes.add(key)

    def _in_scene(self, box: Box, origin: Point | None) -> Box:
        if origin is not None and origin != (0.0, 0.0):
            box = shifted(box, *origin)
        return turned(box) if self._levels.right else box

    def _turned(self, u: float, v: float) -> Point:
        return (v, u) if self._levels.right else (u, v)

    def _draw_badges(self) -> None:
        badges = self._levels.pieces.badges
        for item in badges.changed:
            now = badges.at(item)
            if now:
                self._drawn.badges[item] = now
            else:
                self._drawn.badges.pop(item, None)
            self._found.badges.add(item)
        badges.changed.clear()


def _closed(level: Level) -> list[int]:
    """The layers and closed groups on a level."""
    others = {*level.open, *level.ends}
    found = [key for key in level.boxes if key not in others] if others else list(level.boxes)
    return cast("list[int]", found)


def _on_level(boxes: Mapping[Key, Box], right: bool, key: int) -> Box:
    """A box of the canvas' own level in the scene."""
    return turned(boxes[key]) if right else boxes[key]


def _shifts(level: Level, picture: Picture, redrawn: Redrawn, before: Point) -> Iterator[_Moves]:
    """What moved alike on a picture, in its own coordinates: all of it with its frame, some within it as well."""
    origin, moved = picture.origin or NOWHERE, redrawn.moved
    du, dv = origin[0] - before[0], origin[1] - before[1]
    if du or dv:
        boxes = picture.boxes.keys() - redrawn.boxes.keys() - moved.boxes.keys()
        arcs = [arc for arc in level.arcs.values() if arc not in redrawn.arcs and arc not in moved.arcs]
        yield _Moves(boxes, arcs, (du, dv))
    if moved.boxes or moved.arcs:
        yield _Moves(
            [key for key in moved.boxes if key not in redrawn.boxes], moved.arcs, (du, dv + moved.along)
        )
