"""The parts of the window working together: panels, popups, clipboard, groups, files, errors."""

import logging
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QWidget

from sketch.gui import dressing, questions
from sketch.gui.action_table import TABLE
from sketch.gui.application import catch_errors
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.text_panel import node_at
from sketch.state import commands
from tests.gui.windows import CTRL, SHIFT, bring_to_front, click, main_window, pick_layer, press


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def lenet(window):
    window.opener.example("lenet5")
    QApplication.processEvents()
    return window


def named(window, name: str) -> int:
    return window.desk.document.tables.named(None, name)


def settle(window, qtbot) -> None:
    """Wait until the text has followed."""
    with qtbot.waitSignal(window.mirror.changed, timeout=20_000):
        window.desk._text.start()
    QApplication.processEvents()


def popup(window) -> FilterPopup:
    found = QApplication.activePopupWidget()
    assert isinstance(found, FilterPopup)
    return found


def test_every_command_has_a_function_and_a_name_and_says_why_it_is_disabled(window):
    assert len({row.id for row in TABLE}) == len(TABLE)
    for row, action in window.actions_:
        reason = row.why_not(window)
        assert action.isEnabled() == (reason is None), row.id
        assert reason is None or reason in action.toolTip()
    assert window.actions_["edit.undo"].toolTip().endswith("Open or start a network first.")
    window.opener.new()
    assert window.actions_["edit.undo"].toolTip().endswith("There is nothing to undo.")


def test_every_key_of_the_settings_belongs_to_a_command_or_a_gesture(window):
    known = {row.id for row in TABLE}
    strays = [name for name in window.services.settings.commands() if name not in known]
    assert [name for name in strays if not name.startswith("canvas.")] == []


def test_no_two_commands_share_a_key(window):
    seen: dict[str, str] = {}
    for row, action in window.actions_:
        for key in action.shortcuts():
            assert seen.setdefault(key.toString(), row.id) == row.id


def test_the_source_follows_edits_and_marks_the_selection(lenet, qtbot):
    settle(lenet, qtbot)
    source = lenet.panels.source
    assert "nn.Conv2d(1, 6" in source.code.toPlainText()
    lenet.desk.view.select([named(lenet, "conv1")])
    QApplication.processEvents()
    marked = [mark.cursor.block().text() for mark in source.code.extraSelections()]
    assert any("self.conv1" in line for line in marked)
    commands.set_param(lenet.desk.document, [named(lenet, "conv1")], "out_channels", 8)
    settle(lenet, qtbot)
    assert "nn.Conv2d(1, 8" in source.code.toPlainText()


def test_a_click_on_a_line_selects_its_node(lenet, qtbot):
    settle(lenet, qtbot)
    source = lenet.panels.source
    lines = source.code.toPlainText().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "self.fc2 = " in text)
    source.on_line(line)
    assert lenet.desk.selection == [named(lenet, "fc2")]
    assert node_at(lenet.mirror.picture, 10_000) is None


def test_switching_the_kernel_switches_the_text_and_the_title(lenet, qtbot):
    settle(lenet, qtbot)
    lenet.kernel.setCurrentIndex(lenet.kernel.findData("onnx"))
    with qtbot.waitSignal(lenet.mirror.changed, timeout=20_000):
        lenet.kernel.activated.emit(lenet.kernel.currentIndex())
    assert "nn.Module" not in lenet.panels.source.code.toPlainText()
    assert "lenet5[*] - ONNX - Sketch" in lenet.windowTitle()
    assert lenet.desk.document.kernel == "onnx"


def test_the_node_editor_pins_greys_and_names_the_fault(lenet):
    editor = lenet.panels.editor
    conv = named(lenet, "conv2")
    lenet.desk.view.select([conv])
    row = editor.rows["in_channels"]
    assert row.follows.text() == "follows input (6)"
    click(row.pin)
    assert lenet.desk.document.tables.nodes[conv].params["in_channels"] == 6
    row.field.boxes[0].setValue(5)
    assert "5" in editor.rows["in_channels"].note.text() or lenet.desk.document.inference.problems_of(conv)
    click(row.pin)
    assert "in_channels" not in lenet.desk.document.tables.nodes[conv].params
    assert not editor.rows["padding_mode"].field.isEnabled()
    assert "counts only when" in editor.rows["padding_mode"].field.toolTip()


