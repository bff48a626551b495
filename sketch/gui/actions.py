"""Every command of the window as one row of a table; menus, tool bar, shortcuts and palette are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from sketch.gui.icons import action_icon

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.theme import Theme
    from sketch.state.settings import Settings


def always(_window: MainWindow) -> str | None:
    """The `why_not` of a command that is never disabled."""
    return None


def later(module: str, function: str, **fixed: Any) -> Callable[[MainWindow], object]:
    """A function of a module of this package, which loads when the command is first used."""

    def run(window: MainWindow) -> object:
        found: Callable[..., object] = getattr(import_module(f"sketch.gui.{module}"), function)
        return found(window, **fixed)

    return run


@dataclass(frozen=True)
class Action:
    """One command.

    `menu` is a path such as `File` or `View/Panels`; `why_not` gives the reason while it cannot run, else None.
    `scope` is `window`, `canvas` for keys that belong to a text field when one has the focus, or `gesture` for
    keys that the canvas itself listens to.
    `checked` makes it a check mark. `apart` draws a line above it in its menu. `named` gives the title that its
    menu shows now, where that changes.
    """

    id: str
    title: str
    menu: str
    run: Callable[[MainWindow], object]
    why_not: Callable[[MainWindow], str | None] = always
    hint: str = ""
    icon: str = ""
    scope: str = "window"
    checked: Callable[[MainWindow], bool] | None = None
    apart: bool = False
    named: Callable[[MainWindow], str] | None = None


class ActionSet:
    """The QActions of a window: built once, refreshed after every change."""

    def __init__(self, window: MainWindow, table: Sequence[Action], settings: Settings):
        self._window = window
        self._settings = settings
        self._rows = {row.id: row for row in table}
        self._actions = {row.id: self._build(row) for row in table}

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[tuple[Action, QAction]]:
        return ((self._rows[key], action) for key, action in self._actions.items())

    def refresh(self) -> None:
        """Enable what can run now; what cannot says why in its tool tip and status tip."""
        with self._window.desk.same_selection():
            self._refresh()

    def _refresh(self) -> None:
        for key, action in self._actions.items():
            row = self._rows[key]
            reason = row.why_not(self._window)
            if action.isEnabled() != (reason is None):
                action.setEnabled(reason is None)
            tip = reason or row.hint or row.title.replace("&", "").removesuffix("...")
            if action.statusTip() != tip:
                action.setStatusTip(tip)
                action.setToolTip(_tool_tip(row, action, reason))
            if row.named is not None and action.text() != (title := row.named(self._window)):
                action.setText(title)
            if row.checked is not None:
                action.setChecked(row.checked(self._window))

    def run(self, action_id: str) -> None:
        """Run a command by its id, or say why it cannot run."""
        row = self._rows[action_id]
        reason = row.why_not(self._window)
        if reason is not None:
            self._window.say(reason)
            return
        row.run(self._window)
        self.refresh()

    def why_not(self, action_id: str) -> str | None:
        """The reason why a command cannot run now, None when it can."""
        return self._rows[action_id].why_not(self._window)

    def apply_shortcuts(self) -> None:
        """Take the shortcuts from the settings again (another preset was chosen)."""
        for key, action in self._actions.items():
            row = self._rows[key]
            self._give_keys(row, action)
            action.setToolTip(_tool_tip(row, action, row.why_not(self._window)))

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for key, action in self._actions.items():
            if self._rows[key].icon:
                action.setIcon(action_icon(self._rows[key].icon, theme))

    def attach(self, canvas: QWidget) -> None:
        """Let the keys of canvas commands work while this widget has the focus."""
        canvas.addActions([self._actions[key] for key, row in self._rows.items() if row.scope == "canvas"])

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Build the menus; the result maps a menu's path to it."""
        menus: dict[str, QMenu] = {}
        for row in self._rows.values():
            menu = _menu(bar, menus, row.menu)
            if row.apart:
                menu.addSeparator()
            menu.addAction(self._actions[row.id])
        return menus

    def _build(self, row: Action) -> QAction:
        action = QAction(row.title, self._window)
        action.setObjectName(row.id)
        action.setCheckable(row.checked is not None)
        self._give_keys(row, action)
        if row.scope == "canvas":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            self._window.addAction(action)
        action.triggered.connect(lambda _on=False, key=row.id: self.run(key))
        return action

    def _give_keys(self, row: Action, action: QAction) -> None:
        keys = self._settings.shortcut(row.id)
        if row.scope == "gesture":
            action.setText("\t".join([row.title, *keys[:1]]))
        else:
            action.setShortcuts([QKeySequence(text) for text in keys])


def _menu(bar: QMenuBar, menus: dict[str, QMenu], path: str) -> QMenu:
    if path not in menus:
        above, _, title = path.rpartition("/")
        menu = _menu(bar, menus, above).addMenu(title) if above else bar.addMenu("&" + title)
        menu.setToolTipsVisible(True)
        menus[path] = menu
    return menus[path]


def _tool_tip(row: Action, action: QAction, reason: str | None) -> str:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    title = row.title.replace("&", "").removesuffix("...")
    head = f"{title}  ({keys})" if keys else title
    return f"{head}\n{reason or row.hint}" if reason or row.hint else head
