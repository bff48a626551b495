"""The window's end of a worker process: start, call, kill."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Any

from sketch.binder.kernel import BinderError, PermissionNeededError
from sketch.binder.wire import Done, Failed, LogLine, Progress, Ready, Request, read_message, write_message
from sketch.own_process import module_command, module_environment

_STDERR_BYTES = 64 << 10
log = logging.getLogger(__name__)


class WorkerProcess:
    """One warm worker of one kernel; it ends by itself when it was idle for long.

    Calls are one at a time; a call after an end starts a new process.
    """

    def __init__(self, kernel: str, idle_seconds: float = 300.0):
        self.kernel = kernel
        self.idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def call(
        self,
        request: Request,
        on_progress: Callable[[float, float, str], None],
        check: Callable[[], object] = lambda: None,
    ) -> Any:
        """Run one request to its end; BinderError with one line when it fails or the process dies.

        Args:
            check: raises when the job was cancelled while the process started, when there was nothing to kill.
        """
        with self._lock:
            for attempt in ("warm", "fresh"):
                process = self._started()
                check()
                try:
                    return self._ask(process, request, on_progress)
                except (EOFError, OSError):
                    # A warm worker that was idle for long may end, in good order, just as it is asked.
                    if attempt == "fresh" or process.wait(5) != 0:
                        raise BinderError(self._obituary(process)) from None
        return None

    def start(self) -> None:
        """Start the process now, so that the first call need not wait for it."""
        with self._lock:
            self._started()

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait(5)

    def close(self) -> None:
        """End the worker and release its pipes."""
        self.kill()
        process, self._process = self._process, None
        if process is not None:
            process.wait(5)
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError, AttributeError):
                    pipe.close()  # type: ignore[union-attr]
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            module_command("sketch.binder.worker", self.kernel, str(self.idle_seconds)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            start_new_session=True, env=module_environment(),
        )  # fmt: skip
        try:
            ready = self._receive(self._process)
        except EOFError:
            raise BinderError(self._obituary(self._process)) from None
        if isinstance(ready, Ready) and ready.reason:
            self.close()
            raise BinderError(ready.reason)
        log.info("worker.started kernel=%s pid=%d", self.kernel, self._process.pid)
        return self._process

    def _ask(
        self,
        process: subprocess.Popen[bytes],
        request: Request,
        on_progress: Callable[[float, float, str], None],
    ) -> Any:
        self._send(process, request)
        return self._listen(process, on_progress)

    def _send(self, process: subprocess.Popen[bytes], request: Request) -> None:
        if process.stdin is None:
            raise EOFError("the worker has no pipe")
        write_message(process.stdin, request)

    def _receive(self, process: subprocess.Popen[bytes]) -> Any:
        if process.stdout is None:
            raise EOFError("the worker has no pipe")
        return read_message(process.stdout, plain=True)

    def _listen(
        self, process: subprocess.Popen[bytes], on_progress: Callable[[float, float, str], None]
    ) -> Any:
        while True:
            message = self._receive(process)
            if isinstance(message, Progress):
                on_progress(message.done, message.total, message.text)
            elif isinstance(message, LogLine):
                logging.getLogger(message.name).log(message.level, "%s", message.message)
            elif isinstance(message, Done):
                return message.result
            elif isinstance(message, Failed):
                self._raise(message)

    def _raise(self, failure: Failed) -> None:
        if failure.permission_needed:
            raise PermissionNeededError(failure.message, failure.asks)
        if failure.details:
            log.info("job.failed kernel=%s\n%s", self.kernel, failure.details)
        raise BinderError(failure.message)

    def _obituary(self, process: subprocess.Popen[bytes]) -> str:
        """One line on why the process is gone; its last words go to the log."""
        code = process.wait(5)
        if self._errors is not None:
            end = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, end - _STDERR_BYTES))
            log.info(
                "worker.died kernel=%s code=%d\n%s",
                self.kernel,
                code,
                self._errors.read().decode(errors="replace"),
            )
        reason = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        return f"The {self.kernel} worker ended {reason}; the drawing is untouched, the log has the details. Try again."
