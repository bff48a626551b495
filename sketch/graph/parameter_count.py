"""How many trainable elements a network has; a tensor that several weights share counts once."""

from __future__ import annotations

from sketch.graph.evaluate import Resolved
from sketch.graph.tables import Tables


class ParameterCount:
    """`total`, kept up to date node by node."""

    def __init__(self) -> None:
        self.total = 0
        self._uses: dict[object, tuple[int, int]] = {}
        self._of: dict[int, tuple[int, tuple[tuple[object, int], ...]]] = {}
        """Node -> (elements of its own, stored tensors with their elements), for those that have any."""

    def copy(self) -> ParameterCount:
        """The same count, to go on with on its own."""
        twin = ParameterCount()
        twin.total, twin._uses, twin._of = self.total, self._uses.copy(), self._of.copy()
        return twin

    def put(self, tables: Tables, node_id: int, resolved: Resolved) -> None:
        """Count a node as it is now."""
        self.drop(node_id)
        stored = tables.weights_of(node_id)
        own, tied = 0, list[tuple[object, int]]()
        for role, kind in resolved.weights.items():
            if kind is None or not kind.trainable or (count := kind.count) is None:
                continue
            if role in stored and tables.tensors[stored[role]].shape == kind.shape:
                tied.append(((stored[role], kind.shape), count))
            else:  # a tensor of another shape is not used, so it ties nothing
                own += count
        for key, count in tied:
            uses, _ = self._uses.get(key, (0, 0))
            self._uses[key] = (uses + 1, count)
            self.total += 0 if uses else count
        self.total += own
        if own or tied:
            self._of[node_id] = own, tuple(tied)

    def drop(self, node_id: int) -> None:
        """Leave a node out."""
        own, tied = self._of.pop(node_id, (0, ()))
        self.total -= own
        for key, _ in tied:
            uses, count = self._uses[key]
            if uses == 1:
                del self._uses[key]
                self.total -= count
            else:
                self._uses[key] = (uses - 1, count)
