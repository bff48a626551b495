"""What nodes say about themselves."""

from sketch.graph.draft import Draft
from sketch.graph.lifting import descendants
from sketch.graph.problems import Problem
from sketch.gui.canvas.look import (
    group_text,
    node_look,
    params_text,
    problems_at,
    summary,
    value_text,
    wire_text,
)
from sketch.state import commands
from sketch.state.commands.weights import freeze
from tests.gui.canvas.conftest import chain


def test_values_are_short():
    assert value_text((3, 3)) == "3×3"
    assert value_text(True) == "yes"
    assert value_text(None) == "none"
    assert value_text(1e-05) == "1e-05"
    assert value_text(tuple(range(9))) == "0×1×2×3×4×5…"
    assert len(value_text("x" * 100)) == 40


def test_the_subtitle_names_what_was_set(document):
    node = commands.add_layer(document, "Conv2d", (0, 0), params={"kernel_size": 3, "out_channels": 64})
    row = document.tables.nodes[node]
    assert params_text(row, document.library["Conv2d"]) == "out 64 · kernel 3×3"


def test_an_operator_shows_its_attributes(document):
    node = document.edit("op", lambda draft: draft.add("ai.onnx:TopK", "top", {"axis": 1}))
    look = node_look(document.tables, document.inference, node)
    assert (look.title, look.layer, look.subtitle, look.category) == ("top", "TopK", "axis 1", "Operators")


def test_the_summary_has_shapes_parameters_and_count(document):
    a = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 1, 28, 28)})
    b = commands.add_layer(document, "Conv2d", (0, 100), params={"out_channels": 6, "kernel_size": 5})
    edge = commands.connect(document, a, 0, b)
    text = summary(document.tables, document.inference, b)
    assert "N×1×28×28  float32" in text
    assert "N×6×24×24  float32" in text
    assert "parameters: 156" in text
    assert "kernel_size = 5×5" in text
    assert "stride = 1×1" in text
    assert "padding_mode" not in text, "it has no meaning without padding"
    assert wire_text(document.inference, edge) == "N×1×28×28"


def test_the_summary_has_problems_with_their_cure(document):
    node = commands.add_layer(document, "ReLU", (0, 0))
    (problem,) = document.inference.problems_of(node)
    text = summary(document.tables, document.inference, node)
    assert f"Error: {problem.message} {problem.cure}" in text


def test_the_summary_of_a_group_counts_and_names_the_culprit(document):
    a, b, c = chain(document, "Linear", "ReLU", "ReLU")
    inner = commands.group(document, [c])
    group = commands.group(document, [a, b, inner])
    text = summary(document.tables, document.inference, group)
    assert text.startswith(f"{document.tables.nodes[group].name}  (Group)\n3 layers")
    assert "2 × ReLU" in text
    assert f"Error: {document.tables.nodes[a].name}: " in text
    assert group_text(document.tables, inner) == "1 layer"


def test_a_group_says_what_is_frozen_and_wrong_at_any_depth(document):
    a, b = (commands.add_layer(document, "Linear", (0, y), params={"in_features": 2}) for y in (0, 100))
    inner = commands.group(document, [b])
    group = commands.group(document, [a, inner])

    def shown() -> tuple[str, str | None]:
        look = node_look(document.tables, document.inference.seen, group)
        return look.subtitle, look.severity

    assert shown() == ("2 layers", "error")  # both have no input
    freeze(document, [(b, "weight"), (b, "bias")])
    assert shown()[0] == "partly frozen · 2 layers"
    freeze(document, [(a, "weight"), (a, "bias")])
    assert shown()[0] == "frozen · 2 layers"
    freeze(document, [(b, "bias")], frozen=False)
    assert shown()[0] == "partly frozen · 2 layers"
    source = commands.add_layer(document, "Input", (0, -100), params={"shape": ("N", 2)})
    for node in (a, b):
        commands.connect(document, source, 0, node)
    assert shown()[1] is None
    refused = [Problem(b, "warning", "refused", "No.")]
    assert node_look(document.tables, document.inference.seen, group, refused).severity == "warning"
    assert problems_at(document.tables, document.inference, group, refused) == refused
    assert node_look(document.tables, document.inference.seen, source, refused).severity is None


def test_the_problems_of_a_group_are_in_the_order_of_what_it_holds(document):
    a, b, c = chain(document, "ReLU", "ReLU", "ReLU")
    commands.disconnect(document, [edge for n in (b, c) for edge in document.tables.nodes[n].prior])
    inner = commands.group(document, [a])
    group = commands.group(document, [inner, b, c])
    found = [problem.node for problem in problems_at(document.tables, document.inference, group)]
    assert found == [n for n in descendants(document.tables, group) if n != inner] == [b, c, a]
    assert group_text(document.tables, group) == "3 layers"
    empty = commands.add_layer(document, "Group", (900, 0))
    assert group_text(document.tables, empty) == "0 layers"


def test_markup_in_a_name_stays_text(document, canvas, qtbot):
    from PySide6.QtCore import QEvent, QPoint
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QApplication, QToolTip

    node = document.edit("add", _named)
    view = canvas()
    assert node in view.canvas.nodes
    at = view.mapFromScene(0, 0)
    QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, view.mapToGlobal(QPoint(at))))
    assert "&lt;b&gt;bold" in QToolTip.text()
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def _named(draft: Draft) -> int:
    return draft.add("Input", "<b>bold")
