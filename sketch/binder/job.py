"""A job: something slow that runs beside the window, with progress, cancel and one clear line when it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sketch.binder.kernel import BinderError, CancelledJobError, PermissionNeededError
from sketch.binder.process import WorkerProcess

log = logging.getLogger(__name__)


class Job:
    """State is `queued`, `running`, `done`, `failed` or `cancelled`. Callbacks come on the job's own thread."""

    def __init__(self, title: str, body: Callable[[Job], Any]):
        self.title = title
        self.state = "queued"
        self.result: Any = None
        self.error = ""
        self.permission_needed = False
        self.asks: tuple[str, ...] = ()
        self.progress: tuple[float, float, str] = (0.0, 0.0, title)
        self._body = body
        self._on_progress: list[Callable[[float, float, str], None]] = []
        self._on_end: list[Callable[[Job], None]] = []
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._worker: WorkerProcess | None = None
        self._lock = threading.Lock()

    def on_progress(self, receive: Callable[[float, float, str], None]) -> None:
        """Call this with (done, total, text) whenever the job gets on."""
        self._on_progress.append(receive)

    def on_end(self, receive: Callable[[Job], None]) -> None:
        """Call this once when the job ends; at once if it has."""
        with self._lock:
            if not self._ended.is_set():
                self._on_end.append(receive)
                return
        receive(self)

    def start(self) -> Job:
        """Run on a thread of its own."""
        threading.Thread(target=self.run, name=f"job {self.title}", daemon=True).start()
        return self

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called, also when the job was over by then."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop within a second: the worker that is busy with this job is killed."""
        self._cancelled.set()
        with self._lock:
            if self._worker is not None:
                self._worker.kill()

    def wait(self, timeout: float | None = None) -> Job:
        """Block until the job ends (command line and tests; never the window)."""
        self._ended.wait(timeout)
        return self

    def use(self, worker: WorkerProcess, request: Any) -> Any:
        """Call a worker for this job; CancelledJobError when the person cancelled."""
        with self._lock:
            self.check()
            self._worker = worker
        try:
            return worker.call(request, self.report, self.check)
        finally:
            with self._lock:
                self._worker = None
            self.check()

    def check(self) -> None:
        """CancelledJobError when the person cancelled."""
        if self._cancelled.is_set():
            raise CancelledJobError("cancelled")

    def step(self, done: float, total: float, text: str) -> None:
        """As `report`, for work on the job's own thread: CancelledJobError when the person cancelled."""
        self.check()
        self.report(done, total, text)

    def report(self, done: float, total: float, text: str) -> None:
        """Pass progress on."""
        self.progress = (done, total, text)
        for receive in self._on_progress:
            receive(done, total, text)

    def run(self) -> Job:
        """Run here, to the end."""
        self.state = "running"
        try:
            self.result = self._body(self)
            self.state = "done"
        except CancelledJobError:
            self.state, self.error = "cancelled", f"{self.title}: cancelled."
        except PermissionNeededError as error:
            self.state, self.error, self.permission_needed = "failed", str(error), True
            self.asks = error.asks
        except (BinderError, OSError) as error:
            self.state, self.error = "failed", str(error)
        except Exception as error:
            log.exception("job.crashed title=%s", self.title)
            self.state, self.error = "failed", f"{self.title}: {type(error).__name__}: {error}"
        log.info("job.%s title=%s %s", self.state, self.title, self.error)
        with self._lock:
            self._ended.set()
            waiting = list(self._on_end)
            self._forget()
        for receive in waiting:
            receive(self)
        return self

    def _forget(self) -> None:
        """Let go of what the work was done with: who listens knows the job, and the job need not know them."""
        self._body = _over
        self._on_progress, self._on_end = [], []


def _over(_job: Job) -> None:
    """What is left to do when a job is over."""
