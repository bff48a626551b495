"""How the find bar looks and where it stands: its field, buttons, note and list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.find_field import FindField
from sketch.gui.find_results import MOST_ROWS, ResultList, ResultModel
from sketch.gui.icons import action_icon
from sketch.gui.theme import Theme

WIDTH, MARGIN = 560, 12
_BUTTONS = (
    ("recent", "recent", "What you looked for before (Alt+Up, Alt+Down)"),
    ("previous", "previous", "Previous (Shift+Enter)"),
    ("next", "next", "Next (Enter)"),
    ("select", "select_found", "Select all that were found (Alt+Enter)"),
    ("help", "question", "How to find: fields and examples (F1)"),
    ("close", "cancel", "Close (Esc)"),
)
"""Name, icon and tool tip of each button, in their order."""


class FindFrame(QFrame):
    """At the upper right of a tab's canvas, over it. `row_chosen` carries the row that was clicked."""

    row_chosen = Signal(int)

    def __init__(self, tab: CanvasTab, theme: Theme):
        super().__init__(tab)  # beside the canvas, whose keys it must not reach
        self._tab = tab
        self.theme = theme
        self.setProperty("role", "popup")
        self.setAccessibleName("Find")
        self.field = FindField(self)
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        self.note = QLabel(self)
        self.note.setTextFormat(Qt.TextFormat.RichText)
        self.model = ResultModel(tab.document, theme)
        self._results: ResultList | None = None
        self.buttons = {name: _button(self, name, tip) for name, _icon, tip in _BUTTONS}
        self._fitted: tuple[int, bool] | None = None
        self._lay_out()
        self.set_theme(theme)
        tab.view.installEventFilter(self)

    @property
    def has_list(self) -> bool:
        """True when the list is made."""
        return self._results is not None

    @property
    def results(self) -> ResultList:
        """The list; made when it is first asked for, as nobody sees it before something was found."""
        if self._results is None:
            self._results = ResultList(self.model, self)
            self._results.clicked.connect(lambda index: self.row_chosen.emit(index.row()))
            self._column.addWidget(self._results)
        return self._results

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        self.model.set_theme(theme)
        for name, icon, _tip in _BUTTONS:
            self.buttons[name].setIcon(action_icon(icon, theme))

    def place(self) -> None:
        """At the upper right of the canvas."""
        room = self._tab.view.geometry()
        self.setFixedWidth(max(300, min(WIDTH, room.width() - 2 * MARGIN)))
        self.adjustSize()
        self.move(room.right() - self.width() - MARGIN, room.top() + MARGIN)

    def fit(self) -> None:
        """As high as what it shows; laying out costs, so only when that is another height."""
        wanted = (min(MOST_ROWS, self.model.rowCount()), not self.note.isHidden())
        if wanted != self._fitted:
            self._fitted = wanted
            if self._results is not None or wanted[0]:
                self.results.fit()
            self.adjustSize()

    def say(self, text: str) -> None:
        """Write rich text below the field; an empty one takes the line away."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def uncover(self, node_id: int) -> None:
        """Scroll so that a layer shown under the bar stands below it."""
        view = self._tab.view
        seen = view.mapFromScene(view.canvas.area_of([node_id])).boundingRect()
        bar = self.geometry().translated(-view.geometry().topLeft())
        if bar.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN).intersects(seen):
            view.scroll_by(QPoint(0, seen.top() - bar.bottom() - 2 * MARGIN))

    # --- events ------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and watched is self._tab.view:
            self.place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        theme = getattr(self.window(), "theme", None)
        if event.type() == QEvent.Type.PaletteChange and isinstance(theme, Theme) and theme != self.theme:
            self.set_theme(theme)
        super().changeEvent(event)

    # --- inside ------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        row.addWidget(self.count)
        for button in self.buttons.values():
            row.addWidget(button)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(8, 7, 7, 7)
        column.setSpacing(5)
        column.addLayout(row)
        column.addWidget(self.note)


def _button(parent: QWidget, name: str, tip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(f"find-{name}")
    button.setToolTip(tip)
    button.setAccessibleName(tip.split(" (", maxsplit=1)[0])
    return button
