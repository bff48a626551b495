"""The indexes by place of a wiring, made beside the window's thread for a big drawing: `prepare`, then a scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

from sketch.gui.canvas import extents, line_table
from sketch.gui.canvas.batches import Bundle, bundles_of
from sketch.gui.canvas.boxes import Box
from sketch.gui.canvas.extents import Borders, Extents
from sketch.gui.canvas.line_table import LineTable
from sketch.gui.canvas.wires import Wiring

MANY = 200
"""When more than this changes at once, it is taken in bulk, and everything is painted again instead of each area."""


class Index(NamedTuple):
    """Boxes and lines by place, and for the far view bundles of wires and layers by slot, made beside the window."""

    boxes: Extents[int]
    lines: LineTable
    bundles: dict[int, Bundle]
    layers: Sequence[str] = ()


_prepared: WeakKeyDictionary[Wiring, Index] = WeakKeyDictionary()


def prepare(wiring: Wiring) -> None:
    """Make the indexes of a wiring that nobody else holds yet; any thread may. The scene that adopts it takes them.

    Its tables get theirs, too: the first layer that is inserted asks what stands where.
    """
    if wiring.boxes:
        wiring.tables.standing(wiring.parent, sideways=wiring.right)
    index, nodes = _index(wiring), wiring.tables.nodes
    index.bundles.update(bundles_of(index.lines))
    keep(wiring, index._replace(layers=[nodes[node_id].layer for node_id in index.boxes]))


def keep(wiring: Wiring, index: Index) -> None:
    """Let an index live as long as a wiring."""
    _prepared[wiring] = index


def copied(boxes: Extents[int], lines: LineTable) -> Index:
    """What is where on a canvas, for another of the same wiring; finding it out takes ten times as long."""
    return Index(extents.copied(boxes), line_table.copied(lines), {})


def taken(wiring: Wiring) -> Index:
    """The indexes of a wiring for somebody who has indexes already, to become like these."""
    return _prepared.pop(wiring, None) or _index(wiring)


def drop(wiring: Wiring) -> None:
    """Free the indexes of a wiring that nobody looks at any more; any thread may."""
    _prepared.pop(wiring, None)


def index_of(wiring: Wiring) -> Index:
    """The indexes of a wiring, the prepared ones where there are any."""
    index = taken(wiring)
    index.lines.siblings = (
        wiring.lines_at
    )  # not before: what waits must not hold the wiring that it waits for
    return index


def _index(wiring: Wiring) -> Index:
    index = Index(Extents(), LineTable(), {})
    index.boxes.put_all(list(wiring.boxes), borders_of_boxes(list(wiring.boxes.values())))
    index.lines.right = wiring.right
    index.lines.take(wiring.lines, wiring.lines.keys())
    return index


def borders_of_boxes(boxes: Sequence[Box]) -> Sequence[Borders]:
    """Left, top, right and bottom of each box: a row each."""
    if len(boxes) <= MANY:
        return [(box.left, box.top, box.right, box.bottom) for box in boxes]
    import numpy as np

    flat = np.fromiter(chain.from_iterable(box[:4] for box in boxes), float).reshape(-1, 4)
    middles, halves = flat[:, :2], flat[:, 2:] / 2
    return cast("Sequence[Borders]", np.hstack([middles - halves, middles + halves]))
