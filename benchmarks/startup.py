"""Start: CPU time until Sketch can be drawn in, against a bare PySide6 main window in the same run.

Run it with the project's Python: python benchmarks/startup.py [RUNS]. Exit 1 when the promise is broken.

Each number is the CPU time of whole processes, interpreter and imports included, so that it depends little on what
else runs; the programs take turns, and medians are compared. All run as an installed program does: with their byte
code, and not for the first time (a session, and the files that Sketch keeps in the cache folder, are there).

- bare: a main window with menu, tool bar and an empty graphics view, shown and painted.
- canvas: Sketch from its start to the painted window in which the empty canvas of the last session takes a layer.
  This is what the promise is about: at most 2.5 times the bare window, and no framework, scipy or networkx loaded.
- welcome: the same without a session, where the window shows the welcome page.
- filled: canvas, and then all steps of `gui/starting.py` at once: panels, layers, kernels, session, what is used first.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
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
from sketch.app import load_before_qt, make_services

services = make_services()
load_before_qt()
from sketch.gui.application import open_window

application, window = open_window(services)
application.processEvents()
"""
WITH_CANVAS = "assert window.area.front.view.isVisible() and not window.area.front.document.tables.nodes\n"
FILL = "window.start()\napplication.processEvents()\n"
EARLIER = SKETCH + FILL + "window.opener.new()\napplication.processEvents()\nwindow.close()\n"
"""The session before: a new network, nothing drawn."""


def environment(folder: str) -> dict[str, str]:
    """A person of their own in a folder, and byte code that is kept."""
    users = {f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    code = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{folder}/../code"}
    env = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **users, **code}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def cpu(program: str, env: Mapping[str, str]) -> tuple[float, list[str]]:
    """CPU seconds of a process that runs this, and the modules it had loaded."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", program + END]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, json.loads(done.stdout.splitlines()[-1])


def measure(
    runs: int, drawer: Mapping[str, str], newcomer: Mapping[str, str]
) -> tuple[float, dict[str, object]]:
    """The ratio of the promise, and what was found: medians of alternating runs, in seconds, and all ratios."""
    programs = {
        "bare": (BARE, newcomer),
        "canvas": (SKETCH + WITH_CANVAS, drawer),
        "welcome": (SKETCH, newcomer),
        "filled": (SKETCH + WITH_CANVAS + FILL, drawer),
    }
    cpu(EARLIER, drawer)
    for program in programs.values():
        cpu(*program)
    times: dict[str, list[float]] = {name: [] for name in programs}
    heavy: set[str] = set()
    for _ in range(runs):
        for name, program in programs.items():
            spent, modules = cpu(*program)
            times[name].append(spent)
            heavy |= set(HEAVY) & set(modules)
    medians = {name: statistics.median(values) for name, values in times.items()}
    found: dict[str, object] = {f"{name}_s": round(value, 3) for name, value in medians.items()}
    for name in ("canvas", "welcome", "filled"):
        found[f"{name}_ratio"] = round(medians[name] / medians["bare"], 2)
    return medians["canvas"] / medians["bare"], {**found, "heavy_modules": sorted(heavy)}


def main() -> int:
    """Print the measurement as JSON; 1 when the promise is broken."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        ratio, found = measure(runs, environment(f"{folder}/drawer"), environment(f"{folder}/newcomer"))
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if ratio <= MOST and not found["heavy_modules"] else 1


if __name__ == "__main__":
    sys.exit(main())
