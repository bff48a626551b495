"""Colours by rule in both themes: told apart by everybody, even steps, and texts that can be read on each of them."""

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor

from sketch.graph.colour_rules import RULES
from sketch.graph.colour_scale import STEPS
from sketch.graph.shading import SERIES
from sketch.gui.canvas.ink import Ink
from sketch.gui.colour_actions import TITLES
from sketch.gui.colour_palette import number_text, palette_of, scale_colours
from sketch.gui.colour_swatch import BORDER, frame_swatch, mix, mixed_swatch, plain_swatch, tinted_swatch
from sketch.gui.theme import THEMES, contrast, load_theme
from tests.gui.colour_difference import EYES, difference, lab


@pytest.fixture(params=THEMES)
def theme(request):
    return load_theme(request.param)


def every_colour(theme) -> list[str]:
    """All that a node can be coloured with."""
    problems = palette_of(RULES["problems"], ())(theme)
    return [
        *palette_of(RULES["layer"], ())(theme),
        *scale_colours(theme),
        *problems,
        *theme.categories.values(),
    ]


def test_the_difference_of_colours_is_the_published_one():
    # Sharma, Wu, Dalal: The CIEDE2000 color-difference formula (2005), table 1
    pairs = [((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 2.5, 0), (73, 25, -18), 27.1492)]
    pairs.append(((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373))
    for one, other, expected in pairs:
        assert difference(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("eyes", EYES)
def test_kinds_are_told_apart_also_by_the_colour_blind(theme, eyes):
    seen = [lab(colour, eyes) for colour in palette_of(RULES["layer"], ())(theme)]
    assert len(theme.series) == SERIES
    assert min(difference(a, b) for a, b in itertools.combinations(seen, 2)) >= 11


@pytest.mark.parametrize("eyes", EYES)
def test_the_scale_goes_one_way_for_all_eyes(theme, eyes):
    light = [lab(colour, eyes)[0] for colour in scale_colours(theme)]
    steps = np.diff(light)
    assert (steps > 0).all() if theme.is_dark else (steps < 0).all()
    assert abs(light[-1] - light[0]) > 30


def test_the_steps_of_the_scale_look_equal(theme):
    colours = scale_colours(theme)
    assert len(set(colours)) == STEPS
    steps = [difference(lab(a), lab(b)) for a, b in itertools.pairwise(colours)]
    assert max(steps) / min(steps) < 1.6


def test_every_colour_is_seen_on_nodes_and_canvas(theme):
    for colour in every_colour(theme):
        for ground in (theme.node, theme.group, theme.canvas):
            assert contrast(colour, ground) >= 3.0, colour


def test_texts_are_readable_on_every_coloured_node(theme):
    for colour in every_colour(theme):
        swatch = tinted_swatch(theme, colour)
        for pen in (swatch.title, swatch.subtitle):
            for ground in (swatch.ground, swatch.group):
                assert contrast(pen.color().name(), ground.color().name()) >= 4.5, colour


def test_texts_are_readable_on_mixtures(theme):
    colours = palette_of(RULES["layer"], ())(theme)
    for one, other in itertools.combinations(colours, 2):
        swatch = mixed_swatch(theme, [(one, 0.5), (other, 0.5)])
        for pen in (swatch.title, swatch.subtitle):
            assert contrast(pen.color().name(), swatch.group.color().name()) >= 4.5


def test_texts_are_readable_on_the_strip_of_every_open_group(theme):
    mixed = mixed_swatch(theme, [(theme.series[0], 0.5), (theme.series[1], 0.5)]).fill
    fills = [None, mixed, *(tinted_swatch(theme, colour).fill for colour in every_colour(theme))]
    for fill, depth in itertools.product(fills, (0, 1, 2, 9)):
        swatch = frame_swatch(theme, depth, fill)
        for pen in (swatch.title, swatch.subtitle):
            assert contrast(pen.color().name(), swatch.strip.color().name()) >= 4.5, fill
        assert contrast(theme.wire_label, swatch.label_veil.name()) >= 4.5


def test_an_open_group_has_the_colour_of_its_closed_box(theme):
    ink = Ink(theme)
    plain = ink.frame_swatch(9, 0)
    assert plain.mark is None
    assert plain.border.color() == QColor(theme.node_border)
    ink.colour_by({9: 3, 8: ((0, 0.5), (1, 0.5))}, lambda theme: theme.series)
    for group in (9, 8):
        swatch, closed = ink.frame_swatch(group, 1), ink.swatch(group, "Group")
        assert swatch.mark is closed.fill
        colour = closed.fill.color().name()
        assert swatch.border.color().name() == mix(colour, theme.node_border, BORDER)
        assert swatch.strip.color() != plain.strip.color()
        assert swatch is ink.frame_swatch(group, 1)
    unknown = ink.frame_swatch(7, 0)  # nothing known: no tint
    assert (unknown.mark, unknown.strip.color()) == (None, plain.strip.color())
    ink.colour_by(None)
    assert ink.frame_swatch(9, 0).mark is None


def test_several_colours_are_their_mean_where_there_is_room_for_one(theme):
    """From afar and on the map a box has one colour."""
    fill = mixed_swatch(theme, [("#ff0000", 0.25), ("#0000ff", 0.75)]).fill
    assert fill.color().name() == mix("#ff0000", "#0000ff", 0.25)


def test_the_ground_of_a_coloured_node_differs_from_that_of_a_plain_one(theme):
    for colour in (*theme.series, *scale_colours(theme)):
        assert difference(lab(tinted_swatch(theme, colour).ground.color().name()), lab(theme.node)) > 4


def test_a_node_is_painted_by_the_rule_in_both_themes():
    light, dark = (load_theme(name) for name in THEMES)
    ink = Ink(light)
    plain = ink.fill(7, "Linear")
    assert plain.color() == light.category("Linear")
    ink.colour_by({7: 2, 8: 2, 9: ((0, 0.5), (1, 0.5))}, lambda theme: theme.series)
    assert ink.fill(7, "Linear").color() == QColor(light.series[2])
    assert ink.fill(7, "Linear") is ink.fill(8, "Pooling")
    assert ink.swatch(9, "Group") is ink.swatch(9, "Group")
    assert ink.swatch(1, "Linear").ground.color() == QColor(light.node)  # nothing known: no tint
    ink.use(dark)
    assert ink.fill(7, "Linear").color() == QColor(dark.series[2])
    ink.colour_by(None)
    assert ink.fill(7, "Linear").color() == dark.category("Linear")
    assert ink.swatch(7, "Linear").ground.color() == plain_swatch(dark, "#000000").ground.color()


def test_a_stack_shows_each_colour_with_its_share(theme, qapp):
    from PySide6.QtGui import QImage, QPainter

    swatch = mixed_swatch(theme, [("#ff0000", 0.25), ("#0000ff", 0.75)])
    image = QImage(10, 100, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.fillRect(0, 0, 10, 100, swatch.fill)
    painter.end()
    column = [image.pixelColor(5, y).name() for y in range(100)]
    assert column[:24] == ["#ff0000"] * 24
    assert column[27:] == ["#0000ff"] * 73


def test_mixing():
    assert mix("#ff0000", "#0000ff", 0.0) == "#0000ff"
    assert mix("#ff0000", "#0000ff", 1.0) == "#ff0000"
    assert mix("#ffffff", "#000000", 0.5) == "#808080"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (11_689_512, "", "11.7 M"), (999_600, "", "1 M"), (512, "", "512"), (12.5, "%", "12.5 %"),
        (0.01234, "", "0.0123"),
        (3_211_264, "B", "3.21 MB"), (0.0, "", "0"), (1.8e9, "", "1.8 G"), (100.4, "B", "100 B"), (1e-9, "", "1e-09"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_unit(value, unit, text):
    assert number_text(value, unit) == text


def test_the_menu_offers_every_rule():
    assert [key for key, _, _ in TITLES] == list(RULES)
