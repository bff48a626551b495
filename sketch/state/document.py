"""The document: rows, history, journal and inference behind one door, so that nothing changes by another way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

from sketch.graph.delta import Change, Delta, compose, inverse
from sketch.graph.draft import Draft
from sketch.graph.infer import Inferred, concerns
from sketch.graph.library import LayerLibrary
from sketch.graph.recipes import KEEP
from sketch.graph.tables import whole
from sketch.state.document_view import FOLLOW, DocumentView, TakesLongError, Update
from sketch.state.history import History
from sketch.state.journal import Journal, Recovery
from sketch.state.later import settle
from sketch.state.records import Record, beginning
from sketch.state.resizing import follow_shapes
from sketch.state.store import Store

__all__ = ["FOLLOW", "Document", "TakesLongError", "Update"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Document(DocumentView):
    """One network being drawn. Read its parts freely; change it only through `edit` and its neighbours.

    Args:
        library: the layers there are.
        store: where the tensors are.
        folder: where the journal is (made when missing; an old one is replayed); None keeps no journal.
        path: the `.sketch` file this document was read from or saved to.
    """

    def __init__(
        self,
        library: LayerLibrary,
        *,
        store: Store,
        folder: Path | None,
        name: str = "untitled",
        path: Path | None = None,
    ):
        super().__init__(library, store, name)
        self.folder = folder
        self.path = path
        self.recovery = Recovery()
        self.resizing = KEEP
        """What becomes of a stored weight whose layer changes its shape: one of `recipes.RESIZING`."""
        self._is_noted = False
        self._settings: dict[str, Any] = {}
        self._journal = Journal(folder) if folder is not None else None
        if self._journal is not None:
            self._restore(self._journal)

    # --- changing ----------------------------------------------------------------------------------

    def edit(self, label: str, edit: Callable[[Draft], T], merge_key: Hashable | None = None) -> T:
        """Run one user action on a Draft and make it a step of the history.

        A refusal (GraphError) passes through and nothing has changed. An edit with the merge_key of the step
        before joins that step. RuntimeError when a subscriber tries to edit.
        """
        with self._changing():
            draft = Draft(self.tables, self.library, self.inference.order.rank)
            result = edit(draft)
            if self.tables.has_links:
                from sketch.graph.linking.mirror import follow_links  # most documents have none

                follow_links(draft)
            delta = draft.delta()
            if delta:
                self._publish(self._apply(delta, "edit", label, self._step(label, merge_key)))
        return result

    def undo(self) -> str | None:
        """Take the last step back; its label, or None when there is none."""
        step = self.history.undo_step
        return None if step is None else self._move(step.parent, "undo", step.label)

    def redo(self) -> str | None:
        """Do the step again that was taken back; its label, or None when there is none."""
        step = self.history.redo_step
        return None if step is None else self._move(step.sequence, "redo", step.label)

    def jump(self, sequence: int) -> None:
        """Go to any checkpoint of the history, 0 for its beginning; UnknownCheckpointError when there is none."""
        label = self.history[sequence].label if sequence else self.history.label
        self._move(sequence, "jump", label)

    def load(self, delta: Delta, label: str, history: History | None = None) -> None:
        """Take rows in (opening, importing) as the new beginning, or with the history that a file kept."""
        begun = history or History(label)

        def step(change: Delta) -> Record:
            self.history = begun
            return beginning(change, begun)

        with self._changing():
            self._publish(self._apply(delta, "load", label, step))

    @property
    def journal(self) -> Journal | None:
        """The journal, None for a document that lives in memory only. `journal.failing` is the reason it lags."""
        return self._journal

    @property
    def kernel(self) -> str:
        """The name of the kernel chosen for this document."""
        return str(self._settings.get("kernel", "pytorch"))

    @kernel.setter
    def kernel(self, name: str) -> None:
        self._settings["kernel"] = name
        self._note_settings()

    # --- file --------------------------------------------------------------------------------------

    def mark_saved(self, path: Path | None = None, cursor: int | None = None) -> None:
        """Remember that the state at `cursor` (default: the present one) is in the file `path` (the one it has)."""
        if path is not None:
            self.path, self.name = path, path.stem
        self.history.saved = self.history.cursor if cursor is None else cursor
        self.history.close_gesture()
        self._settings["stamp"] = _stamp(self.path)
        self._record(Record("saved", sequence=self.history.saved))
        self._note_settings()

    def changed_outside(self) -> bool:
        """True when the file is gone or has another size or time than when it was opened or saved."""
        return self.path is not None and self._settings.get("stamp") != _stamp(self.path)

    def close(self, *, forget: bool = False, wait: bool = True) -> None:
        """Write what is pending (with `forget`, drop it) and let go of the journal; no edit after that.

        `wait` False: the journal does so on a thread.
        """
        settle(self._pending)  # the rows of a closed document are let go
        self.is_closed = True
        if self._journal is not None:
            self._journal.close(forget=forget, wait=wait)

    # --- inside ------------------------------------------------------------------------------------

    def _step(self, label: str, merge_key: Hashable | None) -> Callable[[Delta], Record]:
        def push(delta: Delta) -> Record:
            if self.history.merges(merge_key):
                made = self.history.merge(label, delta)
                return Record("merge", label, delta, made.when)
            made = self.history.push(label, delta, merge_key)
            return Record("edit", label, delta, made.when)

        return push

    def _move(self, goal: int, cause: str, label: str) -> str:
        def step(_: Delta) -> Record:
            self.history.move_to(goal)
            return Record("move", sequence=goal)

        with self._changing():
            self._publish(self._apply(self.history.delta_to(goal), cause, label, step))
        return label

    def _apply(self, delta: Delta, cause: str, label: str, step: Callable[[Delta], Record]) -> Update:
        """Rows, inference, history and journal in turn; all or nothing."""
        how = self.resizing if cause == "edit" and self.tables.weights and any(map(concerns, delta)) else ""
        most = self.at_once if not how or self._brief_turn == self.turn else None
        is_brief = bool(how) and most is not None
        if is_brief and self.inference.is_behind:
            raise TakesLongError
        turns = self.turn, self.order_turn
        self.turn += 1
        if any(change.table == "nodes" and _orders(change) for change in delta):
            self.order_turn = self.turn
        self.tables.apply(delta)
        try:
            inferred = self.inference.follow(self.tables, delta, most)
            if is_brief and self.inference.is_behind:
                raise TakesLongError
            more, resized = follow_shapes(self, inferred.changed, how, is_brief=is_brief) if how else ((), ())
            if more:
                self.tables.apply(more)
                delta = compose(delta, more)
                inferred = _both(inferred, self.inference.follow(self.tables, more))
        except TakesLongError:
            self.tables.apply(inverse(delta))
            self.inference.follow(self.tables, inverse(delta))  # as far as it came, which is not far
            self.turn, self.order_turn = turns
            raise
        except BaseException:
            self.tables.apply(inverse(delta))
            self.inference.restart(self.tables)
            raise
        self._problems = None
        self._record(step(delta))
        _log.info("document.%s name=%s label=%s rows=%d", cause, self.name, label, len(delta))
        return Update(delta, inferred, cause, label, resized)

    def _record(self, record: Record) -> None:
        if self._journal is not None:
            if not self._is_noted:
                self._note_settings()
            self._journal.append(record)

    def _note_settings(self) -> None:
        if self._journal is not None:
            self._is_noted = True
            path = None if self.path is None else str(self.path)
            self._journal.set_value("document", {**self._settings, "name": self.name, "path": path})

    def _restore(self, journal: Journal) -> None:
        kept: dict[str, Any] = journal.value("document") or {}
        self.name = kept.pop("name", self.name)
        path = kept.pop("path", None)
        self.path = Path(path) if path else self.path
        self.history.when = float(kept.get("begun", self.history.when))
        self._settings = {"stamp": _stamp(self.path), "begun": self.history.when, **kept}
        self.recovery = journal.replay(self.tables, self.history)
        if self.tables.meta or self.tables.nodes:
            self.inference.follow(self.tables, whole(self.tables))


def _orders(change: Change) -> bool:
    """True for a change of a node that may change the order of the nodes."""
    before, after = change.before, change.after
    return before is None or after is None or before.prior != after.prior or before.layer != after.layer


def _both(first: Inferred, second: Inferred) -> Inferred:
    return Inferred(first.changed | second.changed, first.removed | second.removed)


def _stamp(path: Path | None) -> list[int] | None:
    """[size, time of change in ns] of a file, None when there is none."""
    try:
        stat = path.stat() if path is not None else None
    except OSError:
        return None
    return None if stat is None else [stat.st_size, stat.st_mtime_ns]
