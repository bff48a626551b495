"""The only object that applies a Delta; keeps the few indexes that edits need to stay cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, KeysView, Mapping
from typing import TYPE_CHECKING, Any

from sketch.graph.delta import TABLES, Change, Delta
from sketch.graph.errors import StaleDeltaError, UnknownNodeError
from sketch.graph.linking.rows import linked_group
from sketch.graph.rows import Node, Note, Place, TensorRow, ValueType

if TYPE_CHECKING:
    from sketch.graph.standing import Standing


class Tables:
    """The rows of one document. Read freely; write only with `apply`."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.places: dict[int, Place] = {}
        self.tensors: dict[int, TensorRow] = {}
        self.weights: dict[tuple[int, str], int] = {}
        self.hints: dict[tuple[int, int], ValueType] = {}
        self.notes: dict[int, Note] = {}
        self.meta: dict[str, Any] = {}
        self._children: dict[int | None, dict[int, None]] = {}
        self._names: dict[tuple[int | None, str], int] = {}
        self._roles: dict[int, dict[str, None]] = {}
        self._hinted: dict[int, dict[int, None]] = {}
        self._linked: dict[str, dict[int, None]] = {}
        self._layers: Counter[str] = Counter()
        self._free: dict[int | None, dict[str, int]] = {}
        self._standing: Standing | None = None

    def table(self, name: str) -> dict[Any, Any]:
        """The rows of one table by its name in `delta.TABLES`."""
        if name not in TABLES:
            raise StaleDeltaError(f"There is no table {name!r}; tables are {', '.join(TABLES)}.")
        rows: dict[Any, Any] = getattr(self, name)
        return rows

    def node(self, node_id: int) -> Node:
        """The node with this id; UnknownNodeError when it is not here."""
        try:
            return self.nodes[node_id]
        except KeyError:
            raise UnknownNodeError(f"There is no node {node_id}; it may have been deleted.") from None

    def children(self, parent: int | None) -> tuple[int, ...]:
        """Ids directly inside a group (None: the top level), oldest first."""
        return tuple(sorted(self._children.get(parent, ())))  # undo puts a node at the end

    def parents(self) -> list[int]:
        """The groups that hold something."""
        return [group for group, inside in self._children.items() if group is not None and inside]

    @property
    def holders(self) -> KeysView[int | None]:
        """What holds something, or did before, None for the top level: of thousands of nodes one asks these few."""
        return self._children.keys()

    def named(self, parent: int | None, name: str) -> int | None:
        """The node of this name in this group, if any."""
        return self._names.get((parent, name))

    def free_number(self, parent: int | None, prefix: str) -> int:
        """The least number, from 1, that makes a free name in this group behind a prefix."""
        known = self._free.setdefault(parent, {})  # below these numbers all are taken
        number, names = known.get(prefix, 1), self._names
        while (parent, f"{prefix}{number}") in names:
            number += 1
        known[prefix] = number
        return number

    def standing(self, parent: int | None, *, sideways: bool) -> Standing:
        """What stands on the canvas of `parent` by its place along the way the drawing runs, until the next edit.

        That of one canvas is kept, and what an edit changes is put in order when it is next asked for.
        """
        kept = self._standing
        if kept is None or (kept.parent, kept.sideways) != (parent, sideways):
            from sketch.graph.standing import Standing  # numpy, which an empty canvas has no need of

            kept = Standing(self, parent, sideways=sideways)
        self._standing = kept.up_to_date(self)
        return self._standing

    def weights_of(self, node_id: int) -> dict[str, int]:
        """role -> tensor id of the stored weights of a node."""
        return {role: self.weights[node_id, role] for role in self._roles.get(node_id, ())}

    def hints_of(self, node_id: int) -> tuple[int, ...]:
        """The outputs of a node whose type a file declared."""
        return tuple(self._hinted.get(node_id, ()))

    def linked(self, link: str) -> tuple[int, ...]:
        """The groups that carry this link name, oldest first."""
        return tuple(sorted(self._linked.get(link, ())))

    def is_linked(self, link: str, group: int) -> bool:
        """True when another group carries this link name, too."""
        return any(n != group and n in self.nodes for n in self._linked.get(link, ()))

    @property
    def layers(self) -> frozenset[str]:
        """The names of all layers that are drawn."""
        return frozenset(self._layers)

    def layer_counts(self) -> list[tuple[str, int]]:
        """(layer, how many nodes are drawn of it) of all layers, the most frequent first."""
        return self._layers.most_common()

    @property
    def has_links(self) -> bool:
        """True when some group is linked to another, or was while they are cut."""
        return bool(self._linked)

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> Tables:
        """Tables with these nodes, which have ids and names of their own, and nothing else; no Delta is made."""
        made = cls()
        made.nodes = {node.id: node for node in nodes}
        for key, node in made.nodes.items():
            made._children.setdefault(node.parent, {})[key] = None
        made._names = {(node.parent, node.name): key for key, node in made.nodes.items()}
        made._layers = Counter([node.layer for node in made.nodes.values()])
        return made

    def copy(self) -> Tables:
        """The same rows (they are frozen, and shared) in tables of their own."""
        twin = Tables()
        for name in TABLES:
            setattr(twin, name, self.table(name).copy())  # not dict(...), which is slow where a row went
        twin._children = {parent: inside.copy() for parent, inside in self._children.items()}
        twin._names = self._names.copy()
        twin._roles, twin._hinted = self._roles.copy(), self._hinted.copy()
        twin._linked = {link: dict(groups) for link, groups in self._linked.items()}
        twin._layers = Counter(self._layers)
        twin._standing = None if self._standing is None else self._standing.copy()
        return twin

    def apply(self, delta: Delta) -> None:
        """Apply all of a Delta or, when a row is not as it says, none of it (StaleDeltaError)."""
        for change in delta:
            if self.table(change.table).get(change.key) != change.before:
                raise StaleDeltaError(
                    f"The edit expects another {change.table} row {change.key!r}; it was made on another state."
                )
        for change in delta:
            rows = self.table(change.table)
            if change.after is None:
                rows.pop(change.key, None)
            else:
                rows[change.key] = change.after
            self._index(change.table, change.key, change.before, change.after)
        if self._standing is not None:
            self._standing.touched.update(c.key for c in delta if c.table in ("nodes", "places"))

    def _index(self, table: str, key: Any, before: Any, after: Any) -> None:
        if table == "nodes":
            self._index_node(before, after)
        elif table in ("weights", "hints"):
            index: dict[int, dict[Any, None]] = self._roles if table == "weights" else self._hinted
            attached = dict(index.get(key[0], ()))  # anew: a copy of these tables may hold the one of before
            if after is None:
                attached.pop(key[1], None)
            else:
                attached[key[1]] = None
            index[key[0]] = attached
        elif table == "meta" and (group := linked_group(key)) is not None:
            self._index_link(group, before, after)

    def _index_link(self, group: int, before: Any, after: Any) -> None:
        if before in self._linked:
            self._linked[before].pop(group, None)
            if not self._linked[before]:
                del self._linked[before]
        if isinstance(after, str):
            self._linked.setdefault(after, {})[group] = None

    def _index_node(self, before: Node | None, after: Node | None) -> None:
        if before is not None and (after is None or before.parent != after.parent):
            self._children[before.parent].pop(before.id, None)
        if before is not None and self._names.get((before.parent, before.name)) == before.id:
            del self._names[before.parent, before.name]
            self._free_name(before.parent, before.name)
        if before is None or after is None or before.layer != after.layer:
            self._count_layers(before, after)
        if after is not None:
            self._children.setdefault(after.parent, {})[after.id] = None
            self._names[after.parent, after.name] = after.id

    def _free_name(self, parent: int | None, name: str) -> None:
        known = self._free.get(parent, {})
        for prefix, number in known.items():
            rest = name[len(prefix) :]
            if name.startswith(prefix) and rest.isdecimal():
                known[prefix] = min(number, max(1, int(rest)))

    def _count_layers(self, before: Node | None, after: Node | None) -> None:
        if before is not None:
            self._layers[before.layer] -= 1
            if not self._layers[before.layer]:
                del self._layers[before.layer]
        if after is not None:
            self._layers[after.layer] += 1


def whole(tables: Tables) -> Delta:
    """The Delta that builds these rows from nothing (load and import are one big edit)."""
    return tuple(Change(name, key, None, row) for name in TABLES for key, row in tables.table(name).items())


def snapshot(tables: Tables) -> Mapping[str, dict[Any, Any]]:
    """A shallow copy of every table; rows are frozen and shared."""
    return {name: dict(tables.table(name)) for name in TABLES}
