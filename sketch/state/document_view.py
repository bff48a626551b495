"""The readable side of a document: what it holds, what can be undone, what is wrong with it, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sketch.graph.checks import graph_problems
from sketch.graph.collection import paused_collection
from sketch.graph.delta import TABLES, Change, Delta
from sketch.graph.errors import StaleDeltaError
from sketch.graph.infer import Inference, Inferred
from sketch.graph.library import LayerLibrary
from sketch.graph.problems import Problem
from sketch.graph.tables import Tables
from sketch.state.history import Checkpoint, History
from sketch.state.later import Later, settle
from sketch.state.store import Store
from sketch.state.weight_changes import WeightChange

if TYPE_CHECKING:
    from sketch.graph.arrange import Task
    from sketch.graph.network import Network

T = TypeVar("T")
FOLLOW = "follow"
"""The cause of an Update whose Delta is empty: more layers have the shapes that follow from an edit before it."""


@dataclass(frozen=True, slots=True)
class Update:
    """What subscribers get once for every change. `cause` is edit, undo, redo, jump, load or FOLLOW.

    `resized` tells which stored weights followed the shapes of their layers.
    """

    delta: Delta
    inferred: Inferred
    cause: str
    label: str
    resized: tuple[WeightChange, ...] = ()
    _rows: dict[str, dict[Any, Change]] = field(init=False, repr=False, compare=False)
    _back: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows: dict[str, dict[Any, Change]] = {name: {} for name in TABLES}
        for change in self.delta:
            rows[change.table][change.key] = change
        object.__setattr__(self, "_rows", rows)  # once, where the Update is made, and not by each subscriber
        object.__setattr__(self, "_back", self._brought_back())

    def of(self, table: str) -> Mapping[Any, Change]:
        """What changed in one table, by key."""
        return self._rows[table]

    def brought_back(self) -> list[int]:
        """The nodes and notes that an undo or redo brought, those inside others of them left out."""
        return self._back

    def _brought_back(self) -> list[int]:
        if self.cause not in {"undo", "redo"}:
            return []
        rows = (*self.of("nodes").values(), *self.of("notes").values())
        made = {change.key: change.after for change in rows if change.before is None}
        return [key for key, row in made.items() if row.parent not in made]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a document was at one moment, for a thread: later edits do not touch it. `turn` is that of the document."""

    name: str
    tables: Tables
    inference: Inference
    store: Store
    turn: int

    def network(self, name: str | None = None) -> Network:
        """The frozen network, for a kernel; O(n)."""
        from sketch.graph.network import freeze_network  # not needed for the first paint

        found = graph_problems(self.tables, self.inference)
        return freeze_network(
            self.tables, self.inference, name=name or self.name, store=self.store, problems=found
        )


class TakesLongError(Exception):
    """An edit that stored weights of very many layers may follow: nothing happened; a twin can do it beside."""


