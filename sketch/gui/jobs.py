"""Jobs of the binder as Qt signals: the one place where threads meet the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from sketch.gui.background import short_turns
from sketch.gui.icons import action_icon
from sketch.gui.slices import Walk
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.binder.job import Job

PARTS = 1000
SOON_MS = 100
"""What is over by then is not worth a bar that flashes."""


class Jobs(QObject):
    """The jobs that run. `progressed` and `ended` arrive in the window's thread."""

    progressed = Signal(object, float, float, str)
    ended = Signal(object)
    _progress = Signal(object)
    _end = Signal(object)

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self.running: list[Job] = []
        self._then: dict[int, Callable[[Job], object]] = {}
        self._dropped: dict[int, Callable[[Job], object]] = {}
        self._building: dict[int, Callable[[Job], Iterator[None]]] = {}
        self._walks: list[Walk] = []
        self._told: set[Job] = set()
        """Jobs whose progress is on its way to the window: it will look at what is the newest by then."""
        self._progress.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._end.connect(self._on_end, Qt.ConnectionType.QueuedConnection)

    def follow(
        self,
        job: Job,
        then: Callable[[Job], object],
        dropped: Callable[[Job], object] | None = None,
        building: Callable[[Job], Iterator[None]] | None = None,
    ) -> Job:
        """Show a job's progress and call `then(job)` in the window's thread when it ends.

        Args:
            dropped: is called instead when the window closes first: nobody takes what the job has made by then.
            building: gives steps that come between, in slices; the job counts as running until they are done, and a
                cancel leaves out what is left of them.
        """
        turns = ExitStack()  # until the job ends the window need not wait long for its thread
        turns.enter_context(short_turns())
        job.on_end(lambda _job: turns.close())
        self.running.append(job)
        self._then[id(job)] = then
        if building is not None:
            self._building[id(job)] = building
        if dropped is not None:
            self._dropped[id(job)] = dropped
        self.progressed.emit(job, *job.progress)
        job.on_progress(lambda _done, _total, _text: self._tell(job))
        job.on_end(self._end.emit)
        return job

    def cancel_all(self, seconds: float = 2.0) -> None:
        """Stop every job (the window closes); what they would have called is dropped."""
        self._then.clear()
        for walk in self._walks:
            walk.stop()
        for job in tuple(self.running):
            job.cancel()
        for job in tuple(self.running):
            job.wait(seconds)
            if (dropped := self._dropped.pop(id(job), None)) is not None:
                dropped(job)
        self.running.clear()

    def _tell(self, job: Job) -> None:
        """On the thread of the job."""
        if job not in self._told:
            self._told.add(job)
            self._progress.emit(job)

    def _on_progress(self, job: Job) -> None:
        self._told.discard(job)
        done, total, text = job.progress
        self.progressed.emit(job, float(done), float(total), text)

    def _on_end(self, job: Job) -> None:
        if job not in self.running:
            return
        building = self._building.pop(id(job), None)
        if building is None:
            self._finish(job)
            return
        walk = Walk(self, self._built(job, building(job)), slowly=True)
        self._walks.append(walk)
        walk.ended.connect(lambda: self._walks.remove(walk))
        walk.ended.connect(walk.deleteLater)
        walk.begin()

    def _built(self, job: Job, steps: Iterator[None]) -> Iterator[None]:
        try:
            for _ in steps:
                yield
                if job.is_cancelled or job not in self.running:
                    break
        except Exception:
            self._remove(job)
            if (dropped := self._dropped.pop(id(job), None)) is not None:
                dropped(job)
            raise
        if job in self.running:  # else the window was closed meanwhile
            self._finish(job)

    def _finish(self, job: Job) -> None:
        self._remove(job)
        self._dropped.pop(id(job), None)
        self._then.pop(id(job))(job)

    def _remove(self, job: Job) -> None:
        self.running.remove(job)
        self.ended.emit(job)


class JobBar(QWidget):
    """What runs, how far it is, and a button that cancels it; hidden while nothing runs."""

    def __init__(self, jobs: Jobs, theme: Theme):
        super().__init__()
        self._jobs = jobs
        self.text = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedSize(180, 6)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.cancel = QToolButton()
        self.cancel.setToolTip("Cancel")
        self.cancel.setAccessibleName("Cancel the job")
        self.cancel.clicked.connect(self._cancel)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._appear)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for widget in (self.text, self.bar, self.cancel):
            row.addWidget(widget)
        self.set_theme(theme)
        self.hide()
        jobs.progressed.connect(self._show)
        jobs.ended.connect(self._on_end)

    def set_theme(self, theme: Theme) -> None:
        """Draw the button in the colours of a theme."""
        self.cancel.setIcon(action_icon("cancel", theme))

    def _show(self, job: Job, done: float, total: float, text: str) -> None:
        if job not in self._jobs.running:
            return
        if self.isHidden() and not self._soon.isActive():
            self._soon.start()
        self.text.setText(text if text == job.title else f"{job.title}: {text}")
        self.bar.setRange(0, PARTS if total else 0)
        self.bar.setValue(int(PARTS * done / total) if total else 0)

    def _on_end(self, _job: Job) -> None:
        if self._jobs.running:
            self._show(self._jobs.running[-1], *self._jobs.running[-1].progress)
        else:
            self._soon.stop()
            self.hide()

    def _appear(self) -> None:
        self.setVisible(bool(self._jobs.running))

    def _cancel(self) -> None:
        if self._jobs.running:
            self.text.setText("Cancelling")
            self._jobs.running[-1].cancel()
