"""Rows by the hundred thousand live as long as a document: the garbage collector is kept from walking them."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sketch.gui.background import short_turns

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.state.document import Document

MANY = 1000
"""An edit of more rows than this leaves more behind than the collector walks in a frame."""


def settle() -> None:
    """What there is now stays for long: the collector leaves it alone from here on.

    A full collection of 10,000 layers takes a third of a second, on the window's thread. What is left alone is still
    freed by its counts; `let_go` takes care of a closed document, whose parts know each other in circles.
    """
    gc.freeze()


def trim() -> None:
    """Give the memory that reading and printing took back to the system, where the C library can (glibc)."""
    import ctypes  # not needed before something big was printed

    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if give_back is not None:
        give_back(0)


def let_go(tab: CanvasTab) -> None:
    """Free what a closed tab and its document hold, on a thread, a little at a time."""
    held = [*_rows_of(tab.document), *_drawn_of(tab)]
    threading.Thread(target=_empty, args=(held,), name="let go", daemon=True).start()


def _rows_of(document: Document) -> Iterable[Any]:
    yield from vars(document.tables).values()
    yield from vars(document.inference).values()
    yield from vars(document.history).values()


def _drawn_of(tab: CanvasTab) -> Iterable[Any]:
    wiring = tab.view.canvas.wiring
    return [value for value in vars(wiring).values() if value is not wiring.tables]


def _empty(held: list[Any]) -> None:
    with short_turns():
        for rows in held:
            while isinstance(rows, dict) and rows:
                rows.popitem()
