"""What moves by the thousand when a group opens or closes is taken over in bulk, and is where building anew puts it."""

import random

import pytest

from sketch.gui import fold_jobs
from sketch.gui.canvas import composed, picture
from sketch.gui.canvas.drawn import Shift
from sketch.gui.canvas.extents import ROW
from sketch.gui.canvas.indexing import index_of, prepare
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from sketch.state.twin import Twin
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_batches import boxes_in, points, wanted
from tests.gui.canvas.test_levels import drawn, random_fold
from tests.gui.canvas.test_wires import random_edit


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(composed, "FEWEST_MOVED", 1)
    monkeypatch.setattr(picture, "FEWEST_LATE", 1)


def follows(scene) -> None:
    """The indexes by place and the far view hold what the wiring holds."""
    wiring, index = scene.wiring, index_of(scene.wiring)
    for mine, anew in ((scene.boxes, index.boxes), (scene.edges.lines.extents, index.lines.extents)):
        assert set(mine) == set(anew)
        for key in anew:
            assert mine.borders(key).getCoords() == pytest.approx(anew.borders(key).getCoords(), abs=1e-6)
        assert mine.bounds().getCoords() == pytest.approx(anew.bounds().getCoords(), abs=1e-6)
    assert all(scene.edges.lines.line(edge) == line for edge, line in wiring.lines.items())
    index.lines.siblings = scene.edges.lines.siblings
    for block, there in zip(boxes_in(scene.batches.blocks(None)), wanted(scene), strict=True):
        assert block[:3] == pytest.approx(there[:3], abs=1e-6)
        assert block[3:] == there[3:]
    found = sorted(point for path in scene.batches.wires(None) for point in points(path))
    there = sorted(point for line in wiring.lines.values() for point in line.points)
    assert len(found) == len(there)
    assert [v for point in found for v in point] == pytest.approx([v for p in there for v in p], abs=1e-6)


def named(changes, found, boxes, lines):
    """Changes in which what moved beyond somewhere is named, by where it was."""
    if changes.beyond is None:
        return changes
    start, line_start, dx, dy = changes.beyond
    told = {key for shift in changes.shifts for key in (*shift.boxes, *shift.lines)}
    told |= changes.boxes | changes.lines
    side = 0 if found.right else 1
    began = {key: box.left if found.right else box.top for key, box in boxes.items()}
    ways = {edge: min(point[side] for point in line.points) for edge, line in lines.items()}
    beyond = Shift(
        [key for key, where in began.items() if where >= start - ROW and key not in told],
        [edge for edge, where in ways.items() if where >= line_start - ROW and edge not in told],
        dx,
        dy,
    )
    return changes._replace(shifts=(*changes.shifts, beyond))


@pytest.mark.parametrize("seed", range(6))
def test_shifts_are_exactly_what_moved(document, few, seed):
    draw = random.Random(seed)
    if seed % 3 == 2:
        document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    found, told = Wiring(document.tables, document.library, None), []

    def follow(update) -> None:
        boxes, lines = dict(found.boxes), dict(found.lines)
        changes = named(found.sync(update.delta), found, boxes, lines)
        alike = [key for shift in changes.shifts for key in (*shift.boxes, *shift.lines)]
        assert len(alike) == len(set(alike))
        assert not set(alike) & (changes.boxes | changes.lines)
        for shift in changes.shifts:
            told.append(shift)
            for key in shift.boxes:
                moved = boxes[key]._replace(x=boxes[key].x + shift.dx, y=boxes[key].y + shift.dy)
                assert found.boxes[key][:2] == pytest.approx(moved[:2])
                assert found.boxes[key][2:] == moved[2:]
            for edge in shift.lines:
                before, now = lines[edge], found.lines[edge]
                assert now[:5] == before[:5]
                moved = [v for x, y in before.points for v in (x + shift.dx, y + shift.dy)]
                assert [v for point in now.points for v in point] == pytest.approx(moved, abs=1e-6)
        rest = changes.boxes.union(changes.lines, *[(*shift.boxes, *shift.lines) for shift in changes.shifts])
        for old, now in ((boxes, found.boxes), (lines, found.lines)):
            assert {key for key in (*old, *now) if old.get(key) != now.get(key)} <= rest

    document.subscribe(follow)
    for _ in range(120):
        random_fold(document, draw) if draw.random() < 0.3 else random_edit(document, draw)
    assert told


