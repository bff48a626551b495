"""The worker process: limits first, then the kernel, then one job after another until the pipe closes."""

from __future__ import annotations

import logging
import os
import select
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from sketch.binder.limits import restrain
from sketch.binder.wire import Done, Failed, LogLine, Progress, Ready, Request, read_message, write_message


class _Relay(logging.Handler):
    """Sends the worker's log records to the window."""

    def __init__(self, out: BinaryIO):
        super().__init__(logging.INFO)
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        write_message(self._out, LogLine(record.name, record.levelno, record.getMessage()))


class _Task:
    """The Task of kernel.py inside a worker; cancelling ends the process, so `step` only reports."""

    def __init__(self, out: BinaryIO, request: Request):
        from sketch.binder.tensors import TensorStore

        self._out = out
        self.store = TensorStore(Path(request.store))
        self.scratch = Path(request.scratch)
        self.trusted = request.trusted
        self.options: Mapping[str, Any] = {}

    def step(self, done: float, total: float, text: str) -> None:
        """Report progress."""
        write_message(self._out, Progress(float(done), float(total), text))


def main(kernel_name: str, idle_seconds: float) -> int:
    """Serve one kernel over stdin and stdout until nothing was asked for a while.

    Whatever a framework prints goes to stderr.
    """
    restrain()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    logging.getLogger("sketch").setLevel(logging.INFO)
    logging.getLogger("sketch").addHandler(_Relay(out))
    kernel = _kernel(kernel_name)
    write_message(out, Ready(kernel.available(), os.getpid()))
    while _asked(source, idle_seconds):
        try:
            request = read_message(source, plain=False)
        except EOFError:
            return 0
        write_message(out, _answer(kernel, request, out))
    return 0


def _asked(source: BinaryIO, idle_seconds: float) -> bool:
    """Wait for a request, or for the end of the pipe; False when the time is over (a framework keeps much memory)."""
    if os.name == "nt":
        return True
    return bool(select.select([source], [], [], idle_seconds)[0])


def _kernel(name: str) -> Any:
    from sketch.binder.registry import KernelRegistry

    return KernelRegistry.discover()[name]


def _answer(kernel: Any, request: Request, out: BinaryIO) -> Done | Failed:
    from sketch.binder.kernel import BinderError, PermissionNeededError

    try:
        task = _Task(out, request)
        if request.method == "run_file":
            return Done(_run_file(kernel, task, **request.arguments))
        if request.method == "run_values":
            return Done(_run_values(kernel, task, **request.arguments))
        result = getattr(kernel, request.method)(**request.arguments, task=task)
        return Done(_placed(result) if request.method in ("import_model", "redraw") else result)
    except PermissionNeededError as error:
        return Failed(str(error), permission_needed=True, asks=error.asks)
    except BinderError as error:
        return Failed(str(error), traceback.format_exc())
    except MemoryError:
        return Failed(
            "It needs more memory than this machine has; close other programs or use a smaller model."
        )
    except Exception as error:  # noqa: BLE001 - the border of the worker: every fault becomes one line and a log entry
        first = str(error).strip().splitlines()[0][:300] if str(error).strip() else "no message"
        return Failed(f"{type(error).__name__}: {first}", traceback.format_exc())


def _placed(model: Any) -> Any:
    from sketch.graph.library import LayerLibrary
    from sketch.graph.placing import placed
    from sketch.resources_root import resource_root

    return replace(model, delta=placed(model.delta, LayerLibrary.load(resource_root() / "layers")))


def _run_file(
    kernel: Any,
    task: _Task,
    path: Path,
    inputs: Path,
    outputs: Path,
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """Run a model file on the arrays of one .npz and leave its answers in another; the names of the outputs."""
    task.options = options or {}
    answers = dict(kernel.run(path, _loaded(inputs), task=task))
    _leave(answers, outputs)
    return list(answers)


def _run_values(
    kernel: Any, task: _Task, path: Path, inputs: Path, outputs: Path, network: Any, wanted: Any,
    options: Mapping[str, Any] | None = None,
) -> list[str]:  # fmt: skip
    """As `_run_file`, for values inside the network."""
    task.options = options or {}
    answers = dict(kernel.run_values(network, path, wanted, _loaded(inputs), task=task))
    _leave(answers, outputs)
    return list(answers)


def _loaded(place: Path) -> dict[str, Any]:
    import numpy as np

    with np.load(place, allow_pickle=False) as arrays:
        return dict(arrays)


def _leave(answers: Mapping[str, Any], place: Path) -> None:
    import numpy as np

    with place.open("wb") as file:
        np.savez(file, **{name: np.asarray(value) for name, value in answers.items()})  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
