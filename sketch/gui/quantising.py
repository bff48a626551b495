"""Quantising weights: a table of what each becomes, its size and error, the effect on the outputs, then one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)
from shiboken6 import isValid

from sketch.binder.surgery import agreement, arrays, quantising
from sketch.binder.surgery.quantising import INT8, KEEP, MODES, Choice, Outcome, Weight
from sketch.gui import background
from sketch.gui.dialog_parts import OK, ask_soon, dialog_column, ok_cancel
from sketch.gui.model_jobs import run_job, take_in
from sketch.gui.quantising_table import TITLES, Choices, WeightTable
from sketch.gui.slices import Walk

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.graph.network import Network
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow


class _Measured(NamedTuple):
    """The weights of a network, and what each choice does to each of them."""

    network: Network
    found: list[Weight]
    choices: Choices


def ask(window: MainWindow) -> None:
    """Measure every weight as a job, then show what could be done."""
    tab = window.desk.tab
    if tab is None:
        return
    make = background.frozen(tab.document)

    def body(job: Job, _runs: Runs) -> _Measured | str:
        network = make()
        job.check()
        found = quantising.weights(network)
        if all(weight.reason for weight in found):
            return f"Nothing to quantise: {_why(found)}."
        made: dict[tuple[int, Choice], Outcome] = {}
        for number, weight in enumerate(found):
            job.step(number, len(found), weight.name)
            for choice in (Choice(INT8), Choice(INT8, False), Choice("float16"), Choice(KEEP)):
                made[weight.node, choice] = quantising.outcome(network, weight, choice)
        return _Measured(network, found, Choices(found, made))

    run_job(window, "Measure weights", body, lambda measured: _ask(window, tab, measured))


def _ask(window: MainWindow, tab: CanvasTab, measured: _Measured | str) -> None:
    if isinstance(measured, str):
        window.say(measured)
        return
    if tab.document.is_closed:
        return
    dialog = QuantiseDialog(window, measured.network, measured.found, measured.choices)

    def answered(accepted: bool) -> None:
        if accepted:
            _quantise(window, tab, measured, dialog.total.text())
        letting_go = Walk(window, _let_go([*measured]), slowly=True)
        letting_go.ended.connect(letting_go.deleteLater)
        letting_go.begin()

    ask_soon(dialog, answered, asked=False)  # it was some time ago


def _let_go(parts: list[object]) -> Iterator[None]:
    """Free what was measured, one part a turn, when the dialog is gone: all of it takes as long as a frame."""
    yield
    while parts:
        yield
        parts.pop()


def _quantise(window: MainWindow, tab: CanvasTab, measured: _Measured, sizes: str) -> None:
    """Quantise what was chosen; `sizes` says what comes of it."""
    network, choices, library = measured.network, measured.choices, window.services.library
    label = f"Quantise {choices.count} weight{'' if choices.count == 1 else 's'}"

    def body(job: Job, _runs: Runs) -> Any:
        return quantising.quantise(network, choices.all(), library, job.step)

    def then(delta: Any) -> None:
        take_in(window, tab, label, delta, f"{label}: {sizes}")

    run_job(window, "Quantise weights", body, then)


def _why(found: list[Weight]) -> str:
    return (
        f"'{found[0].name}': {found[0].reason}"
        if found
        else "no layer here has a weight that could be smaller"
    )


class QuantiseDialog(QDialog):
    """One row a weight. Choosing changes sizes and errors at once; `measure` runs both networks."""

    def __init__(self, window: MainWindow, network: Network, found: list[Weight], choices: Choices):
        super().__init__(window)
        self.setWindowTitle("Quantise weights")
        self.setMinimumSize(760, 480)
        self._window, self._network = window, network
        self.all = QComboBox()
        self.all.setAccessibleName("All weights")
        for mode in MODES:
            self.all.addItem(TITLES[mode], mode)
        self.per_channel = QCheckBox("A scale for each output channel")
        self.per_channel.setChecked(True)
        self.table = WeightTable(found, choices)
        self.total, self.effect = QLabel(), QLabel()
        self.effect.setProperty("role", "muted")
        self.effect.setWordWrap(True)
        self.measure = QPushButton("Measure the outputs")
        self.measure.setAutoDefault(False)
        self._lay_out()
        self.table.chosen.connect(self._update)
        self.all.currentIndexChanged.connect(lambda _index: self.table.choose_all(self.all.currentData()))
        self.per_channel.toggled.connect(self.table.use_channels)
        self.measure.clicked.connect(self._measure)
        self._update()

    def choices(self) -> dict[int, Choice]:
        """What is chosen for each weight, by node."""
        return self.table.choices.all()

    def _update(self) -> None:
        chosen = self.table.choices
        share = 100 * chosen.after / chosen.before if chosen.before else 100
        self.total.setText(f"{chosen.before:,} to {chosen.after:,} bytes ({share:.0f} %)")
        self.effect.setText("")
        self.buttons.button(OK).setEnabled(chosen.is_any)

    def _measure(self) -> None:
        """Both networks on the same seeded inputs, in a worker; the answer comes into this dialog."""
        network, choices, library = self._network, self.choices(), self._window.services.library
        self.measure.setEnabled(False)
        self.effect.setText("Running both networks...")

        def body(job: Job, runs: Runs) -> Any:
            delta = quantising.quantise(network, choices, library, job.step)
            return agreement.compare_networks(runs, network, arrays.after(network, delta, library))

        job = self._window.services.binder.job("Measure the outputs", body, network.store.folder)
        self.finished.connect(lambda _code: job.cancel())  # nobody is there to read it
        self._window.jobs.follow(job, self._on_measured)

    def _on_measured(self, job: Job) -> None:
        if not isValid(self) or not self.isVisible():
            return
        self.measure.setEnabled(True)
        if job.state != "done":
            self.effect.setText(job.error)
            return
        parts = [
            f"{name}: {high:.2g}, relative {part:.2g}" for name, (high, part) in job.result.outputs.items()
        ]
        self.effect.setText("Outputs change by at most " + "; ".join(parts))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(QLabel("All weights become"))
        head.addWidget(self.all)
        head.addSpacing(16)
        head.addWidget(self.per_channel)
        head.addStretch(1)
        foot: list[QWidget] = [self.total, self.measure]
        last = QHBoxLayout()
        last.addWidget(foot[0], 1)
        last.addWidget(foot[1])
        self.buttons = ok_cancel(self.accept, self.reject, "Quantise")
        column = dialog_column(self)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addLayout(last)
        column.addWidget(self.effect)
        column.addWidget(self.buttons)
