"""The edit that makes a drawing what its edited source says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.rewriting.attached import attach
from sketch.graph.rewriting.spots import spots
from sketch.graph.rewriting.versions import Port, Versions
from sketch.graph.rows import Edge, FrozenDict, Node
from sketch.graph.tables import Tables

_COMPUTED = "Constant"


class RewriteError(GraphError):
    """The edited source changes what the drawing has in another form than source can say."""


def rewritten(
    old: Tables, new: Tables, library: LayerLibrary, shown: Collection[int], base: Tables | None = None
) -> Delta:
    """The Delta from a drawing to another one that was made from its edited source.

    What both have keeps its id, its place, the way its parameters were said, its weights and a made-up name. A weight
    whose shape changed stays, outgrown, as after any other edit. Nodes that the source did not show stay as they are.

    With `base`, the drawing made from the source before the edit, only the differences between base and new go into the
    drawing: whatever does not come back from source as it was stays as it is, and so does what was drawn meanwhile.

    Args:
        shown: ids of the nodes and groups of `old` that the source showed.

    Raises:
        RewriteError: what was edited has no counterpart in the drawing.
    """
    return _Rewrite(Versions(old, new, base, library, shown)).delta()


class _Rewrite:
    """One rewriting: ids first, then rows and wires, then what hangs on them."""

    def __init__(self, versions: Versions):
        self._seen = versions
        self._old, self._new = versions.old, versions.new
        self._draft = Draft(versions.old, versions.library)
        self._ids = {
            key: versions.origin.get(key) or self._draft.new_id()
            for key in sorted(self._new.nodes)
            if not versions.is_dark(key)
        }
        self._fresh = set(self._ids.values()) - set(self._old.nodes)

    def delta(self) -> Delta:
        """All of it."""
        self._check_dark()
        rows, gone = self._rows, self._gone
        for key in gone:
            self._draft.drop_rows(key)
        wires = self._wires(gone)
        for key, row in self._named(rows, gone).items():
            self._draft.put("nodes", key, replace(row, prior=wires.prior(key), next=wires.next(key)))
        attach(self._draft, self._seen, self._ids)
        now = self._old.copy()
        now.apply(self._draft.delta())
        for key, place in spots(self._old, now, self._seen.library).items():
            self._draft.put("places", key, place)
        return self._draft.delta()

    # --- what cannot be said ------------------------------------------------------------------------

    def _check_dark(self) -> None:
        seen = self._seen
        for key in filter(seen.is_dark, self._new.nodes):
            row, twin = self._new.nodes[key], seen.before(key)
            before, after = seen.params(key)
            if (
                twin is None
                or row.layer != twin.layer
                or before != after
                or seen.changed_ports(key)
                or (row.layer == _COMPUTED and not seen.same_tensors(key))
            ):
                self._refuse(row.name)
        for key in seen.gone:
            row = seen.base.nodes[key]
            if key not in seen.stands and row.layer != _COMPUTED and not seen.library[row.layer].group:
                self._refuse(row.name)

    def _refuse(self, name: str) -> None:
        stands = set(self._seen.origin.values())
        hidden = [row.name for row in self._old.nodes.values() if row.id not in stands and row.prior]
        of = f" (part of '{hidden[0]}')" if len(hidden) == 1 else ""
        raise RewriteError(
            f"The text changes '{name}'{of}, which the drawing has in another form; edit that on the canvas."
        )

    # --- rows ---------------------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> dict[int, Node]:
        """Every node that the source shows, without wires, in the document's ids."""
        found = {}
        for node in self._new.nodes.values():
            if node.id in self._ids:
                key = self._ids[node.id]
                row = self._old.nodes.get(key)
                found[key] = self._made(node, key) if row is None else self._kept(node, row)
        return found

    def _made(self, node: Node, key: int) -> Node:
        return Node(key, node.layer, node.name, node.params, (), (), self._home(node))

    def _kept(self, node: Node, row: Node) -> Node:
        """The document's row with what the edit changed."""
        twin = self._seen.before(node.id)
        if twin is None:
            return row
        if node.layer != twin.layer or (row.layer != twin.layer and self._means_other(node)):
            row = replace(row, layer=node.layer, params=node.params)
        else:
            row = replace(row, params=self._params(node, row))
        if node.name != twin.name and not self._is_call(node):
            row = replace(row, name=node.name)
        parent = None if node.parent is None else self._seen.twin.get(node.parent)
        if (node.parent is not None and parent is None) or parent != twin.parent:
            row = replace(row, parent=self._home(node))
        return row

    def _means_other(self, node: Node) -> bool:
        before, after = self._seen.params(node.id)
        return before != after

    def _params(self, node: Node, row: Node) -> FrozenDict:
        """Parameters as they were said, except for those that mean something else now."""
        before, after = self._seen.params(node.id)
        if node.layer != row.layer:
            return row.params
        said = dict(row.params)
        for name in {*before, *after}:
            if before.get(name) == after.get(name):
                continue
            if name in node.params:
                said[name] = node.params[name]
            else:
                said.pop(name, None)
        return FrozenDict(said)

    def _home(self, node: Node) -> int | None:
        """The group around a node, past groups that only the source has."""
        parent = node.parent
        while parent is not None and parent not in self._ids:
            parent = self._new.nodes[parent].parent
        return None if parent is None else self._ids[parent]

    @cached_property
    def _gone(self) -> set[int]:
        """What the source no longer has; a group stays as long as something else is in it."""
        found = {self._seen.stands.get(key) for key in self._seen.gone} & self._old.nodes.keys()
        gone = {key for key in found if key is not None} - self._rows.keys()
        for key in self._old.nodes.keys() | self._rows.keys():
            if key in gone:
                continue
            row = self._rows.get(key) or self._old.nodes[key]
            parent = row.parent
            while parent in gone:
                gone.discard(parent)
                parent = self._old.nodes[parent].parent
        return gone

    def _named(self, rows: dict[int, Node], gone: set[int]) -> dict[int, Node]:
        """Rows of all nodes that stay, each with a name that is free in its group."""
        found = {key: row for key, row in self._old.nodes.items() if key not in gone and key not in rows}
        taken: dict[int | None, set[str]] = defaultdict(set)
        later = []
        for key, row in rows.items():
            was = self._old.nodes.get(key)
            if was is not None and (was.parent, was.name) == (row.parent, row.name):
                found[key] = row
            else:
                later.append(row)
        for row in found.values():
            taken[row.parent].add(row.name)
        for row in sorted(later, key=lambda row: row.id in self._made_up):
            name = self._free(row, taken[row.parent])
            taken[row.parent].add(name)
            found[row.id] = replace(row, name=name)
        return dict(sorted(found.items()))

    @cached_property
    def _made_up(self) -> set[int]:
        """New nodes whose names the source does not say."""
        return {self._ids[node.id] for node in self._new.nodes.values()
                if self._ids.get(node.id) in self._fresh and self._is_call(node)}  # fmt: skip

    def _free(self, row: Node, taken: set[str]) -> str:
        made_up = row.id in self._made_up
        stem = self._seen.library[row.layer].prefix if made_up else f"{row.name}_"
        number, found = 0 if made_up else 1, row.name
        while found in taken:
            number += 1
            found = f"{stem}{number}"
        return found

    def _is_call(self, node: Node) -> bool:
        """True for a node whose name the source does not say: it has no weights and is called after its layer."""
        spec = self._seen.library[node.layer]
        rest = node.name.removeprefix(spec.prefix)
        plain = rest != node.name and not rest.strip("_0123456789")
        return plain and not spec.group and not self._seen.has_weights(node.id)

    # --- wires --------------------------------------------------------------------------------------

    def _wires(self, gone: set[int]) -> _Wires:
        """The document's wires with those that the edit changed."""
        wires = _Wires(self._old, gone)
        for key, target in self._ids.items():
            for into, port in self._seen.changed_ports(key).items():
                wires.put(target, into, None if port is None else self._source(key, port))
        return wires

    def _source(self, key: int, port: Port) -> Port:
        if port[0] not in self._ids:
            self._refuse(self._new.nodes[key].name)
        return self._ids[port[0]], port[1]


