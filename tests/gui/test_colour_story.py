"""Colours by rule, the legend, hidden types and pictures, in the window and by hand."""

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QFileDialog, QMenu, QPushButton

from sketch.graph import colour_values
from sketch.graph.colour_rules import RULES
from sketch.graph.colouring import Colouring
from sketch.gui import colour_counting
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.colour_hidden import TypeList
from sketch.gui.colour_session import restore
from sketch.gui.picture_dialog import PictureDialog
from sketch.gui.theme import load_theme
from sketch.state import commands
from sketch.state.commands import weights
from tests.gui.drawings import draw_example, named
from tests.gui.windows import CTRL, SHIFT, bring_to_front, click, main_window, press


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        made.services.settings.set("appearance.theme", "light")
        made.opener.example("resnet18")
        settle(qtbot, made)
        yield made


@pytest.fixture
def tab(document, light, show):
    """A tab without a window around it, at reading size."""
    made = show(CanvasTab(draw_example(document, "resnet18"), light))
    made.said = []
    made.view.message.connect(made.said.append)
    made.view.zoom(1.0 / made.view.scale_factor)
    yield made
    made.close_document()


def settle(qtbot, window) -> None:
    """Let jobs, timers and paintings finish."""
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=10_000)
    qtbot.wait(60)
    QApplication.processEvents()


def choose(window, key: str) -> None:
    """Pick a rule in View/Colour by."""
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title() == "Colour by")
    action = next(action for action in menu.actions() if action.objectName() == f"colour.{key}")
    action.trigger()
    QApplication.processEvents()


def use(tab, key: str) -> None:
    """Colour a tab without a window by a rule; its legend has the turn after that."""
    tab.colours.use(key)
    QApplication.processEvents()


def row(tab, kind: str):
    """A row of the legend."""
    return next(each for each in tab.colours.legend.rows if each.kind == kind)


def right_click(widget) -> None:
    """As a press of the right button arrives."""
    middle = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle, widget.mapToGlobal(middle))
    QApplication.sendEvent(widget, event)
    QApplication.processEvents()


def colour_of(tab, node_id: int) -> str:
    """The colour in the strip of a node, as it is on the screen."""
    view = tab.view
    box = view.canvas.wiring.boxes[node_id]
    view.centerOn(box.x, box.y)
    QApplication.processEvents()
    place = view.mapFromScene(box.left + 2.5, box.y)
    image = view.viewport().grab().toImage()
    return image.pixelColor(place * image.devicePixelRatio()).name()


def near(one: str, other: str) -> bool:
    """True for the same colour but for rounding."""
    return all(abs(a - b) <= 3 for a, b in zip(QColor(one).getRgb(), QColor(other).getRgb(), strict=True))


def test_a_rule_colours_the_canvas_and_its_legend_says_how(window, qtbot):
    document, colours = window.desk.document, window.desk.tab.colours
    conv, light = named(document, "conv1"), load_theme("light")
    window.desk.view.zoom(1.0 / window.desk.view.scale_factor)
    assert near(colour_of(window.desk.tab, conv), light.category("Convolution").name())
    assert colours.legend is None
    choose(window, "layer")
    assert colours.legend.isVisible()
    assert near(colour_of(window.desk.tab, conv), light.series[0])
    assert [(each.kind, each.text()) for each in colours.legend.rows][:2] == [
        ("Conv2d", "Conv2d"),
        ("BatchNorm2d", "BatchNorm2d"),
    ]
    checked = [action.objectName() for _, action in window.actions_ if action.isChecked()]
    assert "colour.layer" in checked
    assert "colour.type" not in checked
    choose(window, "type")
    assert not colours.legend.isVisible()
    assert near(colour_of(window.desk.tab, conv), light.category("Convolution").name())


def test_the_legend_stays_in_its_corner_and_inside_the_canvas(tab, qtbot):
    use(tab, "layer")
    view, legend = tab.view, tab.colours.legend
    for size in ((1500, 950), (470, 260), (1300, 800)):
        tab.resize(*size)
        QApplication.processEvents()
        assert view.rect().contains(legend.geometry())
        assert view.rect().bottomRight().x() - legend.geometry().right() < 20


