"""Copying weights of the selection and pasting them into other layers, beside the window where that is much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QTimer

from sketch.gui import asides
from sketch.gui.edit_commands import LateClip, edit_selection, put_data
from sketch.gui.reasons import selected_nodes
from sketch.gui.weights_commands import ask_misfit, change, require_any, still_there
from sketch.state import commands
from sketch.state.commands import weights_pasting

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.clip import Clip
    from sketch.state.commands.weights import Report
    from sketch.state.document import Document


class _Found(NamedTuple):
    """What the clipboard gives to the selection, and in words which shapes differ."""

    clip: Clip
    pairs: weights_pasting.Pairs
    differing: Sequence[str]


def copy(window: MainWindow) -> None:
    """Copy the selected layers with their weights; they can also be pasted as layers."""

    def act(document: Document, chosen: list[int]) -> tuple[bytes, int]:
        clip = weights_pasting.with_initial(document, commands.copy(document, chosen))
        return clip.to_text().encode("utf-8"), len(clip.weights)

    def tell(_tab: CanvasTab, copied: tuple[bytes, int]) -> None:
        data, count = copied
        put_data(data)
        window.say(f"Copied {count:,} weights; select layers and choose Paste weights.")

    edit_selection(window, "Copy weights", act, tell, lambda _tab: selected_nodes(window))


def paste(window: MainWindow) -> None:
    """Give the selected layers the weights in the clipboard, asking once when shapes differ."""
    tab = window.desk.tab
    if tab is not None:
        _Paste(window, tab).begin()


class _Paste:
    """Finds out what of the clipboard goes where, asks where shapes differ, and pastes."""

    def __init__(self, window: MainWindow, tab: CanvasTab):
        self._window, self._tab = window, tab
        self._chosen = selected_nodes(window)
        self._late, self._is_large = LateClip(), False

    def begin(self) -> None:
        """Find out what goes where, then ask and paste."""
        asides.edit(self._window, self._tab, "Paste weights", self._find, self._ask, many=self._is_much)

    def _is_much(self) -> bool:
        is_large = self._late.is_large()  # it looks, in any case
        self._is_large = is_large or asides.are_many(self._tab.document, self._chosen)
        return self._is_large

    def _find(self, document: Document) -> _Found:
        require_any(document, self._chosen)
        clip = self._late.clip()
        pairs = weights_pasting.pairs(document, clip, self._chosen)
        return _Found(clip, pairs, weights_pasting.misfits(document, pairs))

    def _ask(self, found: _Found) -> None:
        if self._is_large:  # the job is over first: a question may stand for long
            QTimer.singleShot(0, self._tab, partial(self._paste, found))
        else:
            self._paste(found)

    def _paste(self, found: _Found) -> None:
        misfit = ask_misfit(self._window, found.differing)
        if misfit is None:
            return
        clip, pairs, _ = found

        def act(document: Document) -> Report:
            return weights_pasting.paste_weights(document, clip, pairs, misfit)

        change(self._window, self._tab, "Paste weights", still_there(act, pairs), many=len(pairs))
