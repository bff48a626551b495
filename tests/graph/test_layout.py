"""Layered drawings of random graphs: nothing overlaps, no way passes through a box, one output has one trunk."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.geometry import GAP_X, GAP_Y, port_offset
from sketch.graph.layout.drawing import Drawn, Shape, draw
from sketch.graph.layout.layers import Arc, assign
from sketch.graph.layout.order import FEW, _depth_first, crossings, order
from sketch.graph.layout.packing import pack


def network(seed: int, count: int) -> tuple[list[Shape], list[Arc]]:
    """Boxes of all sizes; chains, fans, multi-edges, loops, long skips, boxes without wires."""
    draw_from = random.Random(seed)
    wires: dict[Arc, None] = {}
    outputs = [draw_from.choice((1, 1, 1, 2, 5)) for _ in range(count)]
    inputs = [0] * count
    for target in range(1, count):
        for _ in range(draw_from.choice((0, 1, 1, 1, 2, 2, 3, 9))):
            reach = draw_from.choice((1, 2, 3, 8, count))
            source = max(0, target - draw_from.randint(1, reach))
            if draw_from.random() < 0.05:
                source = draw_from.randrange(count)
            wires[source, draw_from.randrange(outputs[source]), target, inputs[target]] = None
            inputs[target] += draw_from.random() < 0.95
    shapes = [
        Shape(
            max(184.0, 24.0 * (max(inputs[item] + 1, outputs[item]) + 1)),
            draw_from.choice((56.0, 56.0, 56.0, 130.0)),
            inputs[item] + 1,
            outputs[item],
        )
        for item in range(count)
    ]
    return shapes, list(wires)


def borders(shapes: list[Shape], drawn: Drawn) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of every box."""
    return [
        (x - shape.width / 2, y - shape.height / 2, x + shape.width / 2, y + shape.height / 2)
        for shape, (x, y) in zip(shapes, drawn.centres, strict=True)
    ]


def hits(
    box: tuple[float, float, float, float], one: tuple[float, float], other: tuple[float, float]
) -> bool:
    """True when a straight piece passes through the inside of a box."""
    enter, leave = 0.0, 1.0
    for low, high, start, end in ((box[0], box[2], one[0], other[0]), (box[1], box[3], one[1], other[1])):
        inner = low + 0.5, high - 0.5
        if start == end:
            if not inner[0] < start < inner[1]:
                return False
            continue
        near, far = sorted((side - start) / (end - start) for side in inner)
        enter, leave = max(enter, near), min(leave, far)
    return enter < leave


def check(shapes: list[Shape], arcs: list[Arc]) -> Drawn:
    """Every law of a drawing."""
    drawn = draw(shapes, arcs).drawn(arcs)
    boxes = borders(shapes, drawn)
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = max(other[0] - one[2], one[0] - other[2]), max(other[1] - one[3], one[1] - other[3])
            assert apart[0] >= GAP_X - 0.2 or apart[1] >= GAP_Y - 0.2
    for (source, out, target, into), way in drawn.ways.items():
        start, end = shapes[source], shapes[target]
        x, y = drawn.centres[source]
        assert way[0] == pytest.approx((x + port_offset(out, start.outputs), y + start.height / 2))
        x, y = drawn.centres[target]
        assert way[-1] == pytest.approx((x + port_offset(into, end.inputs), y - end.height / 2))
        for one, other in pairwise(way):
            assert other[1] > one[1]
            for number, box in enumerate(boxes):
                assert not hits(box, one, other), (source, target, number)
    return drawn


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_keep_every_law(seed) -> None:
    shapes, arcs = network(seed, random.Random(seed).choice((2, 10, 40, 90)))
    drawn = check(shapes, arcs)
    forward, seen = set(drawn.ways), {arc for arc in arcs if arc[0] != arc[2]}
    assert forward <= seen
    assert draw(shapes, arcs).drawn(arcs).centres == drawn.centres


@given(st.lists(st.tuples(*[st.integers(0, 7)] * 2), max_size=16))
def test_any_wires_can_be_drawn(pairs) -> None:
    arcs = list(dict.fromkeys((source, 0, target, 0) for source, target in pairs))
    check([Shape(184.0, 56.0, 1, 1)] * 8, arcs)


def test_ways_without_a_loop_are_all_there() -> None:
    arcs = [(0, 0, 1, 0), (1, 0, 2, 0), (0, 0, 2, 1), (2, 0, 3, 0), (0, 0, 3, 1)]
    assert set(check([Shape(184.0, 56.0, 2, 1)] * 4, arcs).ways) == set(arcs)


