"""The few style rules that only the window around the canvas needs; everything else is in the theme's sheet."""

from __future__ import annotations

from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from sketch.gui.theme import Theme, palette, stylesheet

_RULES = Template("""
QFrame[role="popup"] { background: $panel; border: 1px solid $border; border-radius: 6px; }
QFrame[role="popup"] QListWidget { background: transparent; }
QLineEdit[role="follows"] { background: $panel_alt; color: $text_muted; border-color: transparent; }
QLabel[role="section"] { color: $text_muted; font-weight: 600; padding-top: 8px; qproperty-indent: 0; }
QLabel[role="badge"] { background: $accent_soft; color: $text; border-radius: 4px; padding: 2px 8px; }
QToolButton[role="chip"] { background: $accent_soft; border-color: $border; padding: 4px 8px; }
QToolButton[role="chip"]:hover, QToolButton[role="chip"]:focus { border-color: $accent; }
QFrame[role="card"] { background: $panel; border: 1px solid $border; border-radius: 8px; }
QFrame[role="card"]:hover { border-color: $accent; }
QFrame[role="card"]:focus { border: 2px solid $accent; }
QWidget[role="page"] { background: $panel; }
QDockWidget::close-button, QDockWidget::float-button { padding: 0; icon-size: 20px; }
QWidget#welcome { background: $canvas; }
QWidget#breadcrumbs { background: $panel; border-bottom: 1px solid $border; }
QFrame#group-offer { background: $panel; border-bottom: 1px solid $border; }
QWidget#breadcrumbs QToolButton { padding: 2px 6px; }
QPushButton[role~="link"] { background: transparent; border: 1px solid transparent; color: $accent; text-align: left;
    padding: 3px 6px; }
QPushButton[role="tight link"] { padding: 0; }
QPushButton[role~="link"]:hover { background: $hover; }
QPushButton[role~="link"]:focus { border-color: $accent; }
QPlainTextEdit[role="code"] { border: none; border-radius: 0; padding: 0; background: $panel; }
QTreeView QLineEdit, QTableView QLineEdit { padding: 0 2px; }
""")


def dress(window: QWidget, theme: Theme) -> None:
    """Give a window the colours of a theme, before the widgets in it exist: each would have to be styled again."""
    window.setProperty("dark", theme.is_dark)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setPalette(palette(theme))
        sheet = stylesheet() + stylesheet(_RULES)
        if application.styleSheet() != sheet:
            application.setStyleSheet(sheet)


def theme_name(wanted: str) -> str:
    """`light` or `dark`; `system` follows the desktop."""
    if wanted != "system":
        return wanted
    hints = QGuiApplication.styleHints()
    return "dark" if hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark else "light"
