"""Weights in the window: loaded by a table, resized by choice, viewed, initialised, frozen, copied."""

from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QWidget,
)
from shiboken6 import isValid

from sketch.gui import reading, weights_commands, weights_initialise, weights_load, weights_viewer
from sketch.gui.colour_swatch import mix
from sketch.gui.theme import THEMES, load_theme
from sketch.gui.weights_initialise import InitialiseWeights
from sketch.gui.weights_load import LoadWeights
from sketch.gui.weights_painting import DotPicture, dots_of
from sketch.gui.weights_report import WeightReport
from sketch.gui.weights_viewer import TensorViewer
from sketch.state.commands import remove, rename, weights
from sketch.state.document_file import save_document
from tests.gui.test_surgery_story import draw, idle, in_dialog, palette
from tests.gui.windows import click, editors, form, main_window, press, type_value

NET = (
    ("Conv2d", {"out_channels": 4, "padding": 1}), ("ReLU", {}), ("Flatten", {}), ("Linear", {"out_features": 10}),
)  # fmt: skip
RANDOM = np.random.default_rng(8)


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def drawn(window):
    """(document, conv, linear) of a network whose weights are all stored."""
    conv, _, _, linear = draw(window, NET)
    document = window.desk.document
    weights.initialise(
        document, [(conv, "weight"), (linear, "weight")], "normal", lists=[(conv, "bias"), (linear, "bias")]
    )
    return document, conv, linear


def array_of(document, *key):
    row = weights.row_of(document, key)
    return np.array(document.store.get(row.digest, row.shape, row.dtype))


def shown(kind):
    """The dialog of a type that is open, or comes soon."""
    for _ in range(200):
        found = [
            each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()
        ]
        if found:
            return found[-1]
        QTest.qWait(10)
    raise AssertionError(f"no {kind.__name__} is open")


def made(kind):
    """The dialog of a type that is going to be shown."""
    (found,) = (each for each in QApplication.topLevelWidgets() if isinstance(each, kind))
    assert not found.isVisible()
    return found


def held_back(monkeypatch):
    """Until this event is set, nobody gets the statistics of a tensor."""
    go_on, statistics = Event(), weights_viewer.statistics

    def late(*args, **named):
        assert go_on.wait(20)
        return statistics(*args, **named)

    monkeypatch.setattr(weights_viewer, "statistics", late)
    return go_on


def button(parent, text):
    return next(each for each in parent.findChildren(QPushButton) if each.text() == text)


def test_a_smaller_head_keeps_its_rows_and_the_bar_offers_other_choices(window):
    document, _, linear = drawn(window)
    before = array_of(document, linear, "weight")
    bar = window.desk.tab.weights_bar
    assert bar.isHidden()
    assert not bar.findChildren(QWidget)  # made when it is needed
    assert window.actions_.why_not("weights.tile") == "The last edit changed the size of no stored weight."
    window.desk.view.select([linear])
    type_value(window, "out_features", "3")
    assert bar.isVisible()
    assert bar.text.text() == "fc1.weight: kept 3 of 10 rows; 1 more  (2 changed)"
    np.testing.assert_array_equal(array_of(document, linear, "weight"), before[:3])
    assert not bar.buttons["keep"].isVisible()
    type_value(window, "out_features", "12")
    click(bar.buttons["tile"])
    np.testing.assert_array_equal(array_of(document, linear, "weight")[10:], before[:2])
    assert bar.isVisible()
    assert bar.buttons["keep"].isVisible()
    click(bar.details)
    report = shown(WeightReport)
    assert report.head.text() == "Resize weights: 2 changed"
    click(report.copy)
    assert "changed  fc1.weight  repeated to 12×256" in QGuiApplication.clipboard().text()
    report.close()
    click(bar.buttons["new"])
    assert (linear, "weight") not in document.tables.weights
    document.undo()
    document.undo()
    assert bar.isHidden()
    document.undo()
    document.undo()
    np.testing.assert_array_equal(array_of(document, linear, "weight"), before)


