"""Frames of open groups: which are near a place, in the colour of a rule, and their names from afar."""

import random

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from sketch.graph.colour_rules import RULES, Facts
from sketch.graph.colouring import Colouring
from sketch.gui.colour_palette import palette_of
from sketch.gui.theme import THEMES, contrast, load_theme
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.drawings import draw_example, named


@pytest.fixture
def nested(document):
    """Three groups in a row, each with a group inside; (outer, inner) ids."""
    found = []
    for number in range(3):
        ids = chain(document, "ReLU", "GELU", "Tanh", "Dropout", x=400.0 * number)
        inner = commands.group(document, ids[1:3])
        found.append((commands.group(document, [ids[0], inner, ids[3]]), inner))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_frames_are_found_by_place_after_any_edit(document, canvas, nested, seed):
    draw, view = random.Random(seed), canvas()
    groups = [group for pair in nested for group in pair]
    drawn = document.undo_label
    for _ in range(30):
        group = draw.choice(groups)
        if draw.random() < 0.6:
            commands.fold(document, [group], draw.random() < 0.7)
        elif draw.random() < 0.5:
            place = document.tables.places[group]
            commands.move(document, {group: (place.x + draw.uniform(-300, 300), place.y + 50)})
        elif document.undo_label != drawn:
            document.undo()
        area = QRectF(
            draw.uniform(-400, 1000), draw.uniform(-300, 600), draw.uniform(1, 900), draw.uniform(1, 500)
        )
        frames = view.canvas.frames.values()
        found = view.canvas.frame_layer.near((area,))
        assert {frame.node_id for frame in found} >= {f.node_id for f in frames if f.rect().intersects(area)}
        assert {frame.node_id for frame in found} <= {f.node_id for f in frames if f.area().intersects(area)}
        assert set(view.canvas.frame_layer.near(None)) == set(frames)
        depths = [frame.frame.depth for frame in found]
        assert depths == sorted(depths)


@pytest.mark.parametrize("name", THEMES)
def test_an_open_group_is_tinted_by_the_rule_that_colours(document, canvas, name):
    draw_example(document, "resnet18")
    group = named(document, "layer1")
    commands.fold(document, [group], True)
    view, theme, rule = canvas(), load_theme(name), RULES["parameters"]
    view.set_theme(theme)
    colouring = Colouring(rule, Facts(document.tables, document.inference))
    frame = view.canvas.frames[group]
    rect = frame.rect()
    view.restore_view({"zoom": 1.0, "x": rect.center().x(), "y": rect.top() + 100})

    def colour_at(x: float, y: float) -> QColor:
        return view.grab().toImage().pixelColor(view.mapFromScene(x, y))

    spots = {"mark": (rect.left() + 2.5, rect.top() + 20), "strip": (rect.right() - 20, rect.top() + 15)}
    ground = colour_at(rect.left() + 10, rect.top() + 60)
    plain = {part: colour_at(*spot) for part, spot in spots.items()}
    assert plain["mark"] == plain["strip"]
    view.canvas.ink.colour_by(colouring.shades, palette_of(rule, colouring.names))
    view.canvas.recolour(None)
    full = palette_of(rule, ())(theme)[colouring.shades[group]]
    assert colour_at(*spots["mark"]).name() == full
    assert colour_at(*spots["strip"]) not in (plain["strip"], QColor(full))
    assert colour_at(rect.left() + 10, rect.top() + 60) == ground
    view.canvas.ink.colour_by(None)
    view.canvas.recolour([group])
    assert {part: colour_at(*spot) for part, spot in spots.items()} == plain


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("colour", ["", "red"])
def test_labels_stand_on_the_ground_that_is_there(document, canvas, nested, name, colour):
    """No box is to be seen around them, on the canvas, in open groups and in frames of the person."""
    commands.fold(document, [group for pair in nested for group in pair], True)
    ids = chain(document, "Input", "ReLU", "GELU", x=-900.0)
    commands.add_frame(document, ids[:2], "Stem", colour)
    view, theme = canvas(), load_theme(name)
    view.set_theme(theme)
    view.set_options(view.options._replace(grid=False))
    commands.connect(document, ids[2], 0, document.tables.children(nested[0][0])[0])
    edges = view.canvas.edges
    seen = {}
    for line in view.canvas.wiring.lines.values():
        if (label := edges.label_of(line)) is None:
            continue  # nothing feeds the other groups
        place, _ = label
        view.restore_view({"zoom": 1.0, "x": place.x(), "y": place.y()})
        image = view.grab().toImage()
        corner = view.mapFromScene(place.topRight())
        inside, outside = (image.pixelColor(corner.x() + step, corner.y() + 3) for step in (-2, 3))
        parts = zip(inside.getRgb(), outside.getRgb(), strict=True)
        assert max(abs(one - other) for one, other in parts) <= 2, document.tables.nodes[
            line.edge.source
        ].name
        assert contrast(theme.wire_label, inside.name()) >= 4.5
        seen[inside.name()] = line
    assert len(seen) >= 4


def test_the_title_of_a_frame_is_read_from_afar(document, canvas):
    ids = chain(document, *["ReLU"] * 8)
    frame = commands.add_frame(document, ids, "Stem")
    commands.resize_frame(document, frame, (-800, -100, 800, 900))
    view = canvas()
    view.restore_view({"zoom": 0.15, "x": 0.0, "y": 300.0})
    before = view.grab().toImage()
    commands.set_note(document, frame, "Head")
    assert view.grab().toImage() != before
