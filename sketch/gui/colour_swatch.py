"""What painting needs of one colour of a node: the strip, the tinted ground, and text that can be read on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtGui import QBrush, QColor, QGradient, QLinearGradient, QPen

from sketch.gui.theme import Theme, contrast

TINT = 0.24
"""Share of a rule's colour in the ground of a node."""
EDGE = 1e-4
"""How soft the edge between two colours of a stack is, of its height."""
READABLE = 4.5
"""Contrast of text (WCAG 2.2, AA)."""


@dataclass(frozen=True)
class Swatch:
    """`fill` is the full colour (strip, far view, map); `ground` and `group` lie below the texts."""

    fill: QBrush
    ground: QBrush
    group: QBrush
    title: QPen
    subtitle: QPen


def plain_swatch(theme: Theme, colour: str) -> Swatch:
    """Colour only in the strip: nodes coloured by their category."""
    texts = QPen(QColor(theme.node_text)), QPen(QColor(theme.node_subtitle))
    return Swatch(QBrush(QColor(colour)), QBrush(QColor(theme.node)), QBrush(QColor(theme.group)), *texts)


def tinted_swatch(theme: Theme, colour: str) -> Swatch:
    """The whole node in a tint of the colour, its strip in the full colour."""
    ground, group = mix(colour, theme.node, TINT), mix(colour, theme.group, TINT)
    title, subtitle = (
        readable(theme, [ground, group], text) for text in (theme.node_text, theme.node_subtitle)
    )
    grounds = QBrush(QColor(ground)), QBrush(QColor(group))
    return Swatch(QBrush(QColor(colour)), *grounds, QPen(QColor(title)), QPen(QColor(subtitle)))


def mixed_swatch(theme: Theme, parts: Sequence[tuple[str, float]]) -> Swatch:
    """A group of several kinds: (colour, share) one below the other in the strip, their mean in the ground."""
    so_far, mean = 0.0, parts[0][0]
    stack = QLinearGradient(0.0, 0.0, 0.0, 1.0)
    stack.setCoordinateMode(QGradient.CoordinateMode.ObjectMode)
    for colour, share in parts:
        stack.setColorAt(min(1.0, so_far + (EDGE if so_far else 0.0)), QColor(colour))
        mean = mix(colour, mean, share / (so_far + share))
        so_far += share
        stack.setColorAt(min(1.0, so_far), QColor(colour))
    return replace(tinted_swatch(theme, mean), fill=QBrush(stack))


def readable(theme: Theme, grounds: list[str], wished: str) -> str:
    """The colour for a text on these grounds: the wished one if it can be read there, else the theme's strongest."""
    reads = all(contrast(wished, ground) >= READABLE for ground in grounds)
    return wished if reads else theme.node_text


def mix(one: str, other: str, share: float) -> str:
    """`share` of one colour in the other, `#rrggbb`."""
    first, second = QColor(one), QColor(other)
    pairs = ((first.red(), second.red()), (first.green(), second.green()), (first.blue(), second.blue()))
    return "#{:02x}{:02x}{:02x}".format(*(round(share * a + (1.0 - share) * b) for a, b in pairs))
