"""What comes after the first paint, in small steps, so that the window answers in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sketch.gui.background import short_turns
from sketch.gui.warming import FIRST, loaded, named, waiting_for

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow
    from sketch.gui.services import Services

log = logging.getLogger(__name__)


def steps(window: MainWindow) -> Iterator[None]:
    """Commands and menus, panels, layers, kernels, the session and its folder; each `next` takes a part of a frame."""
    early = window.area.front
    beside = threading.Thread(target=_read, args=(window.services,), name="start", daemon=True)
    beside.start()
    for _ in window.actions_.filling:
        yield
    yield from _panels(window)
    yield from waiting_for(beside)
    _offer_kernels(window)
    window.set_folder(window.keeper.folder)
    window.is_filled = True
    window.panels.files.start()
    yield
    window.keeper.restore_tabs()
    yield
    if early is not None:
        window.show_front()  # it was there before the panels and the kernels
    window.area.welcome.show_recent(window.keeper.recent())
    yield
    window.area.welcome.show_pictures(window.keeper.example_picture)
    window.actions_.refresh()
    yield
    yield from loaded(FIRST)
    from sketch.gui.quick_add import usual_followers

    usual_followers()
    yield


def _panels(window: MainWindow) -> Iterator[None]:
    yield from loaded(("sketch.gui.panel_set",))
    yield from named()
    for name, dock in window.docks.items():
        getattr(window.panels, name)  # making one and showing it take a part of a frame each
        yield
        window.panels.put(name, dock)
        yield
    from sketch.graph import examples
    from sketch.gui.wiring import PANEL_PARTS, connect_panels

    yield from loaded(PANEL_PARTS)
    yield from connect_panels(window)
    window.area.welcome.show_examples(examples.names())
    yield
    window.show_blocks()
    yield


def _read(services: Services) -> None:
    """What needs no Qt, on a thread; what fails here fails again, and is said, where it is first used."""
    with short_turns():
        len(services.library)
        len(tuple(services.registry))


def _offer_kernels(window: MainWindow) -> None:
    registry = window.services.registry
    for name, reason in registry.failures.items():
        log.warning("kernel.failed name=%s reason=%s", name, reason)
    offered = [(kernel.info.name, kernel.info.title) for kernel in registry]
    wanted = window.services.settings.get("compile.kernel")
    window.desk.choose_kernel(window.tool_bar.offer(offered, wanted))
