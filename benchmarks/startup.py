"""Start: CPU time to the first painted window, against a bare PySide6 main window in the same run.

Run it with the project's Python: python benchmarks/startup.py [RUNS]. Exit 1 when the ratio is above the promise.
CPU time of a whole process, interpreter and imports included, so that it does not depend on what else runs.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 2.5
HEAVY = ("torch", "onnx", "onnx_ir", "onnxruntime", "scipy", "networkx", "tensorflow", "keras")
END = "\nimport json, os, sys; print(json.dumps(sorted(sys.modules)), flush=True); os._exit(0)\n"

BARE = """
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView, QMainWindow, QToolBar

application = QApplication([])
window = QMainWindow()
window.resize(1480, 940)
menu = window.menuBar().addMenu("File")
bar = QToolBar()
window.addToolBar(bar)
for title in ("New", "Open", "Quit"):
    bar.addAction(menu.addAction(title))
scene = QGraphicsScene()
window.setCentralWidget(QGraphicsView(scene))
window.show()
application.processEvents()
"""
SKETCH = """
import gc
gc.disable()
from PySide6.QtWidgets import QApplication
from sketch.app import make_services

services = make_services()
application = QApplication([])
from sketch.gui.main_window import MainWindow

window = MainWindow(services)
window.resize(1480, 940)
window.show()
application.processEvents()
"""
FILLED = SKETCH + "window.start()\napplication.processEvents()\n"
CANVAS = FILLED + "window.opener.new()\napplication.processEvents()\n"


def cpu(program: str) -> tuple[float, list[str]]:
    """CPU seconds of a process that runs this, and the modules it had loaded."""
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        users = {f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        env = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **users, "PYTHONPATH": str(ROOT)}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", program + END]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, json.loads(done.stdout.splitlines()[-1])


def measure(runs: int) -> dict[str, object]:
    """Medians of alternating runs, in seconds, and the ratios to the bare window."""
    programs = {"bare": BARE, "painted": SKETCH, "filled": FILLED, "canvas": CANVAS}
    for program in programs.values():
        cpu(program)
    times: dict[str, list[float]] = {name: [] for name in programs}
    modules: list[str] = []
    for _ in range(runs):
        for name, program in programs.items():
            spent, modules = cpu(program)
            times[name].append(spent)
    medians = {name: statistics.median(values) for name, values in times.items()}
    found: dict[str, object] = {f"{name}_s": round(value, 3) for name, value in medians.items()}
    found["ratio"] = round(medians["painted"] / medians["bare"], 2)
    found["ratio_with_canvas"] = round(medians["canvas"] / medians["bare"], 2)
    found["heavy_modules"] = sorted(set(HEAVY) & set(modules))
    return found


def main() -> int:
    """Print the measurement as JSON; 1 when the promise is broken."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if found["ratio"] <= MOST and not found["heavy_modules"] else 1


if __name__ == "__main__":
    sys.exit(main())
