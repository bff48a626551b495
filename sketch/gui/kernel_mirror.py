"""The network in front as the chosen kernel sees it: source text and refusals, after each pause in the edits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from sketch.graph.collection import paused_collection
from sketch.gui.background import short_turns
from sketch.gui.desk import Desk
from sketch.gui.long_lived import trim

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from sketch.binder.kernel import Kernel
    from sketch.binder.registry import KernelRegistry
    from sketch.graph.network import Network
    from sketch.graph.problems import Problem
    from sketch.state.document import Document

log = logging.getLogger(__name__)
AT_ONCE = 100
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
    _printed = Signal(int, object, object)
    _overtaken = Signal(int)

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
        self._overtaken.connect(self._again, Qt.ConnectionType.QueuedConnection)

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
        kernel = registry[self._desk.kernel]
        if len(document.tables.nodes) <= AT_ONCE:
            self._take(self._turn, describe(kernel, document.network()))
        else:
            self._print_beside(kernel, document, self._turn)

    def close(self) -> None:
        """Wait for the text being printed and end the thread."""
        self._turn += 1
        if self._printer is not None:
            self._printer.shutdown(wait=True, cancel_futures=True)
            self._printer = None

    def _print_beside(self, kernel: Kernel, document: Document, turn: int) -> None:
        """Copy, freeze, check and print on a thread; only the newest state is printed."""
        if self._printer is None:
            from concurrent.futures import ThreadPoolExecutor  # not needed for small networks

            self._printer = ThreadPoolExecutor(1, thread_name_prefix="source text")
        taken = document.snapshot_beside()

        def printed() -> tuple[Picture, tuple[Problem, ...], int] | None:
            from sketch.gui.text_hunks import prepare  # not needed before there is a long text

            if turn != self._turn:
                return None
            with paused_collection(), short_turns():
                snapshot = taken()
                if snapshot is None:
                    self._overtaken.emit(turn)
                    return None
                network = snapshot.network()
                found = describe(kernel, network), network.problems, snapshot.turn
                prepare(self.picture.text, found[0].text)
                del network, snapshot  # while the collector, which would walk all its steps, is not looking
            trim()
            return found

        def done(future: Future[tuple[Picture, tuple[Problem, ...], int] | None]) -> None:
            if not future.cancelled() and future.exception() is None and (found := future.result()):
                picture, problems, of = found
                self._printed.emit(turn, picture, lambda: document.take_problems(of, problems))

        self._printer.submit(printed).add_done_callback(done)

    def _again(self, turn: int) -> None:
        """The network was about to change while it was copied; behind an edit that was not refused the text comes."""
        if turn == self._turn:
            self._desk.repeat_text()

    def _take(self, turn: int, picture: Picture, first: Callable[[], object] = lambda: None) -> None:
        if turn == self._turn:
            first()
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
