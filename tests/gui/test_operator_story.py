"""Operators of an opened file by mouse and keys: what they say of themselves, edits that change what follows, undo."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sketch.graph.specs import ParamSpec
from sketch.gui.node_facts import LongText
from sketch.gui.operator_fields import AttributeChoice, AttributeText, ConstantField, RecordField
from sketch.gui.popups import quick_add
from tests.gui.windows import CTRL, bring_to_front, click, main_window, pick_layer, press, type_value


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def model(tmp_path):
    """Resize (cubic), ReduceLogSum over channels, TopK, and an operator of a vendor."""
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["r"], name="grow", mode="cubic", cubic_coeff_a=-0.5),
        helper.make_node("ReduceLogSum", ["r", "axes"], ["q"], name="norm"),
        helper.make_node("TopK", ["q", "k"], ["v", "i"], name="best"),
        helper.make_node("Foo", ["q"], ["f"], name="own", domain="com.example", alpha=0.5),
    ]
    held = {"scales": np.array([1, 1, 2, 2], np.float32), "axes": np.array([1]), "k": np.array([5])}
    graph = helper.make_graph(
        nodes,
        "ops",
        [helper.make_tensor_value_info("x", 1, ["N", 3, 16, 16])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in (("v", 1), ("i", 7), ("f", 1))],
        [numpy_helper.from_array(array, name) for name, array in held.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.example", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), tmp_path / "ops.onnx")
    return tmp_path / "ops.onnx"


@pytest.fixture
def opened(window, qtbot, model):
    assert window.opener.open_file(model) is not None
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    assert window.desk.document is not None, window.statusBar().currentMessage()
    return window


def node_named(window, name):
    return next(node for node in window.desk.document.tables.nodes.values() if node.name == name)


def pick(window, name):
    """Click a node on the canvas."""
    view, place = window.desk.view, window.desk.document.tables.places[node_named(window, name).id]
    view.restore_view({"zoom": 1.0, "x": place.x, "y": place.y})
    click(view.viewport(), view.mapFromScene(place.x, place.y))
    assert window.desk.selection == [node_named(window, name).id]
    return window.panels.editor


def shape_of(window, name, out=0):
    return str(window.desk.document.inference.output(node_named(window, name).id, out))


def undo(window):
    bring_to_front(window)
    window.desk.view.setFocus()
    press(window.desk.view, Qt.Key.Key_Z, CTRL)


def test_a_constant_input_is_a_field_and_what_follows_changes_at_once(opened):
    assert shape_of(opened, "best") == "float32 N×1×32×5"
    editor = pick(opened, "norm")
    assert editor.rows["$input1"].label.text() == "axes"
    assert isinstance(editor.rows["$input1"].field, ConstantField)
    type_value(opened, "$input1", "2")
    assert shape_of(opened, "norm") == "float32 N×3×1×32"
    assert shape_of(opened, "best") == "float32 N×3×1×5"
    assert shape_of(opened, "best", 1) == "int64 N×3×1×5"
    assert opened.desk.document.history.undo_step.label == "Set axes of 'norm' to 2"
    undo(opened)
    assert shape_of(opened, "best") == "float32 N×1×32×5"
    assert node_named(opened, "norm").params["$input1"]["data"] == (1,)


def test_a_switch_is_a_choice_and_its_default_is_left_out_of_the_file(opened):
    editor = pick(opened, "norm")
    box = editor.rows["keepdims"].field.box
    assert isinstance(editor.rows["keepdims"].field, AttributeChoice)
    assert box.currentText() == "yes (default)"
    assert "keepdims" not in node_named(opened, "norm").params
    box.setFocus()
    press(box, Qt.Key.Key_Up)
    assert node_named(opened, "norm").params["keepdims"] == 0
    assert shape_of(opened, "best") == "float32 N×32×5"
    press(box, Qt.Key.Key_Down)
    assert "keepdims" not in node_named(opened, "norm").params
    assert shape_of(opened, "norm") == "float32 N×1×32×32"


def test_words_and_numbers_with_their_defaults(opened):
    editor = pick(opened, "grow")
    mode, coefficient = editor.rows["mode"].field, editor.rows["cubic_coeff_a"].field
    assert [mode.box.itemText(row) for row in range(mode.box.count())] == [
        "nearest (default)",
        "linear",
        "cubic",
    ]
    assert mode.box.currentText() == "cubic"
    assert isinstance(coefficient, AttributeText)
    assert (coefficient.line.text(), coefficient.line.placeholderText()) == ("-0.5", "-0.75 (default)")
    type_value(opened, "cubic_coeff_a", "-0.6")
    assert node_named(opened, "grow").params["cubic_coeff_a"] == -0.6
    coefficient.line.selectAll()
    press(coefficient.line, Qt.Key.Key_Delete)
    press(coefficient.line, Qt.Key.Key_Return)
    assert "cubic_coeff_a" not in node_named(opened, "grow").params
    type_value(opened, "$input2", "1, 1, 3, 0.5")
    assert shape_of(opened, "grow") == "float32 N×3×48×8"
    type_value(opened, "$input2", "1, 1, x")
    assert "'1, 1, x' are no float32 numbers" in editor.rows["$input2"].note.text()


def test_a_wrong_value_is_a_problem_with_a_cure(opened):
    editor = pick(opened, "best")
    type_value(opened, "$input1", "50")
    said = "TopK takes 50 of 32 entries in dimension 3. Make K smaller."
    assert [str(p) for p in opened.desk.document.inference.problems_of(node_named(opened, "best").id)] == [
        said
    ]
    type_value(opened, "axis", "9")
    assert "Choose axis from -4 to 3" in editor.rows["axis"].note.text()


def test_the_editor_says_what_an_operator_is(opened):
    editor = pick(opened, "best")
    texts = [label.text() for label in editor.findChildren(type(editor.rows["axis"].label))]
    assert any("ai.onnx, version 24" in text and "onnx__TopK.html" in text for text in texts)
    assert {"Values", "Indices", "constant", "1  int64", "N×1×32×5  int64"} <= set(texts)
    (doc,) = editor.findChildren(LongText)
    short = doc.label.text()
    click(doc.more, QPoint(5, 5))
    assert len(doc.label.text()) > len(short)
    editor = pick(opened, "own")
    texts = [label.text() for label in editor.findChildren(type(editor.rows["alpha"].label))]
    assert any(text.startswith("An operator of com.example; it is kept as it is") for text in texts)
    type_value(opened, "alpha", "0.25")
    assert node_named(opened, "own").params["alpha"] == 0.25


def test_an_operator_is_found_and_drawn(window):
    press(window, Qt.Key.Key_N, CTRL)
    pick_layer(window, "Input")
    box = window.panels.toolbox
    box.search.clear()
    head = box.tree.topLevelItem(box.tree.topLevelItemCount() - 1)
    assert (head.text(0), head.childCount()) == ("ONNX operators", 0)
    click(box.tree.viewport(), box.tree.visualItemRect(head).center())
    assert head.childCount() > 200
    pick_layer(window, "ai.onnx:Reshape")
    node = window.desk.document.tables.nodes[window.desk.selection[0]]
    assert node.layer == "ai.onnx:Reshape"
    assert len(node.prior) == 1
    type_value(window, "$input1", "0, -1")
    assert str(window.desk.document.inference.output(node.id)) == "float32 N×150528"
    assert window.desk.document.inference.problems_of(node.id) == ()


def test_layers_come_before_operators_of_the_same_name(window):
    box = window.panels.toolbox
    QTest.keyClicks(box.search, "conv")
    titles = box.titles()
    assert titles.index("Conv 2D") < titles.index("Conv")
    press(window, Qt.Key.Key_N, CTRL)
    window.desk.view.setFocus()
    popup = quick_add(window)
    QTest.keyClicks(popup.field, "resize")
    assert (popup.shown()[0].title, popup.shown()[0].aside) == ("Resize", "ONNX operator")


def test_an_element_type_is_chosen_by_name(qtbot):
    field = AttributeChoice(ParamSpec("to", "element", needed=True))
    qtbot.addWidget(field)
    said = []
    field.edited.connect(said.append)
    field.show_value(1)
    assert field.box.currentText() == "float32"
    field.box.setCurrentIndex(field.box.findText("float16"))
    field.box.activated.emit(field.box.currentIndex())
    assert said == [10]


def test_what_is_stored_is_shown_by_its_kind():
    field = RecordField(ParamSpec("value", "record"))
    field.show_value({"kind": "tensor", "role": "@value", "dtype": "int64", "shape": (3,)})
    assert field.label.text() == "tensor int64 3, stored"
