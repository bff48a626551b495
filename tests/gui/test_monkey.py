"""A window that is used at random: nothing fails, and what is drawn, known, undone and kept stays one and the same."""

import shutil

import pytest

from sketch.graph.tables import snapshot
from sketch.gui import asides, background, desk
from sketch.gui.canvas.wires import Wiring
from sketch.state.document import Document
from sketch.state.document_file import load_document, save_document
from sketch.state.twin import Twin
from tests.graph.random_edits import laws, same_inference
from tests.gui.canvas.test_levels import drawn
from tests.gui.monkey import Monkey
from tests.gui.windows import example_window

STEPS, LOOK_EVERY = 80, 40


@pytest.mark.parametrize(("seed", "example"), [(1, "lenet5"), (2, "resnet18"), (3, "encoder")])
def test_nothing_comes_apart_however_it_is_used(qtbot, tmp_path, monkeypatch, seed, example):
    if seed % 2:
        monkeypatch.setattr(asides, "MANY", 3)  # nearly every edit is worked out beside the window
        monkeypatch.setattr(background, "FEW", 10)
        monkeypatch.setattr(desk, "AT_ONCE", 4)  # and shapes and weights follow later, or there
    with example_window(qtbot, example) as window:
        monkey = Monkey(window, seed)
        for number in range(1, STEPS + 1):
            monkey.step()
            qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
            if number % LOOK_EVERY == 0:
                is_one(window, tmp_path / str(number))
        said = [record.message for record in window.services.log.records()]
        assert not [text for text in said if "uncaught" in text or "Traceback" in text], monkey.done


def is_one(window, folder) -> None:
    """The canvas, the shapes, the history, the journal and the file all say what the rows say."""
    tab, document = window.desk.tab, window.desk.document
    laws(document.tables)
    same_inference(document.inference, document.tables)
    for canvas in tab.view.canvases():
        badges = canvas.ink.options.badges
        anew = Wiring(document.tables, document.library, canvas.group, badges=badges)
        assert drawn(canvas.wiring) == drawn(anew)
        assert set(canvas.boxes) == set(anew.boxes)
        assert set(canvas.edges.lines) == set(anew.lines)
        assert canvas.ink.selection <= {*anew.boxes, *anew.frames, *canvas.notes}
    rows = snapshot(document.tables)
    there_and_back(document, rows)
    is_kept(document, rows, folder)
    for row, action in window.actions_:
        assert action.isEnabled() == (row.why_not(window) is None), row.id


def there_and_back(document, rows) -> None:
    twin = Twin(document)
    twin.jump(0)
    twin.jump(document.history.cursor)
    assert snapshot(twin.tables) == rows
    same_inference(twin.inference, twin.tables)


def is_kept(document, rows, folder) -> None:
    folder.mkdir()
    assert document.journal.flush(30.0)
    shutil.copytree(document.folder, folder / "journal", ignore=shutil.ignore_patterns("reserve"))
    replayed = Document(document.library, store=document.store, folder=folder / "journal")
    assert snapshot(replayed.tables) == rows
    assert replayed.history.entries() == document.history.entries()
    replayed.close()
    save_document(document, folder / "kept.sketch")
    opened = load_document(
        folder / "kept.sketch", document.library, store=document.store, folder=folder / "opened"
    )
    assert snapshot(opened.tables) == rows
    opened.close()