def test_the_colours_follow_the_theme(tab):
    conv = named(tab.document, "conv1")
    use(tab, "layer")
    dark = load_theme("dark")
    tab.view.set_theme(dark)
    assert near(colour_of(tab, conv), dark.series[0])
    assert row(tab, "Conv2d")._colour == dark.series[0]


def test_the_colours_follow_edits_and_undo(tab, qtbot):
    document, colours = tab.document, tab.colours
    conv = named(document, "conv1")
    use(tab, "parameters")
    before = colour_of(tab, conv)
    commands.set_param(document, [conv], "out_channels", 2048)
    after = colour_of(tab, conv)
    assert not near(before, after)
    qtbot.waitUntil(lambda: "8.39" not in colours.legend.pieces[-1].accessibleName())
    document.undo()
    assert near(colour_of(tab, conv), before)


def test_what_many_layers_count_after_an_edit_comes_in_slices(tab, qtbot, monkeypatch):
    monkeypatch.setattr(colour_counting, "AT_ONCE", 0)
    monkeypatch.setattr(colour_values, "PORTION", 2)
    colours, document = tab.colours, tab.document
    use(tab, "depth")
    deepest, shown = colours.colouring.scale.high, colours.legend.pieces[-1].toolTip()
    commands.remove(document, [named(document, "conv1")])
    assert colours.colouring.left > 20
    commands.rename(document, named(document, "fc"), "head")
    qtbot.waitUntil(lambda: colours.legend.pieces[-1].toolTip() != shown)
    assert colours.colouring.shades == Colouring(RULES["depth"], colours.facts()).shades
    document.undo()
    document.undo()
    qtbot.waitUntil(lambda: colours.legend.pieces[-1].toolTip() == shown)
    assert colours.colouring.scale.high == deepest
    assert colours.colouring.shades == Colouring(RULES["depth"], colours.facts()).shades


def test_a_legend_is_made_anew_only_to_say_something_else(tab, qtbot):
    document, legend = tab.document, lambda: tab.colours.legend
    tab.colours.use("layer")
    assert legend() is None  # the canvas has its turn first
    QApplication.processEvents()
    first, kinds = legend().rows, [each.text() for each in legend().rows]
    commands.rename(document, named(document, "fc"), "head")
    tab.colours.settled.emit()
    assert legend().rows is first
    tab.colours.use("parameters")
    assert not legend().isVisible()  # it says what the colours meant before
    QApplication.processEvents()
    assert legend().isVisible()
    assert legend().title.text() == RULES["parameters"].title
    use(tab, "layer")
    again = legend().rows
    assert [each.text() for each in again] == kinds
    commands.remove(document, [named(document, "conv1")])
    qtbot.waitUntil(lambda: row(tab, "Conv2d").accessibleName() == "Conv2d, 19")
    assert legend().rows is not again


def test_a_click_on_a_swatch_selects_and_shift_adds(tab):
    document, view = tab.document, tab.view
    use(tab, "layer")
    click(row(tab, "Conv2d"))
    assert view.selected() == [
        n for n in view.canvas.wiring.boxes if document.tables.nodes[n].layer == "Conv2d"
    ]
    assert "closed groups" in tab.said[-1] or len(view.selected()) == 20
    QTest.mouseClick(row(tab, "Input"), Qt.MouseButton.LeftButton, SHIFT)
    assert named(document, "image") in view.selected()
    assert named(document, "conv1") in view.selected()


def test_a_piece_of_a_scale_selects_the_layers_in_it(tab):
    document, view = tab.document, tab.view
    use(tab, "parameters")
    legend = tab.colours.legend
    counted = sum(int(piece.accessibleName().split(": ")[1].split()[0]) for piece in legend.pieces)
    assert counted == sum(1 for n in document.tables.nodes if _layer_with_parameters(document, n))
    click(legend.pieces[0])
    assert named(document, "bn1") in view.selected()  # 128, the fewest


def _layer_with_parameters(document, node_id):
    is_group = document.library[document.tables.nodes[node_id].layer].group
    return not is_group and bool(document.inference.of(node_id).parameters)


