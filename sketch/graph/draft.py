"""Graph verbs over an unchanged base. A Draft collects rows and may refuse; the Delta falls out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sketch.graph.delta import Change, Delta
from sketch.graph.errors import (
    CycleError,
    GroupError,
    NamingError,
    PortTakenError,
    UnknownNodeError,
    UnknownPortError,
    WireError,
)
from sketch.graph.evaluate import output_count
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Edge, FrozenDict, Node, Place
from sketch.graph.specs import LayerSpec
from sketch.graph.tables import Tables

MAX_NAME = 4096


class Draft:
    """One edit in the making; the only writer of adjacency."""

    def __init__(self, base: Tables, library: LayerLibrary):
        self.base = base
        self.library = library
        self._rows: dict[tuple[str, Any], Any] = {}
        self._names: dict[tuple[int | None, str], int] = {}
        self._joined: dict[int | None, dict[int, None]] = {}
        self._numbers: dict[tuple[int | None, str], int] = {}

    # --- reading -----------------------------------------------------------------------------------

    def get(self, table: str, key: Any) -> Any:
        """A row as the draft sees it, None when absent."""
        if (table, key) in self._rows:
            return self._rows[table, key]
        return self.base.table(table).get(key)

    def put(self, table: str, key: Any, row: Any) -> None:
        """Write a row (None removes it). Verbs below keep the graph's laws; prefer them."""
        self._rows[table, key] = row
        if table == "nodes" and row is not None:
            self._names[row.parent, row.name] = row.id
            self._joined.setdefault(row.parent, {})[row.id] = None

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

    def delta(self) -> Delta:
        """What this draft changes, rows that end as they began left out."""
        changes = (
            Change(table, key, self.base.table(table).get(key), row)
            for (table, key), row in self._rows.items()
        )
        return tuple(change for change in changes if change.before != change.after)

    # --- nodes -------------------------------------------------------------------------------------

    def new_id(self) -> int:
        """An id never used before in this document (nodes, notes and tensors share the counter)."""
        number: int = self.get("meta", "next_id") or 1
        self.put("meta", "next_id", number + 1)
        return number

    def add(
        self,
        layer: str,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        parent: int | None = None,
        place: tuple[float, float] = (0.0, 0.0),
    ) -> int:
        """Add a node and return its id; UnknownLayerError, ParameterError, NamingError, GroupError."""
        spec = self.library[layer]
        if parent is not None:
            self.require_group(parent)
        clean = FrozenDict({key: spec.clean_param(key, value) for key, value in (params or {}).items()})
        node_id = self.new_id()
        if name is None:
            name = self.fresh_name(parent, spec.prefix)
        self._check_name(parent, name, node_id)
        self.put("nodes", node_id, Node(node_id, spec.name, name, clean, parent=parent))
        self.put("places", node_id, Place(*place))
        return node_id

    def fresh_name(self, parent: int | None, prefix: str) -> str:
        """`conv1`, `conv2`, ...: the first free name in a group."""
        key = (parent, prefix)
        number = self._numbers.get(key, 1)
        while self.named(parent, f"{prefix}{number}") is not None:
            number += 1
        self._numbers[key] = number + 1
        return f"{prefix}{number}"

    def remove(self, node_ids: Iterable[int]) -> None:
        """Remove nodes and notes with their wires, places and weights; a group takes its members along."""
        for node_id in self._with_members(node_ids):
            if self.get("notes", node_id) is not None:
                self.put("notes", node_id, None)
                self.put("places", node_id, None)
                continue
            for edge in reversed(self.node(node_id).prior):
                self.disconnect(edge)
            for edge in reversed(self.node(node_id).next):
                self.disconnect(edge)
            self.drop_rows(node_id)

    def set_param(self, node_id: int, name: str, value: Any) -> None:
        """Pin a parameter; ParameterError names the range. Wires to outputs that vanish are removed."""
        node = self.node(node_id)
        spec = self.library[node.layer]
        cleaned = spec.clean_param(name, value)
        if not spec.is_operator and not spec.params[name].derive and cleaned == spec.params[name].default:
            cleaned_params = node.params.without(name)
        else:
            cleaned_params = node.params.with_(**{name: cleaned})
        self.put("nodes", node_id, replace(node, params=cleaned_params))
        self.drop_lost_wires(node_id)

    def reset_param(self, node_id: int, name: str) -> None:
        """Back to the default, or to following the input."""
        node = self.node(node_id)
        self.put("nodes", node_id, replace(node, params=node.params.without(name)))
        self.drop_lost_wires(node_id)

    def rename(self, node_id: int, name: str) -> None:
        """Give a node another name; NamingError when it is empty or taken in its group."""
        node = self.node(node_id)
        self._check_name(node.parent, name, node_id)
        self.put("nodes", node_id, replace(node, name=name))

    def move(self, node_id: int, x: float, y: float) -> None:
        """Put a node or a note at a place (scene units)."""
        self.put("places", node_id, Place(x, y))

    # --- wires -------------------------------------------------------------------------------------

    def connect(self, source: int, out: int, target: int, into: int, *, check_cycle: bool = True) -> Edge:
        """Wire an output to an input.

        Raises PortTakenError, UnknownPortError, CycleError, WireError. A reader that builds a whole graph may
        skip the walk for cycles; applying the Delta finds them all at once.
        """
        edge = Edge(source, out, target, into)
        start, end = self.node(source), self.node(target)
        self._check_ports(start, out, end, into)
        if any(wire.into == into for wire in end.prior):
            raise PortTakenError(f"Input {into + 1} of '{end.name}' already has a wire; remove it first.")
        if check_cycle and (source == target or self._reaches(target, source)):
            raise CycleError(
                f"A wire from '{start.name}' to '{end.name}' would close a loop; a network has none."
            )
        self.put("nodes", source, replace(start, next=(*start.next, edge)))
        end = self.node(target)
        self.put(
            "nodes", target, replace(end, prior=tuple(sorted((*end.prior, edge), key=lambda wire: wire.into)))
        )
        return edge

    def disconnect(self, edge: Edge) -> None:
        """Remove a wire; WireError when there is none. Later wires of a variadic input close up."""
        start, end = self.node(edge.source), self.node(edge.target)
        if edge not in start.next:
            raise WireError("There is no such wire; it may have been removed.")
        self.put(
            "nodes", edge.source, replace(start, next=tuple(wire for wire in start.next if wire != edge))
        )
        end = self.node(edge.target)
        self.put("nodes", edge.target, replace(end, prior=tuple(wire for wire in end.prior if wire != edge)))
        self._close_up(edge)

    def free_input(self, node_id: int) -> int | None:
        """The first open required input, then a variadic one, then an optional one; None when all are taken."""
        node, spec = self.node(node_id), self.spec(node_id)
        taken = {wire.into for wire in node.prior}
        for index, port in enumerate(spec.inputs):
            if index not in taken and not port.optional and not port.variadic:
                return index
        if spec.inputs and spec.inputs[-1].variadic:
            return max([len(spec.inputs) - 1, *(into + 1 for into in taken)])
        return next((index for index in range(len(spec.inputs)) if index not in taken), None)

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

    def drop_rows(self, node_id: int) -> None:
        """Remove a node's own rows (its wires must be gone)."""
        out = 0
        while self.get("hints", (node_id, out)) is not None:
            self.put("hints", (node_id, out), None)
            out += 1
        for role in self.base.weights_of(node_id):
            self.put("weights", (node_id, role), None)
        self.put("places", node_id, None)
        self.put("nodes", node_id, None)

    def drop_lost_wires(self, node_id: int) -> None:
        """Remove wires at ports that a node no longer has (fewer chunks, another layer)."""
        node, spec = self.node(node_id), self.spec(node_id)
        outs = output_count(spec, {**spec.defaults(), **node.params})
        many_in = bool(spec.inputs) and spec.inputs[-1].variadic
        open_outs = bool(spec.outputs) and spec.outputs[-1].variadic and not spec.outputs[-1].count
        for edge in node.next:
            if edge.out >= outs and not open_outs:
                self.disconnect(edge)
        for edge in reversed(node.prior):
            if edge.into >= len(spec.inputs) and not many_in:
                self.disconnect(edge)

    # --- inside ------------------------------------------------------------------------------------

    def _check_name(self, parent: int | None, name: str, node_id: int) -> None:
        if not name or len(name) > MAX_NAME or any(ord(char) < 32 for char in name):
            raise NamingError("A name needs 1 to 4096 printable characters.")
        if self.named(parent, name) not in (None, node_id):
            raise NamingError(f"The name '{name}' is taken here; choose another.")

    def _check_ports(self, start: Node, out: int, end: Node, into: int) -> None:
        source, target = self.library[start.layer], self.library[end.layer]
        if source.group or target.group:
            raise WireError("Wires join layers, not groups: open the group and wire a layer inside it.")
        target.input_port(into)
        source.output_port(out)
        count = output_count(source, {**source.defaults(), **start.params})
        if source.outputs[-1].count and out >= count:
            raise UnknownPortError(f"'{start.name}' has no output {out + 1}; it has {count}.")

    def _reaches(self, start: int, goal: int) -> bool:
        seen, stack = {start}, [start]
        while stack:
            node_id = stack.pop()
            if node_id == goal:
                return True
            for edge in self.node(node_id).next:
                if edge.target not in seen:
                    seen.add(edge.target)
                    stack.append(edge.target)
        return False

    def _close_up(self, gone: Edge) -> None:
        """Shift later wires of a variadic input down by one, so that its ports stay without gaps."""
        node, spec = self.node(gone.target), self.spec(gone.target)
        first = len(spec.inputs) - 1
        if spec.is_operator or not spec.inputs or not spec.inputs[-1].variadic or gone.into < first:
            return
        for edge in [wire for wire in node.prior if wire.into > gone.into]:
            self._shift(edge, replace(edge, into=edge.into - 1))

    def _shift(self, old: Edge, new: Edge) -> None:
        start = self.node(old.source)
        self.put(
            "nodes", start.id, replace(start, next=tuple(new if wire == old else wire for wire in start.next))
        )
        end = self.node(old.target)
        self.put(
            "nodes", end.id, replace(end, prior=tuple(new if wire == old else wire for wire in end.prior))
        )

    def _with_members(self, node_ids: Iterable[int]) -> list[int]:
        """These ids and everything inside them, members before their group."""
        found: dict[int, None] = {}
        for node_id in node_ids:
            if node_id in found:
                continue
            if self.get("notes", node_id) is None and self.spec(node_id).group:
                found.update(dict.fromkeys(self._with_members(self.members(node_id))))
            found[node_id] = None
        return list(found)
