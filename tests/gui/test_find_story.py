"""Finding layers with real keys and clicks: a query, its results, the way through them, its mistakes, its history."""

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui.find_bar import FindBar
from sketch.gui.find_commands import HISTORY
from sketch.gui.find_help import FindHelp
from tests.gui.windows import CTRL, SHIFT, click, example_window, press

KEY = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def window(qtbot):
    """A window with ResNet-18 in front."""
    with example_window(qtbot, "resnet18") as window:
        yield window


@pytest.fixture
def bar(window) -> FindBar:
    """The find bar, opened by its key."""
    press(window.desk.view, KEY.Key_F, CTRL)
    found = window.desk.tab.findChild(FindBar)
    assert found.isVisible()
    return found


def ask(bar: FindBar, text: str) -> list[str]:
    """Type a query; the names of what it finds."""
    press(bar.field, KEY.Key_A, CTRL)
    QTest.keyClicks(bar.field, text)
    bar.search.finish()
    QApplication.processEvents()
    bar.search.finish()  # asked again by a pause after the edit before
    nodes = bar._tab.document.tables.nodes
    return [nodes[key].name for key in bar.search.ids]


def selected(window) -> list[str]:
    nodes = window.desk.document.tables.nodes
    return [nodes[key].name for key in window.desk.selection]


def test_a_query_is_typed_and_walked_through(window, bar) -> None:
    assert bar.field.hasFocus()
    names = ask(bar, "type:Conv2d out_channels>=512 shape:*x512*")
    assert len(names) == 5
    assert bar.count.text() == "5"
    assert bar.model.rowCount() == 5
    assert window.desk.selection == []  # typing moves nothing
    press(bar.field, KEY.Key_Return)
    assert bar.count.text() == "1 of 5"
    assert selected(window) == names[:1]
    assert not window.desk.view.canvas.area_of(window.desk.selection).isNull()
    assert bar.field.hasFocus()
    press(bar.field, KEY.Key_Return)
    assert selected(window) == names[1:2]
    press(bar.field, KEY.Key_Return, SHIFT)
    press(bar.field, KEY.Key_Return, SHIFT)
    assert bar.count.text() == "5 of 5"
    press(bar.field, KEY.Key_Up)
    assert bar.count.text() == "4 of 5"
    press(bar.field, KEY.Key_F3)
    assert bar.count.text() == "5 of 5"


def test_the_layer_shown_does_not_stand_under_the_bar(window, bar) -> None:
    ask(bar, "type:Conv2d out_channels>=512")
    view = window.desk.view
    for _ in range(5):
        press(bar.field, KEY.Key_Return)
        seen = view.mapFromScene(view.canvas.area_of(window.desk.selection)).boundingRect()
        assert not bar.geometry().translated(-view.geometry().topLeft()).intersects(seen)
        assert view.viewport().rect().contains(seen)


def test_a_click_on_a_result_shows_it(window, bar) -> None:
    names = ask(bar, "downsample")
    index = bar.model.index(1, 0)
    QTest.mouseClick(
        bar.results.viewport(), Qt.MouseButton.LeftButton, pos=bar.results.visualRect(index).center()
    )
    assert selected(window) == [names[1]]
    assert bar.model.data(bar.model.index(0, 1)) in ("Sequential", "Block", "Group")
    assert [bar.model.data(bar.model.index(1, column)) for column in (0, 3)] == ["downsample", "layer3.0"]


def test_a_mistake_is_said_and_the_results_stay(window, bar) -> None:
    assert len(ask(bar, "type:Conv2d")) == 20
    bar.field.setText("type:Conv2d kernal_size>3")  # pasted
    assert "did you mean kernel_size?" in bar.note.text()
    assert bar.note.isVisible()
    assert bar.model.rowCount() == 20
    marks = bar.field.marks
    assert [(mark.start, mark.end) for mark in marks] == [(12, 25)]
    assert len(ask(bar, "type:Conv2d kernel_size>3")) == 1  # typed
    assert not bar.note.isVisible()
    assert bar.field.marks == ()


def test_escape_gives_the_canvas_back_and_f3_goes_on(window, bar) -> None:
    names = ask(bar, "maxpool or avgpool")
    press(bar.field, KEY.Key_Return)
    press(bar.field, KEY.Key_Escape)
    assert not bar.isVisible()
    assert window.desk.view.hasFocus()
    assert selected(window) == names[:1]
    press(window.desk.view, KEY.Key_F3)
    assert selected(window) == names[1:2]
    press(window.desk.view, KEY.Key_F3, SHIFT)
    assert selected(window) == names[:1]


def test_all_that_was_found_is_selected(window, bar) -> None:
    window.actions_.run("group.unfold_all")
    ask(bar, "type:Conv2d")
    press(bar.field, KEY.Key_Return, ALT)
    assert len(selected(window)) == 20
    assert window.statusBar().currentMessage() == "20 selected."
    assert not bar.isVisible()


def test_what_lies_in_closed_groups_is_said(window, bar) -> None:
    window.actions_.run("group.fold_all")
    ask(bar, "type:Conv2d")
    press(bar.field, KEY.Key_Return, ALT)
    assert selected(window) == ["conv1"]
    assert "19 more" in window.statusBar().currentMessage()


