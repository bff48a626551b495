"""The composition root: makes settings, log and session, says how the rest is made, and starts the window."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sketch.resources_root import resource_root
from sketch.state import paths
from sketch.state.log import set_up_logging
from sketch.state.session import Session
from sketch.state.settings import Settings

if TYPE_CHECKING:
    from sketch.binder.binder import Binder
    from sketch.binder.registry import KernelRegistry
    from sketch.graph.library import LayerLibrary
    from sketch.gui.services import Services
    from sketch.state.store import Store

log = logging.getLogger(__name__)
WITHOUT_QT = (
    "binder.tensors", "state.commands", "state.document", "gui.action_table", "gui.canvas.detail",
    "gui.canvas.frame_spread", "gui.canvas.look", "gui.canvas.restating", "gui.canvas.tracing", "gui.canvas.walking",
    "gui.colour_hiding", "gui.colour_session", "gui.fold_jobs", "gui.totals", "gui.trail", "graph.colour_scale",
    "graph.port_labels",
)  # fmt: skip
"""What the first paint loads and needs no Qt, with all that it imports in turn; a test compares."""


def run_editor(files: Sequence[Path]) -> int:
    """Open the editor with these files; the exit code."""
    if not has_screen():
        sys.stderr.write(
            "sketch: there is no screen to open a window on; `sketch --help` shows what works without\n"
        )
        return 2
    gc.disable()  # what is made until the first paint stays; walking it again and again costs a tenth of the start
    services = make_services()
    load_before_qt()
    from sketch.gui.application import run

    with (services.log_folder / "crash.log").open("a", encoding="utf-8") as crashes:
        faulthandler.enable(crashes)
        try:
            return run(services, files)
        finally:
            faulthandler.disable()


def has_screen() -> bool:
    """False on Linux without an X server, Wayland, or a Qt platform that was asked for by name."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in wanted)


def load_before_qt() -> None:
    """Import what a canvas needs besides Qt: PySide6 reads the source text of each module that comes after it."""
    for name in WITHOUT_QT:
        import_module(f"sketch.{name}")


def make_services() -> Services:
    """Everything the window needs, from the person's own folders."""
    from sketch.gui.services import Services

    settings = Settings(resource_root() / "settings.yaml", paths.config_folder(), paths.cache_folder())
    ring = set_up_logging(paths.log_folder(), settings.get("log.level"))
    session = Session(paths.state_folder() / "sessions")
    log.info("sketch.started session=%s", session.folder)
    return Services(
        settings=settings,
        session=session,
        log=ring,
        log_folder=paths.log_folder(),
        find_version=version_text,
        make_library=_library,
        make_registry=_registry,
        make_binder=_binder,
        make_store=lambda: _store(session.store_folder),
    )


def version_text() -> str:
    """The version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sketch-editor")
    except PackageNotFoundError:
        return "not installed"


def _library() -> LayerLibrary:
    from sketch.graph.library import LayerLibrary

    return LayerLibrary.later(resource_root() / "layers", paths.cache_folder() / "layers.json")


def _registry() -> KernelRegistry:
    from sketch.binder.registry import KernelRegistry

    return KernelRegistry.discover()


def _binder(registry: KernelRegistry) -> Binder:
    from sketch.binder.binder import Binder

    return Binder(registry)


def _store(folder: Path) -> Store:
    from sketch.binder.tensors import TensorStore

    return TensorStore(folder)
