"""The layers that a person added last, by whatever way; the session keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Update

NAME, MOST_KEPT = "layers.recent", 12
MOST_CHANGES = 12
"""An edit of more rows than this (a paste, an opened file) says nothing about what a person uses."""


def recent_layers(window: MainWindow) -> Sequence[str]:
    """Names of layers, the last one first."""
    return tuple(window.services.session.get(NAME, ()))


def follow(window: MainWindow, update: Update) -> None:
    """Note the layer that an edit added, when it added one."""
    if len(update.delta) > MOST_CHANGES:
        return
    added = [change.after.layer for change in update.of("nodes").values() if not change.before]
    before = recent_layers(window)
    if len(added) == 1 and before[:1] != (added[0],):
        kept = [added[0], *(layer for layer in before if layer != added[0])][:MOST_KEPT]
        window.services.session.set(NAME, kept)
