"""The settings page: every option of settings.yaml by its type, and every shortcut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from sketch.graph.specs import ParamSpec
from sketch.gui.param_fields import ParamField, make_field
from sketch.state.settings import PRESET, Option, Settings, SettingsError

if TYPE_CHECKING:
    from sketch.gui.actions import ActionSet

PAGES: Mapping[str, tuple[str, ...]] = {
    "Look": ("appearance.theme", "appearance.toolbar", "text.follow", "text.font_size", "text.wrap"),
    "Canvas": (
        "canvas.grid", "canvas.snap", "canvas.grid_size", "canvas.shapes", "canvas.parameters", "canvas.values",
        "canvas.wires", "canvas.zoom_speed", "canvas.wheel",
    ),
    "Behaviour": (
        "edit.rejoin", "edit.append_wired", "compile.kernel", "compile.verify", "compile.opset", "session.restore",
        "session.recent", "log.level",
    ),
}  # fmt: skip
"""Title of a page -> the options on it; shortcuts have a page of their own."""
_KEY = Qt.ItemDataRole.UserRole


class SettingsDialog(QDialog):
    """Changes take effect at once; there is nothing to confirm."""

    def __init__(self, parent: QWidget, settings: Settings, actions: ActionSet):
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(640, 560)
        self._settings = settings
        self._note = QLabel(settings.warning)
        self._note.setProperty("role", "error")
        self._note.setWordWrap(True)
        self.tabs = QTabWidget()
        for title, names in PAGES.items():
            self.tabs.addTab(self._page(names), title)
        self.shortcuts = ShortcutPage(settings, actions)
        self.tabs.addTab(self.shortcuts, "Shortcuts")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.accept)
        column = QVBoxLayout(self)
        for widget in (self.tabs, self._note, buttons):
            column.addWidget(widget)

    def turn_to(self, title: str) -> None:
        """Bring a page to the front by its title."""
        for index in range(self.tabs.count()):
            if self.tabs.tabText(index) == title:
                self.tabs.setCurrentIndex(index)

    def _page(self, names: tuple[str, ...]) -> QWidget:
        page = QWidget()
        page.setProperty("role", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        form = QFormLayout(page)
        form.setContentsMargins(16, 12, 16, 12)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(8)
        for name in names:
            option = self._settings.option(name)
            label = QLabel(option.doc)
            label.setWordWrap(True)
            label.setMinimumWidth(300)
            form.addRow(label, self._field(option))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        return area

    def _field(self, option: Option) -> ParamField:
        field = make_field(_as_param(option), live=False)
        field.show_value(self._settings.get(option.name))
        field.edited.connect(lambda value: self._set(option, field, value))
        field.refused.connect(self._note.setText)
        return field

    def _set(self, option: Option, field: ParamField, value: Any) -> None:
        try:
            self._settings.set(option.name, value)
            self._note.setText(self._settings.warning)
        except SettingsError as error:
            self._note.setText(str(error))
        field.show_value(self._settings.get(option.name))


class ShortcutPage(QWidget):
    """Preset, search, the list of commands, and a field for the keys of the chosen one."""

    def __init__(self, settings: Settings, actions: ActionSet):
        super().__init__()
        self._settings = settings
        self._titles = {
            row.id: f"{row.menu}: {row.title}".replace("&", "").removesuffix("...") for row, _ in actions
        }
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands and keys")
        self.search.textChanged.connect(lambda _text: self._fill())
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.setRootIsDecorated(False)
        self.list.setColumnWidth(0, 360)
        self.list.currentItemChanged.connect(lambda item, _old: self._show(item))
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.editingFinished.connect(self._take)
        self._clash = QLabel()
        self._clash.setProperty("role", "warning")
        self._clash.setWordWrap(True)
        self._lay_out()
        self._fill()

    def _lay_out(self) -> None:
        preset = make_field(_as_param(self._settings.option(PRESET)))
        preset.show_value(self._settings.get(PRESET))
        preset.edited.connect(self._choose_preset)
        reset = QPushButton("Back to the preset")
        reset.setAutoDefault(False)
        reset.clicked.connect(self._reset)
        top, low = QHBoxLayout(), QHBoxLayout()
        top.addWidget(QLabel("Preset"))
        top.addWidget(preset)
        top.addWidget(self.search, 1)
        low.addWidget(QLabel("Keys"))
        low.addWidget(self.keys, 1)
        low.addWidget(reset)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addLayout(low)
        column.addWidget(self._clash)

    def _fill(self) -> None:
        typed, chosen = self.search.text().lower(), self._command()
        self.list.clear()
        for command in dict.fromkeys((*self._titles, *self._settings.commands())):
            title = self._titles.get(command, f"Canvas: {command.partition('.')[2].replace('_', ' ')}")
            keys = ", ".join(self._settings.shortcut(command))
            if command not in self._titles and not command.startswith("canvas."):
                continue
            if typed in title.lower() or typed in keys.lower():
                item = QTreeWidgetItem([title, keys])
                item.setData(0, _KEY, command)
                self.list.addTopLevelItem(item)
                if command == chosen:
                    self.list.setCurrentItem(item)

    def _command(self) -> str:
        item = self.list.currentItem()
        return str(item.data(0, _KEY)) if item else ""

    def _show(self, item: QTreeWidgetItem | None) -> None:
        keys = self._settings.shortcut(str(item.data(0, _KEY))) if item else []
        self.keys.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self._clash.setText("")

    def _take(self) -> None:
        command, key = self._command(), self.keys.keySequence().toString()
        if not command or [key] == self._settings.shortcut(command)[:1]:
            return
        self._settings.set_shortcut(command, [key] if key else [])
        clashes = (
            [self._titles.get(name, name) for name in self._settings.clashes(command, key)] if key else []
        )
        self._fill()
        self._clash.setText(f"{key} also runs {', '.join(clashes)}; change one of them." if clashes else "")

    def _reset(self) -> None:
        if self._command():
            self._settings.set_shortcut(self._command(), None)
            self._fill()

    def _choose_preset(self, name: str) -> None:
        self._settings.set(PRESET, name)
        self._fill()


def _as_param(option: Option) -> ParamSpec:
    return ParamSpec(
        option.name, option.type, option.default, choices=option.choices, min=option.min, max=option.max,
        optional=option.optional, doc=option.doc,
    )  # fmt: skip