def test_the_first_choice_is_a_setting(window):
    document, _, linear = drawn(window)
    window.services.settings.set("weights.resize", "tile")
    before = array_of(document, linear, "bias")
    window.desk.view.select([linear])
    type_value(window, "out_features", "20")
    np.testing.assert_array_equal(array_of(document, linear, "bias")[10:], before)
    window.services.settings.set("weights.resize", "keep")


def test_weights_are_loaded_from_a_file_by_a_table(window, qtbot, tmp_path):
    document, conv, linear = drawn(window)
    theirs = {
        "conv1.weight": RANDOM.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "fc1.weight": RANDOM.standard_normal((12, 256)).astype(np.float32),
        "head_b": RANDOM.standard_normal(10),
    }
    np.savez(tmp_path / "theirs.npz", **theirs)
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    window.actions_["weights.load"].trigger()
    dialog = shown(LoadWeights)
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
    dialog.read(tmp_path / "theirs.npz")
    idle(window, qtbot)
    assert dialog.summary.text() == "theirs.npz: 1 matched, 1 wrong shape, 2 missing, 1 unexpected"
    QTest.keyClicks(dialog.table.words, "fc1 bias")
    assert [row[0] for row in dialog.table.shown()] == ["fc1.bias"]
    dialog.table.edit(dialog.table.rows.index(0, 2))
    box = next(each for each in dialog.table.findChildren(QComboBox) if each.isEditable())
    box.setCurrentText("head_b")
    press(box, Qt.Key.Key_Return)
    dialog.table.words.clear()
    dialog.table.states.setCurrentIndex(dialog.table.states.findData("converted"))
    assert [row[0] for row in dialog.table.shown()] == ["fc1.bias"]
    dialog.misfit.setCurrentIndex(dialog.misfit.findData("keep"))
    click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))
    report = shown(WeightReport)
    states = {row[0]: row[1:] for row in report.table.rows.rows}
    assert states["fc1.weight"] == ("changed", "from fc1.weight, kept 10 of 12 rows")
    assert states["conv1.bias"] == ("kept", "as it was")
    report.close()
    np.testing.assert_array_equal(array_of(document, conv, "weight"), theirs["conv1.weight"])
    np.testing.assert_array_equal(array_of(document, linear, "weight"), theirs["fc1.weight"][:10])
    np.testing.assert_array_equal(array_of(document, linear, "bias"), theirs["head_b"].astype(np.float32))
    assert document.undo() == "Load 3 weights from theirs.npz"
    assert window.actions_.why_not("weights.report") is None


def test_weights_come_from_an_open_document_and_from_a_drawing(window, qtbot, tmp_path):
    source, conv, _ = drawn(window)
    want = array_of(source, conv, "weight")
    save_document(source, tmp_path / "source.sketch")
    source.name = "teacher"
    ids = draw(window, NET)
    document = window.desk.document
    window.actions_["weights.load"].trigger()
    dialog = shown(LoadWeights)
    place = dialog.documents.findText("teacher")
    dialog.documents.setCurrentIndex(place)
    dialog.documents.activated.emit(place)
    assert dialog.summary.text() == "teacher: 4 matched"
    dialog.read(tmp_path / "source.sketch")
    idle(window, qtbot)
    assert dialog.summary.text() == "source.sketch: 4 matched"
    dialog.accept()
    shown(WeightReport).close()
    np.testing.assert_array_equal(array_of(document, ids[0], "weight"), want)


def test_a_file_that_cannot_be_read_is_told_in_the_dialog(window, qtbot, tmp_path):
    drawn(window)
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    (tmp_path / "page.bin").write_bytes(b"<html>")
    window.actions_["weights.load"].trigger()
    dialog = shown(LoadWeights)
    for name, words in (("bad.npz", "cannot be read as arrays"), ("page.bin", "is a web page")):
        dialog.read(tmp_path / name)
        idle(window, qtbot)
        assert words in dialog.fault.text()
        assert dialog.fault.isVisible()
    dialog.reject()