def test_the_legend_works_by_keyboard(tab):
    use(tab, "layer")
    button = row(tab, "Conv2d")
    button.setFocus()
    press(button, Qt.Key.Key_Return)
    assert named(tab.document, "conv1") in tab.view.selected()
    press(button, Qt.Key.Key_Delete)
    assert tab.colours.hidden == {"layer": frozenset({"Conv2d"})}
    button = row(tab, "Conv2d")
    assert button.accessibleName() == "Conv2d, 20"
    assert button.hasFocus()


def test_hiding_a_type_by_a_right_click_is_seen_and_undone(tab):
    document, view, colours = tab.document, tab.view, tab.colours
    cursor = document.history.cursor
    conv = named(document, "conv1")
    view.select([conv])
    use(tab, "layer")
    right_click(row(tab, "Conv2d"))
    assert conv in view.canvas.hidden
    assert view.selected() == []
    assert colours.mark.isVisible()
    assert colours.mark.text.text() == "20 layers hidden"
    assert document.history.cursor == cursor  # nothing of it is in the document
    click(colours.mark.button)
    assert not view.canvas.hidden
    assert not colours.mark.isVisible()
    right_click(row(tab, "Conv2d"))
    right_click(row(tab, "Conv2d"))
    assert not view.canvas.hidden


def test_only_types_can_be_hidden(tab):
    use(tab, "group")
    right_click(tab.colours.legend.rows[0])
    assert not tab.view.canvas.hidden
    assert "Only types" in tab.said[-1]


