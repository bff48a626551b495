"""Stalls: the longest stretches of the window's thread without a turn of its event loop, gesture by gesture.

Run it with the project's Python: python benchmarks/stalls.py [NODES] [-v]. A whole window opens an ONNX file and is
used. Prints a table; exit 1 when a stretch takes more than 16 ms of CPU, or 50 ms after a gesture that is about the
whole document (everything is deleted, copied, selected, coloured; 3,000 layers are folded; another drawing is shown).
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

    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

MOST_MS, MOST_WHOLE_MS = 16.0, 50.0
"""The longest stretch after an ordinary gesture, and after one about the whole document."""
FOLDED = 3000
"""Layers of the group that is folded."""
WHOLE = frozenset({
    "open", "select all", "select none", "delete all", "undo delete all", "redo delete all", "copy all",
    "paste all", "undo paste all", "duplicate all", "undo duplicate all", "nudge all", "undo nudge all",
    "group 3,000", "unfold 3,000", "undo unfold", "redo unfold", "fold 3,000", "undo fold", "redo fold",
    "undo group 3,000", "arrange", "undo arrange", "theme", "hide a type", "show it again", "colour by FLOPs",
    "colour by category", "shapes downstream", "undo shapes", "reopen tab", "close tab", "close tab again",
    "open drawing",
})  # fmt: skip
"""The gestures that are about the whole document."""


def user_folders(folder: str) -> None:
    """Keep out of the real user folders."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(Path(folder) / name.lower())


def open_window() -> MainWindow:
    """A window as a person has it, filled, with all panels."""
    from sketch.gui.warming import warm_up

    window = painted_window()
    window.start()
    warm_up(window)
    return window


def painted_window() -> MainWindow:
    """A window at its first paint; the rest of the start is yet to come."""
    from PySide6.QtWidgets import QApplication

    from sketch.app import load_before_qt, make_services

    services = make_services()
    load_before_qt()
    from sketch.gui.main_window import MainWindow

    QApplication.instance() or QApplication([])
    window = MainWindow(services)
    window.resize(1600, 1000)
    window.show()
    QApplication.processEvents()
    return window


def rest(seconds: float) -> None:
    """Let threads, timers and paints run: what follows a picture, lists, the journal."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def start(window: MainWindow) -> None:
    """The rest of the start, as the application does it after the first paint."""
    from sketch.gui.warming import warm_up

    window.rest.ended.connect(lambda: warm_up(window))
    window.rest.begin()


Gesture = tuple[str, Callable[[], Any]]
Gestures = Callable[["MainWindow"], Iterator[Gesture]]


def gestures(window: MainWindow, path: Path) -> Iterator[Gesture]:
    """What a person does, by name; each is made when the one before is over."""
    yield "open", lambda: window.opener.open_file(path)
    tab = window.desk.tab
    if tab is None:
        sys.exit(window.statusBar().currentMessage())
    ids = sorted(tab.document.tables.nodes)
    node = next(n for n in ids[len(ids) // 2 :] if tab.document.tables.nodes[n].layer == "Conv2d")
    for part in (looking, editing, grouping, everything, folding, looks):
        yield from part(window, tab, ids, node)
    yield from files(window, tab, path.with_suffix(".sketch"))


def looking(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """Selecting, going somewhere, finding."""
    from sketch.gui import find_commands

    view, run = tab.view, window.actions_.run
    yield "reveal one", lambda: tab.reveal(node)
    yield "select one", lambda: view.select([ids[10]])
    yield "select all", lambda: run("edit.select_all")
    yield "select one again", lambda: view.select([node])
    yield "select none", lambda: run("edit.select_none")
    yield "zoom to fit", view.frame_all
    yield "reveal", lambda: tab.reveal(node)
    yield "find", lambda: find_commands.open_bar(window).field.setText("type:Conv2d")
    bar = find_commands.bar_of(window, tab)
    yield "find next", lambda: find_commands.find_again(window, 1)
    yield "leave find", bar.leave
    yield "find again", lambda: find_commands.find_again(window, 1)


def editing(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """Edits of one layer."""
    from sketch.state import commands

    document, view, run = tab.document, tab.view, window.actions_.run

    def field(name: str, value: object) -> object:
        """As the fields of the node editor do it: beside the window where stored weights may follow."""
        return view.change(name, lambda it: commands.set_param(it, [node], name, value), ids=[node])

    yield "rename", lambda: commands.rename(document, node, "another name")
    yield "undo", lambda: run("edit.undo")
    yield "redo", lambda: run("edit.redo")
    yield "move", lambda: commands.move(document, {node: (5.0, 5.0)})
    yield "parameter", lambda: field("padding_mode", "circular")
    yield "undo parameter", lambda: run("edit.undo")
    yield "shapes downstream", lambda: field("stride", (2, 2))
    yield "undo shapes", lambda: run("edit.undo")
    yield "delete", lambda: (view.select([node]), run("edit.delete"))
    yield "undo delete", lambda: run("edit.undo")


def grouping(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """A group of twenty layers."""
    view, run = tab.view, window.actions_.run
    yield "group", lambda: (view.select(ids[20:40]), run("group.group"))
    yield "enter group", lambda: tab.enter(_made(tab, ids))
    yield "leave group", tab.leave
    yield "undo group", lambda: run("edit.undo")


def everything(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """Edits of all layers at once."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    run = window.actions_.run
    yield "delete all", lambda: (run("edit.select_all"), run("edit.delete"))
    yield "undo delete all", lambda: run("edit.undo")
    yield "redo delete all", lambda: run("edit.redo")
    yield "undo delete all", lambda: run("edit.undo")
    yield "copy all", lambda: (run("edit.select_all"), run("edit.copy"))
    yield "paste all", lambda: run("edit.paste")
    yield "undo paste all", lambda: run("edit.undo")
    yield "duplicate all", lambda: (run("edit.select_all"), run("edit.duplicate"))
    yield "undo duplicate all", lambda: run("edit.undo")
    keys = tab.view.viewport(), Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier
    yield "nudge all", lambda: (run("edit.select_all"), QTest.keyClick(*keys))
    yield "undo nudge all", lambda: run("edit.undo")