def test_a_weight_in_the_node_editor_opens_the_viewer(window, qtbot):
    document, conv, linear = drawn(window)
    window.desk.view.select([conv])
    name = next(b for b in form(window).findChildren(QPushButton) if b.accessibleName() == "View weight")
    window.panels.editor.ensureWidgetVisible(name)
    click(name)
    viewer = shown(TensorViewer)
    array = array_of(document, conv, "weight")
    assert viewer.choice.currentText() == "conv1.weight"
    assert viewer.found.mean == pytest.approx(array.mean(), abs=1e-6)
    assert len(viewer.overview.histogram.bars()) == 64
    assert not any(box.isVisible() for box in viewer.places.boxes)
    viewer.tabs.setCurrentIndex(1)
    assert [box.isVisible() for box in viewer.places.boxes] == [False, True]
    assert viewer.note.text() == "4 kernels of 3×3, input 0"
    viewer.places.boxes[1].setValue(2)
    assert viewer.note.text() == "4 kernels of 3×3, input 2"
    viewer.tabs.setCurrentIndex(2)
    viewer.places.boxes[0].setValue(3)
    cell = viewer.numbers.index(1, 2)
    assert float(viewer.numbers.data(cell, Qt.ItemDataRole.ToolTipRole)) == array[3, 2, 1, 2]
    weights.initialise(document, [(conv, "weight")], "ones")
    QApplication.processEvents()
    idle(window, qtbot)
    assert viewer.found.mean == 1
    click(viewer.frozen, QPoint(8, viewer.frozen.height() // 2))
    assert document.undo_label == "Freeze 'conv1'"
    assert viewer.kind.text().endswith("frozen")
    viewer.choice.setCurrentIndex(1)
    idle(window, qtbot)
    assert not viewer.frozen.isChecked()
    assert viewer.found.count == 4
    assert viewer.numbers.rowCount() == 4
    viewer.close()
    weights_viewer.view(window, (linear, "weight"))
    shown(TensorViewer).close()


def test_the_viewer_reads_again_only_what_is_another_weight_now(window, qtbot, monkeypatch):
    document, conv, linear = drawn(window)
    read = []
    statistics = weights_viewer.statistics
    monkeypatch.setattr(
        weights_viewer, "statistics", lambda *args, **named: read.append(args) or statistics(*args, **named)
    )
    weights_viewer.view(window, (conv, "weight"))
    viewer = shown(TensorViewer)
    viewer.tabs.setCurrentIndex(1)
    viewer.places.boxes[1].setValue(2)
    assert len(read) == 1
    painted = viewer.picture.image
    window.actions_.run("bookmark.set_2")
    rename(document, linear, "head")
    weights.initialise(document, [(linear, "weight")], "ones")
    weights.freeze(document, [(conv, "weight")], True)
    QApplication.processEvents()
    assert viewer.kind.text().endswith("frozen")
    assert viewer.frozen.isChecked()
    document.undo()
    QApplication.processEvents()
    assert not viewer.frozen.isChecked()
    assert len(read) == 1
    assert viewer.picture.image is painted
    assert viewer.places.place == (0, 2)
    weights.initialise(document, [(conv, "weight")], "ones")
    QApplication.processEvents()
    idle(window, qtbot)
    assert len(read) == 2
    assert viewer.found.mean == 1
    assert viewer.places.place == (0, 0)
    remove(document, [conv])
    assert not viewer.isVisible()
    document.undo()
    QApplication.processEvents()
    assert len(read) == 2


def test_a_viewer_whose_weight_goes_before_it_is_read_is_never_shown(window, qtbot, monkeypatch):
    monkeypatch.setattr(weights_viewer, "SOON_MS", 1_000_000)
    go_on = held_back(monkeypatch)
    document, conv, _ = drawn(window)
    weights_viewer.view(window, (conv, "weight"))
    QApplication.processEvents()
    viewer = made(TensorViewer)
    remove(document, [conv])
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not isValid(viewer)
    go_on.set()
    idle(window, qtbot)
    document.undo()


def test_a_large_tensor_is_read_beside_the_window(window, qtbot, monkeypatch):
    document, _, linear = drawn(window)
    monkeypatch.setattr(weights_viewer, "AT_ONCE", 10)
    monkeypatch.setattr(weights_commands, "LARGE", 10)
    go_on = held_back(monkeypatch)
    weights_viewer.view(window, (linear, "weight"))
    viewer = shown(TensorViewer)
    assert viewer.found is None
    assert viewer.kind.text().endswith("reading...")
    go_on.set()
    idle(window, qtbot)
    assert viewer.found.count == 2560
    assert viewer.note.text() == "10 rows of 256"
    assert (viewer.picture.image.width(), viewer.picture.image.height()) == (256, 10)
    window.desk.view.select([linear])
    window.actions_["weights.initialise"].trigger()
    click(button(shown(InitialiseWeights), "Initialise"))
    idle(window, qtbot)
    assert (document.store.folder / f"{weights.row_of(document, (linear, 'weight')).digest}.bin").exists()
    viewer.close()


def test_npy_files_in_and_out(window, tmp_path, monkeypatch):
    document, _, linear = drawn(window)
    window.desk.view.select([linear])
    place = tmp_path / "w.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(place), ""))
    weights_commands.save_to_file(window, (linear, "weight"))
    np.testing.assert_array_equal(np.load(place), array_of(document, linear, "weight"))
    np.save(place, np.full((4, 256), 2.0, np.float32))

    def act(box) -> None:
        assert "fc1.weight: 10×256, w.npy: 4×256" in box.text()
        click(next(b for b in box.buttons() if b.text().replace("&", "") == "Repeat"))

    in_dialog(QMessageBox, act)
    weights_commands.set_from_file(window, (linear, "weight"))
    assert (array_of(document, linear, "weight") == 2).all()
    assert document.undo() == "Set fc1.weight from w.npy"
    np.save(place, np.zeros(3))
    in_dialog(QMessageBox, lambda box: box.accept())
    weights_commands.set_from_file(window, (linear, "weight"))
    assert not document.undo_label.startswith("Set")


def test_large_files_are_read_and_written_beside_the_window(window, qtbot, tmp_path, monkeypatch):
    document, _, linear = drawn(window)
    monkeypatch.setattr(weights_commands, "LARGE", 10)
    place = tmp_path / "w.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    weights_commands.save_to_file(window, (linear, "weight"))
    idle(window, qtbot)
    np.testing.assert_array_equal(np.load(place), array_of(document, linear, "weight"))
    np.save(place, np.ones((10, 256), np.float64))
    weights_commands.take_file(window, window.desk.tab, (linear, "weight"), place)
    idle(window, qtbot)
    assert (array_of(document, linear, "weight") == 1).all()
    assert document.undo() == "Set fc1.weight from w.npy"


def test_initialising_from_the_palette(window, qtbot):
    document, conv, linear = drawn(window)
    window.desk.view.select([conv, linear])
    palette(window, "initialise")
    dialog = shown(InitialiseWeights)
    assert dialog.scheme.currentText() == "Kaiming normal"
    dialog.scheme.setCurrentIndex(dialog.scheme.findData("constant"))
    dialog.fields["value"].setValue(0.5)
    dialog.biases.setCurrentIndex(dialog.biases.findData("same"))
    assert dialog.count.text() == "4 weights of 4 start anew."
    click(button(dialog, "Initialise"))
    assert (array_of(document, linear, "bias") == 0.5).all()
    assert document.undo() == "Initialise 2 layers: Constant"
    palette(window, "reset to initial")
    assert not document.tables.weights
    document.undo()


def test_freezing_shows_on_the_canvas_and_in_the_totals(window):
    document, conv, linear = drawn(window)
    view = window.desk.view
    view.select([conv])
    freeze = button(form(window), "Freeze")
    window.panels.editor.ensureWidgetVisible(freeze)
    click(freeze)
    assert view.canvas.nodes[conv].look.subtitle.startswith("frozen")
    assert window.totals.text().endswith("2,570 trainable, 112 frozen")
    assert window.actions_.why_not("weights.unfreeze") is None
    view.select([linear])
    assert weights.freeze(document, [(linear, "bias")]) == 1
    assert view.canvas.nodes[linear].look.subtitle.startswith("partly frozen")
    view.select([conv])
    click(button(window.panels.editor, "Unfreeze"))
    assert not view.canvas.nodes[conv].look.subtitle.startswith("frozen")
    window.actions_["weights.freeze"].trigger()
    assert "of 2,682 are trainable" in window.statusBar().currentMessage()


def test_weights_are_copied_from_one_document_to_another(window):
    document, conv, linear = drawn(window)
    want = array_of(document, linear, "weight")
    window.desk.view.select([conv, linear])
    window.actions_["weights.copy"].trigger()
    assert "Copied 4 weights" in window.statusBar().currentMessage()
    ids = draw(window, (*NET[:3], ("Linear", {"out_features": 6})))
    other = window.desk.document
    window.desk.view.select([ids[0], ids[3]])

    def act(box) -> None:
        assert "fc1.weight: 6×256, copied: 10×256" in box.text()
        click(next(b for b in box.buttons() if b.text().replace("&", "") == "Keep the overlap"))

    in_dialog(QMessageBox, act)
    window.actions_["weights.paste"].trigger()
    np.testing.assert_array_equal(array_of(other, ids[3], "weight"), want[:6])
    assert other.undo() == "Paste 4 weights"


def test_disabled_commands_say_why(window):
    why = window.actions_.why_not
    assert why("weights.load") == "Open or start a network first."
    _, relu, *_ = draw(window, NET)
    assert why("weights.view") == "Select a layer with weights first."
    window.desk.view.select([relu])
    assert why("weights.freeze") == "The selected layers have no weights."
    assert why("weights.report") == "Load, resize or initialise weights first."


@pytest.mark.parametrize("name", THEMES)
def test_pictures_have_the_colours_of_the_theme(qtbot, name):
    from sketch.binder.surgery.weights_pictures import picture_of

    theme = load_theme(name)
    widget = DotPicture(theme)
    qtbot.addWidget(widget)
    given = np.array([[-1, 0, 1], [0.5, np.nan, 0], [np.inf, -np.inf, -0.5]], np.float32)
    widget.show_dots(dots_of(picture_of(given, "float32").dots, theme))
    colours = [[widget.image.pixelColor(x, y).name() for x in range(3)] for y in range(3)]
    assert colours[0] == [theme.error, theme.panel, theme.accent]
    assert colours[1] == [mix(theme.accent, theme.panel, 128 / 255), theme.warning, theme.panel]
    assert colours[2] == [theme.accent, theme.error, mix(theme.error, theme.panel, 128 / 255)]
    zeros = dots_of(np.zeros((2, 2)), theme)
    assert (zeros.pixels & 0xFFFFFF == int(theme.panel[1:], 16)).all()
    free = dots_of(np.array([[np.nan]]), theme, gaps=True)
    assert free.image().pixelColor(0, 0).name() == theme.panel_alt
    widget.resize(400, 300)
    assert not widget.grab().isNull()


def test_the_weights_of_a_panel_that_floats_are_frozen_and_viewed(window):
    document, _, linear = drawn(window)
    window.desk.view.select([linear])
    window.docks["editor"].setFloating(True)
    QApplication.processEvents()
    freeze = button(form(window), "Freeze")
    window.panels.editor.ensureWidgetVisible(freeze)
    click(freeze)
    assert document.undo_label == "Freeze 'fc1'"
    view = next(each for each in form(window).findChildren(QPushButton) if each.text() == "bias")
    window.panels.editor.ensureWidgetVisible(view)
    click(view)
    shown(TensorViewer).close()


def test_a_viewer_that_is_closed_does_not_wait_for_what_it_reads(window, qtbot, monkeypatch):
    monkeypatch.setattr(weights_viewer, "AT_ONCE", 10)
    go_on = held_back(monkeypatch)
    _, _, linear = drawn(window)
    window.desk.view.select([linear])
    window.actions_.run("weights.view")
    viewer = shown(TensorViewer)
    (job,) = window.jobs.running
    viewer.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert job.is_cancelled
    go_on.set()
    idle(window, qtbot)


def test_weights_of_many_layers_follow_a_number_beside_the_window(window, qtbot):
    document, conv, linear = drawn(window)
    before, steps = array_of(document, linear, "weight"), document.history.cursor
    document.at_once = 1
    window.desk.view.select([conv])
    begun: list[str] = []
    window.jobs.ended.connect(lambda job: begun.append(job.title))
    type_value(window, "out_channels", "2")
    idle(window, qtbot)
    assert "Change of parameters" in begun
    after = array_of(document, linear, "weight")
    np.testing.assert_array_equal(after, before[:, : before.shape[1] // 2])
    assert document.tables.nodes[conv].params["out_channels"] == 2
    assert "(3 changed)" in window.desk.tab.weights_bar.text.text()
    assert [box.value() for box in editors(form(window).rows["out_channels"].field)] == [2]
    document.undo()
    assert document.history.cursor == steps
    np.testing.assert_array_equal(array_of(document, linear, "weight"), before)


def test_one_of_many_weights_is_asked_for_by_its_name(window, monkeypatch):
    _, conv, linear = drawn(window)
    window.desk.view.select([conv, linear])
    asked = []
    monkeypatch.setattr(weights_commands, "_save", lambda _window, _tab, key: asked.append(key))
    for name, key in (("conv1.weight", (conv, "weight")), ("fc1.bias", (linear, "bias"))):

        def act(dialog, name=name):
            box = dialog.findChild(QComboBox)
            assert [box.itemText(row).split(".")[0] for row in range(box.count())] == [
                "conv1",
                "conv1",
                "fc1",
                "fc1",
            ]
            assert box.currentText() == "conv1.weight"
            box.setCurrentText(name)
            dialog.accept()

        in_dialog(QInputDialog, act)
        window.actions_.run("weights.save")
        assert asked.pop() == key


def test_tables_of_a_large_drawing_are_filled_in_slices(window, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "FEW", 0)
    document, conv, _ = drawn(window)
    weights_load.ask(window)
    dialog = made(LoadWeights)
    assert dialog.summary.text() == "Reading the weights..."
    assert not dialog.table.shown()
    assert shown(LoadWeights) is dialog
    np.savez(tmp_path / "theirs.npz", **{"conv1.weight": np.zeros((4, 3, 3, 3), np.float32)})
    dialog._take("early", {}, {"conv1.weight": weights.row_of(document, (conv, "weight"))})
    qtbot.waitUntil(lambda: dialog.source == "early")
    assert dialog.summary.text() == "early: 1 matched, 3 missing"
    assert [row[4] for row in dialog.table.shown()] == ["matched", "missing", "missing", "missing"]
    dialog.reject()
    window.desk.view.select(list(document.tables.nodes))
    weights_initialise.ask(window)
    asked = made(InitialiseWeights)
    assert asked.count.text() == "Reading the weights..."
    assert not button(asked, "Initialise").isEnabled()
    assert shown(InitialiseWeights) is asked
    qtbot.waitUntil(button(asked, "Initialise").isEnabled)
    assert asked.count.text() == "2 weights of 4 start anew."
    asked.reject()
