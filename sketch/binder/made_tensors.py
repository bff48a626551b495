"""Tensors of a store that a record says how to make: computed when they are first read, then kept like any other."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sketch.graph.recipes import MADE

if TYPE_CHECKING:
    from sketch.binder.tensors import TensorStore

SLICE = "at-"
"""Digests of tensors that lie in a person's file begin so."""


class MadeTensors:
    """The part of a tensor store that keeps such records, and writes files whole or not at all."""

    folder: Path

    def make(self, recipe: Mapping[str, Any]) -> str:
        """Record how a tensor is made (see graph.recipes), and return its digest; the first `get` computes it."""
        text = json.dumps(recipe, sort_keys=True).encode()
        digest = MADE + hashlib.sha256(text).hexdigest()
        target = self.folder / f"{digest}.json"
        if not target.exists():
            self._publish(target, text)
        return digest

    def recipe(self, digest: str) -> Mapping[str, Any] | None:
        """How a tensor is made, None for one that was not."""
        place = self.folder / f"{digest}.json"
        if not digest.startswith(MADE) or not place.exists():
            return None
        found: Mapping[str, Any] = json.loads(place.read_text())
        return found

    def is_made(self, digest: str) -> bool:
        """False for a tensor that the next `get` has to compute first."""
        return not digest.startswith(MADE) or self._blob(digest).exists()

    def _compute(self, digest: str) -> None:
        from sketch.binder.surgery.weights_recipes import made  # it reads tensors of this store
        from sketch.binder.tensors import bytes_of

        recipe = self.recipe(digest)
        if recipe is not None:  # without one, it is missing as any other
            self._publish(self._blob(digest), bytes_of(made(cast("TensorStore", self), recipe)))

    def _can_make(self, digest: str) -> bool:
        """True when the tensor can be computed whatever happens to files of the person."""
        recipe = self.recipe(digest)
        base = recipe["base"] if recipe else None
        if base is not None and base["digest"].startswith(SLICE):
            return False  # that file may change before this one is computed
        return recipe is not None and (base is None or base["digest"] in cast("TensorStore", self))

    def _blob(self, digest: str) -> Path:
        return self.folder / f"{digest}.bin"

    def _publish(self, target: Path, data: bytes | memoryview) -> None:
        """Write a file whole or not at all, also when two threads write the same one."""
        temporary = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(target)
