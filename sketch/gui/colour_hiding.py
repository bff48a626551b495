"""Which kinds of layers a tab hides, and which layers these are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sketch.graph.colouring import Colouring
    from sketch.state.document import Update

MANY = 2000
"""An edit of more rows than this is counted anew."""


class HiddenKinds:
    """`kinds` by rule, and the `ids` of the layers that are of one of them. `count_by` counts under a rule."""

    def __init__(self, count_by: Callable[[str], Colouring]):
        self.kinds: dict[str, frozenset[str]] = {}
        self.ids: frozenset[int] = frozenset()
        self.counted: dict[str, Colouring] = {}
        self._count_by = count_by

    def set(self, kinds: Mapping[str, Iterable[str]]) -> bool:
        """Hide exactly these kinds by rule; True when other layers are hidden then."""
        self.kinds = {key: found for key, names in kinds.items() if (found := frozenset(names))}
        self.counted = {key: self._count_by(key) for key in self.kinds}
        return self._find()

    def follow(self, update: Update, followed: Colouring | None) -> bool:
        """Take in an edit (`followed` has done so already); True when other layers are hidden then."""
        for colouring in self.counted.values():
            if colouring is not followed:
                note(colouring, update)
                colouring.finish()
        return bool(update.of("nodes")) and self._find()

    def without(self, node_id: int) -> dict[str, frozenset[str]]:
        """The kinds that are hidden, but those of one layer."""
        return {key: names - {self.counted[key].kind_of(node_id)} for key, names in self.kinds.items()}

    def _find(self) -> bool:
        before = self.ids
        rows = ((self.counted[key], name) for key, names in self.kinds.items() for name in names)
        self.ids = frozenset().union(*(colouring.of_kind(name) for colouring, name in rows))
        return before != self.ids


def note(colouring: Colouring, update: Update) -> None:
    """Let a colouring know of an edit, which it has yet to take in."""
    if len(update.delta) > MANY:
        colouring.note_all()
    else:
        colouring.note(update.delta, update.inferred.changed)
