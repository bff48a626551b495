"""Things by key with their borders in one array, so that a look-up touches only what is near."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    import numpy as np

Borders = tuple[float, float, float, float]
"""Left, top, right and bottom, scene px."""
Key = TypeVar("Key", bound=Hashable)
ROW = 0.01
"""Middles this near to each other are at one height."""


class State(IntEnum):
    """What becomes of a thing: painted and hit, left out, or painted by the gesture that carries it."""

    SHOWN = 0
    HIDDEN = 1
    CARRIED = 2


class Extents(Generic[Key]):
    """Every thing has a slot, a small number that is used again when the thing goes."""

    def __init__(self) -> None:
        self.slots: dict[Key, int] = {}
        self.stale: set[int] = set()
        """Slots that changed since whoever paints from here last emptied this."""
        self.renewed: set[int] = set()
        """Slots that were given to another thing since then."""
        self._keys: list[Key | None] = []
        self._free: list[int] = []
        self.restated: list[np.ndarray[Any, Any]] = []
        """Slots whose state changed since whoever paints from here last emptied this."""
        self._marks: dict[State, Collection[Key]] = {}
        """Those in each state but SHOWN; a set as soon as somebody looks for one of them."""
        self._bounds: QRectF | None = None
        self._borders: np.ndarray[Any, Any] | None = None
        self._states: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self.slots)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.slots)

    @property
    def size(self) -> int:
        """One more than the greatest slot."""
        return len(self._keys)

    def keys_in(self, slots: Iterable[int]) -> list[Key | None]:
        """What is in some slots; None for a free one."""
        return list(map(self._keys.__getitem__, slots))

    def put_all(self, keys: Sequence[Key], borders: Any) -> list[int]:
        """Take in many different ones at once (`borders`: a row each); their slots."""
        if not keys:
            return []
        slots = [self._slot(key) for key in keys] if self._keys else _first_slots(self, keys)
        self._make_room()
        self._array[slots] = borders
        if self._states is not None:
            self._states[slots] = 0
            for state in self._marks:
                marked = self.marked(state)
                self._states[[slot for slot, key in zip(slots, keys, strict=True) if key in marked]] = int(
                    state
                )
        self.stale.update(slots)
        self._bounds = None
        return slots

    def become(self, other: Extents[Key]) -> None:
        """Take over the things of another, which is left with those that were here; states stay with their things."""
        mine, its = vars(self), vars(other)
        others = () if self._keys == other._keys else ("renewed",)
        for name in ("slots", "stale", *others, "_keys", "_free", "_borders", "_bounds"):
            mine[name], its[name] = its[name], mine[name]
        # Nobody painted from the other, so all its slots are stale; without any it differs, too.
        self.stale.add(0)
        self._states, self.restated = None, []
        marks, self._marks = self._marks, {}
        for state, marked in marks.items():
            self.mark(marked, state)

    def remove(self, key: Key) -> int | None:
        """Forget a thing; the slot it leaves, None when it was not here."""
        slot = self.slots.pop(key, None)
        if slot is not None:
            self._keys[slot] = None
            self._array[slot] = math.nan
            self._free.append(slot)
            self.stale.add(slot)
            self._bounds = None
        return slot

    def mark(self, keys: Iterable[Key], state: State, slots: Sequence[int] | None = None) -> None:
        """Let these be in a state, and what was in it before be shown. `slots`: theirs, when all of them are here."""
        marked = keys if isinstance(keys, frozenset) else list(keys)
        if not marked and state not in self._marks:
            return
        self._marks = {old: self.marked(old).difference(marked) for old in self._marks if old != state}
        if marked:
            self._marks[state] = marked
        if not self.slots:
            return
        self._make_room()
        if self._states is not None:
            before = self._states[: self.size].copy()
            self._states[self._states == int(state)] = 0
            found = map(self.slots.get, marked) if slots is None else slots
            self._states[[slot for slot in found if slot is not None]] = int(state)
            self.restated.append((before != self._states[: self.size]).nonzero()[0])

    def shown(self) -> np.ndarray[Any, Any] | None:
        """True in the slots of what is shown; None when all is."""
        return None if self._states is None or not self._marks else self._states[: self.size] == 0

    def is_in(self, slot: int, state: State) -> bool:
        """True when the thing in a slot is in a state."""
        return (0 if self._states is None else self._states[slot]) == int(state)

    def marked(self, state: State) -> frozenset[Key]:
        """What `mark` put into a state."""
        found = frozenset(self._marks.get(state, ()))
        self._marks |= {state: found} if found else {}
        return found

    def borders(self, key: Key) -> QRectF | None:
        """The borders of a thing, None when it is not here."""
        slot = self.slots.get(key)
        if slot is None:
            return None
        left, top, right, bottom = self._array[slot].tolist()
        return QRectF(left, top, right - left, bottom - top)

    def touching(self, areas: Iterable[QRectF], state: State = State.SHOWN) -> np.ndarray[Any, Any]:
        """The slots of what touches any of some areas, in the order of the slots."""
        import numpy as np

        if not self.slots:
            return np.empty(0, dtype=np.intp)
        count, boxes = self.size, self._array
        left, top, right, bottom = (boxes[:count, side] for side in range(4))
        hit = np.zeros(count, dtype=bool)
        for area in areas:
            near = (left <= area.right()) & (right >= area.left())
            near &= (top <= area.bottom()) & (bottom >= area.top())
            hit |= near
        if self._states is not None:
            hit &= self._states[:count] == int(state)
        elif state is not State.SHOWN:
            hit[:] = False
        return hit.nonzero()[0]

    def slots_of(self, keys: Iterable[Key]) -> np.ndarray[Any, Any]:
        """The slots of those of some things that are here and shown."""
        import numpy as np

        found = np.array([slot for key in keys if (slot := self.slots.get(key)) is not None], dtype=np.intp)
        return found if self._states is None else found[self._states[found] == int(State.SHOWN)]

    def slots_near(self, areas: Iterable[QRectF], state: State = State.SHOWN) -> list[int]:
        """The slots of what touches any of some areas; an empty canvas gets by without numpy."""
        return self.touching(areas, state).tolist() if self.slots else []

    def near(self, areas: Iterable[QRectF], state: State = State.SHOWN) -> list[Key]:
        """The things that touch any of some areas."""
        keys = self._keys
        return [key for slot in self.slots_near(areas, state) if (key := keys[slot]) is not None]

    def bounds(self) -> QRectF:
        """The area that everything covers; null when there is nothing."""
        if self._bounds is None:
            self._bounds = _covered(self)
        return QRectF(self._bounds)

    def array(self) -> np.ndarray[Any, Any]:
        """The borders by slot (left, top, right, bottom; NaN where a slot is free)."""
        return self._array[: self.size]

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _array(self) -> np.ndarray[Any, Any]:
        """numpy loads with the first thing: an empty canvas has no need of it."""
        if self._borders is None:
            import numpy as np

            self._borders = np.empty(
                (64, 4), order="F"
            )  # side after side: several times faster to look through
        return self._borders

    def _slot(self, key: Key) -> int:
        slot = self.slots.get(key)
        if slot is None:
            slot = self._free.pop() if self._free else len(self._keys)
            if slot == len(self._keys):
                self._keys.append(key)
            else:
                self._keys[slot] = key
            self.slots[key] = slot
            self.renewed.add(slot)
        return slot

    def _make_room(self) -> None:
        import numpy as np

        have, need = len(self._array), self.size
        if need > have:
            grown = np.empty((max(need, 2 * have), 4), order="F")
            grown[:have] = self._array
            self._borders = grown
        if self._marks and self._states is None:
            self._states = np.zeros(len(self._array), dtype=np.uint8)
        elif self._states is not None and len(self._states) < len(self._array):
            self._states = np.concatenate(
                [self._states, np.zeros(len(self._array) - len(self._states), np.uint8)]
            )


def _first_slots(things: Extents[Key], keys: Sequence[Key]) -> list[int]:
    """Slots for the first things, each of which is named once: a big drawing's take a fifth of the time."""
    slots = list(range(len(keys)))
    things._keys.extend(keys)
    things.slots.update(zip(keys, slots, strict=True))
    things.renewed.update(slots)
    return slots


