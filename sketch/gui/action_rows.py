"""What a row of the tables of commands says; no Qt, so that they are read before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

_MARK = re.compile(r"&(?!&)")


def plain(title: str) -> str:
    """A title as it is said: without the marks of a menu and the dots behind it."""
    return _MARK.sub("", title).removesuffix("...")


def always(_window: MainWindow) -> str | None:
    """The `why_not` of a command that is never disabled."""
    return None


def later(module: str, function: str, **fixed: Any) -> Callable[[MainWindow], object]:
    """A function of a module of this package, which loads when the command is first used."""

    def run(window: MainWindow) -> object:
        found: Callable[..., object] = getattr(import_module(f"sketch.gui.{module}"), function)
        return found(window, **fixed)

    return run


class Action(NamedTuple):
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


class CanvasRows:
    """Makes the rows of a menu whose keys belong to the canvas and whose functions are in one module."""

    def __init__(self, menu: str, module: str):
        self._menu = menu
        self._module = module

    def __call__(
        self,
        action_id: str,
        title: str,
        function: str,
        why_not: Callable[[MainWindow], str | None],
        hint: str,
        *,
        icon: str = "",
        apart: bool = False,
        **fixed: Any,
    ) -> Action:
        run = later(self._module, function, **fixed)
        return Action(action_id, title, self._menu, run, why_not, hint, icon, "canvas", apart=apart)


def switch(action_id: str, title: str, option: str, hint: str = "", scope: str = "window") -> Action:
    """A check mark in the View menu for an option of the settings."""
    return Action(
        action_id,
        title,
        "View",
        later("view_commands", "switch_option", name=option),
        hint=hint,
        scope=scope,
        checked=lambda window: bool(window.services.settings.get(option)),
    )
