"""The tool bar: the commands used most, and the choice of the kernel."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from sketch.gui.actions import ActionSet

COMMANDS = (
    "file.new", "file.open", "file.save", "", "edit.undo", "edit.redo", "", "insert.quick_add", "group.group",
    "group.ungroup", "group.unfold_all", "group.fold_all", "view.arrange", "view.frame_all", "", "edit.find",
    "view.command_palette",
)  # fmt: skip
"""Ids of the commands; an empty one is a line."""


class _Button(QToolButton):
    """The button of a command. Its size is fixed: else the whole window is laid out anew when the command changes."""

    def __init__(self, bar: QToolBar, action: QAction, style: Qt.ToolButtonStyle):
        super().__init__(bar)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolButtonStyle(style)
        self.setDefaultAction(action)
        self.fit()

    def fit(self) -> None:
        """Be as large as style and font want it."""
        self.ensurePolished()
        self.setFixedSize(self.sizeHint())


class ToolBar(QToolBar):
    """`kernel_chosen` carries the name of the kernel that the person picked."""

    kernel_chosen = Signal(str)

    def __init__(self, actions: ActionSet):
        super().__init__("Tool bar")
        self.setObjectName("tool-bar")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self.kernel = QComboBox()
        self.kernel.setAccessibleName("Kernel")
        self.kernel.setToolTip("The framework whose source is shown and that compiles")
        self.kernel.setMinimumWidth(110)
        self.kernel.activated.connect(lambda _index: self.kernel_chosen.emit(self.kernel.currentData()))
        for action_id in COMMANDS:
            if action_id:
                self._add(actions[action_id])
            else:
                self.addSeparator()
        self._add_right_side(actions)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            for button in self.findChildren(_Button):
                button.fit()

    def offer(self, kernels: Iterable[tuple[str, str]], wanted: str) -> str:
        """Offer (name, title) of each kernel and show the wanted one, else the first; the name shown."""
        for name, title in kernels:
            self.kernel.addItem(title, name)
        self.kernel.setCurrentIndex(max(0, self.kernel.findData(wanted)))
        return str(self.kernel.currentData() or "")

    def show_kernel(self, name: str) -> None:
        """Show which kernel the document in front uses."""
        self.kernel.setCurrentIndex(self.kernel.findData(name))

    def _add_right_side(self, actions: ActionSet) -> None:
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        label = QLabel("Kernel ")
        label.setProperty("role", "muted")
        for widget in (gap, label, self.kernel):
            self.addWidget(widget)
        self.addSeparator()
        self._add(actions["compile.compile"], Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add(actions["view.theme"])

    def _add(
        self, action: QAction, style: Qt.ToolButtonStyle = Qt.ToolButtonStyle.ToolButtonIconOnly
    ) -> None:
        self.addWidget(_Button(self, action, style))
