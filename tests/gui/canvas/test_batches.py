"""What the far view paints is what the drawing holds, also after edits, and what is out of sight is left out."""

import random

import pytest
from PySide6.QtCore import QRectF

from sketch.gui.canvas.batches import straight_path
from sketch.gui.canvas.indexing import prepare
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.wires import Wiring
from sketch.gui.theme import load_theme
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_wires import random_edit


def points(path):
    return [(path.elementAt(n).x, path.elementAt(n).y) for n in range(path.elementCount())]


def points_of_all(paths):
    return [point for path in paths for point in points(path)]


def boxes_in(blocks):
    """(left, middle, right, colour, height) of every box."""
    found = []
    for pen, path in blocks:
        places = points(path)
        for (left, y), (right, _) in zip(places[::2], places[1::2], strict=True):
            found.append((left, y, right, pen.color().name(), round(pen.widthF(), 1)))
    return sorted(found)


def wanted(canvas):
    library, nodes = canvas.document.library, canvas.document.tables.nodes
    colour = {
        key: canvas.ink.fill(key, library[nodes[key].layer].category).color().name() for key in canvas.nodes
    }
    return sorted(
        (box.left, box.y, box.right, colour[key], round(box.height, 1))
        for key, box in canvas.wiring.boxes.items()
    )


def test_a_path_from_bytes_has_the_points_of_its_lines(document, canvas):
    chain(document, *["ReLU"] * 12)
    view = canvas()
    lines = list(view.canvas.wiring.lines.values())
    path = straight_path(lines)
    assert points(path) == [point for line in lines for point in line.points]
    kinds = [path.elementAt(n).isMoveTo() for n in range(path.elementCount())]
    assert kinds == [n == 0 for line in lines for n in range(len(line.points))]
    assert straight_path([]).isEmpty()


@pytest.mark.parametrize("seed", range(3))
def test_batches_follow_random_edits(document, canvas, seed):
    draw = random.Random(40 + seed)
    view = canvas()
    for _ in range(50):
        random_edit(document, draw)
        batches, wiring = view.canvas.batches, view.canvas.wiring
        assert boxes_in(batches.blocks(None)) == wanted(view.canvas)
        drawn = sorted(point for path in batches.wires(None) for point in points(path))
        assert drawn == sorted(point for line in wiring.lines.values() for point in line.points)
        some = {edge for edge in wiring.lines if edge.source % 2}
        odd = frozenset(key for key in view.canvas.nodes if key % 2)
        paths, blocks = batches.standing_out(odd, some, None)
        drawn = sorted(points_of_all(paths))
        assert drawn == sorted(point for edge in some for point in wiring.lines[edge].points)
        lefts = sorted(box.left for key, box in wiring.boxes.items() if key in odd)
        assert [left for left, *_ in boxes_in(blocks)] == lefts


def test_only_what_is_near_is_taken(document, canvas):
    ids = chain(document, *["ReLU"] * 40)
    view = canvas()
    near = [QRectF(-500, 1000, 1000, 300)]
    found = boxes_in(view.canvas.batches.blocks(near))
    assert [y for _, y, *_ in found] == [1000.0, 1100.0, 1200.0, 1300.0]
    view.canvas.hide([ids[11]])
    assert [y for _, y, *_ in boxes_in(view.canvas.batches.blocks(near))] == [1000.0, 1200.0, 1300.0]


def test_what_stands_out_follows_what_is_painted(document, canvas, light):
    ids = chain(document, *["ReLU"] * 40)
    view = canvas()
    batches, wires, nodes = view.canvas.batches, set(view.canvas.wiring.lines), frozenset(ids)

    def painted():
        batches.wires(None), batches.blocks(None)
        paths, blocks = batches.standing_out(nodes, wires, None)
        return sorted(points_of_all(paths)), boxes_in(blocks)

    places, boxes = painted()
    assert painted() == (places, boxes)
    assert batches.standing_out(nodes, wires, None)[0] is batches.standing_out(nodes, wires, None)[0]
    assert (len(places), len(boxes)) == (2 * 39, 40)
    near = [QRectF(-500, 1000, 1000, 300)]
    paths, blocks = batches.standing_out(frozenset(ids[:12]), wires, near)
    assert [y for _, y, *_ in boxes_in(blocks)] == [1000.0, 1100.0]
    assert [y for _, y in points_of_all(paths)] == [1028.0, 1072.0, 1128.0, 1172.0, 1228.0, 1272.0]
    view.canvas.hide([ids[11]])
    assert [len(part) for part in painted()] == [2 * 37, 39]
    view.canvas.hide(())
    assert painted() == (places, boxes)
    commands.move(document, {ids[39]: (40.0, 3900.0)})
    moved = painted()
    assert max(x for x, _ in moved[0]) == 40.0
    assert boxes != moved[1]
    commands.replace_layer(document, ids[0], "Conv2d")
    assert {colour for *_, colour, _ in painted()[1]} == {
        light.category(name).name() for name in ("Activation", "Convolution")
    }
    view.set_theme(dark := load_theme("dark"))
    assert dark.category("Convolution").name() in {colour for *_, colour, _ in painted()[1]}
    assert batches.standing_out(frozenset(ids[:1]), (), None)[0] == []


def test_another_layer_in_its_place_has_another_colour(document, canvas, light):
    (node,) = chain(document, "ReLU")
    view = canvas()
    assert boxes_in(view.canvas.batches.blocks(None))[0][3] == light.category("Activation").name()
    commands.replace_layer(document, node, "Conv2d")
    assert boxes_in(view.canvas.batches.blocks(None))[0][3] == light.category("Convolution").name()


def test_layers_looked_up_beforehand_give_the_same_colours_also_after_edits(document, light, qapp):
    first, second, *_ = chain(document, "ReLU", "Conv2d", "GELU", "MaxPool2d")
    wiring = Wiring(document.tables, document.library, None)
    prepare(wiring)
    scene = CanvasScene(document, light, None, None, wiring)
    document.subscribe(scene.follow)
    commands.replace_layer(document, first, "Conv2d")
    commands.remove(document, [second])
    commands.add_layer(document, "Linear", (400.0, 0.0))
    assert boxes_in(scene.batches.blocks(None)) == wanted(scene)
    scene.use(load_theme("dark"))
    assert boxes_in(scene.batches.blocks(None)) == wanted(scene)


def test_another_theme_has_the_colours_of_the_rule_in_it(document, canvas, light):
    ids = chain(document, "ReLU", "Conv2d", "GELU", "Conv2d")
    view = canvas()
    shades = {node_id: number % 2 for number, node_id in enumerate(ids[:3])}
    view.canvas.ink.colour_by(shades, lambda theme: theme.series)
    view.canvas.recolour(None)
    for theme in (light, load_theme("dark"), light):
        view.canvas.use(theme)
        assert boxes_in(view.canvas.batches.blocks(None)) == wanted(view.canvas)
