"""The forms of the node editor: one for each type of layer, kept and shown again for the next layer of that type."""

import pytest
from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from shiboken6 import isValid

from sketch.gui.group_section import GroupSection
from sketch.gui.node_editor import MOST_KEPT
from sketch.gui.node_facts import NodeFacts
from sketch.state import commands
from tests.gui.windows import bring_to_front, click, form, new_window

LAYERS = ("Conv2d", "Conv2d", "BatchNorm2d", "BatchNorm2d", "ReLU")
KEY = Qt.Key


@pytest.fixture
def window(qtbot):
    with new_window(qtbot) as made:
        bring_to_front(made)
        yield made


@pytest.fixture
def ids(window) -> list[int]:
    """Two convolutions, two norms and a ReLU, none of them wired."""
    document = window.desk.document
    return [commands.add_at(document, layer, (200.0 * i, 0.0)) for i, layer in enumerate(LAYERS)]


def page(window):
    """The form that is shown."""
    editor = form(window)
    (shown,) = [each for each in editor.widget().children() if each.isWidgetType() and each.isVisible()]
    return shown


def choose(window, *ids: int):
    """Select layers, and their form."""
    window.desk.view.select(list(ids))
    return page(window)


def number(window, node: int, name: str):
    return window.desk.document.inference.of(node).params[name]


def test_the_next_layer_of_a_type_takes_the_form_of_the_one_before(window, ids):
    document = window.desk.document
    commands.set_param(document, [ids[1]], "out_channels", 7)
    commands.set_param(document, [ids[1]], "padding_mode", "reflect")
    first = choose(window, ids[0])
    assert first.rows["out_channels"].field.boxes[0].value() == 64
    norm = choose(window, ids[2])
    assert norm is not first
    assert not first.isVisible()
    second = choose(window, ids[1])
    assert second is first
    assert second.name.text() == document.tables.nodes[ids[1]].name
    assert second.rows["out_channels"].field.boxes[0].value() == 7
    assert second.rows["padding_mode"].field.box.currentText() == "reflect"
    box = second.rows["out_channels"].field.boxes[0]
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "9")
    QTest.keyClick(box, KEY.Key_Return)
    assert [number(window, node, "out_channels") for node in ids[:2]] == [64, 9]
    QTest.keyClick(second.name, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(second.name, "other")
    QTest.keyClick(second.name, KEY.Key_Return)
    assert [document.tables.nodes[node].name for node in ids[:2]] == ["conv1", "other"]


def test_what_is_wrong_and_what_has_no_effect_is_that_of_the_layer_shown(window, ids):
    document = window.desk.document
    commands.set_param(document, [ids[0]], "groups", 3)
    commands.set_param(document, [ids[0]], "padding", (1, 1))
    shown = choose(window, ids[0])
    assert shown.rows["padding_mode"].field.isEnabled()
    shown.rows["stride"].complain("too long")
    shown = choose(window, ids[1])
    assert not shown.rows["padding_mode"].field.isEnabled()
    assert shown.rows["stride"].note.text() == ""
    assert shown.rows["stride"].note.isHidden()


def test_text_being_typed_stays_while_its_layer_changes_and_is_dropped_with_it(window, ids):
    document = window.desk.document
    line = choose(window, ids[2]).rows["eps"].field.line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "0.25")
    line.setCursorPosition(2)
    commands.set_param(document, [ids[2]], "momentum", 0.5)
    QApplication.processEvents()
    assert (line.text(), line.cursorPosition(), line.hasFocus()) == ("0.25", 2, True)
    edits = len(document.history.entries())
    shown = choose(window, ids[3])
    assert shown.rows["eps"].field.line is line
    assert line.text() == "1e-05"
    assert not line.hasFocus()
    assert len(document.history.entries()) == edits
    assert [number(window, node, "eps") for node in ids[2:4]] == [1e-5, 1e-5]


def test_buttons_of_weights_are_about_the_layer_that_is_shown(window, ids):
    document = window.desk.document
    source = commands.add_at(document, "Input", (0.0, 300.0))
    for node in ids[:2]:
        commands.connect(document, source, 0, node)
    choose(window, ids[0])
    shown = choose(window, ids[1])
    freeze = next(each for each in shown.findChildren(QPushButton) if each.text() == "Freeze")
    window.panels.editor.ensureWidgetVisible(freeze)
    click(freeze)
    frozen = [name for name in document.tables.meta if "freeze" in name or "frozen" in name]
    assert len(frozen) == 1
    assert frozen[0].endswith(str(ids[1]))
    shown = choose(window, ids[0])
    assert [each.text() for each in shown.findChildren(QPushButton) if "reeze" in each.text()] == ["Freeze"]


