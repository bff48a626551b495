"""How documents come into the window and leave it: new, examples, drawings, other models, saving, closing.

An empty canvas is there before anything that only a file, a model or an example needs is loaded.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.questions import show_error

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.graph.delta import Delta
    from sketch.gui.main_window import MainWindow
    from sketch.gui.opening_models import ModelOpener
    from sketch.state.document import Document

log = logging.getLogger(__name__)
SUFFIX = ".sketch"


class Opener:
    """Opens and closes the tabs of a window."""

    def __init__(self, window: MainWindow):
        self._window = window
        self.models: ModelOpener | None = None
        """What reads the file of another program that was opened last."""

    def new(self) -> CanvasTab:
        """An empty network in a new tab."""
        document = self._empty(_free_name(self._window, "untitled"))
        document.kernel = self._window.services.settings.get("compile.kernel")
        return self._show(document)

    def example(self, key: str) -> CanvasTab:
        """A drawn example in a new tab; its drawing is the beginning of its history."""
        from sketch.graph import examples
        from sketch.graph.draft import Draft
        from sketch.graph.placing import placed

        document = self._empty(_free_name(self._window, key))
        draft = Draft(document.tables, document.library)
        examples.build(key, draft)
        document.load(placed(draft.delta(), document.library), f"Example {key}")
        log.info("example.opened key=%s nodes=%s", key, len(document.tables.nodes))
        return self._show(document)

    def fresh(self, delta: Delta, label: str, name: str) -> CanvasTab:
        """Rows that a command made, as a network in a new tab; they are the beginning of its history."""
        document = self._empty(_free_name(self._window, name))
        document.kernel = self._window.desk.kernel
        document.load(delta, label)
        return self._show(document)

    def ask(self, *, models_only: bool = False) -> None:
        """Ask for files and open them."""
        reads = sorted({suffix for kernel in self._window.services.registry for suffix in kernel.info.reads})
        kinds = " ".join(f"*{suffix}" for suffix in (reads if models_only else (SUFFIX, *reads)))
        start = str(self._window.folder)
        paths, _ = QFileDialog.getOpenFileNames(
            self._window, "Open", start, f"Networks ({kinds});;All files (*)"
        )
        self.open_files([Path(path) for path in paths])

    def open_files(self, paths: list[Path]) -> None:
        """Open each file in a tab of its own."""
        for path in paths:
            self.open_file(path)

    def open_file(self, path: Path, *, trusted: bool = False) -> Job | None:
        """Open a drawing at once, a model of another program as a job; a file that is open comes to the front."""
        from sketch.binder.kernel import BinderError
        from sketch.graph.errors import GraphError
        from sketch.state.document_file import DocumentFileError

        path = path.resolve()
        there = self._window.area.of_path(path)
        if there is not None:
            self._window.area.tabs.setCurrentWidget(there)
            return None
        try:
            if path.suffix.lower() == SUFFIX:
                self._open_drawing(path)
                return None
            return self._import(path, trusted=trusted)
        except (DocumentFileError, BinderError, GraphError, OSError) as error:
            self._refuse(path, str(error))
            return None

    def save(self, tab: CanvasTab | None = None) -> bool:
        """Save to the document's file, asking for one the first time; True when it is saved."""
        tab = tab or self._window.desk.tab
        if tab is None:
            return False
        path = tab.document.path
        return self._write(tab, path) if path is not None and path.suffix == SUFFIX else self.save_as(tab)

    def save_as(self, tab: CanvasTab | None = None) -> bool:
        """Ask for a file and save to it."""
        tab = tab or self._window.desk.tab
        if tab is None:
            return False
        start = str(self._window.folder / f"{tab.document.name}{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(self._window, "Save", start, f"Sketch drawing (*{SUFFIX})")
        return bool(path) and self._write(tab, Path(path).with_suffix(SUFFIX))

    def close(self, tab: CanvasTab | None = None) -> None:
        """Close a tab; what is in it is kept, and `reopen` brings it back."""
        tab = tab or self._window.desk.tab
        if tab is None:
            return
        self._window.keeper.tab_closed(tab)
        self._window.area.remove(tab)
        tab.close_document()
        tab.deleteLater()
        self._window.say(f"Closed {tab.document.name}; Ctrl+Shift+T brings it back.")

    def reopen(self) -> None:
        """Bring the tab back that was closed last, with its unsaved edits."""
        tab = self._window.services.session.reopen()
        if tab is None:
            self._window.say("No tab was closed.")
        else:
            self._window.keeper.bring_back(tab)

    def restore(self, folder: Path, name: str) -> CanvasTab:
        """Open the document of an earlier session."""
        return self._show(self._window.services.document(folder, name))

    def arrange(self, document: Document, group: int | None) -> None:
        """Lay out one canvas of a document."""
        from sketch.state import commands

        places = self.places(document, group)
        if places:
            commands.place_all(document, places, "Arrange")

    def places(self, document: Document, group: int | None) -> dict[int, tuple[float, float]]:
        """Where an automatic layout puts the nodes of one canvas."""
        from sketch.graph.arrange import arrange  # not needed before something is laid out

        return arrange(document.tables, group, document.library)

    def _open_drawing(self, path: Path) -> CanvasTab:
        from sketch.state.document_file import DocumentFileError, load_document

        services = self._window.services
        tab = self._window.keeper.new_tab(path.stem, path)
        try:
            document = load_document(path, services.library, store=services.store, folder=Path(tab.folder))
        except DocumentFileError:
            self._window.keeper.drop_tab(tab)
            raise
        self._remember(path)
        log.info("document.opened path=%s nodes=%s", path, len(document.tables.nodes))
        return self._show(document)

    def _import(self, path: Path, *, trusted: bool) -> Job:
        from sketch.gui.opening_models import Attempt, ModelOpener

        self.models = ModelOpener(self._window, self._empty, self._show, self._refuse)
        return self.models.start(Attempt(path, trusted))

    def _write(self, tab: CanvasTab, path: Path) -> bool:
        from sketch.state.document_file import DocumentFileError, save_document

        try:
            save_document(tab.document, path)
        except DocumentFileError as error:
            show_error(self._window, str(error))
            return False
        self._remember(path)
        tab.renamed.emit()
        self._window.say(f"Saved {path}.")
        return True

    def _empty(self, name: str) -> Document:
        return self._window.services.document(Path(self._window.keeper.new_tab(name).folder), name)

    def _show(self, document: Document) -> CanvasTab:
        tab = CanvasTab(document, self._window.theme)
        self._window.add_tab(tab)
        if document.recovery.message:
            self._window.say(document.recovery.message)
        return tab

    def _remember(self, path: Path) -> None:
        self._window.keeper.remember(path)

    def _refuse(self, path: Path, reason: str) -> None:
        log.warning("open.refused path=%s reason=%s", path, reason)
        show_error(self._window, reason if path.name in reason else f"{path.name}: {reason}")


def _free_name(window: MainWindow, name: str) -> str:
    """The name, or with the first number that makes it different from those of all tabs."""
    taken = {tab.document.name for tab in window.area}
    number = 1
    while (candidate := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return candidate
