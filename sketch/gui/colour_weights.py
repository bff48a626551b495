"""Measures stored weights in a job, once a tensor; what was measured is kept by digest as long as the window lives."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

from sketch.graph.colour_rules import WeightSums, digests_of
from sketch.gui import background

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.infer import Inference
    from sketch.graph.rows import TensorRow
    from sketch.graph.tables import Tables
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document
    from sketch.state.store import Store

log = logging.getLogger(__name__)
TITLE = "Measure the weights"


class WeightsMeter:
    """The sums of tensors by digest, for all tabs of a window."""

    def __init__(self, window: MainWindow):
        self._window = window
        self.sums: dict[str, WeightSums] = {}
        self._lost: set[str] = set()
        self._job: Job | None = None
        self._asked: list[CanvasTab] = []

    def measure(self, tab: CanvasTab) -> None:
        """Give a tab what is known, and start a job for the rest."""
        if self.sums and tab.colours.sums is not self.sums:  # else it has counted with what is known
            tab.colours.take_sums(self.sums)
        if self._job is not None:
            self._asked.append(tab)
        elif not self._is_known(tab.document):
            self._start(tab.document)

    def _is_known(self, document: Document) -> bool:
        """True when nothing is left to be measured; of a big document the job finds that out."""
        tables, known = document.tables, self.sums.keys() | self._lost
        is_big = len(tables.nodes) > background.FEW
        return not (tables.tensors if is_big else _missing(tables, document.inference, known))

    def _start(self, document: Document) -> None:
        rows = background.rows(document)
        body = partial(_measure, rows, document.inference.copy(rows), document.store, self.sums, self._lost)
        job = self._window.services.binder.job(TITLE, lambda job, _runs: body(job), document.store.folder)
        self._job = self._window.jobs.follow(job, self._on_end)

    def _on_end(self, job: Job) -> None:
        self._job = None
        for tab in self._window.area:
            if tab.colours.needs_sums:
                tab.colours.take_sums(self.sums)  # of a cancelled job, what it had got
        asked, self._asked = self._asked, []
        if job.state == "done":
            for tab in asked:
                if tab.colours.needs_sums and not tab.document.is_closed:
                    self.measure(tab)
        elif job.state == "cancelled":
            self._window.say("Not all weights are measured; choose the colours again to go on.")
        else:
            self._window.say(job.error)
        if self._lost:
            self._window.say(f"{len(self._lost):,} weights cannot be read and look grey.")


def _measure(
    tables: Tables, inference: Inference, store: Store, found: dict[str, WeightSums], lost: set[str], job: Job
) -> None:
    """Measure the weights that are not among those found, tensor by tensor; each is kept at once, or named lost."""
    from sketch.binder.kernel import BinderError, CancelledJobError
    from sketch.binder.surgery.weights_sums import weight_sums

    rows = _missing(tables, inference, found.keys() | lost)
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


def _missing(tables: Tables, inference: Inference, known: Collection[str]) -> list[TensorRow]:
    wanted = {digest for node_id in tables.nodes for digest in digests_of(tables, inference, node_id)}
    wanted.difference_update(known)
    return list({row.digest: row for row in tables.tensors.values() if row.digest in wanted}.values())


def meter_of(window: MainWindow) -> WeightsMeter:
    """The meter of a window; made at first use."""
    found = getattr(window, _KEPT_AS, None)
    if not isinstance(found, WeightsMeter):
        found = WeightsMeter(window)
        setattr(window, _KEPT_AS, found)
    return found


_KEPT_AS = "_weights_meter"
