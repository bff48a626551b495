"""The start after the first paint: in steps, each short, and finished at once when somebody cannot wait."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from sketch.gui.docks import DOCKS
from sketch.gui.slices import Walk
from tests.gui.windows import main_window

ROOT = Path(__file__).resolve().parents[2]
ONE_BY_ONE = """
import sys
from PySide6.QtWidgets import QApplication
import sketch.gui.main_window
from sketch.gui.warming import FIRST, HERE, loaded
before = {name for name in sys.modules if name.startswith("sketch.")}
for _ in loaded(("sketch.gui.panel_set", *FIRST, *HERE)):
    now = {name for name in sys.modules if name.startswith("sketch.")}
    print(len(now - before))
    before = now
print(*sorted(set(("sketch.gui.panel_set", *FIRST, *HERE)) - before))
"""


@pytest.fixture
def parent(qapp):
    made = QObject()
    yield made
    made.deleteLater()


def test_steps_are_done_in_their_order_and_the_end_is_told_once(parent, qtbot):
    done, ends = [], []

    def steps():
        for number in range(5):
            done.append(number)
            yield

    walk = Walk(parent, steps())
    walk.ended.connect(lambda: ends.append(1))
    walk.begin()
    assert done == []
    qtbot.waitUntil(lambda: bool(ends))
    walk.finish()
    assert (done, ends) == ([0, 1, 2, 3, 4], [1])


def test_a_step_that_asks_for_the_end_does_not_wait_for_itself(parent):
    done = []

    def steps():
        walk.finish()
        done.append(1)
        yield
        done.append(2)

    walk = Walk(parent, steps())
    walk.finish()
    assert done == [1, 2]


def test_a_walk_that_is_stopped_leaves_out_the_rest(parent):
    done = []
    walk = Walk(parent, (done.append(number) for number in range(3)))
    walk.begin()
    walk.stop()
    QApplication.processEvents()
    walk.finish()
    assert done == []


def test_the_window_fills_by_and_by(qtbot):
    with main_window(qtbot, started=False) as window:
        assert not window.is_filled
        window.rest.begin()
        qtbot.waitUntil(lambda: window.is_filled)
        assert window.kernel.count() >= 2
        assert all(window.docks[name].widget() is getattr(window.panels, name) for name in DOCKS)
        assert window.panels.toolbox.titles()


def test_who_opens_something_before_the_rest_is_there_gets_the_rest_first(qtbot):
    with main_window(qtbot) as window:
        window.opener.new()
    with main_window(qtbot, started=False) as window:
        window.rest.begin()
        window.opener.new()
        assert window.is_filled
        QApplication.processEvents()
        assert [tab.document.name for tab in window.area] == ["untitled", "untitled 2"]


def test_closing_before_the_rest_is_there_keeps_the_working_folder(qtbot, tmp_path):
    with main_window(qtbot) as window:
        window.set_folder(tmp_path)
    with main_window(qtbot, started=False) as window:
        window.keeper.touch()
    with main_window(qtbot) as window:
        assert window.folder == tmp_path


def test_a_panel_that_the_last_session_did_not_know_finds_its_place(qtbot):
    with main_window(qtbot) as window:
        window.docks["files"].hide()
        window.removeDockWidget(window.docks["log"])
    with main_window(qtbot) as window:
        assert window.docks["files"].isHidden()
        assert window.docks["log"] in window.tabifiedDockWidgets(window.docks["summary"])


def test_modules_are_loaded_one_by_one():
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *steps, left = (
        done.stdout.splitlines() if done.stdout.endswith("\n\n") else [*done.stdout.splitlines(), ""]
    )
    assert left == ""
    assert len(steps) > 60
    assert max(map(int, steps)) <= 3
