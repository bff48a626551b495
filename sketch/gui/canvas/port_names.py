"""What stands beside the ports of a closed group: what each is called, and beside an output the shape it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from sketch.graph.port_labels import port_labels
from sketch.graph.rows import shape_text
from sketch.gui.canvas.boxes import Box, fanned
from sketch.gui.canvas.edge_layer import ROWS
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.node_item import NodeItem
from sketch.state.document import Document

LONGEST_NAME, LONGEST, LONGEST_RIGHT = 72.0, 158.0, 80.0
"""Width of a name at most, and of a name with a shape below a box and beside one, scene px."""
LEAST_SHAPE = 48.0
"""Where a shape had less room than this, it gives way to a given name; other names give way to it."""
ASIDE, ABOVE, BELOW, HIGH = 6.0, 2.0, 7.0, 12.0
"""How far a text is from its wire, and from the border of the box; its height."""
PAD, GAP = 3.0, 7.0
REACH = (142.0, 40.0)
"""How far texts reach from the box, across and down."""


class PortText(NamedTuple):
    """One text: its place, the name (`said`: the person gave it) and the shape, both cut to size, either may be "".

    Ports above or below a box that have no room for a name, between the outer ones, bear their numbers. `entering` and
    `port` say whose text it is.
    """

    place: QRectF
    name: str
    said: bool
    shape: str
    entering: bool
    port: int


def has_names(box: Box) -> bool:
    """True for a closed group with names at its inputs or outputs."""
    return box.ports is not None and (_are_shown(box.ports.input_names) or names_outputs(box))


def names_outputs(box: Box | None) -> bool:
    """True for a closed group whose outputs bear names, with their shapes: its wires then have no label there."""
    return box is not None and box.ports is not None and _are_shown(box.ports.output_names)


def painted_area(borders: QRectF, box: Box | None) -> QRectF:
    """The borders of a box with all that is painted around it."""
    if box is not None and has_names(box):
        return borders.adjusted(-REACH[0], -REACH[1], *REACH)
    return borders.adjusted(-8, -10, 10, 10)


class PortNames:
    """Finds and paints the texts at ports."""

    def __init__(self, ink: Ink, document: Document):
        self._ink, self._document = ink, document

    def of(self, item: NodeItem, taken: Sequence[QRectF] = ()) -> list[PortText]:
        """The texts of a closed group; those that would lie over what is `taken` are left out."""
        shapes = self._ink.options.shapes
        found = item.port_texts.get(shapes)
        if found is None:
            found = item.port_texts[shapes] = tuple(self._texts(item, shapes=shapes))
        return [text for text in found if not any(text.place.intersects(area) for area in taken)]

    def paint(self, painter: QPainter, texts: Sequence[PortText], veil: QColor) -> None:
        """Paint texts on a veil, for wires may pass below them."""
        ink, metrics = self._ink, self._ink.small_metrics
        for place, name, said, shape, *_ in texts:
            painter.fillRect(place, veil)
            base = place.center().y() + metrics.capHeight() / 2
            painter.setFont(ink.small_font if said else ink.slant_font)
            painter.setPen(ink.title if said else ink.wire_label)
            painter.drawText(QPointF(place.left() + PAD, base), name)
            painter.setFont(ink.small_font)
            painter.setPen(ink.wire_label)
            left = place.right() - PAD - metrics.horizontalAdvance(shape)
            painter.drawText(QPointF(left, base), shape)

    # --- inside ------------------------------------------------------------------------------------

    def _texts(self, item: NodeItem, *, shapes: bool) -> Iterator[PortText]:
        box, document = item.box, self._document
        ports, inference = box.ports, document.inference.seen
        if ports is None or not has_names(box):
            return
        labels = port_labels(document.tables, document.library, item.node_id, ports)
        if _are_shown(ports.input_names):
            for index, names in enumerate(zip(ports.input_names, labels[0], strict=True)):
                yield from self._text(box, index, names, "", entering=True)
        if _are_shown(ports.output_names):
            for index, names in enumerate(zip(ports.output_names, labels[1], strict=True)):
                value = inference.output(*ports.outputs[index]) if shapes else None
                shape = "" if value is None or value.shape is None else shape_text(value.shape)
                yield from self._text(box, index, names, shape, entering=False)

    def _text(
        self, box: Box, index: int, names: tuple[str, str], shape: str, *, entering: bool
    ) -> Iterator[PortText]:
        """The text of one port (`names`: given, of the layer inside), if there is one and room for it."""
        metrics, (said, label) = self._ink.small_metrics, names
        if not _has_room(box, index, entering=entering):
            said, label, shape = "", str(index + 1), ""
        cut, room = Qt.TextElideMode.ElideMiddle, (LONGEST_RIGHT if box.sideways else LONGEST) - 2 * PAD
        name = metrics.elidedText(said or label, cut, min(room, LONGEST_NAME))
        left = room - metrics.horizontalAdvance(name) - GAP
        if name and shape and left < LEAST_SHAPE:
            name, shape, left = (name, "", left) if said else ("", shape, room)
        shape = metrics.elidedText(shape, cut, left if name else room)
        width = sum(metrics.horizontalAdvance(text) for text in (name, shape))
        place = _place(box, index, width + 2 * PAD + (GAP if name and shape else 0.0), entering=entering)
        if name or shape:
            yield PortText(place, name, bool(said), shape, entering, index)


def _are_shown(names: Sequence[str]) -> bool:
    """One port needs a name only where the person gave it."""
    return any(names) or len(names) > 1


def _has_room(box: Box, index: int, *, entering: bool) -> bool:
    return box.sideways or fanned(index, box.inputs if entering else box.outputs)[1] < ROWS


def _place(box: Box, index: int, width: float, *, entering: bool) -> QRectF:
    """Above a wire that comes in, below one that goes out; in a drawing that runs down to one side of it."""
    x, y = box.input_anchor(index) if entering else box.output_anchor(index)
    if box.sideways:
        left, top = (x - ASIDE - width, y - HIGH - 4) if entering else (x + 9, y + 4)
        return QRectF(left, top, width, HIGH)
    to_left, row = fanned(index, box.inputs if entering else box.outputs)
    row = row if row < ROWS else 0  # a number, beside which the row at the border is free
    top = y - ABOVE - HIGH * (row + 1) if entering else y + BELOW + HIGH * row
    return QRectF(x - ASIDE - width if to_left else x + ASIDE, top, width, HIGH)
