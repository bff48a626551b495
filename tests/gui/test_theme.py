"""Both themes: complete, readable, and a style sheet without holes."""

import pytest
from PySide6.QtGui import QColor, QPalette

from sketch.graph.library import LayerLibrary
from sketch.gui.theme import THEMES, Theme, contrast, load_theme, palette, stylesheet
from sketch.resources_root import resource_root

TEXT_ON = {
    "text": ("window", "panel", "panel_alt", "hover", "accent_soft"),
    "text_muted": ("window", "panel", "panel_alt", "hover"),
    "accent": ("window", "panel"),
    "accent_text": ("accent",),
    "error": ("window", "panel", "panel_alt", "node"),
    "warning": ("window", "panel", "panel_alt", "node"),
    "success": ("window", "panel", "panel_alt"),
    "node_text": ("node", "group", "canvas"),
    "node_subtitle": ("node", "group", "canvas"),
    "wire_label": ("canvas", "node"),
    "note_text": ("note",),
    "code_keyword": ("panel", "code_line"),
    "code_string": ("panel", "code_line"),
    "code_number": ("panel", "code_line"),
    "code_comment": ("panel",),
    "code_name": ("panel", "code_line"),
}
LINES_ON = {
    "wire": ("canvas",),
    "wire_selected": ("canvas",),
    "wire_in": ("canvas",),
    "wire_out": ("canvas",),
    "port": ("canvas", "node"),
    "selection": ("canvas",),
}


@pytest.fixture(params=THEMES)
def theme(request) -> Theme:
    return load_theme(request.param)


def test_contrast_matches_known_ratios():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("ink", "surfaces"), TEXT_ON.items())
def test_text_is_readable(theme, ink, surfaces):
    for surface in surfaces:
        assert contrast(getattr(theme, ink), getattr(theme, surface)) >= 4.5, surface


@pytest.mark.parametrize(("ink", "surfaces"), LINES_ON.items())
def test_lines_that_carry_meaning_are_seen(theme, ink, surfaces):
    for surface in surfaces:
        assert contrast(getattr(theme, ink), getattr(theme, surface)) >= 3.0, surface


def test_each_category_of_the_library_has_a_colour_seen_on_a_node(theme):
    library = LayerLibrary.load(resource_root() / "layers")
    for category in {spec.category for spec in library}:
        assert category in theme.categories
        assert contrast(theme.categories[category], theme.node) >= 3.0, category


def test_both_themes_name_the_same_categories():
    light, dark = (load_theme(name) for name in ("light", "dark"))
    assert set(light.categories) == set(dark.categories)


def test_style_sheet_has_no_hole_and_its_pictures_exist(theme):
    text = stylesheet()
    assert "$" not in text
    assert f"{theme.name}/down.svg" in text
    for name in ("down", "up", "right", "check", "dash", "close", "float"):
        assert (resource_root() / "themes" / theme.name / f"{name}.svg").is_file()


def test_palette_follows_the_theme(theme, qapp):
    made = palette(theme)
    assert made.color(QPalette.ColorRole.Window) == QColor(theme.window)
    disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled == QColor(theme.text_disabled)


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="themes are light, dark"):
        load_theme("pink")


def test_an_unknown_category_looks_muted(theme):
    assert theme.category("Nonsense") == QColor(theme.text_muted)
