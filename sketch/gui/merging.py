"""Merging another model: choose the file, read it, say which output feeds which input, append it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables
from sketch.gui import asides, background
from sketch.gui.dialog_parts import FaultLabel, dialog_column, let_go, ok_cancel
from sketch.gui.questions import ask_permission, show_error
from sketch.gui.slices import Walk
from sketch.gui.small_table import ROWS_AT_ONCE, SmallTable
from sketch.state import commands
from sketch.state.commands.merging import Proposal, fits
from sketch.state.store import Store

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.delta import Delta
    from sketch.graph.rows import ValueType
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

OPEN = "stays an input"


def ask(window: MainWindow) -> None:
    """Ask for a model file and append it."""
    kinds = " ".join(
        f"*{suffix}" for suffix in sorted({s for k in window.services.registry for s in k.info.reads})
    )
    path, _ = QFileDialog.getOpenFileName(
        window, "Merge another model", str(window.folder), f"Models ({kinds} *.sketch)"
    )
    if path:
        read(window, Path(path))


def read(window: MainWindow, path: Path, *, trusted: bool = False) -> Job | None:
    """Read the other model beside the window, then ask how it is wired."""
    from sketch.binder.kernel import BinderError

    tab = window.desk.tab
    if tab is None:
        return None
    if path.suffix.lower() == ".sketch":
        return _read_beside(window, tab, path, partial(_drawing, path))
    services = window.services
    try:
        job = services.binder.import_model(path, services.store.folder, trusted=trusted)
    except (BinderError, OSError) as error:
        show_error(window, str(error))
        return None
    return window.jobs.follow(job, lambda done: _on_read(window, tab, path, done))


def _on_read(window: MainWindow, tab: CanvasTab, path: Path, job: Job) -> None:
    if tab.document.is_closed:
        _leave(window, tab, path)
    elif job.permission_needed:
        if ask_permission(window, path, job.error):
            read(window, path, trusted=True)
    elif job.state == "done":
        delta, job.result = job.result.delta, None
        _read_beside(window, tab, path, partial(_model, path, delta))
    else:
        window.say(job.error)
        if job.state == "failed":
            show_error(window, job.error)


Reader = Callable[[LayerLibrary, Store, "Job"], commands.Other]
"""Reads a model, with all shapes, on a thread."""


def _drawing(path: Path, library: LayerLibrary, store: Store, task: Job) -> commands.Other:
    from sketch.state.document_file import load_document

    document = load_document(path, library, store=store, folder=None, step=task.step)
    return commands.Other(path.stem, document.tables, document.inference, store)


def _model(path: Path, delta: Delta, library: LayerLibrary, store: Store, task: Job) -> commands.Other:
    task.step(0, 0, "Reading shapes")
    tables = Tables()
    tables.apply(delta)
    return commands.Other.of(path.stem, tables, library, store)


def _read_beside(window: MainWindow, tab: CanvasTab, path: Path, reader: Reader) -> Job:
    """Read the other model on a thread; what it is to be merged with may change, or be closed, meanwhile."""
    title, library, store = f"Read {path.name}", window.services.library, window.services.store
    asking = _Asking(window, tab)

    def body(task: Job) -> commands.Other:
        other = reader(library, store, task)
        _ = other.inputs  # looked for here, not in the window's thread
        return other

    def then(other: commands.Other) -> None:
        if tab.document.is_closed:
            _leave(window, tab, path)
        else:
            asking.ask(other)

    return background.run(
        window.jobs, title, body, then, building=asking.build, dropped=lambda _other: asking.drop(),
        failed=lambda reason: show_error(window, reason), stopped=lambda: window.say(f"{title}: cancelled."),
    )  # fmt: skip


def _leave(window: MainWindow, tab: CanvasTab, path: Path) -> None:
    window.say(f"{path.name} was not merged: {tab.document.name} was closed meanwhile.")


class _Asking:
    """The dialog about another model, made in a turn of its own, and the merge that follows."""

    def __init__(self, window: MainWindow, tab: CanvasTab):
        self._window, self._tab = window, tab
        self._dialog: MergeDialog | None = None
        self._turn = -1

    def build(self, other: commands.Other) -> Iterator[None]:
        """Make the dialog, in two turns."""
        turn, proposal = self._tab.document.turn, Proposal.of(self._tab.document, other)
        yield
        self._make(other, proposal, turn)
        yield

    def ask(self, other: commands.Other) -> None:
        """Ask in front of the drawing that it is about."""
        document = self._tab.document
        if self._turn != document.turn:
            self.drop()
            self._make(other, Proposal.of(document, other), document.turn)
        self._window.area.tabs.setCurrentWidget(self._tab)
        if self._dialog is not None:
            self._dialog.exec()
        self.drop()

    def drop(self) -> None:
        """Let go of the dialog."""
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            let_go(dialog)

    def _make(self, other: commands.Other, proposal: Proposal, turn: int) -> None:
        self._turn, self._dialog = (
            turn,
            MergeDialog(self._window, other, proposal, partial(self._merge, other)),
        )

    def _merge(self, other: commands.Other, pairs: Mapping[int, int], prefix: str) -> bool:
        act = partial(commands.merge, other=other, pairs=pairs, prefix=prefix)
        many = len(other.tables.nodes) > asides.MANY
        return asides.edit(
            self._window, self._tab, f"Merge {other.name}", act, partial(self._show, other.name, len(pairs)),
            many=lambda: many, refused=self._refuse, stays=True,
        )  # fmt: skip

    def _show(self, name: str, wires: int, made: list[int]) -> None:
        self._tab.enter(None)
        self._tab.view.select(made)
        self._tab.view.frame_all()
        self._window.say(f"Merged {name}: {wires} wired.")

    def _refuse(self, reason: str) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.refuse(reason)
        else:  # it was found out beside the window, or later
            show_error(self._window, reason)


class FedBy(QComboBox):
    """The output that feeds an input. The others are listed when somebody comes here: hundreds may fit hundreds."""

    def __init__(self, proposal: Proposal, wanted: ValueType | None, chosen: int | None):
        super().__init__()
        self._outputs, self._wanted, self._is_whole = proposal.outputs, wanted, False
        self._offer(() if chosen is None else (chosen,))
        self.setCurrentIndex(self.count() - 1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.list_all()
        super().focusInEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.list_all()
        super().wheelEvent(event)

    def showPopup(self) -> None:
        """Show the list, with all that fit."""
        self.list_all()
        super().showPopup()

    def list_all(self) -> None:
        """Offer all that fit; what is chosen stays."""
        if self._is_whole:
            return
        self._is_whole, chosen = True, self.currentData()
        self.clear()
        self._offer(out for out, (_, given) in self._outputs.items() if fits(given, self._wanted))
        self.setCurrentIndex(max(0, self.findData(chosen)))

    def _offer(self, outputs: Iterable[int]) -> None:
        self.addItem(OPEN, None)
        for out in outputs:
            name, given = self._outputs[out]
            self.addItem(f"{name}: {given}", out)


class MergeDialog(QDialog):
    """One row an input of the other model: which output feeds it. OK appends the model in one step.

    `merge` is given {input: output that feeds it} and the prefix; it says False when that was refused.
    """

    def __init__(
        self,
        parent: QWidget,
        other: commands.Other,
        proposal: Proposal,
        merge: Callable[[Mapping[int, int], str], bool],
    ):
        super().__init__(parent)
        self.setWindowTitle(f"Merge {other.name}")
        self.setMinimumSize(640, 360)
        self._other, self._proposal, self._merge = other, proposal, merge
        self.choices: dict[int, FedBy] = {}
        head = QLabel(f"Which output of this network feeds which input of {other.name}?")
        self.table = SmallTable(
            (f"Input of {other.name}", "is fed by"), "Inputs of the other model", {1: 320}
        )
        self.prefix = QLineEdit(f"{other.name}_")
        self.prefix.setAccessibleName("Prefix")
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self._apply, self.reject, "Merge")
        self._filling = Walk(self, self._fill())
        column = dialog_column(self)
        column.addWidget(head)
        column.addWidget(self.table)
        form = QFormLayout()
        form.addRow("Prefix for names that both have", self.prefix)
        column.addLayout(form)
        column.addWidget(self._clashes())
        column.addWidget(self.fault)
        column.addWidget(self.buttons)
        self._filling.go_on(0.0)

    def pairs(self) -> dict[int, int]:
        """Input of the other model -> Output that feeds it."""
        found = {key: box.currentData() for key, box in self.choices.items()}
        return {key: out for key, out in found.items() if out is not None}

    def _fill(self) -> Iterator[None]:
        """Make the rows: those that are seen at first now, each of the others in a step."""
        for number, (key, node) in enumerate(self._other.inputs.items(), 1):
            wanted = self._other.inference.output(key)
            box = FedBy(self._proposal, wanted, self._proposal.pairs[key])
            box.setAccessibleName(f"What feeds {node.name}")
            self.choices[key] = box
            self.table.add_row((f"{node.name}: {wanted or '?'}", box))
            if number >= ROWS_AT_ONCE:
                yield

    def _clashes(self) -> QLabel:
        names = self._proposal.clashes
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        text = f"Both have: {', '.join(names[:4])}{more}." if names else "No name is in both."
        label = QLabel(text)
        label.setProperty("role", "muted")
        label.setWordWrap(True)
        return label

    def refuse(self, reason: str) -> None:
        """Say why it cannot be done like this."""
        self.fault.say(reason)

    def _apply(self) -> None:
        self._filling.finish()
        if self._merge(self.pairs(), self.prefix.text().strip()):
            self.accept()
