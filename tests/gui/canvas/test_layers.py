"""Selecting, hiding, emphasising and carrying by id; frames of open groups; wires of the selection."""

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from sketch.gui.canvas import scene_adopting, tracing
from sketch.gui.canvas.boxes import HEADER
from sketch.gui.canvas.far import FEWEST_NODES
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.options import CanvasOptions
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_scene import picture


def colour_at(view, x, y) -> str:
    at = view.mapFromScene(QPointF(x, y))
    return picture(view).pixelColor(at).name()


def opened(document, canvas):
    """A chain of four with the middle two in an open group: (ids, group, view)."""
    ids = chain(document, "Input", "ReLU", "GELU", "Tanh")
    group = commands.group(document, ids[1:3])
    commands.fold(document, [group], True)
    return ids, group, canvas()


# --- hidden --------------------------------------------------------------------------------------------


def test_hidden_nodes_are_neither_painted_nor_hit_nor_selected(document, canvas, light):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    view = canvas()
    view.select([b, c])
    body = (60, 112)
    assert colour_at(view, *body) == light.node
    view.canvas.hide([b])
    assert view.canvas.hidden == {b}
    assert colour_at(view, *body) != light.node
    assert view.canvas.thing_at(QPointF(*body)) is None
    assert view.selected() == [c]
    view.select([a, b, c])
    assert view.selected() == [a, c]
    assert view.canvas.ids_in(QRectF(-500, -500, 1000, 1500)) == {a, c}
    assert view.canvas.edges.lines.at(QPointF(0, 50), 5) is None
    view.canvas.hide(())
    assert colour_at(view, *body) == light.node
    assert view.canvas.edges.lines.at(QPointF(0, 50), 5) is not None


def test_wires_to_hidden_nodes_stay_hidden_through_edits(document, canvas):
    _, b, _ = chain(document, "Input", "ReLU", "GELU")
    view = canvas()
    view.canvas.hide([b])
    commands.move(document, {b: (40.0, 100.0)})
    assert view.canvas.edges.lines.near(QRectF(-500, -500, 1000, 1500)) == []


# --- emphasised ----------------------------------------------------------------------------------------


def test_what_is_not_emphasised_fades(document, canvas, light):
    a, b = chain(document, "Input", "ReLU")
    view = canvas()
    strips = [(-89.5, 0.0), (-89.5, 100.0)]
    before = [colour_at(view, *at) for at in strips]
    assert before == [light.category("Input & output").name(), light.category("Activation").name()]
    view.canvas.emphasise([b], [])
    faded, kept = (colour_at(view, *at) for at in strips)
    assert kept == before[1]
    assert distance(faded, light.canvas) < distance(before[0], light.canvas) / 2
    view.canvas.emphasise(None)
    assert [colour_at(view, *at) for at in strips] == before
    assert a in view.canvas.nodes


def distance(one: str, other: str) -> int:
    first, second = QColor(one).getRgb()[:3], QColor(other).getRgb()[:3]
    return sum(abs(x - y) for x, y in zip(first, second, strict=True))


def test_the_highlight_follows_the_selection_while_it_is_on(document, canvas):
    a, b, c = chain(document, "Input", "ReLU", "GELU")
    d = commands.add_layer(document, "Tanh", (300, 100))
    commands.connect(document, a, 0, d)
    view = canvas()
    view.select([b])
    assert view.canvas.focus.emphasis is None
    view.set_options(CanvasOptions(highlight=True))
    assert view.canvas.focus.emphasis.nodes == {a, b, c}
    wires = [edge for node in document.tables.nodes.values() for edge in node.prior]
    assert {edge.target for edge in wires if edge in view.canvas.focus.emphasis.edges} == {b, c}
    view.select([d])
    assert view.canvas.focus.emphasis.nodes == {a, d}
    view.select([])
    assert view.canvas.focus.emphasis is None


