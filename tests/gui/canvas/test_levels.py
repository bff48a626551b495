"""Open groups in place: as if built anew after any edits, nothing comes to overlap, folding brings back all."""

import itertools
import random

import pytest

from sketch.graph import folding
from sketch.graph.rows import Edge, Place, Way
from sketch.gui.canvas.boxes import HEADER
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_wires import random_edit


def wiring(document, parent=None) -> Wiring:
    return Wiring(document.tables, document.library, parent)


def rounded(box):
    return tuple(round(value, 4) for value in box[:4]), box[4:]


def drawn(found: Wiring):
    """What a wiring draws, without the ways between the ends (they may depend on what was there before)."""
    lines = {
        e: (n.start, n.out, n.end, n.into, *(round(c, 4) for p in (n.points[0], n.points[-1]) for c in p))
        for e, n in found.lines.items()
    }
    boxes = {n: rounded(box) for n, box in found.boxes.items()}
    stubs = {n: rounded(box) for n, box in found.stubs.items()}
    frames = {
        n: (rounded(f.rect), f.depth, [tuple(round(c, 4) for c in p) for p in (*f.inputs, *f.outputs)])
        for n, f in found.frames.items()
    }
    return boxes, stubs, frames, found.badges, lines


def overlap(one, other) -> bool:
    return (
        one.left < other.right - 1e-6
        and other.left < one.right - 1e-6
        and one.top < other.bottom - 1e-6
        and other.top < one.bottom - 1e-6
    )


def inside(outer, inner) -> bool:
    return (
        outer.left <= inner.left
        and inner.right <= outer.right
        and outer.top <= inner.top
        and inner.bottom <= outer.bottom
    )


def fold(document, *groups, open_=True) -> None:
    commands.fold(document, groups, open_)


def nested(document):
    """Input, a group (a layer, a group of two, a layer), Output; the ids in that order."""
    a, b, c, d, e, f = chain(document, "Input", "ReLU", "GELU", "ReLU", "GELU", "Output")
    inner = commands.group(document, [c, d])
    outer = commands.group(document, [b, inner, e])
    commands.place_all(document, {outer: (0, 100), f: (0, 200), inner: (0, 200), e: (0, 300)})
    return a, b, c, d, e, f, inner, outer


def test_an_open_group_is_a_frame_around_its_members(document):
    a, b, c, _d, e, f, inner, outer = nested(document)
    fold(document, outer)
    found = wiring(document)
    assert set(found.boxes) == {a, b, inner, e, f}
    assert set(found.frames) == {outer}
    frame = found.frames[outer]
    for member in (b, inner, e):
        assert inside(frame.rect, found.boxes[member])
        assert found.boxes[member].top >= frame.rect.top + HEADER
    assert found.boxes[a].bottom < frame.rect.top
    assert found.boxes[f].top > frame.rect.bottom
    assert [found.shown(n) for n in (a, b, c, e, outer)] == [a, b, inner, e, outer]


def test_a_wire_into_an_open_group_passes_its_border_at_a_gate(document):
    a, b, c, _d, e, f, inner, outer = nested(document)
    fold(document, outer, inner)
    found = wiring(document)
    line = found.lines[Edge(b, 0, c, 0)]
    assert (line.start, line.end) == (b, c)
    assert line.points[0] == found.boxes[b].output_anchor(0)
    assert line.points[-1] == found.boxes[c].input_anchor(0)
    assert found.frames[inner].inputs[0] in line.points
    through = found.lines[Edge(e, 0, f, 0)]
    assert found.frames[outer].outputs[0] in through.points
    assert [n.edge for n in found.lines_at(outer)] == [Edge(a, 0, b, 0), Edge(e, 0, f, 0)]
    assert found.frames[inner].depth == found.frames[outer].depth + 1


