"""What a person sees and would complain about: marks on layers, whole labels, nothing clipped, readable notes."""

import pytest
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from sketch.gui import popups
from sketch.gui.compile_check import NetworkCheck
from sketch.gui.compile_dialog import CompileDialog
from sketch.state import commands
from tests.gui.windows import CTRL, SHIFT, form, main_window, pick_layer, press


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def settle(window, qtbot) -> None:
    with qtbot.waitSignal(window.mirror.changed, timeout=20_000):
        window.desk._text.start()
    QApplication.processEvents()


def test_what_the_chosen_kernel_cannot_express_is_marked_on_the_layer(window, qtbot):
    window.opener.new()
    document, view = window.desk.document, window.desk.view
    data = commands.add_layer(document, "Input", (0, 0))
    lstm = commands.add_layer(document, "LSTM", (0, 100))
    commands.connect(document, data, 0, lstm)
    commands.set_param(document, [data], "shape", (8, "N", 32))
    commands.set_param(document, [lstm], "proj_size", 4)
    settle(window, qtbot)
    assert view.canvas.nodes[lstm].look.severity is None
    window.choose_kernel("onnx")
    settle(window, qtbot)
    assert view.canvas.nodes[lstm].look.severity == "error"
    view.select([lstm])
    shown = [label.text() for label in form(window).findChildren(QLabel)]
    assert any("projection" in text for text in shown)
    group = commands.group(document, [lstm])
    settle(window, qtbot)
    assert view.canvas.nodes[group].look.severity == "error"
    window.choose_kernel("pytorch")
    settle(window, qtbot)
    assert view.canvas.nodes[group].look.severity is None


def test_the_node_editor_is_never_wider_than_its_panel(window):
    window.opener.new()
    pick_layer(window, "LSTM")
    editor = form(window)
    assert editor.widget().width() <= editor.viewport().width()
    pin = editor.rows["input_size"]
    assert pin.mapTo(editor.viewport(), QPoint(pin.width(), 0)).x() <= editor.viewport().width()


def test_a_selected_block_says_what_is_inside(window):
    window.opener.example("vgg16")
    window.desk.view.select([window.desk.document.tables.named(None, "classifier")])
    texts = [label.text() for label in form(window).findChildren(QLabel)]
    assert {"7", "123,642,856", "3 × Linear"} <= set(texts)


def test_a_new_note_covers_no_layer_and_takes_what_is_typed(window, qtbot):
    window.opener.example("lenet5")
    QApplication.processEvents()
    view = window.desk.view
    view.setFocus()
    press(view, Qt.Key.Key_N, CTRL | SHIFT)
    field = view.viewport().focusWidget() or QApplication.focusWidget()
    QTest.keyClicks(field, "seen")
    press(field, Qt.Key.Key_Return, CTRL)
    (item,) = view.canvas.notes.values()
    assert item.note.text == "seen"
    area = item.sceneBoundingRect()
    assert not any(node.area().intersects(area) for node in view.canvas.nodes.values())


def test_pictures_of_examples_show_blocks_closed(window):
    image = window.keeper.example_picture("vgg16", QSize(144, 128)).toImage()
    column = [image.pixelColor(60, y).alpha() > 0 for y in range(image.height())]
    bars = sum(1 for before, now in zip([False, *column], column, strict=False) if now and not before)
    assert bars == 5


def test_recent_files_are_in_the_file_menu(window, tmp_path):
    path = tmp_path / "one.sketch"
    window.opener.example("lenet5")
    menu = window.findChild(QMenu, "recent-files")
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()] == [False]
    path.write_bytes(b"")
    window.keeper.remember(path)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["one.sketch"]


def test_the_size_of_the_source_text_survives_another_theme(window):
    window.services.settings.set("text.font_size", 15)
    window.services.settings.set("appearance.theme", "dark")
    assert window.panels.source.code.font().pointSize() == 15


def test_a_popup_is_only_as_high_as_its_matches(window):
    window.opener.example("lenet5")
    popups.command_palette(window)
    popup = QApplication.activePopupWidget()
    whole = popup.height()
    QTest.keyClicks(popup.field, "compile again")
    assert popup.titles()[0] == "Compile again"
    assert popup.height() < whole / 2
    popup.close()


def test_the_wished_opset_stands_in_the_compile_dialog(window):
    window.opener.example("lenet5")
    registry, check = window.services.registry, NetworkCheck(window, window.desk.document)
    dialog = CompileDialog(window, registry, check, "onnx", window.folder, opset=17)
    assert dialog.request().options["opset"] == 17
    dialog.deleteLater()


def test_a_changed_label_is_repainted_to_its_end(window):
    window.opener.example("lenet5")
    view = window.desk.view
    image = window.desk.document.tables.named(None, "image")
    dirty: list[QRectF] = []
    view.canvas.changed.connect(dirty.extend)
    commands.set_param(window.desk.document, [image], "shape", (1024, 1, 1028, 1028))
    QApplication.processEvents()
    x, y = view.canvas.nodes[image].pos().x(), view.canvas.wiring.boxes[image].bottom
    label = QRectF(x + 5, y + 6, 120, 14)
    assert any(rect.contains(label) for rect in dirty)


def test_edits_that_do_not_reach_the_disk_are_marked_until_they_do(window, qtbot):
    window.opener.new()
    tab = window.desk.tab
    assert tab.journal_mark.isHidden()
    window.keeper.save_now()
    tab.document.journal.flush()  # or the writer's own success would take the failure back at once
    tab.document.journal._set_failing("Edits are kept in memory only, because of: no space left.")
    qtbot.waitUntil(lambda: not tab.journal_mark.isHidden(), timeout=20_000)
    assert "no space left" in tab.journal_mark.text()
    tab.document.journal._set_failing(None)
    qtbot.waitUntil(tab.journal_mark.isHidden, timeout=20_000)


def test_h_fades_what_is_not_wired_to_the_selection_and_brings_it_back(window):
    window.opener.example("lenet5")
    QApplication.processEvents()
    view = window.desk.view
    view.setFocus()
    first = min(view.document.tables.nodes)
    view.select([first])
    press(view, Qt.Key.Key_H)
    assert view.canvas.focus.emphasis.nodes == set(view.document.tables.nodes)
    alone = commands.add_layer(view.document, "ReLU", (600.0, 0.0))
    view.select([alone])
    assert view.canvas.focus.emphasis.nodes == {alone}
    press(view, Qt.Key.Key_H)
    assert view.canvas.focus.emphasis is None
