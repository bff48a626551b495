"""The legend in the corner of a canvas: what the colours mean, with counts or a scale; a click chooses layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from sketch.graph.colour_scale import STEPS
from sketch.graph.colouring import OTHER
from sketch.gui.colour_palette import number_text, palette_of, scale_colours
from sketch.gui.colour_swatches import ScalePiece, SwatchButton
from sketch.gui.icons import action_icon

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sketch.gui.colour_tab import TabColours
    from sketch.gui.theme import Theme

MARGIN = 12
PIECES = 5
ROW, HEAD = 21, 64
SHARE = 0.75
"""How much of the height of the canvas a legend takes at most; it grows in columns."""


class _Row(NamedTuple):
    """A kind in a legend; without a colour: the layers that the rule says nothing of."""

    colour: str | None
    name: str
    layers: int
    is_off: bool = False


class _Piece(NamedTuple):
    """A part of the bar of a scale: its first and last shade, the colours between, and what is said of it."""

    low: int
    high: int
    colours: tuple[str, ...]
    text: str


class Legend(QFrame):
    """Follows the colours of one tab; stands in the lower right corner of its canvas."""

    def __init__(self, colours: TabColours):
        super().__init__(colours.view)
        self._colours = colours
        self._body: QWidget | None = None
        self._said: tuple[object, ...] = ()
        self._rows_deep = 0
        self.rows: list[SwatchButton] = []
        self.pieces: list[ScalePiece] = []
        self.setObjectName("legend")
        self.setProperty("role", "panel")
        self.setAccessibleName("Legend")
        self.title, self.note, self.close_button = QLabel(), QLabel(), QToolButton()
        self.title.setProperty("role", "subheading")
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip("Hide the legend")
        self.close_button.setAccessibleName("Hide the legend")
        self.close_button.clicked.connect(lambda: colours.show_legend(False))
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 6, 8, 8)
        self._column.setSpacing(4)
        self._column.addLayout(head)
        self._column.addWidget(self.note)
        colours.view.installEventFilter(self)
        colours.settled.connect(self.refresh)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner of the canvas."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            if self.rows and self._deep() != self._rows_deep:
                self.refresh()
            self.place()
        return False

    def refresh(self) -> None:
        """Show what the colours mean now; nothing is made anew when that is what is shown."""
        colours = self._colours
        if not (colours.has_legend and colours.document.tables.nodes and colours.is_counted):
            self.hide()
            return
        theme, rest = colours.view.canvas.ink.theme, colours.colouring.count_rest()
        parts = self._pieces(theme) if colours.rule.scale else self._kinds(theme, rest)
        said = (theme, colours.key, colours.colouring.scale, self._note(rest), self._deep(), *parts)
        focused = next((row.kind for row in self.rows if row.hasFocus()), None)
        is_other = said != self._said
        if is_other:
            self._say(theme, parts, self._note(rest))
            self._said = said
        if is_other or self.isHidden():
            self.show()
            self.place()
        for row in self.rows:
            if is_other and row.kind == focused:
                row.setFocus()

    def place(self) -> None:
        """Go to the corner."""
        self._column.activate()
        self.adjustSize()
        room = self._colours.view.size()
        self.move(room.width() - self.width() - MARGIN, room.height() - self.height() - MARGIN)
        self.raise_()

    # --- inside ------------------------------------------------------------------------------------

    def _deep(self) -> int:
        """How many rows stand one below the other."""
        return max(3, int((self._colours.view.height() * SHARE - HEAD) // ROW))

    def _say(self, theme: Theme, parts: Sequence[_Row] | Sequence[_Piece], note: str) -> None:
        rule = self._colours.rule
        self.close_button.setIcon(action_icon("cancel", theme))
        self.title.setText(rule.title)
        self.title.setToolTip(rule.doc)
        self.rows, self.pieces = [], []
        body = QWidget(self)
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = body
        if rule.scale:
            self._lay_out_scale(theme, body, [part for part in parts if isinstance(part, _Piece)])
        else:
            self._lay_out_kinds(theme, body, [part for part in parts if isinstance(part, _Row)])
        self._column.insertWidget(1, body)
        body.show()  # a layout leaves out what is not shown
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _kinds(self, theme: Theme, rest: int) -> list[_Row]:
        """What the rows say; `rest` layers are of no kind."""
        colours = self._colours
        colouring = colours.colouring
        shades = palette_of(colours.rule, colouring.names)(theme)
        hidden = colours.hidden.get(colours.rule.key, frozenset())
        found = []
        for kind in colouring.kinds():
            is_off = kind.name in hidden or (
                kind.name == OTHER and bool(hidden) and hidden.issuperset(colouring.expanded(OTHER))
            )
            found.append(_Row(shades[kind.shade], kind.name, kind.count, is_off))
        return [*found, _Row(None, (colours.rule.none or "not known").capitalize(), rest)] if rest else found

    def _lay_out_kinds(self, theme: Theme, body: QWidget, parts: Sequence[_Row]) -> None:
        colours = self._colours
        tip = "Click: select. Right click: hide or show." if colours.rule.can_hide else "Click: select."
        for part in parts:
            row = SwatchButton(theme, part.colour, part.name, part.layers, body)
            row.is_off = part.is_off
            if part.colour is None:
                row.chosen.connect(lambda add: choose(colours, colours.colouring.rest(), add=add))
            else:
                row.setToolTip(tip)
                row.chosen.connect(
                    lambda add, name=part.name: choose(colours, colours.colouring.of_kind(name), add=add)
                )
                row.more.connect(lambda row=row: self._switch(row))
            self.rows.append(row)
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        deep = self._rows_deep = self._deep()
        for index, row in enumerate(self.rows):
            grid.addWidget(row, index % deep, index // deep)

    def _pieces(self, theme: Theme) -> list[_Piece]:
        """What the parts of the bar say."""
        colouring, unit, shades = self._colours.colouring, self._colours.rule.unit, scale_colours(theme)
        scale, step, counts, found = colouring.scale, STEPS // PIECES, colouring.steps(), []
        for low in range(0, PIECES * step, step):
            high = low + step - 1
            inside = sum(counts[shade] for shade in range(low, high + 1))
            bounds = (
                scale.value((low - 0.5 if low else 0) / (STEPS - 1)),
                scale.value(min(1.0, (high + 0.5) / (STEPS - 1))),
            )
            span = " to ".join(number_text(bound, unit) for bound in bounds)
            found.append(_Piece(low, high, tuple(shades[low : high + 2]), f"{span}: {_layers(inside)}"))
        return found

    def _lay_out_scale(self, theme: Theme, body: QWidget, parts: Sequence[_Piece]) -> None:
        scale, unit = self._colours.colouring.scale, self._colours.rule.unit
        column, bar, ends = QVBoxLayout(body), QHBoxLayout(), QHBoxLayout()
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(2)
        bar.setSpacing(0)
        for part in parts:
            button = ScalePiece(theme, part.colours, part.text, body)
            button.chosen.connect(partial(self._choose_between, part.low, part.high))
            bar.addWidget(button)
            self.pieces.append(button)
        for place, side in ((0.0, _SIDE.AlignLeft), (0.5, _SIDE.AlignHCenter), (1.0, _SIDE.AlignRight)):
            label = QLabel(number_text(scale.value(place), unit), body)
            label.setAlignment(side)
            ends.addWidget(label)
        column.addLayout(bar)
        column.addLayout(ends)
        body.setMinimumWidth(210)

    def _choose_between(self, low: int, high: int, add: bool) -> None:
        choose(self._colours, self._colours.colouring.between(low, high), add=add)

    def _note(self, rest: int) -> str:
        colours = self._colours
        colouring, notes = colours.colouring, []
        if colours.rule.scale:
            if not colouring.shades:
                return f"{colours.rule.none.capitalize() or 'Nothing known'} yet."
            if colouring.scale.is_log:
                notes.append("logarithmic scale")
            if rest:
                notes.append(f"not coloured: {_layers(rest)}, {colours.rule.none or 'not known'}")
        return "\n".join(notes)

    def _switch(self, row: SwatchButton) -> None:
        """Hide or show the layers of a row."""
        colours = self._colours
        if not colours.rule.can_hide or row.kind not in {kind.name for kind in colours.colouring.kinds()}:
            colours.view.message.emit("Only types of layers can be hidden: colour by type or by layer.")
            return
        colours.hide(colours.rule.key, colours.colouring.expanded(row.kind), not row.is_off)


def choose(colours: TabColours, ids: Iterable[int], *, add: bool) -> None:
    """Select those of these layers that are on the canvas, beside what is selected if `add`; say what is not here."""
    view, hidden, boxes = colours.view, colours.hidden_ids, colours.view.canvas.wiring.boxes
    wanted = [node_id for node_id in ids if node_id not in hidden]
    here = [node_id for node_id in wanted if node_id in boxes]
    view.select([*(view.selected() if add else ()), *here])
    away = len(wanted) - len(here)
    text = f"{_layers(len(here))} selected"
    view.message.emit(f"{text}; {away:,} more inside closed groups or elsewhere." if away else f"{text}.")


def _layers(count: int) -> str:
    return f"{count:,} layer" if count == 1 else f"{count:,} layers"


_SIDE = Qt.AlignmentFlag
