"""A meter of stalls: the CPU time that the window's thread spends between two turns of its event loop, and where."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

BEAT_MS, LOOK_SECONDS = 1, 0.002
QUIET_SECONDS, QUIET_CPU, PATIENCE_SECONDS = 0.4, 0.03, 60.0


def pace() -> float:
    """CPU ms of a fixed loop of Python, least of five: what the machine's own speed adds to all other numbers."""
    times = []
    for _ in range(5):
        start, total = time.thread_time(), 0
        for number in range(300_000):
            total += number * number
        times.append(1000 * (time.thread_time() - start))
    return min(times)


@dataclass
class Stretch:
    """Work without a turn of the event loop: CPU milliseconds, of these in the collector, and where it was seen."""

    ms: float
    collector_ms: float
    places: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        seen = "; ".join(f"{place} x{count}" for place, count in self.places.most_common(3))
        return (
            f"{self.ms:.1f} ms"
            + (f" ({self.collector_ms:.1f} collector)" if self.collector_ms else "")
            + f": {seen}"
        )


class Meter(QObject):
    """Beats in the event loop of this thread; each beat ends one stretch and begins the next."""

    def __init__(self) -> None:
        super().__init__()
        self.stretches: list[Stretch] = []
        self._thread = threading.get_ident()
        self._places: Counter[str] = Counter()
        self._collector = self._collecting = 0.0
        self._last = time.thread_time()
        self._beats = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beats.timeout.connect(self._beat)
        self._going = True
        gc.callbacks.append(self._on_collector)
        sys.setswitchinterval(0.001)
        threading.Thread(target=self._look, daemon=True).start()
        self._beats.start()

    def close(self) -> None:
        """Stop looking."""
        self._going = False
        self._beats.stop()
        gc.callbacks.remove(self._on_collector)

    def step(self, call: Callable[[], Any], until: Callable[[], bool] = lambda: True) -> list[Stretch]:
        """Run this in the event loop, wait until it and what it began is over; the stretches, longest first."""
        self.stretches, self._last = [], time.thread_time()  # what prepared the step is no part of it
        loop, begun = QEventLoop(), time.monotonic()
        QTimer.singleShot(0, call)
        quiet = QTimer(loop, interval=20)
        seen = [(begun, time.thread_time())]

        def look() -> None:
            now, cpu = time.monotonic(), time.thread_time()
            if not until():
                seen.clear()  # calm counts from when it is over
            seen.append((now, cpu))
            while len(seen) > 1 and now - seen[1][0] > QUIET_SECONDS:
                seen.pop(0)
            calm = now - seen[0][0] >= QUIET_SECONDS and cpu - seen[0][1] < QUIET_CPU + 0.1 * (
                now - seen[0][0]
            )
            if calm or now - begun > PATIENCE_SECONDS:
                loop.quit()

        quiet.timeout.connect(look)
        quiet.start()
        loop.exec()
        quiet.stop()
        return sorted(self.stretches, key=lambda stretch: -stretch.ms)

    def _beat(self) -> None:
        now = time.thread_time()
        spent = 1000 * (now - self._last)
        if spent > 1.0:
            self.stretches.append(Stretch(spent, 1000 * self._collector, self._places))
        self._last, self._collector = now, 0.0
        if self._places:
            self._places = Counter()

    def _on_collector(self, phase: str, _info: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self._collector += time.thread_time() - self._collecting

    def _look(self) -> None:
        while self._going:
            time.sleep(LOOK_SECONDS)
            place = _place(sys._current_frames().get(self._thread))
            self._places[place] += 1  # no frame is kept: what lives in it would outlive its function


def _place(frame: FrameType | None) -> str:
    """The innermost functions of ours on the stack, innermost first."""
    found: list[str] = []
    while frame is not None and len(found) < 4:
        path = frame.f_code.co_filename
        if "/sketch/" in path:
            found.append(f"{path.rpartition('/')[2][:-3]}.{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(found) or "Qt"
