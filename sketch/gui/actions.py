"""The rows of the tables of commands as Qt actions: in menus and the tool bar, with their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from sketch.gui.action_rows import Action, plain
from sketch.gui.icons import action_icon

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.theme import Theme
    from sketch.state.settings import Settings


class ActionSet(QObject):
    """The QActions of a window: each is made when it is first asked for, the rest after the first paint.

    What can run is worked out once in a turn of the event loop, and before when somebody looks: a menu that opens,
    a key that is pressed, a caller who asks for an action.
    """

    def __init__(self, window: MainWindow, table: Sequence[Action], settings: Settings):
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._rows = {row.id: row for row in table}
        self._actions: dict[str, QAction] = {}
        self._reasons: dict[str, str | None] = {}
        """What was said last of each action."""
        self._menus: dict[str, QMenu] = {}
        self._waiting: list[QWidget] = []
        self.filling: Iterator[None] = self._fill()
        """Makes them and fills the menus, one a step."""
        self._is_complete = self._is_stale = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.settle)
        window.installEventFilter(self)

    def __getitem__(self, action_id: str) -> QAction:
        self.settle()
        return self._made(self._rows[action_id])

    def __iter__(self) -> Iterator[tuple[Action, QAction]]:
        self.complete()
        self.settle()
        return ((row, self._actions[row.id]) for row in self._rows.values())

    def refresh(self) -> None:
        """Something has changed that commands depend on."""
        if not self._is_stale:
            self._is_stale = True
            self._soon.start()

    def settle(self) -> None:
        """Enable what can run now, if something has changed; what cannot says why in its tool tip and status tip."""
        if not self._is_stale:
            return
        self._is_stale = False
        self._soon.stop()
        asked: dict[Callable[[MainWindow], str | None], str | None] = {}
        with self._window.desk.same_selection():
            for key, action in self._actions.items():
                row = self._rows[key]
                if row.why_not not in asked:
                    asked[row.why_not] = row.why_not(self._window)
                self._show(row, action, asked[row.why_not])

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
            action.setToolTip(_tool_tip(row, action, self._reasons.get(key)))

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for key, action in self._actions.items():
            if self._rows[key].icon:
                action.setIcon(action_icon(self._rows[key].icon, theme))

    def attach(self, canvas: QWidget) -> None:
        """Let the keys of canvas commands work while this widget has the focus."""
        if self._is_complete:
            canvas.addActions(
                [self._actions[key] for key, row in self._rows.items() if row.scope == "canvas"]
            )
        else:
            self._waiting.append(canvas)

    def head(self, bar: QMenuBar) -> None:
        """Put the menus into their bar, still empty: nobody sees more of them in the first picture."""
        for row in self._rows.values():
            path = row.menu.split("/")[0]
            if path not in self._menus:
                self._add_menu(path, bar.addMenu("&" + path))

    def menu(self, path: str) -> QMenu:
        """The menu of a path such as `File` or `View/Panels`, made with those above it."""
        if path not in self._menus:
            above, _, title = path.rpartition("/")
            self._add_menu(path, self.menu(above).addMenu(title))
        return self._menus[path]

    def complete(self) -> None:
        """Make the actions that nobody has asked for yet, and fill the menus; once."""
        for _ in self.filling:
            pass

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Qt asks with this event whether a key is a shortcut: a disabled action would let it pass."""
        if event.type() == QEvent.Type.ShortcutOverride:
            self._be_ready()
        return False

    # --- inside ------------------------------------------------------------------------------------

    def _fill(self) -> Iterator[None]:
        for row in self._rows.values():
            menu = self.menu(row.menu)
            if row.apart:
                menu.addSeparator()
            menu.addAction(self._made(row))
            yield
        self._is_complete = True
        for canvas in self._waiting:
            self.attach(canvas)
        self._waiting.clear()

    def _made(self, row: Action) -> QAction:
        if row.id not in self._actions:
            self._show(row, self._build(row), row.why_not(self._window))
        return self._actions[row.id]

    def _be_ready(self) -> None:
        self.complete()
        self.settle()

    def _add_menu(self, path: str, menu: QMenu) -> None:
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._be_ready)
        self._menus[path] = menu

    def _build(self, row: Action) -> QAction:
        action = self._actions[row.id] = QAction(row.title, self._window)
        action.setObjectName(row.id)
        action.setCheckable(row.checked is not None)
        if row.icon:
            action.setIcon(action_icon(row.icon, self._window.theme))
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

    def _show(self, row: Action, action: QAction, reason: str | None) -> None:
        if row.id not in self._reasons or self._reasons[row.id] != reason:
            self._reasons[row.id] = reason
            action.setEnabled(reason is None)
            action.setStatusTip(reason or row.hint or plain(row.title))
            action.setToolTip(_tool_tip(row, action, reason))
        if row.named is not None and action.text() != (title := row.named(self._window)):
            action.setText(title)
        if row.checked is not None:
            action.setChecked(row.checked(self._window))


def _tool_tip(row: Action, action: QAction, reason: str | None) -> str:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    title = plain(row.title)
    head = f"{title}  ({keys})" if keys else title
    return f"{head}\n{reason or row.hint}" if reason or row.hint else head
