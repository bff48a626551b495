"""Names at the ports of closed groups: whose stand, where, and that no text lies over another."""

from itertools import combinations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from sketch.binder.run_facts import ValueFacts
from sketch.graph.geometry import DOWN, RIGHT
from sketch.gui.canvas.node_layer import placed_badges
from sketch.gui.canvas.port_names import LONGEST, painted_area
from sketch.gui.canvas.value_badges import ShownValues
from sketch.gui.group_port_text import port_text
from sketch.gui.picture import Picture
from sketch.gui.picture_painting import Painting, PictureOptions
from sketch.state import commands

NAMES = ("query", "a name of a port that is much too long", "value", "memory", "bias")


def lanes(document, count: int, runs: str = DOWN) -> int:
    """A closed group of so many Conv2d, each from an Input of its own and all to one Concat; its id."""

    def edit(draft):
        made = draft.add("Group", "encoder", place=(0, 200))
        join = draft.add("Concat", "join", place=(0, 300))
        for n in range(count):
            source = draft.add("Input", f"x{n}", {"shape": ("N", 3, 32, 32)}, place=(210.0 * n, 100))
            inner = draft.add("Conv2d", f"conv{n}", {"out_channels": 8}, place=(210.0 * n, 0), parent=made)
            draft.connect(source, 0, inner, 0)
            draft.connect(inner, 0, join, n)
        return made

    group = document.edit("Draw", edit)
    if runs == RIGHT:
        commands.turn(document, runs)
    return group


def name_all(document, group: int, count: int) -> None:
    """Name every port."""
    for n in range(count):
        commands.name_port(document, group, "input", n, NAMES[n])
        commands.name_port(document, group, "output", n, f"out {NAMES[n]}")


def texts(view, group: int):
    return view.canvas.node_layer.port_texts(view.canvas.nodes[group])


def labels(view):
    """The labels of all wires: (place, text)."""
    edges = view.canvas.edges
    found = (edges.label_of(line) for line in view.canvas.wiring.lines.values())
    return [label for label in found if label is not None]


@pytest.mark.parametrize(("count", "runs"), [(2, DOWN), (2, RIGHT), (3, RIGHT)])
def test_several_ports_bear_the_names_of_the_layers_inside(document, canvas, count, runs):
    group = lanes(document, count, runs)
    found = texts(canvas(), group)
    inputs, outputs = found[:count], found[count:]
    assert [(text.name, text.said) for text in inputs] == [(f"conv{n}", False) for n in range(count)]
    assert {text.name for text in outputs} <= {*(f"conv{n}" for n in range(count)), ""}
    assert all(text.shape for text in outputs)


def test_one_port_needs_a_name_of_the_person(document, canvas):
    group = lanes(document, 1)
    view = canvas()
    assert texts(view, group) == []
    commands.name_port(document, group, "input", 0, "tokens")
    assert [(text.name, text.said, text.shape) for text in texts(view, group)] == [("tokens", True, "")]
    commands.name_port(document, group, "input", 0, "")
    assert texts(view, group) == []


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (3, ["conv0", "conv1", "conv2"]),
        (4, ["conv0", "conv1", "conv2", "conv3"]),
        (6, ["conv0", "conv1", "3", "4", "conv4", "conv5"]),
        (13, ["conv0", "conv1", *map(str, range(3, 12)), "conv11", "conv12"]),
    ],
)
def test_many_ports_above_a_box_bear_names_outside_and_numbers_between(document, canvas, count, names):
    group = lanes(document, count)
    view = canvas()
    found = texts(view, group)
    assert [text.name for text in found if text.entering] == names
    assert [text.port for text in found if not text.entering] == list(range(count))
    for one, other in combinations([text.place for text in found], 2):
        assert not one.intersects(other)
    commands.name_port(document, group, "input", 1, "value")
    assert [(text.name, text.said) for text in texts(view, group)][:2] == [("conv0", False), ("value", True)]


def test_each_text_says_the_whole_name_of_its_port(document, canvas):
    group = lanes(document, 6)
    commands.name_port(document, group, "input", 0, "a name of a port that is much too long")
    commands.name_port(document, group, "output", 3, "memory")
    view = canvas()
    said = [port_text(document, view.canvas, text.place.center()) for text in texts(view, group)]
    assert said[0] == "input 1 of 'encoder': a name of a port that is much too long (conv0)"
    assert said[1:6] == [f"input {n} of 'encoder': conv{n - 1}" for n in range(2, 7)]
    assert said[6:] == [
        f"output {n} of 'encoder': {'memory (conv3)' if n == 4 else f'conv{n - 1}'}" for n in range(1, 7)
    ]
    view.restore_view({"zoom": 0.4, "x": 0.0, "y": 150.0})
    assert port_text(document, view.canvas, texts(view, group)[0].place.center()) == ""