def test_one_edit_changes_all_selected_layers(lenet):
    ids = [named(lenet, "conv1"), named(lenet, "conv2")]
    lenet.desk.view.select(ids)
    box = lenet.panels.editor.rows["out_channels"].field.boxes[0]
    assert box.text() == ""
    box.setValue(12)
    assert [lenet.desk.document.tables.nodes[n].params["out_channels"] for n in ids] == [12, 12]
    assert lenet.desk.document.undo() is not None
    assert [lenet.desk.document.tables.nodes[n].params["out_channels"] for n in ids] == [6, 16]


def test_a_problem_is_listed_and_a_click_goes_there(lenet, qtbot):
    conv = named(lenet, "conv2")
    commands.set_param(lenet.desk.document, [conv], "kernel_size", 99)
    with qtbot.waitSignal(lenet.panels.problems.counted, timeout=20_000):
        lenet.desk._quiet.start()
    panel = lenet.panels.problems
    item = panel.topLevelItem(0)
    assert item.text(0) == "conv2"
    assert "99" in item.text(1)
    assert lenet.docks["problems"].windowTitle() == f"Problems ({panel.topLevelItemCount()})"
    panel.itemClicked.emit(item, 0)
    assert lenet.desk.selection == [conv]


def test_history_jumps_and_keeps_the_branch(lenet, qtbot):
    document = lenet.desk.document
    for name in ("one", "two", "three"):
        commands.rename(document, named(lenet, "conv1") or 2, name)
    lenet.panels.history.refresh()
    rows = lenet.panels.history.model()
    assert rows.rowCount() == 4
    lenet.panels.history._jump(rows.index(1))
    assert document.tables.nodes[2].name == "one"
    commands.rename(document, 2, "other")
    lenet.panels.history.refresh()
    assert rows.rowCount() == 5
    lenet.panels.history._jump(rows.index(3))
    assert document.tables.nodes[2].name == "three"


def test_summary_lists_layers_with_their_path_and_totals(window):
    window.opener.example("resnet18")
    window.panels.summary.refresh()
    rows = {row.cells[0]: row.cells for row in window.panels.summary.model.rows}
    assert rows["layer2.0.conv1"] == ("layer2.0.conv1", "Conv 2D", "N×128×28×28", "73,728")
    assert window.panels.summary.total.text() == "11,689,512 parameters in 71 layers"


def test_tab_opens_quick_add_and_enter_adds(lenet):
    bring_to_front(lenet)
    lenet.desk.view.setFocus()
    before = set(lenet.desk.document.tables.nodes)
    press(lenet.desk.view, Qt.Key.Key_Tab)
    box = popup(lenet)
    QTest.keyClicks(box.field, "gelu")
    assert box.titles()[0] == "GELU"
    press(box.field, Qt.Key.Key_Return)
    (made,) = set(lenet.desk.document.tables.nodes) - before
    assert lenet.desk.document.tables.nodes[made].layer == "GELU"
    assert lenet.desk.selection == [made]


def test_a_wire_dropped_on_empty_canvas_offers_what_fits_and_wires_it(lenet):
    source = named(lenet, "tanh1")
    lenet.desk.view.quick_add_requested.emit(QPointF(400, 100), QPoint(300, 300), (source, 0, "out"))
    box = popup(lenet)
    assert "Input" not in box.titles()
    QTest.keyClicks(box.field, "softplus")
    press(box.field, Qt.Key.Key_Return)
    tables = lenet.desk.document.tables
    made = max(tables.nodes)
    assert tables.nodes[made].prior[0].source == source


