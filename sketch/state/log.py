"""Logging: one rotating file, and the last records in memory for the log panel."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

FILE_NAME = "sketch.log"
FILE_BYTES = 4 << 20
KEPT_FILES = 3
KEPT_RECORDS = 2000
FORMAT = "%(asctime)s %(levelname)s %(processName)s %(name)s %(message)s"


class LogRing(logging.Handler):
    """The newest records; listeners get each new one on the thread that logged it."""

    def __init__(self, kept: int = KEPT_RECORDS):
        super().__init__()
        self._records: deque[logging.LogRecord] = deque(maxlen=kept)
        self._listeners: list[Callable[[logging.LogRecord], None]] = []
        self._guard = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record and tell the listeners; what they log themselves is kept but not told again."""
        self._records.append(record)
        if getattr(self._guard, "telling", False):
            return
        self._guard.telling = True
        try:
            for listener in tuple(self._listeners):
                listener(record)
        except Exception:  # noqa: BLE001 - a log panel at fault must not break what is being logged
            self.handleError(record)
        finally:
            self._guard.telling = False

    def records(self) -> list[logging.LogRecord]:
        """The kept records, oldest first."""
        return list(self._records)

    def text(self, record: logging.LogRecord) -> str:
        """A record as one entry of the panel, with its stack trace."""
        return self.format(record)

    def subscribe(self, listener: Callable[[logging.LogRecord], None]) -> Callable[[], None]:
        """Call `listener(record)` for each new record; the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None


class _LogFile(logging.FileHandler):
    """The file. A full disk costs its lines, not the program: the ring still has them.

    It rolls over by itself, since `logging.handlers` brings sockets and pickle into every start.
    """

    def __init__(self, path: Path):
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self.handleError = _lose  # type: ignore[method-assign, assignment]

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, in a new file when this one is full."""
        super().emit(record)
        try:
            if self.stream is not None and self.stream.tell() >= FILE_BYTES:
                self._roll_over()
        except OSError:
            self.handleError(record)

    def _roll_over(self) -> None:
        """`sketch.log` becomes `sketch.log.1`, that `sketch.log.2`, and so on; the oldest goes."""
        super().close()  # the next record opens the file again
        names = [self.baseFilename, *(f"{self.baseFilename}.{number}" for number in range(1, KEPT_FILES + 1))]
        for older, newer in reversed(list(pairwise(names))):
            if Path(older).exists():
                Path(older).replace(newer)


def _lose(_record: logging.LogRecord) -> None:
    """What happens to a record that cannot be written."""


def set_up_logging(folder: Path, level: str = "info") -> LogRing:
    """Log to `folder` and to the ring that is returned; calling again replaces what was set up before."""
    logger = logging.getLogger("sketch")
    tear_down_logging()
    ring = LogRing()
    handlers: list[logging.Handler] = [ring]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(_LogFile(folder / FILE_NAME))
    except OSError as error:
        ring.emit(
            logging.LogRecord(__name__, logging.WARNING, __file__, 0, f"log.no_file {error}", None, None)
        )
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        logger.addHandler(handler)
    logger.setLevel(level.upper())
    return ring


def tear_down_logging() -> None:
    """Close what `set_up_logging` opened."""
    logger = logging.getLogger("sketch")
    for handler in [h for h in logger.handlers if isinstance(h, (LogRing, _LogFile))]:
        logger.removeHandler(handler)
        handler.close()
