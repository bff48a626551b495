"""Run and look in the window: dialog, badges, node editor, viewer, faults, stale values, two runs side by side."""

import tempfile

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton, QToolTip

from sketch.binder.binder import Binder
from sketch.binder.feeding import PictureSize
from sketch.binder.kernel import BinderError
from sketch.binder.registry import KernelRegistry
from sketch.gui.look_compare import ChoosePartner, CompareWindow
from sketch.gui.look_dialog import FILE, LookDialog
from sketch.gui.look_image import read_picture
from sketch.gui.look_mark import RunMark
from sketch.gui.look_pictures import FAULT, GAP, MOST_SIDE, colours, planes, slices_of, tiles
from sketch.gui.look_sections import ValueSection
from sketch.gui.look_state import looks_of
from sketch.gui.look_viewer import COLOURS, HISTOGRAM, NUMBERS
from sketch.gui.picture import Picture
from sketch.gui.picture_commands import Wanted, painting_of
from sketch.state import commands
from tests.gui.windows import CTRL, SHIFT, click, form, main_window, press

CHAIN = (("Conv2d", "conv", {"out_channels": 4, "kernel_size": 3}), ("Log", "log", {}), ("ReLU", "relu", {}))


@pytest.fixture(scope="module")
def binder():
    """A binder with a warm worker for all stories."""
    made = Binder(KernelRegistry.discover())
    made.worker("pytorch").start()
    yield made
    made.close()


@pytest.fixture
def window(qtbot, binder):
    """A window whose jobs run in the warm worker."""
    with main_window(qtbot) as made:
        made.services.__dict__["binder"] = binder
        yield made


def draw(window, layers=CHAIN, shape=("N", 3, 8, 8)):
    """A chain with an Input and an Output in a new tab; node ids by name."""
    window.opener.new()

    def edit(draft):
        made = {"x": draft.add("Input", "x", {"shape": shape}, place=(0, 0))}
        last = made["x"]
        for number, (layer, name, params) in enumerate((*layers, ("Output", "y", {}))):
            made[name] = draft.add(layer, name, params, place=(0, 100 * number + 100))
            draft.connect(last, 0, made[name], 0)
            last = made[name]
        return made

    ids = window.desk.document.edit("Draw", edit)
    window.desk.view.frame_all()
    window.desk.view.zoom(1 / window.desk.view.scale_factor)
    return ids


def idle(window):
    loop = QEventLoop()
    window.jobs.ended.connect(lambda _job: loop.quit())
    if window.jobs.running:
        loop.exec()
    assert not window.jobs.running
    QApplication.processEvents()


