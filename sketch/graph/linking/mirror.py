"""The rest of an edit: what it did inside one linked group, done in all other instances before anyone sees it."""

from __future__ import annotations

from dataclasses import replace

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.linking.mirror_wires import MirrorWires, keep_ports
from sketch.graph.linking.rows import link_of, link_row, linked_group, members_of_link
from sketch.graph.linking.sides import Sides
from sketch.graph.ports import Said, of_row, ported_group, ports_row, set_ports
from sketch.graph.rows import Node, Place

_ROUNDS = 12
"""Deeper than this nobody nests links; the rounds end as soon as nothing more changes."""
_SAME = ("layer", "params", "name", "parent")
"""What members of instances have in common; wires are compared on their own."""


def follow_links(draft: Draft) -> None:
    """Let a draft change every linked instance as it changes one; cost follows the edit and the number of instances.

    A group that the draft takes out of its link is left alone. LinkError names two instances that the edit changes
    in different ways, or a wire that is in the way.
    """
    if not draft.base.has_links:
        return
    _refuse_recursion(draft)
    keep_ports(draft)
    for _ in range(_ROUNDS):
        before, touched = draft.delta(), _touched(draft)
        for link, changed in touched.items():
            _follow(draft, link, changed)
        alone = len(touched) == 1 and _touched(draft).keys() == touched.keys()
        if alone or draft.delta() == before:  # one link agrees after one round; several may pass things on
            return
    raise LinkError("The linked groups inside one another change each other without end; unlink one of them.")


def _refuse_recursion(draft: Draft) -> None:
    """A group cannot come into one that it is linked to: it would hold itself without end."""
    for node_id, row in draft.changed("nodes"):
        before = draft.base.nodes.get(node_id)
        if row is None or row.parent is None or not draft.spec(node_id).group:
            continue
        if before is not None and before.parent == row.parent:
            continue
        around = {
            draft.get("meta", link_row(group)): group for _, group in _groups_around(draft, node_id, now=True)
        }
        for member in _subtree(draft, node_id):
            link = draft.get("meta", link_row(member))
            if link is not None and link in around:
                raise LinkError(
                    f"'{draft.node(member).name}' cannot be inside '{draft.node(around[link]).name}': they are "
                    "linked, and would hold each other; unlink one first."
                )


def _follow(draft: Draft, link: str, changed: dict[int, list[int]]) -> None:
    """All changes go into one instance first, so that they are merged once, and from there into the others."""
    standing = [n for n in members_of_link(draft, link) if link_of(draft.base, n) == link]
    hub, *others = [n for n in changed if n in standing] or [0]
    if not hub or len(standing) < 2:
        return
    for group in others:
        _Mirror(Sides(draft, group, hub), changed[group]).run()
    inner = _touched(draft).get(link, {}).get(hub, []) if others else changed[hub]
    for group in standing:
        if group != hub:
            _Mirror(Sides(draft, hub, group), inner).run()


def _touched(draft: Draft) -> dict[str, dict[int, list[int]]]:
    """link -> instance -> the ids of the rows that the draft changes in it; links of outer groups first.

    So a member that moves into a linked group inside moves in all outer instances before it is copied.
    """
    found: dict[str, dict[int, dict[int, None]]] = {}
    depths: dict[str, int] = {}
    for change in draft.delta():
        node_id = _subject(change.table, change.key)
        if node_id is None:
            continue
        for depth, group in _groups_around(draft, node_id, itself=change.table == "meta"):
            link = link_of(draft.base, group)
            if link is None or draft.get("meta", link_row(group)) != link:
                continue
            if group == node_id and linked_group(change.key) is not None:
                continue
            found.setdefault(link, {}).setdefault(group, {})[node_id] = None
            depths[link] = min(depths.get(link, depth), depth)
    outer_first = sorted(found, key=lambda link: depths[link])
    return {link: {group: list(ids) for group, ids in found[link].items()} for link in outer_first}


def _subject(table: str, key: object) -> int | None:
    if table in ("nodes", "places"):
        return key if isinstance(key, int) else None
    if table == "meta" and isinstance(key, str):
        group = linked_group(key)
        return ported_group(key) if group is None else group
    return None


