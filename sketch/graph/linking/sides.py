"""Two instances of a link while one edit is being made: which node of one is which node of the other."""

from __future__ import annotations

from sketch.graph.draft import Draft
from sketch.graph.errors import LinkError
from sketch.graph.rows import Edge, Node


class Sides:
    """`here` was edited, `there` is to follow. Members that were there before correspond by their names then."""

    def __init__(self, draft: Draft, here: int, there: int):
        self.draft = draft
        self.here, self.there = here, there
        self._twins: dict[int, int | None] = {here: there}

    def was_inside(self, node_id: int, group: int) -> bool:
        """True for a node that was in a group, at any depth, before the edit."""
        nodes = self.draft.base.nodes
        row = nodes.get(node_id)
        while row is not None and row.parent is not None:
            if row.parent == group:
                return True
            row = nodes.get(row.parent)
        return False

    def is_inside(self, node_id: int, group: int) -> bool:
        """True for a node that is in a group, at any depth, as the draft has it."""
        row: Node | None = self.draft.get("nodes", node_id)
        while row is not None and row.parent is not None:
            if row.parent == group:
                return True
            row = self.draft.get("nodes", row.parent)
        return False

    def stays(self, node_id: int, group: int) -> bool:
        """True for a member that was there before and still is."""
        return self.was_inside(node_id, group) and self.is_inside(node_id, group)

    def twin(self, node_id: int) -> int | None:
        """The node there for one here (or the group itself); None when there is none yet."""
        if self._twins.get(node_id) is None:
            self._twins[node_id] = self._find(node_id)
        return self._twins[node_id]

    def settle(self, node_id: int, twin: int) -> None:
        """Remember a twin that was just made."""
        self._twins[node_id] = twin

    def twin_name(self) -> str:
        """What the other instance is called, for a message."""
        return self._name(self.there)

    def conflict(self, node_id: int) -> LinkError:
        """Two instances were changed in different ways."""
        row: Node = self.draft.get("nodes", node_id) or self.draft.base.nodes[node_id]
        return LinkError(
            f"The edit changes '{row.name}' in '{self._name(self.here)}' and in '{self._name(self.there)}', which are "
            "linked, in different ways; change it in one of them, or unlink them first."
        )

    def edge_at(self, node_id: int, into: int) -> Edge | None:
        """The wire at an input, as the draft has it."""
        row: Node | None = self.draft.get("nodes", node_id)
        return next((edge for edge in row.prior if edge.into == into), None) if row is not None else None

    def _find(self, node_id: int) -> int | None:
        base = self.draft.base
        if self.was_inside(node_id, self.here):
            row = base.nodes[node_id]
            above = None if row.parent is None else self.twin(row.parent)
            return None if above is None else base.named(above, row.name)
        row_now: Node | None = self.draft.get("nodes", node_id)
        if row_now is None or row_now.parent is None:
            return None
        above = self.twin(row_now.parent)
        found = None if above is None else self.draft.named(above, row_now.name)
        return found if found is not None and not self.was_inside(found, self.there) else None

    def _name(self, group: int) -> str:
        row: Node = self.draft.get("nodes", group) or self.draft.base.nodes[group]
        return row.name
