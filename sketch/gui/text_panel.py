"""The text editor (area E): the source of the chosen kernel, in step with the canvas both ways, edited in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sketch.gui.desk import Desk
from sketch.gui.highlighter import Highlighter
from sketch.gui.kernel_mirror import KernelMirror, Picture
from sketch.gui.long_text import LONG
from sketch.gui.slices import Slices
from sketch.gui.text_bar import EditBar, State
from sketch.gui.text_drafts import Drafts, TextDraft
from sketch.gui.text_find import FindBar
from sketch.gui.text_head import TextHead
from sketch.gui.text_marks import Marks, lines_of
from sketch.gui.text_reader import DraftReader
from sketch.gui.text_view import EMPTY, CodeView
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab

__all__ = ["EMPTY", "KEYS", "TextPanel", "node_at"]
KEYS = ("text.accept", "text.discard", "text.find", "text.comment")
"""Commands whose keys work while the text has the focus."""
MOST_MARKED = 50
"""The lines of so many selected layers are marked: Qt walks all marks whenever it paints a line."""
LOOK_MS = 200
"""Faults and classes are looked for this long after the last key."""


class TextPanel(QWidget):
    """The panel: text, what it shows, copy and save; a bar while the text is edited and not accepted.

    `wanted` carries the id of a command; `edited` says that a draft has begun, ended or come to the front.
    `editable` says of a kernel whether it reads Python source.
    """

    wanted = Signal(str)
    edited = Signal()

    def __init__(self, desk: Desk, mirror: KernelMirror, theme: Theme):
        super().__init__()
        self._desk, self._mirror, self._theme = desk, mirror, theme
        self._shown: CanvasTab | None = None
        self._held: TextDraft | None = None
        """Whose text the editor holds, or will when all of it is there."""
        self._drafts, self.reader = Drafts(), DraftReader(self)
        self._follow = True
        self.editable: Callable[[str], bool] = lambda _kernel: False
        self.code = CodeView(theme)
        self._highlighter = Highlighter(theme)
        self.code.colour = self._highlighter.colour
        self._marks = Marks()
        self.bar = EditBar()
        self.find_bar = FindBar(self.code, theme)
        self.head = TextHead(desk, self.code)
        self._timer = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._slices = Slices(self)
        _lay_out(self)
        self.set_theme(theme)
        _connect(self)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = self.code.theme = theme
        self._highlighter.set_theme(theme)
        self.find_bar.set_theme(theme)
        self.head.set_theme(theme)
        self._mark_selection()

    def use(self, *, follow: bool, font_size: int, wrap: bool) -> None:
        """Take the options of the person: scroll to the selection, size in points, break long lines."""
        self._follow = follow
        self.code.use(font_size=font_size, wrap=wrap)

    def use_keys(self, shortcut: Callable[[str], Sequence[str]]) -> None:
        """Take the keys of the person for the commands of the text."""
        self.code.set_keys({name: shortcut(name) for name in KEYS})
        self.bar.set_keys(shortcut("text.accept"), shortcut("text.discard"))

    # --- the edited text ----------------------------------------------------------------------------

    @property
    def draft(self) -> TextDraft | None:
        """The edited text in front, None while the text is the kernel's own."""
        draft = self._drafts.get(self._shown)
        return draft if draft is not None and draft.base.kernel == self._mirror.picture.kernel else None

    def ready(self) -> TextDraft | None:
        """The edited text as it stands; None when nothing is edited. A short one has been read, too."""
        self._timer.stop()
        self._look()
        draft = self.draft
        if draft is not None and not draft.is_busy:
            draft.class_, draft.arguments = self.bar.chosen()
        return draft

    def refresh(self) -> None:
        """Show what became of the edited text."""
        draft = self.draft
        if self.code.is_edited != (draft is not None):
            self.code.is_edited = draft is not None
            self.edited.emit()
        self.code.set_editable(self._is_editable() and not (draft is not None and draft.is_busy))
        line = 0 if draft is None or draft.fault is None else draft.fault.line
        self._marks.faults = self.code.faults = {line} if line else set()
        _tell(self.bar, draft, changing=self.code.large.is_going)
        self.code.numbers.update()
        self._mark_selection()

    def show_fault(self) -> None:
        """Bring the line with the fault into view."""
        draft = self.draft
        if draft is not None and draft.fault is not None and draft.fault.line:
            self.code.go_to(draft.fault.line)

    def drop(self, tab: CanvasTab) -> None:
        """Forget the edited text of a document and show its source again, the cursor near where it was."""
        draft = self._drafts.end(tab)
        if draft is not None and tab is self._shown:
            self._held = None
            self.code.show_text(self._mirror.picture.text)
            self.refresh()

    def on_line(self, line: int) -> None:
        """Select the node that a line (from 1) belongs to."""
        node_id = node_at(self._picture, line)
        if node_id is not None and node_id not in self._desk.selection:
            focused = self.code.hasFocus()
            self._desk.reveal(node_id)
            if focused:
                self.code.setFocus()

    # --- from the kernel ----------------------------------------------------------------------------

    @property
    def _picture(self) -> Picture:
        draft = self.draft
        return self._mirror.picture if draft is None else draft.picture

    def _is_editable(self) -> bool:
        return self._desk.document is not None and self.editable(self._mirror.picture.kernel)

    def _on_turned(self) -> None:
        """Another document: what was typed so far stays with the one before."""
        draft = self.draft
        if draft is not None and draft is self._held and self.code.is_whole:
            draft.text, draft.place = self.code.toPlainText(), self.code.textCursor().position()
            draft.class_, draft.arguments = self.bar.chosen()
            self._drafts.keep(self._shown)
        self._shown, self._held, self.code.is_edited = None, None, False
        self._timer.stop()

    def _on_picture(self) -> None:
        came, self._shown = self._shown is not self._desk.tab, self._desk.tab
        if came and self._shown is not None:
            self._drafts.bring_back(self._shown)
        elif self._held is not None:
            self._take_text(self._held)  # before another text is shown
        picture, draft = self._mirror.picture, self.draft
        if draft is None:
            self._held = None
            self.code.show_text(picture.text, near=not came)
        else:
            draft.is_stale = picture.text != draft.base.text
            if self._held is not draft:
                self._held = draft
                self.code.show_text(draft.base.text, near=False)
                self.code.bring_back(draft.text, draft.place)
            self.reader.read(draft, self.refresh)
        head = partial(self.head.show_picture, picture, editable=self._is_editable())
        self._slices.replace([head, self.find_bar.refresh, self.refresh])
        if self.code.blockCount() <= LONG:
            self._slices.finish()

    # --- from the person ----------------------------------------------------------------------------

    def _on_text(self) -> None:
        """A key changed the text; a long one that is edited anyway is taken when there is a pause."""
        draft, shown = self.draft, self._shown
        if shown is None:
            return
        if draft is None and (text := self.code.toPlainText()) != self._mirror.picture.text:
            self._held = self._drafts.begin(shown, self._mirror.picture, text)
            self.refresh()
        elif draft is not None and self.code.blockCount() <= LONG:
            self._take_text(draft)
        self._timer.start()

    def _take_text(self, draft: TextDraft) -> None:
        """A text is edited as long as it is not what the drawing said."""
        if self._shown is None or self._held is not draft or not self.code.is_whole:
            return
        draft.text = self.code.toPlainText()
        if draft.text == draft.base.text:
            self._drafts.end(self._shown)
            self._held = None
            self.code.show_text(self._mirror.picture.text)
            self.refresh()

    def _look(self) -> None:
        if self.draft is not None and not self.draft.is_busy:
            self._take_text(self.draft)
        draft = self.draft
        if draft is not None and not draft.is_busy:
            self._drafts.keep(self._shown)
            self.reader.read(draft, self.refresh)
        self.find_bar.refresh()
        self.refresh()

    def _mark_selection(self) -> None:
        found = self._picture.lines
        ranges = [span for node_id in self._desk.selection[:MOST_MARKED] for span in found.get(node_id, ())]
        self._marks.selected = lines_of(ranges)
        self._marks.show(self.code, self._theme, editing=not self.code.isReadOnly() and self.code.hasFocus())
        if ranges and self._follow and not self.code.hasFocus():
            self.code.bring_into_view(min(self._marks.selected))

    def _on_found(self, places: list[tuple[int, int]]) -> None:
        self._marks.found = places
        self._mark_selection()

    def _on_key(self, command: str) -> None:
        if command == "text.discard" and not self.find_bar.isHidden():
            self.find_bar.leave()
        elif self.draft is not None or command not in ("text.accept", "text.discard"):
            self.wanted.emit(command)


