"""Measures stored weights in a job, once a tensor; what was measured is kept by digest as long as the window lives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sketch.graph.colour_rules import WeightSums, digests_of

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.rows import TensorRow
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

log = logging.getLogger(__name__)
TITLE = "Measure the weights"


class WeightsMeter:
    """The sums of tensors by digest, for all tabs of a window."""

    def __init__(self, window: MainWindow):
        self._window = window
        self.sums: dict[str, WeightSums] = {}
        self._lost: set[str] = set()
        self._job: Job | None = None

    def measure(self, tab: CanvasTab) -> None:
        """Give a tab what is known, and start a job for the rest."""
        if self.sums:
            tab.colours.take_sums(self.sums)
        if self._job is not None or not (rows := self._missing(tab)):
            return
        store = tab.document.store
        body = _body(store, rows, self.sums, self._lost)
        self._job = self._window.jobs.follow(
            self._window.services.binder.job(TITLE, body, store.folder), self._on_end
        )

    def _on_end(self, job: Job) -> None:
        self._job = None
        waiting = [tab for tab in self._window.area if tab.colours.needs_sums]
        for tab in waiting:
            tab.colours.take_sums(self.sums)  # of a cancelled job, what it had got
        if job.state == "done":
            for tab in waiting:
                self.measure(tab)  # another tab may have asked meanwhile
        elif job.state == "cancelled":
            self._window.say("Not all weights are measured; choose the colours again to go on.")
        else:
            self._window.say(job.error)
        if self._lost:
            self._window.say(f"{len(self._lost):,} weights cannot be read and look grey.")

    def _missing(self, tab: CanvasTab) -> list[TensorRow]:
        tables, inference = tab.document.tables, tab.document.inference
        wanted = {digest for node_id in tables.nodes for digest in digests_of(tables, inference, node_id)}
        wanted -= self.sums.keys() | self._lost
        rows = {row.digest: row for row in tables.tensors.values() if row.digest in wanted}
        return list(rows.values())


def _body(
    store: Any, rows: list[TensorRow], found: dict[str, WeightSums], lost: set[str]
) -> Callable[[Job, Any], None]:
    """Measure tensor by tensor; each is kept as soon as it is measured, or named lost."""

    def body(job: Job, _runs: Any) -> None:
        from sketch.binder.kernel import BinderError, CancelledJobError
        from sketch.binder.surgery.weights_sums import weight_sums

        for index, row in enumerate(rows):
            job.step(index, len(rows), row.name or TITLE)
            try:
                array = store.get(row.digest, row.shape, row.dtype)
                found[row.digest] = weight_sums(array, row.dtype, job.check)
            except (BinderError, OSError) as error:
                if isinstance(error, CancelledJobError):
                    raise
                log.warning("weights.not_measured name=%s digest=%s: %s", row.name, row.digest, error)
                lost.add(row.digest)

    return body


def meter_of(window: MainWindow) -> WeightsMeter:
    """The meter of a window; made at first use."""
    found = getattr(window, _KEPT_AS, None)
    if not isinstance(found, WeightsMeter):
        found = WeightsMeter(window)
        setattr(window, _KEPT_AS, found)
    return found


_KEPT_AS = "_weights_meter"
