"""What was open, and how it looked: it comes back after closing, and after a crash."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sketch.durable import write_text
from sketch.state.codec import CodecError
from sketch.state.late_file import LateFile
from sketch.state.session_state import SessionState, Tab, from_json, to_json

FILE_NAME = "session.json"
LATER_SECONDS = 0.4
"""Views and geometry are written this long after they change; tabs at once."""
LOOP_SECONDS = 60.0
LOOP_STARTS = 2
KEPT_DAYS = 90
RECENT = 20

_log = logging.getLogger(__name__)


class Session:
    """The open tabs and the look of one running Sketch; a thread writes what changes into `file`.

    Args:
        folder: holds all sessions. Each running Sketch locks one of its own; what a session that nobody runs
            any more has open comes along.
    """

    def __init__(self, folder: Path):
        self.root = folder
        self.store_folder = folder / "tensors"  # of all documents of all sessions
        self.warning = ""
        self._lock, self.folder = _locked(folder)
        self._state = self._read(self.folder)
        self.file = LateFile(self.folder / FILE_NAME, lambda: to_json(self._state), self._tell_failing)
        self._take_over_abandoned()
        self._prune()
        now = time.time()
        recent = tuple(moment for moment in self._state.starts if now - moment < LOOP_SECONDS)
        self.is_looping = len(recent) >= LOOP_STARTS
        self.suspect = self.tab(self._state.restoring) if self._state.restoring else None
        self._change(starts=(*recent, now), restoring="")

    # --- tabs --------------------------------------------------------------------------------------

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The open documents, in the order of their tabs."""
        return self._state.tabs

    @property
    def active(self) -> Tab | None:
        """The tab in front."""
        return self.tab(self._state.active)

    def tab(self, folder: Path | str) -> Tab | None:
        """The tab of a document's journal folder."""
        return next((tab for tab in self.tabs if tab.folder == str(folder)), None)

    def add_tab(self, path: Path | None = None, name: str = "untitled", folder: Path | None = None) -> Tab:
        """Open a tab with a new journal folder (or the one of `fresh_folder`) and bring it to the front."""
        folder = folder or fresh_folder(self)
        folder.mkdir(parents=True, exist_ok=True)
        tab = Tab(str(folder), None if path is None else str(path), name)
        self._change(tabs=(*self.tabs, tab), active=tab.folder)
        return tab

    def update_tab(self, folder: Path | str, *, path: Path | None = None, name: str | None = None) -> None:
        """Remember another file or name of a document."""
        fields: dict[str, Any] = {} if path is None else {"path": str(path)}
        self._replace_tab(folder, now=True, **fields, **({} if name is None else {"name": name}))

    def close_tab(self, folder: Path | str) -> None:
        """Close a tab; its journal is kept for 90 days, so that `reopen` brings it back."""
        tab = self.tab(folder)
        if tab is None:
            return
        left = tuple(other for other in self.tabs if other is not tab)
        place = min(self.tabs.index(tab), len(left) - 1)
        active = (
            self._state.active if self._state.active != tab.folder else (left[place].folder if left else "")
        )
        self._change(tabs=left, active=active, closed=(*self._state.closed, replace(tab, closed=time.time())))

    def reopen(self) -> Tab | None:
        """Bring the tab that was closed last back; None when there is none."""
        if not self._state.closed:
            return None
        tab = replace(self._state.closed[-1], closed=0.0)
        self._change(tabs=(*self.tabs, tab), active=tab.folder, closed=self._state.closed[:-1])
        return tab

    def move_tab(self, folder: Path | str, index: int) -> None:
        """Put a tab at another position."""
        tab = self.tab(folder)
        if tab is not None:
            others = [other for other in self.tabs if other is not tab]
            self._change(tabs=(*others[:index], tab, *others[index:]))

    def set_active(self, folder: Path | str) -> None:
        """Bring a tab to the front."""
        self._change(active=str(folder))

    def set_view(self, folder: Path | str, group: int | None, view: dict[str, Any]) -> None:
        """Remember position and zoom of one canvas of a document: a plain JSON mapping."""
        tab = self.tab(folder)
        if tab is not None:
            self._replace_tab(folder, now=False, views={**tab.views, _canvas(group): view})

    def view(self, folder: Path | str, group: int | None) -> dict[str, Any] | None:
        """What `set_view` remembered."""
        tab = self.tab(folder)
        return None if tab is None else tab.views.get(_canvas(group))

    def set_geometry(self, name: str, data: bytes) -> None:
        """Remember opaque bytes of the window (docks, splitters) under a name."""
        self._change(now=False, geometry={**self._state.geometry, name: data})

    def geometry(self, name: str) -> bytes | None:
        """What `set_geometry` remembered."""
        return self._state.geometry.get(name)

    def get(self, name: str, default: Any = None) -> Any:
        """A remembered value, such as `kernel`, `theme` or `working_directory`."""
        return self._state.values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Remember a plain JSON value under a name."""
        self._change(now=False, values={**self._state.values, name: value})

    @property
    def recent(self) -> tuple[str, ...]:
        """The files opened or saved last, newest first."""
        return tuple(self.get("recent", ()))

    def add_recent(self, path: Path, limit: int = RECENT) -> None:
        """Put a file at the head of the recent ones."""
        self.set("recent", [str(path), *(other for other in self.recent if other != str(path))][:limit])

    def restoring(self, folder: Path | str) -> None:
        """Say which document is being restored; a crash then makes it the `suspect` of the next start.

        It is on the disk before the document is touched.
        """
        self._change(restoring=str(folder))
        self.file.flush()

    def restored(self) -> None:
        """Say that the start went well: it counts as no failed start."""
        self._change(restoring="", starts=())

    def close(self) -> None:
        """Write what is pending and release the lock. The tabs stay for the next start."""
        self._change(restoring="", starts=())
        self.file.flush()
        os.close(self._lock)

    # --- inside ------------------------------------------------------------------------------------

    def _replace_tab(self, folder: Path | str, *, now: bool, **fields: Any) -> None:
        tabs = (replace(tab, **fields) if tab.folder == str(folder) else tab for tab in self.tabs)
        self._change(now=now, tabs=tuple(tabs))

    def _change(self, *, now: bool = True, **fields: Any) -> None:
        self._state = replace(self._state, **fields)
        self.file.touch(0.0 if now else LATER_SECONDS)

    def _tell_failing(self) -> None:
        failing = self.file.failing
        self.warning = f"The session could not be kept: {failing}." if failing else ""

    def _read(self, folder: Path) -> SessionState:
        """The state of a session; when its file is damaged or lost, every journal in it is a tab again."""
        path = folder / FILE_NAME
        try:
            return from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return SessionState(tabs=tuple(_journals(folder)))
        except (OSError, CodecError, UnicodeDecodeError) as error:
            kept = path.with_suffix(f".{int(time.time())}.damaged")
            path.replace(kept)
            self.warning = (
                f"The session file was damaged; the open documents were found again. It is kept as {kept}."
            )
            _log.warning("session.damaged path=%s error=%s", path, error)
            return SessionState(tabs=tuple(_journals(folder)))

    def _take_over_abandoned(self) -> None:
        """Bring along what sessions have open that nobody runs any more."""
        for folder in _abandoned(self.root, self.folder):
            other = self._read(folder)
            if other.tabs or other.closed:
                self._change(tabs=(*self.tabs, *other.tabs), closed=(*other.closed, *self._state.closed))
                self.file.flush()  # they are in this session before they leave the other
                write_text(folder / FILE_NAME, to_json(replace(other, tabs=(), closed=(), active="")))

    def _prune(self) -> None:
        """Delete journals of tabs that were closed long ago."""
        limit = time.time() - KEPT_DAYS * 86400
        old = [tab for tab in self._state.closed if tab.closed < limit]
        if old:
            self._change(closed=tuple(tab for tab in self._state.closed if tab.closed >= limit))
            self.file.flush()
            _delete_journals(self.root, old)


def fresh_folder(session: Session) -> Path:
    """A folder for the journal of a document to come; it is not made, and no tab yet."""
    return session.folder / "documents" / _fresh_name()


def _delete_journals(root: Path, tabs: list[Tab]) -> None:
    for tab in tabs:
        if root in Path(tab.folder).parents:
            shutil.rmtree(tab.folder, ignore_errors=True)


def _canvas(group: int | None) -> str:
    return "top" if group is None else str(group)


def _sessions(root: Path) -> list[Path]:
    """The folders of all sessions, the one used last first."""
    found = [path for path in root.glob("*") if (path / "lock").exists()]
    return sorted(found, key=lambda path: (path / "lock").stat().st_mtime, reverse=True)


def _abandoned(root: Path, own: Path) -> Iterator[Path]:
    """The other sessions that nobody runs, each locked while it is looked at."""
    for folder in _sessions(root):
        lock = None if folder == own else _try_lock(folder)
        if lock is not None:
            yield folder
            os.close(lock)


def _locked(root: Path) -> tuple[int, Path]:
    """Lock the session used last that nobody runs, or a new one."""
    for folder in _sessions(root):
        lock = _try_lock(folder)
        if lock is not None:
            os.utime(folder / "lock")
            return lock, folder
    folder = root / _fresh_name()
    folder.mkdir(parents=True, mode=0o700)
    lock = _try_lock(folder)
    if lock is None:
        raise OSError(0, f"{folder}: a new session cannot be locked; check the folder")
    return lock, folder


def _fresh_name() -> str:
    """A name that no other folder has."""
    return os.urandom(16).hex()


def _try_lock(folder: Path) -> int | None:
    """A descriptor that holds the lock (the system drops it when the process dies), None when it is held."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _journals(folder: Path) -> Iterator[Tab]:
    for path in sorted((folder / "documents").glob("*")):
        if (path / "journal.db").exists():
            yield Tab(str(path), None, "untitled")
