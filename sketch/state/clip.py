"""A part of a document as a value: what the clipboard and the user's own blocks hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import starmap
from pathlib import Path
from typing import Any

from sketch.graph.draft import Draft
from sketch.graph.freezing import frozen_roles, set_frozen
from sketch.graph.linking.rows import link_row
from sketch.graph.rows import Node, Note, Place, TensorRow, ValueType, Way
from sketch.graph.tables import Tables
from sketch.state.clip_groups import KEPT, OWN, group_facts, in_linked, put_facts
from sketch.state.codec import (
    CodecError,
    decode_key,
    decode_row,
    decode_value,
    encode_key,
    encode_row,
    encode_value,
    first_version,
    from_text,
    to_text,
)
from sketch.state.migrations import VERSION
from sketch.state.store import Store, neighbour

_MARK = "sketch-clip"
_PARTS = ("nodes", "notes", "places", "tensors", "weights", "hints")


@dataclass(frozen=True, slots=True)
class Clip:
    """Nodes with their members, the wires among them, notes, places, weights; `store` is where the tensors are."""

    nodes: dict[int, Node]
    notes: dict[int, Note]
    places: dict[int, Place]
    tensors: dict[int, TensorRow]
    weights: dict[tuple[int, str], int]
    hints: dict[tuple[int, int], ValueType]
    store: str
    frozen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """node -> roles of its frozen weights."""
    groups: dict[int, tuple[str, Any]] = field(default_factory=dict)
    """group -> its link and its ports (see clip_groups)."""

    def __len__(self) -> int:
        return len(self.roots)

    @property
    def roots(self) -> tuple[int, ...]:
        """What is not inside another part of the clip."""
        rows: dict[int, Node | Note] = {**self.nodes, **self.notes}
        return tuple(key for key, row in rows.items() if row.parent not in self.nodes)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the roots, in scene units."""
        places = [self.places[key] for key in self.roots if key in self.places]
        if not places:
            return 0.0, 0.0
        return sum(p.x for p in places) / len(places), sum(p.y for p in places) / len(places)

    def to_text(self) -> str:
        """The clip as JSON, for the clipboard of the system."""
        rows = {
            part: [[encode_key(key), encode_row(part, row)] for key, row in getattr(self, part).items()]
            for part in _PARTS
        }
        frozen = [[node, list(roles)] for node, roles in self.frozen.items()]
        groups = [[group, link, encode_value(ports)] for group, (link, ports) in self.groups.items()]
        return to_text(
            {_MARK: self._version(), "store": self.store, "frozen": frozen, "groups": groups, **rows}
        )

    @classmethod
    def from_text(cls, text: str) -> Clip:
        """The inverse of `to_text`; CodecError when the text is anything else."""
        raw = from_text(text)
        version = raw.get(_MARK) if isinstance(raw, dict) else None
        if type(version) is not int or version < 1 or not isinstance(raw.get("store"), str):
            raise CodecError("The clipboard holds no layers of Sketch.")
        if version > VERSION:
            raise CodecError("This was made by a newer Sketch; update Sketch.")
        rows = {part: _rows(part, raw.get(part)) for part in _PARTS}
        frozen, groups = _frozen(raw.get("frozen", [])), _groups(raw.get("groups", []))
        return cls(**rows, store=raw["store"], frozen=frozen, groups=groups)

    def _version(self) -> int:
        """The first version of files that has all its rows."""
        rows = [*(("notes", key, row) for key, row in self.notes.items()),
                *(("places", key, row) for key, row in self.places.items()),
                *(("meta", link_row(key), link or None) for key, (link, _) in self.groups.items())]  # fmt: skip
        return max(starmap(first_version, rows), default=1)


def _rows(part: str, raw: Any) -> dict[Any, Any]:
    if not isinstance(raw, list) or not all(isinstance(item, list) and len(item) == 2 for item in raw):
        raise CodecError(f"The clip is damaged: {part} cannot be read.")
    rows = {decode_key(part, key): decode_row(part, row) for key, row in raw}
    if None in rows.values():
        raise CodecError(f"The clip is damaged: a row of {part} is empty.")
    return rows


