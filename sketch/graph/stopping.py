"""Long loops ask now and then whether anybody still wants what they work out.

    with stopping.asked_by(task.check):     # whoever runs work on a thread of its own
        ...

    for node_id in stopping.checked(ids):   # in that work, where a loop may be long
        ...

Where nobody asks, as in the window's thread, nothing is stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
OFTEN = 128
"""A loop over nodes, wires or rows checks once in so many."""


class _Thread(threading.local):
    ask: Callable[[], object] | None = None


_here = _Thread()


def check() -> None:
    """Raise what the work on this thread is stopped by, if it is to stop."""
    if _here.ask is not None:
        _here.ask()


def checked(things: Iterable[T]) -> Iterator[T]:
    """These things one by one, with a `check` now and then."""
    for number, thing in enumerate(things):
        if number % OFTEN == 0:
            check()
        yield thing


@contextmanager
def asked_by(ask: Callable[[], object]) -> Iterator[None]:
    """Let the loops inside, on this thread, call this, which may raise to stop them."""
    before, _here.ask = _here.ask, ask
    try:
        yield
    finally:
        _here.ask = before
