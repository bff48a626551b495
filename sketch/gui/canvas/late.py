"""Rows by key of which some are worked out when somebody asks for them: thousands may move, and few are seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Late(dict[K, V]):
    """A dict whose `late` rows are those that `make` gives, in place of what was put in before."""

    def __init__(self) -> None:
        super().__init__()
        self._late: set[K] = set()
        self._make: Callable[[K], V] | None = None

    def delay(self, keys: Iterable[K], make: Callable[[K], V]) -> None:
        """Let these rows, as far as they are here, be late; `make` holds for all late rows from now on."""
        self._late.update(keys)
        self._make = make

    def is_late(self, key: K) -> bool:
        """True when the row was not asked for since `delay`."""
        return key in self._late

    def settle(self) -> None:
        """Work out all that is late."""
        for key in list(self._late):
            self._bring(key)

    def __getitem__(self, key: K) -> V:
        if key in self._late:
            self._bring(key)
        return super().__getitem__(key)

    def get(self, key: K, default: Any = None) -> Any:
        """The row, or `default` where there is none."""
        if key in self._late:
            self._bring(key)
        return super().get(key, default)

    def pop(self, key: K, *default: Any) -> Any:
        """Take a row out; what it is while it is late is not worked out."""
        self._late.discard(key)
        return super().pop(key, *default)

    def __setitem__(self, key: K, value: V) -> None:
        self._late.discard(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        self._late.discard(key)
        super().__delitem__(key)

    def update(self, rows: Mapping[K, V]) -> None:  # type: ignore[override]
        """Put these in."""
        self._late.difference_update(rows)
        super().update(rows)

    def clear(self) -> None:
        """Forget all rows, and how late ones were made."""
        self._late, self._make = set(), None
        super().clear()

    def values(self) -> ValuesView[V]:  # type: ignore[override]
        """All rows."""
        self.settle()
        return super().values()

    def items(self) -> ItemsView[K, V]:  # type: ignore[override]
        """All keys with their rows."""
        self.settle()
        return super().items()

    def __iter__(self) -> Iterator[K]:  # being our own, it keeps dict(...) from taking rows as they lie here
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self.settle()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    # --- inside ------------------------------------------------------------------------------------

    def _bring(self, key: K) -> None:
        self._late.discard(key)
        if self._make is not None and key in self:
            super().__setitem__(key, self._make(key))
