"""The journal: damage is found and survived, a full disk loses nothing that is in memory, one process at a time."""

import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from sketch.graph.tables import snapshot
from sketch.state import commands, journal
from sketch.state.document import Document
from sketch.state.journal import Journal
from sketch.state.journal_file import VERSION, JournalError, last_op, open_journal
from sketch.state.records import Record
from tests.state.drawing import NoStore, Reference, draw, fingerprint, real_library

EDITS = 40


@pytest.fixture(scope="module")
def library():
    return real_library()


def opened(library, folder: Path) -> Document:
    return Document(library, store=NoStore(), folder=folder)


def written(library, folder: Path, edits: int = EDITS) -> bytes:
    document = opened(library, folder)
    for number in range(edits):
        draw(document, number)
    document.close()
    return (folder / "journal.db").read_bytes()


def test_a_clean_close_leaves_one_file_that_replays(library, tmp_path) -> None:
    written(library, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"journal.db", "reserve"}
    document = opened(library, tmp_path)
    assert (document.recovery.edits, document.recovery.total) == (EDITS, EDITS)
    assert fingerprint(document) == Reference().after(EDITS)
    assert document.recovery.message == ""
    document.close()


def test_an_edit_ends_a_hold(library, tmp_path) -> None:
    document = opened(library, tmp_path)
    document.journal.hold()
    draw(document, 0)
    deadline = time.monotonic() + 30
    while document.journal._queue and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not document.journal._queue  # what was committed leaves it
    document.close()