@pytest.mark.parametrize("runs", [DOWN, RIGHT])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_no_text_lies_over_another_or_over_the_box(document, canvas, count, runs):
    group = lanes(document, count, runs)
    name_all(document, group, count)
    view = canvas()
    found, item = texts(view, group), view.canvas.nodes[group]
    assert len(found) >= min(count, 4) * 2
    own = [place for place, _ in labels(view) if place.intersects(item.rect().adjusted(0, 0, 0, 40))]
    assert runs == RIGHT or not own  # the names bring the shapes of the outputs with them
    for one, other in combinations([text.place for text in found], 2):
        assert not one.intersects(other)
    metrics = QFontMetricsF(view.canvas.ink.small_font)
    for text in found:
        assert not text.place.intersects(item.rect())
        assert painted_area(item.rect(), item.box).contains(text.place)
        assert sum(map(metrics.horizontalAdvance, (text.name, text.shape))) <= text.place.width() <= LONGEST
    long = [text.name for text in found if text.name.startswith("a")]
    assert all("…" in name for name in long)


def test_a_badge_keeps_its_place(document, canvas):
    """A source of many layers stands as a badge where its wire would come in."""
    group = lanes(document, 2)
    name_all(document, group, 2)
    mask = commands.add_layer(document, "Input", (900, 0))
    for n in range(8):
        reader = commands.add_layer(document, "Add", (900 + 210 * n, 200), parent=group if n == 0 else None)
        commands.connect(document, mask, 0, reader)
    view = canvas()
    badges = view.canvas.wiring.badges[group]
    assert badges
    item = view.canvas.nodes[group]
    places = [place for _, place in placed_badges(view.canvas.ink, item.box, badges)]
    assert not any(text.place.intersects(place) for text in texts(view, group) for place in places)


def test_the_labels_of_a_layer_with_several_outputs_are_apart(document, canvas):
    def edit(draft):
        source = draft.add("Input", "x", {"shape": ("N", 60, 8)}, place=(0, 0))
        split = draft.add("LSTM", "lstm", {"hidden_size": 8}, place=(0, 100))
        draft.connect(source, 0, split, 0)
        for out in range(3):
            draft.connect(split, out, draft.add("ReLU", f"relu{out}", place=(210.0 * out, 200)), 0)

    document.edit("Draw", edit)
    found = labels(canvas())
    assert len(found) == 4
    assert not any(one.intersects(other) for (one, _), (other, _) in combinations(found, 2))


def test_an_edit_paints_the_names_again(document, canvas):
    """Also where they only were, and far from the box that bears them."""
    group = lanes(document, 2)
    view, painted = canvas(), []
    view.canvas.changed.connect(painted.extend)
    inner = document.tables.named(group, "conv1")
    for edit in (
        lambda: commands.rename(document, inner, "a"),
        lambda: commands.name_port(document, group, "input", 1, "mask"),
        lambda: commands.set_param(document, [inner], "out_channels", 16),
        lambda: commands.move(document, {group: (40.0, 210.0)}),
        lambda: commands.name_port(document, group, "input", 1, ""),
        document.undo,
        lambda: commands.ungroup(document, group),
    ):
        QApplication.processEvents()
        before = texts(view, group)
        painted.clear()
        edit()
        QApplication.processEvents()
        after = texts(view, group) if group in view.canvas.nodes else []
        different = {text.place.getRect(): text.place for text in (*before, *after)}
        assert before != after
        assert all(any(area.contains(place) for area in painted) for place in different.values())


def test_a_drag_paints_the_names_again(document, canvas):
    group = lanes(document, 2)
    name_all(document, group, 2)
    view, painted = canvas(), []
    view.canvas.carry([group])
    QApplication.processEvents()
    view.canvas.changed.connect(painted.extend)
    view.canvas.carry_to(9.0, 4.0)
    QApplication.processEvents()
    for text in texts(view, group):
        assert any(area.contains(text.place) for area in painted)
        assert any(area.contains(text.place.translated(9.0, 4.0)) for area in painted)


def test_names_that_reach_into_a_piece_of_the_view_are_painted_there(document, canvas):
    group = lanes(document, 2)
    name_all(document, group, 2)
    layer = canvas().canvas.node_layer
    for text in layer.port_texts(layer._nodes[group]):
        end = QRectF(text.place.left(), text.place.top(), 1, 1)
        assert group in [item.node_id for item in layer.near([end])]


def test_the_value_of_a_run_stands_with_the_name_where_it_stood(document, light):
    group = lanes(document, 1)
    name_all(document, group, 1)
    facts = ValueFacts((1, 8, 30, 30), "float32", -1.0, 1.0, 0.0, 1.0)
    shown = ShownValues({(document.tables.named(group, "conv0"), 0): facts})
    svg = (
        Picture(Painting(document, None, PictureOptions(light, values=shown)), ".svg").paint().data().decode()
    )
    assert ">out query  1×8×30×30<" in svg


def test_names_are_in_a_picture(document, light):
    group = lanes(document, 2)
    name_all(document, group, 2)
    painting = Painting(document, None, PictureOptions(light))
    svg = Picture(painting, ".svg").paint().data().decode()
    assert ">query<" in svg
    assert ">out query<" in svg
    assert all(
        painting.area.contains(text.place)
        for text in painting.canvas.node_layer.port_texts(painting.canvas.nodes[painting.ids[0]])
    )


def test_names_too_small_to_be_read_are_not_painted(document, canvas):
    group = lanes(document, 2)
    view = canvas()
    for zoom, seen in ((0.69, False), (0.71, True)):
        view.restore_view({"zoom": zoom, "x": 0.0, "y": 150.0})
        before = view.grab().toImage()
        name_all(document, group, 2)
        assert (view.grab().toImage() != before) is seen
        while document.undo_label != "Draw":
            document.undo()
