"""What netron.py runs for Sketch: a whole window opens one ONNX file twice, with a cold and with a warm worker.

Prints JSON: CPU seconds of window and worker, wall seconds, and CPU seconds of the window's own thread, from the choice
of the file until everything in view has been painted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from stalls import open_window  # noqa: E402

CALM_SECONDS = 1.5


def cpu() -> float:
    """CPU seconds of this process and of all that it has started, as far as it lives or was waited for."""
    from netron import cpu as spent

    return spent(os.getpid())


def opened(window: Any, path: Path) -> dict[str, float]:
    """Open a file; what it took until its picture was complete."""
    from PySide6.QtWidgets import QApplication

    before, begun, own = cpu(), time.monotonic(), time.thread_time()
    window.opener.open_file(path)
    while window.desk.tab is None:
        QApplication.processEvents()
        time.sleep(0.002)
        if not window.jobs.running and window.desk.tab is None:
            sys.exit(f"{path.name} does not open: {window.statusBar().currentMessage()}")
    window.desk.tab.view.viewport().repaint()
    return {
        "cpu": round(cpu() - before, 3), "wall": round(time.monotonic() - begun, 3),
        "window": round(time.thread_time() - own, 3), "nodes": len(window.desk.document.tables.nodes),
    }  # fmt: skip


def rest(seconds: float) -> None:
    """Let what follows the picture (source text, lists, the journal) run to its end."""
    from PySide6.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def main() -> int:
    """Open twice; the numbers of both."""
    window, path = open_window(), Path(sys.argv[1])
    rest(CALM_SECONDS)
    found = {"cold": opened(window, path)}
    rest(3 * CALM_SECONDS)
    window.opener.close()
    rest(CALM_SECONDS)
    found["warm"] = opened(window, path)
    window.close()
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
