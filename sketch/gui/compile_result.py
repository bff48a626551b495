"""What a compile gave: files, the numeric proof, everything that was lost. Stays open beside the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sketch.binder.kernel import ExportReport, Verification
from sketch.binder.proof_report import SUFFIX, save_report
from sketch.graph.rows import shape_text
from sketch.gui.questions import show_error


class CompileResult(QDialog):
    """One report; `headline` says in one line whether it is good."""

    def __init__(self, parent: QWidget, title: str, report: ExportReport):
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        self.report = report
        self.headline = QLabel(headline(report))
        self.headline.setProperty("role", headline_role(report))
        self.headline.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(18, 16, 18, 14)
        self._column.setSpacing(8)
        self._column.addWidget(self.headline)
        self._section(
            "Files", [f"{path.parent.name}/{path.name}   {size_text(path)}" for path in report.files]
        )
        if report.verification is not None:
            self._section("Numbers", proof_lines(report.verification))
        self._section("Lost or approximated", [f"{loss.where}: {loss.what}" for loss in report.losses])
        self._section("Notes", list(report.notes))
        self._buttons()

    def _section(self, title: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        head = QLabel(title)
        head.setProperty("role", "section")
        self._column.addWidget(head)
        if len(lines) > 8:
            box = QPlainTextEdit("\n".join(lines))
            box.setReadOnly(True)
            box.setFixedHeight(150)
            self._column.addWidget(box)
            return
        panel = QFrame()
        panel.setProperty("role", "panel")
        rows = QVBoxLayout(panel)
        rows.setContentsMargins(12, 8, 12, 8)
        for line in lines:
            label = QLabel(line)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            rows.addWidget(label)
        self._column.addWidget(panel)

    def _buttons(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        save = QPushButton("Save report...")
        save.setAutoDefault(False)
        save.clicked.connect(self._save)
        buttons.addButton(save, QDialogButtonBox.ButtonRole.ActionRole)
        folder = QPushButton("Show the folder")
        folder.setAutoDefault(False)
        folder.clicked.connect(self._show_folder)
        buttons.addButton(folder, QDialogButtonBox.ButtonRole.ActionRole)
        self._column.addSpacing(4)
        self._column.addWidget(buttons)

    def _save(self) -> None:
        """Ask where the proof goes, beside the file by default, and write it as JSON."""
        start = self.report.files[0].with_name(self.report.files[0].name + SUFFIX)
        path, _ = QFileDialog.getSaveFileName(self, "Save report", str(start), f"Proof (*{SUFFIX})")
        if not path:
            return
        try:
            save_report(self.report, Path(path))
        except OSError as error:
            show_error(self, str(error))

    def _show_folder(self) -> None:
        if self.report.files:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report.files[0].parent)))


def headline(report: ExportReport) -> str:
    """One line: compiled, and whether the numbers agree."""
    name = report.files[0].name if report.files else "Nothing"
    proof = report.verification
    if proof is None:
        return f"{name} is written. Its numbers were not compared."
    if proof.agrees:
        return f"{name} is written. Its numbers agree with {proof.against}."
    return f"{name} is written, but its numbers differ from {proof.against}."


def headline_role(report: ExportReport) -> str:
    """The style of the headline: success, warning or error."""
    if report.verification is None:
        return "warning"
    return "success" if report.verification.agrees else "error"


def proof_lines(proof: Verification) -> list[str]:
    """The largest errors, and where they start when the numbers differ."""
    lines = [
        f"Largest error {proof.max_abs_error:.2g}, relative {proof.max_rel_error:.2g} (against {proof.against})"
    ]
    lines += [
        f"{name}: error {high:.2g}, relative {relative:.2g}"
        for name, (high, relative) in proof.outputs.items()
    ]
    if proof.first_difference:
        lines.append(f"The first output that differs is {proof.first_difference}.")
    if proof.first_node:
        lines.append(f"The first layer that differs is {proof.first_node}.")
    lines += [f"Input {f.name}: {f.dtype} {shape_text(f.shape)}, {f.drawn_from}" for f in proof.inputs]
    return [*lines, *proof.remarks]


def size_text(path: Path) -> str:
    """`241 KB`; empty when the file is gone."""
    try:
        size = float(path.stat().st_size)
    except OSError:
        return ""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
