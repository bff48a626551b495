"""Pens, brushes and fonts of one canvas, made once a theme; also what items must know of the view they are in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.theme import Theme

TITLE_PX, SMALL_PX = 12, 11
TEXT_ZOOM, PORT_ZOOM, LABEL_ZOOM = 0.45, 0.45, 0.7


class Ink:
    """What painting needs again and again. `zoom` is the scale of the view, kept up to date by it."""

    def __init__(self, theme: Theme):
        self.zoom = 1.0
        self.thin_wires = False
        self.hovered: object = None
        self.options = CanvasOptions()
        self.use(theme)

    def use(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        self.title_font = _font(theme, TITLE_PX, bold=True)
        self.small_font = _font(theme, SMALL_PX)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.node = QBrush(QColor(theme.node))
        self.group = QBrush(QColor(theme.group))
        self.canvas = QColor(theme.canvas)
        self.veil = _clear(theme.canvas, 215)
        self.shadow = QBrush(QColor(0, 0, 0, 110 if theme.is_dark else 26))
        self.border = QPen(QColor(theme.node_border), 1.0)
        self.hover_border = QPen(QColor(theme.text_muted), 1.2)
        self.selected_border = QPen(QColor(theme.selection), 2.0)
        self.halo = QPen(_clear(theme.selection, 60), 5.0)
        self.title = QPen(QColor(theme.node_text))
        self.subtitle = QPen(QColor(theme.node_subtitle))
        self.port = QBrush(QColor(theme.port))
        self.port_pen = QPen(QColor(theme.port), 1.3)
        self.port_free = QBrush(QColor(theme.port_free))
        self.target = QBrush(QColor(theme.port_target))
        self.target_border = QPen(QColor(theme.port_target), 2.0)
        self.wire = QColor(theme.wire)
        self.wire_selected = QPen(QColor(theme.wire_selected), 2.2)
        self.wire_label = QPen(QColor(theme.wire_label))
        self.severity = {
            "error": QColor(theme.error),
            "warning": QColor(theme.warning),
            "note": QColor(theme.accent),
        }
        self.badge_text = QPen(QColor(theme.node))
        self._categories: dict[str, QBrush] = {}

    def category(self, name: str) -> QBrush:
        """The brush of a layer category."""
        if name not in self._categories:
            self._categories[name] = QBrush(self.theme.category(name))
        return self._categories[name]

    def wire_pen(self) -> QPen:
        """The pen of ordinary wires: one device pixel on busy canvases, which Qt draws several times faster."""
        pen = QPen(self.wire, 0.0 if self.thin_wires else max(1.5, 1.0 / self.zoom))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen


def _font(theme: Theme, pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(theme.font_family)
    font.setPixelSize(pixels)
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _clear(colour: str, alpha: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
