"""Edits of very many layers: a command runs on a twin of the document beside the window, which then adopts it whole.

    asides.edit(window, tab, "Delete", lambda document: commands.remove(document, ids), ids=ids)

So does an edit of few layers that the stored weights of many others follow: it is tried here, and nothing has happened
when the document says that it takes long.

The job bar shows progress and cancels; until the job is over nothing has changed. It ends with one short turn of the
window: rows, shapes, the step of the history and the wires of every canvas come in at once, and `then` follows. What
is asked of `edit` meanwhile waits for its turn; any other change of the drawing leaves the result without a use. A
cancel takes what waits with it, and says so, but for what stands for itself (`stays`): a name that was typed, a
bookmark, the answer of a dialog.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sketch.graph.collection import paused_collection
from sketch.graph.errors import GraphError
from sketch.graph.folding import group_of
from sketch.graph.lifting import descendants
from sketch.gui import background
from sketch.gui.long_lived import settle
from sketch.state.codec import CodecError
from sketch.state.document_view import TakesLongError

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.delta import Delta
    from sketch.gui.canvas.levels import KnownLevels
    from sketch.gui.canvas.scene import CanvasScene
    from sketch.gui.canvas.wires import Wiring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document
    from sketch.state.twin import Twin

T = TypeVar("T")
MANY = 200
"""Up to so many layers or places change within a frame."""
_waiting: WeakKeyDictionary[Document, _Queue] = WeakKeyDictionary()
"""A document that a job works for, and what was asked for since it began."""


class _Asked(NamedTuple):
    """An edit that waits for its turn, what follows it in any case, and whether it is done in any case."""

    title: str
    begin: Callable[[], object]
    over: Callable[[], object]
    stays: bool = False


class _Queue(NamedTuple):
    """What waits for a job of this title."""

    title: str
    asked: deque[_Asked]


class _Canvas(NamedTuple):
    """A canvas that shows the document, and how its wires are drawn."""

    scene: CanvasScene
    group: int | None
    badges: bool
    known: KnownLevels | None

    @property
    def is_as_it_was(self) -> bool:
        """False when the person has chosen meanwhile to see badges, or wires in their place."""
        return self.scene.ink.options.badges == self.badges


class _Picture(NamedTuple):
    """A canvas, and its wires as they are after the edit."""

    canvas: _Canvas
    wiring: Wiring


class _Outcome(NamedTuple, Generic[T]):
    """What a command returned, and the canvases as they are after it."""

    result: T
    pictures: list[_Picture]


def are_many(document: Document, ids: Iterable[int]) -> bool:
    """True when these nodes and notes, with all that is in them, are more than change within a frame."""
    ids = list(ids)
    if len(ids) > MANY:
        return True
    inside = chain.from_iterable(descendants(document.tables, key) for key in ids)
    return len(ids) + sum(1 for _ in islice(inside, MANY)) > MANY


def edit(  # noqa: PLR0913 - each way in which an edit ends has its own word
    window: MainWindow,
    tab: CanvasTab,
    title: str,
    act: Callable[[Document], T],
    then: Callable[[T], object] = lambda _result: None,
    *,
    ids: Collection[int] = (),
    many: Callable[[], bool] = lambda: False,
    folds: Callable[[], bool] = lambda: False,
    over: Callable[[], object] = lambda: None,
    refused: Callable[[str], object] | None = None,
    stays: bool = False,
) -> bool:
    """Run a command on the document of a tab and then `then`; False when it was refused here and now.

    Args:
        title: what the job bar says.
        act: the command; it changes the document that it is given and knows of no other.
        then: is given what the command returned, in the window's thread, when the document has the outcome.
        ids: the nodes that it is about, when they may be very many.
        many: asked when it is this edit's turn: True when it is much for another reason. What is not is tried here.
        folds: asked when it is much: True when only what is open and closed will differ.
        over: is called after all that, and after a refusal, a cancel or a result without a use.
        refused: is given the one line of a refusal; left out, the status bar says it.
        stays: it needs nothing of the job that it waits for, and is done as well when that is cancelled.
    """
    document, refuse = tab.document, refused or window.say
    if document in _waiting:
        how: dict[str, Any] = {"ids": ids, "many": many, "folds": folds, "over": over, "refused": refused}
        again = partial(edit, window, tab, title, act, then, stays=stays, **how)
        _wait(window, _waiting[document], _Asked(title, again, over, stays))
        return True
    if not (are_many(document, ids) or many()):
        with suppress(TakesLongError):
            is_done = _try(document, act, then, refuse)
            over()
            return is_done
    _Aside(window, tab, title, folds(), over, refuse).begin(act, then)
    return True


def _wait(window: MainWindow, queue: _Queue, asked: _Asked) -> None:
    """Let an edit wait; of one that stands for itself the person is told, who sees nothing of it yet."""
    queue.asked.append(asked)
    if asked.stays:
        window.say(f"{asked.title} follows when it is over: {queue.title}.", for_now=True)


def _try(
    document: Document,
    act: Callable[[Document], T],
    then: Callable[[T], object],
    refuse: Callable[[str], object],
) -> bool:
    """Do it here and now; TakesLongError when that would stop the window."""
    try:
        with document.briefly():
            result = act(document)
        then(result)
    except (GraphError, CodecError) as error:
        refuse(str(error))
        return False
    return True


def do_what_stays(document: Document) -> None:
    """Do what waits and stands for itself, because the document is about to be closed."""
    queue = _waiting.pop(document, None)
    _begin_all(asked for asked in (queue.asked if queue is not None else ()) if asked.stays)


def _begin_all(waiting: Iterable[_Asked]) -> None:
    """Begin what has waited, in this order; the first that takes long lets the others wait again."""
    with ExitStack() as all_of_them:  # none is lost by an error in one before it
        for asked in reversed(tuple(waiting)):
            all_of_them.callback(asked.begin)


def attach(window: MainWindow, tab: CanvasTab) -> None:
    """Let gestures on a tab's canvas do what takes long beside the window, too."""
    tab.view.aside = partial(edit, window, tab)


