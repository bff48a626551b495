"""Fitting the texts of a node to the width of its box."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.look import NodeLook

BADGE = 14.0
GAP = 8.0
LEAST_FOR_LAYER = 0.3


def fit_texts(ink: Ink, look: NodeLook, room: float, indent: float = 0.0) -> tuple[str, str, str]:
    """(title, layer, subtitle) for `room` px; the layer's name gives way before the title does.

    `indent` px before the title are taken by something else.
    """
    badge = indent + (BADGE if look.severity else 0.0)
    title_width = ink.title_metrics.horizontalAdvance(look.title)
    for_layer = max(room - badge - title_width - GAP, room * LEAST_FOR_LAYER)
    layer = ink.small_metrics.elidedText(look.layer, Qt.TextElideMode.ElideRight, for_layer)
    left_over = room - badge - ink.small_metrics.horizontalAdvance(layer) - GAP
    return (
        fit_title(ink.title_metrics, look.title, left_over),
        layer,
        fit_pieces(ink, look.subtitle, room - indent),
    )


def fit_title(metrics: QFontMetricsF, title: str, room: float) -> str:
    """A name for `room` px; the end of a path such as /layers.3/attn/MatMul tells more than its beginning."""
    is_path = "/" in title or "." in title
    return metrics.elidedText(
        title, Qt.TextElideMode.ElideLeft if is_path else Qt.TextElideMode.ElideMiddle, room
    )


def fit_pieces(ink: Ink, text: str, room: float) -> str:
    """As many whole pieces of a subtitle as fit, then an ellipsis."""
    metrics = ink.small_metrics
    if metrics.horizontalAdvance(text) <= room:
        return text
    pieces = text.split(" · ")
    for count in range(len(pieces) - 1, 0, -1):
        shorter = " · ".join(pieces[:count]) + " …"
        if metrics.horizontalAdvance(shorter) <= room:
            return shorter
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
