"""What a document asks of the tensor store it is given; the class itself belongs to the binder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Store(Protocol):
    """A folder of tensors by digest. Its class, called with a folder, opens the store there."""

    folder: Path

    def put(self, array: Any, dtype: str | None = None) -> str:
        """Keep an array and return its digest."""
        ...

    def get(self, digest: str, shape: tuple[int, ...], dtype: str) -> Any:
        """The array of a digest, read-only; an error of the binder when it is missing."""
        ...

    def make(self, recipe: Mapping[str, Any]) -> str:
        """Record how a tensor is made (see graph.recipes) and return its digest; nothing is computed yet."""
        ...

    def recipe(self, digest: str) -> Mapping[str, Any] | None:
        """How a tensor is made, None for one that was not."""
        ...

    def is_made(self, digest: str) -> bool:
        """False for a tensor that the next `get` has to compute first."""
        ...

    def let_go(self, path: Path) -> None:
        """Let every tensor that lies in this file outlive it, before it is replaced; OSError when there is no room."""
        ...

    def __contains__(self, digest: str) -> bool: ...


def neighbour(store: Store, folder: Path) -> Store:
    """The store of the same kind in another folder (tensors of another document)."""
    if Path(folder) == Path(store.folder):
        return store
    return type(store)(folder)  # type: ignore[call-arg]
