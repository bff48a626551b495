"""Commands on groups of many layers: worked out beside the window, one step, and the same as the command gives."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from sketch.graph import examples
from sketch.graph.repeats import find_repeats
from sketch.graph.tables import snapshot, whole
from sketch.gui import asides, background, group_offer
from sketch.gui.dialog_parts import OK
from sketch.gui.group_blocks import PublishDialog
from sketch.gui.group_repeat import RepeatDialog
from sketch.gui.group_section import GroupSection
from sketch.state import blocks, commands
from sketch.state.document import Document
from tests.graph.random_edits import same_inference
from tests.gui.windows import CTRL, bring_to_front, click, main_window, press


@pytest.fixture
def window(qtbot, monkeypatch):
    """A window for which every edit is large, with ResNet-18 in front."""
    with main_window(qtbot) as made:
        made.opener.new()
        made.desk.document.edit("Start", lambda draft: examples.build("resnet18", draft))
        QApplication.processEvents()
        monkeypatch.setattr(asides, "MANY", 0)
        monkeypatch.setattr(background, "FEW", 0)
        monkeypatch.setattr(blocks, "LARGE_ROWS", 0)
        yield made


@pytest.fixture
def group(window):
    """A group of ResNet-18, selected."""
    found = window.desk.document.tables.named(None, "layer2")
    window.desk.view.select([found])
    return found


@pytest.fixture
def over(qtbot, window):
    """Waits until no job is under way; says whether there was one."""

    def wait() -> bool:
        began = bool(window.jobs.running)
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=20_000)
        return began

    return wait


@pytest.fixture
def cancel(window, over, monkeypatch):
    """Cancels the edit under way, which stood still until then; the node editor may read a group meanwhile."""
    goes_on = threading.Event()
    report, unpack = Document.report, blocks.unpack

    def waiting(call):
        return lambda *args: (goes_on.wait(20), call(*args))

    monkeypatch.setattr(Document, "report", waiting(report))
    monkeypatch.setattr(blocks, "unpack", waiting(unpack))

    def call() -> None:
        next(job for job in reversed(window.jobs.running) if job.title != "Read the group").cancel()
        goes_on.set()
        over()
        goes_on.clear()

    yield call
    goes_on.set()


def plain(window) -> Document:
    """A document with the rows of the one in front, on which commands run at once."""
    document = window.desk.document
    made = Document(document.library, store=document.store, folder=None)
    made.load(whole(document.tables), "Start")
    return made


def alike(window, other: Document) -> None:
    document = window.desk.document
    assert snapshot(document.tables) == snapshot(other.tables)
    assert document.undo_label == other.undo_label
    same_inference(document.inference, document.tables)


def undone(window, over, before) -> None:
    """One Ctrl+Z takes it back whole."""
    bring_to_front(window)
    window.desk.view.setFocus()
    press(window.desk.view, Qt.Key.Key_Z, CTRL)
    over()
    assert snapshot(window.desk.document.tables) == before


def ask_for(window, times: int) -> None:
    window.actions_["group.repeat"].trigger()
    (asked,) = window.findChildren(RepeatDialog)
    asked.times.setValue(times)
    click(asked.buttons.button(OK))


def test_repeating_many_layers_is_a_job(window, group, over):
    before, other = snapshot(window.desk.document.tables), plain(window)
    made = commands.repeat(other, group, 7)
    ask_for(window, 7)
    assert snapshot(window.desk.document.tables) == before
    assert over()
    alike(window, other)
    assert sorted(window.desk.selection) == sorted(made.groups)
    undone(window, over, before)


def test_a_cancelled_repeat_changes_nothing(window, group, over, cancel):
    over()
    before = snapshot(window.desk.document.tables)
    ask_for(window, 15)
    cancel()
    assert snapshot(window.desk.document.tables) == before


def test_linking_duplicating_and_unlinking_are_jobs(window, group, over):
    (twin,) = commands.duplicate(window.desk.document, [group])
    for action, act in (
        ("group.link", lambda document: commands.link(document, [group])),
        ("group.duplicate_linked", lambda document: commands.duplicate_linked(document, [group])),
        ("group.unlink", lambda document: commands.unlink(document, [group])),
    ):
        other = plain(window)
        window.desk.view.select([group])
        act(other)
        window.actions_[action].trigger()
        assert over(), action
        alike(window, other)
    assert twin in window.desk.document.tables.nodes


def test_folding_repeated_blocks_is_a_job(window, over):
    document = window.desk.document
    for parent in [n for n in document.tables.children(None) if document.tables.children(n)]:
        commands.ungroup(document, parent)
    found = find_repeats(document.tables, document.library)
    before, other = snapshot(document.tables), plain(window)
    groups = commands.fold_repeats(other, found)
    shown = []
    group_offer.fold(window, window.desk.tab, found, shown.append)
    assert over()
    assert shown == [groups]
    alike(window, other)
    undone(window, over, before)


def test_blocks_go_out_and_come_in_beside_the_window(window, group, over, tmp_path, monkeypatch):
    window.actions_["group.publish"].trigger()
    (asked,) = window.findChildren(PublishDialog)
    asked.name.setText("stage")
    click(asked.buttons.button(OK))
    assert over()
    assert blocks.about("stage").picture.is_file()
    assert window.panels.toolbox.item("block:stage") is not None

    before, other = snapshot(window.desk.document.tables), plain(window)
    made = blocks.insert(other, "stage", (50.0, 60.0))
    window.desk.view.block_dropped.emit("stage", (50.0, 60.0), None)
    assert over()
    alike(window, other)
    assert window.desk.selection == [made]
    undone(window, over, before)

    path = tmp_path / "stage.sketchblock"
    blocks.export("stage", path)
    monkeypatch.setattr(blocks, "LARGE_BYTES", 0)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    window.actions_["group.import_block"].trigger()
    assert over()
    assert blocks.names() == ("stage", "stage 2")


def test_cancelled_blocks_leave_nothing(window, group, over, tmp_path, monkeypatch, request):
    blocks.save(window.desk.document, group, "stage")
    path = tmp_path / "stage.sketchblock"
    blocks.export("stage", path)
    cancel = request.getfixturevalue("cancel")  # from here on jobs wait
    monkeypatch.setattr(blocks, "LARGE_BYTES", 0)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    over()
    window.actions_["group.import_block"].trigger()
    cancel()
    window.actions_["group.publish"].trigger()
    (asked,) = window.findChildren(PublishDialog)
    over()
    asked.name.setText("other")
    click(asked.buttons.button(OK))
    cancel()
    assert blocks.names() == ("stage",)


def test_the_ports_of_a_large_group_are_read_beside_the_window(window, group, over):
    QApplication.processEvents()
    (section,) = [each for each in window.panels.editor.shown_sections if isinstance(each, GroupSection)]
    over()
    assert [ports.count() for ports in section.ports.lists.values()] == [1, 1]
    assert "FLOPs" in section.facts.text()
