"""Finds out what edited source says while the window lives."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from sketch.gui.text_reading import Answer, Question, answer

if TYPE_CHECKING:
    from sketch.gui.text_drafts import TextDraft

log = logging.getLogger(__name__)


class _OvertakenError(Exception):
    """Another question came."""


class DraftReader(QObject):
    """Answers the question of one draft at a time, of a long text on a thread; only the newest one counts."""

    _answered = Signal(int, object, object, object)

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._turn = 0
        self._answered.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def read(self, draft: TextDraft, then: Callable[[], object]) -> None:
        """Let the draft know what its text says, if it does not, and then `then`."""
        self._turn += 1
        question = draft.question()
        if question is None or question.is_short:
            if question is not None:
                draft.take(answer(question))
            then()
        else:
            body = threading.Thread(
                target=self._find, args=(self._turn, draft, question, then), name="read source", daemon=True
            )
            body.start()

    def stop(self) -> None:
        """Nobody wants the answer any more."""
        self._turn += 1

    def _find(self, turn: int, draft: TextDraft, question: Question, then: Callable[[], object]) -> None:
        def check() -> None:
            if turn != self._turn:
                raise _OvertakenError

        try:
            found = answer(question, check)
        except _OvertakenError:
            return
        except Exception:  # e.g. no process can be started: the text stays unmarked
            log.exception("text.reading_failed")
            return
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._answered.emit(turn, draft, found, then)

    def _take(self, turn: int, draft: TextDraft, found: Answer, then: Callable[[], object]) -> None:
        if turn == self._turn and draft.take(found):
            then()