def _groups_around(
    draft: Draft, node_id: int, *, itself: bool = False, now: bool = False
) -> list[tuple[int, int]]:
    """(depth, group) of the groups around a node before and after the edit, or as they are `now`."""
    found: dict[int, int] = {}
    for rows in (draft.base.nodes.get, lambda n: draft.get("nodes", n))[now:]:
        chain = [node_id] if itself else []
        row = rows(node_id)
        while row is not None and row.parent is not None:
            chain.append(row.parent)
            row = rows(row.parent)
        found.update({group: len(chain) - place for place, group in enumerate(chain)})
    return [(depth, group) for group, depth in found.items()]


def _subtree(draft: Draft, node_id: int) -> list[int]:
    """A node and all nodes inside it."""
    found = [node_id]
    for group in found:  # grows while it is walked
        if draft.get("nodes", group) is not None and draft.spec(group).group:
            found.extend(draft.members(group))
    return found


class _Mirror:
    """One instance follows another."""

    def __init__(self, sides: Sides, changed: list[int]):
        self._sides = sides
        self._draft = sides.draft
        here = sides.here
        self._stayed = [n for n in changed if sides.stays(n, here)]
        self._left = [n for n in changed if sides.was_inside(n, here) and not sides.is_inside(n, here)]
        joined = (n for n in changed if not sides.was_inside(n, here) and sides.is_inside(n, here))
        self._joined = self._outside_in(
            dict.fromkeys(n for found in joined for n in _subtree(self._draft, found))
        )
        self._changed = changed

    def run(self) -> None:
        """Members, then wires, then what is gone, then what hangs on them."""
        self._refuse_half()
        for node_id in self._stayed:
            self._attributes(node_id)
        for node_id in self._joined:
            self._add(node_id)
        for node_id in self._stayed:
            self._home(node_id)
        wires = MirrorWires(self._sides)
        wires.run([*self._stayed, *self._left], self._joined)
        self._remove()
        for node_id in (*self._stayed, *self._joined):
            self._place(node_id)
        for node_id in dict.fromkeys((*self._changed, *self._joined)):
            self._facts(node_id)

    def _refuse_half(self) -> None:
        """An edit that computes weights anew for another structure (fusing, say) must have done so in both."""
        base, draft = self._draft.base, self._draft
        if not (self._left or self._joined):
            return
        anew = {
            key[0]
            for key, tensor in draft.changed("weights")
            if tensor is not None and base.weights.get(key) not in (None, tensor)
        }
        for node_id in anew:
            twin = self._sides.twin(node_id) if self._sides.stays(node_id, self._sides.here) else None
            if twin is not None and twin not in anew and base.weights_of(twin):
                raise LinkError(
                    f"The edit computes weights of '{base.nodes[node_id].name}' anew in one linked group but not in "
                    f"'{self._sides.twin_name()}'; do it in all of them, or unlink them first."
                )

    def _outside_in(self, ids: dict[int, None]) -> list[int]:
        nodes = [n for n in ids if self._draft.get("nodes", n) is not None]
        return sorted(nodes, key=lambda n: len(_groups_around(self._draft, n)))

    def _attributes(self, node_id: int) -> None:
        """Layer, parameters and name of a member that stays."""
        before, after = self._draft.base.nodes[node_id], self._draft.node(node_id)
        wanted = {name: getattr(after, name) for name in _SAME[:3]}
        changed = {name: value for name, value in wanted.items() if value != getattr(before, name)}
        twin = self._sides.twin(node_id)
        if not changed or twin is None:
            return
        row: Node | None = self._draft.get("nodes", twin)
        if row is None:
            raise self._sides.conflict(node_id)
        was = self._draft.base.nodes[twin]
        for name, value in changed.items():
            if getattr(row, name) not in (getattr(was, name), value):
                raise self._sides.conflict(node_id)
        if any(getattr(row, name) != value for name, value in changed.items()):
            self._draft.put("nodes", twin, replace(row, **changed))
        if "layer" in changed and row.layer != after.layer:
            for role in self._draft.base.weights_of(twin):
                self._draft.put("weights", (twin, role), None)
        if "layer" in changed or "params" in changed:
            self._draft.drop_lost_wires(twin)

    def _home(self, node_id: int) -> None:
        """The inner group around a member that stays."""
        before, after = self._draft.base.nodes[node_id].parent, self._draft.node(node_id).parent
        twin = self._sides.twin(node_id)
        if before == after or after is None or twin is None:
            return
        home = self._sides.twin(after)
        row: Node | None = self._draft.get("nodes", twin)
        if row is None or home is None:
            raise self._sides.conflict(node_id)
        if row.parent not in (self._draft.base.nodes[twin].parent, home):
            raise self._sides.conflict(node_id)
        if row.parent != home:
            self._draft.put("nodes", twin, replace(row, parent=home))

    def _add(self, node_id: int) -> None:
        """A member that is new here, there too; its weights are made when the network is."""
        row = self._draft.node(node_id)
        home = None if row.parent is None else self._sides.twin(row.parent)
        if home is None:
            return
        found = self._sides.twin(node_id)
        if found is not None:
            twin = self._draft.node(found)
            if (twin.layer, twin.params) != (row.layer, row.params):
                raise self._sides.conflict(node_id)
            return
        made = self._draft.new_id()
        self._draft.put("nodes", made, Node(made, row.layer, row.name, row.params, parent=home))
        self._sides.settle(node_id, made)
        self._draft.put("places", made, self._place_of(node_id) or Place(0.0, 0.0))
        self._copy_constants(node_id, made)
        for row_name, value in self._draft.attached("hints", node_id).items():
            self._draft.put("hints", (made, row_name), value)

    def _copy_constants(self, node_id: int, made: int) -> None:
        """Tensors that are part of the structure: those of constants and of operators, in rows of their own."""
        row, spec = self._draft.node(node_id), self._draft.spec(node_id)
        if not spec.is_operator and row.layer != "Constant":
            return
        for role, tensor in self._draft.attached("weights", node_id).items():
            kept = self._draft.get("tensors", tensor)
            if kept is not None:
                fresh = add_tensor(self._draft, kept.digest, kept.shape, kept.dtype, kept.name)
                set_weight(self._draft, made, role, fresh)

    def _remove(self) -> None:
        """What has left here leaves there; a member that was changed there at the same time is a conflict."""
        gone = []
        for node_id in self._left:
            twin = self._sides.twin(node_id)
            if twin is None or not self._sides.is_inside(twin, self._sides.there):
                continue
            was, row = self._draft.base.nodes[twin], self._draft.node(twin)
            if any(getattr(was, name) != getattr(row, name) for name in _SAME):
                raise self._sides.conflict(node_id)
            gone.append(twin)
        self._draft.remove(n for n in gone if self._draft.get("nodes", n) is not None)

    def _place(self, node_id: int) -> None:
        """Where a member stands; two instances may be arranged in one edit, then each stays as it is."""
        before = self._draft.base.places.get(node_id)
        twin = self._sides.twin(node_id)
        if twin is None or self._draft.get("places", node_id) == before:
            return
        if self._draft.get("places", twin) == self._draft.base.places.get(twin):
            self._draft.put("places", twin, self._place_of(node_id))

    def _place_of(self, node_id: int) -> Place | None:
        place: Place | None = self._draft.get("places", node_id)
        if place is None or not place.ways:
            return place
        found = [(way, self._sides.twin(way.target)) for way in place.ways]
        ways = tuple(replace(way, target=twin) for way, twin in found if twin is not None)
        return replace(place, ways=ways)

    def _facts(self, node_id: int) -> None:
        """Ports of this group and of those inside, links of those inside."""
        twin = self._sides.twin(node_id)
        if twin is None or self._draft.get("nodes", twin) is None:
            return
        row = ports_row(node_id)
        meta = {} if node_id in self._joined else self._draft.base.meta
        if (said := self._draft.get("meta", row)) != meta.get(row):
            inputs, outputs = of_row(said)
            set_ports(self._draft, twin, self._mapped(inputs), self._mapped(outputs))
        link = self._draft.get("meta", link_row(node_id))
        if node_id != self._sides.here and link != meta.get(link_row(node_id)):
            self._draft.put("meta", link_row(twin), link)

    def _mapped(self, entries: tuple[Said, ...]) -> list[Said]:
        found = [(entry, self._sides.twin(entry.inner[0])) for entry in entries]
        return [replace(entry, inner=(twin, entry.inner[1])) for entry, twin in found if twin is not None]
