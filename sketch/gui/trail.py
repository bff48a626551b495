"""The places that a person has looked at in one document: back and forward, as in a browser."""

from __future__ import annotations

from typing import Any

MOST = 100
State = dict[str, Any]
"""What `view_state` of a canvas gives."""


class Trail:
    """Views that were left by a jump; a new jump forgets what was ahead."""

    def __init__(self) -> None:
        self._behind: list[State] = []
        self._ahead: list[State] = []

    @property
    def can_go_back(self) -> bool:
        """True when there is a place to go back to."""
        return bool(self._behind)

    @property
    def can_go_forward(self) -> bool:
        """True after going back."""
        return bool(self._ahead)

    def leave(self, state: State) -> None:
        """A jump begins here."""
        if not self._behind or self._behind[-1] != state:
            self._behind = [*self._behind[1 - MOST :], state]
        self._ahead = []

    def back(self, now: State) -> State | None:
        """The place before this one."""
        return _step(now, self._behind, self._ahead)

    def forward(self, now: State) -> State | None:
        """The place that was left by going back."""
        return _step(now, self._ahead, self._behind)


def _step(now: State, taken: list[State], given: list[State]) -> State | None:
    if not taken:
        return None
    given.append(now)
    return taken.pop()
