"""Levels of detail: which zoom shows what, and no flicker on the border between two."""

import pytest

from sketch.gui.canvas.detail import Detail, detail_at, title_size


@pytest.mark.parametrize(
    ("zoom", "level"),
    [(2.0, Detail.FULL), (1.0, Detail.FULL), (0.65, Detail.FULL), (0.5, Detail.COMPACT), (0.42, Detail.COMPACT),
     (0.3, Detail.BLOCK), (0.15, Detail.BLOCK), (0.02, Detail.BLOCK)],
)  # fmt: skip
def test_each_zoom_has_its_level(zoom, level):
    for before in Detail:
        assert detail_at(zoom, before) is level


@pytest.mark.parametrize(("zoom", "levels"), [(0.6, "COMPACT FULL"), (0.345, "BLOCK COMPACT")])
def test_between_two_levels_the_one_in_use_stays(zoom, levels):
    low, high = (Detail[name] for name in levels.split())
    assert detail_at(zoom, low) is low
    assert detail_at(zoom, high) is high


def test_a_lone_title_is_never_too_small_to_read():
    for percent in range(33, 64):
        zoom = percent / 100
        assert 7.9 <= title_size(zoom) * zoom <= 10.0
