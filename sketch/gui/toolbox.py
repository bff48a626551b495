"""The toolbox (area C): every layer by category, searchable; drag one to the canvas or click to append it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from sketch.gui.category_dots import CategoryDots
from sketch.gui.choices import Choice, matching
from sketch.gui.theme import Theme

if TYPE_CHECKING:
    from sketch.graph.library import LayerLibrary
    from sketch.graph.specs import LayerSpec

MIME = "application/x-sketch-layer"
BLOCK = "block:"
CATEGORIES = (
    "Input & output", "Linear", "Convolution", "Pooling", "Normalisation", "Activation", "Dropout", "Attention",
    "Recurrent", "Arithmetic", "Shape", "Padding", "Resampling", "Group", "Constants", "Loss",
)  # fmt: skip
OPEN_AT_START = ("Input & output", "Linear", "Convolution")
MY_BLOCKS = "My blocks"
OPERATORS = "ONNX operators"
"""Read when somebody comes to the toolbox, so that the start does not wait for them."""
_KEY = Qt.ItemDataRole.UserRole


class LayerTree(QTreeWidget):
    """The tree; what is dragged out of it carries a layer's name (`block:NAME` for a saved block)."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(12)
        self.setUniformRowHeights(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setAccessibleName("Layers")

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        data = QMimeData()
        key = items[0].data(0, _KEY) if items else None
        if key:
            data.setData(MIME, key.encode("utf-8"))
            data.setText(key)
        return data


class Toolbox(QWidget):
    """Search field and tree. `append_wanted` carries the name of a layer that was clicked or chosen by Enter."""

    append_wanted = Signal(str)
    block_menu_wanted = Signal(str, QPoint)
    """A right click on a saved block: its name, and the point of the screen."""

    def __init__(self, theme: Theme):
        super().__init__()
        self._dots = CategoryDots(theme)
        self._specs: list[LayerSpec] = []
        self._blocks: list[str] = []
        self._library: LayerLibrary | None = None
        self._categories: dict[str, str] = {}
        """Of the layers and operators that were offered so far, by name."""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search layers")
        self.search.setAccessibleName("Search layers")
        self.search.setClearButtonEnabled(False)
        self.search.installEventFilter(self)
        self.tree = LayerTree()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 4)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.returnPressed.connect(self._append_first)
        self.tree.itemClicked.connect(lambda item, _column: self._on_clicked(item))
        self.tree.itemActivated.connect(lambda item, _column: self._append(item))
        self.tree.itemExpanded.connect(self._on_expanded)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._on_menu)

    def show_library(self, library: LayerLibrary, blocks: Iterable[str] = ()) -> None:
        """Offer the layers of a library and the saved blocks."""
        self._library = library
        self._specs = [spec for spec in library if not spec.hidden]
        self._blocks = list(blocks)
        self._fill()

    def set_theme(self, theme: Theme) -> None:
        """Draw the marks in the colours of a theme; what is open or chosen stays so."""
        self._dots = CategoryDots(theme)
        for leaf in self._leaves():
            leaf.setIcon(0, self._dots(self._categories.get(leaf.data(0, _KEY), "Group")))

    def titles(self) -> list[str]:
        """The titles of the layers now offered, from the top."""
        return [item.text(0) for item in self._leaves()]

    def item(self, key: str) -> QTreeWidgetItem | None:
        """The item of a layer, None while the search hides it."""
        return next((item for item in self._leaves() if item.data(0, _KEY) == key), None)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._read_ahead()
        super().enterEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self._read_ahead()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    def _fill(self) -> None:
        typed = self.search.text().strip()
        groups = self._found(typed) if typed else self._by_category()
        self.tree.clear()
        for category, choices in groups:
            head = QTreeWidgetItem([category])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(head)
            for choice in choices:
                head.addChild(self._leaf(choice))
            head.setExpanded(bool(typed) or category in OPEN_AT_START or category == MY_BLOCKS)
        if not typed and self._library is not None:
            head = QTreeWidgetItem([OPERATORS])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.tree.addTopLevelItem(head)

    def _on_expanded(self, head: QTreeWidgetItem) -> None:
        if head.text(0) == OPERATORS and not head.childCount():
            head.addChildren([self._leaf(choice) for choice in self._operators()])

    def _read_ahead(self) -> None:
        """Read the operators before the first letter is typed, or their category opened."""
        library = self._library
        if library is not None and not library.operators.is_read:
            offered = library.operators.offered()
            threading.Thread(target=list, args=(offered,), name="read operators", daemon=True).start()

    def _operators(self) -> list[Choice]:
        found = self._library.operators.offered() if self._library is not None else ()
        return [self._choice(spec) for spec in found]

    def _found(self, typed: str) -> list[tuple[str, list[Choice]]]:
        choices = matching([self._choice(spec) for spec in self._specs] + self._block_choices(), typed)
        operators = matching(self._operators(), typed)
        more = [(f"{len(operators)} {OPERATORS}", operators)] if operators else []
        first = [(f"{len(choices)} found", choices)] if choices or not more else []
        return [*first, *more] if choices or more else [("Nothing matches", [])]

    def _by_category(self) -> list[tuple[str, list[Choice]]]:
        groups: dict[str, list[Choice]] = {name: [] for name in CATEGORIES}
        for spec in self._specs:
            groups.setdefault(spec.category, []).append(self._choice(spec))
        mine = self._block_choices()
        return [(MY_BLOCKS, mine)] * bool(mine) + [(name, found) for name, found in groups.items() if found]

    def _choice(self, spec: LayerSpec) -> Choice:
        words = (spec.name, spec.category, *spec.search)
        self._categories[spec.name] = spec.category
        return Choice(spec.name, spec.title, words=words, icon=self._dots(spec.category), reason=spec.doc)

    def _block_choices(self) -> list[Choice]:
        icon = self._dots("Group")
        return [Choice(BLOCK + name, name, words=("block", "custom"), icon=icon) for name in self._blocks]

    def _leaf(self, choice: Choice) -> QTreeWidgetItem:
        leaf = QTreeWidgetItem([choice.title])
        leaf.setData(0, _KEY, choice.key)
        if choice.key.startswith(BLOCK):
            from sketch.gui.group_blocks import block_tip  # only where there are blocks

            leaf.setToolTip(0, block_tip(choice.title))
        else:
            leaf.setToolTip(
                0, f"{choice.title}\n{choice.reason}\nDrag it to the canvas, or click to append it."
            )
        leaf.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        )
        if choice.icon is not None:
            leaf.setIcon(0, choice.icon)
        return leaf

    def _leaves(self) -> list[QTreeWidgetItem]:
        heads = [self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount())]
        leaves = (head.child(row) for head in heads if head for row in range(head.childCount()))
        return [leaf for leaf in leaves if leaf is not None]

    def _on_clicked(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _KEY):
            self._append(item)
        else:
            item.setExpanded(not item.isExpanded())

    def _on_menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place)
        key = item.data(0, _KEY) if item is not None else None
        if key and key.startswith(BLOCK):
            self.block_menu_wanted.emit(key.removeprefix(BLOCK), self.tree.viewport().mapToGlobal(place))

    def _append_first(self) -> None:
        leaves = self._leaves()
        if leaves:
            self._append(leaves[0])

    def _append(self, item: QTreeWidgetItem) -> None:
        key = item.data(0, _KEY)
        if key:
            self.append_wanted.emit(key)
