"""The weights of a network and what each becomes: thousands of rows, with fields where one looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QTableView

from sketch.binder.surgery.quantising import INT8, KEEP, MODES, Choice, Outcome, Weight
from sketch.gui.slices import Slices
from sketch.gui.small_table import dress

Outcomes = Mapping[tuple[int, Choice], Outcome]
TITLES = {INT8: "int8", "float16": "float16", KEEP: "keep"}
HEADS = ("Layer", "Shape", "becomes", "Bytes", "then", "Largest error")
FIELD, FIELD_WIDTH = 2, 104
"""The column of the fields, and its width, px."""
BEYOND = 4
"""Fields are ready in so many rows above and below those in view, for the keyboard to go there."""
MEASURED_ROWS = 50
"""So many rows tell how wide a column is."""
_ROLE = Qt.ItemDataRole
_Index = QModelIndex | QPersistentModelIndex


class Choices:
    """What is chosen for each weight that can be smaller, and how large all of them become."""

    def __init__(self, found: Sequence[Weight], made: Outcomes):
        """`made` is what each choice does to each weight, by node. On any thread."""
        self._made = made
        self._per_channel = True
        self.modes = {weight.node: MODES[0] for weight in found if not weight.reason}
        self.before = self.after = 0
        self._add_up()

    @property
    def is_any(self) -> bool:
        """True when anything is to become smaller."""
        return any(mode != KEEP for mode in self.modes.values())

    @property
    def count(self) -> int:
        """How many are to become smaller."""
        return sum(mode != KEEP for mode in self.modes.values())

    def all(self) -> dict[int, Choice]:
        """What is chosen for each weight, by node."""
        return {node: self.of(node) for node in self.modes}

    def of(self, node: int) -> Choice:
        """What is chosen for one."""
        mode = self.modes[node]
        return Choice(mode, self._per_channel if mode == INT8 else True)

    def outcome(self, node: int) -> Outcome:
        """What that does to it."""
        return self._made[node, self.of(node)]

    def choose(self, node: int, mode: str) -> None:
        """Let one become something else."""
        self.after -= self.outcome(node).bytes_after
        self.modes[node] = mode
        self.after += self.outcome(node).bytes_after

    def choose_all(self, mode: str) -> None:
        """Let all become the same."""
        self.modes = dict.fromkeys(self.modes, mode)
        self._add_up()

    def use_channels(self, on: bool) -> None:
        """A scale for each output channel, or one for each weight."""
        self._per_channel = on
        self._add_up()

    def _add_up(self) -> None:
        outcomes = [self.outcome(node) for node in self.modes]
        self.before = sum(outcome.bytes_before for outcome in outcomes)
        self.after = sum(outcome.bytes_after for outcome in outcomes)


class _Model(QAbstractTableModel):
    """One row a weight; texts are made when a row is seen."""

    def __init__(self, found: Sequence[Weight], choices: Choices):
        super().__init__()
        self.found, self._choices = found, choices

    def tell(self, first: int = 0, last: int | None = None) -> None:
        """The outcomes in these rows differ."""
        last = len(self.found) - 1 if last is None else last
        self.dataChanged.emit(self.index(first, FIELD), self.index(last, len(HEADS) - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.found)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return HEADS[section]
        return None

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """What a cell shows; a long text is its own tool tip."""
        if role not in (_ROLE.DisplayRole, _ROLE.ToolTipRole, _ROLE.AccessibleTextRole):
            return None
        weight, column = self.found[index.row()], index.column()
        if column == 0:
            return weight.name
        if column == 1:
            return "\u00d7".join(map(str, weight.shape))
        if weight.reason:
            return {FIELD: "kept", len(HEADS) - 1: weight.reason}.get(column, "")
        if column == FIELD:  # the field shows it
            return TITLES[self._choices.modes[weight.node]] if role == _ROLE.AccessibleTextRole else ""
        found = self._choices.outcome(weight.node)
        return (f"{found.bytes_before:,}", f"{found.bytes_after:,}", f"{found.max_abs_error:.2g}")[column - 3]


class _Field(QComboBox):
    """What a weight becomes. `entered`: the keyboard came here."""

    entered = Signal()

    def __init__(self, name: str, mode: str):
        super().__init__()
        self.setAccessibleName(f"What {name} becomes")
        for known in MODES:
            self.addItem(TITLES[known], known)
        self.setCurrentIndex(self.findData(mode))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()


class WeightTable(QTableView):
    """One row a weight. `chosen`: something else is to become of some."""

    chosen = Signal()

    def __init__(self, found: Sequence[Weight], choices: Choices):
        super().__init__()
        self.choices, self._found = choices, found
        self._model = _Model(found, choices)
        self.fields: dict[int, QComboBox] = {}
        """Those that were in view, by node."""
        self.setModel(self._model)
        self.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        dress(self, "Weights", dict.fromkeys(range(1, len(HEADS)), FIELD_WIDTH))
        self._filling = Slices(self)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._make_fields())

    def choose_all(self, mode: str) -> None:
        """Let all weights become the same."""
        self.choices.choose_all(mode)
        for field in self.fields.values():
            field.blockSignals(True)
            field.setCurrentIndex(field.findData(mode))
            field.blockSignals(False)
        self._tell()

    def use_channels(self, on: bool) -> None:
        """A scale for each output channel, or one for each weight."""
        self.choices.use_channels(on)
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        header = self.horizontalHeader()
        for column in range(1, len(HEADS)):  # measured once, not whenever something is chosen
            if column != FIELD:
                width = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
                header.resizeSection(column, width)
        self._make_fields()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_fields()

    def _tell(self) -> None:
        self._model.tell()
        self.chosen.emit()

    def _rows_in_view(self) -> Iterator[int]:
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        last = last if last >= 0 else len(self._found) - 1
        return iter(range(max(0, first - BEYOND), min(len(self._found), last + 1 + BEYOND)))

    def _make_fields(self) -> None:
        rows = [row for row in self._rows_in_view() if not self._found[row].reason]
        missing = [row for row in rows if self._found[row].node not in self.fields]
        self._filling.replace([partial(self._make_field, row) for row in missing])

    def _make_field(self, row: int) -> None:
        field = self.fields[self._found[row].node] = self._made(row, self._found[row])
        for above in range(row - 1, max(0, row - BEYOND) - 1, -1):
            if (before := self.fields.get(self._found[above].node)) is not None:
                self.setTabOrder(before, field)
                return

    def _made(self, row: int, weight: Weight) -> QComboBox:
        field, index = _Field(weight.name, self.choices.modes[weight.node]), self._model.index(row, FIELD)
        field.currentIndexChanged.connect(lambda _index: self._choose(row, weight.node, field.currentData()))
        field.entered.connect(lambda: self.scrollTo(index))
        self.setIndexWidget(index, field)
        return field

    def _choose(self, row: int, node: int, mode: str) -> None:
        self.choices.choose(node, mode)
        self._model.tell(row, row)
        self.chosen.emit()
