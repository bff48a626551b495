"""Lets stand out what feeds the selection of a canvas and what it feeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sketch.gui.canvas.focus_layer import Emphasis
from sketch.gui.canvas.tracing import tracing
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.gui.canvas.scene import CanvasScene

AT_ONCE = 4
"""After so many portions the rest comes in slices, and what stood out before does so until then."""


class Highlighting:
    """Follows the selection of a scene; asked anew whenever that or the drawing changes."""

    def __init__(self, scene: CanvasScene):
        self._scene = scene
        self._slices = Slices(scene)
        self._steps: Iterator[None] = iter(())

    def stop(self) -> None:
        """Something else stands out, or nothing."""
        self._steps = iter(())
        self._slices.replace([])

    def follow(self) -> None:
        """Begin anew."""
        self.stop()
        self._steps = self._trace()
        if all(next(self._steps, True) is None for _ in range(AT_ONCE)):
            self._slices.replace([self._go_on])

    def _go_on(self) -> None:
        if next(self._steps, True) is None:
            self._slices.replace([self._go_on])

    def _trace(self) -> Iterator[None]:
        scene = self._scene
        nodes, wires = yield from tracing(scene.document.tables, scene.ink.selection)
        boxes = nodes & scene.wiring.boxes.keys()
        shown = map(scene.wiring.shown, nodes - boxes)
        found = boxes.union(key for key in shown if key is not None)
        scene.focus.show_emphasis(Emphasis(found, wires))
