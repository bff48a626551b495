"""Edits of very many layers are worked out beside the window: one step, in order, cancellable, as if done at once."""

import threading

import pytest
from PySide6.QtWidgets import QApplication

from sketch.graph.infer import Inference
from sketch.graph.stopping import OFTEN
from sketch.graph.tables import snapshot
from sketch.gui import asides, edit_commands
from sketch.gui.canvas.keyboard import NUDGE
from sketch.gui.canvas.levels import Levels
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.conftest import Hand
from tests.gui.windows import idle, main_window


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    monkeypatch.setattr(asides, "MANY", 3)
    monkeypatch.setattr(edit_commands, "LARGE_CLIP", 300)
    with main_window(qtbot) as found:
        yield found


@pytest.fixture
def tab(window):
    made = window.opener.new()
    chain(made.document, *["ReLU"] * 12)
    made.view.frame_all()
    QApplication.processEvents()
    return made


def run(window, *names: str) -> None:
    for name in names:
        window.actions_.run(name)


def titles(window) -> list[str]:
    return [job.title for job in window.jobs.running]


def is_as_anew(tab) -> None:
    for canvas in tab.view.canvases():
        found, anew = canvas.wiring, Wiring(tab.document.tables, tab.document.library, canvas.group)
        assert found.tables is tab.document.tables
        assert (found.boxes, found.lines, found.frames) == (anew.boxes, anew.lines, anew.frames)
        assert set(canvas.boxes) == set(anew.boxes)
        assert set(canvas.edges.lines) == set(anew.lines)


def test_all_is_deleted_and_comes_back_with_jobs(window, tab, qtbot):
    before = snapshot(tab.document.tables)
    run(window, "edit.select_all", "edit.delete")
    assert titles(window) == ["Delete"]
    assert snapshot(tab.document.tables) == before
    idle(window, qtbot)
    assert (len(tab.document.tables.nodes), tab.view.selected()) == (0, [])
    run(window, "edit.undo")
    assert titles(window) == ["Undo"]
    idle(window, qtbot)
    assert snapshot(tab.document.tables) == before
    assert window.statusBar().currentMessage().startswith("Undone: Delete")
    assert len(tab.view.selected()) == 12
    is_as_anew(tab)
    run(window, "edit.redo")
    idle(window, qtbot)
    assert (len(tab.document.tables.nodes), tab.view.selected()) == (0, [])
    is_as_anew(tab)


def test_copies_are_selected_and_what_is_asked_meanwhile_waits_for_its_turn(window, tab, qtbot):
    run(window, "edit.select_all", "edit.copy", "edit.paste")
    assert titles(window) == ["Copy"]
    idle(window, qtbot)
    pasted = tab.view.selected()
    assert (len(pasted), len(tab.document.tables.nodes)) == (12, 24)
    run(window, "edit.duplicate", "edit.undo", "edit.undo")
    idle(window, qtbot)
    assert len(tab.document.tables.nodes) == 12
    run(window, "edit.redo", "edit.redo")
    idle(window, qtbot)
    assert len(tab.document.tables.nodes) == 36
    is_as_anew(tab)


def test_cutting_takes_the_layers_into_the_clipboard(window, tab, qtbot):
    run(window, "edit.select_all", "edit.cut", "edit.paste")
    idle(window, qtbot)
    assert [node.name for node in tab.document.tables.nodes.values()][:2] == ["relu1", "relu2"]
    assert [entry.label.split()[0] for entry in tab.document.history.entries()][-2:] == ["Cut", "Paste"]


def test_layers_go_into_a_group_and_out_of_it(window, tab, qtbot):
    run(window, "edit.select_all", "group.group")
    idle(window, qtbot)
    (group,) = tab.view.selected()
    assert len(tab.document.tables.children(group)) == 12
    tab.enter(group)
    run(window, "edit.select_all", "edit.delete")
    idle(window, qtbot)
    assert len(tab.view.canvases()) == 2
    is_as_anew(tab)
    run(window, "edit.undo")
    idle(window, qtbot)
    is_as_anew(tab)
    tab.leave()
    run(window, "group.ungroup")
    idle(window, qtbot)
    assert len(tab.view.selected()) == 12
    is_as_anew(tab)


def test_wires_of_many_layers_are_cut_and_many_outputs_made_with_jobs(window, tab, qtbot):
    before = snapshot(tab.document.tables)
    run(window, "edit.select_all", "wire.break")
    assert titles(window) == ["Cut wires"]
    idle(window, qtbot)
    assert not any(node.next for node in tab.document.tables.nodes.values())
    run(window, "edit.undo", "edit.select_all", "model.make_output")
    idle(window, qtbot)
    names = [node.name for node in tab.document.tables.nodes.values() if node.layer == "Output"]
    assert len(names) == 12
    text = window.statusBar().currentMessage()
    assert text == f"Made 12 outputs: {', '.join(names[:10])} and 2 more."
    is_as_anew(tab)
    run(window, "edit.undo")
    idle(window, qtbot)
    assert snapshot(tab.document.tables) == before


