"""The keys of one command: take one away, add one, and what to do when another command has it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from sketch.gui.key_capture import KeyCapture, native
from sketch.gui.key_names import Keyed
from sketch.state.keymap import canonical
from sketch.state.settings import Settings


class KeyEditor(QFrame):
    """Shows the command that was chosen in the list. `changed` says that keys are others now."""

    changed = Signal()

    def __init__(self, settings: Settings, names: dict[str, Keyed]):
        super().__init__()
        self._settings = settings
        self._names = names
        self._command = ""
        self._wanted = ""
        self._owners: list[str] = []
        self.setProperty("role", "panel")
        self.title = QLabel()
        self.title.setProperty("role", "subheading")
        self.hint = QLabel()
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        self.chips: list[QToolButton] = []
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self.capture = KeyCapture("Add a key", "Press a key to add it to the command")
        self.capture.setFixedWidth(150)
        self.capture.captured.connect(self._on_captured)
        self.back = small_button("Back to the preset", self._reset)
        self.clash = QLabel()
        self.clash.setProperty("role", "warning")
        self.clash.setWordWrap(True)
        self.take = small_button("Take it", self._take_away)
        self.leave = small_button("Leave it", self._forget_wanted)
        self._lay_out()
        self.show_command("")

    def show_command(self, command: str) -> None:
        """Edit the keys of a command; an empty name of none."""
        self._command = command
        self._forget_wanted()
        self.refresh()

    def refresh(self) -> None:
        """Show the keys as they are."""
        named = self._names.get(self._command)
        self.setEnabled(named is not None)
        self.title.setText(f"{named.menu}: {named.title}" if named else "Choose a command")
        self.hint.setText(named.hint if named else "")
        self.hint.setVisible(bool(self.hint.text()))
        self._show_chips(self._settings.shortcut(self._command) if named else [])
        self.back.setEnabled(self._command in self._settings.own_shortcuts())

    # --- inside ------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        keys, clash = QHBoxLayout(), QHBoxLayout()
        keys.addLayout(self._chips)
        keys.addWidget(self.capture)
        keys.addStretch(1)
        keys.addWidget(self.back)
        clash.addWidget(self.clash, 1)
        clash.addWidget(self.take)
        clash.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.hint)
        column.addLayout(keys)
        column.addLayout(clash)

    def _show_chips(self, keys: list[str]) -> None:
        for chip in self.chips:
            chip.hide()
            chip.deleteLater()
        self.chips = []
        for key in keys:
            chip = QToolButton()
            chip.setText(f"{native(key)}  ×")
            chip.setProperty("role", "chip")
            chip.setToolTip(f"Take {native(key)} away from this command")
            chip.setAccessibleName(f"Take {native(key)} away")
            chip.clicked.connect(lambda _on=False, key=key: self._remove(key))
            self._chips.addWidget(chip)
            self.chips.append(chip)

    def _on_captured(self, key: str) -> None:
        """Add a key; one that another command has waits for a decision."""
        if canonical(key) in map(canonical, self._settings.shortcut(self._command)):
            return
        self._wanted, self._owners = key, self._settings.clashes(self._command, key)
        if not self._owners:
            self._add(key)
            return
        others = " and ".join(f"'{self._title(name)}'" for name in self._owners)
        self.clash.setText(
            f"{native(key)} runs {others}. Take it from there for '{self._title(self._command)}'?"
        )
        self._show_clash(shown=True)
        self.take.setFocus()

    def _take_away(self) -> None:
        """The other commands lose the key."""
        for name in self._owners:
            self._settings.set_shortcut(name, _without(self._settings, name, self._wanted))
        self._add(self._wanted)

    def _add(self, key: str) -> None:
        self._settings.set_shortcut(self._command, [*self._settings.shortcut(self._command), key])
        self._done()

    def _remove(self, key: str) -> None:
        kept = [other for other in self._settings.shortcut(self._command) if other != key]
        self._settings.set_shortcut(self._command, kept)
        self._done()

    def _reset(self) -> None:
        """The keys of the preset, unless another command has one of them now."""
        for key in self._settings.preset_keys(self._command):
            taken = self._settings.clashes(self._command, key)
            for name in taken:
                self._settings.set_shortcut(name, _without(self._settings, name, key))
        self._settings.set_shortcut(self._command, None)
        self._done()

    def _done(self) -> None:
        self._forget_wanted()
        self.refresh()
        self.changed.emit()

    def _forget_wanted(self) -> None:
        self._wanted, self._owners = "", []
        self._show_clash(shown=False)

    def _show_clash(self, *, shown: bool) -> None:
        for widget in (self.clash, self.take, self.leave):
            widget.setVisible(shown)

    def _title(self, command: str) -> str:
        return self._names[command].title if command in self._names else command


def _without(settings: Settings, command: str, key: str) -> list[str]:
    return [other for other in settings.shortcut(command) if canonical(other) != canonical(key)]


def small_button(title: str, act: Callable[[], object]) -> QPushButton:
    """A push button that Return in a field does not press."""
    button = QPushButton(title)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _on=False: act())
    return button
