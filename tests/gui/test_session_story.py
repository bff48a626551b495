"""The session: what was open comes back after closing, and after kill -9, with unsaved edits and undo history."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sketch.graph.tables import snapshot
from sketch.state import commands
from tests.gui.windows import idle, main_window

EDIT_AND_WAIT = """
import json, sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from sketch.app import make_services
from sketch.gui.main_window import MainWindow
from sketch.state import commands

application = QApplication([])
window = MainWindow(make_services())
window.show()
window.start()
tab = window.opener.new()
commands.append_layer(tab.document, "Input", [])
commands.append_layer(tab.document, "Linear", [1])
window.keeper.save_now()
commands.rename(tab.document, 2, "kept")
tab.document.journal.flush()
Path(sys.argv[1]).write_text(json.dumps([node.name for node in tab.document.tables.nodes.values()]))
time.sleep(60)
"""


def test_tabs_edits_views_and_docks_come_back_after_closing(qtbot, tmp_path):
    with main_window(qtbot) as window:
        window.opener.example("resnet18")
        first = window.desk.tab
        group = first.document.tables.named(None, "layer1")
        first.enter(group)
        first.view.zoom(1.7)
        second = window.opener.new()
        commands.append_layer(second.document, "Linear", [])
        commands.set_param(second.document, [1], "out_features", 7)
        window.choose_kernel("onnx")
        window.set_folder(tmp_path)
        window.docks["log"].hide()
        window.area.tabs.setCurrentWidget(first)
        drawn = snapshot(second.document.tables)
        zoom = first.view.scale_factor

    with main_window(qtbot) as window:
        assert [tab.document.name for tab in window.area] == ["resnet18", "untitled"]
        assert window.statusBar().currentMessage() == "Back as you left it, with unsaved work in untitled."
        first, second = window.area
        assert window.desk.tab is first
        assert first.group == group
        assert abs(first.view.scale_factor - zoom) < 1e-6
        assert snapshot(second.document.tables) == drawn
        assert second.document.is_modified
        assert second.document.kernel == "onnx"
        assert window.folder == tmp_path
        assert window.docks["log"].isHidden()
        assert not window.docks["history"].isHidden()
        assert second.document.undo() == "Set out_features of 'fc1' to 7"
        window.area.tabs.setCurrentWidget(second)
        assert window.desk.kernel == "onnx"


def test_unsaved_edits_survive_kill_9(qtbot, tmp_path):
    said = tmp_path / "said.json"
    child = subprocess.Popen([sys.executable, "-c", EDIT_AND_WAIT, str(said)], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 60
    while not said.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    assert json.loads(said.read_text()) == ["input1", "kept"]

    with main_window(qtbot) as window:
        qtbot.waitUntil(lambda: window.desk.document is not None)  # a long journal is read beside the window
        document = window.desk.document
        assert [node.name for node in document.tables.nodes.values()] == ["input1", "kept"]
        assert len(document.history) == 3
        while document.can_undo:
            document.undo()
        assert document.tables.nodes == {}


def test_a_closed_tab_comes_back_with_its_edits(qtbot):
    with main_window(qtbot) as window:
        tab = window.opener.new()
        commands.append_layer(tab.document, "Linear", [])
        window.actions_["file.close"].trigger()
        assert window.desk.tab is None
        assert window.area.currentWidget() is window.area.welcome
        window.actions_["file.reopen"].trigger()
        idle(window, qtbot)
        assert [node.layer for node in window.desk.document.tables.nodes.values()] == ["Linear"]
        assert window.desk.document.can_undo


def test_a_drawing_is_saved_and_opened_again(qtbot, tmp_path):
    path = tmp_path / "net.sketch"
    with main_window(qtbot) as window:
        tab = window.opener.new()
        commands.append_layer(tab.document, "Input", [])
        drawn = snapshot(tab.document.tables)
        assert window.area.tabs.tabText(0) == "untitled •"
        assert window.opener._write(tab, path)
        assert window.area.tabs.tabText(0) == "net"
        assert not window.isWindowModified()
        window.opener.close()
        window.opener.open_file(path)
        assert snapshot(window.desk.document.tables) == drawn
        assert window.desk.document.can_undo
        window.opener.open_file(path)
        assert window.area.tabs.count() == 1
        assert window.keeper.recent() == [path]