def test_the_highlight_of_many_comes_in_slices_and_follows_what_changes_meanwhile(
    document, canvas, qtbot, monkeypatch
):
    monkeypatch.setattr(tracing, "PORTION", 1)
    ids = chain(document, "Input", *["ReLU"] * 30)
    view = canvas()
    view.set_options(CanvasOptions(highlight=True))
    view.select([ids[9]])
    assert view.canvas.focus.emphasis is None
    commands.remove(document, ids[20:], rejoin=False)
    qtbot.waitUntil(lambda: view.canvas.focus.emphasis is not None)
    assert view.canvas.focus.emphasis.nodes == {*ids[:20]}
    view.select([])
    assert view.canvas.focus.emphasis is None  # at once
    view.select([ids[3]])
    view.select([])
    qtbot.wait(20)
    assert view.canvas.focus.emphasis is None
    view.select([ids[3]])
    view.canvas.emphasise([ids[0]])
    qtbot.wait(20)
    assert view.canvas.focus.emphasis.nodes == {ids[0]}


def test_the_wires_of_the_selection_tell_inputs_from_outputs(document, canvas, light):
    _, b, c = chain(document, "Input", "ReLU", "GELU")
    view = canvas()
    view.select([b])
    (into,), (out,) = document.tables.nodes[b].prior, document.tables.nodes[b].next
    pens = view.canvas.edges.special()
    assert pens[into].color().name() == light.wire_in
    assert pens[out].color().name() == light.wire_out
    assert colour_at(view, 0, 40) == light.wire_in
    assert colour_at(view, 0, 140) == light.wire_out
    view.select([c])
    assert colour_at(view, 0, 40) != light.wire_in


# --- carried -------------------------------------------------------------------------------------------


def test_what_is_carried_is_painted_where_it_is_and_comes_back(document, canvas, light):
    _, b, _ = chain(document, "Input", "ReLU", "GELU")
    view = canvas()
    view.canvas.carry([b])
    view.canvas.carry_to(220.0, 16.0)
    assert view.canvas.nodes[b].pos() == QPointF(220.0, 116.0)
    assert colour_at(view, 280, 128) == light.node
    assert colour_at(view, 60, 112) != light.node
    ends = {(line.points[0], line.points[-1]) for line in view.canvas.carrier.wires()}
    assert ends == {((0.0, 28.0), (220.0, 88.0)), ((220.0, 144.0), (0.0, 172.0))}
    assert view.canvas.edges.lines.near(QRectF(-500, -500, 1000, 1500)) == []
    view.canvas.put_down()
    assert colour_at(view, 60, 112) == light.node
    assert len(view.canvas.edges.lines.near(QRectF(-500, -500, 1000, 1500))) == 2


