"""The editor widget of the source: line numbers, marks, and the keys that people expect where code is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from sketch.gui.long_text import LONG, LongText
from sketch.gui.text_syntax import moved
from sketch.gui.text_typing import TypedText
from sketch.gui.theme import Theme

EMPTY = "The source appears here as soon as the canvas holds a layer. A PyTorch model can be pasted here too."

_READ_ONLY = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class CodeView(TypedText):
    """Source with line numbers. `line_clicked` carries a line from 1.

    `typed` and `moved` say that the person changed the text or moved the cursor; a text that is shown does not.
    """

    line_clicked = Signal(int)
    typed = Signal()
    moved = Signal()

    def __init__(self, theme: Theme):
        super().__init__()
        self.theme = theme
        self._loading = False
        self.faults: set[int] = set()
        self.long = LongText(self, self._take_flags)
        self.numbers = LineNumbers(self)
        self.colour: Callable[[Sequence[QTextBlock]], object] = len  # is given lines before they are painted
        self.setProperty("role", "code")
        self.setAccessibleName("Source text")
        self.setLineWrapMode(self.LineWrapMode.NoWrap)
        self.setFont(theme.font(mono=True))
        self.setPlaceholderText(EMPTY)
        self.set_editable(False)
        self.blockCountChanged.connect(self._make_room)
        self.textChanged.connect(self._on_text)
        self.large.begun.connect(self._take_flags)
        self.large.over.connect(self._on_large)
        self.cursorPositionChanged.connect(self._on_move)
        self.updateRequest.connect(self._scroll_numbers)
        self._make_room()

    @property
    def line(self) -> int:
        """The cursor's line, from 1."""
        return self.textCursor().blockNumber() + 1

    @property
    def is_whole(self) -> bool:
        """False while lines are still to come, or to be changed."""
        return not (self.long.is_coming or self.large.is_going)

    def set_editable(self, editable: bool) -> None:
        """Let the person type, or only select; nobody types into a text that is not whole."""
        self._editable = editable
        self._take_flags()

    def _take_flags(self) -> None:
        self._make_room()
        self._loading = self._loading and self.long.is_coming
        free = self._editable and self.is_whole
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction if free else _READ_ONLY)

    def use(self, *, font_size: int, wrap: bool) -> None:
        """Take the options of the person: size in points, break long lines."""
        font = self.font()
        font.setPointSize(font_size)
        self.setFont(font)
        self.setLineWrapMode(self.LineWrapMode.WidgetWidth if wrap else self.LineWrapMode.NoWrap)

    def go_to(self, line: int, column: int = 0) -> None:
        """Put the cursor at a line (from 1), in view."""
        block = self.document().findBlockByNumber(max(0, min(line, self.blockCount()) - 1))
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + min(column, len(block.text())))
        self.setTextCursor(cursor)
        self.bring_into_view(line)

    def bring_into_view(self, line: int) -> None:
        """Scroll a line into view when it is not there."""
        bar = self.verticalScrollBar()
        if not bar.value() <= line - 1 < bar.value() + bar.pageStep():
            bar.setValue(max(0, line - 1 - bar.pageStep() // 3))

    def show_text(self, text: str, *, near: bool = True) -> None:
        """Show another text; with `near` the cursor goes to the line that it was on before."""
        before = self.long.text()
        if before == text:
            return None
        self.large.leave()
        self._take_flags()
        if max(before.count("\n"), text.count("\n")) > LONG:
            self._loading = True  # until `_take_flags` hears that all is there
            return self.long.show(text)
        top, line = self.verticalScrollBar().value(), self.line
        self._loading = True
        self.long.put(text)
        self._loading = False
        self.verticalScrollBar().setValue(top)
        if near and line > 1:
            places = moved(before, text)
            close = min(places, key=lambda known: abs(known - line), default=0)
            self.go_to(places[close] + line - close if close else line)
        return None

    def bring_back(self, text: str, place: int) -> None:
        """Make an edited text of the one that is shown, as one step of its undo; of one that comes, behind its end."""

        def edit() -> None:
            self._loading = True
            self.long.edit(text, place)
            self._loading = self.long.is_coming

        self.long.when_there(edit)

    def _on_text(self) -> None:
        if not self._loading and not self.large.is_going:
            self.typed.emit()

    def _on_large(self) -> None:
        self._take_flags()
        self._on_text()
        self._on_move()

    def _on_move(self) -> None:
        if not self._loading and not self.large.is_going:
            self.numbers.update()
            self.moved.emit()

    # --- mouse --------------------------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            self.line_clicked.emit(self.line)

    # --- line numbers -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        loading, self._loading = self._loading, True  # Qt calls new colours a change of the text
        self.colour([block for block, _area in self.blocks_in(event.rect())])
        self._loading = loading
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self.numbers.setGeometry(area.left(), area.top(), self.number_width(), area.height())

    def number_width(self) -> int:
        """Width of the line number column, px; of a text that is still coming, for all its lines."""
        return 18 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.long.line_count)))

    def blocks_in(self, area: QRect) -> Sequence[tuple[QTextBlock, QRect]]:
        """The lines in view and where their numbers stand."""
        found = []
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= area.bottom():
            height = self.blockBoundingRect(block).height()
            found.append((block, QRect(0, round(top), self.number_width() - 10, round(height))))
            top += height
            block = block.next()
        return found

    def _make_room(self) -> None:
        if self.viewportMargins().left() != self.number_width():  # Qt lays out anew each time it is told
            self.setViewportMargins(self.number_width(), 0, 0, 0)

    def _scroll_numbers(self, area: QRect, by: int) -> None:
        if by:
            self.numbers.scroll(0, by)
        else:
            self.numbers.update(0, area.y(), self.numbers.width(), area.height())


class LineNumbers(QWidget):
    """The column left of the text; a line with a fault has its number in the colour of errors."""

    def __init__(self, code: CodeView):
        super().__init__(code)
        self._code = code

    def sizeHint(self) -> QSize:
        return QSize(self._code.number_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, here = self._code.theme, self._code.line
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(theme.panel))
            painter.setFont(self._code.font())
            for block, area in self._code.blocks_in(event.rect()):
                line = block.blockNumber() + 1
                usual = theme.text_muted if line == here and self._code.hasFocus() else theme.text_disabled
                painter.setPen(QColor(theme.error if line in self._code.faults else usual))
                painter.drawText(area, Qt.AlignmentFlag.AlignRight, str(line))
