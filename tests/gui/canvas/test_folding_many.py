"""What moves by the thousand when a group opens or closes is taken over in bulk, and is where building anew puts it."""

import random

import pytest

from sketch.graph import folding
from sketch.gui.canvas import composed
from sketch.gui.canvas.indexing import index_of, prepare
from sketch.gui.canvas.wires import Wiring
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_batches import boxes_in, points, wanted
from tests.gui.canvas.test_levels import drawn, random_fold
from tests.gui.canvas.test_wires import random_edit


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(composed, "FEWEST_MOVED", 1)


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


@pytest.mark.parametrize("seed", range(6))
def test_shifts_are_exactly_what_moved(document, few, seed):
    draw = random.Random(seed)
    if seed % 3 == 2:
        document.edit("turn", lambda draft: draft.put("meta", "direction", "right"))
    found, told = Wiring(document.tables, document.library, None), []

    def follow(update) -> None:
        boxes, lines = dict(found.boxes), dict(found.lines)
        changes = found.sync(update.delta)
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


@pytest.mark.parametrize("seed", range(3))
def test_the_scene_follows_shifts(document, canvas, few, seed):
    draw = random.Random(70 + seed)
    scene = canvas().canvas
    for _ in range(60):
        random_fold(document, draw) if draw.random() < 0.4 else random_edit(document, draw)
        follows(scene)


def expected(document, scene, group, open_):
    """Let the scene expect a fold that was worked out on a copy of the rows."""
    rows = document.tables.copy()
    row = folding.open_row(group)
    delta = (folding.Change("meta", row, rows.meta.get(row), open_ or None),)
    rows.apply(delta)
    ready = Wiring(rows, document.library, scene.group, known=scene.wiring.known())
    prepare(ready)
    scene.expect(delta, ready)
    return ready


@pytest.mark.parametrize("seed", range(3))
def test_a_wiring_that_is_ready_is_adopted_and_followed_from_there(document, canvas, seed):
    draw = random.Random(90 + seed)
    scene = canvas().canvas
    for _ in range(60):
        groups = folding.foldable(document.tables, document.library, document.tables.nodes)
        if groups and draw.random() < 0.4:
            group = draw.choice(groups)
            open_ = not folding.is_open(document.tables, group)
            boxes = scene.wiring.boxes
            ready = expected(document, scene, group, open_)
            commands.fold(document, [group], open_)
            assert ready.boxes is boxes
            ready.let_go()
            assert scene.wiring.tables is document.tables
            assert drawn(scene.wiring) == drawn(Wiring(document.tables, document.library, None))
        else:
            random_edit(document, draw)
        follows(scene)
        assert set(scene.frames) == set(scene.wiring.frames)


def test_a_ready_wiring_of_another_edit_is_not_taken(document, canvas):
    nodes = chain(document, *["ReLU"] * 6)
    group = commands.group(document, nodes[1:4])
    scene = canvas().canvas
    ready = expected(document, scene, group, True)
    commands.rename(document, nodes[0], "other")
    commands.fold(document, [group], True)
    assert scene.wiring.boxes is not ready.boxes
    assert set(scene.frames) == {group}
    follows(scene)
