"""Copies of what changes, made on a thread: whoever changes it next makes those that are still to be made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """What `make` reads now, worked out by the first call, from any thread; calls after that give the same."""

    def __init__(self, make: Callable[[], T], pending: list[Later[Any]]):
        """`pending` are those that a change has to `settle` before it begins."""
        self._make, self._pending = make, pending
        self._made: list[T] = []
        self._lock = threading.Lock()
        pending.append(self)

    def __call__(self) -> T:
        """The copy; whoever calls while another makes it waits for that."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
                del self._make
                with suppress(ValueError):  # what is settled is no longer among them
                    self._pending.remove(self)
            return self._made[0]


def settle(pending: list[Later[Any]]) -> None:
    """Make what is still to be made, because all of it is about to change."""
    while pending:
        pending.pop()()
