"""The rows of an edit in the making, read over an unchanged base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.delta import Change, Delta
from sketch.graph.errors import GroupError, UnknownNodeError
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import FrozenDict, Node
from sketch.graph.specs import LayerSpec
from sketch.graph.stopping import OFTEN, check
from sketch.graph.tables import Tables


class DraftRows:
    """Rows that differ from the base, and the few indexes that verbs need to stay cheap."""

    def __init__(self, base: Tables, library: LayerLibrary):
        self.base = base
        self.library = library
        self._rows: dict[tuple[str, Any], Any] = {}
        self._names: dict[tuple[int | None, str], int] = {}
        self._joined: dict[int | None, dict[int, None]] = {}
        self._numbers: dict[tuple[int | None, str], int] = {}
        self._has_freed = False
        self._clean: dict[tuple[str, str], FrozenDict] = {}
        self._attached: dict[int, set[tuple[str, Any]]] = {}
        self._written = 0

    def get(self, table: str, key: Any) -> Any:
        """A row as the draft sees it, None when absent."""
        if (table, key) in self._rows:
            return self._rows[table, key]
        return self.base.table(table).get(key)

    def put(self, table: str, key: Any, row: Any) -> None:
        """Write a row (None removes it). Verbs below keep the graph's laws; prefer them."""
        self._written += 1
        if self._written % OFTEN == 0:
            check()
        self._rows[table, key] = row
        if table == "nodes" and (before := self.base.nodes.get(key)) is not None:
            freed = row is None or row.name != before.name or row.parent != before.parent
            self._has_freed = self._has_freed or freed
        if table == "nodes" and row is not None:
            self._names[row.parent, row.name] = row.id
            self._joined.setdefault(row.parent, {})[row.id] = None
        elif table in ("weights", "hints"):
            self._attached.setdefault(key[0], set()).add((table, key))

    def clean_params(self, spec: LayerSpec, params: Mapping[str, Any]) -> FrozenDict:
        """Parameters in their stored form; ParameterError. Layers that are alike share theirs: files repeat blocks."""
        key = (spec.name, repr(params))
        found = self._clean.get(key)
        if found is None:
            found = FrozenDict({name: spec.clean_param(name, value) for name, value in params.items()})
            self._clean[key] = found
        return found

    def node(self, node_id: int) -> Node:
        """The node as the draft sees it; UnknownNodeError when it is not there."""
        node: Node | None = self.get("nodes", node_id)
        if node is None:
            raise UnknownNodeError(f"There is no node {node_id}; it may have been deleted.")
        return node

    def spec(self, node_id: int) -> LayerSpec:
        """The layer of a node."""
        return self.library[self.node(node_id).layer]

    def members(self, parent: int | None) -> list[int]:
        """Ids directly inside a group, as the draft sees them."""
        known = dict.fromkeys((*self.base.children(parent), *self._joined.get(parent, ())))
        return [n for n in known if (row := self.get("nodes", n)) is not None and row.parent == parent]

    def notes_in(self, parent: int | None) -> list[int]:
        """Ids of the notes on the canvas of a group, as the draft sees them."""
        known = dict.fromkeys((*self.base.notes, *(key for table, key in self._rows if table == "notes")))
        return [n for n in known if (row := self.get("notes", n)) is not None and row.parent == parent]

    def delta(self) -> Delta:
        """What this draft changes, rows that end as they began left out."""
        changes = (
            Change(table, key, self.base.table(table).get(key), row)
            for (table, key), row in self._rows.items()
        )
        return tuple(change for change in changes if change.before != change.after)

    def changed(self, table: str) -> list[tuple[Any, Any]]:
        """(key, row) of what the draft has written in a table, also where it is as it was."""
        return [(key, row) for (name, key), row in self._rows.items() if name == table]

    def attached(self, table: str, node_id: int) -> dict[Any, Any]:
        """The rows of `weights` or `hints` at a node as the draft sees them: by role, or by output."""
        base = self.base.weights_of(node_id) if table == "weights" else self.base.hints_of(node_id)
        written = sorted(key[1] for name, key in self._attached.get(node_id, ()) if name == table)
        names = dict.fromkeys((*base, *written))
        return {name: row for name in names if (row := self.get(table, (node_id, name))) is not None}

    def new_id(self) -> int:
        """An id never used before in this document (nodes, notes and tensors share the counter)."""
        number: int = self.get("meta", "next_id") or 1
        self.put("meta", "next_id", number + 1)
        return number

    def fresh_name(self, parent: int | None, prefix: str) -> str:
        """`conv1`, `conv2`, ...: the first free name in a group."""
        key = (parent, prefix)
        number = self._numbers.get(key, 1)
        if not self._has_freed:
            number = max(number, self.base.free_number(parent, prefix))
        while self.named(parent, f"{prefix}{number}") is not None:
            number += 1
        self._numbers[key] = number + 1
        return f"{prefix}{number}"

    def named(self, parent: int | None, name: str) -> int | None:
        """The node of this name in this group as the draft sees it."""
        for found in (self.base.named(parent, name), self._names.get((parent, name))):
            row = None if found is None else self.get("nodes", found)
            if row is not None and row.parent == parent and row.name == name:
                return found
        return None

    def require_group(self, node_id: int) -> None:
        """GroupError unless this node is a group."""
        if not self.spec(node_id).group:
            raise GroupError(f"'{self.node(node_id).name}' is no group; only groups hold layers.")
