"""What a person can choose from by typing, and which choices fit what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon


@dataclass(frozen=True)
class Choice:
    """One line of the list. `words` are searched besides the title; `reason` greys it and says why."""

    key: Any
    title: str
    detail: str = ""
    words: tuple[str, ...] = ()
    icon: QIcon | None = None
    reason: str = ""
    rank: int = field(default=0)


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that contain every typed word, best first: title starts, a word starts, title holds, others."""
    words = typed.lower().split()
    if not words:
        return sorted(choices, key=lambda choice: choice.rank)
    found = [(score, choice) for choice in choices if (score := _score(choice, words)) is not None]
    return [
        choice for _, choice in sorted(found, key=lambda pair: (pair[0], pair[1].rank, len(pair[1].title)))
    ]


def _score(choice: Choice, words: Sequence[str]) -> int | None:
    title = choice.title.lower()
    more = " ".join((choice.detail, *choice.words)).lower()
    worst = 0
    for word in words:
        if title.startswith(word):
            score = 0 if title == word else 1
        elif f" {word}" in f" {title}":
            score = 2
        elif word in title:
            score = 3
        elif any(part.startswith(word) for part in more.split()):
            score = 4
        elif word in more:
            score = 5
        else:
            return None
        worst = max(worst, score)
    return worst
