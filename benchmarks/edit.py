"""One edit at 10,000 nodes: CPU time of the window's thread from the key to the repainted canvas, all panels shown.

Run it with the project's Python: python benchmarks/edit.py [REPEATS] [BLOCKS]. Each kind of edit is made, taken back
and done again: p50 and p95 over the repeats, ms; `later` is the longest turn of the event loop after that, in which
panels follow and, where thousands of layers have other shapes (`cut_wire`, `everything_downstream`), these. The
promise is 16 ms for each p95; exit 1 when it is broken.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketch.graph.draft import Draft
    from sketch.gui.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import stalls  # noqa: E402
from meter import pace  # noqa: E402

MOST_MS = 16.0
BLOCKS = 3333
QUIET_SECONDS = 0.6


def draw(draft: Draft, blocks: int) -> int:
    """Blocks of convolution, norm and activation behind an Input; the id of a convolution in the middle."""
    last = draft.add("Input", "image", {"shape": ("N", 16, 64, 64)})
    middle = 0
    for index in range(blocks):
        for layer, params in (
            ("Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
            ("BatchNorm2d", {}),
            ("ReLU", {}),
        ):
            node = draft.add(layer, None, params, place=(0.0, 0.0))
            draft.connect(last, 0, node, 0, check_cycle=False)
            last = node
            if layer == "Conv2d" and index == blocks // 2:
                middle = node
    output = draft.add("Output")
    draft.connect(last, 0, output, 0, check_cycle=False)
    return middle


def ms(call: Callable[[], object]) -> float:
    """Milliseconds of CPU time of this thread in a call."""
    start = time.thread_time()
    call()
    return 1000 * (time.thread_time() - start)


def settle(seconds: float = QUIET_SECONDS) -> float:
    """Let timers, threads and paints that wait for a pause run; the longest turn of the event loop, ms."""
    from PySide6.QtWidgets import QApplication

    end, longest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        longest = max(longest, ms(QApplication.processEvents))
        time.sleep(0.002)
    return longest


def opened(blocks: int) -> tuple[MainWindow, int]:
    """A full window that shows the drawing, and the layer in the middle, in view and selected."""
    from sketch.graph.draft import Draft
    from sketch.graph.placing import placed

    window = stalls.open_window()
    tab = window.opener.new()
    draft = Draft(tab.document.tables, tab.document.library)
    node = draw(draft, blocks)
    tab.document.load(placed(draft.delta(), tab.document.library), "Bench")
    tab.view.frame_all()
    settle(5.0)
    tab.reveal(node)
    settle()
    return window, node


def edits(window: MainWindow, node: int) -> Iterator[tuple[str, Callable[[int], object]]]:
    """Kinds of edits by name; each is given the number of the repeat."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from sketch.state import commands

    document = window.desk.document
    if document is None:
        return
    follower = document.tables.nodes[node].next[0]
    x, y = document.tables.places[node].x, document.tables.places[node].y

    def keystroke(name: str, key: Qt.Key) -> object:
        box = window.panels.editor.rows[name].field.boxes[0]
        box.setFocus()
        box.selectAll()
        return lambda: QTest.keyClick(box, key)

    def key(name: str, *keys: Qt.Key) -> Callable[[int], object]:
        return lambda turn: keystroke(name, keys[turn % len(keys)])

    def at_once(call: Callable[[int], object]) -> Callable[[int], object]:
        return lambda turn: lambda: call(turn)

    yield "parameter", key("out_channels", Qt.Key.Key_8, Qt.Key.Key_9)
    yield "rename", at_once(lambda turn: commands.rename(document, node, f"name {turn}"))
    yield "move", at_once(lambda turn: commands.move(document, {node: (x + 9 + turn, y)}))
    yield "add", at_once(lambda turn: commands.add_layer(document, "ReLU", (x + 300, y)))
    yield "insert", at_once(lambda turn: commands.add_on_wire(document, "GELU", follower, (x, y + 50)))
    end = next(node.prior[0] for node in document.tables.nodes.values() if node.layer == "Output")
    yield "cut_last_wire", at_once(lambda turn: commands.disconnect(document, [end]))
    yield "cut_wire", at_once(lambda turn: commands.disconnect(document, [follower]))
    yield "delete", at_once(lambda turn: commands.remove(document, [follower.target]))
    yield "group", at_once(lambda turn: commands.group(document, [node, follower.target]))
    yield "everything_downstream", key("stride", Qt.Key.Key_2, Qt.Key.Key_3)


def measure(repeats: int, blocks: int) -> dict[str, Any]:
    """[p50, p95] of each kind of edit, of its undo, its redo and what is later; ms of CPU of the window's thread."""
    window, node = opened(blocks)
    tab = window.desk.tab
    found: dict[str, Any] = {"nodes": len(tab.document.tables.nodes) if tab else 0, "pace_ms": round(pace())}
    for name, prepare in edits(window, node):
        times: dict[str, list[float]] = {"edit": [], "undo": [], "redo": [], "later": []}
        for turn in range(repeats):
            tab.view.select([node])
            settle()
            call = prepare(turn)
            settle(0.1)
            for kind, run in (("edit", call), ("undo", tab.document.undo), ("redo", tab.document.redo)):
                times[kind].append(ms(lambda run=run: (run(), tab.view.viewport().repaint())))
                times["later"].append(settle())
            tab.document.undo()
            settle()
        found[name] = {kind: [share(values, part) for part in (0.5, 0.95)] for kind, values in times.items()}
    return found


def share(values: list[float], part: float) -> float:
    """The value that this part of all does not exceed."""
    return round(sorted(values)[max(0, math.ceil(part * len(values)) - 1)], 1)


def main() -> int:
    """Print the measurement as JSON; 1 when the promise is broken."""
    repeats, blocks = (
        int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((1, 10), (2, BLOCKS))
    )
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        stalls.user_folders(folder)
        found = measure(repeats, blocks)
    sys.stdout.write(json.dumps(found).replace('}, "', '},\n "') + "\n")
    worst = max(times[1] for kinds in found.values() if isinstance(kinds, dict) for times in kinds.values())
    sys.stdout.flush()
    os._exit(int(worst > MOST_MS))


if __name__ == "__main__":
    sys.exit(main())