def test_any_damaged_byte_gives_an_earlier_state_and_keeps_the_original(library, tmp_path) -> None:
    whole = written(library, tmp_path / "whole")
    reference, dice = Reference(), random.Random(3)
    states = [reference.after(number) for number in range(EDITS + 1)]
    restored, refused = [], []
    for turn in range(60):
        folder = tmp_path / str(turn)
        folder.mkdir()
        damaged = bytearray(whole)
        for _ in range(1 + turn % 3):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        (folder / "journal.db").write_bytes(damaged)
        try:
            document = opened(library, folder)
        except JournalError as error:
            refused.append((str(error), (folder / "journal.db").read_bytes() == bytes(damaged)))
            continue
        edits = document.recovery.edits
        assert fingerprint(document) == states[edits]
        if edits < EDITS:
            assert document.recovery.damaged is not None
            assert document.recovery.damaged.read_bytes() == bytes(damaged)
            assert "damaged" in document.recovery.message
        restored.append(edits)
        commands.add_layer(document, "ReLU", (0, 0))
        last = fingerprint(document)
        document.close()
        again = opened(library, folder)
        assert fingerprint(again) == last
        assert again.recovery.damaged is None
        again.close()
    assert all("newer" in message and is_untouched for message, is_untouched in refused)
    assert sorted(restored)[len(restored) // 2] >= EDITS // 3


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_journal_cut_short_opens(library, tmp_path, share) -> None:
    whole = written(library, tmp_path)
    (tmp_path / "journal.db").write_bytes(whole[: int(len(whole) * share)])
    document = opened(library, tmp_path)
    assert fingerprint(document) == Reference().after(document.recovery.edits)
    document.close()


def test_rows_removed_or_swapped_are_noticed(library, tmp_path) -> None:
    for turn, damage in enumerate(
        (
            "DELETE FROM op WHERE seq = 20",
            "DELETE FROM op WHERE seq > 35",
            "UPDATE op SET payload = (SELECT payload FROM op WHERE seq = 2) WHERE seq = 30",
            "UPDATE op SET kind = 'merge' WHERE seq = 11",
            "UPDATE op SET hash = x'00' WHERE seq = 7",
            "UPDATE op SET kind = x'ff' WHERE seq = 7",
        )
    ):
        folder = tmp_path / str(turn)
        written(library, folder)
        with sqlite3.connect(folder / "journal.db") as connection:
            connection.execute(damage)
        connection.close()
        document = opened(library, folder)
        good = (19, 35, 29, 10, 6, 6)[turn]
        assert (document.recovery.edits, document.recovery.total) == (good, EDITS)
        assert f"restored {good} of {EDITS} edits" in document.recovery.message
        assert fingerprint(document) == Reference().after(good)
        document.close()


def test_a_full_disk_keeps_edits_in_memory_and_says_so(library, tmp_path, monkeypatch) -> None:
    document = opened(library, tmp_path)
    draw(document, 0)
    assert document.journal.flush(10)
    room, reasons = [0], []
    real = journal.open_journal

    def full(path):
        connection = real(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + room[0]}")
        return connection

    monkeypatch.setattr(journal, "open_journal", full)
    document.journal._book.connection.execute("PRAGMA max_page_count=1")
    document.journal.watch(reasons.append)
    note = "a long text " * 3000
    for number in range(5):
        commands.add_note(document, note, (number, 0))
    assert not document.journal.flush(10)
    assert "full" in document.journal.failing
    assert document.journal.depth == 5
    assert not (tmp_path / "reserve").exists()
    assert len(document.tables.notes) == 5
    room[0] = 10_000
    assert document.journal.flush(10)
    assert document.journal.failing is None
    assert len(reasons) == 2
    assert reasons[1] is None
    state = fingerprint(document)
    document.close()
    again = opened(library, tmp_path)
    assert fingerprint(again) == state
    again.close()


def test_who_opens_a_journal_waits_for_the_close_before(library, tmp_path, monkeypatch) -> None:
    go, begun, real, heard = threading.Event(), threading.Event(), journal.append_ops, []

    def slow(*arguments):
        begun.set()
        assert go.wait(30)
        return real(*arguments)

    document = opened(library, tmp_path)
    monkeypatch.setattr(journal, "append_ops", slow)
    for number in range(3):
        draw(document, number)
    assert begun.wait(30)
    document.journal.watch(heard.append)
    document.close(wait=False)
    assert journal.is_leaving(tmp_path)
    threading.Timer(0.05, go.set).start()
    again = opened(library, tmp_path)
    assert again.recovery.edits == 3
    assert fingerprint(again) == Reference().after(3)
    assert not journal.is_leaving(tmp_path)
    again.close(wait=False)
    journal.wait_for_leaving()
    assert not (tmp_path / "journal.db-wal").exists()
    assert heard == []


def test_closing_beside_drops_what_is_to_be_forgotten_and_is_done_once(library, tmp_path) -> None:
    document = opened(library, tmp_path)
    document.journal.hold()
    commands.add_note(document, "kept", (0, 0))
    assert document.journal.flush(30)
    document.journal.hold()
    document.journal.set_value("document", {"name": "dropped"})
    document.close(forget=True, wait=False)
    document.close()
    journal.wait_for_leaving()
    again = opened(library, tmp_path)
    assert (again.recovery.edits, again.name) == (1, "untitled")
    again.close()


def test_what_comes_first_is_done_before_anything_is_written(library, tmp_path) -> None:
    seen = []
    document = opened(library, tmp_path)
    document.journal.first = lambda: seen.append(last_op(document.journal._book.connection)[0])
    for number in range(3):
        draw(document, number)
        assert document.journal.flush(30)
    assert seen == [0]
    document.close()


def test_a_commit_that_arrived_though_it_failed_is_not_written_twice(library, tmp_path, monkeypatch) -> None:
    document = opened(library, tmp_path)
    draw(document, 0)
    assert document.journal.flush(10)
    real, failed = journal.append_ops, []

    def arrives_and_fails(connection, head, ops):
        made = real(connection, head, ops)
        if not failed:
            failed.append(made)
            connection.execute("COMMIT")
            raise sqlite3.OperationalError("disk I/O error")
        return made

    monkeypatch.setattr(journal, "append_ops", arrives_and_fails)
    for number in range(1, 9):
        draw(document, number)
    deadline = time.monotonic() + 10
    while not document.journal.flush(1):
        assert time.monotonic() < deadline
    assert failed
    document.close()
    again = opened(library, tmp_path)
    assert again.recovery.edits == 9
    assert fingerprint(again) == Reference().after(9)
    again.close()


@pytest.mark.parametrize("fails_at", range(8))
def test_the_nth_statement_that_fails_loses_nothing(library, tmp_path, monkeypatch, fails_at) -> None:
    count = [0]
    real = sqlite3.connect

    class Failing(sqlite3.Connection):
        def execute(self, *arguments):
            if threading.current_thread().name == "sketch-journal":
                count[0] += 1
                if count[0] == fails_at + 1:
                    raise sqlite3.OperationalError("disk I/O error")
            return super().execute(*arguments)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Failing))
    document = opened(library, tmp_path)
    for number in range(EDITS):
        draw(document, number)
    deadline = time.monotonic() + 10
    while not document.journal.flush(1):
        assert time.monotonic() < deadline
    document.close()
    again = opened(library, tmp_path)
    assert fingerprint(again) == Reference().after(EDITS)
    again.close()


