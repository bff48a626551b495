"""Where weights come from: a file of any kind that Sketch reads, as its tensors by key and by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from sketch.graph.rows import TensorRow
from sketch.graph.tables import Tables
from sketch.gui.questions import ask_permission
from sketch.state.weight_changes import stored_by_key

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.main_window import MainWindow

Rows = Mapping[str, TensorRow]
Take = Callable[[str, Rows, Rows], object]
"""Called with the name of the source, its tensors by key, and by the names that the file gave them."""
SKETCH = ".sketch"


def pattern_of_files(window: MainWindow) -> str:
    """The filter of the file dialog."""
    from sketch.binder.surgery.weights_source import SUFFIXES

    read = {suffix for kernel in window.services.registry for suffix in kernel.info.reads}
    kinds = " ".join(f"*{suffix}" for suffix in sorted({*read, *SUFFIXES, SKETCH}))
    return f"Weights and models ({kinds});;All files (*)"


def read_source(
    window: MainWindow,
    parent: QWidget,
    path: Path,
    take: Take,
    complain: Callable[[str], object],
    *,
    trusted: bool = False,
) -> None:
    """Read the tensors of a file beside the window; nothing in it runs before the person has allowed it."""
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery.weights_source import SUFFIXES

    services = window.services
    if path.suffix.lower() in SUFFIXES:
        job = services.binder.job(
            f"Read {path.name}", lambda _job, _runs: _arrays(window, path), services.store.folder
        )
    elif path.suffix.lower() == SKETCH:
        job = services.binder.job(
            f"Read {path.name}", lambda _job, _runs: _drawing(window, path), services.store.folder
        )
    else:
        try:
            job = services.binder.import_model(path, services.store.folder, trusted=trusted)
        except BinderError as error:
            complain(str(error))
            return

    def ended(done: Job) -> None:
        if done.permission_needed and ask_permission(parent, path, done.error):
            read_source(window, parent, path, take, complain, trusted=True)
        elif done.state != "done":
            complain(done.error)
        else:
            take(path.name, *(done.result if isinstance(done.result, tuple) else _model(done.result)))

    window.jobs.follow(job, ended)


def _arrays(window: MainWindow, path: Path) -> tuple[Rows, Rows]:
    from sketch.binder.surgery.weights_source import read_arrays

    return read_arrays(path, window.services.store), {}  # type: ignore[arg-type]


def _drawing(window: MainWindow, path: Path) -> tuple[Rows, Rows]:
    from sketch.binder.kernel import BinderError
    from sketch.state.document_file import DocumentFileError, load_document

    services = window.services
    with TemporaryDirectory() as folder:
        try:
            document = load_document(path, services.library, store=services.store, folder=Path(folder))
        except DocumentFileError as error:
            raise BinderError(str(error)) from None
        found = stored_by_key(document.tables)
        document.close()
    return found


def _model(model: Any) -> tuple[Rows, Rows]:
    tables = Tables()
    tables.apply(model.delta)
    return stored_by_key(tables)
