"""Look-ups by place give what comparing everything gives, whatever was put, moved and removed before."""

import random

import pytest
from PySide6.QtCore import QRectF

from sketch.gui.canvas.extents import (
    Extents,
    State,
    copied,
    first_middle,
    least,
    middles,
    shift,
    shift_beyond,
)


def touches(box, area: QRectF) -> bool:
    left, top, right, bottom = box
    return left <= area.right() and right >= area.left() and top <= area.bottom() and bottom >= area.top()


@pytest.mark.parametrize("seed", range(5))
def test_near_is_what_a_look_at_everything_finds(seed):
    draw = random.Random(seed)
    table: Extents[int] = Extents()
    boxes: dict[int, tuple[float, float, float, float]] = {}
    hidden: set[int] = set()
    for _ in range(400):
        key = draw.randrange(120)
        if draw.random() < 0.3:
            table.remove(key)
            boxes.pop(key, None)
        else:
            x, y = draw.uniform(0, 1000), draw.uniform(0, 1000)
            boxes[key] = (x, y, x + draw.uniform(0, 90), y + draw.uniform(0, 90))
            table.put_all([key], [boxes[key]])
        if draw.random() < 0.1:
            hidden = {draw.randrange(120) for _ in range(30)}
            table.mark(hidden, State.HIDDEN)
        areas = [QRectF(draw.uniform(0, 900), draw.uniform(0, 900), 150, 80) for _ in range(2)]
        shown = {k for k, box in boxes.items() if k not in hidden and any(touches(box, a) for a in areas)}
        gone = {k for k, box in boxes.items() if k in hidden and any(touches(box, a) for a in areas)}
        assert set(table.near(areas)) == shown
        assert set(table.near(areas, State.HIDDEN)) == gone
        assert set(copied(table).near(areas)) == shown | gone
    middles = [((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in boxes.values()]
    assert first_middle(table) == min(middles, key=lambda at: (at[1], at[0]))
    assert first_middle(table, right=True) == min(middles)
    bounds = table.bounds()
    assert bounds.left() == min(box[0] for box in boxes.values())
    assert bounds.bottom() == max(box[3] for box in boxes.values())


def test_a_mark_outlives_the_thing_it_is_on():
    table: Extents[str] = Extents()
    table.mark(["a"], State.HIDDEN)
    table.put_all(["a"], [(0, 0, 1, 1)])
    table.put_all(["b"], [(0, 0, 1, 1)])
    everything = [QRectF(-5, -5, 10, 10)]
    assert table.near(everything) == ["b"]
    table.remove("a")
    table.put_all(["a"], [(2, 2, 3, 3)])
    assert table.near(everything) == ["b"]
    table.mark((), State.HIDDEN)
    assert set(table.near(everything)) == {"a", "b"}


def test_marks_of_two_kinds_do_not_mix():
    table: Extents[str] = Extents()
    for name in "abc":
        table.put_all([name], [(0, 0, 1, 1)])
    table.mark("a", State.HIDDEN)
    table.mark("b", State.CARRIED)
    everything = [QRectF(-5, -5, 10, 10)]
    assert table.near(everything) == ["c"]
    table.mark((), State.CARRIED)
    assert table.near(everything) == ["b", "c"]
    assert table.marked(State.HIDDEN) == {"a"}


def test_what_one_state_takes_the_other_has_no_more():
    table: Extents[str] = Extents()
    table.put_all(["a", "b"], [(0, 0, 1, 1)] * 2)
    table.mark(["a", "b"], State.HIDDEN, [0, 1])
    table.mark(["b"], State.CARRIED)
    assert (table.marked(State.HIDDEN), table.marked(State.CARRIED)) == ({"a"}, {"b"})
    table.mark((), State.CARRIED)
    assert table.near([QRectF(-5, -5, 10, 10)]) == ["b"]


def test_many_at_once_are_as_many_one_by_one():
    one, many = Extents[int](), Extents[int]()
    rows = [(n, n * 2, n + 5, n * 2 + 3) for n in range(300)]
    for n, row in enumerate(rows):
        one.put_all([n], [row])
    many.put_all(list(range(300)), rows)
    assert (one.array() == many.array()).all()
    assert one.bounds() == many.bounds()


def test_the_first_is_the_leftmost_of_the_upper_row_and_nothing_has_none():
    table: Extents[int] = Extents()
    assert first_middle(table) is None
    table.put_all([1, 2, 3], [(50, 0, 60, 10), (20, 0.001, 30, 10.001), (0, 5, 10, 15)])
    assert first_middle(table) == (25, pytest.approx(5.001))
    assert first_middle(table, right=True) == (5, 10)
    table.remove(2)
    assert first_middle(table) == (55, 5)


def test_the_least_is_the_first_by_score_then_by_id_and_free_slots_count_for_nothing():
    table: Extents[int] = Extents()
    table.put_all([7, 3, 5, 9], [(0, 10, 4, 20), (20, 10, 24, 20), (20, 0, 24, 4), (-50, -50, -40, -40)])
    table.remove(9)
    x, y = middles(table)
    assert least(table, y) == 5
    assert least(table, -y) == 3
    assert least(table, -y, x) == 7
    y[:] = float("inf")
    assert least(table, y) is None


@pytest.mark.parametrize("right", [False, True])
def test_what_begins_beyond_moves_alike_but_some(right):
    table: Extents[int] = Extents()
    boxes = {key: (10.0 * key, 10.0 * key, 10.0 * key + 4, 10.0 * key + 4) for key in range(6)}
    table.put_all(list(boxes), list(boxes.values()))
    table.remove(4)
    dx, dy = (3.0, 0.0) if right else (0.0, 3.0)
    moved = shift_beyond(table, 20.0, dx, dy, [5], right=right)
    assert [key for key, slot in table.slots.items() if moved[slot]] == [2, 3]
    shift(table, [1], 1.0, 2.0)
    there = {2: (dx, dy), 3: (dx, dy), 1: (1.0, 2.0)}
    for key in table:
        left, top, _, _ = boxes[key]
        by = there.get(key, (0.0, 0.0))
        assert table.borders(key).getRect() == (left + by[0], top + by[1], 4.0, 4.0)
    assert table.bounds().top() == 0.0


def test_a_copy_lives_for_itself():
    table: Extents[str] = Extents()
    table.put_all(["a", "b"], [(0, 0, 1, 1), (5, 0, 6, 1)])
    table.remove("a")
    copy = copied(table)
    table.put_all(["c"], [(9, 0, 10, 1)])
    shift(table, ["b"], 100.0, 0.0)
    assert copy.slots == {"b": 1}
    assert copy.bounds() == QRectF(5, 0, 1, 1)
    assert copy.put_all(["d"], [(7, 0, 8, 1)]) == [0], "the slot that is free"
    assert table.keys_in([0, 1]) == ["c", "b"]
