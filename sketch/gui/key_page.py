"""The page of keys in the settings: presets, search by command or by key, and the keys of the chosen command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.action_rows import Action
from sketch.gui.key_capture import KeyCapture, is_key, native
from sketch.gui.key_editor import KeyEditor, small_button
from sketch.gui.key_names import Keyed, keyed
from sketch.state.keymap import canonical
from sketch.state.settings import PRESET, Settings, SettingsError

PRESETS = {"default": "Sketch", "blender": "Blender-like", "comfyui": "ComfyUI-like"}
"""Titles of the presets."""
FIND = "Find by key"
_COMMAND = Qt.ItemDataRole.UserRole
_FILES = "Keys of Sketch (*.json)"


class KeyPage(QWidget):
    """Changes take effect at once. `build` fills the list; before that nothing is to be seen of it."""

    def __init__(self, settings: Settings, rows: Iterable[Action], parent: QWidget):
        super().__init__(parent)
        self._settings = settings
        self._names = {one.command: one for one in keyed(rows)}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._key = ""
        self.preset = QComboBox()
        self.search = QLineEdit()
        self.by_key = KeyCapture(FIND, "Press a key to find its command")
        self.every = small_button("Show all", self._show_all)
        self.list = QTreeWidget()
        self.editor = KeyEditor(settings, self._names)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.reset = small_button("Reset all", self._reset_all)
        self._files = (small_button("Import...", self._import), small_button("Export...", self._export))
        self._set_up()
        self._lay_out()

    def build(self) -> Iterator[None]:
        """Fill the list, a command a step."""
        menus: dict[str, QTreeWidgetItem] = {}
        for one in self._names.values():
            if one.menu not in menus:
                menus[one.menu] = self._menu(one.menu)
            item = QTreeWidgetItem(menus[one.menu], [one.title])
            item.setData(0, _COMMAND, one.command)
            item.setToolTip(0, one.hint)
            self._items[one.command] = item
            self._show_keys(one.command)
            yield
        self.refresh()

    def refresh(self) -> None:
        """Show the keys in force and what was searched for."""
        for command in self._items:
            self._show_keys(command)
        self.reset.setEnabled(bool(self._settings.own_shortcuts()))
        self._filter()
        self.editor.refresh()

    def show_command(self, command: str) -> None:
        """Choose a command in the list."""
        self.list.setCurrentItem(self._items[command])
        self.list.scrollToItem(self._items[command], QTreeWidget.ScrollHint.PositionAtCenter)

    def shown(self) -> list[str]:
        """The commands in the list, top first."""
        return [command for command, item in self._items.items() if not item.isHidden()]

    # --- inside ------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        for name in self._settings.presets:
            self.preset.addItem(PRESETS.get(name, name), name)
        self.preset.setCurrentIndex(self.preset.findData(self._settings.get(PRESET)))
        self.preset.setAccessibleName("Preset of keys")
        self.preset.activated.connect(lambda _index: self._choose_preset())
        self.search.setPlaceholderText("Search commands")
        self.search.setAccessibleName("Search commands")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.by_key.setFixedWidth(150)
        self.by_key.captured.connect(self._look_for_key)
        self.list.setAccessibleName("Commands and their keys")
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.setColumnWidth(0, 360)
        self.list.currentItemChanged.connect(lambda item, _old: self._on_chosen(item))
        self.list.itemActivated.connect(lambda _item, _column: self.editor.capture.setFocus())
        self.editor.changed.connect(self.refresh)

    def _lay_out(self) -> None:
        top, search = QHBoxLayout(), QHBoxLayout()
        top.addWidget(QLabel("Preset"))
        top.addWidget(self.preset)
        top.addStretch(1)
        for button in (*self._files, self.reset):
            top.addWidget(button)
        for widget in (self.search, self.by_key, self.every):
            search.addWidget(widget, 1 if widget is self.search else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(search)
        column.addWidget(self.list, 1)
        column.addWidget(self.editor)
        column.addWidget(self.note)

    def _menu(self, title: str) -> QTreeWidgetItem:
        menu = QTreeWidgetItem(self.list, [title])
        bold = QFont(self.list.font())
        bold.setBold(True)
        menu.setFlags(Qt.ItemFlag.ItemIsEnabled)
        menu.setFont(0, bold)
        menu.setExpanded(True)
        return menu

    def _show_keys(self, command: str) -> None:
        item, is_changed = self._items[command], command in self._settings.own_shortcuts()
        item.setText(1, ", ".join(map(native, self._settings.shortcut(command))))
        font = QFont(item.font(0))
        font.setBold(is_changed)
        item.setFont(1, font)
        preset = ", ".join(map(native, self._settings.preset_keys(command))) or "no key"
        item.setToolTip(1, f"Changed; the preset has {preset}" if is_changed else "")

    def _filter(self) -> None:
        """Hide what was not searched for, and menus in which nothing is left."""
        words = self.search.text().lower().split()
        for command, item in self._items.items():
            item.setHidden(not (self._fits_words(command, words) and self._fits_key(command)))
        for number in range(self.list.topLevelItemCount()):
            menu = self.list.topLevelItem(number)
            if menu is not None:
                rows = map(menu.child, range(menu.childCount()))
                menu.setHidden(all(row is None or row.isHidden() for row in rows))
        self.every.setVisible(bool(self._key or words))
        found = bool(self.shown())
        key = f"No command has {native(self._key)}." if self._key and not words else ""
        self._say("" if found else key or "No command fits; try fewer letters.")

    def _fits_words(self, command: str, words: list[str]) -> bool:
        one: Keyed = self._names[command]
        keys = ", ".join(self._settings.shortcut(command))
        text = f"{one.menu} {one.title} {one.hint} {keys}".lower()
        return all(word in text for word in words)

    def _fits_key(self, command: str) -> bool:
        wanted = canonical(self._key) if self._key else ""
        return not wanted or wanted in map(canonical, self._settings.shortcut(command))

    def _look_for_key(self, key: str) -> None:
        self._key = key
        self.by_key.show_title(f"Key: {native(key)}")
        self._filter()
        found = self.shown()
        if len(found) == 1:
            self.show_command(found[0])

    def _show_all(self) -> None:
        self._key = ""
        self.by_key.show_title(FIND)
        self.search.clear()
        self._filter()
        self.search.setFocus()

    def _on_chosen(self, item: QTreeWidgetItem | None) -> None:
        self.editor.show_command(str(item.data(0, _COMMAND) or "") if item else "")

    def _choose_preset(self) -> None:
        self._settings.set(PRESET, self.preset.currentData())
        self.refresh()

    def _reset_all(self) -> None:
        count = len(self._settings.own_shortcuts())
        what = "1 command" if count == 1 else f"{count} commands"
        text = f"You changed the keys of {what}. Take the preset's keys again?"
        if QMessageBox.question(self, "Reset all keys", text) == QMessageBox.StandardButton.Yes:
            self._settings.reset_shortcuts()
            self.refresh()

    def _export(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, "Export the keys", "sketch-keys.json", _FILES)
        if not path:
            return
        try:
            self._settings.write_shortcuts(Path(path))
            self._say(f"Wrote {path}.")
        except OSError as error:
            self._say(f"{path} could not be written: {error}.")

    def _import(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, "Import keys", "", _FILES)
        if not path:
            return
        try:
            unknown = self._settings.read_shortcuts(Path(path), is_key)
        except (OSError, SettingsError) as error:
            self._say(str(error))
            return
        self.preset.setCurrentIndex(self.preset.findData(self._settings.get(PRESET)))
        self.refresh()
        left_out = f" Left out, as they are not known here: {', '.join(unknown)}." if unknown else ""
        self._say(f"Took the keys of {path}.{left_out}")

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
