"""The first picture of a file: there before the file is read, not to be edited, and replaced by the document."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.models import write
from sketch.kernels.onnx import glance as reading
from tests.gui.windows import main_window, press

REFUSAL = "Reading the rest of chain-400.onnx: editing starts in a moment."


class Gate:
    """Holds the import back until the test has seen the picture."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        from sketch.binder.binder import Runs

        self.opened = threading.Event()
        call = Runs.call

        def held(runs, kernel, method, arguments, trusted):
            while method == "import_model" and not self.opened.wait(0.01):
                runs.job.check()
            return call(runs, kernel, method, arguments, trusted)

        monkeypatch.setattr(Runs, "call", held)


@pytest.fixture
def gate(monkeypatch):
    return Gate(monkeypatch)


@pytest.fixture
def window(qtbot, engine):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("models"), "chain", 400)


def begin(window, qtbot, path: Path):
    """Open a file, and wait until its first picture is painted."""
    job = window.opener.open_file(path)
    qtbot.waitUntil(lambda: window.area.glance is not None, timeout=30_000)
    page = window.area.glance
    qtbot.waitUntil(lambda: page.view._painted, timeout=30_000)
    return page, job


def finish(window, qtbot, gate) -> None:
    gate.opened.set()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def journals(window) -> list[Path]:
    return sorted((window.services.session.folder / "documents").glob("*"))


def test_the_picture_is_there_before_the_file_is_read_and_the_document_takes_its_place(
    window, qtbot, gate, chain
):
    page, job = begin(window, qtbot, chain)
    assert job.state == "running"
    assert window.area.tabs.tabText(0) == "chain-400"
    assert len(page.view.canvas.nodes) == 402
    assert len(page.view.canvas.wiring.lines) == 401
    assert window.desk.tab is None
    assert list(window.area) == []
    assert window.services.session.tabs == ()
    assert journals(window) == []
    names = {node.name for node in page.document.tables.nodes.values()}
    boxes = {page.document.tables.nodes[key].name: box for key, box in page.view.canvas.wiring.boxes.items()}
    finish(window, qtbot, gate)
    assert window.area.glances == []
    assert window.area.tabs.count() == 1
    document = window.desk.document
    assert {node.name for node in document.tables.nodes.values()} == names
    assert {
        document.tables.nodes[key].name: box for key, box in window.desk.view.canvas.wiring.boxes.items()
    } == boxes
    assert len(window.services.session.tabs) == 1
    assert window.desk.view._untouched


def test_it_can_be_looked_around_in_but_not_edited(window, qtbot, gate, chain):
    page, _ = begin(window, qtbot, chain)
    view, said = page.view, []
    view.message.connect(said.append)
    before = view.scale_factor
    window.actions_.run("view.zoom_in")
    assert view.scale_factor > before
    window.actions_.run("view.frame_all")
    view.centre_on(10)
    box = view.canvas.wiring.boxes[10]
    at = view.mapFromScene(box.x, box.y + 15)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert view.selected() == [10]
    press(view.viewport(), Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    drag(view, at, at + QPoint(80, 60))
    assert view.canvas.wiring.boxes[10] == box
    assert not view.canvas.shift_of(10)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    press(view.viewport(), Qt.Key.Key_F2)
    assert said
    assert set(said) == {REFUSAL}
    assert window.actions_.why_not("edit.delete") == REFUSAL
    assert window.actions_.why_not("insert.quick_add") == REFUSAL
    assert window.statusBar().currentMessage() == REFUSAL
    finish(window, qtbot, gate)
    assert window.actions_.why_not("edit.delete") != REFUSAL


def drag(view, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.viewport(), (start + end) / 2)
    QTest.mouseMove(view.viewport(), end)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=end)
    QApplication.processEvents()


def test_who_has_looked_elsewhere_still_looks_there_afterwards(window, qtbot, gate, chain):
    page, _ = begin(window, qtbot, chain)
    there = next(key for key, node in page.document.tables.nodes.items() if node.name == "Relu_201")
    page.view.centre_on(there)
    page.view.zoom(1.3)
    page.view.scroll_by(QPoint(40, 30))
    zoom, seen = page.view.scale_factor, shown_at(page.view, there)
    finish(window, qtbot, gate)
    view = window.desk.view
    now = next(key for key, node in view.document.tables.nodes.items() if node.name == "Relu_201")
    assert view.scale_factor == pytest.approx(zoom)
    assert (shown_at(view, now) - seen).manhattanLength() <= 4


@pytest.mark.parametrize("kind", ["masked", "transformer", "branching"])
def test_the_beginning_stays_where_it_is_when_the_document_comes(window, qtbot, gate, tmp_path, kind):
    """Also where the document has constants beside it that the picture has not."""
    page, _ = begin(window, qtbot, write(tmp_path, kind, 400))
    first = page.document.tables.nodes
    inputs = {node.name: shown_at(page.view, key) for key, node in first.items() if node.layer == "Input"}
    top = min(inputs, key=lambda name: inputs[name].y())
    was = page.view.mapTo(window, inputs[top])
    finish(window, qtbot, gate)
    view = window.desk.view
    now = next(key for key, node in view.document.tables.nodes.items() if node.name == top)
    moved = view.mapTo(window, shown_at(view, now)) - was
    assert abs(moved.x()) <= 2
    assert abs(moved.y()) <= 40  # the line that offers to fold what repeats


