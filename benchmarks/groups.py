"""Commands on groups of a big network: the longest stretch of the window's thread while each is done and undone.

Run it with the project's Python: python benchmarks/groups.py [NODES] [-v]. The floor is one copy of the rows, in the
same run; exit 1 when a stretch takes more than 100 ms of CPU: from there on the window must say how far it is.
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

MOST_MS = 100.0
TIMES, BLOCK = 200, 50
"""How often a block of how many layers is repeated."""


def floor(window: MainWindow) -> float:
    """CPU milliseconds of one copy of the rows."""
    tables = window.desk.document.tables
    start = time.thread_time()
    for _ in range(10):
        tables.copy()
    return (time.thread_time() - start) * 100


def gestures(window: MainWindow) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a person does, by name; each is made when the one before is over."""
    from sketch.gui import group_commands, group_offer
    from sketch.gui.group_repeat import RepeatDialog

    tab, run = window.desk.tab, window.actions_.run
    document, select = tab.document, tab.view.select
    ids, found = sorted(document.tables.nodes), []
    yield "find repeats", lambda: group_offer.look(window, tab, found.extend)
    yield "fold repeats", lambda: group_offer.fold(window, tab, found, lambda _groups: tab.view.frame_all())
    groups = [n for n, row in document.tables.nodes.items() if document.library[row.layer].group]
    yield "select groups", lambda: select(groups)
    for name in ("unlink", "link", "duplicate_linked"):
        yield name.replace("_", " "), lambda name=name: (select(groups), run(f"group.{name}"))
    for name in ("duplicate linked", "link", "unlink", "fold repeats"):
        yield f"undo {name}", lambda: run("edit.undo")
    yield "group half", lambda: (select(ids[: len(ids) // 2]), run("group.group"))
    big = max(document.tables.nodes)
    name = document.tables.nodes[big].name
    yield "publish", lambda: (select([big]), run("group.save_block"))
    yield "add the block", lambda: group_commands.insert_block(window, tab, name, (0.0, 0.0), None)
    yield "undo add", lambda: run("edit.undo")
    yield "undo group", lambda: run("edit.undo")
    yield "group a block", lambda: (select(ids[20 : 20 + BLOCK]), run("group.group"))
    asked = RepeatDialog(window, tab, max(document.tables.nodes))
    asked.times.setValue(TIMES)
    yield f"repeat x{TIMES}", asked.buttons.button(asked.buttons.StandardButton.Ok).click
    yield "undo repeat", lambda: run("edit.undo")


def main() -> int:
    """Print the longest stretch of each gesture as JSON; 1 when one is too long."""
    return int(stalls.longest(gestures, floor) > MOST_MS)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Qt and the threads that look on end in no order
