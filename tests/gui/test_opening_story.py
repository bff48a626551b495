"""Opening models of other programs in the window: as a job, placed, with weights; refusals are one line."""

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex

from tests.gui.windows import main_window


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def squeezenet() -> Path:
    import onnx

    return Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_squeezenet.onnx"


def open_and_wait(window, qtbot, path: Path) -> None:
    job = window.opener.open_file(path)
    assert job is not None
    qtbot.waitUntil(lambda: not window.job_bar.isHidden(), timeout=60_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def test_a_classic_opens_connected_placed_and_with_shapes(window, qtbot, squeezenet):
    open_and_wait(window, qtbot, squeezenet)
    document = window.desk.document
    assert document is not None, window.statusBar().currentMessage()
    inference = document.inference
    outputs = [node for node in document.tables.nodes.values() if node.layer == "Output"]
    assert [inference.of(node.id).inputs[0].shape[:2] for node in outputs] == [(1, 1000)]
    assert inference.total_parameters == 1_235_496
    places = {(place.x, place.y) for place in document.tables.places.values()}
    assert len(places) > 50
    assert not document.is_modified
    assert window.keeper.recent() == [squeezenet]
    window.opener.open_file(squeezenet)
    assert window.area.tabs.count() == 1


@pytest.mark.parametrize(
    ("name", "content"), [("empty.onnx", b""), ("cut.onnx", b"\x08\x07\x12"), ("note.txt", b"hello")]
)
def test_a_file_that_is_no_model_is_refused_in_one_line(window, qtbot, tmp_path, monkeypatch, name, content):
    said: list[str] = []
    monkeypatch.setattr("sketch.gui.opening.show_error", lambda _parent, text: said.append(text))
    path = tmp_path / name
    path.write_bytes(content)
    window.opener.open_file(path)
    qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    assert len(said) == 1
    assert name in said[0]
    assert "\n" not in said[0]
    assert window.desk.tab is None


def test_the_directory_tree_opens_a_file(window, qtbot, tmp_path):
    tab = window.opener.new()
    window.opener._write(tab, tmp_path / "net.sketch")
    window.opener.close()
    window.set_folder(tmp_path)
    files = window.panels.files

    def found() -> QModelIndex:
        return files.tree.model().index(str(tmp_path / "net.sketch"))

    qtbot.waitUntil(lambda: found().isValid(), timeout=20_000)
    files.tree.activated.emit(found())
    assert window.desk.document.path == tmp_path / "net.sketch"