class _Wires:
    """Node -> input -> what it reads."""

    def __init__(self, old: Tables, gone: set[int]):
        self._old = old
        self._ports: dict[int, dict[int, Port]] = defaultdict(dict)
        for key, row in old.nodes.items():
            for edge in row.prior:
                if key not in gone and edge.source not in gone:
                    self._ports[key][edge.into] = edge.source, edge.out

    def put(self, target: int, into: int, port: Port | None) -> None:
        """Let an input read this."""
        if port is None:
            self._ports[target].pop(into, None)
        else:
            self._ports[target][into] = port

    def prior(self, key: int) -> tuple[Edge, ...]:
        """What a node reads, in the order of its inputs."""
        return tuple(
            Edge(source, out, key, into) for into, (source, out) in sorted(self._ports.get(key, {}).items())
        )

    def next(self, key: int) -> tuple[Edge, ...]:
        """What reads a node; wires that were there stay in their order."""
        row = self._old.nodes.get(key)
        known = {edge: place for place, edge in enumerate(row.next)} if row is not None else {}
        return tuple(sorted(self._readers.get(key, ()), key=lambda edge: known.get(edge, len(known))))

    @cached_property
    def _readers(self) -> dict[int, list[Edge]]:
        found: dict[int, list[Edge]] = defaultdict(list)
        for target in sorted(self._ports):
            for edge in self.prior(target):
                found[edge.source].append(edge)
        return found