def test_a_value_that_cannot_be_kept_is_said(library, tmp_path) -> None:
    document = opened(library, tmp_path)
    document.edit("odd", lambda draft: draft.put("meta", "odd", object()))
    assert not document.journal.flush(10)
    assert "object cannot be kept" in document.journal.failing
    document.close()


def test_a_second_process_is_refused(library, tmp_path) -> None:
    document = opened(library, tmp_path)
    draw(document, 0)
    with pytest.raises(JournalError, match="open in another Sketch"):
        opened(library, tmp_path)
    document.close()


def test_a_newer_journal_is_left_alone(library, tmp_path) -> None:
    written(library, tmp_path, 2)
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = (tmp_path / "journal.db").read_bytes()
    with pytest.raises(JournalError, match="newer Sketch"):
        opened(library, tmp_path)
    assert (tmp_path / "journal.db").read_bytes() == before


def test_a_journal_of_before_is_read_and_then_is_of_this_version(library, tmp_path) -> None:
    written(library, tmp_path, 2)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("PRAGMA user_version=1")
    document = opened(library, tmp_path)
    assert document.tables.nodes
    document.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_folder_that_cannot_hold_a_file_is_one_line(library, tmp_path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalError, match="check that the folder can be written"):
        opened(library, tmp_path)


def test_a_text_file_in_its_place_is_set_aside(library, tmp_path) -> None:
    (tmp_path / "journal.db").write_text("not a database " * 100)
    document = opened(library, tmp_path)
    assert "nothing could be restored" in document.recovery.message
    assert document.recovery.damaged.read_text().startswith("not a database")
    draw(document, 0)
    document.close()


def test_closed_and_unread_journals_refuse(tmp_path) -> None:
    made = Journal(tmp_path)
    made.set_value("document", {"name": "x"})
    assert made.flush(10)
    assert made.value("document") == {"name": "x"}
    assert made.value("other") is None
    made.close()
    with pytest.raises(JournalError, match="closed"):
        made.append(Record("saved"))
    with pytest.raises(JournalError, match="closed"):
        made.value("document")


def test_no_secret_is_readable_by_others_and_pragmas_hold(library, tmp_path) -> None:
    connection = open_journal(tmp_path / "journal.db")
    asked = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "locking_mode", "trusted_schema", "cell_size_check")
    }
    connection.close()
    assert asked == {
        "journal_mode": "wal",
        "synchronous": 2,
        "locking_mode": "exclusive",
        "trusted_schema": 0,
        "cell_size_check": 1,
    }


def test_the_reserve_is_real_space(library, tmp_path) -> None:
    document = opened(library, tmp_path)
    draw(document, 0)
    assert document.journal.flush(10)
    document.close()
    assert (tmp_path / "reserve").stat().st_size == journal.RESERVE_BYTES


def test_name_kernel_and_saved_mark_come_back(library, tmp_path) -> None:
    file = tmp_path / "net.sketch"
    file.write_text("any")
    document = Document(library, store=NoStore(), folder=tmp_path / "j", name="mine")
    document.kernel = "onnx"
    draw(document, 0)
    document.mark_saved(file)
    draw(document, 1)
    document.close()
    again = opened(library, tmp_path / "j")
    assert (again.name, again.kernel, again.path, again.is_modified) == ("net", "onnx", file, True)
    assert not again.changed_outside()
    file.write_text("longer than before")
    assert again.changed_outside()
    file.unlink()
    assert again.changed_outside()
    again.undo()
    assert not again.is_modified
    again.close()
    assert snapshot(again.tables)
