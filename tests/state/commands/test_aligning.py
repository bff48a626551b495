"""Align, distribute, snap: by numbers."""

import pytest

from sketch.graph.errors import GraphError
from sketch.graph.rows import Place
from sketch.state import commands


def places(document, ids):
    return [(document.tables.places[key].x, document.tables.places[key].y) for key in ids]


@pytest.fixture
def three(document):
    """A narrow layer, a note of 200x80 and a narrow layer, each elsewhere."""
    one = commands.add_layer(document, "ReLU", (0, 0))
    note = commands.add_note(document, "text", (300, 150))
    two = commands.add_layer(document, "GELU", (500, 420))
    return [one, note, two]


@pytest.mark.parametrize(
    ("edge", "wanted"),
    [
        ("left", [(0, 0), (8, 150), (0, 420)]),
        ("right", [(500, 0), (492, 150), (500, 420)]),
        ("centre", [(250, 0), (250, 150), (250, 420)]),
        ("top", [(0, 0), (300, 12), (500, 0)]),
        ("bottom", [(0, 420), (300, 408), (500, 420)]),
        ("middle", [(0, 210), (300, 210), (500, 210)]),
    ],
)
def test_borders_and_middles_agree_in_one_step(document, three, edge, wanted) -> None:
    steps = len(document.history)
    commands.align(document, three, edge)
    assert places(document, three) == wanted
    assert len(document.history) == steps + 1
    document.undo()
    assert places(document, three) == [(0, 0), (300, 150), (500, 420)]


def test_gaps_get_equal_and_the_ends_stay(document, three) -> None:
    commands.distribute(document, three, "across")
    # the note is 200 wide: 92 to 408 leaves 316 for it, 58 on either side
    assert places(document, three) == [(0, 0), (250, 150), (500, 420)]
    commands.distribute(document, three, "down")
    boxes = [(0 - 28, 28), (210 - 40, 210 + 40), (420 - 28, 448)]
    assert places(document, three)[1] == (250, 210)
    assert boxes[1][0] - boxes[0][1] == boxes[2][0] - boxes[1][1]


def test_snap_goes_to_the_nearest_grid_points(document, three) -> None:
    commands.move(document, {three[0]: (7.0, 25.0)})
    commands.snap(document, three, 16)
    assert places(document, three) == [(0, 32), (304, 144), (496, 416)]
    assert document.undo_label == "Snap 3 items to the grid"


def test_each_canvas_is_aligned_for_itself(document) -> None:
    a, b, c, d = (commands.add_layer(document, "ReLU", (x, x)) for x in (0, 100, 1000, 1100))
    commands.group(document, [c, d])
    commands.align(document, [a, b, c, d], "left")
    assert [x for x, _ in places(document, [a, b, c, d])] == [0, 0, 1000, 1000]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda d, ids: commands.align(d, ids[:1], "left"), "two layers of one canvas"),
        (lambda d, ids: commands.distribute(d, ids[:2], "down"), "three layers of one canvas"),
        (lambda d, _: commands.snap(d, [], 16), "Select"),
    ],
)
def test_too_little_is_said(document, three, act, words) -> None:
    steps = len(document.history)
    with pytest.raises(GraphError, match=words):
        act(document, three)
    assert len(document.history) == steps
    assert document.tables.places[three[0]] == Place(0, 0)
