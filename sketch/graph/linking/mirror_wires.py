"""Wires of an instance that follows another: those inside become the same; those that cross its border are its own.

A value that enters is known by the inner inputs that it feeds: when the edit lets it feed others, the value that
enters the other instance at the same inputs feeds the corresponding ones. Likewise for values that leave.
"""

from __future__ import annotations

from dataclasses import replace

from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.linking.rows import around
from sketch.graph.linking.sides import Sides
from sketch.graph.operator_types import ROLE
from sketch.graph.rows import Edge, Node

Port = tuple[int, int]


class MirrorWires:
    """The wires of one instance, made after those of another."""

    def __init__(self, sides: Sides):
        self._sides = sides
        self._draft = sides.draft

    def run(self, known: list[int], joined: list[int]) -> None:
        """Follow the wires of these nodes: members before the edit, and those that are new here."""
        for node_id in known:
            self._leaving(node_id)
        stayed = [n for n in known if self._is_here(n)]
        crossed = [*joined, *(n for n in known if not self._is_here(n))]
        for node_id in dict.fromkeys((*stayed, *joined, *self._readers(crossed))):
            self._entering(node_id)

    def _readers(self, crossed: list[int]) -> list[int]:
        """Members that read what has come in or gone out: their wires have crossed the border with it."""
        rows = [self._draft.get("nodes", node_id) for node_id in crossed]
        return [e.target for row in rows if row is not None for e in row.next if self._is_here(e.target)]

    # --- into members ------------------------------------------------------------------------------

    def _entering(self, target: int) -> None:
        sides, row = self._sides, self._draft.node(target)
        was = sides.was_inside(target, sides.here)
        before = self._draft.base.nodes[target].prior if was else ()
        twin = sides.twin(target)
        same = before == row.prior and all(
            sides.was_inside(e.source, sides.here) == self._is_here(e.source) for e in before
        )
        if twin is None or same or self._draft.get("nodes", twin) is None:
            return
        wanted = self._inner(target, twin, before)
        for into, port in self._outer(row, twin, before).items():
            self._let_in(wanted, target, twin, into, port)
        write_wires(self._draft, twin, wanted)

    def _inner(self, target: int, twin: int, before: tuple[Edge, ...]) -> dict[int, Port]:
        """Input -> what feeds it from inside; what the other instance has where nothing of it changed."""
        was = {
            e.into: (e.source, e.out) for e in before if self._sides.was_inside(e.source, self._sides.here)
        }
        now = {e.into: (e.source, e.out) for e in self._draft.node(target).prior if self._is_here(e.source)}
        there = {e.into: (e.source, e.out) for e in self._draft.node(twin).prior if self._is_there(e.source)}
        if was == now:
            return there
        mapped = {into: self._twin_port(port) for into, port in now.items()}
        old = self._draft.base.nodes.get(twin)
        base = {e.into: (e.source, e.out) for e in (old.prior if old else ())
                if self._sides.was_inside(e.source, self._sides.there)}  # fmt: skip
        wanted: dict[int, Port] = {}
        for into in sorted({*mapped, *there, *base}):
            mine, theirs, known = mapped.get(into), there.get(into), base.get(into)
            if theirs not in (known, mine) and mine != known:
                raise self._sides.conflict(target)
            port = theirs if mine == known else mine
            if port is not None:
                wanted[into] = port
        return wanted

    def _outer(self, row: Node, twin: int, before: tuple[Edge, ...]) -> dict[int, Port]:
        """Input -> what feeds it from outside in the other instance."""
        there = {
            e.into: (e.source, e.out) for e in self._draft.node(twin).prior if not self._is_there(e.source)
        }
        was = {
            e.into: (e.source, e.out)
            for e in before
            if not self._sides.was_inside(e.source, self._sides.here)
        }
        inside_before = {e.into for e in before} - was.keys()
        found: dict[int, Port] = {}
        spent: set[int] = set()
        for edge in row.prior:
            if self._is_here(edge.source):
                continue
            value = edge.source, edge.out
            place = edge.into if was.get(edge.into) == value else _place_of(was, value)
            if place is not None and place in there:
                found[edge.into] = there[place]
                spent.add(place)
                continue
            entering = self._counterpart(value)
            if entering is not None:
                found[edge.into] = entering
            elif edge.into in there and edge.into not in inside_before:
                found[edge.into] = there[edge.into]
            spent.add(edge.into)
        now = {edge.into for edge in row.prior}
        for into, port in there.items():
            if into not in spent and into not in found and self._keeps(into, was, now):
                found[into] = port
        return found

    def _keeps(self, into: int, was: dict[int, Port], now: set[int]) -> bool:
        """True for a wire from outside at an input of the other instance that the edit does not speak of."""
        if into not in was:
            return True  # its own: here nothing came in
        if into in now:
            return False  # it has moved on here, and so it does there
        source, out = was[into]
        row: Node | None = self._draft.get("nodes", source)
        return row is None or not any(e.out == out and self._is_here(e.target) for e in row.next)

    def _counterpart(self, value: Port) -> Port | None:
        """The value that enters the other instance where this one entered here before the edit."""
        base, sides = self._draft.base, self._sides
        row = base.nodes.get(value[0])
        for edge in row.next if row is not None else ():
            if edge.out != value[1] or not sides.was_inside(edge.target, sides.here):
                continue
            twin = sides.twin(edge.target)
            known = base.nodes.get(twin) if twin is not None else None
            for wire in known.prior if known is not None else ():
                outside = not sides.was_inside(wire.source, sides.there)
                if wire.into == edge.into and outside and self._draft.get("nodes", wire.source) is not None:
                    return wire.source, wire.out
        return None

    def _let_in(self, wanted: dict[int, Port], target: int, twin: int, into: int, port: Port) -> None:
        """A value from outside takes its input; where a wire inside has it now, it goes before that or is refused."""
        if into not in wanted:
            wanted[into] = port
            return
        spec = self._draft.spec(twin)
        if spec.inputs and spec.inputs[-1].variadic and not spec.is_operator:
            wanted[max(wanted) + 1] = port
            return
        edge = self._sides.edge_at(target, into)
        first = None if edge is None else self._first_open(edge.source)
        if first is None:
            name = self._draft.node(target).name
            raise LinkError(
                f"'{self._sides.twin_name()}' has a wire from outside at input {into + 1} of '{name}', where the edit "
                "puts one inside; remove that wire, or unlink the group."
            )
        self._feed(first, port)

    def _first_open(self, source: int) -> Port | None:
        """The input of a new layer there that is open here: what came in before comes in there now."""
        if self._sides.was_inside(source, self._sides.here):
            return None
        taken = {edge.into for edge in self._draft.node(source).prior}
        ports = enumerate(self._draft.spec(source).inputs)
        open_ = [place for place, port in ports if place not in taken and not port.optional]
        twin = self._sides.twin(source)
        return (twin, open_[0]) if open_ and twin is not None else None

    # --- out of members ----------------------------------------------------------------------------

    def _leaving(self, source: int) -> None:
        """Where all that read a value outside read another one now, they do so at the other instance, too."""
        sides, draft = self._sides, self._draft
        by_out: dict[int, set[Port | None]] = {}
        for edge in draft.base.nodes[source].next:
            if sides.was_inside(edge.target, sides.here) or draft.get("nodes", edge.target) is None:
                continue
            now = sides.edge_at(edge.target, edge.into)
            by_out.setdefault(edge.out, set()).add(None if now is None else (now.source, now.out))
        for out, readers in by_out.items():
            port = next(iter(readers))
            moved = (
                len(readers) == 1 and port is not None and port != (source, out) and self._is_here(port[0])
            )
            twin = sides.twin(source)
            if not moved or port is None or twin is None or draft.get("nodes", twin) is None:
                continue
            there = self._twin_port(port)
            for edge in draft.node(twin).next if there is not None else ():
                if edge.out == out and not self._is_there(edge.target) and there is not None:
                    self._feed((edge.target, edge.into), there)

    # --- rows --------------------------------------------------------------------------------------

    def _is_here(self, node_id: int) -> bool:
        return self._sides.is_inside(node_id, self._sides.here)

    def _is_there(self, node_id: int) -> bool:
        return self._sides.is_inside(node_id, self._sides.there)

    def _twin_port(self, port: Port) -> Port | None:
        twin = self._sides.twin(port[0])
        return None if twin is None else (twin, port[1])

    def _feed(self, end: Port, port: Port) -> None:
        """Let one input read this, whatever it read before."""
        prior = {e.into: (e.source, e.out) for e in self._draft.node(end[0]).prior}
        write_wires(self._draft, end[0], {**prior, end[1]: port})


