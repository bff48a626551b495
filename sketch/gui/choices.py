"""What a person can choose from by typing, and which choices fit what was typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon


@dataclass(frozen=True)
class Choice:
    """One line of the list.

    `detail` stands at its right end, `aside` muted behind the title; `words` are searched besides the title.
    `reason` greys it and says why it cannot be taken; `note` only says something; `dim` paints it muted.
    The lowest `rank` comes first while nothing is typed, and among equals.
    """

    key: Any
    title: str
    detail: str = ""
    words: tuple[str, ...] = ()
    icon: QIcon | None = None
    reason: str = ""
    rank: float = 0
    aside: str = ""
    note: str = ""
    dim: bool = False


_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]|(?<=[a-z])[A-Z0-9]|(?<=[0-9])[A-Za-z](?=[a-z])")
"""Where a word of a title begins: after a space or a sign, at a capital, at a number."""
_LEAST_LOOSE = 3
"""Letters that it takes before they may stand anywhere in a title, in their order."""


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that fit every typed word, best first.

    A word is best when the title is it, then begins so, has a word that begins so, has it as the beginnings of words
    (`frsel` for Frame selection), holds it; then come the other words of a choice, and letters in their order.
    """
    words = typed.lower().split()
    if not words:
        return sorted(choices, key=lambda choice: choice.rank)
    found = [(score, choice) for choice in choices if (score := _score(choice, words)) is not None]
    return [
        choice for _, choice in sorted(found, key=lambda pair: (pair[0], pair[1].rank, len(pair[1].title)))
    ]


def _score(choice: Choice, words: Sequence[str]) -> int | None:
    """The worst of all words, 0 is best; None when one does not fit."""
    if len(words) > 1 and choice.title.lower().startswith(" ".join(words)):
        return 1
    more = " ".join((choice.detail, choice.aside, *choice.words)).lower()
    worst = 0
    for word in words:
        score = _of_title(choice.title, word)
        if score is None or score > 5:
            other = _of_words(more, word)
            score = other if score is None else min(score, other if other is not None else score)
        if score is None:
            return None
        worst = max(worst, score)
    return worst


def _of_title(title: str, word: str) -> int | None:
    small = title.lower()
    if small.startswith(word):
        return 0 if small == word else 1
    if small.replace(" ", "").startswith(word):
        return 1
    starts = _starts(title)
    if any(small.startswith(word, start) for start in starts):
        return 2
    if _by_starts(small, starts, word, in_row=True):
        return 3
    if _by_starts(small, starts, word, in_row=False):
        return 4
    if word in small:
        return 5
    return 8 if len(word) >= _LEAST_LOOSE and _loosely(small, starts, word) else None


def _of_words(more: str, word: str) -> int | None:
    if word not in more:
        return None
    return 6 if any(part.startswith(word) for part in more.split()) else 7


@lru_cache(maxsize=4096)
def _starts(title: str) -> tuple[int, ...]:
    return tuple(found.start() for found in _START.finditer(title))


def _by_starts(small: str, starts: Sequence[int], word: str, *, in_row: bool, at: int | None = None) -> bool:
    """True when it is a row of beginnings of words, in their order (`bn2` of Batch Norm 2D); `in_row` skips no word.

    `at` is the word of the title that comes next, None at the beginning.
    """
    if not word:
        return True
    for place in range(at or 0, len(starts) if at is None or not in_row else min(at + 1, len(starts))):
        start, length = starts[place], 0
        while length < len(word) and start + length < len(small) and small[start + length] == word[length]:
            length += 1
        for part in range(length, 0, -1):
            if _by_starts(small, starts, word[part:], in_row=in_row, at=place + 1):
                return True
    return False


def _loosely(small: str, starts: Sequence[int], word: str) -> bool:
    """True when its letters stand in this order, the first where a word begins."""
    for start in starts:
        if small[start] != word[0]:
            continue
        place: int = start
        for letter in word[1:]:
            place = small.find(letter, place + 1)
            if place < 0:
                break
        else:
            return True
    return False
