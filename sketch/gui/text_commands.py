"""The commands of edited source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui.text_accept import acceptor_of
from sketch.gui.text_keys import toggle_comment

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow


def accept(window: MainWindow) -> None:
    """Run the edited source; the drawing follows."""
    acceptor_of(window).accept()


def discard(window: MainWindow) -> None:
    """Show the source of the drawing again; while edited source runs, stop that."""
    acceptor_of(window).discard()


def find(window: MainWindow) -> None:
    """Look for words in the source."""
    window.docks["source"].show()
    window.docks["source"].raise_()
    window.panels.source.find_bar.enter()


def comment(window: MainWindow) -> None:
    """Comment the selected lines of the source, or take the marks away."""
    code = window.panels.source.code
    if not code.isReadOnly():
        code.change(toggle_comment)
