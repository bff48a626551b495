"""The runs of the open documents: what each showed, whether it is still true, and where its values lie."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sketch.gui.canvas.value_badges import ShownValues

if TYPE_CHECKING:
    import numpy as np

    from sketch.binder.run_facts import Origin, RunFacts
    from sketch.graph.network import Network
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document, Update

Key = tuple[int, int]
_KEPT_AS = "_looks"
_PASSIVE = ("places", "notes")
"""Tables that a run does not depend on."""


@dataclass(frozen=True)
class FileChoice:
    """An input that comes from a file; `scaling` is what becomes of a picture (see feeding.SCALINGS)."""

    path: Path
    scaling: str = "unit"


@dataclass(frozen=True)
class LookSettings:
    """How a document is run: files for inputs by name (others are random), numbers for named sizes."""

    files: Mapping[str, FileChoice] = field(default_factory=dict)
    symbols: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0
    train: bool = False
    stretch: bool = False


@dataclass
class DocumentRun:
    """One run of a document. `folder` holds its inputs and the values that were kept."""

    network: Network
    facts: RunFacts
    settings: LookSettings
    folder: Path
    cursor: int
    origin: Origin | None = None
    origin_text: str = ""
    extra: dict[Key, str] = field(default_factory=dict)
    """Files of values that were computed again."""

    def array(self, key: Key) -> np.ndarray[Any, Any] | None:
        """A value, mapped from its file; None when it was not kept."""
        import numpy as np

        name = self.facts.kept.get(key) or self.extra.get(key)
        path = self.folder / name if name else None
        if path is None or not path.is_file():
            return None
        found: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return found

    def keys(self, document: Document, node_id: int) -> list[Key]:
        """The values of a node: its outputs; of an Output what comes in."""
        own = [key for key in self.facts.values if key[0] == node_id]
        node = document.tables.nodes.get(node_id)
        if own or node is None or node.layer != "Output":
            return own
        given = [(edge.source, edge.out) for edge in node.prior]
        return [key for key in given if key in self.facts.values]


class Looks(QObject):
    """The last run of each document. `changed` says that there is another one, or that one has become old."""

    changed = Signal()

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self._runs: dict[Document, DocumentRun] = {}
        self._settings: dict[Document, LookSettings] = {}
        self._leave: dict[Document, Callable[[], None]] = {}
        self._cursors: dict[Document, int] = {}
        window.desk.turned.connect(self._purge)
        window.on_close(self.close)

    def run_of(self, document: Document | None) -> DocumentRun | None:
        """The last run of a document."""
        return None if document is None else self._runs.get(document)

    def settings_of(self, document: Document) -> LookSettings:
        """How it was run last; the defaults before."""
        return self._settings.get(document, LookSettings())

    def remember(self, document: Document, settings: LookSettings) -> None:
        """Keep what the person chose, as long as the document is open."""
        self._settings[document] = settings

    def is_stale(self, document: Document) -> bool:
        """True when what the drawing computes has changed since the run."""
        run = self._runs.get(document)
        return run is not None and run.cursor != document.history.cursor

    def take(self, document: Document, run: DocumentRun) -> None:
        """Show a run; the one before goes."""
        self._drop(document)
        self._runs[document] = run
        if document not in self._leave:
            self._leave[document] = document.subscribe(lambda update: self._follow(document, update))
        self._tell(document)

    def clear(self, document: Document) -> None:
        """Forget the run of a document and its values."""
        self._drop(document)
        self._tell(document)

    def show_on(self, tab: CanvasTab) -> None:
        """Give a tab's canvas what there is to show."""
        run = self._runs.get(tab.document)
        shown = None
        if run is not None:
            shown = ShownValues(run.facts.values, run.facts.failures, self.is_stale(tab.document))
        tab.view.canvas.badges.show_values(shown)

    def close(self) -> None:
        """Remove the values of all runs."""
        for run in self._runs.values():
            shutil.rmtree(run.folder, ignore_errors=True)
        self._runs.clear()
        for leave in self._leave.values():
            leave()
        self._leave.clear()

    # --- inside ------------------------------------------------------------------------------------

    def _follow(self, document: Document, update: Update) -> None:
        run = self._runs.get(document)
        if run is None:
            return
        before, now = self._cursors.get(document), document.history.cursor
        was_stale = run.cursor != before
        if not was_stale and all(change.table in _PASSIVE for change in update.delta):
            run.cursor = now  # it was moved or noted, not changed
        self._cursors[document] = now
        if was_stale != (run.cursor != now):
            self._tell(document)

    def _tell(self, document: Document) -> None:
        self._cursors[document] = document.history.cursor
        for tab in self._window.area:
            if tab.document is document:
                self.show_on(tab)
        self.changed.emit()

    def _drop(self, document: Document) -> None:
        run = self._runs.pop(document, None)
        if run is not None:
            remove(run.folder)

    def _purge(self) -> None:
        """Forget documents that were closed."""
        here = {tab.document for tab in self._window.area}
        for document in [known for known in self._runs if known not in here]:
            self._drop(document)
            self._leave.pop(document)()
        for document in [known for known in self._settings if known not in here]:
            del self._settings[document]


def looks_of(window: MainWindow) -> Looks:
    """The runs of a window's documents; made at first use."""
    found = getattr(window, _KEPT_AS, None)
    if not isinstance(found, Looks):
        found = Looks(window)
        setattr(
            window, _KEPT_AS, found
        )  # asked after every change: a search among the children would be too slow
    return found


def frozen(document: Document, goal: int | None = None) -> Callable[[], Network]:
    """Takes the rows of a document as they are; what it returns makes the network, on any thread.

    `goal` is a state of the history instead of the present one.
    """
    from sketch.graph.collection import paused_collection
    from sketch.graph.delta import TABLES, Change
    from sketch.graph.network import build_network
    from sketch.graph.tables import Tables

    rows = {name: dict(document.tables.table(name)) for name in TABLES}
    delta = document.history.delta_to(goal) if goal is not None else ()
    library, name, store = document.library, document.name, document.store

    def make() -> Network:
        tables = Tables()
        with paused_collection():
            found = (Change(t, key, None, row) for t, table in rows.items() for key, row in table.items())
            tables.apply(tuple(found))
            tables.apply(delta)
            return replace(build_network(tables, library, name=name, store=store), tables=None)

    return make


def inputs_only(document: Document) -> Network:
    """A network of the Inputs alone: what the dialog asks about, without the cost of the rest."""
    from sketch.graph.delta import Change
    from sketch.graph.network import build_network
    from sketch.graph.tables import Tables

    tables = Tables()
    ends = [node for node in document.tables.nodes.values() if node.layer == "Input"]
    bare = [replace(node, prior=(), next=(), parent=None) for node in ends]
    tables.apply(tuple(Change("nodes", node.id, None, node) for node in bare))
    return build_network(tables, document.library, name=document.name)


def new_folder() -> Path:
    """A folder for the values of a run."""
    return Path(tempfile.mkdtemp(prefix="sketch-look-"))


def remove(folder: Path) -> None:
    """Remove such a folder beside the window's work: it may hold thousands of files."""
    job = threading.Thread(target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, daemon=True)
    job.start()
