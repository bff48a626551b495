"""Merging another model: choose the file, read it, say which output feeds which input, append it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from sketch.graph.errors import GraphError
from sketch.graph.tables import Tables
from sketch.gui import asides
from sketch.gui.dialog_parts import FaultLabel, dialog_column, ok_cancel
from sketch.gui.questions import ask_permission, show_error
from sketch.gui.small_table import SmallTable
from sketch.state import commands
from sketch.state.commands.merging import clashes, ends, fits, output_type, propose
from sketch.state.document import Document

if TYPE_CHECKING:
    from sketch.binder.job import Job
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
    """Read the other model as a job; a drawing is read at once."""
    from sketch.binder.kernel import BinderError
    from sketch.state.document_file import DocumentFileError

    tab = window.desk.tab
    if tab is None:
        return None
    try:
        if path.suffix.lower() == ".sketch":
            _read_drawing(window, tab, path)
            return None
        services = window.services
        job = services.binder.import_model(path, services.store.folder, trusted=trusted)
    except (BinderError, GraphError, DocumentFileError, OSError, ValueError) as error:
        show_error(window, str(error))
        return None
    return window.jobs.follow(job, lambda done: _on_read(window, tab, path, done))


def _read_drawing(window: MainWindow, tab: CanvasTab, path: Path) -> None:
    from tempfile import TemporaryDirectory

    from sketch.state.document_file import load_document

    with TemporaryDirectory() as folder:
        services = window.services
        other = load_document(path, services.library, store=services.store, folder=Path(folder))
        _ask_wires(window, tab, commands.Other.of(path.stem, other.tables, tab.document))
        other.close()


def _on_read(window: MainWindow, tab: CanvasTab, path: Path, job: Job) -> None:
    if tab.document.is_closed:
        return
    if job.permission_needed:
        if ask_permission(window, path, job.error):
            read(window, path, trusted=True)
        return
    if job.state != "done":
        window.say(job.error)
        if job.state == "failed":
            show_error(window, job.error)
        return
    tables = Tables()
    tables.apply(job.result.delta)
    _ask_wires(window, tab, commands.Other.of(path.stem, tables, tab.document))


def _ask_wires(window: MainWindow, tab: CanvasTab, other: commands.Other) -> None:
    def show(pairs: Mapping[int, int], made: list[int]) -> None:
        tab.enter(None)
        tab.view.select(made)
        tab.view.frame_all()
        window.say(f"Merged {other.name}: {len(pairs)} wired.")

    def merge(pairs: Mapping[int, int], prefix: str) -> bool:
        act = partial(commands.merge, other=other, pairs=pairs, prefix=prefix)
        many = len(other.tables.nodes) > asides.MANY
        return asides.edit(
            window, tab, f"Merge {other.name}", act, partial(show, pairs),
            many=lambda: many, refused=dialog.refuse,
        )  # fmt: skip

    dialog = MergeDialog(window, tab.document, other, merge)
    dialog.exec()


class MergeDialog(QDialog):
    """One row an input of the other model: which output feeds it. OK appends the model in one step.

    `merge` is given {input: output that feeds it} and the prefix; it says False when that was refused.
    """

    def __init__(
        self,
        parent: QWidget,
        document: Document,
        other: commands.Other,
        merge: Callable[[Mapping[int, int], str], bool],
    ):
        super().__init__(parent)
        self.setWindowTitle(f"Merge {other.name}")
        self.setMinimumSize(640, 360)
        self._document, self._other, self._merge = document, other, merge
        self.choices: dict[int, QComboBox] = {}
        head = QLabel(f"Which output of this network feeds which input of {other.name}?")
        self.table = SmallTable(
            (f"Input of {other.name}", "is fed by"), "Inputs of the other model", {1: 320}
        )
        self.prefix = QLineEdit(f"{other.name}_")
        self.prefix.setAccessibleName("Prefix")
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self._apply, self.reject, "Merge")
        self._fill()
        column = dialog_column(self)
        column.addWidget(head)
        column.addWidget(self.table)
        form = QFormLayout()
        form.addRow("Prefix for names that both have", self.prefix)
        column.addLayout(form)
        column.addWidget(self._clashes())
        column.addWidget(self.fault)
        column.addWidget(self.buttons)

    def pairs(self) -> dict[int, int]:
        """Input of the other model -> Output that feeds it."""
        found = {key: box.currentData() for key, box in self.choices.items()}
        return {key: out for key, out in found.items() if out is not None}

    def _fill(self) -> None:
        proposed = propose(self._document, self._other)
        for key, node in self._other.inputs.items():
            wanted = self._other.inference.output(key)
            box = QComboBox()
            box.setAccessibleName(f"What feeds {node.name}")
            box.addItem(OPEN, None)
            for out, shown in ends(self._document, "Output").items():
                given = output_type(self._document, out)
                if fits(given, wanted):
                    box.addItem(f"{shown.name}: {given}", out)
            box.setCurrentIndex(max(0, box.findData(proposed[key])))
            self.choices[key] = box
            self.table.add_row((f"{node.name}: {wanted or '?'}", box))

    def _clashes(self) -> QLabel:
        names = clashes(self._document, self._other)
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
        if self._merge(self.pairs(), self.prefix.text().strip()):
            self.accept()
