"""Control flow by mouse and keys: a new Loop is furnished; an opened one is edited inside and compiles twice."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper, numpy_helper
from PySide6.QtCore import Qt

from sketch.graph.network import freeze_network
from sketch.graph.zone_kinds import LOOP, LOOP_END, LOOP_START
from sketch.state import commands
from tests.gui.windows import CTRL, click, main_window, pick_layer, press


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


@pytest.fixture
def model(tmp_path):
    """Three rounds of x = x * factor, with the factor read from outside of the loop."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["going"]),
            helper.make_node("Mul", ["h", "factor"], ["new"], "grow"),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", 7, []),
            helper.make_tensor_value_info("go", 9, []),
            helper.make_tensor_value_info("h", 1, [2]),
        ],
        [helper.make_tensor_value_info("going", 9, []), helper.make_tensor_value_info("new", 1, [2])],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["trips", "start", "x"], ["y"], "rounds", body=body)],
        "looped",
        [helper.make_tensor_value_info("x", 1, [2]), helper.make_tensor_value_info("factor", 1, [2])],
        [helper.make_tensor_value_info("y", 1, [2])],
        [numpy_helper.from_array(np.array(3), "trips"), numpy_helper.from_array(np.array(True), "start")],
    )
    path = tmp_path / "looped.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def nodes(window, layer):
    return [node for node in window.desk.document.tables.nodes.values() if node.layer == layer]


def pick(window, node):
    view, place = window.desk.view, window.desk.document.tables.places[node.id]
    view.restore_view({"zoom": 1.0, "x": place.x, "y": place.y})
    click(view.viewport(), view.mapFromScene(place.x, place.y))
    assert window.desk.selection == [node.id]


def compiled(window, qtbot, path, kernel):
    """The document through the binder, as the compile dialog does it."""
    document = window.desk.document
    network = freeze_network(document.tables, document.inference, name=document.name, store=document.store)
    return window.services.binder.export_model(network, path, kernel, verify=True).wait(120).result


def test_a_new_loop_is_furnished_in_one_step(window):
    press(window, Qt.Key.Key_N, CTRL)
    pick_layer(window, LOOP)
    (loop,) = nodes(window, LOOP)
    assert {len(nodes(window, LOOP_START)), len(nodes(window, LOOP_END))} == {1}
    pick(window, loop)
    press(window.desk.view, Qt.Key.Key_Return)
    assert window.desk.tab.group == loop.id
    press(window.desk.view, Qt.Key.Key_Escape)
    press(window.desk.view, Qt.Key.Key_Z, CTRL)
    assert not nodes(window, LOOP)
    assert not nodes(window, LOOP_START)


def test_an_opened_loop_is_edited_inside_and_compiles_to_both(window, qtbot, model, tmp_path):
    assert window.opener.open_file(model) is not None
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    (loop,) = nodes(window, LOOP)
    pick(window, loop)
    press(window.desk.view, Qt.Key.Key_Return)
    (grow,) = nodes(window, "Mul")
    assert grow.parent == loop.id == window.desk.tab.group
    factor = next(edge.source for edge in grow.prior if edge.into == 1)
    assert window.desk.document.tables.nodes[factor].layer == "Input"
    pick(window, grow)
    pick_layer(window, "ReLU6")
    (clamp,) = nodes(window, "ReLU6")
    assert clamp.parent == loop.id
    wire_between(window, clamp.id)
    reports = [
        compiled(window, qtbot, tmp_path / name, kernel)
        for name, kernel in (("out.onnx", "onnx"), ("out.pth", "pytorch"))
    ]
    assert [report.verification.agrees for report in reports] == [True, True]
    x, factor = np.array([1, 2], np.float32), np.array([2, 3], np.float32)
    (answer,) = onnxruntime.InferenceSession(str(tmp_path / "out.onnx")).run(None, {"x": x, "factor": factor})
    np.testing.assert_allclose(answer, [6, 6])
    module = torch.load(tmp_path / "out.pth", weights_only=False)
    np.testing.assert_allclose(module(torch.from_numpy(x), torch.from_numpy(factor)).numpy(), [6, 6])


def wire_between(window, clamp):
    """Take what the round leaves from the new layer."""
    (end,) = nodes(window, LOOP_END)
    (old,) = (edge for edge in end.prior if edge.into == 1)
    commands.disconnect(window.desk.document, [old])
    commands.connect(window.desk.document, clamp, 0, end.id, 1)