def test_another_value_takes_the_port_of_an_open_group_in_one_step(document):
    """The wires of both values stand for one port while the change is taken in."""
    _, b, c = chain(document, "Input", "ReLU", "Output")
    inner = commands.group(document, [b])
    outer = commands.group(document, [inner])
    fold(document, outer)
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    commands.repeat(document, inner, 2)
    (last,) = document.tables.nodes[c].prior
    assert last.source != b
    assert drawn(found) == drawn(wiring(document))
    assert found.frames[outer].outputs[0] in found.lines[last].points
    document.undo()
    assert drawn(found) == drawn(wiring(document))


def test_folding_gives_back_exactly_the_picture_of_before(document):
    *_, inner, outer = nested(document)
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    before = dict(found.boxes), dict(found.lines)
    fold(document, inner)
    assert (found.boxes, found.lines) == before
    fold(document, outer)
    assert found.boxes != before[0]
    fold(document, outer, open_=False)
    assert (found.boxes, found.lines, found.frames) == (*before, {})


def test_what_stood_beside_an_open_group_moves_aside(document):
    *_, f, inner, outer = nested(document)
    left, right = (commands.add_layer(document, "ReLU", (x, 100)) for x in (-212, 212))
    fold(document, outer, inner)
    found = wiring(document)
    frame = found.frames[outer].rect
    assert found.boxes[left].right + 28 == pytest.approx(frame.left)
    assert found.boxes[right].left - 28 == pytest.approx(frame.right)
    assert found.boxes[left].top == frame.top
    assert frame.width > 184
    assert found.boxes[f].x == 0


def test_a_wire_that_passes_an_open_group_goes_around_it(document):
    a, *_, f, inner, outer = nested(document)
    add = commands.add_layer(document, "Add", (0, 300))
    commands.connect(document, f - 1 if f - 1 in document.tables.nodes else a, 0, add)
    edge = commands.connect(document, a, 0, add)
    fold(document, outer, inner)
    found = wiring(document)
    frame = found.frames[outer].rect
    for (x1, y1), (x2, y2) in itertools.pairwise(found.lines[edge].points):
        for part in range(21):
            x, y = x1 + (x2 - x1) * part / 20, y1 + (y2 - y1) * part / 20
            assert not (frame.left < x < frame.right and frame.top < y < frame.bottom)


def test_where_a_point_is_and_what_place_it_takes(document):
    _a, b, *_, f, _inner, outer = nested(document)
    fold(document, outer)
    found = wiring(document)
    box = found.boxes[b]
    assert found.canvas_at(box.x, box.y) == outer
    assert found.canvas_at(found.boxes[f].x, found.boxes[f].y) is None
    assert found.stored(b, box.x + 10, box.y + 20) == pytest.approx((10, 120))
    assert found.stored_in(outer, box.x, box.y) == pytest.approx((0, 100))
    assert found.scene_place(outer, 0, 100) == pytest.approx((box.x, box.y))
    frame = found.frames[outer].rect
    assert found.stored(outer, frame.x, frame.y) == pytest.approx((0, 100))
    spot = (frame.right + 200, frame.top + frame.height / 2)
    made = commands.add_layer(document, "ReLU", found.stored_in(None, *spot))
    found = wiring(document)
    assert (found.boxes[made].x, found.boxes[made].y) == pytest.approx(spot)


def test_a_frame_holds_the_notes_of_its_group(document):
    *_, inner, outer = nested(document)
    fold(document, outer, inner)
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    before = found.frames[outer].rect
    note = commands.add_note(document, "why", (600, 300), parent=outer)
    x, y = found.scene_place(outer, 600, 300)
    wide = found.frames[outer].rect
    assert wide.right > x + 100 > before.right
    assert wide.top < y < wide.bottom
    assert found.stored(note, x, y) == pytest.approx((600, 300))
    assert found.frames == wiring(document).frames
    commands.move(document, {note: (0, 1500)})
    assert found.frames[outer].rect.bottom > before.bottom + 900
    assert found.frames == wiring(document).frames
    commands.remove(document, [note])
    assert found.frames[outer].rect == before