def keep_ports(draft: Draft) -> None:
    """Leave an input open where a wire from outside a linked group was cut, also at layers that take any number.

    Otherwise the wires beside it would close up here alone: what comes from outside is each instance's own.
    """
    for node_id, row in draft.changed("nodes"):
        before = draft.base.nodes.get(node_id)
        if row is None or before is None or len(row.prior) >= len(before.prior):
            continue
        spec = draft.library[row.layer]
        group = next(around(draft.base, node_id), None)
        if group is None or spec.is_operator or not spec.inputs or not spec.inputs[-1].variadic:
            continue
        kept = _kept_places(before.prior, row.prior)
        sides = Sides(draft, group, group)
        left = [edge for edge in before.prior if edge.into not in kept]
        if len(kept) == len(row.prior) and not any(sides.was_inside(edge.source, group) for edge in left):
            write_wires(draft, node_id, kept)


def _kept_places(before: tuple[Edge, ...], after: tuple[Edge, ...]) -> dict[int, Port]:
    """Input before the edit -> what still feeds it, in the same order; fewer than `after` where more has changed."""
    found: dict[int, Port] = {}
    rest = iter(before)
    for edge in after:
        place = next((e.into for e in rest if (e.source, e.out) == (edge.source, edge.out)), None)
        if place is None:
            break
        found[place] = edge.source, edge.out
    return found


def write_wires(draft: Draft, target: int, wanted: dict[int, Port]) -> None:
    """Let the inputs of a node read exactly this (input -> node, output); both ends of all its wires."""
    row = draft.node(target)
    edges = tuple(Edge(source, out, target, into) for into, (source, out) in sorted(wanted.items()))
    if edges == row.prior:
        return
    for gone in [wire for wire in row.prior if wire not in edges]:
        start = draft.node(gone.source)
        kept = tuple(wire for wire in start.next if wire != gone)
        draft.put("nodes", start.id, replace(start, next=kept))
    for made in edges:
        if made not in row.prior:
            start = draft.node(made.source)
            draft.put("nodes", start.id, replace(start, next=(*start.next, made)))
    draft.put("nodes", target, replace(draft.node(target), prior=edges))
    for into in wanted if draft.spec(target).is_operator else ():
        if draft.get("weights", (target, f"{ROLE}{into}")) is not None:
            draft.put("weights", (target, f"{ROLE}{into}"), None)


def _place_of(ports: dict[int, Port], value: Port) -> int | None:
    return next((into for into, port in ports.items() if port == value), None)
