"""A block N times in series: linked groups, each fed by the one before it."""

from __future__ import annotations

from dataclasses import dataclass

from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.geometry import GAP_X, GAP_Y, RIGHT, direction
from sketch.graph.lifting import descendants, drawn_size, group_ports
from sketch.graph.linking.rows import fresh_link, link_of, set_link
from sketch.graph.linking.series import series
from sketch.graph.linking.verbs import require_plain
from sketch.graph.rows import Edge, Place
from sketch.state.clip import Clip, adopt, put_down, take
from sketch.state.clip_groups import KEPT
from sketch.state.commands.fitting import Fitting
from sketch.state.commands.linking import without_weights
from sketch.state.commands.naming import name_of
from sketch.state.document import Document

FEWEST, MOST = 1, 200
Port = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The groups in series now; `wired` is False where an output does not fit the input, and the copies stand open."""

    groups: tuple[int, ...]
    wired: bool = True


def repetitions(document: Document, group: int) -> int:
    """How often a group stands in series now."""
    return len(series(document.tables, document.library, group))


def repeat(document: Document, group: int, count: int) -> Repeated:
    """Let a group stand `count` times in series, its copies linked to it, with weights of their own to be initialised.

    A series grows and shrinks at its end. Other inputs of a copy read what the last one reads. LinkError when the
    group cannot stand in series.
    """
    node = document.tables.node(group)
    if not document.library[node.layer].group:
        raise LinkError(f"{name_of(document, group)} is no group; group it first.")
    chain = series(document.tables, document.library, group)
    if not FEWEST <= count <= MOST:
        raise LinkError(f"A block can stand {FEWEST} to {MOST} times in series, not {count}.")
    if count == len(chain):
        return Repeated(tuple(chain))
    work = _Series(document, chain)
    label = f"Repeat {name_of(document, group)} ×{count}"
    if count < len(chain):
        return document.edit(label, lambda draft: work.shrink(draft, count))
    copy = without_weights(document, take(document.tables, [chain[-1]], document.store))
    return document.edit(label, lambda draft: work.grow(draft, count, copy))


class _Series:
    """The series as it stands, and the ports at which it goes on."""

    def __init__(self, document: Document, chain: list[int]):
        self._document = document
        self._tables = document.tables
        self._chain = chain
        self._last = chain[-1]
        ports = group_ports(self._tables, document.library, self._last)
        if not ports.inputs or not ports.outputs:
            what = "input" if not ports.inputs else "output"
            raise LinkError(f"{name_of(document, self._last)} has no {what}, so it cannot stand in series.")
        self._inside = frozenset((self._last, *descendants(self._tables, self._last)))
        self._entry, *others = ports.inputs
        self._fed = self._ends(self._entry)
        self._beside = {
            (source, out): self._ends((source, out)) for source, out, *_ in others if source is not None
        }
        self._exit = ports.outputs[0]

    def grow(self, draft: Draft, count: int, clip: Clip) -> Repeated:
        """Add copies at the end."""
        require_plain(draft, self._last)
        tensors = adopt(clip, self._document.store)
        added = count - len(self._chain)
        link = link_of(draft.base, self._last) or fresh_link(draft, draft.node(self._last).name)
        set_link(draft, self._last, link)
        wired, before = self._fits(), self._exit
        readers = self._readers()
        for number in range(added):
            self._document.report(number, added, "Repeating")
            place = self._step(draft, number + 1)
            (made,) = put_down(draft, clip, tensors, place, draft.node(self._last).parent, KEPT)
            set_link(draft, made, link)
            self._wire(draft, made, before if wired else None)
            before = self._twin(draft, made, self._exit)
            self._chain.append(made)
        for edge in readers if wired else ():
            draft.rewire(edge, *before)
        self._make_room(draft, added)
        return Repeated(tuple(self._chain), wired)

    def shrink(self, draft: Draft, count: int) -> Repeated:
        """Remove copies at the end."""
        kept, gone = self._chain[:count], self._chain[count:]
        end = self._twin(draft, kept[-1], self._exit)
        for edge in self._readers():
            draft.rewire(edge, *end)
        draft.remove(gone)
        self._make_room(draft, -len(gone))
        return Repeated(tuple(kept))

    def _wire(self, draft: Draft, made: int, before: Port | None) -> None:
        if before is not None:
            for end in self._fed:
                draft.connect(*before, *self._twin(draft, made, end), check_cycle=False)
        for (source, out), ends in self._beside.items():
            for end in ends:
                draft.connect(source, out or 0, *self._twin(draft, made, end), check_cycle=False)

    def _ends(self, key: tuple[int | None, ...]) -> list[Port]:
        """The inner inputs of the last group that a port of it feeds."""
        source = key[0]
        if source is None:
            return [(int(key[1] or 0), int(key[2] or 0))]
        following = self._tables.nodes[source].next
        return [(e.target, e.into) for e in following if e.out == key[1] and e.target in self._inside]

    def _readers(self) -> list[Edge]:
        """The wires from the end of the series to what comes after it."""
        following = self._tables.nodes[self._exit[0]].next
        return [e for e in following if e.out == self._exit[1] and e.target not in self._inside]

    def _fits(self) -> bool:
        source = self._entry[0]
        if source is None:
            return True
        fits = Fitting(self._document)
        out = int(self._entry[1] or 0)
        return all(fits(Edge(*self._exit, *end), Edge(source, out, *end)) for end in self._fed)

    def _twin(self, draft: Draft, group: int, inner: Port) -> Port:
        """The port of a copy that stands for one of the last group: members go by their names."""
        names = []
        row = draft.node(inner[0])
        while row.id != self._last and row.parent is not None:
            names.append(row.name)
            row = draft.node(row.parent)
        for name in reversed(names):
            group = draft.named(group, name) or group
        return group, inner[1]

    # --- places ------------------------------------------------------------------------------------

    def _pitch(self) -> tuple[float, float]:
        width, height = drawn_size(self._tables, self._document.library, self._last)
        if direction(self._tables.meta) == RIGHT:
            return width + GAP_X, 0.0
        return 0.0, height + GAP_Y

    def _step(self, draft: Draft, number: int) -> tuple[float, float]:
        place = draft.get("places", self._last) or Place(0.0, 0.0)
        dx, dy = self._pitch()
        return place.x + number * dx, place.y + number * dy

    def _make_room(self, draft: Draft, added: int) -> None:
        """Move what lies after the series by what it has grown."""
        places = self._tables.places
        end = places.get(self._last) or Place(0.0, 0.0)
        dx, dy = self._pitch()
        for node_id in self._tables.children(self._tables.nodes[self._last].parent):
            place = places.get(node_id)
            if place is None or node_id == self._last or draft.get("nodes", node_id) is None:
                continue
            if (place.x > end.x) if dx else (place.y > end.y):
                draft.move(node_id, place.x + added * dx, place.y + added * dy)