def test_the_palette_runs_a_command_and_greys_what_cannot_run(lenet):
    bring_to_front(lenet)
    press(lenet, Qt.Key.Key_P, CTRL | SHIFT)
    box = popup(lenet)
    QTest.keyClicks(box.field, "ungroup")
    press(box.field, Qt.Key.Key_Return)
    assert "Select a layer first." in box._note.text()
    press(box.field, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(box.field, "select all")
    press(box.field, Qt.Key.Key_Return)
    assert len(lenet.desk.selection) == 14


def test_copy_and_paste_across_tabs(lenet):
    lenet.desk.view.select([named(lenet, "conv1"), named(lenet, "tanh1")])
    lenet.actions_["edit.copy"].trigger()
    lenet.opener.new()
    lenet.actions_["edit.paste"].trigger()
    nodes = lenet.desk.document.tables.nodes
    assert sorted(node.name for node in nodes.values()) == ["conv1", "tanh1"]
    (conv,) = (node for node in nodes.values() if node.layer == "Conv2d")
    assert conv.params["out_channels"] == 6
    assert len(conv.next) == 1
    QApplication.clipboard().clear()


def test_group_enter_leave_ungroup_and_save_as_block(lenet):
    lenet.desk.view.select([named(lenet, "conv1"), named(lenet, "tanh1")])
    lenet.actions_["group.group"].trigger()
    (group,) = lenet.desk.selection
    lenet.actions_["group.enter"].trigger()
    assert lenet.desk.tab.group == group
    lenet.actions_["group.leave"].trigger()
    assert lenet.desk.selection == [group]
    lenet.actions_["group.save_block"].trigger()
    name = lenet.desk.document.tables.nodes[group].name
    item = lenet.panels.toolbox.item(f"block:{name}")
    assert item is not None
    lenet.opener.new()
    lenet.panels.toolbox.append_wanted.emit(f"block:{name}")
    assert sorted(n.layer for n in lenet.desk.document.tables.nodes.values()) == ["Conv2d", "Group", "Tanh"]


def test_the_toolbox_finds_by_search_words(window):
    window.panels.toolbox.search.setText("attention")
    assert "Multihead Attention" in [
        t.replace("-", " ").title() for t in window.panels.toolbox.titles()
    ] or any("ttention" in title for title in window.panels.toolbox.titles())
    window.panels.toolbox.search.setText("no such layer")
    assert window.panels.toolbox.titles() == []


def test_clicking_layers_appends_them_wired(window):
    window.opener.new()
    for layer in ("Input", "Conv2d", "ReLU"):
        pick_layer(window, layer)
    nodes = sorted(window.desk.document.tables.nodes.values(), key=lambda node: node.id)
    assert [(n.layer, [e.target for e in n.next]) for n in nodes] == [
        ("Input", [2]),
        ("Conv2d", [3]),
        ("ReLU", []),
    ]


def test_both_themes_can_be_switched(lenet):
    for _time in range(2):
        before = lenet.theme.is_dark
        lenet.actions_["view.theme"].trigger()
        assert lenet.theme.is_dark is not before
        dressing._slices(lenet).finish()
        QApplication.processEvents()
        assert _corner(lenet.menuBar()) == lenet.theme.window
        assert _corner(lenet.docks["editor"].widget()) == lenet.theme.panel
        label = lenet.panels.editor.findChild(QLabel)
        assert label.palette().color(label.foregroundRole()).name() == lenet.theme.text_muted
        assert all(part.updatesEnabled() for part in (lenet.menuBar(), *lenet.docks.values()))


def _corner(widget: QWidget) -> str:
    """The colour at the lower right, where nothing is written."""
    picture = widget.grab().toImage()
    return picture.pixelColor(picture.width() - 3, picture.height() - 3).name()


def test_a_dropped_file_opens_and_a_broken_one_is_one_line(window, tmp_path, monkeypatch, qtbot):
    said: list[str] = []
    monkeypatch.setattr("sketch.gui.opening.show_error", lambda _parent, text: said.append(text))
    path = tmp_path / "broken.sketch"
    path.write_bytes(b"no drawing")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(QPoint(9, 9), copy, data, left, none))
    window.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
    qtbot.waitUntil(lambda: bool(said))
    assert len(said) == 1
    assert "broken.sketch" in said[0]
    assert "\n" not in said[0]
    assert window.desk.tab is None