def test_tab_leads_through_a_form_that_is_shown_again(window, ids):
    names = []
    for node in (ids[0], ids[2], ids[1]):
        shown = choose(window, node)
        shown.name.setFocus()
        walked = []
        for _step in range(6):
            QTest.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
            assert shown.isAncestorOf(QApplication.focusWidget())
            walked.append(QApplication.focusWidget().accessibleName())
        names.append(walked)
    assert names[0] == names[2]
    assert names[0] != names[1]


def test_a_form_of_several_layers_or_of_another_document_is_a_new_one(window, ids):
    first = choose(window, ids[0])
    several = choose(window, *ids[:2])
    assert several is not first
    assert several.name is None
    assert "2 × Conv 2D" in [each.text() for each in several._header.children() if hasattr(each, "text")]
    choose(window, *ids[2:4])
    QApplication.sendPostedEvents(None, 52)  # what is to be deleted
    assert not isValid(several)
    window.opener.new()
    other = commands.add_at(window.desk.document, "Conv2d", (0.0, 0.0))
    assert choose(window, other) is not first
    QApplication.sendPostedEvents(None, 52)
    assert not isValid(first)


def test_few_forms_are_kept(window):
    document = window.desk.document
    library = document.library
    layers = [spec.name for spec in library if not spec.group and not spec.is_operator and not spec.hidden]
    added = [commands.add_at(document, layer, (0.0, 0.0)) for layer in layers[: MOST_KEPT + 3]]
    forms = [choose(window, node) for node in added]
    QApplication.sendPostedEvents(None, 52)
    assert [isValid(each) for each in forms] == [False] * 3 + [True] * MOST_KEPT


def test_the_form_of_a_group_is_built_in_steps_and_is_of_that_group_alone(window, ids, monkeypatch, qtbot):
    document = window.desk.document
    groups = [commands.group(document, pair) for pair in (ids[:2], ids[2:4])]
    monkeypatch.setattr("sketch.gui.slices.SLICE_SECONDS", 0.0)
    for group in groups:
        window.desk.view.select([group])
        qtbot.waitUntil(
            lambda wanted=group: [each._node for each in sections(window) if each.ports] == [wanted]
        )
        assert len(sections(window)) == 1
        assert "out" in "".join(sections(window)[0].ports.lists)
    window.desk.view.select([ids[4]])
    qtbot.waitUntil(lambda: not sections(window))


def sections(window) -> list[GroupSection]:
    return [each for each in window.panels.editor.findChildren(GroupSection) if each.isVisible()]


@pytest.mark.parametrize("turns", range(2, 40, 4))
def test_a_form_that_was_left_half_built_is_complete_when_it_is_shown_again(window, ids, turns):
    window.desk.view.select([ids[0]])
    for _ in range(turns):
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 0)
    window.desk.view.select([ids[2]])
    QApplication.processEvents()
    shown = choose(window, ids[1])
    QApplication.processEvents()
    assert list(shown.rows) == list(shown.kind.params)
    assert all(row.isVisible() for row in shown.rows.values())
    heights = [row.y() for row in shown.rows.values()]
    assert heights == sorted(set(heights))
    assert "weight" in texts(shown)


def test_facts_of_another_layer_take_the_place_of_those_that_are_being_made(window, ids):
    document, parent = window.desk.document, QWidget()
    fresh = NodeFacts(parent)
    fresh.show_node(document, ids[2])
    assert "running_mean" in texts(fresh)
    for count in range(1, 6):
        facts = NodeFacts(parent)
        steps = facts.build(document, ids[0])
        for _ in range(count):
            next(steps, None)
        facts.show_node(document, ids[2])
        list(steps)
        assert texts(facts) == texts(fresh)
    parent.deleteLater()


def texts(shown: QWidget) -> list[str]:
    """What can be read, in no order."""
    found = [*shown.findChildren(QLabel), *shown.findChildren(QPushButton)]
    return sorted(each.text() for each in found if each.isVisibleTo(shown))
