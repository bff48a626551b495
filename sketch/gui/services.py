"""What the window is given by the composition root: settings, log, session, and things that load when first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sketch.binder.binder import Binder
    from sketch.binder.registry import KernelRegistry
    from sketch.graph.delta import Delta
    from sketch.graph.library import LayerLibrary
    from sketch.state.document import Document
    from sketch.state.log import LogRing
    from sketch.state.session import Session
    from sketch.state.settings import Settings
    from sketch.state.store import Store


class Services:
    """Made once by app.py. What has a `make_` loads at its first use, which is after the first paint."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        settings: Settings,
        session: Session,
        log: LogRing,
        log_folder: Path,
        find_version: Callable[[], str],
        make_library: Callable[[], LayerLibrary],
        make_registry: Callable[[], KernelRegistry],
        make_binder: Callable[[KernelRegistry], Binder],
        make_store: Callable[[], Store],
    ):
        self.settings = settings
        self.session = session
        self.log = log
        self.log_folder = log_folder
        self._find_version = find_version
        self._make_library = make_library
        self._make_registry = make_registry
        self._make_binder = make_binder
        self._make_store = make_store
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

    @cached_property
    def store(self) -> Store:
        """Where the tensors of all open documents are."""
        return self._make_store()

    @cached_property
    def version(self) -> str:
        """The version of Sketch."""
        return self._find_version()

    def document(self, folder: Path, name: str) -> Document:
        """The document whose journal is in this folder; a new one when the folder is empty."""
        from sketch.state.document import Document  # not needed for the first paint

        document = Document(self.library, store=self.store, folder=folder, name=name)
        return self.known(document)

    def known(self, document: Document) -> Document:
        """Let no edit of a document be on the disk before the session knows its tab."""
        if document.journal is not None:
            document.journal.first = self.session.file.flush
        return document

    def filled(self, folder: Path, name: str, delta: Delta, label: str) -> Document:
        """A new document with rows to begin with; its journal waits until it is shown. For a thread."""
        document = self.document(folder, name)
        try:
            if document.journal is not None:
                document.journal.hold()
            document.load(delta, label)
        except BaseException:
            document.close(forget=True)
            raise
        return document

    def close(self) -> None:
        """End the workers, and wait for what is on its way to the disk."""
        from sketch.state.journal import wait_for_leaving

        if self._has_binder:
            self.binder.close()
        wait_for_leaving()
        self.settings.flush()
