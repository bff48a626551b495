"""Quick-add with real keys: what usually stands there comes first, typing decides, what is used is remembered."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui import popups
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.recent_layers import recent_layers
from tests.gui.windows import example_window, press

KEY = Qt.Key


@pytest.fixture
def window(qtbot):
    """A window with LeNet-5 in front."""
    with example_window(qtbot, "lenet5") as window:
        yield window


def named(window, name: str) -> int:
    return window.desk.document.tables.named(None, name)


def popup() -> FilterPopup:
    found = QApplication.activePopupWidget()
    assert isinstance(found, FilterPopup)
    return found


def at_wire(window, node: int, side: str = "out") -> FilterPopup:
    scene, place = window.desk.view.pointer_place()
    found = popups.quick_add(window, scene, place, (node, 0, side))
    assert found is not None
    return found


def test_the_end_of_a_wire_offers_what_usually_follows(window) -> None:
    box = at_wire(window, named(window, "conv1"))
    assert set(box.titles()[:2]) == {"Batch Norm 2D", "ReLU"}
    assert box.shown()[0].detail == "usual here"
    assert box.field.placeholderText() == "Add a layer after conv1"
    assert "Input" not in box.titles()
    press(box.field, KEY.Key_Return)
    (made,) = window.desk.selection
    nodes = window.desk.document.tables.nodes
    assert nodes[made].layer in ("BatchNorm2d", "ReLU")
    assert [edge.source for edge in nodes[made].prior] == [named(window, "conv1")]


def test_typing_overrides_the_ranking(window) -> None:
    box = at_wire(window, named(window, "conv1"))
    QTest.keyClicks(box.field, "lin")
    assert box.titles()[0] == "Linear"
    press(box.field, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box.field, "bn2")
    assert box.titles()[0] == "Batch Norm 2D"
    press(box.field, KEY.Key_Escape)


def test_a_layer_that_does_not_fit_is_muted_last_and_says_why(window) -> None:
    box = at_wire(window, named(window, "conv1"))
    shown = {choice.key: choice for choice in box._choices}
    assert shown["MaxPool1d"].dim
    assert "MaxPool1d needs" in shown["MaxPool1d"].note
    assert shown["MaxPool1d"].rank > shown["MaxPool2d"].rank
    QTest.keyClicks(box.field, "maxpool1d")
    assert "MaxPool1d needs" in box._note.text()
    press(box.field, KEY.Key_Return)  # a person may know better
    (made,) = window.desk.selection
    assert window.desk.document.tables.nodes[made].layer == "MaxPool1d"


def test_the_selected_layer_ranks_the_list_too(window) -> None:
    window.desk.view.select([named(window, "conv1")])
    press(window.desk.view, KEY.Key_Tab)
    assert set(popup().titles()[:2]) == {"Batch Norm 2D", "ReLU"}
    press(popup().field, KEY.Key_Escape)
    window.desk.view.select([])
    press(window.desk.view, KEY.Key_Tab)
    assert popup().titles()[:2] == ["Input", "Conv 2D"]
    press(popup().field, KEY.Key_Escape)


def test_what_was_added_last_is_remembered(window) -> None:
    window.desk.view.select([])
    press(window.desk.view, KEY.Key_Tab)
    QTest.keyClicks(popup().field, "mish")
    press(popup().field, KEY.Key_Return)
    assert recent_layers(window)[0] == "Mish"
    window.desk.view.select([])
    press(window.desk.view, KEY.Key_Tab)
    assert popup().titles()[0] == "Mish"
    press(popup().field, KEY.Key_Escape)
    window.actions_.run("edit.undo")
    assert recent_layers(window)[0] == "Mish"


def test_in_front_of_a_layer_come_those_with_an_output(window) -> None:
    box = at_wire(window, named(window, "conv1"), "in")
    assert "Output" not in box.titles()
    press(box.field, KEY.Key_Escape)


def test_a_chain_is_drawn_by_tab_name_and_return_alone(window) -> None:
    window.opener.new()
    QApplication.processEvents()
    view, nodes = window.desk.view, window.desk.document.tables.nodes
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton)
    for word in ("conv2d", "relu", "linear", "tanh", "relu", "sigmoid"):
        press(QApplication.focusWidget(), KEY.Key_Tab)
        QTest.keyClicks(popup().field, word)
        press(popup().field, KEY.Key_Return)
    assert [node.layer for node in nodes.values()] == ["Conv2d", "ReLU", "Linear", "Tanh", "ReLU", "Sigmoid"]
    *others, last = nodes
    assert [edge.target for key in others for edge in nodes[key].next] == [*others[1:], last]
    assert view.selected() == [last]
    seen = view.mapFromScene(view.canvas.area_of([last])).boundingRect()
    assert view.viewport().rect().contains(seen)


def test_a_layer_chosen_with_the_mouse_leaves_the_next_one_to_the_pointer(window) -> None:
    window.opener.new()
    QApplication.processEvents()
    view, nodes = window.desk.view, window.desk.document.tables.nodes
    for _ in range(2):
        press(view, KEY.Key_Tab)
        box = popup()
        item = box.list.visualItemRect(box.list.item(0)).center()
        QTest.mouseClick(box.list.viewport(), Qt.MouseButton.LeftButton, pos=item)
        QApplication.processEvents()
    assert len(nodes) == 2
    assert not any(node.prior or node.next for node in nodes.values())
    one, two = (view.canvas.wiring.boxes[key] for key in nodes)
    assert abs(one.y - two.y) >= one.height or abs(one.x - two.x) >= one.width
