"""What painting needs of one colour of a node: the strip, the tinted ground, and text that can be read on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtGui import QBrush, QColor, QPen

from sketch.gui.theme import Theme, contrast

TINT = 0.24
"""Share of a rule's colour in the ground of a node."""
EDGE = 1e-4
"""How soft the edge between two colours of a stack is, of its height."""
READABLE = 4.5
"""Contrast of text (WCAG 2.2, AA)."""
DEPTHS = (0.10, 0.17, 0.24, 0.31)
"""Share of the border's colour in the ground of an open group, by its depth."""
STRIP = 0.10
"""How much more of it there is in the strip with the name."""
BORDER = 0.6
"""Share of a rule's colour in the border of an open group."""
VEIL, LABEL_VEIL = 230, 215
"""How opaque is what lies under a name in the strip, and under the label of a wire, of 255."""


@dataclass(frozen=True)
class Swatch:
    """`fill` is the full colour (strip, far view, map); `ground` and `group` lie below the texts.

    The brush of several colours has their mean as its colour.
    """

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
    from PySide6.QtGui import (  # with 180 presets, which the first paint does without
        QGradient,
        QLinearGradient,
    )

    so_far, mean = 0.0, parts[0][0]
    stack = QLinearGradient(0.0, 0.0, 0.0, 1.0)
    stack.setCoordinateMode(QGradient.CoordinateMode.ObjectMode)
    for colour, share in parts:
        stack.setColorAt(min(1.0, so_far + (EDGE if so_far else 0.0)), QColor(colour))
        mean = mix(colour, mean, share / (so_far + share))
        so_far += share
        stack.setColorAt(min(1.0, so_far), QColor(colour))
    fill = QBrush(stack)
    fill.setColor(QColor(mean))
    return replace(tinted_swatch(theme, mean), fill=fill)


@dataclass(frozen=True)
class FrameSwatch:
    """Colours of an open group. `mark` is the full colour of a rule (None: it says nothing of the group)."""

    ground: QBrush
    strip: QBrush
    mark: QBrush | None
    border: QPen
    title: QPen
    subtitle: QPen
    veil: QColor
    """Lies under a name in the strip."""
    label_veil: QColor
    """Lies under a label on the ground."""


def frame_swatch(theme: Theme, depth: int, fill: QBrush | None) -> FrameSwatch:
    """An open group `depth` frames deep, its strip and border tinted by the fill of its swatch."""
    share = DEPTHS[min(depth, len(DEPTHS) - 1)]
    ground, strip, border = (
        mix(theme.node_border, theme.canvas, share),
        mix(theme.node_border, theme.canvas, share + STRIP),
        theme.node_border,
    )
    if fill is not None:
        colour = fill.color().name()
        border, strip = mix(colour, border, BORDER), mix(colour, strip, TINT)
    texts = (readable(theme, [strip], text) for text in (theme.node_text, theme.node_subtitle))
    title, subtitle = (QPen(QColor(text)) for text in texts)
    veils = (clear(strip, VEIL), clear(ground, LABEL_VEIL))
    grounds = QBrush(QColor(ground)), QBrush(QColor(strip))
    return FrameSwatch(*grounds, fill, QPen(QColor(border), 1.0), title, subtitle, *veils)


def clear(colour: str | QColor, alpha: int) -> QColor:
    """A colour that lets through what lies below it."""
    made = QColor(colour)
    made.setAlpha(alpha)
    return made


def readable(theme: Theme, grounds: list[str], wished: str) -> str:
    """The colour for a text on these grounds: the wished one if it can be read there, else the theme's strongest."""
    reads = all(contrast(wished, ground) >= READABLE for ground in grounds)
    return wished if reads else theme.node_text


def mix(one: str, other: str, share: float) -> str:
    """`share` of one colour in the other, `#rrggbb`."""
    first, second = QColor(one), QColor(other)
    pairs = ((first.red(), second.red()), (first.green(), second.green()), (first.blue(), second.blue()))
    return "#{:02x}{:02x}{:02x}".format(*(round(share * a + (1.0 - share) * b) for a, b in pairs))
