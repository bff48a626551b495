"""A third-party kernel, installed as a package of its own, for jobs that go well and jobs that go wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sketch.binder.binder import Binder
from sketch.binder.registry import KernelRegistry

PLUGIN = Path(__file__).parents[1] / "data" / "plugin"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> KernelRegistry:
    """Every installed kernel and the plug-in, here and in workers."""
    monkeypatch.setenv("PYTHONPATH", str(PLUGIN))
    monkeypatch.syspath_prepend(str(PLUGIN))
    yield KernelRegistry.discover()
    for name in ("rehearsal", "rehearsal_broken"):
        sys.modules.pop(name, None)


@pytest.fixture
def binder(registry: KernelRegistry) -> Iterator[Binder]:
    """A Binder whose workers end with the test."""
    made = Binder(registry)
    yield made
    made.close()


@pytest.fixture
def play(tmp_path: Path):
    """Write a `.play` file that tells the plug-in what to do."""

    def write(act: str) -> Path:
        path = tmp_path / f"{act}.play"
        path.write_text(f"play:{act}")
        return path

    return write
