"""Ways among boxes: never through one while there is room to go around, on regular and on loose rows."""

import itertools
import random

import pytest

from sketch.graph.rows import Edge
from sketch.gui.canvas import routing
from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.level import Borders, Course, Level
from sketch.gui.canvas.routing import Lane, Obstacles, route

BORDERS = Borders(64.0, 64.0, 112.0, 24.0, 124.0, (184.0, 56.0))
STEPS = 60


def loose_rows(draw: random.Random, jitter: float) -> Level:
    """Eight rows of up to six boxes, wired at random in all directions."""
    level = Level(None, None, BORDERS)
    count = 0
    for row in range(8):
        for column in range(6):
            if draw.random() < 0.6:
                count += 1
                x, y = column * 212 + draw.uniform(-10, 10), row * 100 + draw.uniform(-jitter, jitter)
                level.place(count, Box(x, y, 184.0, 56.0, 2, 2))
    for _ in range(40):
        source, target = draw.sample(range(1, count + 1), 2)
        edge = Edge(source, draw.randint(0, 1), target, draw.randint(0, 1))
        level.join(edge, Course(*edge))
    level.settle()
    return level


def stands_on(box: Box, points) -> bool:
    """True when a box covers some point of a way; a plain walk along it, in small steps."""
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        for step in range(STEPS + 1):
            x, y = x1 + (x2 - x1) * step / STEPS, y1 + (y2 - y1) * step / STEPS
            if abs(x - box.x) < box.width / 2 - 0.1 and abs(y - box.y) < box.height / 2 - 0.1:
                return True
    return False


@pytest.mark.parametrize("jitter", [0.0, 7.0])
@pytest.mark.parametrize("seed", range(6))
def test_no_wire_runs_through_a_box(seed, jitter):
    level = loose_rows(random.Random(seed), jitter)
    crossing = [
        (arc.course, item)
        for arc in level.arcs.values()
        for item, box in level.boxes.items()
        if stands_on(box, arc.points)
    ]
    assert crossing == []


@pytest.mark.parametrize("seed", range(6))
def test_a_way_starts_and_ends_at_its_ports(seed):
    level = loose_rows(random.Random(seed), 7.0)
    for arc in level.arcs.values():
        course = arc.course
        assert arc.points[0] == level.boxes[course.start].output_anchor(course.out)
        assert arc.points[-1] == level.boxes[course.end].input_anchor(course.into)


def test_lanes_of_different_outputs_keep_apart():
    level = loose_rows(random.Random(3), 0.0)
    lanes = {(arc.owner, arc.lane) for arc in level.arcs.values() if arc.lane is not None}
    for owner, (x, top, bottom) in lanes:
        for other, (x2, top2, bottom2) in lanes:
            if other != owner and top < bottom2 and top2 < bottom:
                assert abs(x - x2) >= 12


@pytest.mark.parametrize("seed", range(4))
def test_a_long_lane_keeps_clear_of_all_boxes_and_lanes_beside_it(seed):
    """Against all boxes and lanes, whatever came and went before; far ways are looked up in bulk."""
    draw, obstacles = random.Random(seed), Obstacles()
    boxes: dict[int, Box] = {}
    lanes: list[tuple[Lane, int]] = []
    for step in range(300):
        key = draw.randrange(80)
        if key in boxes:
            obstacles.remove(key, boxes.pop(key))
        if draw.random() < 0.8:
            boxes[key] = Box(draw.uniform(-900, 900), draw.uniform(-3e4, 3e4), 184.0, 56.0, 1, 1)
            obstacles.add(key, boxes[key])
        top = draw.uniform(-3e4, 0.0)
        bottom = top + draw.uniform(6e3, 3e4)
        lane = obstacles.lane(top, bottom, (draw.uniform(-900, 900), draw.uniform(-900, 900)), step)
        beside = [box for box in boxes.values() if box.bottom > top and box.top < bottom]
        assert not any(box.left < lane[0] < box.right for box in beside)
        assert all(abs(x - lane[0]) >= 1 for (x, high, low), _ in lanes if high < bottom and low > top)
        obstacles.take(lane, step)
        lanes.append((lane, step))
        if draw.random() < 0.5:
            gone = lanes.pop(draw.randrange(len(lanes)))
            obstacles.release(*gone)


def test_wires_pass_a_crowd_in_one_row_as_a_whole(monkeypatch):
    """As after aligning thousands of layers by their tops: no walk over all of them for each wire."""
    monkeypatch.setattr(routing, "CROWD", 20)
    merged: list[int] = []
    real = routing._merge
    monkeypatch.setattr(routing, "_merge", lambda spans: merged.append(len(spans)) or real(spans))
    boxes = {key: Box(200.0 * key, 0.0, 184.0, 56.0, 1, 1) for key in range(60)}
    obstacles = Obstacles()
    for key, box in boxes.items():
        obstacles.add(key, box)
    ends = [(boxes[key].output_anchor(0), boxes[key + 1].input_anchor(0)) for key in range(59)]
    ways = [route(*each, obstacles, owner) for owner, each in enumerate(ends)]
    for owner, (_, lane) in enumerate(ways):
        obstacles.take(lane, owner)
    again = [route(*each, obstacles, owner + 100) for owner, each in enumerate(ends)]
    for (points, lane), (start, end) in zip([*ways, *again], [*ends, *ends], strict=True):
        assert (points[0], points[-1]) == (start, end)
        assert not boxes[0].left < lane[0] < boxes[59].right
    assert max(merged) <= 3
    for key in range(50):
        obstacles.remove(key, boxes[key])
    assert obstacles.lane(-20.0, 20.0, (0.0, 0.0), None)[0] == 0.0
