"""The rows of a first picture as a document that nobody can edit, laid out and wired. For a thread; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from sketch.binder.kernel import GlancingKernel, Kernel
from sketch.graph.arrange import arrange_levels
from sketch.graph.delta import Change, Delta
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.evaluate import Resolved
from sketch.graph.folding import start
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import FrozenDict
from sketch.gui.canvas.indexing import prepare
from sketch.gui.canvas.wires import Wiring
from sketch.state.document import Document
from sketch.state.store import Store

T = TypeVar("T")
FEWEST = 200
"""A file of fewer nodes is read before anybody sees a bar."""
_UNKNOWN = Resolved(FrozenDict(), (), (), FrozenDict(), None, ())


@dataclass(frozen=True)
class Glanced:
    """What a picture needs."""

    document: Unread
    wiring: Wiring


class Unread(Document):
    """A document of a file that is still being read: names and wires, no shapes, no journal, no edits."""

    def __init__(self, path: Path, rows: Delta, library: LayerLibrary, store: Store):
        super().__init__(library, store=store, folder=None, name=path.stem)
        self.inference = _NothingKnown(library)
        self.refusal = f"Reading the rest of {path.name}: editing starts in a moment."
        self.tables.apply(rows)
        opened = start(self.tables, library)
        self.tables.apply(opened)
        levels = (None, *self.tables.parents()) if opened else (None,)
        places = arrange_levels(self.tables, levels, library)
        self.tables.apply(tuple(Change("places", key, None, place) for key, place in places.items()))

    def edit(self, label: str, edit: Callable[[Draft], T], merge_key: Hashable | None = None) -> NoReturn:
        """GraphError: nothing can be edited before the file has been read."""
        raise GraphError(self.refusal)


class _NothingKnown(Inference):
    """What is known of nodes whose shapes nobody has looked at."""

    def of(self, node_id: int) -> Resolved:
        return _UNKNOWN


def glanced(kernel: Kernel, path: Path, library: LayerLibrary, store: Store) -> Glanced | None:
    """The picture of a file; None when the kernel gives none, or the file is small."""
    rows = kernel.glance(path) if isinstance(kernel, GlancingKernel) else None
    if rows is None or len(rows) < FEWEST:
        return None
    document = Unread(path, rows, library, store)
    wiring = Wiring(document.tables, library, None)
    prepare(wiring)
    return Glanced(document, wiring)
