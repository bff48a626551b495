"""Stalls: the longest stretches of the window's thread without a turn of its event loop, gesture by gesture.

Run it with the project's Python: python benchmarks/stalls.py [NODES] [-v]. A whole window opens an ONNX file and is
used; exit 1 when a stretch takes more than 16 ms of CPU.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import models  # noqa: E402

if TYPE_CHECKING:
    from meter import Stretch

    from sketch.gui.main_window import MainWindow

MOST_MS = 16.0


def user_folders(folder: str) -> None:
    """Keep out of the real user folders."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(Path(folder) / name.lower())


def open_window() -> MainWindow:
    """A window as a person has it, filled, with all panels."""
    from PySide6.QtWidgets import QApplication

    from sketch.app import load_before_qt, make_services

    services = make_services()
    load_before_qt()
    from sketch.gui.main_window import MainWindow
    from sketch.gui.warming import warm_up

    QApplication.instance() or QApplication([])
    window = MainWindow(services)
    window.resize(1600, 1000)
    window.show()
    window.start()
    warm_up(window)
    return window


def gestures(window: MainWindow, path: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a person does, by name; each is made when the one before is over."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from sketch.state import commands

    run = window.actions_.run
    yield "open", lambda: window.opener.open_file(path)
    tab = window.desk.tab
    if tab is None:
        sys.exit(window.statusBar().currentMessage())
    view, document = tab.view, tab.document
    ids = sorted(document.tables.nodes)
    node = next(n for n in ids[len(ids) // 2 :] if document.tables.nodes[n].layer == "Conv2d")
    yield "reveal one", lambda: tab.reveal(node)
    yield "select one", lambda: view.select([ids[10]])
    yield "select all", lambda: run("edit.select_all")
    yield "select one again", lambda: view.select([node])
    yield "zoom to fit", view.frame_all
    yield "reveal", lambda: tab.reveal(node)
    yield "rename", lambda: commands.rename(document, node, "another name")
    yield "undo", lambda: run("edit.undo")
    yield "redo", lambda: run("edit.redo")
    yield "move", lambda: commands.move(document, {node: (5.0, 5.0)})
    yield "parameter", lambda: commands.set_param(document, [node], "padding_mode", "circular")
    yield "undo parameter", lambda: run("edit.undo")
    yield "shapes downstream", lambda: commands.set_param(document, [node], "stride", (2, 2))
    yield "undo shapes", lambda: run("edit.undo")
    yield "delete", lambda: (view.select([node]), run("edit.delete"))
    yield "undo delete", lambda: run("edit.undo")
    yield "group", lambda: (view.select(ids[20:40]), run("group.group"))
    made = next((n for n in document.tables.nodes if n not in set(ids)), None)
    if made is not None:
        yield "enter group", lambda: tab.enter(made)
        yield "leave group", tab.leave
    yield "undo group", lambda: run("edit.undo")
    yield "delete all", lambda: (run("edit.select_all"), run("edit.delete"))
    yield "undo delete all", lambda: run("edit.undo")
    yield "copy all", lambda: (run("edit.select_all"), run("edit.copy"))
    yield "select none", lambda: view.select([])
    yield "arrange", lambda: run("view.arrange")
    yield "undo arrange", lambda: run("edit.undo")
    yield "theme", lambda: window.services.settings.set("appearance.theme", "light")
    target = path.with_suffix(".sketch")
    document.path = target
    yield "save", lambda: window.opener.save(tab)
    yield "close tab", lambda: window.opener.close(tab)
    yield "reopen tab", window.opener.reopen
    yield "close tab again", window.opener.close
    yield "open drawing", lambda: window.opener.open_file(target)
    yield "key", lambda: QTest.keyClick(window.desk.view.viewport(), Qt.Key.Key_Right)


def measure(path: Path, *, verbose: bool) -> dict[str, list[Stretch]]:
    """The stretches of each gesture, longest first."""
    from meter import Meter

    window = open_window()
    meter = Meter()
    found = {"start": meter.step(lambda: None)}
    for name, gesture in gestures(window, path):
        found[name] = meter.step(gesture, lambda: not window.jobs.running)
        if verbose:
            total = sum(stretch.ms for stretch in found[name])
            sys.stderr.write(f"{name}: {total:.0f} ms in all\n")
            for stretch in found[name][:6]:
                if stretch.ms > MOST_MS / 2:
                    sys.stderr.write(f"    {stretch}\n")
    meter.close()
    window.close()
    return found


def main() -> int:
    """Print the longest stretch of each gesture as JSON; 1 when the promise is broken."""
    nodes = next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000)
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        user_folders(folder)
        path = models.write(Path(folder), "branching", nodes)
        found = measure(path, verbose="-v" in sys.argv)
    worst = {name: round(stretches[0].ms, 1) if stretches else 0.0 for name, stretches in found.items()}
    sys.stdout.write(json.dumps({"nodes": nodes, "worst_ms": worst}) + "\n")
    return int(max(worst.values()) > MOST_MS)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Qt and the threads that look on end in no order
