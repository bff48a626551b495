"""Loads in a quiet moment what the first file, canvas or command needs, so that nobody waits for it then."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module

from PySide6.QtCore import QObject, QTimer

from sketch.gui.background import short_turns

BESIDE = (
    "numpy", "sketch.graph.arrange", "sketch.graph.placing", "sketch.graph.shape_rules", "sketch.state.document_file",
    "sketch.binder.binder", "sketch.binder.sniff", "sketch.gui.canvas.wires",
)  # fmt: skip
"""Modules without Qt: loaded on a thread."""
HERE = (
    "sketch.gui.opening", "sketch.gui.opening_models", "sketch.gui.canvas.far", "sketch.gui.canvas.scene",
    "sketch.gui.canvas.view", "sketch.gui.canvas_tab", "sketch.gui.node_facts", "sketch.gui.param_form",
    "sketch.gui.adopting", "sketch.gui.compile_dialog", "sketch.gui.compiling",
)  # fmt: skip
"""Modules with Qt: loaded one by one between two turns of the event loop."""


def warm_up(parent: QObject) -> None:
    """Begin now; it ends by itself."""
    loading = threading.Thread(target=_load, args=(BESIDE,), name="warm up", daemon=True)
    loading.start()
    waiting = list(HERE)
    timer = QTimer(parent, interval=0)

    def next_one() -> None:
        if loading.is_alive():
            timer.setInterval(20)
        elif waiting:
            timer.setInterval(0)
            import_module(waiting.pop(0))
        else:
            timer.stop()

    timer.timeout.connect(next_one)
    timer.start()


def _load(names: Sequence[str]) -> None:
    with short_turns():
        for name in names:
            import_module(name)
