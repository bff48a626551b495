"""Every command of the window: the longest stretch of its thread, with one of 10,000 layers selected and with all.

Run it with the project's Python: python benchmarks/commands.py [NODES] [-v] [COMMAND...]; without names all commands
run, which takes a quarter of an hour. A dialog or list that opens is closed again, each edit is undone. Prints a
table, the longest first; exit 1 when a stretch takes more than 50 ms of CPU.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import models  # noqa: E402
import stalls  # noqa: E402

if TYPE_CHECKING:
    from meter import Meter, Stretch

    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

MOST_MS = 50.0
LEFT_OUT = frozenset({"file.quit", "file.close", "file.close_all"})
"""Commands after which nothing is left to be measured."""
CLOSE_MS = 700
"""A dialog is looked at so long."""
MOST_UNDONE = 3


class Run:
    """A window with a big drawing, and what is done in it."""

    def __init__(self, window: MainWindow, meter: Meter, path: Path):
        self.window, self._meter, self._path = window, meter, path
        self._open()
        self._ids = sorted(self._tab.document.tables.nodes)

    def measured(self, command: str, *, everything: bool) -> list[Stretch]:
        """The stretches of a command, longest first, those of its undo included; then all is as before."""
        tab = self._back()
        self._select(tab, everything=everything)
        found = self.step(lambda: self.window.actions_.run(command))
        for _ in range(MOST_UNDONE):
            if self.window.desk.tab is tab and tab.document.can_undo:
                found += self.step(lambda: self.window.actions_.run("edit.undo"))
        return sorted(found, key=lambda stretch: -stretch.ms)

    def step(self, call: Callable[[], Any]) -> list[Stretch]:
        """Do this, and wait until what it began is over."""
        return self._meter.step(call, lambda: not self.window.jobs.running)

    def _open(self) -> None:
        self.step(lambda: self.window.opener.open_file(self._path))
        self._tab: CanvasTab = self.window.desk.tab

    def _back(self) -> CanvasTab:
        """The tab of the drawing, in front; others are closed, and it is opened anew when it is gone."""
        window = self.window
        while window.desk.tab is not None and window.desk.tab is not self._tab:
            self.step(lambda: window.opener.close(window.desk.tab))
        if window.desk.tab is None:
            self._open()
        return self._tab

    def _select(self, tab: CanvasTab, *, everything: bool) -> None:
        middle = self._ids[len(self._ids) // 2]
        self.step(lambda: tab.view.select(self._ids if everything else [middle]))
        if not everything:
            self.step(lambda: tab.reveal(middle))


def close_what_opens() -> None:
    """Close the dialog or list in front."""
    from PySide6.QtWidgets import QApplication

    front = QApplication.activeModalWidget() or QApplication.activePopupWidget()
    if front is not None:
        front.close()


def measure(run: Run, wanted: list[str]) -> Iterator[tuple[str, list[Stretch]]]:
    """(what, its stretches) of each command, once with one layer and once with all of them."""
    known = [row.id for row, _action in run.window.actions_ if row.id not in LEFT_OUT]
    if unknown := [command for command in wanted if command not in known]:
        sys.exit(f"There is no command {', '.join(unknown)}; they are {', '.join(known)}.")
    for command in wanted or known:
        for everything in (False, True):
            yield f"{command}{', all' if everything else ''}", run.measured(command, everything=everything)


def main() -> int:
    """Print the longest stretch of each command; 1 when one is longer than promised."""
    from meter import Meter, pace
    from PySide6.QtCore import QTimer

    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    nodes = next((int(word) for word in words if word.isdigit()), 10_000)
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        stalls.user_folders(folder)
        path = models.write(Path(folder), "branching", nodes)
        window = stalls.open_window()
        closing = QTimer(window, interval=CLOSE_MS)
        closing.timeout.connect(close_what_opens)
        closing.start()
        run = Run(window, Meter(), path)
        found = dict(measure(run, [word for word in words if not word.isdigit()]))
    sys.stdout.write(f"a fixed loop of 300,000 squares takes {pace():.0f} ms\n")
    for name, stretches in sorted(found.items(), key=lambda pair: -stalls.worst(pair[1])):
        where = f"   {stretches[0]}" if "-v" in sys.argv and stretches else ""
        sys.stdout.write(f"{stalls.worst(stretches):8.1f}  {name}{where}\n")
    return int(max(map(stalls.worst, found.values())) > MOST_MS)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Qt and the threads that look on end in no order
