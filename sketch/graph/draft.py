"""Graph verbs over an unchanged base. A Draft collects rows and may refuse; the Delta falls out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sketch.graph.draft_wires import DraftWires
from sketch.graph.errors import NamingError
from sketch.graph.folding import set_open
from sketch.graph.freezing import set_frozen
from sketch.graph.lifting import set_wired
from sketch.graph.linking.rows import set_link
from sketch.graph.ports import set_ports
from sketch.graph.rows import Node, Place

MAX_NAME = 4096


class Draft(DraftWires):
    """One edit in the making."""

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
        clean = self.clean_params(spec, params or {})
        node_id = self.new_id()
        if name is None:
            name = self.fresh_name(parent, spec.prefix)
        self._check_name(parent, name, node_id)
        self.put("nodes", node_id, Node(node_id, spec.name, name, clean, parent=parent))
        self.put("places", node_id, Place(*place))
        return node_id

    def remove(self, node_ids: Iterable[int]) -> None:
        """Remove nodes and notes with their wires, places and weights; a group takes its members along."""
        for node_id in self.with_members(node_ids):
            if self.get("notes", node_id) is not None:
                self.put("notes", node_id, None)
                self.put("places", node_id, None)
                continue
            while prior := self.node(node_id).prior:
                self.disconnect(prior[-1])
            while following := self.node(node_id).next:  # read anew: a cut may shift the wires beside it
                self.disconnect(following[-1])
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

    def drop_rows(self, node_id: int) -> None:
        """Remove a node's own rows (its wires must be gone)."""
        for out in self.base.hints_of(node_id):
            self.put("hints", (node_id, out), None)
        for role in self.base.weights_of(node_id):
            self.put("weights", (node_id, role), None)
        for table, key in self._attached.get(node_id, ()):
            self._rows[table, key] = None
        set_frozen(self, node_id, ())
        set_open(self, node_id, False)
        set_link(self, node_id, None)
        set_ports(self, node_id, (), ())
        set_wired(self, node_id, False)
        self.put("places", node_id, None)
        self.put("nodes", node_id, None)

    def with_members(self, node_ids: Iterable[int]) -> list[int]:
        """These ids and everything inside them, members before their group."""
        found: dict[int, None] = {}
        for node_id in node_ids:
            if node_id in found:
                continue
            if self.get("notes", node_id) is None and self.spec(node_id).group:
                inside = [*self.members(node_id), *self.notes_in(node_id)]
                found.update(dict.fromkeys(self.with_members(inside)))
            found[node_id] = None
        return list(found)

    def _check_name(self, parent: int | None, name: str, node_id: int) -> None:
        if not name or len(name) > MAX_NAME or any(ord(char) < 32 for char in name):
            raise NamingError("A name needs 1 to 4096 printable characters.")
        if self.named(parent, name) not in (None, node_id):
            raise NamingError(f"The name '{name}' is taken here; choose another.")