def copied(things: Extents[Key]) -> Extents[Key]:
    """The same things in the same slots, all shown; nobody has painted from it."""
    made: Extents[Key] = Extents()
    made.slots, made._keys, made._free = things.slots.copy(), things._keys.copy(), things._free.copy()
    made._borders = None if things._borders is None else things._borders.copy(order="F")
    made._bounds = things._bounds
    made.stale, made.renewed = set(range(things.size)), set(range(things.size))
    return made


def shift(things: Extents[Key], keys: Collection[Key], dx: float, dy: float) -> list[int]:
    """Move things that are here, all alike; their slots."""
    slots = list(map(things.slots.__getitem__, keys))
    if slots:
        things.array()[slots] += (dx, dy, dx, dy)
        things._bounds = None
    return slots


def shift_beyond(
    things: Extents[Key], start: float, dx: float, dy: float, but: Collection[Key], *, right: bool
) -> np.ndarray[Any, Any]:
    """Move what begins at a height (`right`: at an x) or after it, all alike but some; True in their slots."""
    borders, slots = things.array(), things.slots
    moved: np.ndarray[Any, Any] = borders[:, 0 if right else 1] >= start - ROW
    if but:
        moved[[slots[key] for key in but if key in slots]] = False
    for side, by in enumerate((dx, dy, dx, dy)):
        if by:
            borders[:, side] += moved * by
    things._bounds = None
    return moved


