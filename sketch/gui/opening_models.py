"""Models of other programs in the window: read as a job, asked about where a file needs answers, shown in a tab."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.gui import adopting
from sketch.gui.adopting import Make
from sketch.gui.glance import Glance
from sketch.gui.opening_dialog import OpeningDialog

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

    from sketch.binder.job import Job
    from sketch.binder.kernel import ImportedModel
    from sketch.graph.delta import Delta
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.gui.opening_weights import WeightsDialog
    from sketch.state.document import Document

log = logging.getLogger(__name__)
SMALL_ROWS = 2000
"""A model of no more rows than this is drawn at once: that takes less than a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to open a file: with which permission and options; `reason` and `asks` are those of the question."""

    path: Path
    trusted: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    asks: tuple[str, ...] = ()


class ModelOpener:
    """Opens files that are no drawings of Sketch.

    Args:
        refuse: says why a file cannot be opened.
    """

    def __init__(self, window: MainWindow, refuse: Callable[[Path, str], None]):
        self._window, self._refuse = window, refuse
        self.dialog: QDialog | None = None
        """The question that is open."""
        self.glance: Glance | None = None
        """The first picture of what is being read; it comes and goes by itself."""

    def start(self, attempt: Attempt) -> Job:
        """Read the file beside the window; a first picture of it is shown meanwhile."""
        services, path = self._window.services, attempt.path
        glance = Glance(self._window, path)
        try:
            job = services.binder.import_model(
                path, services.store.folder, attempt.options, trusted=attempt.trusted, first=glance.first
            )
        except BaseException:
            glance.end()
            raise
        self.glance = glance
        glance.follow(job)
        self._window.say(f"Opening {path.name}")
        return self._window.jobs.follow(
            job, lambda done: self._ended(done, attempt), lambda _done: self._end_glance()
        )

    def _ended(self, job: Job, attempt: Attempt) -> None:
        if job.state != "done" or job.result.details.get("weights_only"):
            self._end_glance()
        if job.permission_needed:
            self._ask(replace(attempt, reason=job.error, asks=job.asks), "")
        elif job.state == "failed" and attempt.asks:
            self._ask(attempt, job.error)
        elif job.state == "failed":
            self._refuse(attempt.path, job.error)
        elif job.state == "done":
            model, job.result = job.result, None  # its rows go on in the document
            self._take(model, attempt)

    def _take(self, model: ImportedModel, attempt: Attempt) -> None:
        if model.details.get("weights_only") and not attempt.options.get("weights_only"):
            self._ask_network(model, attempt)
        else:
            self._show_model(model, attempt)

    def _ask(self, attempt: Attempt, fault: str) -> None:
        """The permission, with what opening needs; after a fault again, with what was typed."""
        source = attempt.options.get("source")
        dialog = OpeningDialog(
            self._window, Path(source) if source else attempt.path, attempt.reason, attempt.asks,
            options=attempt.options, fault=fault,
        )  # fmt: skip

        def again() -> None:
            said = dialog.options()
            kept = {"source": source} if source else {}
            trusted = not said.get("weights_only")
            self._try(replace(attempt, trusted=trusted, options={**kept, **said}))

        self._open(dialog, again)

    def _ask_network(self, model: ImportedModel, attempt: Attempt) -> None:
        from sketch.gui.opening_weights import WeightsDialog

        dialog = WeightsDialog(self._window, attempt.path, int(model.details.get("tensors", 0)))
        self._open(dialog, lambda: self._connect(model, attempt, dialog))

    def _connect(self, model: ImportedModel, attempt: Attempt, dialog: WeightsDialog) -> None:
        from sketch.connecting import example
        from sketch.graph.tables import whole
        from sketch.gui.opening_weights import ALONE, DRAWING, SOURCE

        if dialog.choice == ALONE:
            self._show_model(model, attempt)
        elif dialog.choice == SOURCE:
            self._try(replace(attempt, options=dialog.options()))
        elif dialog.choice == DRAWING and dialog.tab is not None:
            self._fill(model, attempt, whole(dialog.tab.document.tables))
        else:
            services = self._window.services
            drawn = example(str(dialog.examples.currentData()), services.library, services.store).tables
            self._fill(model, attempt, whole(drawn) if drawn is not None else ())

    def _fill(self, model: ImportedModel, attempt: Attempt, drawing: Delta) -> None:
        """The tensors in a copy of a drawing, in a tab of its own."""
        from sketch.connecting import connect
        from sketch.graph.tables import Tables

        services, path, told = self._window.services, attempt.path, list[str]()

        def make(folder: Path, task: Job) -> Document:
            tables = Tables()
            tables.apply(model.delta)
            document = services.filled(folder, path.stem, drawing, f"Open {path.name}")
            try:
                told.append(connect(document, tables, path.name).summary())
            except BaseException:
                document.close(forget=True)
                raise
            return document

        def shown(_tab: CanvasTab) -> None:
            self._window.keeper.remember(path)
            self._window.say(f"Opened {path.name}: {told[0]}.")

        self._adopt(attempt, make, shown, len(drawing))

    def _show_model(self, model: ImportedModel, attempt: Attempt) -> None:
        services, path = self._window.services, attempt.path

        def make(folder: Path, task: Job) -> Document:
            task.step(0, 0, "Reading shapes")
            return services.filled(folder, path.stem, model.delta, f"Open {path.name}")

        def shown(tab: CanvasTab) -> None:
            self._window.keeper.remember(path)
            _note(model, path, len(tab.document.tables.nodes))
            tab.source, tab.trusted = path, attempt.trusted
            self._window.say(_told(model, path))

        self._adopt(attempt, make, shown, len(model.delta))

    def _adopt(self, attempt: Attempt, make: Make, shown: Callable[[CanvasTab], object], rows: int) -> None:
        """Show what `make` makes, beside the window unless it is small."""
        services = self._window.services
        _ = services.library, services.store  # loaded here, not on the thread
        glance, self.glance = self.glance, None
        job = adopting.adopt(
            self._window, f"Open {attempt.path.name}", make, shown,
            failed=lambda reason: self._refuse(attempt.path, reason), at_once=rows <= SMALL_ROWS, glance=glance,
        )  # fmt: skip
        if glance is not None:
            glance.follow(job)

    def _end_glance(self) -> None:
        if self.glance is not None:
            self.glance.end()
            self.glance = None

    def _try(self, attempt: Attempt) -> None:
        """Start; what is wrong at once is said as any refusal."""
        from sketch.binder.kernel import BinderError

        try:
            self.start(attempt)
        except (BinderError, OSError) as error:
            self._refuse(attempt.path, str(error))

    def _open(self, dialog: QDialog, accepted: Callable[[], None]) -> None:
        self.dialog = dialog
        dialog.accepted.connect(accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _note(model: ImportedModel, path: Path, nodes: int) -> None:
    """What was opened, and at what price, for the log."""
    details = {key: value for key, value in model.details.items() if isinstance(value, (str, int))}
    log.info(
        "model.opened path=%s format=%s nodes=%s losses=%s details=%s",
        path, model.format, nodes, len(model.losses), details,
    )  # fmt: skip
    for loss in model.losses:
        log.warning("model.loss %s: %s", loss.where, loss.what)


def _told(model: ImportedModel, path: Path) -> str:
    """`Opened model.py (ran on image float32 2×3×224×224); 2 thing(s) changed on the way, see the log.`"""
    facts = [f"ran on {model.details['inputs']}"] if model.details.get("inputs") else []
    facts += [str(model.details["matched"])] if model.details.get("matched") else []
    inner = f" ({'; '.join(facts)})" if facts else ""
    changed = f"; {len(model.losses)} thing(s) changed on the way, see the log" if model.losses else ""
    return f"Opened {path.name}{inner}{changed}."
