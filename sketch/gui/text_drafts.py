"""Edited source that is not accepted yet: what it began as, where its nodes are now, what became of it."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sketch.gui.kernel_mirror import Picture
from sketch.gui.text_bar import State
from sketch.gui.text_reading import Answer, Question
from sketch.gui.text_syntax import ClassInText, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from sketch.gui.canvas_tab import CanvasTab

log = logging.getLogger(__name__)
LARGE = 20_000
"""Characters of a text that takes longer to write than a key may."""
_keeping = threading.Lock()
"""Held while an edit is written down."""
FILE = "source-edit.json"
"""Beside the journal of a document: its edited text, so that a session brings it back."""


@dataclass
class TextDraft:
    """The edited text of one document.

    `base` is what the kernel said of the drawing when the edit began. `fault` is the first syntax error, or what the
    last run of exactly this text ended with; only the first is known without another run. `is_edit` is False when
    another model takes the place of the drawing. `place` is the cursor's. What the text says is known once somebody
    has asked the `question` and given the answer to `take`. `over` is set as soon as the edit has ended.
    """

    base: Picture
    text: str
    fault: Fault | None = None
    is_syntax: bool = False
    is_stale: bool = False
    is_reading: bool = False
    is_running: bool = False
    place: int = 0
    lines: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    offered: list[ClassInText] = field(default_factory=list)
    class_: str = ""
    arguments: str = ""
    is_edit: bool = True
    over: threading.Event = field(default_factory=threading.Event)
    root: str = ""
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    base_classes: Sequence[ClassInText] = ()
    _looked: str | None = None

    def question(self, *, compares: bool = False) -> Question | None:
        """What is to be found out about the text as it is; None while that is known."""
        if self.text == self._looked and not compares:
            return None
        return Question(self.base.text, self.text, self.base.lines, compares)

    def take(self, found: Answer) -> bool:
        """Know what was found: faults, lines of nodes, classes to choose from. False: the text is another by now.

        `root` is the class of the drawing itself, the last one of its source; `inputs` are those of each class.
        """
        if found.text != self.text:
            return False
        if self._looked == self.text:
            return True  # what the last run said of it stays
        self._looked = self.text
        self.fault, self.is_syntax = found.fault, found.fault is not None
        self.base_classes = found.base_classes
        self.root = found.base_classes[-1].name if found.base_classes else ""
        self.inputs = {item.name: item.inputs for item in found.classes}
        self.is_edit = bool(self.root) and (self.root in self.inputs or found.is_kin)
        self.lines = dict(found.lines)
        if self.fault is None:
            several = len(found.classes) > 1 or any(item.needs for item in found.classes)
            self.offered = [] if self.root in self.inputs or not several else list(found.classes)
        return True

    @property
    def is_busy(self) -> bool:
        """True while the text is on its way into the drawing."""
        return self.is_reading or self.is_running

    @property
    def state(self) -> State:
        """What it is waiting for."""
        if self.is_running:
            return State.RUNNING
        if self.is_reading:
            return State.READING
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
        if self.is_busy:
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
        if draft is not None:
            draft.over.set()
        if folder is not None:
            _attempt(lambda: (folder / FILE).unlink(missing_ok=True))
        return draft

    def keep(self, tab: CanvasTab | None) -> None:
        """Write an edit down, a long one on a thread."""
        draft = self.get(tab)
        if tab is None or draft is None or tab.document.folder is None:
            return
        target = tab.document.folder / FILE
        if max(len(draft.text), len(draft.base.text)) < LARGE:
            _write(draft, target)
        else:
            threading.Thread(
                target=_write, args=(draft, target), name="keep source"
            ).start()  # the end waits for it

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


def _write(draft: TextDraft, target: Path) -> None:
    """The newest text, as long as the edit is not over; nobody who ends it waits for this."""
    with _keeping:
        if draft.over.is_set():
            return
        base, part = draft.base, target.with_suffix(".part")
        raw = {
            "kernel": base.kernel, "base": base.text, "lines": {str(key): item for key, item in base.lines.items()},
            "text": draft.text, "place": draft.place,
        }  # fmt: skip
        _attempt(lambda: (part.write_text(json.dumps(raw), "utf-8"), part.replace(target)))
        if draft.over.is_set():
            _attempt(lambda: target.unlink(missing_ok=True))


def _attempt(run: Callable[[], object]) -> None:
    """Do something with the file of an edit; a folder that cannot be written is in the log."""
    try:
        run()
    except OSError as error:
        log.warning("text.not_kept %s", error)
