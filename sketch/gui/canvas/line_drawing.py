"""The lines of a scene from the pieces of its wires. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from sketch.graph.rows import Edge
from sketch.gui.canvas.drawn import Line
from sketch.gui.canvas.late import Late
from sketch.gui.canvas.level import Arc, Level
from sketch.gui.canvas.picture import Picture

NOWHERE = (0.0, 0.0)
_new = tuple.__new__
"""Makes a named tuple in half the time; thousands are made when everything moves."""


class LineDrawing:
    """Keeps `lines` as the pictures, by group, have their pieces; `right` for a drawing that runs there."""

    def __init__(
        self,
        pictures: Mapping[int | None, Picture],
        pieces: Mapping[Edge, tuple[Arc, ...]],
        lines: Late[Edge, Line],
        *,
        right: bool,
    ):
        self._pictures = pictures
        self._pieces = pieces
        self._lines = lines
        self._right = right

    def draw(self, edges: Iterable[Edge]) -> None:
        """Draw wires anew; those without pieces go."""
        right, pieces, made = self._right, self._pieces, dict[Edge, Line]()
        pictures = {picture.level: picture for picture in self._pictures.values()}
        for edge in edges:
            arcs = pieces.get(edge)
            if arcs is None:
                self._lines.pop(edge, None)
            elif len(arcs) > 1 or right:
                made[edge] = self._line(edge, arcs)
            else:
                arc = arcs[0]
                picture = pictures[arc.level]
                points, (dx, dy) = picture.way(arc), picture.origin or NOWHERE
                if dx or dy:
                    points = tuple([(u + dx, v + dy) for u, v in points])
                made[edge] = _new(Line, (edge, *arc.course, points, arc.lane))
        self._lines.update(made)

    def delay(self) -> None:
        """Draw all wires when they are asked for, but those that are drawn before that."""
        self._lines.delay(self._lines.keys(), self._late)

    def put(self, level: Level, alone: Iterable[tuple[Edge, Arc]]) -> None:
        """Draw wires of one piece each, all on one level."""
        origin = self._pictures[level.group].origin or NOWHERE
        if self._right or origin != NOWHERE:
            made = {edge: self._line(edge, (arc,)) for edge, arc in alone}
        else:
            made = {edge: _new(Line, (edge, *arc.course, arc.drawn, arc.lane)) for edge, arc in alone}
        self._lines.update(made)

    # --- inside ------------------------------------------------------------------------------------

    def _late(self, edge: Edge) -> Line:
        return self._line(edge, self._pieces[edge])

    def _line(self, edge: Edge, arcs: tuple[Arc, ...]) -> Line:
        arc = arcs[0]
        start, out, end, into = arc.course
        picture = self._pictures[arc.level.group]
        points, (dx, dy) = picture.way(arc), picture.origin or NOWHERE
        if dx or dy:
            points = tuple([(u + dx, v + dy) for u, v in points])
        if len(arcs) > 1:
            _, _, end, into = arcs[-1].course
            whole = list(points)
            for arc in arcs[1:]:
                picture = self._pictures[arc.level.group]
                dx, dy = picture.origin or NOWHERE
                whole += [(u + dx, v + dy) for u, v in picture.way(arc)]
            points = (*whole[:1], *(p for last, p in pairwise(whole) if p != last))
        if self._right:
            points = tuple([(v, u) for u, v in points])
        return Line(edge, start, out, end, into, points, arcs[0].lane)  # type: ignore[arg-type]
