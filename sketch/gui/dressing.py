"""Another theme for a window that is shown: colours at once, the icons of actions and small pictures in slices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sketch.gui.icons import app_icon
from sketch.gui.shell_style import dress
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.theme import Theme

_NAME = "dressing"


def redress(window: MainWindow, theme: Theme) -> None:
    """Show everything in another theme."""
    window.theme = theme
    dress(theme)
    area = window.area
    for page in (*area, *area.glances):
        page.view.set_theme(theme)
    for part in (window.panels, window.job_bar, area.welcome):
        part.set_theme(theme)
    _slices(window).replace(
        [
            partial(window.setWindowIcon, app_icon(theme)),
            partial(window.actions_.set_theme, theme),
            partial(_show_pictures, window),
        ]
    )


def _slices(window: MainWindow) -> Slices:
    found: Slices | None = window.findChild(Slices, _NAME)
    if found is None:
        found = Slices(window)
        found.setObjectName(_NAME)
    return found


def _show_pictures(window: MainWindow) -> None:
    if window.is_filled:
        window.area.welcome.show_pictures(window.keeper.example_picture)
