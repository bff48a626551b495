"""The text editor (area E): the source of the chosen kernel, in step with the canvas both ways."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from sketch.durable import write_text
from sketch.gui.desk import Desk
from sketch.gui.highlighter import Highlighter
from sketch.gui.icons import action_icon
from sketch.gui.kernel_mirror import KernelMirror, Picture
from sketch.gui.theme import Theme

EMPTY = "The source appears here as soon as the canvas holds a layer."


class CodeView(QPlainTextEdit):
    """Read-only source with line numbers; `on_line` of the panel hears clicks."""

    def __init__(self, panel: TextPanel, theme: Theme):
        super().__init__()
        self._panel = panel
        self.theme = theme
        self.numbers = LineNumbers(self)
        self.setProperty("role", "code")
        self.setAccessibleName("Source text")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(theme.font(mono=True))
        self.setPlaceholderText(EMPTY)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_numbers)
        self._make_room()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            self._panel.on_line(self.textCursor().blockNumber() + 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self.numbers.setGeometry(QRect(area.left(), area.top(), self.number_width(), area.height()))

    def number_width(self) -> int:
        """Width of the line number column, px."""
        return 18 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.blockCount())))

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Paint the numbers of the lines in view."""
        painter = QPainter(self.numbers)
        painter.fillRect(event.rect(), QColor(self.theme.panel))
        painter.setFont(self.font())
        painter.setPen(QColor(self.theme.text_disabled))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            area = QRect(0, round(top), self.numbers.width() - 10, round(height))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            top += height
            block = block.next()
        painter.end()

    def _make_room(self) -> None:
        self.setViewportMargins(self.number_width(), 0, 0, 0)

    def _scroll_numbers(self, area: QRect, by: int) -> None:
        if by:
            self.numbers.scroll(0, by)
        else:
            self.numbers.update(0, area.y(), self.numbers.width(), area.height())


class LineNumbers(QWidget):
    """The column left of the text."""

    def __init__(self, code: CodeView):
        super().__init__(code)
        self._code = code

    def sizeHint(self) -> QSize:
        return QSize(self._code.number_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._code.paint_numbers(event)


class TextPanel(QWidget):
    """The panel: code view, what it shows, copy and save."""

    def __init__(self, desk: Desk, mirror: KernelMirror, theme: Theme):
        super().__init__()
        self._desk = desk
        self._mirror = mirror
        self._theme = theme
        self._source = mirror.picture
        self._follow = True
        self.code = CodeView(self, theme)
        self._highlighter = Highlighter(self.code.document(), theme)
        self._status = QLabel()
        self._status.setProperty("role", "muted")
        self._status.setWordWrap(True)
        self._buttons = {
            "copy": self._button("Copy the source", self.copy),
            "save": self._button("Save the source", self.save),
        }
        self._lay_out()
        self.set_theme(theme)
        mirror.changed.connect(self._show_picture)
        desk.selection_changed.connect(lambda _ids: self._mark_selection())

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = self.code.theme = theme
        self._highlighter.set_theme(theme)
        for name, button in self._buttons.items():
            button.setIcon(action_icon(name, theme))
        self._mark_selection()

    def use(self, *, follow: bool, font_size: int, wrap: bool) -> None:
        """Take the options of the person: scroll to the selection, size in points, break long lines."""
        self._follow = follow
        font = self.code.font()
        font.setPointSize(font_size)
        self.code.setFont(font)
        mode = QPlainTextEdit.LineWrapMode
        self.code.setLineWrapMode(mode.WidgetWidth if wrap else mode.NoWrap)

    def on_line(self, line: int) -> None:
        """Select the node that a line (from 1) belongs to."""
        node_id = node_at(self._source, line)
        if node_id is not None and node_id not in self._desk.selection:
            self._desk.reveal(node_id)

    def copy(self) -> None:
        """Copy the whole source."""
        QApplication.clipboard().setText(self._source.text)
        self._desk.say("The source is in the clipboard.")

    def save(self) -> None:
        """Ask for a file and write the source to it."""
        document = self._desk.document
        if document is None or not self._source.text:
            self._desk.say("There is no source to save yet.")
            return
        suffix = {"python": ".py", "json": ".json"}.get(self._source.language, ".txt")
        path, _ = QFileDialog.getSaveFileName(self, "Save the source", f"{document.name}{suffix}")
        if path:
            write_text(Path(path), self._source.text)
            self._desk.say(f"Saved {path}.")

    def _show_picture(self) -> None:
        picture = self._mirror.picture
        self._source = picture
        if self.code.toPlainText() != picture.text:
            top = self.code.verticalScrollBar().value()
            self.code.setPlainText(picture.text)
            self.code.verticalScrollBar().setValue(top)
        self._status.setText(picture.error or _caption(picture.text))
        self._status.setProperty("role", "error" if picture.error else "muted")
        self._status.style().polish(self._status)
        for button in self._buttons.values():
            button.setEnabled(bool(picture.text))
        self._mark_selection()

    def _mark_selection(self) -> None:
        marks = []
        first: int | None = None
        for node_id in self._desk.selection[:200]:
            for start, end in self._source.lines.get(node_id, ()):
                first = start if first is None else min(first, start)
                marks += [self._mark(line) for line in range(start, end + 1)]
        self.code.setExtraSelections(marks)
        if first is not None and self._follow and not self.code.hasFocus():
            self._bring_into_view(first)

    def _mark(self, line: int) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.code.document().findBlockByNumber(line - 1))
        mark.cursor = cursor
        mark.format.setBackground(QColor(self._theme.code_line))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return mark

    def _bring_into_view(self, line: int) -> None:
        bar = self.code.verticalScrollBar()
        if not bar.value() <= line - 1 < bar.value() + bar.pageStep():
            bar.setValue(max(0, line - 1 - bar.pageStep() // 3))

    def _button(self, title: str, run: object) -> QToolButton:
        button = QToolButton()
        button.setToolTip(title)
        button.setAccessibleName(title)
        button.clicked.connect(run)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 2, 6, 2)
        head.addWidget(self._status, 1)
        for button in self._buttons.values():
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.code, 1)


def node_at(source: Picture, line: int) -> int | None:
    """The node with the smallest range of lines around this one, None when no node has it."""
    found = [
        (end - start, node_id)
        for node_id, ranges in source.lines.items()
        for start, end in ranges
        if start <= line <= end
    ]
    return min(found)[1] if found else None


def _caption(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n")) if text else 0
    return f"{lines:,} lines" if lines else ""
