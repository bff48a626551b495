"""What a person does while a job works for the drawing: neither the job's result nor what was done is lost."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QMenu, QMessageBox

from sketch.gui import asides
from sketch.state import commands
from sketch.state.commands import Bookmark, bookmarks
from tests.gui.canvas.conftest import chain
from tests.gui.windows import idle, main_window


@pytest.fixture
def window(qtbot, user_folders, monkeypatch):
    monkeypatch.setattr(asides, "MANY", 3)
    with main_window(qtbot) as found:
        yield found


@pytest.fixture
def tab(window):
    """Twelve layers, a note and a frame."""
    made = window.opener.new()
    chain(made.document, "Input", *["Conv2d"] * 11)
    commands.add_note(made.document, "old words", (600.0, 0.0))
    made.view.frame_all()
    QApplication.processEvents()
    return made


def begin(window, tab) -> None:
    """Delete half of the layers beside the window."""
    tab.view.select(sorted(tab.document.tables.nodes)[6:])
    window.actions_.run("edit.delete")
    assert [job.title for job in window.jobs.running] == ["Delete"]


def type_in_place(tab, key: int, text: str) -> None:
    tab.view.start_rename(key)
    field = tab.view._edit.field
    (field.setPlainText if hasattr(field, "setPlainText") else field.setText)(text)
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not tab.view.is_typing


def note_of(tab) -> int:
    return next(key for key, row in tab.document.tables.notes.items() if row.kind == "note")


def rename(window, tab) -> None:
    type_in_place(tab, min(tab.document.tables.nodes), "gate")


def was_renamed(tab) -> bool:
    return tab.document.tables.nodes[min(tab.document.tables.nodes)].name == "gate"


def write(window, tab) -> None:
    type_in_place(tab, note_of(tab), "new words")


def was_written(tab) -> bool:
    return tab.document.tables.notes[note_of(tab)].text == "new words"


def mark(window, tab) -> None:
    window.actions_.run("bookmark.set_3")


def was_marked(tab) -> bool:
    return 3 in bookmarks(tab.document.tables)


def frame(window, tab) -> None:
    tab.view.select(sorted(tab.document.tables.nodes)[:2])
    window.actions_.run("insert.frame")


def was_framed(tab) -> bool:
    return any(row.kind == "frame" for row in tab.document.tables.notes.values())


def add_note(window, tab) -> None:
    window.actions_.run("insert.note")


def was_noted(tab) -> bool:
    return len([row for row in tab.document.tables.notes.values() if row.kind == "note"]) == 2


DEEDS = [
    (rename, was_renamed),
    (write, was_written),
    (mark, was_marked),
    (frame, was_framed),
    (add_note, was_noted),
]


@pytest.mark.parametrize(("do", "was_done"), DEEDS, ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("ends", ["well", "cancelled", "closed"])
def test_both_are_there_in_the_end(window, tab, qtbot, do, was_done, ends):
    begin(window, tab)
    turn = tab.document.turn
    do(window, tab)
    assert (tab.document.turn, was_done(tab)) == (turn, False)
    if ends == "cancelled":
        window.jobs.running[0].cancel()
    elif ends == "closed":
        window.opener.close(tab)
        window.opener.reopen()
    idle(window, qtbot)
    shown = window.desk.tab
    assert was_done(shown)
    assert len(shown.document.tables.nodes) == (6 if ends == "well" else 12)


def test_what_was_typed_for_a_layer_that_is_gone_by_then_is_told(window, tab, qtbot):
    begin(window, tab)
    type_in_place(tab, max(tab.document.tables.nodes), "gate")
    assert window.statusBar().currentMessage() == "Rename follows when it is over: Delete."
    idle(window, qtbot)
    assert len(tab.document.tables.nodes) == 6
    assert window.statusBar().currentMessage().startswith("There is no node")


def test_a_text_in_the_making_survives_the_end_of_the_job(window, tab, qtbot):
    """Going to what the job has made moves the canvas under the field."""
    note = note_of(tab)
    tab.view.select(sorted(tab.document.tables.nodes))
    window.actions_.run("edit.duplicate")
    tab.view.start_rename(note)
    tab.view._edit.field.setPlainText("half a sent")
    idle(window, qtbot)
    tab.view.frame_all()
    tab.view.verticalScrollBar().setValue(tab.view.verticalScrollBar().value() + 40)
    QApplication.processEvents()
    idle(window, qtbot)
    if tab.view.is_typing:
        tab.view._edit.finish(keep=True)
    assert tab.document.tables.notes[note].text == "half a sent"
    assert len(tab.document.tables.nodes) == 24


def test_a_drawing_is_saved_while_a_job_works_for_it(window, tab, qtbot, tmp_path):
    begin(window, tab)
    tab.document.path = tmp_path / "net.sketch"
    assert window.opener.save(tab)
    idle(window, qtbot)
    assert len(tab.document.tables.nodes) == 6
    assert tab.document.is_modified
    window.actions_.run("edit.undo")
    idle(window, qtbot)
    assert (len(tab.document.tables.nodes), tab.document.is_modified) == (12, False)


LEAVING = {"file.quit", "file.close", "file.close_others", "file.close_all", "compile.cancel"}


def test_no_command_takes_the_job_its_result(window, tab, qtbot, monkeypatch):
    """Each command of the window, run while a job works: none changes the drawing by another way."""
    for kind in (QDialog, QMessageBox, QMenu):
        monkeypatch.setattr(kind, "exec", lambda *_args: 0)
    for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(
            QFileDialog, name, lambda *_args, _none=("", "") if "File" in name else "", **_more: _none
        )
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("", False))
    document, over = tab.document, threading.Event()
    layers = sorted(document.tables.nodes)
    group = commands.group(document, layers[:3])
    frame = commands.add_frame(document, layers[4:6])
    commands.set_bookmark(document, 1, Bookmark("here", None, 0.0, 0.0, 1.0))
    asides.edit(window, tab, "Hold", lambda _document: over.wait(60), many=lambda: True)
    turn, ran, changed = document.turn, [], []
    for key in sorted(window.actions_._rows):
        for chosen in ([layers[6]], [group], [frame], layers):
            window.area.tabs.setCurrentWidget(tab)
            tab.view.select(chosen)
            if key not in LEAVING and window.actions_.why_not(key) is None:
                window.actions_.run(key)
                ran.append(key)
            changed.extend([key] if document.turn != turn else [])
            turn = document.turn
        QApplication.processEvents()
    for popup in QApplication.topLevelWidgets():
        if popup is not window and popup.isVisible():
            popup.close()
    for job in window.jobs.running:
        job.cancel()
    over.set()
    idle(window, qtbot)
    assert changed == []
    assert len(set(ran)) > 100
