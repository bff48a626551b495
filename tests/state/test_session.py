"""Sessions: what was open comes back, two programs never share one, a document that crashes the start is found."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sketch.state import late_file
from sketch.state import session as module
from sketch.state.codec import CodecError
from sketch.state.document import Document
from sketch.state.session import Session
from sketch.state.session_state import SessionState, Tab, from_json, to_json
from tests.source_tree import ROOT
from tests.state.drawing import NoStore, draw, fingerprint


def test_tabs_looks_and_values_come_back(tmp_path) -> None:
    session = Session(tmp_path)
    one = session.add_tab(Path("/m/net.sketch"), "net")
    two = session.add_tab()
    session.set_view(one.folder, None, {"x": 1.5, "zoom": 2})
    session.set_view(one.folder, 7, {"x": 3})
    session.set_geometry("docks", b"\x00\xff")
    session.set("kernel", "onnx")
    session.set("working_directory", "/m")
    session.update_tab(two.folder, path=Path("/m/two.sketch"), name="two")
    session.update_tab("elsewhere", name="x")
    session.set_view("elsewhere", None, {})
    session.move_tab(two.folder, 0)
    session.move_tab("elsewhere", 0)
    session.set_active(one.folder)
    session.close()
    again = Session(tmp_path)
    assert [(tab.name, tab.path) for tab in again.tabs] == [
        ("two", "/m/two.sketch"),
        ("net", "/m/net.sketch"),
    ]
    assert again.active.folder == one.folder
    assert again.view(one.folder, None) == {"x": 1.5, "zoom": 2}
    assert again.view(one.folder, 7) == {"x": 3}
    assert again.view(one.folder, 8) is None
    assert again.view("elsewhere", None) is None
    assert (again.geometry("docks"), again.geometry("other")) == (b"\x00\xff", None)
    assert (again.get("kernel"), again.get("working_directory"), again.get("theme", "light")) == (
        "onnx",
        "/m",
        "light",
    )
    assert not again.is_looping
    assert again.suspect is None
    again.close()


def test_closing_a_tab_shows_its_neighbour_and_it_can_be_reopened(tmp_path) -> None:
    session = Session(tmp_path)
    one, two, three = (session.add_tab(name=name) for name in "abc")
    session.set_active(two.folder)
    session.close_tab(two.folder)
    assert session.active.folder == three.folder
    session.close_tab(one.folder)
    assert session.active.folder == three.folder
    session.close_tab(three.folder)
    assert session.active is None
    session.close_tab("elsewhere")
    assert [session.reopen().name for _ in range(3)] == ["c", "a", "b"]
    assert session.reopen() is None
    assert Path(two.folder).is_dir()
    session.close()


def test_journals_closed_long_ago_are_deleted(tmp_path, monkeypatch) -> None:
    session = Session(tmp_path)
    old, new = session.add_tab(name="old"), session.add_tab(name="new")
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now - 91 * 86400)
    session.close_tab(old.folder)
    monkeypatch.setattr(module.time, "time", lambda: now)
    session.close_tab(new.folder)
    session.close()
    again = Session(tmp_path)
    assert not Path(old.folder).exists()
    assert again.reopen().name == "new"
    assert again.reopen() is None
    again.close()


def test_recent_files_are_newest_first_and_once(tmp_path) -> None:
    session = Session(tmp_path)
    for name in "abcab":
        session.add_recent(Path(name), limit=2)
    assert session.recent == ("b", "a")
    session.close()


def test_a_second_sketch_has_its_own_session_and_the_next_start_takes_both(tmp_path) -> None:
    first, second = Session(tmp_path), Session(tmp_path)
    assert first.folder != second.folder
    assert first.store_folder == second.store_folder
    first.add_tab(name="one")
    second.add_tab(name="two")
    second.close_tab(second.add_tab(name="gone").folder)
    second.close()
    first.close()
    both = Session(tmp_path)
    assert {tab.name for tab in both.tabs} == {"one", "two"}
    assert both.reopen().name == "gone"
    both.close()
    again = Session(tmp_path)
    assert {tab.name for tab in again.tabs} == {"one", "two", "gone"}
    again.close()


VICTIM = """
import sys, time
from pathlib import Path
from sketch.state.document import Document
from sketch.state.session import Session
from tests.state.drawing import NoStore, draw, fingerprint, real_library
session = Session(Path(sys.argv[1]))
tab = session.tabs[0] if session.tabs else session.add_tab(name="mine")
session.restoring(tab.folder)
document = Document(real_library(), store=NoStore(), folder=Path(tab.folder))
if not document.recovery.total:
    for number in range(20): draw(document, number)
