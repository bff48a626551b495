"""Opening files that need answers: permission with class and arguments, weights with their network."""

import pytest
import torch
from PySide6.QtWidgets import QDialogButtonBox
from torch import nn

from sketch.gui.opening_dialog import OpeningDialog, classes_in, shapes_of
from sketch.gui.opening_weights import DRAWING, SOURCE, WeightsDialog
from tests.gui.windows import main_window

SOURCE_TEXT = """import torch
from torch import nn

open({mark!r}, "w").close()


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, 3)

    def forward(self, x):
        return self.fc(x)


class Other(nn.Module):
    def __init__(self, width):
        super().__init__()
"""


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def asked(window, qtbot, kind, before=None):
    """The question that opens."""

    def there():
        models = window.opener.models
        return models is not None and isinstance(models.dialog, kind) and models.dialog is not before

    qtbot.waitUntil(there, timeout=120_000)
    return window.opener.models.dialog


def done(window, qtbot, tabs):
    qtbot.waitUntil(lambda: window.area.tabs.count() == tabs and not window.jobs.running, timeout=120_000)
    return window.desk.document


def test_source_is_asked_about_and_nothing_runs_before(window, qtbot, tmp_path):
    mark, path = tmp_path / "ran", tmp_path / "model.py"
    path.write_text(SOURCE_TEXT.format(mark=str(mark)))
    window.opener.open_file(path)
    dialog = asked(window, qtbot, OpeningDialog)
    assert not mark.exists()
    assert [dialog.class_.itemText(index) for index in range(3)] == ["", "Net", "Other"]
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isDefault()
    dialog.reject()
    assert not mark.exists()
    window.opener.open_file(path)
    first = asked(window, qtbot, OpeningDialog, dialog)
    first.accept()
    again = asked(window, qtbot, OpeningDialog, first)
    assert mark.exists()
    assert "there are Net(width), Other(width)" in again.fault.text()
    again.class_.setCurrentText("Net")
    again.arguments.setText("width=5")
    again.accept()
    document = done(window, qtbot, 1)
    assert sorted(node.layer for node in document.tables.nodes.values()) == ["Input", "Linear", "Output"]
    assert window.desk.tab.trusted
    assert "ran on x float32 2×" in window.statusBar().currentMessage()


def test_weights_are_asked_about_and_filled_into_an_open_drawing(window, qtbot, tmp_path):
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    torch.save(module, tmp_path / "whole.pth")
    window.opener.open_file(tmp_path / "whole.pth")
    first = asked(window, qtbot, OpeningDialog)
    first.accept()
    done(window, qtbot, 1)
    with torch.no_grad():
        module[0].weight.fill_(7.0)
    torch.save({f"module.{key}": value for key, value in module.state_dict().items()}, tmp_path / "w.pth")
    window.opener.open_file(tmp_path / "w.pth")
    dialog = asked(window, qtbot, WeightsDialog, first)
    assert dialog.choice == "alone"
    dialog.choose(DRAWING)
    dialog.accept()
    document = done(window, qtbot, 2)
    assert "4 matched" in window.statusBar().currentMessage()
    rows = [document.tables.tensors[key] for key in document.tables.weights.values()]
    row = next(row for row in rows if row.shape == (3, 4))
    assert (window.services.store.get(row.digest, row.shape, row.dtype) == 7.0).all()


def test_weights_alone_and_with_their_source(window, qtbot, tmp_path):
    (tmp_path / "net.py").write_text(SOURCE_TEXT.format(mark=str(tmp_path / "ran")))
    torch.save({"fc.weight": torch.ones(3, 6), "fc.bias": torch.zeros(3)}, tmp_path / "w.pth")
    window.opener.open_file(tmp_path / "w.pth")
    dialog = asked(window, qtbot, WeightsDialog)
    dialog.accept()
    document = done(window, qtbot, 1)
    assert {node.layer for node in document.tables.nodes.values()} == {"Group", "Parameter"}
    window.opener.close()
    window.opener.open_file(tmp_path / "w.pth")
    dialog = asked(window, qtbot, WeightsDialog, dialog)
    dialog.choose(SOURCE)
    dialog.accept()
    assert "no such file" in dialog.fault.text()
    dialog.file.setText(str(tmp_path / "net.py"))
    dialog.class_.setText("Net")
    dialog.arguments.setText("6")
    dialog.accept()
    permission = asked(window, qtbot, OpeningDialog)
    assert not (tmp_path / "ran").exists()
    assert (permission.class_.currentText(), permission.arguments.text()) == ("Net", "6")
    permission.accept()
    document = done(window, qtbot, 1)
    assert "Linear" in {node.layer for node in document.tables.nodes.values()}
    assert "2 matched" in window.statusBar().currentMessage()


def test_shapes_are_read_as_they_are_typed(tmp_path):
    assert shapes_of("image=1x3x8x8, ids = N×L") == {"image": (1, 3, 8, 8), "ids": ("N", "L")}
    assert shapes_of("") == {}
    with pytest.raises(ValueError, match="'3x4' is no shape"):
        shapes_of("3x4")
    (tmp_path / "broken.py").write_text("class A(:\n")
    assert classes_in(tmp_path / "broken.py") == []
