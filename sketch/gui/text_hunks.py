"""Where two long texts differ: the lines that take the place of others, found without going through every line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

CHUNK = 1 << 16
"""So many characters are compared at a time."""
NEAR, FAR = 12, 400
"""The texts are looked for in step again within so many lines, first near, then farther away."""
IN_STEP = 3
"""So many equal lines in a row are in step."""
MOST, MOST_FAR = 60, 4
"""After so many places (so many of them large) all that is left is one."""


class Hunk(NamedTuple):
    """The lines from `start` up to `end` of a text, from 0, give way to others."""

    start: int
    end: int
    lines: list[str]


_prepared: list[tuple[str, str, list[Hunk]]] = []


def prepare(before: str, after: str) -> None:
    """Find out beside the window what makes one text of another; whoever shows that takes it."""
    _prepared[:] = [(before, after, hunks(before, after))]


def taken(before: str, after: str) -> list[Hunk]:
    """What makes one text of another: what was prepared, or found out now."""
    ready = _prepared.pop() if _prepared else None
    return ready[2] if ready is not None and ready[:2] == (before, after) else hunks(before, after)


def hunks(before: str, after: str) -> list[Hunk]:
    """What makes one text of another, first place first; none overlap or touch."""
    at = to = line = 0  # every line has an end, the last one behind its text
    found: list[Hunk] = []
    while True:
        same = _line_start(before, at, at + _same_from(before, at, after, to))
        line += _lines(before, at, same)
        at, to = same, to + same - at
        if at > len(before) and to > len(after):
            return found
        large = sum(1 for hunk in found if max(hunk.end - hunk.start, len(hunk.lines)) > NEAR)
        reach = FAR if large < MOST_FAR else NEAR
        way = _in_step(before, at, after, to, reach) if len(found) < MOST else None
        end, stop = way or _before_tail(before, at, after, to)
        count = _lines(before, at, end)
        found.append(Hunk(line, line + count, after[to : stop - 1].split("\n") if stop > to else []))
        at, to, line = end, stop, line + count


def _lines(text: str, at: int, to: int) -> int:
    return text.count("\n", at, to) + (at <= len(text) < to)


def _line_start(text: str, least: int, place: int) -> int:
    """Where the line of a place begins; `least` is a beginning itself."""
    return place if place > len(text) else max(least, text.rfind("\n", least, place) + 1)


def _same_from(one: str, at: int, other: str, to: int) -> int:
    """How many characters are the same from here on."""
    same, step, limit = 0, CHUNK, min(len(one) - at, len(other) - to)
    while same < limit and step:
        end = min(same + step, limit)
        if one[at + same : at + end] == other[to + same : to + end]:
            same = end
        else:
            step //= 2
    next_one, next_other = one[at + same : at + same + 1], other[to + same : to + same + 1]
    return same + (same == limit and (next_one or "\n") == (next_other or "\n"))


def _before_tail(one: str, at: int, other: str, to: int) -> tuple[int, int]:
    """Where the lines begin that both texts end with, behind these places."""
    if at > len(one) or to > len(other):
        return len(one) + 1, len(other) + 1
    same, step, limit = 0, CHUNK, min(len(one) - at, len(other) - to)
    while same < limit and step:
        end = min(same + step, limit)
        if one[len(one) - end : len(one) - same] == other[len(other) - end : len(other) - same]:
            same = end
        else:
            step //= 2
    begin, stop = len(one) - same, len(other) - same
    if not (_begins_line(one, begin) and _begins_line(other, stop)):
        skipped = _next_line(one, begin) - begin  # what is the same of a line in part stays out
        begin, stop = begin + skipped, stop + skipped
    return begin, stop


def _begins_line(text: str, place: int) -> bool:
    return place == 0 or text[place - 1] == "\n"


def _next_line(text: str, at: int) -> int:
    return (text.find("\n", at) + 1) or len(text) + 1


def _in_step(one: str, at: int, other: str, to: int, most: int) -> tuple[int, int] | None:
    """The nearest places within so many lines behind these where lines are the same again."""
    for reach in sorted({NEAR, most}):
        places = dict(reversed(list(_runs(other, to, reach))))  # of equal ones the nearest counts
        ways = [
            (place - at + places[key] - to, place, places[key])
            for key, place in _runs(one, at, reach)
            if key in places
        ]
        if ways:
            return min(ways)[1:]
    return None


def _runs(text: str, at: int, count: int) -> Iterator[tuple[tuple[str | None, ...], int]]:
    """So many lines from a place on, each with those behind it, and where it begins; the end counts as a line."""
    starts = [at]
    while len(starts) < count + IN_STEP and starts[-1] <= len(text):
        starts.append(_next_line(text, starts[-1]))
    lines: list[str | None] = [text[a : b - 1] for a, b in pairwise(starts)]
    if starts[-1] > len(text):
        lines += [None] * IN_STEP
    for index in range(min(len(starts), len(lines) - IN_STEP + 1)):
        yield tuple(lines[index : index + IN_STEP]), starts[index]