def test_what_was_found_stands_out_on_the_canvas(window, bar, monkeypatch) -> None:
    window.actions_.run("group.fold_all")
    canvas, seen = window.desk.view.canvas, []
    monkeypatch.setattr(type(canvas), "emphasise", lambda _scene, ids, _edges=(): seen.append(ids))
    ask(bar, "type:Conv2d")
    bar._light.timeout.emit()
    tables = window.desk.document.tables
    stages = {tables.named(None, name) for name in ("conv1", "layer1", "layer2", "layer3", "layer4")}
    assert seen[-1] == stages  # a closed group stands for what is inside
    press(bar.field, KEY.Key_Escape)
    assert seen[-1] is None


def test_no_canvas_stays_faded(window, bar) -> None:
    window.actions_.run("group.fold_all")
    tab = window.desk.tab
    ask(bar, "type:Conv2d")
    bar._light.timeout.emit()
    top = window.desk.view.canvas
    assert top._emphasised is not None
    for _ in range(3):
        press(bar.field, KEY.Key_Return)
    bar.search.finish()  # asked again by a pause after the edit before
    bar._light.timeout.emit()
    inner = window.desk.view.canvas
    assert inner is not top
    assert (top._emphasised, inner._emphasised is None) == (None, False)
    tab.enter(None)
    bar._light.timeout.emit()
    assert top._emphasised is not None
    press(bar.field, KEY.Key_Escape)
    assert top._emphasised is None


def test_queries_come_back(window, bar) -> None:
    for query in ("type:ReLU", "bias=false"):
        ask(bar, query)
        press(bar.field, KEY.Key_Return)
    assert window.services.session.get(HISTORY)[:2] == ["bias=false", "type:ReLU"]
    press(bar.field, KEY.Key_Escape)
    press(window.desk.view, KEY.Key_F, CTRL)
    assert bar.field.text() == "bias=false"
    press(bar.field, KEY.Key_Up, ALT)
    press(bar.field, KEY.Key_Up, ALT)
    assert bar.field.text() == "type:ReLU"
    click(bar.buttons["recent"])
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions()][:2] == ["bias=false", "type:ReLU"]
    menu.close()


def test_examples_of_the_help_are_queries_and_go_into_the_field(window, bar) -> None:
    press(bar.field, KEY.Key_F1)
    page = QApplication.activePopupWidget()
    assert isinstance(page, FindHelp)
    links = page.links()
    assert len(links) > 20
    for example in links:
        ask(bar, example)
        assert not bar.note.isVisible(), example
    page.page.anchorClicked.emit(QUrl(f"#{links.index('kernel_size>3')}"))
    assert bar.field.text() == "kernel_size>3"
    assert bar.field.hasFocus()


def test_results_follow_an_edit(window, bar) -> None:
    ask(bar, "type:Conv2d")
    window.desk.tab.view.select([window.desk.document.tables.named(None, "conv1")])
    window.actions_.run("edit.delete")
    window.desk.settled.emit()
    bar.search.finish()
    assert bar.model.rowCount() == 19


def test_keys_typed_into_the_bar_are_none_of_the_canvas(window, bar) -> None:
    count = len(window.desk.document.tables.nodes)
    window.desk.view.select([window.desk.document.tables.named(None, "conv1")])
    ask(bar, "conv")
    press(bar.field, KEY.Key_Delete)
    press(bar.field, KEY.Key_Backspace)
    press(bar.buttons["help"], KEY.Key_Delete)
    assert len(window.desk.document.tables.nodes) == count


def test_layers_of_one_type_and_layers_alike_are_selected(window) -> None:
    window.actions_.run("group.unfold_all")
    document, view = window.desk.document, window.desk.view
    nodes, of = document.tables.nodes, document.inference.of
    conv = document.tables.named(document.tables.named(document.tables.named(None, "layer2"), "0"), "conv2")
    alike = [n.id for n in nodes.values() if n.layer == "Conv2d" and of(n.id).params == of(conv).params]
    view.select([conv])
    window.actions_.run("edit.select_type")
    assert len(window.desk.selection) == 20
    view.select([conv])
    window.actions_.run("edit.select_similar")
    assert window.desk.selection == sorted(alike)
    assert len(alike) == 3
    block = nodes[conv].parent
    window.desk.tab.enter(block)
    view.select([conv])
    window.actions_.run("edit.select_type")
    assert len(window.desk.selection) == 3  # those of this canvas, in the open group too


def test_a_query_over_ten_thousand_nodes_runs_in_portions(window, bar, monkeypatch) -> None:
    monkeypatch.setattr("sketch.gui.slices.SLICE_SECONDS", -1.0)  # each slice ends as soon as it can
    monkeypatch.setattr("sketch.gui.find_search.TOGETHER", 10)
    bar.search.ask("type:Conv2d")
    assert bar.search.is_running
    assert len(bar.search.ids) < 20
    bar.search.ask("type:BatchNorm2d")
    bar.search.finish()
    assert len(bar.search.ids) == 20
    nodes = window.desk.document.tables.nodes
    assert {nodes[key].layer for key in bar.search.ids} == {"BatchNorm2d"}
