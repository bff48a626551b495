"""Everything that was done, as a tree of checkpoints: undo never throws a branch away."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from sketch.graph.delta import Delta, compose, inverse
from sketch.graph.errors import GraphError

ROOT = 0
"""The sequence of the state a document began with; it has no checkpoint of its own."""


class UnknownCheckpointError(GraphError):
    """The history has no checkpoint of this number."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One finished edit (the paper's checkpoint). `parent` is the checkpoint it was made on; `when` is Unix time."""

    sequence: int
    parent: int
    label: str
    delta: Delta
    merge_key: Hashable | None = None
    when: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history panel. `is_on_path`: the edit is in the present state; `parent`: what it was made on."""

    sequence: int
    label: str
    when: float
    is_current: bool
    is_on_path: bool
    parent: int | None = None


class History:
    """The tree of checkpoints, the cursor in it, and the mark of the last save."""

    def __init__(self, label: str = "Start", when: float | None = None):
        self.label = label
        self.when = time.time() if when is None else when
        self.cursor = ROOT
        self.saved: int | None = ROOT
        self._checkpoints: dict[int, Checkpoint] = {}
        self._ahead: dict[int, int] = {}
        self._open_key: Hashable | None = None
        self._next = ROOT + 1

    def __len__(self) -> int:
        return len(self._checkpoints)

    def __getitem__(self, sequence: int) -> Checkpoint:
        try:
            return self._checkpoints[sequence]
        except KeyError:
            raise UnknownCheckpointError(f"The history has no step {sequence}.") from None

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All checkpoints, oldest first."""
        return tuple(self._checkpoints.values())

    @property
    def undo_step(self) -> Checkpoint | None:
        """The checkpoint that undo would take back."""
        return self._checkpoints.get(self.cursor)

    @property
    def redo_step(self) -> Checkpoint | None:
        """The checkpoint that redo would do again: the newest branch, or the one that was walked last."""
        return self._checkpoints.get(self._ahead.get(self.cursor, ROOT))

    def merges(self, merge_key: Hashable | None) -> bool:
        """True when an edit with this key continues the checkpoint at the cursor."""
        return merge_key is not None and merge_key == self._open_key and self.cursor != self.saved

    def push(
        self, label: str, delta: Delta, merge_key: Hashable | None = None, when: float | None = None
    ) -> Checkpoint:
        """Add a checkpoint below the cursor and go there."""
        moment = time.time() if when is None else when
        made = Checkpoint(self._next, self.cursor, label, delta, merge_key, moment)
        self._next += 1
        self._checkpoints[made.sequence] = made
        self._ahead[self.cursor] = made.sequence
        self.cursor = made.sequence
        self._open_key = merge_key
        return made

    def merge(self, label: str, delta: Delta, when: float | None = None) -> Checkpoint:
        """Compose a delta into the checkpoint at the cursor (one gesture, one step)."""
        moment = time.time() if when is None else when
        last = self[self.cursor]
        merged = replace(last, label=label, delta=compose(last.delta, delta), when=moment)
        self._checkpoints[last.sequence] = merged
        return merged

    def copy(self) -> History:
        """The same tree as it is now; later edits do not touch it."""
        twin = History(self.label, self.when)
        twin.cursor, twin.saved = self.cursor, self.saved
        twin._checkpoints, twin._ahead = dict(self._checkpoints), dict(self._ahead)
        twin._open_key, twin._next = self._open_key, self._next
        return twin

    def close_gesture(self) -> None:
        """Let the next edit make a checkpoint of its own, whatever its key."""
        self._open_key = None

    def delta_to(self, goal: int) -> Delta:
        """The Delta that takes the present state to a checkpoint (0: the beginning); undo and redo cost one step."""
        up, down = self._route(goal)
        steps = [inverse(self._checkpoints[n].delta) for n in up] + [self._checkpoints[n].delta for n in down]
        return steps[0] if len(steps) == 1 else compose(*steps)

    def move_to(self, goal: int) -> None:
        """Put the cursor on a checkpoint."""
        for sequence in self._route(goal)[1]:
            self._ahead[self._checkpoints[sequence].parent] = sequence
        self.cursor = goal
        self._open_key = None

    def path(self, goal: int) -> list[int]:
        """Sequences from the first edit to `goal`; empty for the beginning."""
        found: list[int] = []
        while goal != ROOT:
            found.append(goal)
            goal = self[goal].parent
        found.reverse()
        return found

    def entries(self) -> list[Entry]:
        """Lines for the history panel, oldest first; the first one is the beginning."""
        on_path = set(self.path(self.cursor))
        first = Entry(ROOT, self.label, self.when, self.cursor == ROOT, True)
        return [first] + [
            Entry(c.sequence, c.label, c.when, c.sequence == self.cursor, c.sequence in on_path, c.parent)
            for c in self._checkpoints.values()
        ]

    def restore(self, checkpoints: Iterable[Checkpoint], cursor: int, saved: int | None) -> None:
        """Take over a stored tree; UnknownCheckpointError when a parent, the cursor or the order is wrong."""
        for checkpoint in checkpoints:
            known = checkpoint.parent == ROOT or checkpoint.parent in self._checkpoints
            if checkpoint.sequence < self._next or not known:
                raise UnknownCheckpointError(f"The history is out of order at step {checkpoint.sequence}.")
            self._checkpoints[checkpoint.sequence] = checkpoint
            self._ahead[checkpoint.parent] = checkpoint.sequence
            self._next = checkpoint.sequence + 1
        for sequence in self.path(cursor):
            self._ahead[self._checkpoints[sequence].parent] = sequence
        self.cursor, self.saved = cursor, saved

    def _route(self, goal: int) -> tuple[list[int], list[int]]:
        """(checkpoints to take back, checkpoints to do) in order; cost is the distance, as a parent is always older."""
        here, there = self.cursor, goal
        up: list[int] = []
        down: list[int] = []
        while here != there:
            if here > there:
                up.append(here)
                here = self[here].parent
            else:
                down.append(there)
                there = self[there].parent
        return up, down[::-1]