def _frozen(raw: Any) -> dict[int, tuple[str, ...]]:
    try:
        return {int(node): tuple(str(role) for role in roles) for node, roles in raw}
    except (TypeError, ValueError):
        raise CodecError("The clip is damaged: frozen cannot be read.") from None


def _groups(raw: Any) -> dict[int, tuple[str, Any]]:
    try:
        return {int(group): (str(link), decode_value(ports)) for group, link, ports in raw}
    except (TypeError, ValueError):
        raise CodecError("The clip is damaged: links and ports cannot be read.") from None


def take(tables: Tables, ids: Iterable[int], store: Store) -> Clip:
    """The clip of these nodes and notes, groups with all they hold."""
    inside = _with_members(tables, ids)
    nodes = {n: _cut_loose(tables.nodes[n], inside) for n in inside if n in tables.nodes}
    weights = {(n, role): tensor for n in nodes for role, tensor in tables.weights_of(n).items()}
    return Clip(
        nodes,
        {n: tables.notes[n] for n in inside if n in tables.notes},
        {n: tables.places[n] for n in inside if n in tables.places},
        {tensor: tables.tensors[tensor] for tensor in weights.values()},
        weights,
        {(n, out): tables.hints[n, out] for n in nodes for out in tables.hints_of(n)},
        str(store.folder),
        {n: tuple(sorted(roles)) for n in nodes if (roles := frozen_roles(tables.meta, n))},
        group_facts(tables, nodes),
    )


def _with_members(tables: Tables, ids: Iterable[int]) -> dict[int, None]:
    found: dict[int, None] = {}
    notes: dict[int | None, list[int]] = defaultdict(list)
    for note in tables.notes.values():
        notes[note.parent].append(note.id)
    stack = list(reversed(list(ids)))
    while stack:
        row_id = stack.pop()
        if row_id in found or (row_id not in tables.nodes and row_id not in tables.notes):
            continue
        found[row_id] = None
        stack.extend(reversed(tables.children(row_id)))
        stack.extend(notes.get(row_id, ()))
    return found


def _cut_loose(node: Node, inside: dict[int, None]) -> Node:
    prior = tuple(edge for edge in node.prior if edge.source in inside)
    following = tuple(edge for edge in node.next if edge.target in inside)
    return replace(node, prior=prior, next=following)


def adopt(clip: Clip, store: Store) -> dict[int, TensorRow]:
    """The clip's tensors as rows for another store: bytes are copied when the stores differ."""
    origin = neighbour(store, Path(clip.store)) if clip.store and clip.tensors else store
    if origin is store:
        return dict(clip.tensors)
    return {
        key: replace(row, digest=store.put(origin.get(row.digest, row.shape, row.dtype), row.dtype))
        for key, row in clip.tensors.items()
    }


def put_down(
    draft: Draft,
    clip: Clip,
    tensors: dict[int, TensorRow],
    place: tuple[float, float],
    parent: int | None,
    links: str = OWN,
) -> list[int]:
    """Write a copy of the clip into a draft, its roots around `place`; the new ids of the roots.

    `links` says how links of groups go on: clip_groups.OWN, BACK or KEPT.
    """
    made = _Copy(draft, clip, place, parent, linked=links == KEPT)
    made.add_rows()
    made.wire()
    made.keep_ways()
    made.attach(tensors)
    put_facts(draft, clip.groups, made.ids, links)
    return [made.ids[key] for key in clip.roots]