def test_lines_of_one_output_share_their_trunk() -> None:
    arcs = [(node, 0, node + 1, 0) for node in range(1, 30)] + [(0, 0, node, 1) for node in range(2, 31)]
    drawn = check([Shape(184.0, 56.0, 2, 1)] * 31, arcs)
    at: dict[float, set[float]] = {}
    for node in range(2, 31):
        for (x1, y1), (x2, y2) in pairwise(drawn.ways[0, 0, node, 1]):
            if x1 == x2:
                middle = y1 + (y2 - y1) / 2
                at.setdefault(middle // 100, set()).add(x1)
    assert all(len(columns) == 1 for columns in at.values())


def test_a_long_trunk_beside_a_chain_is_straight() -> None:
    arcs = [(node, 0, node + 1, 0) for node in range(40)] + [(0, 0, 40, 1)]
    drawn = check([Shape(184.0, 56.0, 2, 1)] * 41, arcs)
    assert {x for x, _ in drawn.centres} == {0.0}
    assert len(drawn.ways[0, 0, 40, 1]) == 4


def test_a_mask_read_by_every_layer_gets_one_trunk() -> None:
    count, arcs = 200, []
    for node in range(1, count - 1):
        arcs += [(node, 0, node + 1, 0), (0, 0, node + 1, 1)]
    graph = assign(count, arcs)
    assert len(graph.layer) - graph.real < count


def test_branches_of_one_fork_stay_under_it_and_what_a_far_join_reads_goes_down() -> None:
    inception = assign(
        7, [(0, 0, 1, 0), (1, 0, 2, 0), (2, 0, 3, 0), (0, 0, 4, 0), (3, 0, 5, 0), (4, 0, 5, 1)]
    )
    assert inception.layer[:6] == [0, 1, 2, 3, 1, 4]
    chain = [(node, 0, node + 1, 0) for node in range(9)]
    embedding = [(10, 0, 11, 0), (11, 0, 4, 1), (10, 0, 12, 0), (12, 0, 9, 1)]
    assert assign(13, chain + embedding).layer[11:13] == [3, 8]


def test_two_towers_given_crosswise_come_out_without_a_crossing() -> None:
    graph = assign(6, [(0, 0, 3, 0), (1, 0, 2, 0), (2, 0, 5, 0), (3, 0, 4, 0)])
    assert crossings(graph, order(graph)) == 0


def test_lines_into_one_box_are_sorted_by_port() -> None:
    arcs = [(0, 0, 4, 2), (1, 0, 4, 0), (2, 0, 4, 3), (3, 0, 4, 1)]
    drawn = check([Shape(184.0, 56.0, 4, 1)] * 5, arcs)
    assert sorted(range(4), key=lambda box: drawn.centres[box]) == [1, 3, 0, 2]


def test_a_tower_of_blocks_does_not_drift() -> None:
    arcs, x = [], 0
    for block in range(1, 200, 5):
        a, b, c, d, join = range(block, block + 5)
        arcs += [
            (x, 0, a, 0),
            (a, 0, b, 0),
            (a, 0, c, 0),
            (b, 0, d, 0),
            (c, 0, d, 1),
            (d, 0, join, 0),
            (x, 0, join, 1),
        ]
        x = join
    drawn = check([Shape(184.0, 56.0, 2, 1)] * 201, arcs)
    assert len({drawn.centres[join][0] for join in range(5, 201, 5)}) == 1


def test_cancelling_stops_it() -> None:
    calls = []

    def step(share: float) -> None:
        calls.append(share)
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        draw(*network(3, 90), step)
    assert calls == sorted(calls)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_told_of_the_progress_only_grows(seed: int) -> None:
    told: list[float] = []
    draw(*network(seed, 90), told.append)
    assert told == sorted(told)
    assert len(set(told)) > 3
    assert told[-1] <= 1


@pytest.mark.parametrize(("seed", "count"), [(1, 60), (2, 150), (3, 400), (4, 900)])
def test_no_first_order_has_fewer_crossings_than_the_result(seed: int, count: int) -> None:
    shapes, wires = network(seed, count)
    graph = assign(len(shapes), wires)
    walks = [_depth_first(graph, graph.down, 1, last) for last in (False, True)]
    walks.append(_depth_first(graph, graph.up, -1, False))
    tried = walks if len(graph.layer) <= FEW else walks[:1]
    assert crossings(graph, order(graph)) <= min(crossings(graph, rows) for rows in tried)


def test_parts_are_packed_in_columns_no_higher_than_the_highest() -> None:
    extents = [(-100.0, 0.0, 100.0, 900.0), *[(0.0, 0.0, 184.0, 56.0)] * 12]
    moves = pack(extents)
    boxes = [
        (left + dx, top + dy, right + dx, bottom + dy)
        for (left, top, right, bottom), (dx, dy) in zip(extents, moves, strict=True)
    ]
    assert max(bottom for *_, bottom in boxes) == 900.0
    assert len({left for left, *_ in boxes}) == 3
    assert boxes[0][0] == -boxes[-1][2]
    assert pack([]) == []
