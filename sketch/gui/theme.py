"""Colours and fonts by role, read from resources/themes; the one place that decides how Sketch looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import NamedTuple

from PySide6.QtGui import QColor, QFont, QPalette

from sketch.graph.kept import kept_yaml
from sketch.resources_root import resource_root
from sketch.state.paths import cache_folder

THEMES = ("light", "dark")


class Theme(NamedTuple):
    """One theme. Every colour is `#rrggbb` under the name of its role; sizes are in points."""

    name: str
    is_dark: bool
    font_family: str
    mono_family: str
    font_size: int
    small_size: int
    window: str
    panel: str
    panel_alt: str
    border: str
    text: str
    text_muted: str
    text_disabled: str
    accent: str
    accent_text: str
    accent_soft: str
    hover: str
    error: str
    warning: str
    success: str
    canvas: str
    grid: str
    node: str
    node_border: str
    node_text: str
    node_subtitle: str
    group: str
    wire: str
    wire_selected: str
    wire_in: str
    wire_out: str
    wire_label: str
    selection: str
    band: str
    port: str
    port_free: str
    port_target: str
    note: str
    note_border: str
    note_text: str
    code_keyword: str
    code_string: str
    code_number: str
    code_comment: str
    code_name: str
    code_line: str
    series: tuple[str, ...]
    """Kinds without a colour of their own, told apart also by people who are colour-blind."""
    scale: tuple[str, ...]
    """From low to high in steps that look equal; steps between are mixed."""
    categories: Mapping[str, str]

    def colours(self) -> dict[str, str]:
        """Every colour by its role, categories left out."""
        roles = self._asdict().items()
        return {role: value for role, value in roles if isinstance(value, str) and value.startswith("#")}

    def category(self, name: str) -> QColor:
        """The colour of a layer category; a category that the theme does not know looks muted."""
        return QColor(self.categories.get(name, self.text_muted))

    def font(self, *, small: bool = False, bold: bool = False, mono: bool = False) -> QFont:
        """The font of the window."""
        font = QFont(
            self.mono_family if mono else self.font_family, self.small_size if small else self.font_size
        )
        font.setBold(bold)
        if mono:
            font.setStyleHint(QFont.StyleHint.Monospace)
        return font


def load_theme(name: str) -> Theme:
    """Read a theme by its name (`light`, `dark`); ValueError when there is none or a role is missing."""
    if name not in THEMES:
        raise ValueError(f"There is no theme {name!r}; themes are {', '.join(THEMES)}.")
    path = _folder() / f"{name}.yaml"
    values = kept_yaml(path, cache_folder())
    roles = set(Theme._fields)
    if roles != set(values):
        odd = ", ".join(sorted(roles ^ set(values)))
        raise ValueError(f"{path.name}: these roles are missing or unknown: {odd}.")
    made = {name: tuple(values[name]) for name in ("series", "scale")}
    return Theme(**{**values, **made, "categories": MappingProxyType(values["categories"])})


def stylesheet(rules: Template | None = None) -> str:
    """The Qt style sheet of the application, or only these rules of another file: the same in both themes.

    Its colours are roles of the palette, so that another theme needs another `palette` and no other sheet, and its
    pictures are those of the dark theme in a window whose property `dark` is true.
    """
    words = {colour: f"palette({_word(role)})" for colour, role in _ROLES.items()}
    if rules is not None:
        return rules.substitute(words)
    style, icons = (
        Template((_folder() / f"{name}.qss").read_text(encoding="utf-8")) for name in ("style", "icons")
    )
    places = (("", "light"), (IN_THE_DARK, "dark"))
    pictures = (icons.substitute(within=place, icons=(_folder() / name).as_posix()) for place, name in places)
    return style.substitute(words) + "".join(pictures)


def palette(theme: Theme) -> QPalette:
    """The palette of a theme: what the style sheet takes its colours from, and what no style sheet reaches."""
    made = QPalette()
    roles = {role: colour for colour, role in _ROLES.items()}
    for role, colour in {**roles, **_ALSO}.items():
        made.setColor(role, QColor(getattr(theme, colour)))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.text_disabled))
    return made


_Role = QPalette.ColorRole
_ROLES: Mapping[str, QPalette.ColorRole] = {
    "window": _Role.Window,
    "panel": _Role.Base,
    "panel_alt": _Role.AlternateBase,
    "border": _Role.Mid,
    "text": _Role.WindowText,
    "text_muted": _Role.PlaceholderText,
    "text_disabled": _Role.Dark,
    "accent": _Role.Highlight,
    "accent_text": _Role.HighlightedText,
    "accent_soft": _Role.Light,
    "hover": _Role.Midlight,
    "error": _Role.BrightText,
    "warning": _Role.Shadow,
    "success": _Role.LinkVisited,
    "canvas": _Role.ToolTipBase,
}
"""Colours that the style sheet uses, and the role that carries each; the sheet leaves little to Qt's own painting."""
_ALSO: Mapping[QPalette.ColorRole, str] = {
    _Role.Text: "text",
    _Role.Button: "panel_alt",
    _Role.ButtonText: "text",
    _Role.ToolTipText: "text",
    _Role.Link: "accent",
}
IN_THE_DARK = 'QMainWindow[dark="true"]'


def _word(role: QPalette.ColorRole) -> str:
    """How a style sheet calls a role: `AlternateBase` is `alternate-base`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", role.name).lower()
    return name.replace("tool-tip", "tooltip")


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=512)
def _luminance(name: str) -> float:
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _folder() -> Path:
    return resource_root() / "themes"
