"""Areas kept up to date: what many rectangles cover together, and which of them are near a height."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Rect = tuple[float, float, float, float]
"""(left, top, right, bottom)."""
K = TypeVar("K", bound=Hashable)
FINEST = 7
"""The finest bands are 2 ** 7 = 128 px high."""


class Extent(Generic[K]):
    """The area that rectangles cover; only the loss of an outermost one needs a look at all of them."""

    def __init__(self) -> None:
        self._rects: dict[K, Rect] = {}
        self._area: Rect | None = None

    @property
    def area(self) -> Rect | None:
        """The smallest rectangle around all, None when there are none."""
        if self._area is None and self._rects:
            lefts, tops, rights, bottoms = zip(*self._rects.values(), strict=True)
            self._area = min(lefts), min(tops), max(rights), max(bottoms)
        return self._area

    def put(self, key: K, rect: Rect) -> None:
        """Take in a rectangle, or its new place."""
        before = self._rects.get(key)
        if before == rect:
            return
        self._rects[key] = rect
        if before is not None:
            self._forget(before)
        if (area := self._area) is not None:
            left, top, right, bottom = rect
            self._area = (
                min(left, area[0]),
                min(top, area[1]),
                max(right, area[2]),
                max(bottom, area[3]),
            )
        elif len(self._rects) == 1:
            self._area = rect

    def drop(self, key: K) -> None:
        """Let a rectangle go; nothing when it is not here."""
        before = self._rects.pop(key, None)
        if before is not None:
            self._forget(before)

    def clear(self) -> None:
        """Let all go."""
        self._rects.clear()
        self._area = None

    def _forget(self, rect: Rect) -> None:
        area = self._area
        if area is not None and any(one == other for one, other in zip(area, rect, strict=True)):
            self._area = None


class Heights(Generic[K]):
    """Things by the heights they cover: each is in one or two bands of about its own height."""

    def __init__(self) -> None:
        self._bands: dict[int, dict[int, dict[K, None]]] = {}
        self._places: dict[K, tuple[int, int, int]] = {}

    def put(self, key: K, top: float, bottom: float) -> None:
        """Take in a thing, or the heights it covers now."""
        scale = max(FINEST, int(bottom - top).bit_length())
        size = 1 << scale
        place = scale, int(top // size), int(bottom // size)
        before = self._places.get(key)
        if before == place:
            return
        if before is not None:
            self.drop(key)
        self._places[key] = place
        bands = self._bands.setdefault(scale, {})
        for band in place[1:] if place[1] != place[2] else place[1:2]:
            there = bands.get(band)
            if there is None:
                bands[band] = {key: None}
            else:
                there[key] = None

    def drop(self, key: K) -> None:
        """Let a thing go; nothing when it is not here."""
        place = self._places.pop(key, None)
        if place is not None:
            scale, first, last = place
            bands = self._bands[scale]
            for band in range(first, last + 1):
                del bands[band][key]
                if not bands[band]:
                    del bands[band]

    def near(self, top: float, bottom: float) -> Iterator[K]:
        """What may cover some of these heights, each once."""
        found: dict[K, None] = {}
        for there in self._touched(top, bottom):
            found.update(there)
        yield from found

    def is_crowded(self, top: float, bottom: float, most: int) -> bool:
        """True when more things than this are at about one height between these; told without a walk."""
        return any(len(there) > most for there in self._touched(top, bottom))

    def _touched(self, top: float, bottom: float) -> Iterator[dict[K, None]]:
        for scale, bands in self._bands.items():
            size = 1 << scale
            first, last = int(top // size), int(bottom // size)
            few = last - first < len(bands)
            for band in range(first, last + 1) if few else sorted(n for n in bands if first <= n <= last):
                if there := bands.get(band):
                    yield there
