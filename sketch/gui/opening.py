"""How documents come into the window and leave it: new, examples, drawings, other models, saving, closing.

An empty canvas is there before anything that only a file, a model or an example needs is loaded.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.long_lived import let_go
from sketch.gui.questions import show_error

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.main_window import MainWindow
    from sketch.gui.opening_models import ModelOpener
    from sketch.state.document import Document

log = logging.getLogger(__name__)
SUFFIX = ".sketch"
QUICK_BYTES = 256 << 10
"""A drawing whose file is no bigger than this is open before anybody sees a bar."""


class Opener:
    """Opens and closes the tabs of a window."""

    def __init__(self, window: MainWindow):
        self._window = window
        self.models: ModelOpener | None = None
        """What reads the file of another program that was opened last."""

    def new(self) -> CanvasTab:
        """An empty network in a new tab."""
        document = self._empty(free_name(self._window, "untitled"))
        document.kernel = self._window.services.settings.get("compile.kernel")
        return self._show(document)

    def example(self, key: str) -> CanvasTab:
        """A drawn example in a new tab; its drawing is the beginning of its history."""
        from sketch.graph import examples
        from sketch.graph.draft import Draft
        from sketch.graph.placing import placed

        document = self._empty(free_name(self._window, key))
        draft = Draft(document.tables, document.library)
        examples.build(key, draft)
        document.load(placed(draft.delta(), document.library), f"Example {key}")
        log.info("example.opened key=%s nodes=%s", key, len(document.tables.nodes))
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
        """Open a drawing or a model of another program as a job; a file that is open comes to the front."""
        from sketch.binder.kernel import BinderError
        from sketch.graph.errors import GraphError

        path = path.resolve()
        area = self._window.area
        there = area.of_path(path) or area.glance_of(path)
        if there is not None:
            area.tabs.setCurrentWidget(there)
            return None
        try:
            if path.suffix.lower() == SUFFIX:
                return self._open_drawing(path)
            return self._import(path, trusted=trusted)
        except (BinderError, GraphError, OSError) as error:
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
        """Close a tab; what is in it is kept, and `reopen` brings it back. A file that is being read is left alone."""
        tab = tab or self._window.desk.tab
        if tab is None:
            if (glance := self._window.area.glance) is not None:
                glance.dismissed.emit()
            return
        self._window.keeper.tab_closed(tab)
        with self._window.area.painted_later():
            self._window.area.remove(tab)
        tab.close_document(wait=False)
        let_go(tab)
        self._window.say(f"Closed {tab.document.name}; Ctrl+Shift+T brings it back.")

    def reopen(self) -> None:
        """Bring the tab back that was closed last, with its unsaved edits."""
        tab = self._window.services.session.reopen()
        if tab is None:
            self._window.say("No tab was closed.")
        else:
            self._window.keeper.bring_back(tab)

    def _open_drawing(self, path: Path) -> Job:
        from sketch.gui import adopting
        from sketch.state.document_file import load_document

        services = self._window.services
        library, store = services.library, services.store

        def make(folder: Path, task: Job) -> Document:
            return load_document(path, library, store=store, folder=folder, step=task.step, hold=True)

        def shown(tab: CanvasTab) -> None:
            self._remember(path)
            log.info("document.opened path=%s nodes=%s", path, len(tab.document.tables.nodes))

        quick = path.is_file() and path.stat().st_size <= QUICK_BYTES
        return adopting.adopt(
            self._window, f"Open {path.name}", make, shown,
            failed=lambda reason: self._refuse(path, reason), path=path, at_once=quick,
        )  # fmt: skip

    def _import(self, path: Path, *, trusted: bool) -> Job:
        from sketch.gui.opening_models import Attempt, ModelOpener

        self.models = ModelOpener(self._window, self._refuse)
        return self.models.start(Attempt(path, trusted))

    def _write(self, tab: CanvasTab, path: Path) -> bool:
        """Write a file, a big one beside the window; False when it could not be written."""
        from sketch.gui import background
        from sketch.state.document_file import Picture, save_picture

        document, failures = tab.document, list[str]()
        picture = Picture.of(document)

        def written(_path: Path) -> None:
            if not document.is_closed:
                document.mark_saved(path, picture.history.cursor)
                tab.renamed.emit()
            self._remember(path)
            self._window.say(f"Saved {path}.")

        def failed(reason: str) -> None:
            failures.append(reason)
            show_error(self._window, reason)

        background.run(
            self._window.jobs, f"Save {path.name}", lambda task: save_picture(picture, path, step=task.step),
            written, failed=failed, at_once=len(document.tables.nodes) <= background.FEW,
        )  # fmt: skip
        return not failures

    def _empty(self, name: str) -> Document:
        return self._window.services.document(Path(self._window.keeper.new_tab(name).folder), name)

    def _show(self, document: Document) -> CanvasTab:
        tab = CanvasTab(document, self._window.theme)
        self._window.connect_tab(tab)
        self._window.add_tab(tab)
        if document.recovery.message:
            self._window.say(document.recovery.message)
        return tab

    def _remember(self, path: Path) -> None:
        self._window.keeper.remember(path)

    def _refuse(self, path: Path, reason: str) -> None:
        log.warning("open.refused path=%s reason=%s", path, reason)
        show_error(self._window, reason if path.name in reason else f"{path.name}: {reason}")


def free_name(window: MainWindow, name: str) -> str:
    """The name, or with the first number that makes it different from those of all tabs."""
    taken = {tab.document.name for tab in window.area}
    number = 1
    while (candidate := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return candidate