def test_an_undo_that_takes_away_the_canvas_in_view(window, tab, qtbot):
    run(window, "edit.select_all", "group.group")
    idle(window, qtbot)
    tab.enter(tab.view.selected()[0])
    run(window, "edit.undo")
    idle(window, qtbot)
    assert tab.group is None
    is_as_anew(tab)


@pytest.mark.parametrize("meanwhile", ["edit", "cancel", "close"])
def test_a_result_that_is_not_wanted_any_more_is_dropped(window, tab, qtbot, meanwhile):
    run(window, "edit.select_all", "edit.delete", "edit.undo")
    (job,) = window.jobs.running
    if meanwhile == "edit":
        commands.add_layer(tab.document, "Tanh", (900.0, 0.0))
    elif meanwhile == "cancel":
        job.cancel()
    else:
        window.opener.close(tab)
    idle(window, qtbot)
    if meanwhile == "edit":
        said = [record.message for record in window.services.log.records()]
        assert any("Delete was left out: the drawing changed meanwhile." in text for text in said)
    if meanwhile == "close":
        window.opener.reopen()
        idle(window, qtbot)
    assert len(window.desk.document.tables.nodes) == (13 if meanwhile == "edit" else 12)
    if meanwhile == "cancel":
        assert tab.document.undo_label is not None
        run(window, "edit.select_all", "edit.delete")
        idle(window, qtbot)
        assert not tab.document.tables.nodes


@pytest.mark.parametrize("during", ["command", "shapes", "wires"])
def test_a_cancel_takes_effect_within_the_command(window, tab, qtbot, monkeypatch, during):
    """Whatever it is at: nothing of it reaches the drawing, and the next edit goes on from what was there."""
    before, turn, ended, over = snapshot(tab.document.tables), tab.document.turn, [], []
    at = {"shapes": Inference, "wires": Levels}.get(during)
    if at is not None:
        name = "follow" if during == "shapes" else "_build"
        method = getattr(at, name)

        def cancel_first(self, *args, **more):
            if threading.current_thread() is threading.main_thread() or window.jobs.running[0].is_cancelled:
                return method(self, *args, **more)  # taking back what was stopped is not stopped
            window.jobs.running[0].cancel()
            found = method(self, *args, **more)
            ended.append(during)
            return found

        monkeypatch.setattr(at, name, cancel_first)

    def act(document) -> None:
        if during == "command":
            window.jobs.running[0].cancel()
        document.edit("Draw", lambda draft: [draft.add("ReLU") for _ in range(2 * OFTEN)])
        ended.extend([during] if during == "command" else [])

    asides.edit(window, tab, "Draw", act, ended.append, many=lambda: True, over=lambda: over.append(1))
    idle(window, qtbot)
    assert (ended, over) == ([], [1])
    assert (snapshot(tab.document.tables), tab.document.turn) == (before, turn)
    monkeypatch.undo()
    asides.edit(window, tab, "Rename", lambda document: commands.rename(document, 1, "a"), many=lambda: True)
    idle(window, qtbot)
    assert tab.document.tables.nodes[1].name == "a"
    is_as_anew(tab)


def test_nudges_of_many_follow_each_other_in_one_step(window, tab, qtbot):
    steps, before = len(tab.document.history), dict(tab.document.tables.places)
    run(window, "edit.select_all")
    for _ in range(2):
        tab.view._nudge("right")
    assert titles(window) == ["Move"]
    idle(window, qtbot)
    places = tab.document.tables.places
    assert {places[key].x - place.x for key, place in before.items()} == {2.0 * NUDGE}
    assert len(tab.document.history) == steps + 1
    is_as_anew(tab)


@pytest.mark.parametrize("ends", ["well", "cancelled", "overtaken"])
def test_what_was_dragged_stays_in_hand_until_it_stands_there(window, tab, qtbot, ends):
    view, before = tab.view, dict(tab.document.tables.places)
    run(window, "edit.select_all")
    hand, first = Hand(view), min(before)
    hand.drag((before[first].x, before[first].y), (before[first].x + 160, before[first].y))
    assert titles(window) == ["Move"]
    assert view.canvas.shift_of(first).x() > 100
    if ends == "cancelled":
        window.jobs.running[0].cancel()
    elif ends == "overtaken":
        commands.rename(tab.document, first, "other")
    idle(window, qtbot)
    assert view.canvas.shift_of(first).isNull()
    assert (tab.document.tables.places[first] != before[first]) == (ends == "well")
    is_as_anew(tab)


def test_the_history_leads_to_any_state_with_a_job(window, tab, qtbot):
    run(window, "edit.select_all", "edit.delete")
    idle(window, qtbot)
    rows = window.panels.history.model()
    window.panels.history.refresh()
    window.panels.history._jump(rows.index(5))
    assert titles(window) == ["Go through the history"]
    idle(window, qtbot)
    assert len(tab.document.tables.nodes) == 3
    is_as_anew(tab)
    window.panels.history._jump(rows.index(rows.rowCount() - 1))
    idle(window, qtbot)
    assert not tab.document.tables.nodes


def test_a_refusal_is_one_line(window, tab, qtbot):
    asides.edit(
        window, tab, "Rename", lambda document: commands.rename(document, 999, "no"), many=lambda: True
    )
    idle(window, qtbot)
    assert window.statusBar().currentMessage() == "There is no node 999; it may have been deleted."
