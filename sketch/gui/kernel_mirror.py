"""The network in front as the chosen kernel sees it: source text and refusals, after each pause in the edits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from sketch.gui.desk import Desk

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from sketch.binder.kernel import Kernel
    from sketch.binder.registry import KernelRegistry
    from sketch.graph.network import Network
    from sketch.graph.problems import Problem

log = logging.getLogger(__name__)
AT_ONCE = 600
"""Up to this many nodes the text is printed at once; bigger networks are printed beside the window."""


@dataclass(frozen=True)
class Picture:
    """What a kernel says of a network; `lines` as in SourceText. `error` explains an empty text."""

    kernel: str
    text: str = ""
    lines: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    language: str = "python"
    refusals: tuple[Problem, ...] = ()
    error: str = ""


class KernelMirror(QObject):
    """Keeps `picture` up to date; `changed` follows each new one."""

    changed = Signal()
    _printed = Signal(int, object)

    def __init__(
        self, desk: Desk, registry: Callable[[], KernelRegistry | None], parent: QObject | None = None
    ):
        super().__init__(parent)
        self._desk = desk
        self._registry = registry
        self._turn = 0
        self._printer: ThreadPoolExecutor | None = None
        self.picture = Picture("")
        desk.text_due.connect(self.refresh)
        self._printed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def refresh(self) -> None:
        """Print the network in front again."""
        self._turn += 1
        registry, document = self._registry(), self._desk.document
        if registry is None:
            return
        if document is None or not document.tables.nodes or self._desk.kernel not in registry:
            reason = (
                ""
                if document is None or self._desk.kernel in registry
                else _missing(registry, self._desk.kernel)
            )
            self._take(self._turn, Picture(self._desk.kernel, error=reason))
            return
        kernel, network = registry[self._desk.kernel], document.network()
        if len(network.steps) <= AT_ONCE:
            self._take(self._turn, describe(kernel, network))
        else:
            self._print_beside(kernel, network, self._turn)

    def close(self) -> None:
        """Wait for the text being printed and end the thread."""
        self._turn += 1
        if self._printer is not None:
            self._printer.shutdown(wait=True, cancel_futures=True)
            self._printer = None

    def _print_beside(self, kernel: Kernel, network: Network, turn: int) -> None:
        if self._printer is None:
            from concurrent.futures import ThreadPoolExecutor  # not needed for small networks

            self._printer = ThreadPoolExecutor(1, thread_name_prefix="source text")

        def done(future: Future[Picture]) -> None:
            if not future.cancelled() and future.exception() is None:
                self._printed.emit(turn, future.result())

        self._printer.submit(describe, kernel, network).add_done_callback(done)

    def _take(self, turn: int, picture: Picture) -> None:
        if turn == self._turn:
            self.picture = picture
            self.changed.emit()


def describe(kernel: Kernel, network: Network) -> Picture:
    """Source text of a network and what this kernel cannot express of it."""
    from sketch.binder.kernel import BinderError
    from sketch.graph.errors import GraphError
    from sketch.graph.problems import Problem

    name = kernel.info.name
    refusals = tuple(
        Problem(step.id, "error", "kernel", f"{kernel.info.title}: {reason}")
        for step in network.steps
        if (reason := kernel.refusal(step)) is not None
    )
    try:
        source = kernel.text(network)
    except (BinderError, GraphError) as error:
        return Picture(name, refusals=refusals, error=str(error))
    except Exception as error:  # a border: a plug-in may fail in any way
        log.exception("text.failed kernel=%s", name)
        text = f"{kernel.info.title} cannot print this network: {error}"
        return Picture(name, refusals=refusals, error=text)
    return Picture(name, source.text, source.lines, source.language, refusals)


def _missing(registry: KernelRegistry, name: str) -> str:
    from sketch.binder.kernel import BinderError

    try:
        registry[name]
    except BinderError as error:
        return str(error)
    return ""
