"""Another theme for a window that is shown: its parts take the colours in slices, and come back one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from shiboken6 import isValid

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
    children = window.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    parts = [part for part in children if part.isVisible() or not part.updatesEnabled()]
    for part in parts:
        part.setUpdatesEnabled(False)  # nothing is painted half in the old colours
    window.panels.editor.forget()
    dress(window, theme)
    area = window.area
    for page in (*area, *area.glances):
        page.view.set_theme(theme)
    steps: list[Callable[[], object]] = [partial(_polish, widget) for widget in QApplication.allWidgets()]
    steps.append(partial(_keep_font, window))
    steps += window.panels.dressing(theme)
    steps += [partial(part.set_theme, theme) for part in (window.job_bar, area.welcome)]
    steps += window.actions_.dressing(theme)
    steps += [partial(_show, part) for part in parts]
    steps += [partial(window.setWindowIcon, app_icon(theme)), partial(_show_pictures, window)]
    _slices(window).replace(steps)


def _polish(widget: QWidget) -> None:
    """Let the style look up the colours of a widget again."""
    if isValid(widget) and widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().polish(widget)
        if isinstance(widget, QDockWidget):  # it keeps the pictures of its buttons
            QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def _keep_font(window: MainWindow) -> None:
    """The style has given the source text the font back that it was made with."""
    from sketch.gui.wiring import use_text_options

    use_text_options(window)


def _show(part: QWidget) -> None:
    if isValid(part):
        part.setUpdatesEnabled(True)
        part.repaint()


def _slices(window: MainWindow) -> Slices:
    found: Slices | None = window.findChild(Slices, _NAME)
    if found is None:
        found = Slices(window)
        found.setObjectName(_NAME)
    return found


def _show_pictures(window: MainWindow) -> None:
    if window.is_filled:
        window.area.welcome.show_pictures(window.keeper.example_picture)
