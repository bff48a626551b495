"""The Qt application around the window: first paint, then everything else; errors end in the log, not in the air."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from sketch.gui.long_lived import settle
from sketch.gui.main_window import MainWindow
from sketch.gui.services import Services

log = logging.getLogger(__name__)
IDLE_MS = 300
"""Nobody has begun to draw by this time after everything is shown."""
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run(services: Services, files: Sequence[Path]) -> int:
    """Show the window, open files, and stay until the person quits; the exit code."""
    application, window = open_window(services)
    after_paint(window, files)
    return application.exec()


def open_window(services: Services) -> tuple[QCoreApplication, MainWindow]:
    """The application and its window, shown with the document that was in front if that opens quickly."""
    application = QApplication.instance() or QApplication(["sketch"])
    application.setApplicationName("Sketch")
    application.setDesktopFileName("sketch") if isinstance(application, QApplication) else None
    qInstallMessageHandler(_on_qt_message)
    window = MainWindow(services)
    catch_errors(window)
    window.keeper.restore_front()
    window.actions_.settle()
    window.show()
    return application, window


def after_paint(window: MainWindow, files: Sequence[Path] = ()) -> None:
    """Load what the first paint did not need once the window has been painted."""
    from sketch.gui.warming import warm_up

    def started() -> None:
        settle()
        if files:
            window.opener.open_files(list(files))
        QTimer.singleShot(IDLE_MS, window, lambda: warm_up(window))

    window.rest.ended.connect(started)
    window.rest.begin()


def catch_errors(window: MainWindow) -> None:
    """An error that nobody caught goes to the log with its stack; the window lives on and says one line."""

    def on_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("uncaught", exc_info=(kind, error, trace))
        window.say(
            f"Something went wrong ({kind.__name__}: {error}). Your drawing is safe; details are in the log."
        )

    sys.excepthook = on_error
    threading.excepthook = lambda args: log.error(
        "uncaught thread=%s", args.thread.name if args.thread else "?",
        exc_info=(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback),
    )  # fmt: skip


def _on_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    log.log(_LEVELS.get(kind, logging.WARNING), "qt %s", text)
