"""Quantising weights: a table of what each becomes, its size and error, the effect on the outputs, then one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from sketch.binder.surgery import agreement, arrays, quantising
from sketch.binder.surgery.quantising import INT8, KEEP, MODES, Choice, Outcome, Weight
from sketch.gui.dialog_parts import OK, dialog_column, ok_cancel
from sketch.gui.model_jobs import run_job, take_in
from sketch.gui.small_table import SmallTable

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.graph.network import Network
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

Outcomes = Mapping[tuple[int, Choice], Outcome]
_TITLES = {INT8: "int8", "float16": "float16", KEEP: "keep"}


def ask(window: MainWindow) -> None:
    """Measure every weight as a job, then show what could be done."""
    tab = window.desk.tab
    if tab is None:
        return
    network = tab.document.network()
    found = quantising.weights(network)
    if all(weight.reason for weight in found):
        window.say(f"Nothing to quantise: {_why(found)}.")
        return

    def body(job: Job, _runs: Runs) -> Outcomes:
        made: dict[tuple[int, Choice], Outcome] = {}
        for number, weight in enumerate(found):
            job.step(number, len(found), weight.name)
            for choice in (Choice(INT8), Choice(INT8, False), Choice("float16"), Choice(KEEP)):
                made[weight.node, choice] = quantising.outcome(network, weight, choice)
        return made

    run_job(window, "Measure weights", body, lambda made: _ask(window, tab, network, found, made))


def _ask(window: MainWindow, tab: CanvasTab, network: Network, found: list[Weight], made: Outcomes) -> None:
    if tab.document.is_closed:
        return
    dialog = QuantiseDialog(window, network, found, made)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    choices, library = dialog.choices(), window.services.library
    count = sum(choice.mode != KEEP for choice in choices.values())
    label = f"Quantise {count} weight{'' if count == 1 else 's'}"
    text = f"{label}: {dialog.total.text()}"

    def body(job: Job, _runs: Runs) -> Any:
        return quantising.quantise(network, choices, library, job.step)

    run_job(window, "Quantise weights", body, lambda delta: take_in(window, tab, label, delta, text))


def _why(found: list[Weight]) -> str:
    return (
        f"'{found[0].name}': {found[0].reason}"
        if found
        else "no layer here has a weight that could be smaller"
    )


class QuantiseDialog(QDialog):
    """One row a weight. Choosing changes sizes and errors at once; `measure` runs both networks."""

    def __init__(self, window: MainWindow, network: Network, found: list[Weight], made: Outcomes):
        super().__init__(window)
        self.setWindowTitle("Quantise weights")
        self.setMinimumSize(760, 480)
        self._window, self._network, self._found, self._made = window, network, found, made
        self.boxes: dict[int, QComboBox] = {}
        self.all = QComboBox()
        self.all.setAccessibleName("All weights")
        for mode in MODES:
            self.all.addItem(_TITLES[mode], mode)
        self.per_channel = QCheckBox("A scale for each output channel")
        self.per_channel.setChecked(True)
        self.table = SmallTable(
            ("Layer", "Shape", "becomes", "Bytes", "then", "Largest error"), "Weights", {2: 104}
        )
        self.total, self.effect = QLabel(), QLabel()
        self.effect.setProperty("role", "muted")
        self.effect.setWordWrap(True)
        self.measure = QPushButton("Measure the outputs")
        self.measure.setAutoDefault(False)
        self._fill()
        self._lay_out()
        self._update()

    def choices(self) -> dict[int, Choice]:
        """What is chosen for each weight, by node."""
        per = self.per_channel.isChecked()
        return {
            node: Choice(box.currentData(), per if box.currentData() == INT8 else True)
            for node, box in self.boxes.items()
        }

    def _fill(self) -> None:
        for weight in self._found:
            shape = "×".join(map(str, weight.shape))
            if weight.reason:
                self.table.add_row((weight.name, shape, "kept", "", "", weight.reason))
                continue
            box = QComboBox()
            box.setAccessibleName(f"What {weight.name} becomes")
            for mode in MODES:
                box.addItem(_TITLES[mode], mode)
            box.currentIndexChanged.connect(lambda _index: self._update())
            self.boxes[weight.node] = box
            self.table.add_row((weight.name, shape, box, "", "", ""))
        self.all.currentIndexChanged.connect(lambda _index: self._choose_all())
        self.per_channel.toggled.connect(lambda _on: self._update())
        self.measure.clicked.connect(self._measure)

    def _choose_all(self) -> None:
        for box in self.boxes.values():
            box.blockSignals(True)
            box.setCurrentIndex(box.findData(self.all.currentData()))
            box.blockSignals(False)
        self._update()

    def _update(self) -> None:
        before = after = 0
        chosen = self.choices()
        for row, weight in enumerate(self._found):
            if weight.node not in chosen:
                continue
            found = self._made[weight.node, chosen[weight.node]]
            before, after = before + found.bytes_before, after + found.bytes_after
            for column, text in (
                (3, f"{found.bytes_before:,}"), (4, f"{found.bytes_after:,}"), (5, f"{found.max_abs_error:.2g}"),
            ):  # fmt: skip
                self.table.set_text(row, column, text)
        share = 100 * after / before if before else 100
        self.total.setText(f"{before:,} to {after:,} bytes ({share:.0f} %)")
        self.effect.setText("")
        ok = any(choice.mode != KEEP for choice in chosen.values())
        self.buttons.button(OK).setEnabled(ok)

    def _measure(self) -> None:
        """Both networks on the same seeded inputs, in a worker; the answer comes into this dialog."""
        network, choices, library = self._network, self.choices(), self._window.services.library
        self.measure.setEnabled(False)
        self.effect.setText("Running both networks...")

        def body(job: Job, runs: Runs) -> Any:
            delta = quantising.quantise(network, choices, library, job.step)
            return agreement.compare_networks(runs, network, arrays.after(network, delta, library))

        job = self._window.services.binder.job("Measure the outputs", body, network.store.folder)
        self._window.jobs.follow(job, self._on_measured)

    def _on_measured(self, job: Job) -> None:
        if not self.isVisible():
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
