"""Ports of a group and repeated blocks are chosen in lists while a job works for the same drawing."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from sketch.graph.tables import snapshot
from sketch.gui import asides
from sketch.gui.group_finds import RepeatsDialog
from sketch.gui.group_section import GroupSection
from sketch.state import commands
from sketch.state.commands.ports import IN, ports_of
from tests.gui.canvas.conftest import chain
from tests.gui.meanwhile import confirm, meet, until, window_with_few
from tests.gui.windows import idle, press

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    with window_with_few(qtbot, monkeypatch) as found:
        yield found


class Removing:
    """A job that removes layers when it is told to."""

    def __init__(self, window, ids):
        self._over = threading.Event()

        def act(document) -> None:
            assert self._over.wait(20)
            commands.remove(document, ids)

        asides.edit(window, window.desk.tab, "Delete", act, many=lambda: True)

    def end(self, window, qtbot) -> None:
        self._over.set()
        idle(window, qtbot)


@pytest.fixture
def group(window):
    """A group of three layers whose inputs are open: six ports; selected. Its id and theirs."""
    tab = window.opener.new()
    layers = [commands.add_layer(tab.document, "Sub", (0.0, 100.0 * row)) for row in range(3)]
    made = commands.group(tab.document, layers)
    tab.view.select([made])
    QApplication.processEvents()
    return made, layers


def inputs(window):
    QApplication.processEvents()
    section = next(each for each in window.panels.editor.shown_sections if isinstance(each, GroupSection))
    until(lambda: section.ports is not None and section.ports.lists[IN].count())
    return section.ports.lists[IN]


def name_it(ports) -> None:
    ports.edit(ports.currentIndex())
    field = ports.findChild(QLineEdit)
    QTest.keyClicks(field, "mask")
    press(field, Qt.Key.Key_Return)


def hide_it(ports) -> None:
    press(ports, Qt.Key.Key_Delete)


def move_it(ports) -> None:
    press(ports, Qt.Key.Key_Up, ALT)


def rows(window, group: int):
    return [row for row in ports_of(window.desk.document, group) if row.side == IN]


DEEDS = [
    (name_it, lambda rows, port: next(row for row in rows if row.inner == port).name == "mask"),
    (hide_it, lambda rows, port: port not in [row.inner for row in rows]),
    (move_it, lambda rows, port: [row.inner for row in rows].index(port) == 0),
]


@pytest.mark.parametrize(("do", "was_done"), DEEDS, ids=lambda deed: deed.__name__)
def test_a_port_is_the_one_that_was_chosen_wherever_it_stands_by_then(window, qtbot, group, do, was_done):
    made, layers = group
    document, ports = window.desk.document, inputs(window)
    job = Removing(window, layers[:1])
    ports.setFocus()
    ports.setCurrentRow(3)
    port = rows(window, made)[3].inner
    assert port == (layers[1], 1)
    do(ports)
    job.end(window, qtbot)
    found = rows(window, made)
    assert len(found) in (3, 4)
    assert was_done(found, port)
    assert [row.name for row in found if row.inner != port] == [""] * (len(found) - (do is not hide_it))
    document.undo()
    assert layers[0] not in document.tables.nodes
    document.undo()
    assert [row.name for row in rows(window, made)] == [""] * 6


@pytest.mark.parametrize("gone", ["the layer", "the group"])
@pytest.mark.parametrize("do", [do for do, _ in DEEDS])
def test_a_port_that_has_gone_by_then_is_told(window, qtbot, group, do, gone):
    made, layers = group
    document, ports, said = window.desk.document, inputs(window), []
    job = Removing(window, [made] if gone == "the group" else layers[1:2])
    ports.setFocus()
    ports.setCurrentRow(3)
    do(ports)
    window.statusBar().messageChanged.connect(said.append)
    job.end(window, qtbot)
    assert document.undo_label.startswith("Delete")
    expected = "There is no node" if gone == "the group" else "of the group is no longer there"
    assert any(expected in text for text in said), said


@pytest.mark.parametrize("gone", ["the layer", "the group"])
def test_an_inner_port_that_has_gone_by_then_is_told(window, qtbot, group, gone):
    made, layers = group
    document, said = window.desk.document, []
    commands.hide_port(document, made, IN, 3)
    section = next(each for each in window.panels.editor.shown_sections if isinstance(each, GroupSection))
    inputs(window)
    menu = section.ports.menu_of(IN)
    job = Removing(window, [made] if gone == "the group" else layers[1:2])
    window.statusBar().messageChanged.connect(said.append)
    menu.actions()[0].trigger()
    job.end(window, qtbot)
    assert document.undo_label.startswith("Delete")
    assert any("There is no node" in text for text in said), said


@pytest.mark.parametrize("order", ["asked meanwhile", "open until after"])
@pytest.mark.parametrize("gone", [False, True])
def test_repeated_blocks_are_folded_or_it_is_told(window, qtbot, order, gone):
    document, said = window.opener.new().document, []
    block = ("Conv2d", "BatchNorm2d", "ReLU", "Tanh")
    ids = chain(document, "Input", *block * 3, "Softplus", "Sigmoid", "GELU", "Output")
    spare = [commands.add_layer(document, "ReLU", (600.0, 100.0 * row)) for row in range(4)]
    commands.set_param(document, [ids[0]], "shape", ("N", 4, 8, 8))
    commands.set_param(
        document, [key for key in ids if document.tables.nodes[key].layer == "Conv2d"], "out_channels", 4
    )
    before = snapshot(document.tables)
    job = Removing(window, [*spare, *(ids[5:9] if gone else ())])
    window.statusBar().messageChanged.connect(said.append)

    def answer(dialog) -> None:
        if order == "open until after":
            job.end(window, qtbot)
        confirm(dialog)

    met = meet(RepeatsDialog, answer)
    window.actions_.run("group.find_repeats")
    until(met)
    job.end(window, qtbot)
    groups = [key for key in document.tables.nodes if document.tables.children(key)]
    assert spare[0] not in document.tables.nodes
    if gone:
        assert not groups
        assert any("find the repeated blocks again" in text for text in said), said
    else:
        assert len(groups) == 3
        document.undo()
    document.undo()
    assert snapshot(document.tables) == before
