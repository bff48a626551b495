"""The find bar over the canvas: a query, what it found, and the way from one to the next."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent

from sketch.graph.query import QueryError
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.find_frame import FindFrame
from sketch.gui.find_help import FindHelp
from sketch.gui.find_search import FindSearch
from sketch.gui.slices import Slices
from sketch.gui.theme import Theme

HINT = "Words, <code>type:Conv2d</code>, <code>kernel_size&gt;3</code>, <code>shape:*x512*</code> ..."

LIGHT_MS = 60
"""The canvas shows what was found so long after the last letter."""


class FindBar(FindFrame):
    """One for each tab, at the upper right of its canvas.

    `asked` carries a query that a person went on from (for the history); `said` one line for the status bar.
    """

    asked = Signal(str)
    said = Signal(str)

    def __init__(self, tab: CanvasTab, theme: Theme):
        super().__init__(tab, theme)
        self._asked = ""
        self._at = -1
        self._step_due = 0
        self._lit: object = None  # the canvas that shows what was found
        self._slices = Slices(self)
        self._light = QTimer(self)
        self._light.setSingleShot(True)
        self._light.setInterval(LIGHT_MS)
        self._light.timeout.connect(self._emphasise)
        self.search = FindSearch(tab, self)
        self._connect()
        self.hide()

    # --- for commands ------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """What the results answer."""
        return self._asked

    def enter(self) -> None:
        """Show the bar with the cursor in its field, and look again: the drawing may have changed."""
        self.place()
        self.show()
        self.raise_()
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._slices.replace([self.refresh])

    def leave(self) -> None:
        """Hide the bar and give the canvas back; its results stay for F3."""
        self.hide()
        self._light.stop()
        self._emphasise()
        self._tab.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_for(self, text: str) -> None:
        """Put a query into the field and ask it."""
        if self.field.text() == text:
            self.ask(text)
        else:
            self.field.setText(text)

    def ask(self, text: str) -> None:
        """Look for a query; a mistake is said and the results of before stay."""
        self._slices.replace([])  # what `enter` has left is done with it
        try:
            self.search.ask(text)
        except QueryError as mistake:
            self.field.mark(mistake.start, mistake.end, QColor(self.theme.error))
            self.say(f"<span style='color:{self.theme.error}'>{html.escape(str(mistake))}</span>")
            self.fit()
            return
        self._asked = text
        self._at = self._row_of_selection()
        self.field.mark(0, 0, QColor())
        self.say("" if text.strip() else HINT)

    def refresh(self) -> None:
        """Look again after an edit."""
        if not self.isHidden():
            self.ask(self.field.text())

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) layer that was found, round the end."""
        if self.search.is_running and not self.search.ids:
            self._step_due = by
            return
        if not self.search.ids:
            return
        if self._asked.strip():
            self.asked.emit(self._asked)
        at = self._row_of_selection()
        if at < 0 and self._at >= 0:
            at = self._at
        self.go((at + by) % len(self.search.ids) if at >= 0 else 0 if by > 0 else -1)

    def go(self, row: int) -> None:
        """Show the layer of a row on the canvas."""
        ids = self.search.ids
        self._at = row % len(ids)
        self.results.selectRow(self._at)
        had_focus = self.field.hasFocus()
        self._tab.reveal(ids[self._at])
        if had_focus:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.isHidden():
            self._on_moved()
            self.raise_()
            self.uncover(ids[self._at])
        self._count()

    def select_all(self) -> None:
        """Select what was found on this canvas; what lies on others is said."""
        self.search.finish()
        if not self.search.ids:
            return
        self.asked.emit(self._asked)
        self._tab.view.select(self.search.ids)
        chosen = set(self._tab.view.selected())
        away = sum(1 for found in self.search.ids if found not in chosen)
        more = f"; {away:,} more are on other canvases" if away else ""
        self.said.emit(f"{len(chosen):,} selected{more}.")
        self.leave()

    # --- events ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # what the field leaves, and the buttons
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            event.accept()  # a key typed into the bar is none of the canvas

    # --- inside ------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.search.found.connect(self._show_found)
        self.search.ended.connect(self._on_end)
        self._tab.moved.connect(self._on_moved)
        self.field.textChanged.connect(self.ask)
        self.field.stepped.connect(self.step)
        self.field.walked.connect(self._walk)
        self.field.select_wanted.connect(self.select_all)
        self.field.help_wanted.connect(self._show_help)
        self.field.left.connect(self.leave)
        self.row_chosen.connect(self.go)
        acts = (self.field.show_history, lambda: self.step(-1), lambda: self.step(1), self.select_all,
                self._show_help, self.leave)  # fmt: skip
        for button, act in zip(self.buttons.values(), acts, strict=True):
            button.clicked.connect(act)

    def _walk(self, by: int) -> None:
        """The row below or above, and its layer; from the field itself the first."""
        ids = self.search.ids
        if ids:
            self.go(min(len(ids) - 1, max(0, self._at + by)) if self._at >= 0 else 0)

    def _row_of_selection(self) -> int:
        chosen = self._tab.view.selected()
        return self.search.ids.index(chosen[0]) if len(chosen) == 1 and chosen[0] in self.search.ids else -1

    def _show_found(self) -> None:
        self.model.show_ids(self.search.ids)
        self._count()
        if self.has_list:
            self.fit()
        else:
            self._slices.last(self.fit)

    def _on_end(self) -> None:
        self._show_found()
        self._light.start()
        due, self._step_due = self._step_due, 0
        if due:
            self.step(due)

    def _count(self) -> None:
        total = len(self.search.ids)
        none = "" if not self._asked.strip() else "none" if not self.search.is_running else "..."
        at = f"{self._at + 1:,} of " if 0 <= self._at < total else ""
        self.count.setText(f"{at}{total:,}" if total else none)
        self.field.setAccessibleDescription(f"{self.count.text()} found" if total else "Nothing found")
        for name in ("previous", "next", "select"):
            self.buttons[name].setEnabled(bool(total))

    def _show_help(self) -> None:
        FindHelp(self, self.theme, self._take_example).open_below(self)

    def _take_example(self, text: str) -> None:
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.look_for(text)

    def _emphasise(self) -> None:
        """Let the canvas paint what was found (and closed groups around it) full and all else faded."""
        canvas, ids = self._tab.view.canvas, self.search.ids
        if self.isHidden() or not ids:
            self._lit = None
            canvas.emphasise(None, ())
            return
        self._lit = canvas
        wiring = canvas.wiring
        shown = {key if key in wiring.boxes else wiring.shown(key) for key in ids}
        canvas.emphasise({key for key in shown if key is not None}, ())

    def _on_moved(self) -> None:
        """Another canvas of the network may have come into view; the one that was left is plain again."""
        if not self.isHidden() and self._lit is not self._tab.view.canvas:
            self._light.start()
