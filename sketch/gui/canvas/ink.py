"""Pens, brushes and fonts of one canvas, made once a theme; also what items must know of the view they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from sketch.graph.colour_scale import Mixture, Shade
from sketch.gui.canvas.detail import Detail, detail_at, title_size
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.colour_swatch import (
    LABEL_VEIL,
    FrameSwatch,
    Swatch,
    clear,
    frame_swatch,
    mixed_swatch,
    plain_swatch,
    tinted_swatch,
)
from sketch.gui.theme import Theme

TITLE_PX, SMALL_PX, MARK_PX = 12, 11, 17
TEXT_ZOOM, PORT_ZOOM, LABEL_ZOOM = 0.45, 0.45, 0.7


class Ink:
    """What painting needs again and again. `zoom` is the scale of the view, kept up to date by it."""

    def __init__(self, theme: Theme):
        self.detail = Detail.FULL
        self.zoom = 1.0
        self.thin_wires = False
        self.hovered: object = None
        self.selection: frozenset[int] = frozenset()
        """The selected nodes, groups and notes; the scene keeps it."""
        self.exposed: tuple[QRectF, ...] = ()
        """What the view is painting now, in scene coordinates; empty where a painter asks for everything."""
        self.far = False
        """True while the view paints all layers in batches: they have nothing to do themselves."""
        self.options = CanvasOptions()
        self._shades: Mapping[int, Shade] | None = None
        self._colours: Callable[[Theme], Sequence[str]] = lambda _theme: ()
        self._shade_swatches: list[Swatch] = []
        self.use(theme)

    @property
    def zoom(self) -> float:
        """The scale of the view."""
        return self._zoom

    @zoom.setter
    def zoom(self, zoom: float) -> None:
        self._zoom = zoom
        self.detail = detail_at(zoom, self.detail)

    def use(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        self._lone: dict[int, tuple[QFont, QFontMetricsF]] = {}
        self.title_font = _font(theme, TITLE_PX, bold=True)
        self.small_font = _font(theme, SMALL_PX)
        self.slant_font = _font(theme, SMALL_PX)
        self.slant_font.setItalic(True)
        self.mark_font = _font(theme, MARK_PX, bold=True)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.node = QBrush(QColor(theme.node))
        self.canvas = QColor(theme.canvas)
        self.veil = clear(theme.canvas, LABEL_VEIL)
        self.shadow = QBrush(QColor(0, 0, 0, 110 if theme.is_dark else 26))
        self.border = QPen(QColor(theme.node_border), 1.0)
        self.hover_border = QPen(QColor(theme.text_muted), 1.2)
        self.selected_border = QPen(QColor(theme.selection), 2.0)
        self.halo = QPen(clear(theme.selection, 60), 5.0)
        self.title = QPen(QColor(theme.node_text))
        self.subtitle = QPen(QColor(theme.node_subtitle))
        self.port = QBrush(QColor(theme.port))
        self.port_pen = QPen(QColor(theme.port), 1.3)
        self.port_free = QBrush(QColor(theme.port_free))
        self.target = QBrush(QColor(theme.port_target))
        self.target_border = QPen(QColor(theme.port_target), 2.0)
        self.wire = QColor(theme.wire)
        self.wire_selected = QPen(QColor(theme.wire_selected), 2.2)
        self.wire_in = QPen(QColor(theme.wire_in), 2.0)
        self.wire_out = QPen(QColor(theme.wire_out), 2.0)
        self.wire_label = QPen(QColor(theme.wire_label))
        self.severity = {
            "error": QColor(theme.error),
            "warning": QColor(theme.warning),
            "note": QColor(theme.accent),
        }
        self.badge_text = QPen(QColor(theme.node))
        self._categories: dict[str, Swatch] = {}
        self._unshaded = plain_swatch(theme, theme.node_border)
        self._mix_shades()

    def colour_by(
        self,
        shades: Mapping[int, Shade] | None,
        colours: Callable[[Theme], Sequence[str]] = lambda _theme: (),
    ) -> None:
        """Colour nodes by a rule: node id -> shade, an index into the colours of the theme; None: by category again.

        `shades` is looked up at each painting, so its owner may change it; a node that it lacks looks grey.
        """
        self._shades, self._colours = shades, colours
        self._mix_shades()

    @property
    def is_plain(self) -> bool:
        """True while nodes have the colours of their categories."""
        return self._shades is None

    def swatch(self, node_id: int, category: str) -> Swatch:
        """Strip, ground and text colours of a node: the rule's, else its category's. The same object each time."""
        if self._shades is None:
            return self._category(category)
        return self._shaded(self._shades.get(node_id))

    def frame_swatch(self, node_id: int, depth: int) -> FrameSwatch:
        """Colours of an open group: those of a rule that says something of it, else plain ones."""
        said = self._shades is not None and node_id in self._shades
        fill = self.swatch(node_id, "").fill if said else None
        key = depth, id(fill)
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = frame_swatch(self.theme, depth, fill)
        return found

    def fill(self, node_id: int, category: str) -> QBrush:
        """The full colour of a node (strip, far view, map); nodes of one colour share one brush object."""
        return self.swatch(node_id, category).fill

    def shades_of(self, node_ids: Iterable[int]) -> list[Shade | None] | None:
        """The shades of nodes under the rule; None while there is none."""
        return None if self._shades is None else list(map(self._shades.get, node_ids))

    def fill_of_shade(self, shade: Shade | None) -> QBrush:
        """`fill` of the nodes with a shade."""
        return self._shaded(shade).fill

    def fill_of_category(self, category: str) -> QBrush:
        """`fill` of the nodes of a category, while there is no rule."""
        return self._category(category).fill

    def in_order(self, node_ids: list[int]) -> list[int]:
        """Nodes from the lowermost to the uppermost: what is selected lies above what it covers."""
        return sorted(node_ids, key=self.selection.__contains__) if self.selection else node_ids

    def lone_title(self) -> tuple[int, QFont, QFontMetricsF]:
        """(px, font, metrics) of a title that stands alone on a node at this zoom."""
        size = title_size(self._zoom)
        if size not in self._lone:
            font = _font(self.theme, size, bold=True)
            self._lone[size] = (font, QFontMetricsF(font))
        return size, *self._lone[size]

    def wire_pen(self) -> QPen:
        """The pen of ordinary wires: one device pixel on busy canvases, which Qt draws several times faster."""
        pen = QPen(self.wire, 0.0 if self.thin_wires else max(1.5, 1.0 / self.zoom))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen

    def _mix_shades(self) -> None:
        self._shade_swatches = [tinted_swatch(self.theme, colour) for colour in self._colours(self.theme)]
        self._mixtures: dict[Mixture, Swatch] = {}
        self._frames: dict[tuple[int, int], FrameSwatch] = {}
        """By depth and fill, which they hold: no other brush gets its id."""

    def _shaded(self, shade: Shade | None) -> Swatch:
        if shade is None:
            return self._unshaded
        return self._shade_swatches[shade] if isinstance(shade, int) else self._mixed(shade)

    def _mixed(self, shade: Mixture) -> Swatch:
        found = self._mixtures.get(shade)
        if found is None:
            colours = self._colours(self.theme)
            parts = [(colours[index], share) for index, share in shade]
            found = self._mixtures[shade] = mixed_swatch(self.theme, parts)
        return found

    def _category(self, name: str) -> Swatch:
        found = self._categories.get(name)
        if found is None:
            found = self._categories[name] = plain_swatch(self.theme, self.theme.category(name).name())
        return found


def _font(theme: Theme, pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(theme.font_family)
    font.setPixelSize(pixels)
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font
