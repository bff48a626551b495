"""What every test gets: no screen, one thread, its own user folders, and a look at what it leaves behind."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sketch.graph.collection import Collection
from tests.engine import engine
from tests.leftovers import Snapshot, close_windows, visible_windows

__all__ = ["engine"]  # a fixture for every test

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

USER_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")

settings.register_profile(
    "sketch", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("sketch")


def _point_user_folders_to(root: Path, environment: pytest.MonkeyPatch) -> None:
    for name in USER_FOLDERS:
        environment.setenv(name, str(root / name.removeprefix("XDG_").removesuffix("_HOME").lower()))


COLLECTION = Collection()
"""As in the window: a Qt object that one test left may not be freed on a thread of the next."""


def pytest_runtest_teardown() -> None:
    """Collect between tests, in the main thread."""
    COLLECTION.go_on()


def pytest_sessionfinish() -> None:
    """Empty the clipboard: without a screen it frees what was copied after Python has ended, and the process dies."""
    gui = sys.modules.get("PySide6.QtGui")
    if gui is not None and gui.QGuiApplication.instance() is not None:
        gui.QGuiApplication.clipboard().clear()


@pytest.fixture(scope="session", autouse=True)
def _session_folders() -> Iterator[None]:
    """Keep fixtures that live longer than a test out of the real user folders as well."""
    root = Path(tempfile.mkdtemp(prefix="sketch-tests-"))
    with pytest.MonkeyPatch.context() as environment:
        _point_user_folders_to(root, environment)
        yield
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def user_folders(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, _session_folders: None
) -> Path:
    """Give the test empty user folders (settings, data, state, cache); the value is their parent."""
    root = tmp_path_factory.mktemp("user")
    _point_user_folders_to(root, monkeypatch)
    return root


@pytest.fixture(autouse=True)
def _nothing_left_behind(user_folders: Path) -> Iterator[None]:
    """Fail a test that leaves a child process, a QThread or a visible window behind."""
    before = Snapshot.take()
    yield
    windows = visible_windows()
    close_windows(windows)
    left = [f"visible window {name}" for name in windows.values()]
    left += before.wait_for_new(seconds=5.0)
    assert not left, "left behind: " + "; ".join(left)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that need an X server out of a run that has none."""
    if os.environ.get("QT_QPA_PLATFORM") == "xcb" or not sys.platform.startswith("linux"):
        return
    chosen = [item for item in items if item.get_closest_marker("xvfb") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
