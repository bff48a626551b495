"""The rows of a first picture as a document that nobody can edit, laid out and wired. For a thread; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from sketch.binder.kernel import GlancingKernel, Kernel
from sketch.graph.arrange import Canvas, arrange_levels, draw_parts
from sketch.graph.delta import Change
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.evaluate import Resolved
from sketch.graph.folding import open_groups, start
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import FrozenDict, Node
from sketch.graph.tables import Tables
from sketch.gui.canvas.indexing import prepare
from sketch.gui.canvas.still import StillWiring
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
    """A document of a file that is still being read: names and wires, no shapes, no places, no journal, no edits."""

    def __init__(self, path: Path, nodes: list[Node], library: LayerLibrary, store: Store):
        super().__init__(library, store=store, folder=None, name=path.stem)
        self.inference = _NothingKnown(library)
        self.refusal = f"Reading the rest of {path.name}: editing starts in a moment."
        self.tables = Tables.of(nodes)
        self.tables.apply(start(self.tables, library))

    def edit(self, label: str, edit: Callable[[Draft], T], merge_key: Hashable | None = None) -> NoReturn:
        """GraphError: nothing can be edited before the file has been read."""
        raise GraphError(self.refusal)


class _NothingKnown(Inference):
    """What is known of nodes whose shapes nobody has looked at."""

    def of(self, node_id: int) -> Resolved:
        return _UNKNOWN


def glanced(
    kernel: Kernel, path: Path, library: LayerLibrary, store: Store, *, badges: bool = True
) -> Glanced | None:
    """The picture of a file; None when the kernel gives none, or the file is small.

    Without `badges` the wires of shared sources are drawn, too.
    """
    nodes = kernel.glance(path) if isinstance(kernel, GlancingKernel) else None
    if nodes is None or len(nodes) < FEWEST:
        return None
    document = Unread(path, nodes, library, store)
    wiring = wired(document.tables, library, badges=badges)
    prepare(wiring)
    return Glanced(document, wiring)


def wired(tables: Tables, library: LayerLibrary, *, badges: bool = True) -> Wiring:
    """Lay rows out and draw them; where that takes more than the layout tells, they get their places as well."""
    if badges and not open_groups(tables):
        canvas = Canvas(tables, library, list(tables.children(None)))
        parts = draw_parts(canvas)
        if StillWiring.can_show(canvas, parts):
            return StillWiring(tables, library, canvas, parts)
    levels = (None, *open_groups(tables))
    places = arrange_levels(tables, levels, library)
    tables.apply(tuple(Change("places", key, None, place) for key, place in places.items()))
    return Wiring(tables, library, None, badges=badges)
