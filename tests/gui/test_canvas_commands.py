"""Commands of the canvas in a whole window: jumps, frames, many layers at once, and the keys of each preset."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.graph.rows import FRAME, Edge
from sketch.graph.tables import snapshot
from sketch.gui import asides, wire_commands
from sketch.gui.canvas import surroundings
from sketch.gui.canvas.node_item import PortHit
from sketch.state import commands
from sketch.state.settings import PRESET
from tests.gui.gesture_desk import Desk, active_popup
from tests.gui.windows import CTRL, idle, main_window, press, type_value

K = Qt.Key


@pytest.fixture
def desk(qtbot):
    with main_window(qtbot) as window:
        made = Desk(window)
        made.view.setFocus()
        yield made


def run(desk, command: str) -> None:
    """Press the first key of a command where the keyboard is."""
    keys = desk.window.services.settings.shortcut(command)
    QTest.keySequence(QApplication.focusWidget() or desk.view, QKeySequence(keys[0]))
    QApplication.processEvents()


def test_a_jump_asks_when_there_are_several_consumers(desk):
    commands.connect(desk.document, desk.relu, 0, desk.tanh)
    desk.view.select([desk.relu])
    run(desk, "go.consumer")
    assert active_popup().titles() == ["output1", "tanh1"]
    desk.click_in_popup("tanh1")
    assert desk.view.selected() == [desk.tanh]
    run(desk, "go.producer")
    assert desk.view.selected() == [desk.relu]
    desk.view.choose_wires([Edge(desk.conv, 0, desk.relu, 0)])
    desk.view.canvas.choose(())
    desk.view.choose_wires([Edge(desk.input, 0, desk.conv, 0)])
    run(desk, "go.consumer")
    assert desk.view.selected() == [desk.conv]
    desk.view.select([desk.input])
    run(desk, "go.producer")
    assert desk.window.statusBar().currentMessage() == "Nothing feeds it."


def test_a_selection_is_framed_named_coloured_and_fitted(desk):
    desk.view.select([desk.conv, desk.relu])
    run(desk, "insert.frame")
    field = QApplication.focusWidget()
    QTest.keyClicks(field, "Stem")
    press(field, K.Key_Return)
    (frame,) = desk.document.tables.notes.values()
    assert (frame.kind, frame.text) == (FRAME, "Stem")
    assert desk.view.selected() == [frame.id]
    desk.window.actions_.run("frame.green")
    assert desk.document.tables.notes[frame.id].colour == "green"
    commands.move(desk.document, {desk.relu: (900.0, 200.0)})
    desk.view.setFocus()
    run(desk, "frame.fit")
    assert desk.document.tables.notes[frame.id].height < frame.height
    desk.view.select([desk.conv])
    assert "Select a frame" in desk.window.actions_["frame.fit"].toolTip()


def test_one_number_is_set_in_many_layers_in_one_step(desk):
    other = commands.add_layer(desk.document, "Conv2d", (300.0, 100.0))
    commands.set_param(desk.document, [other], "kernel_size", 7)
    before, steps = snapshot(desk.document.tables), len(desk.document.history)
    desk.view.select([desk.conv, other])
    QApplication.processEvents()
    boxes = desk.window.panels.editor.rows["kernel_size"].field.boxes
    assert {box.lineEdit().placeholderText() for box in boxes} == {"mixed"}
    type_value(desk.window, "kernel_size", "5")
    sizes = [desk.document.inference.of(key).params["kernel_size"] for key in (desk.conv, other)]
    assert sizes == [(5, 5), (5, 5)]
    assert len(desk.document.history) == steps + 1
    desk.document.undo()
    assert snapshot(desk.document.tables) == before


def test_a_change_of_type_says_what_it_dropped(desk):
    commands.set_param(desk.document, [desk.conv], "kernel_size", 5)
    desk.view.select([desk.conv, desk.relu])
    run(desk, "edit.replace_layer")
    desk.type_in_popup("Linear")
    nodes = desk.document.tables.nodes
    assert [nodes[key].layer for key in (desk.conv, desk.relu)] == ["Linear", "Linear"]
    assert desk.window.statusBar().currentMessage() == "Now Linear. Dropped: kernel_size."
    group = commands.group(desk.document, [desk.relu])
    desk.view.select([group])
    assert "ungroup it first" in desk.window.actions_["edit.replace_layer"].toolTip()


def test_a_wires_loose_end_is_taken_to_the_layer_that_is_chosen_and_escape_keeps_it(desk):
    before = desk.edges
    desk.drag((0, 272), (300, 400))
    active_popup().close()
    assert desk.edges == before
    desk.drag((0, 272), (300, 400))
    desk.type_in_popup("GELU")
    (made,) = desk.layers("GELU")
    assert desk.edges == (before - {Edge(desk.relu, 0, desk.output, 0)}) | {Edge(desk.relu, 0, made, 0)}
    press(desk.view, K.Key_Z, CTRL)
    assert desk.edges == before


def test_layers_are_pasted_into_another_tab(desk):
    desk.view.select([desk.conv, desk.relu])
    run(desk, "edit.copy")
    desk.window.opener.new()
    QApplication.processEvents()
    desk.window.desk.view.setFocus()
    run(desk, "edit.paste")
    tables = desk.window.desk.document.tables
    assert [node.layer for node in tables.nodes.values()] == ["Conv2d", "ReLU"]
    assert sum(len(node.next) for node in tables.nodes.values()) == 1


def test_a_layer_is_taken_out_of_its_group_and_keeps_its_wires(desk):
    group = commands.group(desk.document, [desk.conv, desk.relu])
    commands.fold(desk.document, [group], True)
    wires, steps = desk.edges, len(desk.document.history)
    desk.view.select([desk.relu])
    run(desk, "group.take_out")
    assert desk.document.tables.nodes[desk.relu].parent is None
    assert desk.view.canvas.wiring.boxes[desk.relu].left > desk.view.canvas.wiring.frames[group].rect.right
    assert (desk.edges, desk.view.selected()) == (wires, [desk.relu])
    assert len(desk.document.history) == steps + 1
    assert "inside a group" in desk.window.actions_["group.take_out"].toolTip()


def test_the_inverse_is_selected(desk):
    desk.view.select([desk.conv, desk.relu])
    run(desk, "edit.select_inverse")
    assert desk.view.selected() == [desk.input, desk.output, desk.tanh]


@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_before_and_after_a_group_is_selected(desk, is_open):
    group = commands.group(desk.document, [desk.conv, desk.relu])
    commands.fold(desk.document, [group], is_open)
    inside = [desk.conv, desk.relu, group] if is_open else [group]
    desk.view.select([group])
    desk.window.actions_.run("edit.select_before")
    assert desk.view.selected() == sorted([desk.input, *inside])
    desk.view.select([group])
    desk.window.actions_.run("edit.select_after")
    assert desk.view.selected() == sorted([desk.output, *inside])
    desk.view.select([desk.output])
    desk.window.actions_.run("edit.select_before")
    assert desk.view.selected() == sorted([desk.input, desk.output, *inside[: 2 if is_open else 1]])


def test_the_wires_of_closed_groups_and_layers_are_followed_and_cut_once(desk):
    group = commands.group(desk.document, [desk.conv, desk.relu])
    commands.connect(desk.document, desk.relu, 0, desk.tanh)
    for chosen, forward, ends in (
        ([group], True, [desk.output, desk.tanh]),
        ([group], False, [desk.input]),
        ([group, desk.tanh], True, [desk.output]),
        ([desk.input], True, [desk.conv]),
        ([desk.input, group], False, []),
        ([desk.input, group, desk.tanh, desk.output], True, []),
    ):
        desk.view.select(chosen)
        assert sorted(surroundings.ends_of_selection(desk.view, forward=forward)) == sorted(ends)
    inner = Edge(desk.conv, 0, desk.relu, 0)
    found = surroundings.wires_of(desk.view, [group, desk.tanh, 999, group])
    assert sorted(found) == sorted(desk.edges - {inner})
    assert sorted(surroundings.wires_of(desk.view, [desk.conv, desk.relu])) == sorted(desk.edges)
    desk.view.select([group, desk.tanh])
    run(desk, "wire.break")
    assert desk.edges == {inner}


def test_a_layer_behind_very_many_is_added_beside_the_window(desk, qtbot, monkeypatch):
    monkeypatch.setattr(asides, "MANY", 1)
    desk.view.select([desk.input, desk.conv, desk.relu])
    desk.window.actions_.run("insert.output")
    assert len(desk.layers("Output")) == 1
    idle(desk.window, qtbot)
    (made,) = set(desk.layers("Output")) - {desk.output}
    assert [edge.source for edge in desk.document.tables.nodes[made].prior] == [desk.relu]
    assert desk.view.selected() == [made]


def test_only_other_keys_are_given_to_the_actions_anew(desk, monkeypatch):
    given, settings = [], desk.window.services.settings
    monkeypatch.setattr(desk.window.actions_, "apply_shortcuts", lambda: given.append(1))
    desk.window.actions_.run("view.highlight")
    assert (desk.view.options.highlight, given) == (True, [])
    settings.set_shortcut("view.highlight", ["Ctrl+Alt+H"])
    settings.set(PRESET, "blender")
    assert given == [1, 1]


@pytest.mark.parametrize("preset", ["default", "blender", "comfyui"])
def test_the_keys_of_each_preset_do_what_they_say(desk, preset):
    desk.window.services.settings.set(PRESET, preset)
    for command, check in (
        ("canvas.walk_down", lambda: desk.view.selected() == [desk.input]),
        ("canvas.walk_down", lambda: desk.view.selected() == [desk.conv]),
        ("canvas.extend_down", lambda: desk.view.selected() == [desk.conv, desk.relu]),
        ("canvas.nudge_right", lambda: desk.place(desk.conv) == (8.0, 100.0)),
        ("edit.undo", lambda: desk.place(desk.conv) == (0.0, 100.0)),
        ("edit.duplicate", lambda: len(desk.layers("Conv2d")) == 2),
        ("edit.undo", lambda: len(desk.layers("Conv2d")) == 1),
        ("edit.select_none", lambda: desk.view.selected() == []),
        ("edit.select_all", lambda: len(desk.view.selected()) == 5),
        ("align.left", lambda: desk.place(desk.tanh)[0] == 0.0),
        ("edit.undo", lambda: desk.place(desk.tanh)[0] == 300.0),
        ("group.group", lambda: len(desk.layers("Group")) == 1),
        ("group.enter", lambda: desk.window.desk.tab.group is not None),
        ("edit.select_none", lambda: desk.view.selected() == []),
        ("group.leave", lambda: desk.window.desk.tab.group is None),
        ("group.ungroup", lambda: desk.layers("Group") == []),
    ):
        run(desk, command)
        assert check(), f"{command} in {preset}"
    desk.view.select([desk.relu])
    run(desk, "wire.draw")
    desk.type_in_popup("tanh")
    assert Edge(desk.relu, 0, desk.tanh, 0) in desk.edges
    run(desk, "insert.quick_add")
    desk.type_in_popup("GELU")
    assert len(desk.layers("GELU")) == 1
    run(desk, "edit.delete")
    assert desk.layers("GELU") == []


def test_a_wire_reaches_the_nearest_layers_and_by_its_name_one_far_away(desk, monkeypatch):
    monkeypatch.setattr(wire_commands, "MOST", 2)
    monkeypatch.setattr(wire_commands, "NEAR", 4)
    spots = {n: (float(900 + 200 * n), 600.0) for n in range(8)}
    made = {n: commands.add_layer(desk.document, "GELU", spot) for n, spot in spots.items()}
    far = commands.add_layer(desk.document, "Softmax", (9000.0, 9000.0))
    desk.view.select([desk.relu])
    run(desk, "wire.draw")
    nodes = desk.document.tables.nodes
    assert active_popup().titles() == [nodes[made[0]].name, nodes[made[1]].name]
    drawn = desk.view.canvas.live.boundingRect()
    assert drawn.contains(desk.view.canvas.item_of(made[0]).anchor(PortHit("in", 0)))
    QTest.keyClicks(active_popup().field, "gelu")
    assert active_popup().titles() == [nodes[made[n]].name for n in range(2)]
    active_popup().field.clear()
    desk.type_in_popup(nodes[far].name)
    assert Edge(desk.relu, 0, far, 0) in desk.edges


def test_a_wire_goes_to_the_only_layer_with_a_port_however_far_it_is(desk, monkeypatch):
    monkeypatch.setattr(wire_commands, "NEAR", 1)
    commands.remove(desk.document, [desk.tanh])
    far = commands.add_layer(desk.document, "Softmax", (9000.0, 9000.0))
    desk.view.select([desk.relu])
    run(desk, "wire.draw")
    assert active_popup().titles() == [desk.document.tables.nodes[far].name]
    active_popup().close()


def test_what_an_undo_or_redo_brings_back_is_selected(desk):
    group = commands.group(desk.document, [desk.conv, desk.relu])
    note = commands.add_note(desk.document, "Note", (300.0, 0.0))
    desk.view.select([group, note])
    run(desk, "edit.delete")
    desk.view.select([desk.tanh])
    run(desk, "edit.undo")
    assert desk.view.selected() == [group, note]
    assert desk.window.statusBar().currentMessage().startswith("Undone: Delete")
    commands.move(desk.document, {desk.tanh: (500.0, 0.0)})
    run(desk, "edit.undo")
    assert desk.view.selected() == [group, note]
    made = commands.add_layer(desk.document, "ReLU", (500.0, 0.0))
    run(desk, "edit.undo")
    run(desk, "edit.redo")
    assert desk.view.selected() == [made]


def test_what_comes_back_on_another_canvas_leaves_the_selection_alone(desk):
    group = commands.group(desk.document, [desk.conv, desk.relu])
    desk.window.desk.tab.enter(group)
    desk.view.select([desk.relu])
    run(desk, "edit.delete")
    desk.window.desk.tab.leave()
    desk.view.select([desk.tanh])
    run(desk, "edit.undo")
    assert desk.relu in desk.document.tables.nodes
    assert desk.view.selected() == [desk.tanh]
