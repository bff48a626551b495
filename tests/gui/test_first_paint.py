"""What the first paint shows: the canvas that was in front, at once, and the rest of the session after it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sketch.gui import session_keeper
from tests.gui.windows import main_window

WITHOUT_QT = """
import importlib, json, sys
sys.modules["PySide6"] = None
found = []
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    found.append(name)
print(json.dumps(found))
"""
ROOT = Path(__file__).resolve().parents[2]
NAMES = ["untitled", "untitled 2", "untitled 3"]
PAINT = """
import json, sys
from sketch.app import load_before_qt, make_services
services = make_services()
load_before_qt()
early = set(sys.modules)
from sketch.gui.application import open_window
application, window = open_window(services)
application.processEvents()
shown = window.area.front
print(json.dumps([shown and shown.view.isVisible(), sorted(sys.modules), sorted(set(sys.modules) - early)]))
window.start()
window.close()
"""


def run(program, *arguments):
    """The JSON that a program prints first, in a process of its own."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def names(window):
    return [tab.document.name for tab in window.area]


@pytest.fixture
def three_tabs(qtbot):
    """A session of three empty networks with the second in front."""
    with main_window(qtbot) as window:
        tabs = [window.opener.new() for _ in NAMES]
        window.choose_kernel("onnx")
        tabs[1].document.kernel = "onnx"
        window.area.tabs.setCurrentWidget(tabs[1])


@pytest.mark.usefixtures("three_tabs")
def test_the_front_tab_comes_first_and_the_others_find_their_places(qtbot):
    with main_window(qtbot, started=False) as window:
        window.keeper.restore_front()
        early = window.area.front
        assert names(window) == ["untitled 2"]
        assert early.view.isVisible()
        window.start()
        assert names(window) == NAMES
        assert window.area.front is early
        assert window.desk.kernel == window.kernel.currentData() == "onnx"
        assert window.windowTitle().startswith("untitled 2")


@pytest.mark.usefixtures("three_tabs")
def test_closing_before_the_rest_is_there_loses_no_tab(qtbot):
    with main_window(qtbot, started=False) as window:
        window.keeper.restore_front()
    with main_window(qtbot) as window:
        assert names(window) == NAMES
        assert window.area.front.document.name == "untitled 2"


@pytest.mark.usefixtures("three_tabs")
def test_a_long_journal_waits_until_the_window_is_there(qtbot, monkeypatch):
    monkeypatch.setattr(session_keeper, "QUICK_BYTES", 1)
    with main_window(qtbot, started=False) as window:
        window.keeper.restore_front()
        assert names(window) == []
        window.start()
        qtbot.waitUntil(lambda: names(window) == NAMES)


@pytest.mark.usefixtures("three_tabs")
def test_an_empty_canvas_is_painted_without_numpy_yaml_or_a_framework():
    for _ in range(2):  # the first start keeps what the second has no need to read
        visible, modules, _ = run(PAINT)
    heavy = ("numpy", "yaml", "torch", "onnx", "onnxruntime", "scipy", "networkx", "sketch.gui.panel_set")
    parts = (
        "sketch.graph.network",
        "sketch.gui.look_state",
        "sketch.gui.summary_panel",
        "sketch.gui.warming",
        "html",
    )
    assert visible
    assert [name for name in (*heavy, *parts) if name in modules] == []


@pytest.mark.usefixtures("three_tabs")
def test_what_needs_no_qt_is_loaded_before_it():
    _, _, late = run(PAINT)
    ours = [name for name in late if name.startswith("sketch.")]
    assert "sketch.gui.main_window" in ours
    assert run(WITHOUT_QT, json.dumps(ours)) == []
