"""Which kinds of layers a tab hides, and which layers these are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sketch.graph.lifting import group_layers

if TYPE_CHECKING:
    from sketch.state.document import Document, Update


MANY = 2000
"""After an edit of more layers than this all are gone through, which is quicker by then."""


class HiddenKinds:
    """`kinds` by rule, and the `ids` of the layers that are of one of them.

    The class of a layer says alone whether it is hidden, so nothing is counted: 10,000 layers are gone through in 1 ms,
    and an edit costs what it changes.
    """

    def __init__(self, document: Document):
        self.kinds: dict[str, frozenset[str]] = {}
        self.ids: frozenset[int] = frozenset()
        self._document = document

    def set(self, kinds: Mapping[str, Iterable[str]]) -> bool:
        """Hide exactly these kinds by rule; True when other layers are hidden then."""
        self.kinds = {key: found for key, names in kinds.items() if (found := frozenset(names))}
        return self._replace(self._found())

    def follow(self, update: Update) -> bool:
        """Take in an edit; True when other layers are hidden then."""
        changed = update.of("nodes")
        if not self.kinds or not changed:
            return False
        if len(changed) > MANY:
            return self._replace(self._found())
        off, rows = self._classes(), ((key, change.after) for key, change in changed.items())
        now = frozenset([key for key, row in rows if row is not None and row.layer in off])
        if now == self.ids.intersection(changed):
            return False  # as with most edits, which are small beside what is hidden
        return self._replace(self.ids.difference(changed) | now)

    def without(self, node_id: int) -> dict[str, frozenset[str]]:
        """The kinds that are hidden, but those of one layer."""
        layer = self._document.tables.nodes[node_id].layer
        own = {"layer": layer, "type": self._document.library[layer].category}
        return {key: names - {own.get(key)} for key, names in self.kinds.items()}

    def _found(self) -> frozenset[int]:
        off = self._classes()
        nodes = self._document.tables.nodes if off else {}
        return frozenset([key for key, node in nodes.items() if node.layer in off])

    def _replace(self, ids: frozenset[int]) -> bool:
        before, self.ids = self.ids, ids
        return before != ids

    def _classes(self) -> frozenset[str]:
        """The classes in use that are hidden; groups never are."""
        tables, library = self._document.tables, self._document.library
        names, categories = (self.kinds.get(key, frozenset()) for key in ("layer", "type"))
        off = {name for name in tables.layers if name in names or library[name].category in categories}
        return frozenset(off - group_layers(tables, library))
