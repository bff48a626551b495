"""A tensor as a table of numbers of any size: a cell is read when it is shown."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

_ROLE = Qt.ItemDataRole
_Index = QModelIndex | QPersistentModelIndex
MOST_ROWS = 1 << 20
"""Rows of a table; longer lists get more columns."""


class NumbersModel(QAbstractTableModel):
    """Rows and columns are the last two dimensions; `place` says where in the others. A list is one column or more."""

    def __init__(self) -> None:
        super().__init__()
        self._array: Any = None
        self._dtype = ""
        self._wide = 1
        self._place: tuple[int, ...] = ()

    def show_array(self, array: Any, dtype: str) -> None:
        """Show a tensor as the store gives it; nothing is read yet."""
        self.beginResetModel()
        self._array, self._dtype = array, dtype
        self._wide = max(1, math.ceil(array.size / MOST_ROWS)) if array is not None and array.ndim < 2 else 1
        self._place = (0,) * max(0, array.ndim - 2) if array is not None else ()
        self.endResetModel()

    def go_to(self, place: tuple[int, ...]) -> None:
        """Show another matrix of a tensor with more than two dimensions."""
        self.beginResetModel()
        self._place = place
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        if parent.isValid() or self._array is None or not self._array.size:
            return 0
        return int(
            self._array.shape[-2] if self._array.ndim > 1 else math.ceil(self._array.size / self._wide)
        )

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        if parent.isValid() or self._array is None or not self._array.size:
            return 0
        return int(self._array.shape[-1]) if self._array.ndim > 1 else self._wide

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """One number; in full as the tool tip."""
        if role == _ROLE.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role not in (_ROLE.DisplayRole, _ROLE.ToolTipRole):
            return None
        found = self._element(index.row(), index.column())
        return None if found is None else number_text(found, self._dtype, whole=role == _ROLE.ToolTipRole)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if role != _ROLE.DisplayRole:
            return None
        return str(section * self._wide if orientation == Qt.Orientation.Vertical else section)

    def _element(self, row: int, column: int) -> Any:
        array = self._array
        if array.ndim > 1:
            return array[(*self._place, slice(row, row + 1), column)]
        number = row * self._wide + column
        return array.reshape(-1)[number : number + 1] if number < array.size else None


def number_text(element: Any, dtype: str, *, whole: bool = False) -> str:
    """An array of one stored element as text: `0.01234`, `-3`, `True`; `whole` gives every digit."""
    from sketch.binder.surgery.weights_stats import numbers

    if dtype == "bool":
        return str(bool(element[0]))
    if dtype.startswith("complex"):
        return f"{complex(element[0]):.4g}"
    if "int" in dtype:
        return str(int(numbers(element, dtype)[0]) if dtype in ("int4", "int2") else int(element[0]))
    value = float(numbers(element, dtype)[0])
    return repr(value) if whole else f"{value:.5g}"
