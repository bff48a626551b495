"""Finding in a big network: the longest stretch of the window's thread while a person types, steps and adds.

Run it with the project's Python: python benchmarks/finding.py [NODES] [-v]. The floor is one look at every node's name
in plain Python, in the same run; exit 1 when a stretch takes more than 16 ms of CPU.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import stalls  # noqa: E402

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

QUERIES = (
    "c", "conv", "type:Conv2d", "shape:*x16*", "flops>1", "is:unconnected", "tensor:bias", "kernel_size>2",
    "type:Conv2d kernel_size>3 shape:*x512*", "-type:ReLU", "group:*", "problem:*",
)  # fmt: skip


def floor(window: MainWindow) -> float:
    """CPU milliseconds of one look at every name."""
    nodes = window.desk.document.tables.nodes.values()
    start = time.thread_time()
    for _ in range(10):
        sum("conv" in node.name.lower() for node in nodes)
    return (time.thread_time() - start) * 100


def gestures(window: MainWindow) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a person does, by name."""
    from sketch.gui import find_commands, palette, popups

    tab = window.desk.tab
    bar = find_commands.bar_of(window, tab)
    yield "open the bar", bar.enter
    for query in QUERIES:
        yield f"type {query}", lambda query=query: bar.field.setText(query)
    yield "type conv again", lambda: bar.field.setText("conv")
    yield "close the bar", bar.leave
    last = max(tab.document.tables.nodes)
    boxes: list[Any] = []
    for turn in ("first", "again"):
        yield (
            f"quick-add ({turn})",
            lambda: boxes.append(popups.quick_add(window, *tab.view.pointer_place(), (last, 0, "out"))),
        )
        yield f"type con ({turn})", lambda: boxes[-1].field.setText("con")
        boxes[-1].close()
        yield f"palette ({turn})", lambda: boxes.append(palette.command_palette(window))
        for typed in ("frsel", "@conv"):
            yield f"palette {typed} ({turn})", lambda typed=typed: boxes[-1].field.setText(typed)
        boxes[-1].close()


def main() -> int:
    """Print the longest stretch of each gesture as JSON; 1 when one is too long."""
    return int(stalls.longest(gestures, floor) > stalls.MOST_MS)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Qt and the threads that look on end in no order