def test_a_way_of_the_layout_is_followed_and_moves_aside(document):
    a, *_, f, _inner, outer = nested(document)
    add = commands.add_layer(document, "Add", (0, 300))
    edge = commands.connect(document, a, 0, add)
    start, end = (0.0, 28.0), (-12.0, 272.0)
    ways = (Way(0, add, 0, (start, (120.0, 60.0), (120.0, 240.0), end)),)
    commands.place_all(document, {a: Place(0, 0, ways), f: (400, 200)})
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    assert found.lines[edge].points == ways[0].points
    fold(document, outer)
    xs = [x for x, _ in found.lines[edge].points]
    assert max(xs) > found.frames[outer].rect.right
    fold(document, outer, open_=False)
    assert found.lines[edge].points == ways[0].points
    blocker = commands.add_layer(document, "ReLU", (180, 150))
    commands.move(document, {blocker: (180, 150)})
    assert found.lines[edge].points != ways[0].points
    commands.remove(document, [blocker])
    assert found.lines[edge].points == ways[0].points
    commands.move(document, {add: (0, 310)})
    assert found.lines[edge].points[-1] == found.boxes[add].input_anchor(0)
    assert found.lines[edge].points != ways[0].points


def test_a_drawing_to_the_right_is_the_turned_one(document):
    a, b, *_, outer = nested(document)
    fold(document, outer)
    document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    places = {n: (p.y * 3, p.x) for n, p in document.tables.places.items()}
    commands.place_all(document, places)
    found = wiring(document)
    line = found.lines[Edge(a, 0, b, 0)]
    assert line.points[0] == (found.boxes[a].right, found.boxes[a].y)
    assert line.points[-1] == (found.boxes[b].left, found.boxes[b].y)
    frame = found.frames[outer]
    assert inside(frame.rect, found.boxes[b])
    assert found.boxes[b].top >= frame.rect.top + HEADER
    assert frame.inputs[0][0] == frame.rect.left
    assert found.boxes[a].right < frame.rect.left
    box = found.boxes[b]
    assert found.stored(b, box.x, box.y) == pytest.approx((places[b][0], places[b][1]))


def test_turning_the_drawing_is_followed(document):
    nested(document)
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    assert found.right
    assert drawn(found) == drawn(wiring(document))


def test_badges_stand_for_the_wires_of_a_shared_source(document):
    source = commands.add_layer(document, "Input", (0, 0))
    users = [commands.add_layer(document, "ReLU", (200 * n, 100)) for n in range(8)]
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    for user in users[:6]:
        commands.connect(document, source, 0, user)
    assert len(found.lines) == 6
    assert found.badges == {}
    commands.connect(document, source, 0, users[6])
    assert found.lines == {}
    assert set(found.badges) == set(users[:7])
    (badge,) = found.badges[users[0]]
    name = document.tables.nodes[source].name
    assert (badge.port, badge.source, badge.text) == (0, source, name)
    assert found.loose_line(badge).points == (
        found.boxes[source].output_anchor(0),
        found.boxes[users[0]].input_anchor(0),
    )
    commands.rename(document, source, "mask")
    assert found.badges[users[0]][0].text == "mask"
    commands.show_wires(document, [source], True)
    assert len(found.lines) == 7
    assert found.badges == {}
    commands.show_wires(document, [source], False)
    assert len(found.use_badges(False).lines) == 7
    assert found.badges == {}
    found.use_badges(True)
    assert len(found.badges) == 7
    commands.remove(document, [users[0]])
    assert len(found.lines) == 6
    assert found.badges == {}


def random_fold(document, draw: random.Random) -> None:
    groups = folding.foldable(document.tables, document.library, document.tables.nodes)
    if groups:
        group = draw.choice(groups)
        fold(document, group, open_=not folding.is_open(document.tables, group))


