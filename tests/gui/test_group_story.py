"""Linked and repeated groups, ports, finds and blocks in the window, by menu, keys and mouse; one step of undo each."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QToolButton,
    QWidget,
)

from sketch.graph import examples
from sketch.graph.lifting import group_ports
from sketch.graph.linking.rows import instances
from sketch.graph.tables import snapshot
from sketch.gui import group_blocks, group_offer
from sketch.gui import group_ports as port_lists
from sketch.gui.dialog_parts import OK
from sketch.gui.group_blocks import PublishDialog
from sketch.gui.group_finds import RepeatsDialog
from sketch.gui.group_port_text import port_text
from sketch.gui.group_repeat import RepeatDialog
from sketch.gui.group_section import GroupSection
from sketch.state import blocks, commands
from sketch.state.commands.ports import ports_of
from sketch.state.document_file import save_document
from tests.gui.windows import CTRL, SHIFT, bring_to_front, click, main_window, press

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def drawn(window):
    """A window with Input → block1(fc1 → relu1) → Output, the group selected; its id."""
    window.opener.new()
    document = window.desk.document
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 16)})
    linear = commands.append_layer(document, "Linear", [source])
    commands.set_param(document, [linear], "out_features", 16)
    relu = commands.append_layer(document, "ReLU", [linear])
    commands.append_layer(document, "Output", [relu])
    group = commands.group(document, [linear, relu])
    window.desk.view.frame_all()
    window.desk.view.select([group])
    window.desk.view.setFocus()
    QApplication.processEvents()
    return group


def dialog(window, kind):
    found = [each for each in window.findChildren(kind) if each.isVisible()]
    assert len(found) == 1, found
    return found[0]


def answer(shown: QDialog) -> None:
    """Press the button that does it."""
    click(shown.buttons.button(OK))


def section(window) -> GroupSection:
    QApplication.processEvents()
    return next(each for each in window.panels.editor.shown_sections if isinstance(each, GroupSection))


def undone(window, before) -> None:
    """One Ctrl+Z takes it back whole."""
    document = window.desk.document
    bring_to_front(window)
    window.desk.view.setFocus()
    press(window.desk.view, Qt.Key.Key_Z, CTRL)
    assert snapshot(document.tables) == before
    press(window.desk.view, Qt.Key.Key_Z, CTRL | SHIFT)


def test_alt_d_makes_a_linked_copy_and_an_edit_of_one_changes_both(window, drawn):
    document = window.desk.document
    before = snapshot(document.tables)

    press(window.desk.view, Qt.Key.Key_D, ALT)

    (copy,) = window.desk.selection
    assert instances(document.tables, drawn) == (drawn, copy)
    undone(window, before)
    window.desk.tab.enter(copy)
    window.desk.view.select([document.tables.named(copy, "relu1")])
    press(window.desk.view, Qt.Key.Key_Delete)
    assert document.tables.named(drawn, "relu1") is None
    window.desk.tab.leave()
    window.actions_["group.unlink"].trigger()
    assert not instances(document.tables, drawn)
    assert window.actions_.why_not("group.unlink") == "Select a group that is linked to another."


def test_repeat_asks_how_often_and_the_boxes_say_which_they_are(window, drawn):
    document = window.desk.document
    before = snapshot(document.tables)
    press(window.desk.view, Qt.Key.Key_R, CTRL | ALT)
    asked = dialog(window, RepeatDialog)
    asked.times.selectAll()
    QTest.keyClicks(asked.times.lineEdit(), "6")
    assert asked.summary.text() == "5 new, to be initialised: 6 × 2 layers."

    answer(asked)

    made = window.desk.selection
    assert len(made) == 6
    looks = [window.desk.view.canvas.item_of(n).look.subtitle for n in sorted(made)]
    assert looks == [f"{n} of 6 · 2 layers" for n in range(1, 7)]
    undone(window, before)
    window.desk.view.select([drawn])
    assert "1 of 6" in section(window).link.text()

    window.actions_["group.repeat"].trigger()
    asked = dialog(window, RepeatDialog)
    asked.times.setValue(2)
    assert asked.summary.text().startswith("The last 4 are removed")
    answer(asked)
    assert len(instances(document.tables, drawn)) == 2


def test_equal_groups_are_linked_by_menu_and_selected_together(window, drawn):
    document = window.desk.document
    (other,) = commands.duplicate(document, [drawn])
    window.desk.view.select([drawn])
    window.actions_["group.link"].trigger()
    assert instances(document.tables, drawn) == (drawn, other)
    window.actions_["group.select_linked"].trigger()
    assert sorted(window.desk.selection) == [drawn, other]
    window.desk.view.select([document.tables.named(None, "input1")])
    assert window.actions_.why_not("group.link") == "Select one or more groups."


def test_ports_are_moved_named_exposed_and_hidden_in_the_node_editor(window, drawn):
    document = window.desk.document
    spare = commands.add_layer(document, "Sub", (0, 300), parent=drawn)
    window.desk.view.select([])
    window.desk.view.select([drawn])
    inputs = section(window).ports.lists["input"]
    assert [inputs.item(row).text() for row in range(inputs.count())] == ["fc1", "sub1.x", "sub1.other"]
    before = snapshot(document.tables)

    inputs.setCurrentRow(2)
    inputs.setFocus()
    press(inputs, Qt.Key.Key_Up, ALT)
    press(inputs, Qt.Key.Key_Up, ALT)
    assert group_ports(document.tables, document.library, drawn).inputs[0] == (None, spare, 1)
    document.undo()
    document.undo()
    assert snapshot(document.tables) == before

    inputs.setCurrentRow(0)
    press(inputs, Qt.Key.Key_F2)
    line = QApplication.focusWidget()
    press(line, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(line, "tokens")
    press(line, Qt.Key.Key_Return)
    assert group_ports(document.tables, document.library, drawn).input_names[0] == "tokens"

    inputs.setCurrentRow(1)
    press(inputs, Qt.Key.Key_Delete)
    assert len(group_ports(document.tables, document.library, drawn).inputs) == 2
    inputs.setCurrentRow(0)
    press(inputs, Qt.Key.Key_Delete)
    assert "A wire goes through 'tokens'" in window.statusBar().currentMessage()

    menu = section(window).ports.menu_of("output")
    action = next(each for each in menu.actions() if each.text() == "fc1")
    action.trigger()
    inner = document.tables.named(drawn, "fc1")
    assert (inner, 0) in group_ports(document.tables, document.library, drawn).outputs


def test_a_port_is_dragged_to_another_place(window, drawn):
    document = window.desk.document
    commands.add_layer(document, "Sub", (0, 300), parent=drawn)
    window.desk.view.select([])
    window.desk.view.select([drawn])
    inputs = section(window).ports.lists["input"]

    assert inputs.model().moveRows(inputs.rootIndex(), 2, 1, inputs.rootIndex(), 0)

    QApplication.processEvents()
    assert [row.label for row in inputs.rows] == ["sub1.other", "fc1", "sub1.x"]
    document.undo()
    assert [row.label for row in inputs.rows] == ["fc1", "sub1.x", "sub1.other"]


def test_very_many_ports_are_listed_in_slices_and_the_current_one_stays(window, drawn, monkeypatch, qtbot):
    monkeypatch.setattr(port_lists, "_PORTION", 1)
    document = window.desk.document
    spare = commands.add_layer(document, "Sub", (0, 300), parent=drawn)
    window.desk.view.select([])
    window.desk.view.select([drawn])
    ports = section(window).ports
    inputs = ports.lists["input"]

    def shown() -> list[str]:
        return [inputs.item(row).text() for row in range(inputs.count())]

    qtbot.waitUntil(lambda: shown() == ["fc1", "sub1.x", "sub1.other"])
    inputs.setCurrentRow(2)
    commands.rename(document, spare, "minus")
    assert (inputs.count(), inputs.currentRow()) == (1, -1)
    ports.fill(ports_of(document, drawn))  # they come already
    qtbot.waitUntil(lambda: shown() == ["fc1", "minus.x", "minus.other"])
    assert inputs.currentRow() == 2
    assert inputs.item(1).flags() & Qt.ItemFlag.ItemIsEditable
    commands.remove(document, [spare])
    qtbot.waitUntil(lambda: shown() == ["fc1"])


def test_the_node_editor_says_what_a_group_costs_and_its_class(window, drawn, qtbot):
    qtbot.waitUntil(lambda: "class Block" in window.mirror.picture.text, timeout=20_000)
    text = section(window).facts.text()
    assert text == "528 FLOPs, named sizes as 1 · class Block1"


def flat_resnet(window):
    """ResNet-18 without groups, opened as a file is: without a step to undo."""
    window.opener.new()
    document = window.desk.document
    document.edit("Draw", lambda draft: examples.build("resnet18", draft))
    while groups := [n for n in document.tables.nodes if document.tables.children(n)]:
        commands.ungroup(document, groups[0])
    window.actions_["view.arrange"].trigger()
    return document


def before_by_tab(widget, count):
    """From what the Tab key comes to a widget, the nearest first."""
    found = []
    while len(found) < count:
        widget = widget.previousInFocusChain()
        if (
            widget.isVisible()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.focusProxy() is None
        ):
            found.append(widget)
    return found


def test_the_bar_offers_to_fold_what_repeats_and_goes_with_the_next_edit(window):
    document = flat_resnet(window)
    tab = window.desk.tab
    assert not tab.offer.isVisible()
    assert not tab.offer.findChildren(QWidget)  # made when it is needed
    group_offer.look(window, tab, tab.offer.offer)
    assert tab.offer.isVisible()
    assert before_by_tab(tab.view, 3) == [tab.offer.leave, tab.offer.look, tab.offer.fold]
    assert tab.offer.text.text() == "2 equal blocks of 7 layers were found."
    before = snapshot(document.tables)

    click(tab.offer.fold)

    assert not tab.offer.isVisible()
    groups = [n for n in document.tables.nodes if document.tables.children(n)]
    assert instances(document.tables, groups[0]) == tuple(groups)
    document.undo()
    assert snapshot(document.tables) == before

    group_offer.look(window, tab, tab.offer.offer)
    click(tab.offer.leave)
    assert not tab.offer.isVisible()
    group_offer.look(window, tab, tab.offer.offer)
    commands.add_layer(document, "ReLU", (0, 0))
    assert not tab.offer.isVisible()


def test_only_flat_files_that_nobody_edited_are_looked_at(window, drawn):
    assert not group_offer.is_flat(window.desk.document)
    window.opener.example("resnet18")
    assert not group_offer.is_flat(window.desk.document)


def test_finds_are_listed_shown_and_folded(window):
    document = flat_resnet(window)
    window.actions_["group.find_repeats"].trigger()
    shown = dialog(window, RepeatsDialog)
    assert [shown.list.topLevelItem(0).text(column) for column in (0, 1, 2)] == ["block", "2 ×", "7"]
    assert shown.buttons.button(OK).text() == "Fold 2 blocks"
    shown.list.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert not shown.buttons.button(OK).isEnabled()
    shown.list.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)

    answer(shown)

    assert len(window.desk.selection) == 2
    assert len(instances(document.tables, window.desk.selection[0])) == 2
    window.opener.example("lenet5")
    window.actions_["group.find_repeats"].trigger()
    assert window.statusBar().currentMessage() == "No repeated blocks were found."


def test_the_strokes_between_breadcrumbs_show_what_stands_beside(window, drawn):
    made = commands.repeat(window.desk.document, drawn, 3).groups
    window.desk.tab.enter(drawn)
    crumbs = window.desk.tab.crumbs
    stroke = next(b for b in crumbs.findChildren(QToolButton) if b.text() == "/")
    click(stroke)
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions()] == ["block1", "block2", "block3"]
    menu.actions()[2].trigger()
    menu.close()
    assert window.desk.tab.group == made[2]


def test_a_group_is_published_described_and_replaced_only_when_asked_twice(window, drawn):
    window.actions_["group.publish"].trigger()
    asked = dialog(window, PublishDialog)
    asked.name.setText("cell")
    asked.description.setPlainText("Linear & ReLU")
    asked.linked.setChecked(True)
    answer(asked)
    assert blocks.about("cell").description == "Linear & ReLU"
    assert blocks.about("cell").picture.read_bytes().startswith(b"\x89PNG")
    tip = window.panels.toolbox.item("block:cell").toolTip(0)
    assert "Linear &amp; ReLU" in tip
    assert "picture.png" in tip

    window.desk.view.select([drawn])
    window.actions_["group.publish"].trigger()
    asked = dialog(window, PublishDialog)
    asked.name.setText("cell")
    answer(asked)
    assert asked.isVisible()
    assert "already" in asked.fault.text()
    assert blocks.about("cell").linked
    answer(asked)
    assert not blocks.about("cell").linked


def test_a_block_is_renamed_exported_deleted_and_taken_in_again(window, drawn, tmp_path, monkeypatch):
    window.actions_["group.save_block"].trigger()
    name = window.desk.document.tables.nodes[drawn].name
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args: ("cell", True))
    menu = group_blocks.block_menu(window, name, QPoint(10, 10))
    texts = {action.text(): action for action in menu.actions() if action.text()}
    texts["Rename..."].trigger()
    menu.close()
    assert blocks.names() == ("cell",)

    path = tmp_path / "cell.sketchblock"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *_args: QMessageBox.StandardButton.Yes)
    menu = group_blocks.block_menu(window, "cell", QPoint(10, 10))
    texts = {action.text(): action for action in menu.actions() if action.text()}
    texts["Export..."].trigger()
    texts["Delete"].trigger()
    menu.close()
    assert path.is_file()
    assert blocks.names() == ()

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    window.actions_["group.import_block"].trigger()
    assert window.panels.toolbox.item("block:cell") is not None


def test_a_flat_file_that_is_opened_is_looked_at_once(window, tmp_path, qtbot):
    document = flat_resnet(window)
    path = save_document(document, tmp_path / "flat.sketch", with_history=False)
    window.opener.open_file(path.rename(tmp_path / "given.sketch"))
    qtbot.waitUntil(lambda: window.desk.document is not document, timeout=20_000)
    tab = window.desk.tab
    qtbot.waitUntil(tab.offer.isVisible, timeout=20_000)
    click(tab.offer.look)
    shown = dialog(window, RepeatsDialog)
    assert shown.list.topLevelItemCount() == 1
    shown.reject()


def test_a_port_of_a_group_says_what_it_is(window, drawn):
    document = window.desk.document
    commands.name_port(document, drawn, "input", 0, "tokens")
    item = window.desk.view.canvas.item_of(drawn)
    at = QPointF(*item.box.input_anchor(0))
    canvas = window.desk.view.canvas
    assert port_text(document, canvas, at) == "input 1 of 'block1': tokens (fc1)"
    assert port_text(document, canvas, item.pos()) == ""
    window.desk.tab.enter(drawn)
    assert "tokens" in [stub.text for stub in window.desk.view.canvas.stubs.values()]


def test_the_command_ports_puts_the_keys_on_the_list(window, drawn):
    window.actions_["group.ports"].trigger()
    QApplication.processEvents()
    assert QApplication.focusWidget() is section(window).ports.lists["input"]
