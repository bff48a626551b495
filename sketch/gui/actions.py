"""The rows of the tables of commands as Qt actions: in menus and the tool bar, with their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from sketch.gui.action_rows import Action, plain
from sketch.gui.icons import action_icon
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.theme import Theme
    from sketch.state.settings import Settings


class ActionSet(QObject):
    """The QActions of a window: each is made when it is first asked for, the rest after the first paint.

    What can run is worked out in slices after a change, and before when somebody looks: a menu that opens, a key that
    is pressed, a caller who asks for an action.
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
        self._is_behind = False  # True until all have been asked after a change
        self._keys = _Keys()
        self._slices = Slices(self)
        self._asked: dict[Callable[[MainWindow], str | None], str | None] = {}
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
            self._is_stale = self._is_behind = True
            self._slices.replace([self._begin])

    def settle(self) -> None:
        """Enable what can run now, if something has changed; what cannot says why in its tool tip and status tip."""
        self._slices.finish()

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

    def explain(self, combination: QKeyCombination) -> None:
        """Say why the command of a key cannot run now, if the key is one of a command that is disabled here."""
        view, keys = self._window.desk.view, QKeySequence(combination)
        on_canvas = view is not None and view.hasFocus()
        for key, action in self._actions.items():
            reason = self._reasons.get(key)
            if reason and keys in action.shortcuts() and (on_canvas or self._rows[key].scope != "canvas"):
                self._window.say(reason, for_now=True)
                return

    def apply_shortcuts(self) -> None:
        """Take the shortcuts from the settings again (another preset was chosen)."""
        for key, action in self._actions.items():
            row = self._rows[key]
            self._give_keys(row, action)
            action.setToolTip(_tool_tip(row, self._keys.written[key], self._reasons.get(key)))

    def dressing(self, theme: Theme) -> list[Callable[[], object]]:
        """The steps that draw the icons in the colours of a theme."""
        return [partial(self._draw, key, theme) for key in self._actions if self._rows[key].icon]

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
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            self._be_ready_for(event)
        return False

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

    def _begin(self) -> None:
        """From here on a change makes it necessary to ask all anew."""
        self._is_stale = False
        self._asked = {}
        caught_up = partial(setattr, self, "_is_behind", False)
        self._slices.replace([*(partial(self._settle, key) for key in self._actions), caught_up])

    def _settle(self, key: str) -> None:
        row = self._rows[key]
        if row.why_not not in self._asked:
            self._asked[row.why_not] = row.why_not(self._window)
        self._show(row, self._actions[key], self._asked[row.why_not])

    def _made(self, row: Action) -> QAction:
        if row.id not in self._actions:
            self._show(row, self._build(row), row.why_not(self._window))
        return self._actions[row.id]

    def _be_ready(self) -> None:
        self.complete()
        self.settle()

    def _be_ready_for(self, event: QKeyEvent) -> None:
        """Enable what a key may be for, if not all have been asked."""
        self.complete()
        meant = self._keys.meant_by(event) if self._is_behind else ()
        if meant is None:
            self.settle()
        for key in meant or ():
            self._show(self._rows[key], self._actions[key], self.why_not(key))

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

    def _draw(self, key: str, theme: Theme) -> None:
        self._actions[key].setIcon(action_icon(self._rows[key].icon, theme))

    def _give_keys(self, row: Action, action: QAction) -> None:
        keys = self._settings.shortcut(row.id)
        if row.scope == "gesture":
            action.setText("\t".join([row.title, *keys[:1]]))
        else:
            action.setShortcuts([QKeySequence(text) for text in keys])
        self._keys.take(row.id, action)

    def _show(self, row: Action, action: QAction, reason: str | None) -> None:
        if row.id not in self._reasons or self._reasons[row.id] != reason:
            self._reasons[row.id] = reason
            action.setEnabled(reason is None)
            action.setStatusTip(reason or row.hint or plain(row.title))
            action.setToolTip(_tool_tip(row, self._keys.written[row.id], reason))
        if row.named is not None and action.text() != (title := row.named(self._window)):
            action.setText(title)
        if row.checked is not None:
            action.setChecked(row.checked(self._window))


class _Keys:
    """The keys of the actions, by the ids of these."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        """How the first key of each is written."""
        self._parts: dict[str, set[int]] = {}
        """All keys of each without their modifiers."""

    def take(self, action_id: str, action: QAction) -> None:
        """Take the keys that an action has now."""
        found = action.shortcuts()
        parts = [keys[at] for keys in found for at in range(keys.count())]  # type: ignore[index]  # not in the stub
        self._parts[action_id] = {part.key() for part in parts}
        self.written[action_id] = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)

    def meant_by(self, event: QKeyEvent) -> list[str] | None:
        """The actions that a key may be for; None where its keyboard may take it for other keys too (+ for =)."""
        key = event.key()
        if not (Qt.Key.Key_A <= key <= Qt.Key.Key_Z or key >= Qt.Key.Key_Escape):
            return None
        return [action_id for action_id, parts in self._parts.items() if key in parts]


def _tool_tip(row: Action, keys: str, reason: str | None) -> str:
    head = f"{plain(row.title)}  ({keys})" if keys else plain(row.title)
    return f"{head}\n{reason or row.hint}" if reason or row.hint else head
