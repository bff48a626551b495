"""Boxes for the place in those dimensions of a tensor that a table or a picture cannot show at once."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget


class PlaceBoxes(QWidget):
    """One box for each such dimension; `moved` says that the place is another one."""

    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[QSpinBox] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)

    @property
    def place(self) -> tuple[int, ...]:
        """Where we are, by dimension."""
        return tuple(box.value() for box in self.boxes)

    def show_sizes(self, sizes: tuple[int, ...]) -> None:
        """Boxes for dimensions of these sizes, all at 0."""
        while self._row.count():
            item = self._row.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes = [self._box(axis, size) for axis, size in enumerate(sizes)]
        for box in self.boxes:
            self._row.addWidget(box)
        self._row.addStretch(1)

    def show_only(self, axes: Container[int]) -> None:
        """Hide the boxes of other dimensions: the page in front does not ask for them."""
        for axis, box in enumerate(self.boxes):
            box.setVisible(axis in axes)

    def _box(self, axis: int, size: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, max(0, size - 1))
        box.setAccessibleName(f"Index in dimension {axis}")
        box.setPrefix(f"dimension {axis}: ")
        box.setSuffix(f" of {size}")
        box.valueChanged.connect(lambda _value: self.moved.emit())
        return box
