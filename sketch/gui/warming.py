"""Loads in a quiet moment what the first file, canvas or command needs, so that nobody waits for it then."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sketch.gui.background import short_turns
from sketch.gui.long_lived import forget_sources
from sketch.gui.slices import Walk

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.services import Services

FIRST = (
    "sketch.gui.popups", "sketch.gui.find_commands", "sketch.gui.find_bar", "sketch.gui.opening",
    "sketch.gui.canvas_tab", "sketch.gui.adopting", "sketch.gui.wire_commands", "sketch.state.commands.adding",
    "sketch.state.commands.nodes", "sketch.state.commands.wires", "sketch.state.commands.clipboard",
)  # fmt: skip
"""What a person begins with: a layer, a command by name, a search."""
BESIDE = (
    "numpy", "sketch.graph.arrange", "sketch.graph.placing", "sketch.graph.shape_rules", "sketch.state.document_file",
    "sketch.binder.binder", "sketch.binder.sniff", "sketch.gui.canvas.wires", "sketch.graph.colouring",
    "sketch.state.twin", "sketch.graph.settling", "sketch.gui.glance_rows", "sketch.state.commands.patterns",
    "sketch.state.commands.weights", "sketch.binder.surgery.weights_mapping", "sketch.binder.surgery.weights_pictures",
    "sketch.binder.surgery.weights_stats", "sketch.state.commands.weights_pasting",
)  # fmt: skip
"""Modules without Qt: loaded on a thread."""
HERE = (
    "sketch.gui.opening_models", "sketch.gui.glance_page", "sketch.gui.canvas.minimap", "sketch.gui.node_form",
    "sketch.gui.weights_section", "sketch.gui.compile_dialog", "sketch.gui.compiling", "sketch.gui.colour_legend",
    "sketch.gui.colour_hidden", "sketch.gui.asides", "sketch.gui.settings_dialog", "sketch.gui.shortcut_sheet",
    "sketch.gui.picture_dialog", "sketch.gui.group_finds", "sketch.gui.model_commands", "sketch.gui.replacing",
    "sketch.gui.input_shapes", "sketch.gui.weights_load", "sketch.gui.weights_initialise", "sketch.gui.weights_viewer",
    "sketch.gui.weights_report", "sketch.gui.look_dialog", "sketch.gui.look_compare", "sketch.gui.look_commands",
    "sketch.gui.group_blocks", "sketch.gui.group_repeat", "sketch.gui.weights_clip", "sketch.gui.merging",
    "sketch.gui.quantising",
)  # fmt: skip
"""Modules with Qt: loaded one by one between two turns of the event loop."""
CLASSES = {
    "PySide6.QtGui": ("QGradient",),
    "PySide6.QtWidgets": (
        "QStyle", "QCalendarWidget", "QColorDialog", "QColumnView", "QCommandLinkButton", "QDateEdit", "QDial",
        "QDialogButtonBox", "QDoubleSpinBox", "QFontComboBox", "QFontDialog", "QGraphicsView", "QGroupBox",
        "QInputDialog", "QKeySequenceEdit", "QLCDNumber", "QListWidget", "QMdiArea", "QMdiSubWindow", "QMessageBox",
        "QProgressDialog", "QRubberBand", "QSlider", "QSplashScreen", "QSplitter", "QTableWidget", "QTextBrowser",
        "QToolBox", "QUndoView", "QWizard", "QWizardPage",
    ),
}  # fmt: skip
"""PySide makes a class when it is first named, and every class of widgets at once when Qt first hands out a widget.

Those of widgets that the first paint has not named, and others whose many numbers take long.
"""
TURN_SECONDS = 0.002
"""So long at a time the window waits for the thread."""
_IMPORT = re.compile(r"^from (sketch[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)


def warm_up(window: MainWindow) -> None:
    """Begin now; it ends by itself."""
    loading = threading.Thread(target=_load, args=(window.services,), name="warm up", daemon=True)
    loading.start()
    Walk(window, _after(loading)).begin()


def loaded(names: Iterable[str]) -> Iterator[None]:
    """Load these modules and what they import at their heads, one a step: together they take longer than a frame."""
    for name in _in_order(names, set()):
        import_module(name)
        yield


def named() -> Iterator[None]:
    """Let PySide make the classes of Qt that panels need, one a step."""
    for module, names in CLASSES.items():
        for name in names:
            getattr(import_module(module), name)
            yield


def waiting_for(thread: threading.Thread) -> Iterator[None]:
    """Wait for a thread, a short turn a step."""
    while thread.is_alive():
        thread.join(TURN_SECONDS)
        yield


def _after(loading: threading.Thread) -> Iterator[None]:
    yield from waiting_for(loading)
    yield from loaded(HERE)
    forget_sources()


def _load(services: Services) -> None:
    with short_turns():
        _print_once(services)
        for name in BESIDE:
            import_module(name)


def _print_once(services: Services) -> None:
    """The first source text of each kernel takes ten times as long as the second."""
    from sketch.graph import examples
    from sketch.graph.draft import Draft
    from sketch.graph.network import build_network
    from sketch.graph.tables import Tables
    from sketch.gui.kernel_mirror import describe

    tables = Tables()
    draft = Draft(tables, services.library)
    examples.build("lenet5", draft)
    tables.apply(draft.delta())
    for kernel in services.registry:
        describe(kernel, build_network(tables, services.library))


def _in_order(names: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Our modules that are not there yet, each after those that it imports."""
    for name in names:
        if name in seen or name in sys.modules:
            continue
        seen.add(name)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            continue  # a name out of a module, no module
        source = getattr(spec.loader, "get_source", lambda _name: None)(name) or ""
        for head, tail in _IMPORT.findall(source):
            inner = [f"{head}.{word}" for word in re.findall(r"\w+", tail)] if _is_package(head) else []
            yield from _in_order((head, *inner), seen)
        yield name


def _is_package(name: str) -> bool:
    return hasattr(sys.modules.get(name), "__path__")
