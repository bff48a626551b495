"""Drawing LeNet-5 from an empty canvas with mouse and keys, undoing and redoing all of it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sketch.graph.tables import snapshot
from tests.gui.windows import (
    CTRL,
    LENET_PARAMETERS,
    draw_lenet,
    main_window,
    pick_layer,
    press,
    redo_everything,
    spin_box,
    type_value,
    undo_everything,
)


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def test_lenet_is_drawn_undone_and_redone(window):
    draw_lenet(window)
    document = window.desk.document
    assert document.inference.total_parameters == LENET_PARAMETERS
    assert window.totals.text() == "61,706 parameters in 14 layers"
    assert document.problems() == ()
    output = next(node for node in document.tables.nodes.values() if node.layer == "Output")
    assert str(document.inference.of(output.id).inputs[0]) == "float32 N×10"
    drawn = snapshot(document.tables)

    steps = undo_everything(window)
    assert document.tables.nodes == {}
    assert window.totals.text() == "0 parameters in 0 layers"
    assert redo_everything(window) == steps
    assert snapshot(document.tables) == drawn
    assert window.totals.text() == "61,706 parameters in 14 layers"


def test_typing_a_number_is_one_step_and_ctrl_z_in_the_field_undoes_it(window):
    press(window, Qt.Key.Key_N, CTRL)
    pick_layer(window, "Linear")
    before = len(window.desk.document.history)
    type_value(window, "out_features", "1024")
    document = window.desk.document
    assert len(document.history) == before + 1
    assert document.history.undo_step.label.endswith("1024")
    box = spin_box(window, "out_features")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    node = next(iter(document.tables.nodes))
    assert "out_features" not in document.tables.nodes[node].params
    assert box.value() == document.inference.of(node).params["out_features"]