def shown_at(view, node_id: int) -> QPoint:
    box = view.canvas.wiring.boxes[node_id]
    return view.mapFromScene(box.x, box.y)


def test_cancelling_takes_the_picture_away(window, qtbot, gate, chain):
    _, job = begin(window, qtbot, chain)
    job.cancel()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    assert window.area.tabs.count() == 0
    assert window.area.currentWidget() is window.area.welcome
    assert (journals(window), window.services.session.tabs) == ([], ())


def test_cancelling_while_the_document_is_made_takes_it_away_too(window, qtbot, gate, chain, monkeypatch):
    monkeypatch.setattr("sketch.gui.opening_models.SMALL_ROWS", 0)
    begin(window, qtbot, chain)
    made = window.services.filled

    def cancelled(*args):
        window.jobs.running[-1].cancel()
        return made(*args)

    monkeypatch.setattr(window.services, "filled", cancelled)
    finish(window, qtbot, gate)
    assert window.area.tabs.count() == 0
    assert (journals(window), window.services.session.tabs) == ([], ())


def test_a_file_that_cannot_be_read_is_refused_as_ever(window, qtbot, gate, chain, monkeypatch, tmp_path):
    said: list[str] = []
    monkeypatch.setattr("sketch.gui.opening.show_error", lambda _parent, text: said.append(text))
    whole = chain.read_bytes()
    path = tmp_path / "broken.onnx"
    path.write_bytes(
        whole.replace(b"v200", b"v9zz", 1)
    )  # an operator makes what nobody reads: v200 comes from nowhere
    begin(window, qtbot, path)
    finish(window, qtbot, gate)
    assert len(said) == 1
    assert "broken.onnx" in said[0]
    assert window.area.tabs.count() == 0


def test_closing_the_picture_stops_the_reading(window, qtbot, gate, chain):
    page, job = begin(window, qtbot, chain)
    window.area.tabs.tabCloseRequested.emit(window.area.tabs.indexOf(page))
    assert window.area.tabs.count() == 0
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    assert job.state == "cancelled"
    _, job = begin(window, qtbot, chain)
    window.actions_.run("file.close")
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    assert job.state == "cancelled"
    assert window.area.currentWidget() is window.area.welcome


def test_closing_the_window_meanwhile_leaves_nothing_behind(qtbot, engine, gate, chain, user_folders):
    with main_window(qtbot) as first:
        begin(first, qtbot, chain)
    with main_window(qtbot) as second:
        assert second.area.tabs.count() == 0
        assert (journals(second), second.services.session.tabs) == ([], ())


def test_beside_another_tab_it_keeps_its_place_and_does_not_come_to_the_front(window, qtbot, gate, chain):
    first = window.opener.new()
    begin(window, qtbot, chain)
    assert window.desk.tab is None
    last = window.opener.new()
    assert [tab.document.name for tab in window.area] == ["untitled", "untitled 2"]
    window.keeper.save_now()
    finish(window, qtbot, gate)
    assert [tab.document.name for tab in window.area] == ["untitled", "chain-400", "untitled 2"]
    assert window.area.front is last
    window.keeper.save_now()
    folders = [str(tab.document.folder) for tab in window.area]
    assert [tab.folder for tab in window.services.session.tabs] == folders
    assert first in list(window.area)


def test_opening_the_file_again_meanwhile_shows_the_picture(window, qtbot, gate, chain):
    page, _ = begin(window, qtbot, chain)
    window.opener.new()
    assert window.opener.open_file(chain) is None
    assert window.area.glance is page
    finish(window, qtbot, gate)
    assert [tab.document.name for tab in window.area] == ["chain-400", "untitled"]


def test_a_kernel_that_fails_at_the_glance_costs_the_picture_alone(window, qtbot, gate, chain, monkeypatch):
    def fails(_path):
        raise ValueError("not this one")

    monkeypatch.setattr(reading, "glance", fails)
    window.opener.open_file(chain)
    finish(window, qtbot, gate)
    assert window.desk.document.name == "chain-400"


def test_a_small_file_shows_no_picture(window, qtbot, gate, tmp_path):
    window.opener.open_file(write(tmp_path, "chain", 20))
    finish(window, qtbot, gate)
    assert window.desk.document.name == "chain-20"


def test_another_theme_reaches_the_picture(window, qtbot, gate, chain):
    page, _ = begin(window, qtbot, chain)
    window.services.settings.set("appearance.theme", "light")
    assert page.view.canvas.ink.theme is window.theme
    finish(window, qtbot, gate)
