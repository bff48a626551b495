"""Big documents are made beside the window: opened, saved, restored; a cancel leaves no tab, no file and no journal."""

import threading
from pathlib import Path

import pytest

from sketch.binder.tensors import TensorStore
from sketch.gui import adopting, background, opening_models, session_keeper
from sketch.gui import opening as opening_module
from sketch.state import commands, journal
from sketch.state.document import Document
from sketch.state.document_file import save_document
from tests.gui.windows import idle, main_window


@pytest.fixture
def window(qtbot, monkeypatch):
    """A window for which every document is a big one."""
    for module, name in (
        (opening_module, "QUICK_BYTES"), (session_keeper, "QUICK_BYTES"), (opening_models, "SMALL_ROWS"),
        (background, "FEW"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 0)
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def drawing(window, tmp_path) -> Path:
    tab = window.opener.example("lenet5")
    path = save_document(tab.document, tmp_path / "net.sketch")
    window.opener.close(tab)
    return path


def journals(window) -> list[Path]:
    return sorted((window.services.session.folder / "documents").glob("*"))


def test_a_drawing_opens_beside_the_window_with_its_history_and_is_journaled(window, qtbot, drawing):
    job = window.opener.open_file(drawing)
    assert window.desk.tab is None
    assert window.jobs.running == [job]
    idle(window, qtbot)
    document = window.desk.document
    assert document.path == drawing
    assert not document.is_modified
    assert document.inference.total_parameters == 61_706
    commands.rename(document, min(document.tables.nodes), "first")
    assert document.journal.flush(20)
    assert document.journal.depth == 0
    folder = document.folder
    window.opener.close()
    window.opener.reopen()
    idle(window, qtbot)
    assert window.desk.document.folder == folder
    assert "first" in {node.name for node in window.desk.document.tables.nodes.values()}


def test_a_cancel_leaves_no_tab_no_journal_and_nothing_in_the_session(window, qtbot, drawing):
    before, tabs = journals(window), window.services.session.tabs
    job = window.opener.open_file(drawing)
    job.cancel()
    idle(window, qtbot)
    assert window.desk.tab is None
    assert journals(window) == before
    assert window.services.session.tabs == tabs


def test_a_cancel_after_the_work_was_done_leaves_nothing_either(window, qtbot, drawing):
    before = journals(window)
    job = window.opener.open_file(drawing)
    job.wait(60)
    job.cancel()
    idle(window, qtbot)
    assert window.desk.tab is None
    assert journals(window) == before


def test_closing_the_window_meanwhile_leaves_no_journal(qtbot, monkeypatch, drawing, window):
    before = journals(window)
    window.opener.open_file(drawing).wait(60)
    window.jobs.cancel_all()
    assert journals(window) == before


def between_two_turns(monkeypatch, act):
    """Do this when the tab of a document has been made and nobody has seen it."""
    real = adopting._Arrival.build

    def build(arrival, ready):
        steps = real(arrival, ready)
        for _ in range(2):
            yield next(steps)
        act(arrival)
        yield from steps

    monkeypatch.setattr(adopting._Arrival, "build", build)


def test_a_cancel_while_the_tab_is_made_leaves_nothing_either(window, qtbot, drawing, monkeypatch):
    before, tabs = journals(window), window.services.session.tabs
    between_two_turns(monkeypatch, lambda _arrival: job.cancel())
    job = window.opener.open_file(drawing)
    idle(window, qtbot)
    assert job.state == "done"
    assert window.desk.tab is None
    assert (journals(window), window.services.session.tabs) == (before, tabs)


def test_closing_the_window_while_the_tab_is_made_leaves_no_journal(window, qtbot, drawing, monkeypatch):
    before, made = journals(window), []
    between_two_turns(monkeypatch, lambda arrival: made.append(arrival) or window.jobs.cancel_all())
    window.opener.open_file(drawing)
    qtbot.waitUntil(lambda: bool(made), timeout=60_000)
    qtbot.wait(20)
    assert window.desk.tab is None
    assert journals(window) == before


def test_what_is_chosen_while_the_tab_is_made_holds_for_it(window, qtbot, drawing, monkeypatch):
    settings = window.services.settings

    def choose(_arrival):
        settings.set("appearance.theme", "light" if window.theme.is_dark else "dark")
        settings.set("canvas.grid", not settings.get("canvas.grid"))

    between_two_turns(monkeypatch, choose)
    window.opener.open_file(drawing)
    idle(window, qtbot)
    view = window.desk.view
    assert view.canvas.ink.theme is window.theme
    assert view.options.grid is settings.get("canvas.grid")
    qtbot.waitUntil(window.area.updatesEnabled)


def test_no_edit_is_written_before_the_session_knows_the_tab(window, qtbot, drawing):
    window.opener.open_file(drawing)
    idle(window, qtbot)
    session, document = window.services.session, window.desk.document
    assert document.journal.first == session.file.flush
    commands.rename(document, min(document.tables.nodes), "first")
    assert document.journal.flush(20)
    assert document.journal.first is None
    assert str(document.folder) in (session.folder / "session.json").read_text()


def test_a_window_that_closes_waits_for_the_journal_of_a_tab_that_was_closed(
    qtbot, library, tmp_path, monkeypatch
):
    go, begun, real = threading.Event(), threading.Event(), journal.append_ops

    def slow(*arguments):
        begun.set()
        assert go.wait(30)
        return real(*arguments)

    with main_window(qtbot) as window:
        tab = window.opener.new()
        folder = tab.document.folder
        monkeypatch.setattr(journal, "append_ops", slow)
        commands.add_layer(tab.document, "ReLU", (0, 0))
        assert begun.wait(30)
        window.opener.close(tab)
        assert journal.is_leaving(folder)
        threading.Timer(0.05, go.set).start()
    assert not journal.is_leaving(folder)
    again = Document(library, store=TensorStore(tmp_path), folder=folder)
    assert [node.layer for node in again.tables.nodes.values()] == ["ReLU"]
    again.close()


def test_a_tab_comes_back_while_the_files_of_its_journal_come_and_go(window, qtbot, monkeypatch):
    go, real = threading.Event(), journal.append_ops

    def slow(*arguments):
        assert go.wait(30)
        return real(*arguments)

    tab = window.opener.new()
    monkeypatch.setattr(journal, "append_ops", slow)
    commands.add_layer(tab.document, "ReLU", (0, 0))
    folder = tab.document.folder
    window.opener.close(tab)
    gone = folder / "journal.db-gone"
    gone.symlink_to(folder / "nothing")  # listed, and nothing there when it is asked for its size
    window.opener.reopen()
    gone.unlink()
    go.set()
    idle(window, qtbot)
    assert [node.layer for node in window.desk.document.tables.nodes.values()] == ["ReLU"]


def test_a_damaged_drawing_is_refused_in_one_line(window, qtbot, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr("sketch.gui.opening.show_error", lambda _parent, text: said.append(text))
    path = tmp_path / "broken.sketch"
    path.write_bytes(b"no drawing")
    before = journals(window)
    window.opener.open_file(path)
    idle(window, qtbot)
    assert len(said) == 1
    assert "broken.sketch" in said[0]
    assert journals(window) == before


def test_saving_writes_the_state_of_the_moment_and_says_so(window, qtbot, tmp_path, monkeypatch):
    tab = window.opener.example("lenet5")
    document, path = tab.document, tmp_path / "saved.sketch"
    document.path = path
    window.opener.save(tab)
    commands.rename(document, min(document.tables.nodes), "later")
    idle(window, qtbot)
    assert path.exists()
    assert document.is_modified
    commands_undone = document.undo()
    assert commands_undone is not None
    assert not document.is_modified


def test_a_session_comes_back_one_after_the_other(qtbot, monkeypatch, user_folders):
    with main_window(qtbot) as first:
        for key in ("lenet5", "vgg16"):
            first.opener.example(key)
    monkeypatch.setattr(session_keeper, "QUICK_BYTES", 0)
    with main_window(qtbot) as second:
        qtbot.waitUntil(lambda: len(list(second.area)) == 2, timeout=60_000)
        assert [tab.document.name for tab in second.area] == ["lenet5", "vgg16"]
        assert second.area.front.document.name == "vgg16"


def test_views_of_a_session_by_group():
    views = {"top": {"zoom": 1.0}, "7": {"zoom": 2.0}, "-": {}}
    assert adopting.views_of(views) == {None: {"zoom": 1.0}, 7: {"zoom": 2.0}}