def test_permission_is_refused_by_default(window, monkeypatch):
    def press_enter(box: QMessageBox) -> int:
        assert box.defaultButton().text() == "Do not open"
        box.defaultButton().click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press_enter)
    assert questions.ask_permission(window, Path("model.pth"), "It holds a pickled module.") is False


def test_an_uncaught_error_is_logged_and_the_window_lives(lenet, monkeypatch, caplog):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("threading.excepthook", None)
    catch_errors(lenet)
    with caplog.at_level(logging.ERROR, "sketch"):
        sys.excepthook(ZeroDivisionError, ZeroDivisionError("planted"), None)
    assert "Your drawing is safe" in lenet.statusBar().currentMessage()
    assert any(record.exc_info for record in caplog.records)
    assert lenet.isVisible()


def test_the_log_panel_mirrors_the_log(window):
    logging.getLogger("sketch.test").warning("planted line")
    QApplication.processEvents()
    assert "planted line" in window.panels.log.toPlainText()


def test_shortcut_presets_take_effect_at_once(window):
    assert [key.toString() for key in window.actions_["view.frame_all"].shortcuts()] == ["Shift+F", "Home"]
    window.services.settings.set("shortcuts.preset", "blender")
    assert [key.toString() for key in window.actions_["view.frame_all"].shortcuts()] == ["Home", "Shift+F"]


def test_the_settings_page_changes_the_window_at_once(lenet):
    from sketch.gui.settings_dialog import SettingsDialog

    settings = lenet.services.settings
    dialog = SettingsDialog(lenet, settings, lenet.actions_)
    shown = [dialog.tabs.tabText(index) for index in range(dialog.tabs.count())]
    assert shown == ["Look", "Canvas", "Behaviour", "Shortcuts"]
    settings.set("canvas.grid", False)
    assert lenet.desk.view.options.grid is False
    settings.set("text.font_size", 17)
    assert lenet.panels.source.code.font().pointSize() == 17
    dialog.deleteLater()


def test_a_theme_that_is_overtaken_leaves_no_part_without_updates(lenet):
    trigger = lenet.actions_["view.theme"].trigger
    trigger()
    lenet.tool_bar.hide()
    trigger()
    dressing._slices(lenet).finish()
    lenet.tool_bar.show()
    assert lenet.tool_bar.updatesEnabled()
    assert _corner(lenet.menuBar()) == lenet.theme.window


def test_the_last_tab_that_goes_is_told_once_and_leaves_the_welcome_page(window, qtbot):
    window.opener.new()
    heard = []
    window.area.turned.connect(heard.append)
    window.opener.close()
    assert heard == [None]
    assert window.area.currentWidget() is window.area.welcome
    qtbot.waitUntil(window.area.updatesEnabled)


def test_recent_files_are_listed_anew_when_they_differ(window, tmp_path):
    welcome = window.area.welcome
    links = welcome._recent

    def shown():
        return [links.itemAt(index).widget() for index in range(links.count())]

    welcome.show_recent([tmp_path / "one.onnx"])
    first = shown()
    welcome.show_recent([tmp_path / "one.onnx"])
    assert shown() == first
    welcome.show_recent([tmp_path / "two.onnx", tmp_path / "one.onnx"])
    assert [link.text().split()[0] for link in shown()] == ["two.onnx", "one.onnx"]
    welcome.show_recent([])
    assert shown() == []


def test_settings_that_cannot_be_kept_are_said_in_their_dialog(lenet, qtbot, monkeypatch):
    from sketch.gui.settings_dialog import SettingsDialog
    from sketch.state import late_file

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    settings = lenet.services.settings
    dialog = SettingsDialog(lenet, settings, lenet.actions_)
    with monkeypatch.context() as patch:
        patch.setattr(late_file, "write_text", fail)
        settings.set("canvas.grid", not settings.get("canvas.grid"))
        settings.flush()
    qtbot.waitUntil(lambda: "No space left" in dialog._note.text())
    settings.set("canvas.snap", not settings.get("canvas.snap"))
    qtbot.waitUntil(lambda: dialog._note.text() == "")
    dialog.accept()
    assert not settings._watchers
