"""The grid's points are where the grid is."""

import pytest

from sketch.gui.canvas.backdrop import _points


@pytest.mark.parametrize(("columns", "rows", "size"), [(1, 1, 20.0), (3, 2, 7.5), (82, 53, 24.0)])
def test_a_point_at_every_crossing(columns, rows, size):
    found = [point.toTuple() for point in _points(columns, rows, size)]
    assert found == [(n * size, m * size) for m in range(rows) for n in range(columns)]
