"""What the window is given by the composition root: settings, log, session, and things that load when first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from sketch.binder.binder import Binder
from sketch.binder.registry import KernelRegistry
from sketch.graph.library import LayerLibrary
from sketch.state.document import Document
from sketch.state.log import LogRing
from sketch.state.session import Session
from sketch.state.settings import Settings
from sketch.state.store import Store


class Services:
    """Made once by app.py. `library`, `registry` and `binder` load at their first use, after the first paint.

    `open_document` opens a Document over a journal folder, with its tensor store.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        session: Session,
        log: LogRing,
        log_folder: Path,
        version: str,
        make_library: Callable[[], LayerLibrary],
        make_registry: Callable[[], KernelRegistry],
        make_binder: Callable[[KernelRegistry], Binder],
        open_document: Callable[[LayerLibrary, Path, str], Document],
        open_store: Callable[[Path], Store],
    ):
        self.settings = settings
        self.session = session
        self.log = log
        self.log_folder = log_folder
        self.version = version
        self._make_library = make_library
        self._make_registry = make_registry
        self._make_binder = make_binder
        self._open_document = open_document
        self._open_store = open_store
        self._has_binder = False

    @cached_property
    def library(self) -> LayerLibrary:
        """The layers there are."""
        return self._make_library()

    @cached_property
    def registry(self) -> KernelRegistry:
        """The kernels there are."""
        return self._make_registry()

    @cached_property
    def binder(self) -> Binder:
        """Starts jobs in worker processes."""
        self._has_binder = True
        return self._make_binder(self.registry)

    def document(self, folder: Path, name: str = "untitled") -> Document:
        """The document whose journal is in this folder; a new one when the folder is empty."""
        return self._open_document(self.library, folder, name)

    def store(self, folder: Path) -> Store:
        """The tensor store of the document whose journal is in this folder."""
        return self._open_store(folder)

    def close(self) -> None:
        """End the workers."""
        if self._has_binder:
            self.binder.close()
