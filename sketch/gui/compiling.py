"""From the compile command to its result: dialog, job, report, log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sketch.binder.job import Job
from sketch.binder.kernel import BinderError
from sketch.gui import background
from sketch.gui.compile_check import NetworkCheck
from sketch.gui.compile_dialog import CompileDialog, CompileRequest
from sketch.gui.compile_result import CompileResult, headline
from sketch.gui.dialog_parts import ask_soon
from sketch.gui.questions import show_error
from sketch.state.document import Document

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

log = logging.getLogger(__name__)


class Compiler:
    """Compiles the document in front; one result window a job."""

    def __init__(self, window: MainWindow):
        self._window = window
        self.last: CompileRequest | None = None
        self.results: list[CompileResult] = []

    def start(self) -> None:
        """Ask what to compile to, then do it."""
        window, document = self._window, self._window.desk.document
        if document is None:
            return
        if not window.services.registry.names():
            show_error(window, "No kernel could be loaded; see the log, and install Sketch again.")
            return
        settings, check = window.services.settings, NetworkCheck(window, document)
        dialog = CompileDialog(
            window, window.services.registry, check, window.desk.kernel, window.folder,
            verify=settings.get("compile.verify"), opset=settings.get("compile.opset"),
        )  # fmt: skip

        def answered(accepted: bool) -> None:
            check.deleteLater()
            if accepted:
                self.run(dialog.request())

        ask_soon(dialog, answered)

    def again(self) -> None:
        """The last request once more, with what is drawn now."""
        if self.last is not None:
            self.run(self.last)

    def run(self, request: CompileRequest) -> Job | None:
        """Start the job; what stands in its way is one line."""
        window, document = self._window, self._window.desk.document
        if document is None:
            return None
        self.last = request
        try:
            job = window.services.binder.export_model(
                background.frozen(document),
                request.path,
                request.kernel,
                request.options,
                verify=request.verify,
                trusted=window.desk.tab is not None and window.desk.tab.trusted,
            )
        except BinderError as error:
            show_error(window, str(error))
            return None
        window.say(f"Compiling {request.path.name}")
        return window.jobs.follow(job, lambda done: self._on_end(done, request, document))

    def _on_end(self, job: Job, request: CompileRequest, document: Document) -> None:
        window = self._window
        if job.state != "done":
            window.say(job.error)
            if job.state == "failed":
                show_error(window, job.error)
            return
        log.info(
            "compile.done path=%s kernel=%s step=%s", request.path, request.kernel, document.history.cursor
        )
        window.say(headline(job.result))
        result = CompileResult(window, f"Compiled {request.path.name}", job.result)
        self.results = [*self.results[-3:], result]
        result.destroyed.connect(lambda: self.results.remove(result) if result in self.results else None)
        result.show()
