"""The lines of a scene from the pieces of its wires. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from sketch.graph.rows import Edge
from sketch.gui.canvas.drawn import Line
from sketch.gui.canvas.level import Arc, Level
from sketch.gui.canvas.picture import Picture

NOWHERE = (0.0, 0.0)
_new = tuple.__new__
"""Makes a named tuple in half the time; thousands are made when everything moves."""


class LineDrawing:
    """Keeps `lines` as the pictures have them, by group; `right` for a drawing that runs there."""

    def __init__(self, pictures: Mapping[int | None, Picture], lines: dict[Edge, Line], *, right: bool):
        self._pictures = pictures
        self._lines = lines
        self._right = right

    def draw(self, edges: Iterable[Edge], pieces: Mapping[Edge, tuple[Arc, ...]]) -> None:
        """Draw wires anew; those without pieces go."""
        lines, right = self._lines, self._right
        origins = {p.level: p.origin or NOWHERE for p in self._pictures.values()}
        for edge in edges:
            arcs = pieces.get(edge)
            if arcs is None:
                lines.pop(edge, None)
            elif len(arcs) > 1 or right:
                lines[edge] = self._line(edge, arcs)
            else:
                arc = arcs[0]
                points, (dx, dy) = arc.drawn, origins[arc.level]
                if dx or dy:
                    points = tuple([(u + dx, v + dy) for u, v in points])
                lines[edge] = _new(Line, (edge, *arc.course, points, arc.lane))

    def put(self, level: Level, alone: Iterable[tuple[Edge, Arc]]) -> None:
        """Draw wires of one piece each, all on one level."""
        origin = self._pictures[level.group].origin or NOWHERE
        if self._right or origin != NOWHERE:
            made = {edge: self._line(edge, (arc,)) for edge, arc in alone}
        else:
            made = {edge: _new(Line, (edge, *arc.course, arc.drawn, arc.lane)) for edge, arc in alone}
        self._lines.update(made)

    # --- inside ------------------------------------------------------------------------------------

    def _line(self, edge: Edge, arcs: tuple[Arc, ...]) -> Line:
        arc = arcs[0]
        start, out, end, into = arc.course
        dx, dy = self._pictures[arc.level.group].origin or NOWHERE
        points = [(u + dx, v + dy) for u, v in arc.drawn] if dx or dy else arc.drawn
        if len(arcs) > 1:
            _, _, end, into = arcs[-1].course
            points = list(points)
            for arc in arcs[1:]:
                dx, dy = self._pictures[arc.level.group].origin or NOWHERE
                points += [(u + dx, v + dy) for u, v in arc.drawn]
            points = [*points[:1], *(p for last, p in pairwise(points) if p != last)]
        if self._right:
            points = [(v, u) for u, v in points]
        return Line(edge, start, out, end, into, tuple(points), arcs[0].lane)  # type: ignore[arg-type]