def _tell(bar: EditBar, draft: TextDraft | None, *, changing: bool) -> None:
    """Say what the text waits for; nothing of one that is not edited."""
    if changing:
        bar.show_state(State.CHANGING)
    elif draft is not None:
        bar.show_state(draft.state, draft.said)
        bar.offer(draft.offered)
    bar.setVisible(changing or draft is not None)


def _discard(panel: TextPanel) -> None:
    if not panel.code.large.cancel():
        panel.wanted.emit("text.discard")


def _connect(panel: TextPanel) -> None:
    panel._timer.timeout.connect(panel._look)
    panel.code.typed.connect(panel._on_text)
    panel.code.moved.connect(panel._mark_selection)
    panel.code.verticalScrollBar().valueChanged.connect(lambda: panel._marks.follow(panel.code))
    panel.code.large.begun.connect(panel.refresh)
    panel.code.large.went_on.connect(panel.bar.show_share)
    panel.code.large.over.connect(panel.refresh)
    panel.code.line_clicked.connect(panel.on_line)
    panel.code.wanted.connect(panel._on_key)
    panel.bar.accept_wanted.connect(lambda: panel.wanted.emit("text.accept"))
    panel.bar.discard_wanted.connect(lambda: _discard(panel))
    panel.find_bar.found.connect(panel._on_found)
    panel._mirror.changed.connect(panel._on_picture)
    panel._desk.turned.connect(panel._on_turned)
    panel._desk.selection_changed.connect(lambda _ids: panel._slices.last(panel._mark_selection))


def _lay_out(panel: TextPanel) -> None:
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in (panel.head, panel.bar, panel.find_bar):
        column.addWidget(widget)
    column.addWidget(panel.code, 1)


def node_at(source: Picture, line: int) -> int | None:
    """The node with the smallest range of lines around this one, None when no node has it."""
    found = [
        (end - start, node_id)
        for node_id, ranges in source.lines.items()
        for start, end in ranges
        if start <= line <= end
    ]
    return min(found)[1] if found else None
