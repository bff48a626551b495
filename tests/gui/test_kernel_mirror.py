"""The source text of a network that is printed beside the window."""

import pytest

from sketch.gui import kernel_mirror
from sketch.state import commands
from sketch.state.document_view import DocumentView
from tests.gui.windows import main_window


@pytest.fixture
def window(qtbot, monkeypatch):
    monkeypatch.setattr(kernel_mirror, "AT_ONCE", 0)
    with main_window(qtbot) as made:
        made.opener.example("lenet5")
        qtbot.waitUntil(lambda: "conv1" in made.mirror.picture.text, timeout=20_000)
        yield made


def test_the_text_follows_an_edit(window, qtbot) -> None:
    document = window.desk.document
    node = next(key for key, node in document.tables.nodes.items() if node.name == "conv1")
    commands.rename(document, node, "another_name")
    qtbot.waitUntil(lambda: "another_name" in window.mirror.picture.text, timeout=20_000)
    assert "conv1" not in window.mirror.picture.text
    assert document.known_problems is not None


def test_a_copy_that_a_change_has_overtaken_is_made_again(window, qtbot, monkeypatch) -> None:
    made, real = [], DocumentView.snapshot_beside

    def overtaken(document):
        made.append(document)
        return (lambda: None) if len(made) < 3 else real(document)

    monkeypatch.setattr(DocumentView, "snapshot_beside", overtaken)
    with qtbot.waitSignal(window.mirror.changed, timeout=20_000):
        window.mirror.refresh()
    assert len(made) == 3
    assert "conv1" in window.mirror.picture.text


def test_nothing_is_made_again_when_another_network_is_in_front(window, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(DocumentView, "snapshot_beside", lambda _document: lambda: None)
    window.mirror.refresh()
    window.opener.new()
    qtbot.waitUntil(lambda: not window.mirror.picture.text, timeout=20_000)
    qtbot.wait(50)
    assert window.mirror.picture.text == ""