def test_types_are_hidden_in_a_list(window, qtbot):
    window.actions_["view.types"].trigger()
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, TypeList)
    assert popup.list.item(0).text().split() == ["Conv2d", "20"]
    popup.list.setFocus()
    popup.list.setCurrentRow(0)
    press(popup.list, Qt.Key.Key_Space)
    colours = window.desk.tab.colours
    assert len(colours.hidden_ids) == 20
    click(popup.none)
    assert len(colours.hidden_ids) == 71
    click(popup.every)
    assert not colours.hidden_ids
    press(popup.list, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None


def test_going_to_a_hidden_layer_shows_its_type_again(tab):
    colours, conv = tab.colours, named(tab.document, "conv1")
    colours.set_hidden({"layer": ["Conv2d", "ReLU"]})
    tab.reveal(conv)
    assert colours.hidden == {"layer": frozenset({"ReLU"})}
    assert tab.view.selected() == [conv]
    assert "shown again" in tab.said[-1]


def test_hidden_layers_are_not_selected_with_everything_but_stay_in_the_model(window):
    bring_to_front(window)
    window.desk.tab.colours.set_hidden({"layer": ["Conv2d"]})
    window.desk.view.setFocus()
    press(window.desk.view, Qt.Key.Key_A, CTRL)
    conv = named(window.desk.document, "conv1")
    assert window.desk.view.selected()
    assert conv not in window.desk.view.selected()
    assert conv in window.desk.document.inference
    assert "conv1" in window.mirror.picture.text


def test_new_layers_of_a_hidden_type_are_hidden_and_counted(tab, qtbot):
    colours, document = tab.colours, tab.document
    colours.set_hidden({"layer": ["Conv2d"]})
    commands.add_layer(document, "Conv2d", (0.0, -200.0))
    qtbot.waitUntil(lambda: colours.mark is not None and colours.mark.text.text() == "21 layers hidden")
    document.undo()
    qtbot.waitUntil(lambda: colours.mark.text.text() == "20 layers hidden")


def test_a_group_that_is_entered_has_the_same_colours(tab):
    colours, group = tab.colours, named(tab.document, "layer1.0")
    use(tab, "layer")
    colours.set_hidden({"layer": ["ReLU"]})
    tab.enter(group)
    tab.view.zoom(1.0 / tab.view.scale_factor)
    conv, relu = (named(tab.document, f"layer1.0.{name}") for name in ("conv1", "relu1"))
    assert near(colour_of(tab, conv), load_theme("light").series[0])
    assert relu in tab.view.canvas.hidden


def test_the_session_brings_the_colours_back(tab, qtbot):
    use(tab, "flops")
    tab.colours.set_hidden({"layer": ["ReLU"]})
    views = tab.views()
    use(tab, "type")
    tab.colours.set_hidden({})
    tab.restore(views)
    assert tab.colours.rule.key == "flops"
    assert tab.colours.hidden == {"layer": frozenset({"ReLU"})}
    QApplication.processEvents()
    assert tab.colours.legend.isVisible()
    restore(tab.colours, {"colours": {"rule": "no such rule", "hidden": {"layer": 7}, "legend": "x"}})
    assert tab.colours.rule.key == "flops"


def test_weights_are_measured_in_a_job_and_kept(window, qtbot):
    document, colours = window.desk.document, window.desk.tab.colours
    conv, fc = named(document, "conv1"), named(document, "fc")
    weights.initialise(document, [(conv, "weight"), (fc, "weight")], "normal")
    choose(window, "weight_std")
    settle(qtbot, window)
    qtbot.waitUntil(lambda: len(colours.sums) == 2, timeout=10_000)
    row_ = weights.row_of(document, (conv, "weight"))
    array = np.asarray(document.store.get(row_.digest, row_.shape, row_.dtype), np.float64)
    assert colours.colouring.number(conv) == pytest.approx(array.std(), rel=1e-9)
    choose(window, "weight_largest")
    assert colours.colouring.number(conv) == pytest.approx(np.abs(array).max())
    assert not window.jobs.running  # what is known is not measured again
    qtbot.wait(60)
    assert "no stored weights" in colours.legend.note.text()


def test_the_legend_can_be_shown_and_hidden_by_itself(window):
    colours = window.desk.tab.colours
    window.actions_["colour.legend"].trigger()
    QApplication.processEvents()
    assert colours.legend.isVisible()
    assert [each.kind for each in colours.legend.rows][:2] == ["Convolution", "Normalisation"]
    click(colours.legend.close_button)
    assert not colours.legend.isVisible()
    choose(window, "layer")
    assert colours.legend.isVisible()  # a rule without its legend says nothing


def test_a_picture_is_asked_for_and_saved(window, qtbot, tmp_path, monkeypatch):
    document = window.desk.document
    window.desk.view.select([named(document, "conv1"), named(document, "bn1")])
    target = tmp_path / "out.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(target), ""))
    seen = {}

    def answer():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, PictureDialog)
        seen["what"] = [dialog.what.itemText(index) for index in range(dialog.what.count())]
        dialog.what.setCurrentIndex(1)
        dialog.format.setCurrentIndex(2)
        dialog.scale.setValue(3.0)
        dialog.findChildren(QCheckBox)[3].click()
        seen["size"] = dialog.size_text.text()
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Save...").click()

    QTimer.singleShot(50, answer)
    window.actions_["file.export_picture"].trigger()
    qtbot.waitUntil(target.is_file, timeout=10_000)
    settle(qtbot, window)
    image = QImage(str(target))
    assert seen["what"] == ["The canvas in view", "The selection (2)"]
    assert seen["size"] == f"{image.width():,} × {image.height():,} pixels."
    assert image.width() < image.height() * 3
    assert image.pixelColor(0, 0).alpha() == 0
    assert "Saved" in window.statusBar().currentMessage()


def test_a_picture_goes_to_the_clipboard(window, qtbot):
    window.actions_["file.copy_picture"].trigger()
    qtbot.waitUntil(lambda: QApplication.clipboard().image().width() > 300, timeout=10_000)
    found = QApplication.clipboard().mimeData()
    assert b"conv1" in bytes(found.data("image/svg+xml").data())
    pixels = QImage.fromData(found.data("image/png"), "png")
    assert pixels == QApplication.clipboard().image().convertToFormat(pixels.format())
    assert QApplication.clipboard().image().width() > 300


def test_a_picture_can_be_cancelled(window, qtbot, tmp_path):
    from sketch.gui.picture_commands import PictureMaker, Wanted, painting_of

    made = []
    maker = PictureMaker(window, painting_of(window, window.desk.tab, Wanted()), ".png", made.append)
    maker.dialog.cancel()
    qtbot.wait(100)
    assert made == []


def test_a_drawing_that_changes_while_its_picture_is_painted_is_left_out(window, qtbot):
    from sketch.gui.picture_commands import PictureMaker, Wanted, painting_of

    made, document = [], window.desk.document
    maker = PictureMaker(window, painting_of(window, window.desk.tab, Wanted()), ".png", made.append)
    with qtbot.waitSignal(maker.destroyed, timeout=10_000):
        commands.remove(document, sorted(document.tables.nodes)[1:4])
    assert made == []
    assert window.statusBar().currentMessage().startswith("The drawing changed while its picture was painted")