def folding(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """A group of 3,000 layers, opened in place and closed."""
    run = window.actions_.run
    yield "group 3,000", lambda: (tab.view.select(ids[100 : 100 + FOLDED]), run("group.group"))
    yield "unfold 3,000", lambda: run("group.unfold_all")
    yield "undo unfold", lambda: run("edit.undo")
    yield "redo unfold", lambda: run("edit.redo")
    yield "fold 3,000", lambda: run("group.fold_all")
    yield "undo fold", lambda: run("edit.undo")
    yield "redo fold", lambda: run("edit.redo")
    yield "undo fold", lambda: run("edit.undo")
    yield "undo unfold", lambda: run("edit.undo")
    yield "undo group 3,000", lambda: run("edit.undo")


def looks(window: MainWindow, tab: CanvasTab, ids: list[int], node: int) -> Iterator[Gesture]:
    """How everything looks and where it stands."""
    from sketch.gui import colour_commands

    run, settings = window.actions_.run, window.services.settings
    yield "hide a type", lambda: tab.colours.hide("layer", ["Conv2d"], on=True)
    yield "show it again", lambda: tab.colours.set_hidden({})
    yield "colour by FLOPs", lambda: colour_commands.colour_by(window, "flops")
    yield "colour by category", lambda: colour_commands.colour_by(window, "type")
    yield "arrange", lambda: run("view.arrange")
    yield "undo arrange", lambda: run("edit.undo")
    yield "theme", lambda: settings.set("appearance.theme", "light")


def files(window: MainWindow, tab: CanvasTab, target: Path) -> Iterator[Gesture]:
    """Saving, closing, opening."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    tab.document.path = target
    yield "save", lambda: window.opener.save(tab)
    yield "close tab", lambda: window.opener.close(tab)
    yield "reopen tab", window.opener.reopen
    yield "close tab again", window.opener.close
    yield "open drawing", lambda: window.opener.open_file(target)
    yield "key", lambda: QTest.keyClick(window.desk.view.viewport(), Qt.Key.Key_Right)


def _made(tab: CanvasTab, before: list[int]) -> int:
    """The node that was not there before."""
    return max(set(tab.document.tables.nodes) - set(before))


def measure(path: Path, *, verbose: bool) -> dict[str, list[Stretch]]:
    """The stretches of each gesture, longest first; of one that is made again those of the longer time."""
    from meter import Meter

    window = painted_window()
    meter = Meter()
    found = {"start": meter.step(lambda: start(window))}
    for name, gesture in gestures(window, path):
        stretches = meter.step(gesture, lambda: not window.jobs.running)
        found[name] = max(found.get(name, []), stretches, key=worst)
        if verbose:
            total = sum(stretch.ms for stretch in stretches)
            sys.stderr.write(f"{name}: {total:.0f} ms in all\n")
            for stretch in stretches[:6]:
                if stretch.ms > MOST_MS / 2:
                    sys.stderr.write(f"    {stretch}\n")
    meter.close()
    window.close()
    return found


def longest(gestures: Gestures, floor: Callable[[MainWindow], float]) -> float:
    """Print as JSON the longest stretch of each gesture in a window with 10,000 layers; ms, the worst of all.

    The words of the command line are the number of layers and `-v`.

    Args:
        floor: ms of something that any answer needs at least, in the same run.
    """
    from meter import Meter, pace

    nodes = next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000)
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        user_folders(folder)
        path = models.write(Path(folder), "branching", nodes)
        window = open_window()
        meter = Meter()

        def idle() -> bool:
            return not window.jobs.running

        meter.step(lambda: window.opener.open_file(path), idle)
        least = floor(window)
        found = {name: meter.step(gesture, idle) for name, gesture in gestures(window)}
        meter.close()
        window.close()
    if "-v" in sys.argv:
        for name, stretches in found.items():
            sys.stderr.write(f"{name}: {[str(stretch) for stretch in stretches[:2]]}\n")
    times = {name: round(worst(stretches), 1) for name, stretches in found.items()}
    said = {"nodes": nodes, "pace_ms": round(pace()), "floor_ms": round(least, 2), "worst_ms": times}
    sys.stdout.write(json.dumps(said, indent=1) + "\n")
    return max(times.values())


def worst(stretches: list[Stretch]) -> float:
    """The longest, in ms."""
    return stretches[0].ms if stretches else 0.0


def report(found: dict[str, list[Stretch]]) -> bool:
    """Print the table; False when the promise is broken."""
    from meter import pace

    kept = True
    sys.stdout.write(f"a fixed loop of 300,000 squares takes {pace():.0f} ms\n")
    sys.stdout.write(f"{'gesture':22}longest stretch, ms   most\n")
    for name, stretches in found.items():
        most = MOST_WHOLE_MS if name in WHOLE else MOST_MS
        is_over = worst(stretches) > most
        kept = kept and not is_over
        sys.stdout.write(f"  {name:20}{worst(stretches):19.1f} {most:6.0f}{'   over' if is_over else ''}\n")
    return kept


def main() -> int:
    """Print the longest stretch of each gesture; 1 when the promise is broken."""
    nodes = next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000)
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        user_folders(folder)
        path = models.write(Path(folder), "branching", nodes)
        return 0 if report(measure(path, verbose="-v" in sys.argv)) else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Qt and the threads that look on end in no order