def middles(things: Extents[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(x, y) of the middles by slot; NaN where a slot is free."""
    left, top, right, bottom = things.array().T
    return (left + right) / 2, (top + bottom) / 2


def least(things: Extents[int], *scores: np.ndarray[Any, Any]) -> int | None:
    """The thing with the least score by slot, of such the one with the least second score, then the least id.

    NaN and infinity are no scores; those that are nearly the same count as one. None where there is nothing.
    """
    import numpy as np

    found = np.isfinite(scores[0]).nonzero()[0]
    for score in scores if len(found) else ():
        found = found[score[found] <= score[found].min() + ROW]
    return min([key for key in things.keys_in(found.tolist()) if key is not None], default=None)


def around(things: Extents[Key], keys: Iterable[Key]) -> QRectF:
    """The area around those of some things that are here; null for none."""
    slots = [slot for key in keys if (slot := things.slots.get(key)) is not None]
    return _hull(things.array()[slots].T) if slots else QRectF()


def first_middle(things: Extents[Any], *, right: bool = False) -> tuple[float, float] | None:
    """The middle of what stands uppermost, the leftmost of such (`right`: exchanged); None for nothing."""
    if not things.slots:
        return None
    import numpy as np

    boxes = things.array()
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    along, across = (0, 1) if right else (1, 0)
    row = middles[middles[:, along] <= np.nanmin(middles[:, along]) + ROW]
    x, y = row[row[:, across].argmin()].tolist()
    return x, y


def _covered(things: Extents[Any]) -> QRectF:
    """The area around everything; null for nothing."""
    if not things.slots:
        return QRectF()
    boxes = things.array().T
    if len(things.slots) < things.size:
        boxes = boxes[:, boxes[0] == boxes[0]]  # NaN, the borders of a free slot, is not equal to itself
    return _hull(boxes)


def _hull(boxes: np.ndarray[Any, Any]) -> QRectF:
    """The area around boxes, given as (lefts, tops, rights, bottoms)."""
    left, top = boxes[0].min(), boxes[1].min()
    return QRectF(left, top, boxes[2].max() - left, boxes[3].max() - top)