def in_dialog(kind: type[QDialog], act) -> None:
    """Act on the next dialog of this type."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, kind):
            act(dialog)
        else:
            QTimer.singleShot(30, look)

    QTimer.singleShot(30, look)


def key(window, code, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    window.desk.view.setFocus()
    press(window.desk.view, code, modifiers)


def run(window, act=lambda dialog: None) -> None:
    """F5, fill in, Run."""

    def fill(dialog) -> None:
        act(dialog)
        click(dialog.buttons.buttons()[0])

    in_dialog(LookDialog, fill)
    key(window, Qt.Key.Key_F5)
    idle(window)


def save(tmp_path, array):
    np.save(tmp_path / "given.npy", array)
    return str(tmp_path / "given.npy")


def badges(window):
    return window.desk.view.canvas.badges


def pixels(window) -> QImage:
    """The canvas as a picture shows it, whatever part of it is in view."""
    painting = painting_of(window, window.desk.tab, Wanted())
    image = Picture(painting, ".png").paint().image
    painting.close()
    return image


def test_nothing_can_be_done_before_a_run_and_the_reason_is_said(window) -> None:
    draw(window)
    why = window.actions_.why_not
    assert why("run.look") is None
    assert why("run.again") == why("run.first_fault") == "Run and look first (F5)."
    assert badges(window).boundingRect().isNull()
    window.opener.new()
    assert why("run.look") == "The canvas is empty; draw a network first."


def test_f5_shows_every_value_and_where_nan_begins(window, tmp_path) -> None:
    ids = draw(window)
    plain = pixels(window)
    run(window, lambda dialog: dialog.sizes["N"].setValue(2))
    document = window.desk.document
    found = looks_of(window).run_of(document).facts
    assert found.values[ids["conv"], 0].shape == (2, 4, 6, 6)
    assert found.values[ids["log"], 0].nans > 0
    edge = document.tables.nodes[ids["log"]].next[0]
    assert "NaN" in badges(window).wire_text(edge)
    assert "2×4×6×6 float32" in badges(window).node_text(ids["conv"])
    assert pixels(window) != plain
    mark = window.desk.tab.findChild(RunMark)
    assert mark.isVisible()
    assert mark.text.text().startswith("NaN begins at 'log' (Log): ")
    window.desk.view.select([ids["x"]])
    click(mark.go)
    assert window.desk.selection == [ids["log"]]
    window.desk.view.select([ids["x"]])
    key(window, Qt.Key.Key_F8, CTRL)
    assert window.desk.selection == [ids["log"]]
    assert "what comes in is finite" in window.statusBar().currentMessage()


def test_the_pointer_on_a_wire_says_what_it_carried(window) -> None:
    ids = draw(window)
    run(window)
    view = window.desk.view
    line = view.canvas.wiring.lines[window.desk.document.tables.nodes[ids["conv"]].prior[0]]
    (x1, y1), (x2, y2) = line.points[0], line.points[-1]
    where = view.mapFromScene((x1 + x2) / 2, (y1 + y2) / 2)
    event = QHelpEvent(QEvent.Type.ToolTip, where, view.viewport().mapToGlobal(where))
    QApplication.sendEvent(view.viewport(), event)
    assert "x → conv" in QToolTip.text().replace("<p style='white-space:pre'>", "")
    assert "mean " in QToolTip.text()
    QToolTip.hideText()


def test_values_grow_old_with_an_edit_and_young_with_undo(window) -> None:
    ids = draw(window)
    run(window)
    document, looks = window.desk.document, looks_of(window)
    commands.move(document, {ids["relu"]: (40.0, 320.0)})
    assert not looks.is_stale(document)
    commands.set_param(document, [ids["conv"]], "out_channels", 6)
    assert looks.is_stale(document)
    assert badges(window).shown.stale
    assert "before the last edit" in badges(window).node_text(ids["conv"])
    assert not window.desk.tab.findChild(RunMark).isVisible()
    document.undo()
    assert not looks.is_stale(document)
    commands.set_param(document, [ids["conv"]], "out_channels", 6)
    key(window, Qt.Key.Key_F5, SHIFT)
    idle(window)
    assert not looks.is_stale(document)
    assert looks.run_of(document).facts.values[ids["conv"], 0].shape[1] == 6


def test_values_are_switched_off_and_cleared(window, qtbot) -> None:
    ids = draw(window)
    plain = pixels(window)
    run(window)
    shown = pixels(window)
    assert shown != plain
    window.actions_["view.values"].trigger()
    assert pixels(window) == plain
    assert badges(window).node_text(ids["conv"]) == ""
    window.actions_["view.values"].trigger()
    assert pixels(window) == shown
    folder = looks_of(window).run_of(window.desk.document).folder
    key(window, Qt.Key.Key_F5, CTRL)
    qtbot.waitUntil(lambda: not folder.exists())
    assert pixels(window) == plain


def test_a_file_is_given_and_remembered(window, tmp_path) -> None:
    ids = draw(window)
    array = np.random.default_rng(0).standard_normal((3, 3, 8, 8)).astype(np.float32)
    path = save(tmp_path, array)

    def fill(dialog) -> None:
        fields = dialog.inputs["x"]
        QTest.keyClicks(fields.path, path)
        assert fields.source.currentText() == FILE

    run(window, fill)
    value = looks_of(window).run_of(window.desk.document).facts.values[ids["x"], 0]
    assert value.shape == array.shape
    assert value.mean == pytest.approx(float(array.mean(dtype=np.float64)), abs=1e-6)
    seen = []
    in_dialog(LookDialog, lambda d: (seen.append(d.inputs["x"].path.text()), d.reject()))
    key(window, Qt.Key.Key_F5)
    assert seen == [path]


def test_a_missing_file_is_refused_in_the_dialog(window) -> None:
    draw(window)
    said = []

    def fill(dialog) -> None:
        QTest.keyClicks(dialog.inputs["x"].path, "nowhere.npy")
        click(dialog.buttons.buttons()[0])
        said.append(dialog.fault.text())
        dialog.reject()

    in_dialog(LookDialog, fill)
    key(window, Qt.Key.Key_F5)
    assert said == ["nowhere.npy: there is no such file; choose another."]


def test_a_picture_is_scaled_and_cropped_to_the_input(window, tmp_path, monkeypatch) -> None:
    ids = draw(window)
    picture = QImage(32, 16, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.red)
    picture.save(str(tmp_path / "red.png"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(tmp_path / "red.png"), ""))

    def fill(dialog) -> None:
        fields = dialog.inputs["x"]
        click(fields.browse)
        assert fields.scaling.isEnabled()
        fields.scaling.setCurrentIndex(fields.scaling.findData("signed"))

    run(window, fill)
    run_ = looks_of(window).run_of(window.desk.document)
    found = run_.array((ids["x"], 0))
    assert found.shape == (1, 3, 8, 8)
    assert (found[0, 0] == 1).all()
    assert (found[0, 1:] == -1).all()


def test_pictures_keep_their_proportions_unless_stretched(tmp_path) -> None:
    picture = QImage(40, 10, QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.black)
    for x in range(15, 25):
        for y in range(10):
            picture.setPixelColor(x, y, Qt.GlobalColor.white)
    picture.save(str(tmp_path / "bar.png"))
    size = PictureSize(10, 10, 1, "NCHW")
    cropped = read_picture(tmp_path / "bar.png", size)
    assert cropped.shape == (10, 10, 1)
    assert (cropped == 255).all()
    assert read_picture(tmp_path / "bar.png", size, stretch=True).mean() == pytest.approx(255 / 4, abs=20)
    assert read_picture(tmp_path / "bar.png", PictureSize(4, 4, 4, "NHWC")).shape == (4, 4, 4)
    (tmp_path / "no.png").write_text("no")
    with pytest.raises(BinderError, match=r"cannot be read as a picture"):
        read_picture(tmp_path / "no.png", size)


def test_a_node_that_fails_is_marked_and_the_rest_is_shown(window, tmp_path) -> None:
    layers = (("Embedding", "words", {"num_embeddings": 4, "embedding_dim": 2}), ("Tanh", "tanh", {}))
    ids = draw(window, layers, ("N", 3))
    document = window.desk.document
    commands.set_param(document, [ids["x"]], "dtype", "int64")
    path = save(tmp_path, np.array([[0, 1, 9]]))
    run(window, lambda dialog: QTest.keyClicks(dialog.inputs["x"].path, path))
    text = "index out of range in self; it was given 1×3 int64 from 0 to 9."
    assert badges(window).node_text(ids["words"]) == f"It failed: {text}"
    assert (ids["x"], 0) in looks_of(window).run_of(document).facts.values
    mark = window.desk.tab.findChild(RunMark)
    assert mark.text.text() == f"'words' failed: {text} 1 more node could not run."
    window.desk.view.select([ids["words"]])
    section = form(window).findChild(ValueSection)
    assert f"It failed: {text}" in section.texts()
    assert window.panels.viewer.title.text() == f"It failed: {text}"


def test_the_node_editor_and_the_viewer_follow_the_selection(window, tmp_path, monkeypatch) -> None:
    ids = draw(window)
    run(window)
    viewer = window.panels.viewer
    window.desk.view.select([ids["conv"]])
    section = form(window).findChild(ValueSection)
    assert "Values (of the last run)" in section.texts()
    click(section.findChild(QPushButton))
    assert viewer.isVisible()
    assert viewer.title.text().startswith("conv: 1×4×6×6 float32; ")
    sheet = viewer.sheets
    assert sheet.picture.image.width() == 2 * 6 + GAP
    viewer.tools.channel.setValue(2)
    assert sheet.picture.image.width() == 6
    array = looks_of(window).run_of(window.desk.document).array((ids["conv"], 0))
    viewer.tools.kind.setCurrentText(NUMBERS)
    assert sheet.numbers.data(sheet.numbers.index(1, 3)) == f"{array[0, 2, 1, 3]:.5g}"
    viewer.tools.kind.setCurrentText(HISTOGRAM)
    assert "Histogram from" in viewer.pages.currentWidget().accessibleName()
    viewer.tools.kind.setCurrentText(COLOURS)
    assert sheet.picture.image.width() == 6
    target = tmp_path / "out.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    viewer.tools.save_array.trigger()
    assert np.array_equal(np.load(target), array)
    viewer.tools.save_picture.trigger()
    assert QImage(str(target.with_suffix(".png"))).width() == 6
    window.desk.view.select([ids["y"]])
    assert viewer.title.text().startswith("relu: ")
    window.desk.view.select([])
    assert viewer.title.text() == "Select one layer that ran to see its output."


def test_a_value_that_was_not_kept_is_computed_again(window) -> None:
    ids = draw(window)
    run(window)
    run_ = looks_of(window).run_of(window.desk.document)
    place = run_.folder / run_.facts.kept[ids["conv"], 0]
    before = np.load(place)
    place.unlink()
    window.desk.view.select([ids["conv"]])
    viewer = window.panels.viewer
    assert viewer.tools.compute.isVisibleTo(viewer)
    viewer.tools.compute.click()
    idle(window)
    assert np.array_equal(np.load(place), before)
    assert not viewer.tools.compute.isVisibleTo(viewer)


def test_a_cancelled_run_leaves_nothing(qtbot, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with main_window(qtbot) as window:  # with a worker of its own, as cancelling ends it
        draw(window)
        in_dialog(LookDialog, lambda dialog: click(dialog.buttons.buttons()[0]))
        key(window, Qt.Key.Key_F5)
        window.actions_["compile.cancel"].trigger()
        idle(window)
        assert looks_of(window).run_of(window.desk.document) is None
        assert window.statusBar().currentMessage() == "Run and look: cancelled."
        qtbot.waitUntil(lambda: not list(tmp_path.glob("sketch-*")))


def test_a_group_shows_what_happened_inside(window) -> None:
    ids = draw(window)
    run(window)
    window.desk.view.select([ids["conv"], ids["log"]])
    group = commands.group(window.desk.document, [ids["conv"], ids["log"]])
    assert "NaN" in badges(window).wire_text(window.desk.document.tables.nodes[ids["log"]].next[0])
    window.desk.tab.enter(group)
    assert badges(window).shown is not None
    assert "4×6×6" in badges(window).node_text(ids["conv"])


def test_before_and_after_an_edit_are_compared(window, qtbot) -> None:
    ids = draw(window, (("Conv2d", "conv", {"out_channels": 4, "kernel_size": 3}), ("Tanh", "act", {}),
                        ("Flatten", "flat", {})))  # fmt: skip
    document = window.desk.document
    commands.replace_layer(document, ids["act"], "ReLU")

    def choose(dialog) -> None:
        assert "this network after 'Draw'" in [
            dialog.choice.itemText(n) for n in range(dialog.choice.count())
        ]
        dialog.choice.setCurrentText("this network after 'Draw'")
        click(dialog.buttons.buttons()[0])

    in_dialog(ChoosePartner, choose)
    window.actions_["run.compare"].trigger()
    idle(window)
    shown = window.findChild(CompareWindow)
    try:
        states = {row.name: row.parting.agrees for row in shown.found.rows}
        assert states == {"x": True, "conv": True, "act (Tanh, then ReLU)": False, "flat": False}
        assert shown.verdict.text().startswith("They part first at 'act (Tanh, then ReLU)' (by ")
        click(shown.go)
        assert window.desk.selection == [ids["act"]]
        assert not shown.pictures[2].image.isNull()
        shown.only.setChecked(True)
        assert shown.table.topLevelItemCount() == 2
        for theme in ("light", "dark"):
            window.services.settings.set("appearance.theme", theme)
            qtbot.waitUntil(
                lambda: shown.table.topLevelItem(0).foreground(4).color().name() == window.theme.error
            )
            assert window.theme.is_dark is (theme == "dark")
    finally:
        folder = shown._folder
        shown.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert not folder.exists()


def test_two_networks_are_compared_and_a_click_selects_both(window) -> None:
    layers = (("Flatten", "flat", {}), ("Linear", "fit", {"out_features": 2}))
    first = draw(window, layers, ("N", 3, 2, 2))
    other = window.desk.tab
    ids = draw(window, (*layers, ("ReLU", "more", {})), ("N", 3, 2, 2))
    other.document.name = "the other"
    in_dialog(ChoosePartner, lambda d: (d.choice.setCurrentText("the other"), click(d.buttons.buttons()[0])))
    window.actions_["run.compare"].trigger()
    idle(window)
    shown = window.findChild(CompareWindow)
    try:
        assert [row.name for row in shown.found.rows] == ["x", "flat", "fit"]
        assert "more (ReLU) only in the second" in shown.verdict.text()
        shown.table.setCurrentItem(shown.table.topLevelItem(1))
        assert window.desk.selection == [ids["flat"]]
        assert other.view.selected() == [first["flat"]]
    finally:
        shown.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_closing_a_document_removes_its_values(window, qtbot) -> None:
    draw(window)
    run(window)
    folder = looks_of(window).run_of(window.desk.document).folder
    assert folder.is_dir()
    window.opener.close(window.desk.tab)
    qtbot.waitUntil(lambda: not folder.exists())


def test_tiles_are_grey_in_their_own_or_in_one_range() -> None:
    array = np.stack([np.full((4, 5), 1.0), np.linspace(0, 10, 20).reshape(4, 5)]).astype(np.float32)
    array[1, 0, 0] = np.nan
    image = tiles(array)
    assert (image.width(), image.height()) == (2 * 5 + GAP, 4)
    assert image.pixelColor(0, 0).red() == 128
    assert image.pixelColor(5 + GAP, 0).getRgb()[:3] == FAULT
    assert image.pixelColor(5 + GAP + 4, 3).red() == 255
    common = tiles(array, common=True)
    assert common.pixelColor(0, 0).red() == pytest.approx(255 * (1 - 10 / 19) / (10 - 10 / 19), abs=1)
    assert tiles(array, channel=1).width() == 5
    assert colours(np.zeros((3, 4, 5), np.float32)).width() == 5
    large = tiles(np.zeros((64, 1000, 1000), np.float32))
    assert max(large.width(), large.height()) <= MOST_SIDE + 16


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1, 1, 1)), ((7,), (1, 1, 1, 7)), ((2, 7), (1, 1, 2, 7)), ((2, 3, 4), (2, 1, 3, 4)),
     ((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 6, 4, 5), (2, 18, 4, 5))],
)  # fmt: skip
def test_values_of_any_rank_can_be_cut(shape, expected) -> None:
    cut = slices_of(shape)
    assert (cut.batch, cut.channels, cut.height, cut.width) == expected
    assert planes(np.zeros(shape), 0).shape == expected[1:]
