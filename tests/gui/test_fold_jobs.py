"""Groups of very many layers open and close: the picture comes from beside the window, the edit is one step."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.folding import open_groups
from sketch.gui import fold_jobs
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.windows import idle, main_window


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    monkeypatch.setattr(fold_jobs, "MOST_OPENED", 3)
    monkeypatch.setattr(fold_jobs, "MOST_CLOSED", 3)
    with main_window(qtbot) as found:
        yield found


@pytest.fixture
def drawing(window):
    tab = window.opener.new()
    nodes = chain(tab.document, *["ReLU"] * 20)
    groups = [commands.group(tab.document, nodes[2:8]), commands.group(tab.document, nodes[10:16])]
    tab.view.frame_all()
    QApplication.processEvents()
    return tab, groups


def is_as_anew(tab) -> None:
    found = tab.view.canvas.wiring
    anew = Wiring(tab.document.tables, tab.document.library, None)
    assert found.tables is tab.document.tables
    assert found.boxes == anew.boxes
    assert found.frames == anew.frames
    assert found.lines == anew.lines
    assert set(tab.view.canvas.frames) == set(anew.frames)


def test_a_big_group_opens_by_its_mark_with_a_job_and_one_undo_closes_it(window, drawing, qtbot):
    tab, (group, _) = drawing
    view, before = tab.view, dict(tab.view.canvas.wiring.boxes)
    where = view.mapFromScene(QPointF(*before[group].fold_mark))
    QTest.mouseMove(view.viewport(), where)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert [job.title for job in window.jobs.running] == ["Unfold"]
    assert open_groups(tab.document.tables) == []
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == [group]
    is_as_anew(tab)
    tab.document.undo()
    assert view.canvas.wiring.boxes == before
    is_as_anew(tab)


def test_all_groups_open_and_close_and_the_drawing_is_edited_between(window, drawing, qtbot):
    tab, groups = drawing
    window.actions_["group.unfold_all"].trigger()
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == groups
    is_as_anew(tab)
    member = tab.document.tables.children(groups[0])[1]
    commands.remove(tab.document, [member])
    is_as_anew(tab)
    window.actions_["group.fold_all"].trigger()
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == []
    is_as_anew(tab)


def test_a_selected_group_stays_selected_after_its_job(window, drawing, qtbot):
    tab, (group, _) = drawing
    tab.view.select([group])
    window.actions_["group.fold"].trigger()
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == [group]
    assert tab.view.selected() == [group]


@pytest.mark.parametrize("meanwhile", ["edit", "cancel"])
def test_a_result_that_is_not_wanted_any_more_is_dropped(window, drawing, qtbot, meanwhile):
    tab, _ = drawing
    window.actions_["group.unfold_all"].trigger()
    (job,) = window.jobs.running
    if meanwhile == "edit":
        commands.add_layer(tab.document, "ReLU", (900.0, 0.0))
    else:
        job.cancel()
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == []
    is_as_anew(tab)


def test_another_canvas_came_into_view_meanwhile(window, drawing, qtbot):
    tab, groups = drawing
    window.actions_["group.unfold_all"].trigger()
    tab.enter(groups[1])
    idle(window, qtbot)
    assert open_groups(tab.document.tables) == groups
    tab.enter(None)
    is_as_anew(tab)
