"""Python that takes long, on a thread beside the window: progress and cancel in the job bar, the result in the window.

    def body(task: Job) -> Places:              # on the thread: reads what it was given, no widgets, no live document
        return arrange(rows, group, library, task)

    background.run(window.jobs, "Arrange", body, then, still=background.unchanged(document))

`body` calls `task.step(done, total, text)` now and then: that reports, lets the window paint, and raises
CancelledJobError when the person cancelled. It works on frozen rows: `background.rows(document)` gives a copy.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sketch.graph.collection import paused_collection
from sketch.graph.stopping import asked_by

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.network import Network
    from sketch.graph.tables import Tables
    from sketch.gui.jobs import Jobs
    from sketch.state.document import Document
    from sketch.state.twin import Twin

T = TypeVar("T")
FEW = 600
"""Up to this many nodes the work is over before anybody sees it: it may as well be done at once."""
TURN_SECONDS = 0.0005
"""How long the thread keeps the interpreter while the window waits for it (the usual 5 ms is a third of a frame)."""
USUAL_SECONDS = sys.getswitchinterval()


def run(  # noqa: PLR0913 - each way in which a job ends has its own word
    jobs: Jobs,
    title: str,
    body: Callable[[Job], T],
    then: Callable[[T], object],
    *,
    failed: Callable[[str], object] = lambda _reason: None,
    still: Callable[[], bool] = lambda: True,
    dropped: Callable[[T], object] = lambda _result: None,
    stopped: Callable[[], object] = lambda: None,
    building: Callable[[T], Iterator[None]] | None = None,
    at_once: bool = False,
) -> Job:
    """Run `body` beside the window and give its result to `then` in the window's thread; the job bar says `title`.

    Args:
        failed: is given the one line of an error; left out, the line goes to the log alone.
        still: asked before `then`; when False the result goes to `dropped`, as after a cancel or a closed window.
        stopped: is called when the person cancelled.
        building: gives steps of the window that come before `then`, each in a turn of its own; a cancel leaves out
            what is left of them.
        at_once: run `body` here and now, for what is small (see `FEW`); nothing is built before `then`.
    """
    from sketch.binder.job import Job

    ending = _Ending(then, failed, still, dropped, stopped, building)
    job = Job(title, lambda task: _quietly(body, task))
    if at_once:
        ending.end(job.run())
    else:
        jobs.follow(job, ending.end, ending.drop, None if building is None else ending.build)
        job.start()
    return job


@dataclass(frozen=True)
class _Ending(Generic[T]):
    """What is to be done in the window when a job is over; the names are those of `run`."""

    then: Callable[[T], object]
    failed: Callable[[str], object]
    still: Callable[[], bool]
    dropped: Callable[[T], object]
    stopped: Callable[[], object]
    building: Callable[[T], Iterator[None]] | None

    def build(self, job: Job) -> Iterator[None]:
        if self.building is not None and self._is_wanted(job):
            yield from self.building(job.result)

    def end(self, job: Job) -> None:
        wanted, result = self._is_wanted(job), job.result
        job.result = None
        if wanted:
            self.then(result)
        elif job.state == "done":
            self.dropped(result)
        elif job.state == "failed":
            self.failed(job.error)
        if job.is_cancelled:
            self.stopped()

    def drop(self, job: Job) -> None:
        if job.state == "done":
            self.dropped(job.result)

    def _is_wanted(self, job: Job) -> bool:
        return job.state == "done" and not job.is_cancelled and self.still()


def unchanged(document: Document) -> Callable[[], bool]:
    """A question that answers True as long as the document is open and nothing in it has changed since now."""
    turn = document.turn
    return lambda: document.turn == turn and not document.is_closed


def rows(document: Document) -> Tables:
    """The rows of this moment, for a thread: later edits do not touch them. 1 ms at 10,000 nodes."""
    return document.tables.copy()


def frozen(document: Document) -> Callable[[], Network]:
    """What a document is now, as a network that is made where the result is called: on the thread of a job.

    Later edits do not touch it. The network of 10,000 nodes takes 0.1 s.
    """
    taken = document.later(type(document).snapshot)

    def made() -> Network:
        with paused_collection(), short_turns():
            return taken().network()

    return made


def lent(document: Document) -> Callable[[], AbstractContextManager[Twin]]:
    """What a document is now, for a command that only reads on the thread of a job; freed there when given back."""
    from sketch.state.twin import Twin

    make = document.later(Twin)

    @contextmanager
    def lend() -> Iterator[Twin]:
        twin = make()
        try:
            yield twin
        finally:
            vars(twin).clear()

    return lend


def _quietly(body: Callable[[Job], T], task: Job) -> T:
    from sketch.binder.kernel import BinderError

    try:
        with paused_collection(), short_turns(), asked_by(task.check):
            return body(task)
    except Exception as error:
        from sketch.graph.errors import GraphError
        from sketch.state.codec import CodecError
        from sketch.state.document_file import DocumentFileError
        from sketch.state.journal_file import JournalError

        if not isinstance(error, (GraphError, CodecError, DocumentFileError, JournalError)):
            raise
        raise BinderError(str(error)) from error


_lock = threading.Lock()
_running: list[None] = []


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads change places often inside, so that the window waits no longer than a fraction of a frame."""
    with _lock:
        _running.append(None)
        sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _running.pop()
            if not _running:
                sys.setswitchinterval(USUAL_SECONDS)
