"""When the garbage collector works: not while many small objects are made, and in the window's thread alone.

It walks what is made at once over and over. And a Qt object that it frees on another thread leaves its timers behind
in the window's, which ends the process with the next of their beats.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

OLD_AFTER = 70_000
"""So many new objects later all are walked, as Python does it by itself (700 x 10 x 10)."""
LIGHT, HEAVY = 20_000, 2_000_000
"""So many new objects are walked in a quarter of a frame; from so many on it cannot wait for a calm moment."""
REST = 100
"""Walking all of them takes one part in so many of the time at most."""
_lock = threading.Lock()
_pauses: list[bool] = []
"""One entry a pause that goes on, in any thread: whether the collector was on when the first one began."""


@contextmanager
def paused_collection() -> Iterator[None]:
    """No collection inside, in no thread; layout and the making of items get about 1.6 times faster."""
    with _lock:
        _pauses.append(_pauses[0] if _pauses else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            if _pauses.pop() and not _pauses:
                gc.enable()


class Collection:
    """The collector by hand: switched off for every thread, `go_on` does what is due where it is called."""

    def __init__(self) -> None:
        with _lock:
            gc.disable()
            _pauses[:] = [False] * len(_pauses)
        self._made = 0
        self._rests_until = 0.0

    def go_on(self, *, calm: bool = True) -> None:
        """Walk the new objects, now and then all; nothing while few were made or a pause goes on.

        Args:
            calm: False when a person would notice what takes longer than a part of a frame.
        """
        made, begun = gc.get_count()[0], time.monotonic()
        calm = calm or made > HEAVY
        if _pauses or made < gc.get_threshold()[0] or (made > LIGHT and not calm):
            return
        self._made += made
        if self._made < OLD_AFTER or begun < self._rests_until or not calm:
            gc.collect(1)
            return
        gc.collect()
        self._made, end = 0, time.monotonic()
        self._rests_until = end + REST * (end - begun)