class DocumentView:
    """Rows, history and inference of a document; `Document` is the only one that changes them."""

    def __init__(self, library: LayerLibrary, store: Store, name: str):
        self.library = library
        self.store = store
        self.name = name
        self.tables = Tables()
        self.history = History()
        self.inference = Inference(library)
        self.task: Task | None = None
        """The job that works with this document, which `report` tells; the window's documents have none."""
        self.turn = 0
        """How many changes this document has taken: what was worked out beside the window belongs to one of them."""
        self.at_once: int | None = None
        """About so many layers have new shapes when a change is told, the others by `go_on`; None: all of them.

        Whoever asks for a shape gets the right one in any case (`inference.seen` is for who paints meanwhile).
        """
        self.order_turn = 0
        """The turn at which nodes came or went, or wires changed, last: until the next one their order stands."""
        self.is_closed = False
        self._busy = False
        self._begun = 0
        """How many changes were begun, those that were refused or have no row included."""
        self._brief_turn: int | None = None
        self._pending: list[Later[Any]] = []
        self._subscribers: list[Callable[[Update], None]] = []
        self._problems: tuple[Problem, ...] | None = None

    @property
    def is_modified(self) -> bool:
        """True when the present state is not the one last saved."""
        return self.history.cursor != self.history.saved

    @property
    def can_undo(self) -> bool:
        """True when there is a step to take back."""
        return self.history.undo_step is not None

    @property
    def can_redo(self) -> bool:
        """True when there is a step to do again."""
        return self.history.redo_step is not None

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return _label(self.history.undo_step)

    @property
    def redo_label(self) -> str | None:
        """What redo would do."""
        return _label(self.history.redo_step)

    def report(self, done: float, total: float, text: str) -> None:
        """A command that takes long says how far it is; the job it runs in may raise to stop it."""
        if self.task is not None:
            self.task.step(done, total, text)

    def snapshot(self) -> Snapshot:
        """What there is now; up to 20 ms at 10,000 nodes, mostly for new memory."""
        rows = self.tables.copy()
        return Snapshot(self.name, rows, self.inference.copy(rows), self.store, self.turn)

    def snapshot_beside(self) -> Callable[[], Snapshot | None]:
        """What there is now, copied where the result is called: on a thread, which nobody has to wait for.

        It gives None when the document changed, or was closed, before the copy was made.
        """
        begun, turn, tables, inference = self._begun, self.turn, self.tables, self.inference

        def taken() -> Snapshot | None:
            if inference.is_behind:  # who asks for a shape makes it walk on meanwhile
                return None
            try:
                rows = tables.copy()
                made = Snapshot(self.name, rows, inference.copy(rows), self.store, turn)
            except RuntimeError:  # a table changed its size while it was walked
                return None
            return None if self._begun != begun or self.is_closed else made

        return taken

    def later(self, make: Callable[[Any], T]) -> Callable[[], T]:
        """What `make` copies of this moment, where the result is called: on a thread, which nobody has to wait for.

        A change that comes before makes the copy first. `make` reads the rows, shapes and history and nothing else.
        """
        if self.inference.is_behind:  # who asks for a shape makes it walk on meanwhile
            made = make(self)
            return lambda: made

        def copied() -> T:
            with suppress(RuntimeError):  # a reader kept something that it worked out of a table being walked
                return make(self)
            return make(self)

        return Later(copied, self._pending)

    def network(self, name: str | None = None) -> Network:
        """The frozen picture of this moment, for a kernel; O(n)."""
        return self.snapshot().network(name)

    def problems(self) -> tuple[Problem, ...]:
        """All problems of the nodes, then those of the graph; worked out once a state."""
        if self._problems is None:
            self._problems = (*self.inference.problems(), *graph_problems(self.tables, self.inference))
        return self._problems

    @property
    def known_problems(self) -> tuple[Problem, ...] | None:
        """The problems when they have been worked out for this state, else None."""
        return self._problems

    def take_problems(self, turn: int, problems: tuple[Problem, ...]) -> None:
        """Take what was worked out beside the window from a snapshot of this `turn`; one of before is dropped."""
        if turn == self.turn:
            self._problems = problems

    def subscribe(self, listener: Callable[[Update], None]) -> Callable[[], None]:
        """Call `listener` after each change, in the order of subscription; the result ends that."""
        self._subscribers.append(listener)

        def unsubscribe() -> None:
            if listener in self._subscribers:
                self._subscribers.remove(listener)

        return unsubscribe

    def go_on(self, is_enough: Callable[[], bool]) -> None:
        """Let more layers have the shapes that follow from the last change and tell, while `inference.is_behind`."""
        with self._changing():
            self._publish(Update((), self.inference.advance(is_enough), FOLLOW, ""))

    @contextmanager
    def briefly(self) -> Iterator[None]:
        """Inside, TakesLongError refuses an edit that more than `at_once` layers follow while weights are stored.

        Their weights follow in the same step, which a person would have to wait for. An edit behind another is done
        in any case, so that what is refused has not happened in part.
        """
        self._brief_turn = self.turn
        try:
            yield
        finally:
            self._brief_turn = None

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change at a time; the collector does not walk the rows that it makes."""
        self._refuse_re_entry()
        settle(self._pending)
        self._busy = True
        self._begun += 1
        try:
            with paused_collection():
                yield
        finally:
            self._busy = False

    def _refuse_re_entry(self) -> None:
        if self.is_closed:
            raise StaleDeltaError("The drawing was closed; Ctrl+Shift+T opens it again.")
        if self._busy:
            raise RuntimeError("A subscriber tried to change the document while it was changing.")

    def _publish(self, update: Update) -> None:
        """Tell everybody; one listener's error does not keep the others in the dark."""
        errors: list[Exception] = []
        for listener in tuple(self._subscribers):
            try:
                listener(update)
            except Exception as error:  # noqa: BLE001 - raised again below, when all have been told
                errors.append(error)
        if errors:
            raise errors[0]


def _label(step: Checkpoint | None) -> str | None:
    return None if step is None else step.label
