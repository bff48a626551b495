"""What nodes, frames and wires of a canvas say of themselves: asked again and painted where it may differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF

from sketch.gui.canvas.extents import Extents
from sketch.gui.canvas.restating import restated

if TYPE_CHECKING:
    from sketch.gui.canvas.scene_layers import SceneLayers
    from sketch.state.document import Update

FEW = 32
"""More nodes than this with other shapes are painted again as one area."""
AROUND = 180.0
"""So far around a box or a line there are labels of it, scene px."""


class LookMirror:
    """Cost follows the number of nodes that differ; only what is in view is painted."""

    def __init__(self, scene: SceneLayers):
        self._scene = scene

    def follow(self, update: Update) -> None:
        """Show what an update may have changed."""
        scene = self._scene
        node_ids, inferred = restated(scene.document, update), update.inferred.changed
        nodes = scene.document.tables.nodes
        edges = [edge for node_id in inferred if node_id in nodes for edge in nodes[node_id].next]
        self.forget(node_ids)
        if len(inferred) <= FEW:
            scene.repaint_nodes(node_ids & scene.boxes.slots.keys())
            for edge in edges:
                scene.edges.touch(edge)
            return
        area = _covered(scene.boxes, node_ids) | _covered(scene.edges.lines.extents, edges)
        scene.repaint(area.adjusted(-AROUND, -AROUND, AROUND, AROUND))

    def forget(self, node_ids: set[int]) -> None:
        """Let nodes and frames ask again what they say when they are painted next."""
        made, frames = self._scene.nodes.made(), self._scene.frames
        for node_id in made.keys() & node_ids:
            made[node_id].forget()
        for node_id in frames.keys() & node_ids:
            frames[node_id].forget()
            frames[node_id].update()


def _covered(extents: Extents[Any], keys: Iterable[Hashable]) -> QRectF:
    """The area that things cover where they are shown; null for none."""
    slots = extents.slots_of(keys)
    if not len(slots):
        return QRectF()
    borders = extents.array()[slots]
    (left, top), (right, bottom) = borders[:, :2].min(axis=0).tolist(), borders[:, 2:].max(axis=0).tolist()
    return QRectF(left, top, right - left, bottom - top)