@pytest.mark.parametrize("seed", range(6))
def test_the_changes_are_what_differs(document, seed):
    draw = random.Random(seed)
    found = wiring(document)
    tables = ("boxes", "stubs", "lines", "frames", "badges")

    def follow(update) -> None:
        before = {name: dict(getattr(found, name)) for name in tables}
        changes = found.sync(update.delta)
        for name in tables:
            now, old = getattr(found, name), before[name]
            differ = {key for key in (*now, *old) if now.get(key) != old.get(key)}
            told = changes.boxes if name in ("boxes", "stubs") else getattr(changes, name)
            assert differ <= told, name

    document.subscribe(follow)
    for _ in range(150):
        random_fold(document, draw) if draw.random() < 0.2 else random_edit(document, draw)


@pytest.mark.parametrize("seed", range(16))
def test_following_edits_and_folds_gives_what_building_anew_gives(document, seed):
    draw = random.Random(seed)
    if seed % 4 == 3:
        document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    watched = {None: wiring(document)}
    document.subscribe(lambda update: [found.sync(update.delta) for found in watched.values()])
    for _ in range(120):
        random_fold(document, draw) if draw.random() < 0.2 else random_edit(document, draw)
        for node in document.tables.nodes.values():
            if document.library[node.layer].group and node.id not in watched and len(watched) < 3:
                watched[node.id] = wiring(document, node.id)
        for gone in [n for n in watched if n is not None and n not in document.tables.nodes]:
            del watched[gone]
        for parent, found in watched.items():
            assert drawn(found) == drawn(wiring(document, parent))
            check_places(document, found)


def check_places(document, found: Wiring) -> None:
    """What is drawn somewhere is stored at its place."""
    for node_id, box in found.boxes.items():
        place = document.tables.places[node_id]
        assert found.stored(node_id, box.x, box.y) == pytest.approx((place.x, place.y))
    for node_id, frame in found.frames.items():
        place = document.tables.places[node_id]
        assert found.stored(node_id, frame.rect.x, frame.rect.y) == pytest.approx((place.x, place.y))


@pytest.mark.parametrize("seed", range(8))
def test_opening_groups_lets_nothing_overlap_that_did_not_before(document, seed):
    draw = random.Random(seed)
    for _ in range(draw.randint(4, 30)):
        place = (draw.uniform(-600, 600), draw.uniform(0, 900))
        commands.add_layer(document, draw.choice(("Input", "ReLU", "Concat")), place)
    for _ in range(draw.randint(1, 4)):
        top = list(document.tables.children(None))
        commands.group(document, draw.sample(top, min(len(top), draw.randint(1, 4))))
    closed = wiring(document)
    apart = [
        pair
        for pair in itertools.combinations(closed.boxes, 2)
        if not overlap(closed.boxes[pair[0]], closed.boxes[pair[1]])
    ]
    commands.fold_all(document, True)
    found = wiring(document)
    for one, other in apart:
        assert not overlap(found.box(one), found.box(other))
    for node_id in found.boxes:
        parent = document.tables.nodes[node_id].parent
        assert parent is None or inside(found.frames[parent].rect, found.boxes[node_id])


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("offset", [(0, 160), (300, -90), (-40, 700)])
def test_an_open_group_goes_where_it_is_dragged(document, offset, right):
    if right:
        document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    a, b, c, _d = chain(document, "Input", "ReLU", "GELU", "Output")
    group = commands.group(document, [b, c])
    other = commands.group(document, [commands.add_layer(document, "ReLU", (0, -600))])
    commands.place_all(document, {a: (0, 0), group: (0, 200), _d: (0, 400), other: (0, -600)})
    fold(document, group, other)
    found = wiring(document)
    document.subscribe(lambda update: found.sync(update.delta))
    frame = found.frames[group].rect
    wanted = frame.x + offset[0], frame.y + offset[1]
    commands.move(document, {group: found.stored(group, *wanted)})
    after = found.frames[group].rect
    assert (after.x, after.y) == pytest.approx(wanted, abs=0.01)
