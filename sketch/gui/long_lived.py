"""Rows by the hundred thousand live as long as a document: the garbage collector is kept from walking them."""

from __future__ import annotations

import gc
import linecache
import sys
import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from sketch.gui.background import short_turns

if TYPE_CHECKING:
    from sketch.gui.canvas.wires import Wiring
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.glance_page import GlancePage

MANY = 1000
"""An edit of more rows than this leaves more behind than the collector walks in a frame."""
FEW = 200
"""So many entries of a list are freed at once."""
LATER_MS = 250
"""By then what is in front instead has been painted, and the panels have followed."""


def settle() -> None:
    """What there is now stays for long: the collector leaves it alone from here on.

    A full collection of 10,000 layers takes a third of a second, on the window's thread. What is left alone is still
    freed by its counts; `let_go` takes care of a closed document, whose parts know each other in circles.
    """
    gc.freeze()


def forget_sources() -> None:
    """Drop the lines of source that Python keeps: PySide reads those of every module that is imported, up to 12 MB."""
    linecache.clearcache()


def trim() -> None:
    """Give the memory that reading and printing took back to the system, where the C library can (glibc)."""
    import ctypes  # not needed before something big was printed

    forget_sources()
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if give_back is not None:
        give_back(0)


def let_go(tab: CanvasTab | GlancePage) -> None:
    """Free what a closed tab and its document hold, on a thread, a little at a time; it is never painted again.

    The widgets go a moment later, in a turn of their own.
    """
    canvas, document = tab.view.canvas, tab.document
    lines = canvas.edges.lines
    known = document.inference
    inferred = known, known.order, known.alike, known.count
    owners = (document.tables, *inferred, document.history, canvas.boxes, lines, lines.extents)
    held = [rows for owner in owners for rows in vars(owner).values()]
    threading.Thread(target=_empty, args=(held, canvas.wiring), name="let go", daemon=True).start()
    QTimer.singleShot(LATER_MS, tab, tab.deleteLater)


def _empty(held: list[Any], wiring: Wiring) -> None:
    with short_turns():
        for rows in held:
            while isinstance(rows, (dict, set)) and rows:
                rows.popitem() if isinstance(rows, dict) else rows.pop()
            while isinstance(rows, list) and rows:
                del rows[-FEW:]
        wiring.let_go()
