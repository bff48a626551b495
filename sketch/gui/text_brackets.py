"""The bracket that belongs to the one at the cursor."""

from __future__ import annotations

import re

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BACK = {close: opening for opening, close in _PAIRS.items()}
_QUIET = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
"""Comments and strings: brackets in them pair with nothing."""


def matching(text: str, position: int) -> tuple[int, int] | None:
    """Places of a bracket beside the cursor and of its partner (-1 when it has none); None away from brackets."""
    quiet = _QUIET.sub(lambda found: " " * len(found.group()), text)
    for place in (position - 1, position):
        char = quiet[place : place + 1] if place >= 0 else ""
        if char in _PAIRS and char:
            return place, _partner(quiet, place, 1, _PAIRS)
        if char in _BACK and char:
            return place, _partner(quiet, place, -1, _BACK)
    return None


def _partner(text: str, place: int, step: int, pairs: dict[str, str]) -> int:
    waiting = []
    closing = set(pairs.values())
    while 0 <= place < len(text):
        char = text[place]
        if char in pairs:
            waiting.append(pairs[char])
        elif char in closing:
            if waiting.pop() != char:
                return -1
            if not waiting:
                return place
        place += step
    return -1
