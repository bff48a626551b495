"""What a test can leave behind, read from the operating system and from Qt."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Children and threads that libraries keep for the whole life of the process.
KEPT_CHILDREN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
KEPT_THREADS = ("QXcbEventQueue", "QDBusConnection", "Thread (pooled)")


def _children() -> dict[int, str]:
    """Pid -> command line of the living child processes of this one; empty where there is no /proc."""
    found: dict[int, str] = {}
    for path in Path("/proc/self/task").glob("*/children"):
        try:
            pids = path.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended meanwhile
        for pid in pids:
            try:
                command = (
                    Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            if command and not any(name in command for name in KEPT_CHILDREN):  # a zombie has no command line
                found[int(pid)] = command.strip()
    return found


def _threads() -> dict[int, str]:
    """Tid -> name of every thread of this process; empty where there is no /proc."""
    found: dict[int, str] = {}
    for path in Path("/proc/self/task").glob("*/comm"):
        try:
            found[int(path.parent.name)] = path.read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _qt_threads(threads: Mapping[int, str]) -> dict[int, str]:
    """Return the threads Qt named: any other thread carries the name of the process."""
    process = threads.get(os.getpid(), "")
    return {
        tid: name for tid, name in threads.items() if name != process and not name.startswith(KEPT_THREADS)
    }


@dataclass(frozen=True)
class Snapshot:
    """The child processes and threads of one moment."""

    children: frozenset[int]
    threads: frozenset[int]

    @classmethod
    def take(cls) -> "Snapshot":
        """Look now."""
        return cls(frozenset(_children()), frozenset(_threads()))

    def new(self) -> list[str]:
        """Describe what runs now and did not run then."""
        children = [
            f"child process {pid}: {text}" for pid, text in _children().items() if pid not in self.children
        ]
        threads = _qt_threads(_threads()) if "PySide6.QtCore" in sys.modules else {}
        return children + [f"Qt thread {name}" for tid, name in threads.items() if tid not in self.threads]

    def wait_for_new(self, seconds: float) -> list[str]:
        """Give what is on its way out some seconds, then describe what still runs."""
        if not self.threads.issuperset(_threads()):
            time.sleep(0.05)  # a thread that has just started has no name yet
        end = time.monotonic() + seconds
        while (left := self.new()) and time.monotonic() < end:
            time.sleep(0.02)
        return left


def visible_windows() -> Mapping[Any, str]:
    """Return visible top-level widget -> its class and title; empty without an application."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    shown = [w for w in widgets.QApplication.topLevelWidgets() if w.isVisible()]
    return {w: f"{type(w).__name__} {w.windowTitle()!r}" for w in shown}


def close_windows(windows: Mapping[Any, str]) -> None:
    """Hide and delete left windows, so that one careless test does not fail the next."""
    for window in windows:
        window.hide()
        window.deleteLater()