def test_thousands_are_selected_and_carried_by_id(document, canvas, light):
    def grid(draft):
        for number in range(FEWEST_NODES * 2):
            draft.add("ReLU", place=(number % 40 * 220.0, number // 40 * 100.0))

    document.edit("grid", grid)
    view = canvas()
    view.frame_all()
    made = set(view.canvas.nodes.made())
    assert len(made) < 60, "only what was near the first view"
    view.select(list(document.tables.nodes))
    assert len(view.selected()) == FEWEST_NODES * 2
    assert set(view.canvas.nodes.made()) == made, "no item is made for what is seen from afar"
    first = min(document.tables.nodes)
    ring = view.canvas.area_of([first]).center()
    assert colour_at(view, ring.x(), ring.y()) == light.category("Activation").name()
    view.canvas.carry(view.selected())
    view.canvas.carry_to(0.0, 5000.0)
    assert colour_at(view, ring.x(), ring.y()) != light.category("Activation").name()
    view.canvas.put_down()
    assert colour_at(view, ring.x(), ring.y()) == light.category("Activation").name()


# --- frames --------------------------------------------------------------------------------------------


def test_a_frame_is_hit_at_its_strip_and_border_only(document, canvas):
    ids, group, view = opened(document, canvas)
    frame = view.canvas.item_of(group)
    assert isinstance(frame, GroupFrame)
    rect = frame.rect()
    strip = QPointF(rect.center().x() + 70, rect.top() + HEADER / 2)
    assert view.canvas.thing_at(strip) == frame
    assert frame.part_at(strip) == "header"
    assert frame.part_at(QPointF(*frame.frame.fold_mark)) == "fold"
    assert frame.part_at(QPointF(rect.left(), rect.center().y())) == "border"
    inside = QPointF(rect.left() + 10, rect.bottom() - 10)
    assert frame.part_at(inside) is None
    assert view.canvas.thing_at(inside) is None
    member = view.canvas.thing_at(view.canvas.nodes[ids[1]].pos())
    assert isinstance(member, NodeItem)
    assert member.node_id == ids[1]


def test_a_band_around_a_frame_takes_the_group_and_not_its_members(document, canvas):
    ids, group, view = opened(document, canvas)
    assert view.canvas.ids_in(view.canvas.contents().adjusted(-9, -9, 9, 9)) == {ids[0], group, ids[3]}
    rect = view.canvas.frames[group].rect()
    assert view.canvas.ids_in(rect.adjusted(2, HEADER, -2, -2)) == set(ids[1:3])


def test_members_are_carried_with_their_frame(document, canvas):
    ids, group, view = opened(document, canvas)
    places = {key: view.canvas.item_of(key).pos() for key in (group, *ids[1:3])}
    view.canvas.carry([group])
    view.canvas.carry_to(30.0, 7.0)
    for key, place in places.items():
        assert view.canvas.item_of(key).pos() == place + QPointF(30.0, 7.0)
    assert view.canvas.nodes[ids[0]].pos() == QPointF(0.0, 0.0)
    view.canvas.put_down()


def test_folding_takes_the_frame_away_and_gives_the_old_picture_back(document, canvas):
    ids = chain(document, "Input", "ReLU", "GELU", "Tanh")
    group = commands.group(document, ids[1:3])
    view = canvas()
    before = picture(view)
    commands.fold(document, [group], True)
    assert set(view.canvas.frames) == {group}
    assert set(view.canvas.nodes) == set(ids)
    commands.fold(document, [group], False)
    assert view.canvas.frames == {}
    assert set(view.canvas.nodes) == {ids[0], group, ids[3]}
    assert picture(view) == before


@pytest.mark.parametrize("zoom", [1.0, 0.5, 0.3])
def test_a_frame_has_its_ground_at_every_zoom(document, canvas, light, zoom):
    _, group, view = opened(document, canvas)
    rect = view.canvas.frames[group].rect()
    view.restore_view({"zoom": zoom, "x": rect.center().x(), "y": rect.center().y()})
    assert colour_at(view, rect.left() + 14, rect.bottom() - 14) not in (light.canvas, light.node)


def test_a_note_inside_an_open_group_stands_in_its_frame(document, canvas):
    ids = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, ids[1:])
    x, y = (getattr(document.tables.places[ids[1]], axis) for axis in "xy")
    note = commands.add_note(document, "inside", (x + 150.0, y), parent=group)
    commands.fold(document, [group], True)
    view = canvas()
    member = view.canvas.wiring.boxes[ids[1]]
    assert view.canvas.notes[note].pos() == QPointF(member.x + 150.0, member.y)
    commands.fold(document, [group], False)
    assert note not in view.canvas.notes


# --- shared sources ------------------------------------------------------------------------------------


def test_a_shared_source_is_a_badge_at_each_reader_until_it_is_asked_for(document, canvas):
    mask = commands.add_layer(document, "Input", (-300, 0))
    x = commands.add_layer(document, "Input", (0, -100))
    readers = [commands.add_layer(document, "Add", (n % 4 * 230.0, n // 4 * 140.0)) for n in range(8)]
    for reader in readers:
        commands.connect(document, x, 0, reader)
        commands.connect(document, mask, 0, reader)
    view = canvas()
    view.restore_view({"zoom": 1.0, "x": 300.0, "y": 60.0})
    assert set(view.canvas.wiring.badges) >= set(readers)
    assert not any(line.edge.source == mask for line in view.canvas.wiring.lines.values())
    box = view.canvas.wiring.boxes[readers[0]]
    port = next(b.port for b in view.canvas.wiring.badges[readers[0]] if b.source == mask)
    px, py = box.input_anchor(port)
    found = [view.canvas.badge_at(QPointF(px + dx, py - dy)) for dx in (-2, 2) for dy in (12, 16, 30, 34)]
    badge = next(badge for badge in found if badge is not None and badge.source == mask)
    assert badge.text == document.tables.nodes[mask].name
    assert len(view.canvas.shared.layer.lines) == 0
    view.select([mask])
    assert {edge.target for edge in view.canvas.shared.layer.lines} == set(readers)
    view.select([])
    assert len(view.canvas.shared.layer.lines) == 0
    assert view.canvas.nodes[mask].wired_out == {0}
    view.set_options(CanvasOptions(badges=False))
    assert {line.edge.target for line in view.canvas.wiring.lines_at(mask)} == set(readers)
    assert set(view.canvas.edges.lines) == set(view.canvas.wiring.lines)
    view.set_options(CanvasOptions())
    assert set(view.canvas.edges.lines) == set(view.canvas.wiring.lines)
    view.canvas.hover(badge)
    assert {edge.target for edge in view.canvas.shared.layer.lines} == {badge.edge.target}


# --- what lies above -----------------------------------------------------------------------------------


def test_what_is_selected_lies_above_what_it_covers(document, canvas, light):
    low = commands.add_layer(document, "ReLU", (0.0, 0.0))
    high = commands.add_layer(document, "ReLU", (0.0, 300.0))
    commands.move(document, {high: (60.0, 20.0)})
    view = canvas()
    both = 30.0, 15.0
    strip = view.canvas.wiring.boxes[high].left + 2, 15.0  # in the body of the lower one
    assert view.canvas.thing_at(QPointF(*both)) == view.canvas.nodes[high]
    assert colour_at(view, *strip) != light.node
    for chosen, is_below in ((low, True), (high, False), (low, True)):
        view.select([chosen])
        assert view.canvas.thing_at(QPointF(*both)) == view.canvas.nodes[chosen]
        assert (colour_at(view, *strip) == light.node) == is_below
    view.canvas.carry([low, high])
    assert (colour_at(view, *strip) == light.node) == is_below
    view.canvas.put_down()


# --- what a node says -------------------------------------------------------------------------------------


CHANGES = {
    "rename": lambda document, node, other: commands.rename(document, node, "gate"),
    "parameter": lambda document, node, other: commands.set_param(document, [node], "out_channels", 7),
    "fault": lambda document, node, other: commands.set_param(document, [node], "groups", 5),
    "move": lambda document, node, other: commands.move(document, {node: (60.0, 110.0)}),
    "remove another": lambda document, node, other: commands.remove(document, [other]),
}


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
@pytest.mark.parametrize("change", CHANGES)
def test_texts_follow_what_a_node_says(document, canvas, change, many, monkeypatch):
    monkeypatch.setattr(scene_adopting, "ALMOST_ALL", 0 if many else 1000)
    ids = chain(document, "Input", "Conv2d", "ReLU")
    view = canvas()
    before = picture(view)
    CHANGES[change](document, ids[1], ids[2])
    after = picture(view)
    assert after != before
    assert after == picture(canvas())
    document.undo()
    view.select([])  # what comes back is selected
    assert picture(view) == before


def test_texts_are_laid_out_anew_only_for_another_look(document, canvas):
    conv, relu = chain(document, "Conv2d", "ReLU")
    view = canvas()
    picture(view)
    items = [view.canvas.nodes[key] for key in (conv, relu)]
    texts = [item.texts["full"] for item in items]
    view.canvas.nodes.forget()
    commands.rename(document, conv, "gate")
    picture(view)
    assert view.canvas.nodes[relu].texts["full"] is texts[1]
    assert view.canvas.nodes[conv].texts["full"].laid_out[0].text() == "gate"
