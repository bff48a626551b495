"""Edited source that is not accepted yet: what it began as, where its nodes are now, what became of it."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sketch.gui.kernel_mirror import Picture
from sketch.gui.text_bar import State
from sketch.gui.text_syntax import ClassInText, Fault, classes, fault, moved, moved_ranges

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab

log = logging.getLogger(__name__)
FILE = "source-edit.json"
"""Beside the journal of a document: its edited text, so that a session brings it back."""
_KIN = 0.5
"""Text that keeps this share of its lines is an edit of the drawing; with less it is another model."""


@dataclass
class TextDraft:
    """The edited text of one document.

    `base` is what the kernel said of the drawing when the edit began. `fault` is the first syntax error, or what the
    last run of exactly this text ended with; only the first is known without another run. `is_edit` is False when
    another model takes the place of the drawing. `place` is the cursor's.
    """

    base: Picture
    text: str
    fault: Fault | None = None
    is_syntax: bool = False
    is_stale: bool = False
    is_running: bool = False
    place: int = 0
    lines: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    offered: list[ClassInText] = field(default_factory=list)
    class_: str = ""
    arguments: str = ""
    is_edit: bool = True
    _looked: str | None = None

    def look(self) -> None:
        """Read the text again, once it has changed: faults, lines of nodes, classes to choose from."""
        if self.text == self._looked:
            return
        self._looked = self.text
        self.fault = fault(self.text)
        self.is_syntax = self.fault is not None
        places = moved(self.base.text, self.text)
        named = {item.name for item in classes(self.text)}
        kin = len(places) >= _KIN * len(self.base.text.splitlines())
        self.is_edit = bool(self.root) and (self.root in named or kin)
        self.lines = moved_ranges(self.base.lines, places)
        if self.fault is None:
            found = classes(self.text)
            named = {item.name for item in found}
            several = len(found) > 1 or any(item.needs for item in found)
            self.offered = [] if self.root in named or not several else found

    @property
    def root(self) -> str:
        """The class of the drawing itself: the last one of its source."""
        found = classes(self.base.text)
        return found[-1].name if found else ""

    @property
    def state(self) -> State:
        """What it is waiting for."""
        if self.is_running:
            return State.RUNNING
        if self.fault is not None:
            return State.FAULTY
        return State.STALE if self.is_stale else State.EDITED

    @property
    def picture(self) -> Picture:
        """The base with its lines where they are now."""
        return replace(self.base, lines=self.lines)

    @property
    def said(self) -> str:
        """The fault in words, "" for the usual ones."""
        if self.is_running:
            return ""
        if self.fault is not None:
            return f"Line {self.fault.line}: {self.fault.text}" if self.fault.line else self.fault.text
        return (
            ""
            if self.is_edit or not self.root
            else "This is another model: accepting it replaces the drawing."
        )


class Drafts:
    """The edited texts of a window, one a tab at most; each is kept in the folder of its document."""

    def __init__(self) -> None:
        self._drafts: WeakKeyDictionary[CanvasTab, TextDraft] = WeakKeyDictionary()

    def get(self, tab: CanvasTab | None) -> TextDraft | None:
        """The edited text of a tab, None when its text is as the kernel gave it."""
        return None if tab is None else self._drafts.get(tab)

    def begin(self, tab: CanvasTab, base: Picture, text: str) -> TextDraft:
        """An edit of this text."""
        self._drafts[tab] = TextDraft(base, text)
        return self._drafts[tab]

    def end(self, tab: CanvasTab) -> TextDraft | None:
        """Forget an edit."""
        folder, draft = tab.document.folder, self._drafts.pop(tab, None)
        if folder is not None:
            _attempt(lambda: (folder / FILE).unlink(missing_ok=True))
        return draft

    def keep(self, tab: CanvasTab | None) -> None:
        """Write an edit down."""
        draft = self.get(tab)
        if tab is None or draft is None or tab.document.folder is None:
            return
        base, target = draft.base, tab.document.folder / FILE
        raw = {
            "kernel": base.kernel, "base": base.text, "lines": {str(key): item for key, item in base.lines.items()},
            "text": draft.text, "place": draft.place,
        }  # fmt: skip
        part = target.with_suffix(".part")
        _attempt(lambda: (part.write_text(json.dumps(raw), "utf-8"), part.replace(target)))

    def bring_back(self, tab: CanvasTab) -> None:
        """Take up the edit that an earlier session kept."""
        folder = tab.document.folder
        if folder is None or tab in self._drafts or not (folder / FILE).is_file():
            return
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            raw = json.loads((folder / FILE).read_text("utf-8"))
            lines = {
                int(key): tuple((int(a), int(b)) for a, b in spans) for key, spans in raw["lines"].items()
            }
            base = Picture(str(raw["kernel"]), str(raw["base"]), lines)
            self._drafts[tab] = TextDraft(base, str(raw["text"]), place=int(raw["place"]))


def _attempt(run: Callable[[], object]) -> None:
    """Do something with the file of an edit; a folder that cannot be written is in the log."""
    try:
        run()
    except OSError as error:
        log.warning("text.not_kept %s", error)