class _Copy:
    """One pasting: the new id of each old one."""

    def __init__(
        self, draft: Draft, clip: Clip, place: tuple[float, float], parent: int | None, *, linked: bool
    ):
        self.draft, self.clip, self.parent = draft, clip, parent
        self._linked = set(clip.nodes) if linked else in_linked(clip.nodes, clip.groups)
        centre = clip.centre
        self.shift = place[0] - centre[0], place[1] - centre[1]
        self.ids: dict[int, int] = {}

    def add_rows(self) -> None:
        """Nodes and notes, what holds others first."""
        for key in self._outside_in():
            inside = self.clip.nodes[key].parent in self.clip.nodes
            node = self.clip.nodes[key]
            parent = self.ids[node.parent] if inside and node.parent is not None else self.parent
            name = free_name(self.draft, parent, node.name)
            self.ids[key] = self.draft.add(
                node.layer, name, dict(node.params), parent=parent, place=self._place(key, inside)
            )
        for key, note in self.clip.notes.items():
            inside = note.parent in self.clip.nodes
            parent = self.ids[note.parent] if inside and note.parent is not None else self.parent
            self.ids[key] = self.draft.new_id()
            self.draft.put("notes", self.ids[key], replace(note, id=self.ids[key], parent=parent))
            self.draft.put("places", self.ids[key], Place(*self._place(key, inside)))

    def wire(self) -> None:
        """The wires among the copies; ports of a variadic input close up, but for linked groups, which stay alike."""
        for key in self.clip.nodes:
            for edge in sorted(self.clip.nodes[key].prior, key=lambda wire: wire.into):
                if edge.source in self.ids:
                    target = self.ids[key]
                    kept = key in self._linked
                    into = edge.into if kept else min(edge.into, self._open_port(target, edge.into))
                    self.draft.connect(self.ids[edge.source], edge.out, target, into, check_cycle=False)

    def keep_ways(self) -> None:
        """The ways of wires whose both ends were copied."""
        for key in self.clip.nodes:
            ways = self.clip.places[key].ways if key in self.clip.places else ()
            copied = tuple(self._way(key, way) for way in ways if way.target in self.ids)
            if copied:
                row = self.draft.get("places", self.ids[key])
                self.draft.put("places", self.ids[key], replace(row, ways=copied))

    def _way(self, key: int, way: Way) -> Way:
        dx, dy = (0.0, 0.0) if self.clip.nodes[key].parent in self.clip.nodes else self.shift
        points = tuple((x + dx, y + dy) for x, y in way.points)
        return replace(way, target=self.ids[way.target], points=points)

    def attach(self, tensors: dict[int, TensorRow]) -> None:
        """Weights and declared types; what was tied within the clip stays tied."""
        fresh: dict[int, int] = {}
        for (key, role), tensor in self.clip.weights.items():
            if key not in self.ids or tensor not in tensors:
                continue
            if tensor not in fresh:
                fresh[tensor] = self.draft.new_id()
                self.draft.put("tensors", fresh[tensor], replace(tensors[tensor], id=fresh[tensor]))
            self.draft.put("weights", (self.ids[key], role), fresh[tensor])
        for key, roles in self.clip.frozen.items():
            if key in self.ids:
                set_frozen(self.draft, self.ids[key], roles)
        for (key, out), value in self.clip.hints.items():
            if key in self.ids:
                self.draft.put("hints", (self.ids[key], out), value)

    def _outside_in(self) -> list[int]:
        nodes = self.clip.nodes
        order: dict[int, None] = {}
        for key in nodes:
            chain: list[int] = []
            step: int | None = key
            while step is not None and step in nodes and step not in order and step not in chain:
                chain.append(step)
                step = nodes[step].parent
            if step is not None and step in chain:
                raise CodecError("The clip is damaged: a group holds itself.")
            order.update(dict.fromkeys(reversed(chain)))
        return list(order)

    def _place(self, key: int, inside: bool) -> tuple[float, float]:
        place = self.clip.places.get(key, Place(0.0, 0.0))
        return (place.x, place.y) if inside else (place.x + self.shift[0], place.y + self.shift[1])

    def _open_port(self, target: int, wanted: int) -> int:
        spec = self.draft.spec(target)
        if spec.is_operator or not spec.inputs or not spec.inputs[-1].variadic:
            return wanted
        return max([len(spec.inputs) - 1, *(wire.into + 1 for wire in self.draft.node(target).prior)])


def free_name(draft: Draft, parent: int | None, name: str) -> str:
    """The name itself when it is free, else its stem with the next number: conv1 → conv2."""
    if draft.named(parent, name) is None:
        return name
    return draft.fresh_name(parent, name.rstrip("0123456789") or "layer")