class _Aside:
    """One edit that is worked out beside the window."""

    def __init__(
        self,
        window: MainWindow,
        tab: CanvasTab,
        title: str,
        folds: bool,
        over: Callable[[], object],
        refuse: Callable[[str], object],
    ):
        from sketch.state.twin import Twin

        self.over, self._refused = over, refuse
        self._window, self._document, self._title = window, tab.document, title
        with paused_collection():
            self._twin: Callable[[], Twin] = tab.document.later(Twin)  # made on the thread, before all else
            self._canvases = [
                _Canvas(
                    scene,
                    scene.group,
                    scene.ink.options.badges,
                    scene.wiring.known() if folds else None,
                )
                for scene in tab.view.canvases()
            ]
            settle()  # the collector has no need to walk what it will not find free
        self._job: Job | None = None

    def begin(self, act: Callable[[Document], T], then: Callable[[T], object]) -> None:
        """Start the job."""
        _waiting[self._document] = _Queue(self._title, deque())
        self._job = background.run(
            self._window.jobs,
            self._title,
            partial(self._work_out, act),
            partial(self._adopt, then),
            failed=self._refuse,
            still=self._fits,
            dropped=self._drop,
            stopped=lambda: self._leave_out([]),
        )

    def _work_out(self, act: Callable[[Document], T], task: Job) -> _Outcome[T]:
        from sketch.gui.canvas.indexing import prepare
        from sketch.gui.canvas.wires import Wiring

        twin = self._twin()
        pictures: list[_Picture] = []
        task.step(0, 0, self._title)
        twin.task = task
        result = act(twin)
        for canvas in self._canvases if twin.update is not None and _draws_much(twin.update.delta) else ():
            if canvas.group is not None and canvas.group not in twin.tables.nodes:
                continue
            task.step(0, 0, "Drawing wires")
            wiring = Wiring(twin.tables, twin.library, canvas.group, badges=canvas.badges, known=canvas.known)
            task.check()
            prepare(wiring)
            pictures.append(_Picture(canvas, wiring))
        task.check()
        return _Outcome(result, pictures)

    def _fits(self) -> bool:
        twin = self._twin()
        return twin.update is None or twin.fits(self._document)

    def _adopt(self, then: Callable[[T], object], outcome: _Outcome[T]) -> None:
        from sketch.gui.edit_commands import attempt

        twin = self._twin()
        for canvas, wiring in outcome.pictures if twin.update is not None else ():
            if canvas.is_as_it_was and twin.update is not None:
                canvas.scene.expect(twin.update.delta, wiring)
        try:
            with self._window.area.painted_later():  # thousands of new boxes: a turn of its own
                twin.give(self._document)
                attempt(self._window, lambda: then(outcome.result))
        finally:
            settle()
            self._end(outcome.pictures)

    def _drop(self, outcome: _Outcome[T]) -> None:
        """The person cancelled, or something else was done to the drawing, and that stands."""
        is_cancelled = self._job is not None and self._job.is_cancelled
        if not is_cancelled and not self._document.is_closed:
            self._window.say(f"{self._title} was left out: the drawing changed meanwhile.")
        self._leave_out(outcome.pictures)

    def _refuse(self, reason: str) -> None:
        if self._document.is_closed:
            self._leave_out([])
            return
        self._refused(reason)
        self._end([])

    def _leave_out(self, pictures: Sequence[_Picture]) -> None:
        """What waits was asked for after this, and goes with it, but for what stands for itself."""
        _free(self._twin(), pictures)
        waiting = self._pop()
        if self._document.is_closed:
            return
        self.over()
        left = [asked for asked in waiting if not asked.stays]
        for asked in left:
            asked.over()
        if left:
            titles = ", ".join(dict.fromkeys(asked.title for asked in left))
            self._window.say(f"Left out with {self._title}: {titles}.")
        _begin_all(asked for asked in waiting if asked.stays)

    def _end(self, pictures: Sequence[_Picture]) -> None:
        """Let go of what nobody looks at any more, and go on with what waits."""
        _free(self._twin(), pictures)
        self.over()
        _begin_all(self._pop())

    def _pop(self) -> tuple[_Asked, ...]:
        queue = _waiting.pop(self._document, None)
        return () if queue is None else tuple(queue.asked)


def _draws_much(delta: Delta) -> bool:
    """True when a canvas cannot follow within a frame: of weights, of which there may be thousands, it shows none."""
    drawn = [change.key for change in delta if change.table in ("nodes", "places", "notes")]
    rows = (change.key for change in delta if change.table == "meta")
    return len(drawn) > MANY or any(group_of(row) is not None for row in rows)


def _free(twin: Twin, pictures: Sequence[_Picture]) -> None:
    """Free all this on a thread: counts of references do, as soon as the circles in it are untied."""
    from sketch.gui.canvas.indexing import drop

    wirings = [wiring for _, wiring in pictures]  # a canvas must not be freed there

    def free() -> None:
        with background.short_turns():
            for wiring in wirings:
                drop(wiring)
                wiring.let_go()
            vars(twin).clear()

    threading.Thread(target=free, name="let go", daemon=True).start()