def begun(document, canvas, seed):
    """The scene of a canvas; every third seed draws to the right."""
    if seed % 3 == 2:
        document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    return canvas().canvas


@pytest.mark.parametrize("seed", range(6))
def test_the_scene_follows_shifts(document, canvas, few, seed):
    draw, scene = random.Random(70 + seed), begun(document, canvas, seed)
    for _ in range(60):
        random_fold(document, draw) if draw.random() < 0.4 else random_edit(document, draw)
        follows(scene)


@pytest.mark.parametrize("seed", range(6))
def test_what_nobody_asked_for_is_right_many_steps_later(document, canvas, few, seed):
    draw, scene = random.Random(170 + seed), begun(document, canvas, seed)
    for _ in range(12):
        for _ in range(draw.randrange(1, 12)):
            random_fold(document, draw) if draw.random() < 0.5 else random_edit(document, draw)
            if scene.wiring.lines and draw.random() < 0.3:
                scene.wiring.lines[draw.choice(list(scene.wiring.lines.keys()))]  # one of them is asked for
        if draw.random() < 0.5:
            scene.batches.wires(None)
        assert drawn(scene.wiring) == drawn(Wiring(document.tables, document.library, None))
        follows(scene)


def test_a_wiring_that_rests_still_knows_where_everything_is(document, few):
    nodes = chain(document, *["ReLU"] * 30)
    group = commands.group(document, nodes[2:6])
    found = Wiring(document.tables, document.library, None)
    document.subscribe(lambda update: found.sync(update.delta))
    commands.fold(document, [group], True)
    found.rest()
    assert drawn(found) == drawn(Wiring(document.tables, document.library, None))


def expected(scene, twin, known=None):
    """Let the scene expect what was done to a twin of its document."""
    ready = Wiring(twin.tables, twin.library, scene.group, known=known)
    prepare(ready)
    scene.expect(twin.update.delta, ready)
    return ready


def fold_on(document, group, open_):
    """A twin of a document on which a group was folded."""
    twin = Twin(document)
    commands.fold(twin, [group], open_)
    return twin


def edited(document, draw):
    """A twin of a document to which something was done."""
    twin = Twin(document)
    choice = draw.random()
    if choice < 0.3:
        random_fold(twin, draw)
    elif choice < 0.5:
        twin.undo()
    elif choice < 0.6:
        twin.redo()
    else:
        random_edit(twin, draw)
    return twin


@pytest.mark.parametrize("seed", range(3))
def test_what_was_worked_out_on_a_twin_is_adopted_and_followed_from_there(document, canvas, seed):
    draw = random.Random(90 + seed)
    scene = canvas().canvas
    for _ in range(60):
        if draw.random() < 0.4:
            random_edit(document, draw)
            continue
        twin = edited(document, draw)
        if twin.update is None:
            continue
        boxes, is_fold = scene.wiring.boxes, fold_jobs.is_fold(twin.update.delta)
        ready = expected(scene, twin, scene.wiring.known() if is_fold else None)
        twin.give(document)
        assert ready.boxes is boxes
        ready.let_go()
        assert scene.wiring.tables is document.tables
        assert drawn(scene.wiring) == drawn(Wiring(document.tables, document.library, None))
        follows(scene)
        assert set(scene.frames) == set(scene.wiring.frames)


def test_one_can_scroll_to_what_came_far_away(document, canvas):
    (node,) = chain(document, "ReLU")
    scene = canvas().canvas
    twin = Twin(document)
    commands.move(twin, {node: (0.0, -90_000.0)})
    expected(scene, twin)
    twin.give(document)
    assert scene.sceneRect().contains(0.0, -91_000.0)


def test_a_ready_wiring_of_another_edit_is_not_taken(document, canvas):
    nodes = chain(document, *["ReLU"] * 6)
    group = commands.group(document, nodes[1:4])
    scene = canvas().canvas
    ready = expected(scene, fold_on(document, group, True))
    commands.rename(document, nodes[0], "other")
    commands.fold(document, [group], True)
    assert scene.wiring.boxes is not ready.boxes
    assert set(scene.frames) == {group}
    follows(scene)
