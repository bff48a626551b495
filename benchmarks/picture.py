"""What netron.py runs for Sketch: a whole window opens one ONNX file, with a cold worker and then with a warm one.

Prints JSON: CPU seconds of window and worker, wall seconds, and CPU seconds of the window's own thread, from the choice
of the file until its first complete picture (every node and wire in view is painted in the window; it can be looked
around in), and the same until the exact document (shapes, layers, weights; it can be edited) is painted in its place.
Of the openings with a warm worker the one counts whose picture took the least CPU.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from stalls import open_window, rest  # noqa: E402

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

CALM_SECONDS = 1.5
REPEATS, BEAT_MS = 3, 50


def cpu() -> float:
    """CPU seconds of this process and of all that it has started, as far as it lives or was waited for."""
    from netron import cpu as spent

    return spent(os.getpid())


class Watch:
    """What was spent since it was made; this process to the microsecond, its workers to the tick of the system."""

    def __init__(self) -> None:
        self._cpu, self._wall, self._own = cpu(), time.monotonic(), time.thread_time()

    def read(self) -> dict[str, float]:
        """CPU of all processes, wall time, and CPU of the window's thread, s."""
        return {
            "cpu": round(cpu() - self._cpu, 3), "wall": round(time.monotonic() - self._wall, 3),
            "window": round(time.thread_time() - self._own, 3),
        }  # fmt: skip


def opened(window: MainWindow, path: Path) -> dict[str, Any]:
    """Open a file; what it took until its first picture was complete, and until the document was there."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    beat = QTimer(
        window, interval=BEAT_MS
    )  # the loop sleeps as in the program, and wakes up if nothing comes
    beat.start()
    watch, first = Watch(), None
    window.opener.open_file(path)
    while window.desk.tab is None:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        view = window.area.view
        if first is None and view is not None:
            QApplication.processEvents()  # the tab gets its size
            view.viewport().repaint()
            first = watch.read()
        if not window.jobs.running and window.desk.tab is None:
            sys.exit(f"{path.name} does not open: {window.statusBar().currentMessage()}")
    window.desk.tab.view.viewport().repaint()
    exact = watch.read()
    beat.deleteLater()
    return {**(first or exact), "exact": exact, "nodes": len(window.desk.tab.document.tables.nodes)}


def main() -> int:
    """Open it some times; the numbers."""
    window, path = open_window(), Path(sys.argv[1])
    rest(CALM_SECONDS)
    found, warm = {"cold": opened(window, path)}, []
    for _ in range(REPEATS):
        rest(2 * CALM_SECONDS)
        window.opener.close()
        rest(CALM_SECONDS)
        warm.append(opened(window, path))
    found["warm"] = min(warm, key=lambda taken: float(taken["cpu"]))
    window.close()
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
