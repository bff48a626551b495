"""Whether the network in front can be compiled, kernel by kernel, found out beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sketch.graph.stopping import checked
from sketch.gui import background

if TYPE_CHECKING:
    from collections.abc import Callable

    from sketch.binder.job import Job
    from sketch.binder.kernel import Kernel
    from sketch.graph.network import Network
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document


class NetworkCheck(QObject):
    """What stands in the way of compiling a document as it is now; `ended` when that is known."""

    ended = Signal()

    def __init__(self, window: MainWindow, document: Document):
        super().__init__(window)
        self.name = document.name
        self._found: dict[str, str] | None = None
        self._fault, self._is_wanted = "", True
        kernels, make = list(window.services.registry), background.frozen(document)
        self._job = background.run(
            window.jobs, "Check the network", lambda task: _obstacles(make, kernels, task), self._take,
            failed=self._fail, stopped=lambda: self._fail(""),
            at_once=len(document.tables.nodes) <= background.FEW,
        )  # fmt: skip

    def obstacle(self, kernel: Kernel) -> str | None:
        """Why a kernel cannot write this network, empty when it can; None as long as that is not known.

        Where nobody could find it out it is empty as well: the job that compiles asks again.
        """
        return None if self._found is None else self._found.get(kernel.info.name, self._fault)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        self._is_wanted = False
        self._job.cancel()

    def _take(self, found: dict[str, str]) -> None:
        self._found = found
        if self._is_wanted:
            self.ended.emit()

    def _fail(self, reason: str) -> None:
        self._fault = reason
        self._take({})


def _obstacles(make: Callable[[], Network], kernels: list[Kernel], task: Job) -> dict[str, str]:
    """By the name of the kernel; runs on a thread."""
    task.step(0, 0, "Check the network")
    network = make()
    return {kernel.info.name: _obstacle(kernel, network) for kernel in kernels}


def _obstacle(kernel: Kernel, network: Network) -> str:
    if reason := kernel.available():
        return reason
    for problem in network.errors[:1]:
        name = f"'{network.step(problem.node).name}': " if problem.node in network.by_id else ""
        return f"{name}{problem}"
    refusals = (f"'{step.name}': {text}" for step in checked(network.steps) if (text := kernel.refusal(step)))
    return next(refusals, "")