def test_the_map_shows_the_colours_too(tab, qtbot):
    from sketch.gui.canvas.minimap import MiniMap

    small = MiniMap(tab.view)
    qtbot.addWidget(small)
    small.resize(300, 900)
    small.show()
    qtbot.waitExposed(small)
    counts = []
    for key in ("layer", "problems"):
        tab.colours.use(key)
        qtbot.wait(150)
        image = small.grab().toImage()
        found = {
            image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 2)
        }
        counts.append(len(found & set(load_theme("light").series)))
    assert counts[0] >= 3
    assert counts[1] == 0


def test_measuring_weights_can_be_cancelled_and_goes_on_later(window, qtbot, monkeypatch):
    from sketch.binder.surgery import weights_sums

    document, colours = window.desk.document, window.desk.tab.colours
    conv, fc = named(document, "conv1"), named(document, "fc")
    weights.initialise(document, [(conv, "weight"), (fc, "weight")], "normal")
    real, seen = weights_sums.weight_sums, []

    def slow(array, dtype, check):
        seen.append(array.shape)
        while len(seen) > 1:  # the second tensor takes until somebody cancels
            check()
        return real(array, dtype, check)

    monkeypatch.setattr(weights_sums, "weight_sums", slow)
    choose(window, "weight_mean")
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=10_000)
    window.job_bar.cancel.click()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=10_000)
    assert "Not all weights" in window.statusBar().currentMessage()
    assert len(colours.colouring.shades.keys() & {conv, fc}) == 1
    monkeypatch.setattr(weights_sums, "weight_sums", real)
    choose(window, "weight_mean")
    settle(qtbot, window)
    assert {conv, fc} <= colours.colouring.shades.keys()


def test_the_colours_come_back_after_closing(qtbot):
    with main_window(qtbot) as first:
        first.opener.example("lenet5")
        settle(qtbot, first)
        choose(first, "depth")
        first.desk.tab.colours.set_hidden({"layer": ["Tanh"]})
    with main_window(qtbot) as again:
        settle(qtbot, again)
        colours = again.desk.tab.colours
        assert colours.rule.key == "depth"
        assert colours.legend.isVisible()
        assert colours.mark.text.text() == "4 layers hidden"


def test_a_canvas_that_was_left_has_the_rule_of_now_when_it_comes_back(tab):
    document = tab.document
    conv, relu = named(document, "conv1"), named(document, "relu")
    use(tab, "layer")
    tab.enter(named(document, "layer1.0"))
    use(tab, "type")
    tab.colours.set_hidden({"layer": ["ReLU"]})
    tab.leave()
    tab.enter(None)
    tab.view.zoom(1.0 / tab.view.scale_factor)
    assert near(colour_of(tab, conv), load_theme("light").category("Convolution").name())
    assert relu in tab.view.canvas.hidden
    tab.enter(named(document, "layer1.0"))
    tab.colours.set_hidden({})
    tab.enter(None)
    assert not tab.view.canvas.hidden


@pytest.mark.parametrize("meanwhile", ["nothing", "edit", "cancel"])
def test_a_big_drawing_is_counted_beside_the_window(window, qtbot, monkeypatch, meanwhile):
    monkeypatch.setattr("sketch.gui.colour_commands.MANY", 3)
    tab = window.desk.tab
    window.actions_.run("colour.parameters")
    (job,) = window.jobs.running
    assert (job.title, tab.colours.key) == ("Colour by Parameters", "type")
    if meanwhile == "edit":
        commands.add_layer(tab.document, "Linear", (900.0, 0.0))
    elif meanwhile == "cancel":
        job.cancel()
    qtbot.waitUntil(lambda: not window.jobs.running)
    assert tab.colours.key == ("type" if meanwhile == "cancel" else "parameters")
    commands.add_layer(
        tab.document, "ReLU", (900.0, 900.0)
    )  # what was counted follows the document from here on
    if meanwhile != "cancel":
        counted = tab.colours.colouring
        assert counted.shades == Colouring(RULES["parameters"], tab.colours.facts()).shades