document.journal.flush()
print(tab.folder, fingerprint(document), flush=True)
time.sleep(60)
"""


def killed(folder: Path) -> list[str]:
    command = [sys.executable, "-c", VICTIM, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        words = victim.stdout.readline().split()
        victim.kill()
    return words


def test_after_a_kill_the_unsaved_document_is_there_with_its_undo(tmp_path, library) -> None:
    folder, state = killed(tmp_path)
    session = Session(tmp_path)
    assert [tab.folder for tab in session.tabs] == [folder]
    document = Document(library, store=NoStore(), folder=Path(folder))
    assert fingerprint(document) == state
    assert document.is_modified
    while document.undo():
        pass
    assert not document.tables.nodes
    document.close()
    session.close()


def test_a_document_that_kills_the_start_is_named_after_two_failures(tmp_path) -> None:
    folder, _ = killed(tmp_path)
    session = Session(tmp_path)
    assert not session.is_looping
    assert session.suspect.folder == folder
    session.restored()
    session.close()
    killed(tmp_path)
    killed(tmp_path)
    session = Session(tmp_path)
    assert session.is_looping
    assert session.suspect.folder == folder
    session.close()
    session = Session(tmp_path)
    assert not session.is_looping
    assert session.suspect is None
    session.close()


@pytest.mark.parametrize(
    "damage", ["", "{}", "[", '{"version": 99}', "\x00", "null", '{"version":1,"tabs":[3]}']
)
def test_a_damaged_session_file_is_kept_and_every_journal_is_a_tab(tmp_path, library, damage) -> None:
    session = Session(tmp_path)
    tabs = [session.add_tab(), session.add_tab()]
    document = Document(library, store=NoStore(), folder=Path(tabs[1].folder))
    draw(document, 0)
    document.close()
    session.close()
    file = session.folder / "session.json"
    file.write_text(damage)
    again = Session(tmp_path)
    assert [tab.folder for tab in again.tabs] == [tabs[1].folder]
    kept = list(again.folder.glob("*.damaged"))
    assert [path.read_text() for path in kept] == [damage]
    again.close()


def test_a_lost_session_file_is_found_again(tmp_path, library) -> None:
    session = Session(tmp_path)
    tab = session.add_tab()
    Document(library, store=NoStore(), folder=Path(tab.folder)).close()
    session.close()
    (session.folder / "session.json").unlink()
    again = Session(tmp_path)
    assert [found.folder for found in again.tabs] == [tab.folder]
    again.close()


def test_a_disk_that_is_full_is_said(tmp_path, monkeypatch) -> None:
    session = Session(tmp_path)

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(late_file, "write_text", fail)
        session.add_tab(name="kept in memory")
        session.file.flush()
        assert "No space left" in session.warning
        assert len(session.tabs) == 1
    session.set_active(session.tabs[0].folder)
    session.file.flush()
    assert session.warning == ""
    session.close()


def test_looks_are_written_a_moment_later(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "LATER_SECONDS", 0.01)
    session = Session(tmp_path)
    session.file.flush()
    session.set("theme", "dark")
    session.set("theme", "light")
    file, end = session.folder / "session.json", time.monotonic() + 10
    while '"theme": "light"' not in file.read_text():
        assert time.monotonic() < end
    session.close()


def test_a_session_that_cannot_be_locked_is_one_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_try_lock", lambda folder: None)
    with pytest.raises(OSError, match="cannot be locked"):
        Session(tmp_path)


def test_state_to_json_and_back() -> None:
    tab = Tab("f", None, "n", {"top": {"x": 1}}, 5.0)
    state = SessionState((tab,), "f", (tab,), {"a": b"\x01"}, {"k": [1, None]}, (1.0,), "f")
    assert from_json(to_json(state)) == state
    with pytest.raises(CodecError, match="damaged"):
        from_json('{"version": 1}')
