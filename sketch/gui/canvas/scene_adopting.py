"""What changes by the thousand at once: things that move alike, and what was worked out beside the window's thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sketch.graph.delta import Delta
from sketch.gui.canvas import extents
from sketch.gui.canvas.drawn import Beyond, Changes, Shift
from sketch.gui.canvas.indexing import keep, taken
from sketch.gui.canvas.scene_layers import SceneLayers
from sketch.gui.canvas.wires import Wiring
from sketch.gui.long_lived import settle
from sketch.state.document import Update

if TYPE_CHECKING:
    import numpy as np

ALMOST_ALL = 1000
"""An edit of more rows and shapes than this lets everything be asked and painted again."""


class AdoptingScene(SceneLayers):
    """Takes much in at once; the wires of an edit that is expected are there before it."""

    _expected: tuple[Delta, Wiring] | None = None

    def expect(self, delta: Delta, ready: Wiring) -> None:
        """The Update with this very Delta, if it comes next, leads to what another wiring of this canvas found.

        That wiring is left with what this scene showed before. Its options are those of this scene.
        """
        self._expected = delta, ready

    def restate(self, update: Update) -> None:
        """Show what nodes and wires say of themselves; thousands are not looked through for what stays the same."""
        if len(update.delta) + len(update.inferred.changed) <= ALMOST_ALL:
            super().restate(update)
            return
        self.nodes.forget()
        for frame in self.frames.values():
            frame.forget()
        self.update()

    # --- inside ------------------------------------------------------------------------------------

    def _sync(self, update: Update) -> Changes:
        expected, self._expected = self._expected, None
        if expected is None or expected[0] is not update.delta:
            return super()._sync(update)
        return self._adopt(update, expected[1])

    def _take(self, changes: Changes) -> None:
        if changes.beyond is not None:
            self._shift_beyond(changes.beyond, changes.shifts)
        for shift in changes.shifts:
            self._shift(shift)
        super()._take(changes)
        if changes.shifts:
            settle()  # else the collector walks what was made anew, which takes as long as making it

    def _shift(self, shift: Shift) -> None:
        """Move many things alike."""
        extents.shift(self.boxes, shift.boxes, shift.dx, shift.dy)
        lines = self.edges.lines.shift(self.wiring.lines, shift.lines, shift.dx, shift.dy)
        self._have_shifted(lines, shift.dx, shift.dy)

    def _shift_beyond(self, beyond: Beyond, others: Sequence[Shift]) -> None:
        """Move all that begins somewhere or after that, but what moves otherwise."""
        boxes = [key for shift in others for key in shift.boxes]
        lines = [edge for shift in others for edge in shift.lines]
        table, (_, _, dx, dy) = self.edges.lines, beyond
        extents.shift_beyond(self.boxes, beyond.boxes, dx, dy, boxes, right=self.wiring.right)
        self._have_shifted(table.shift_beyond(self.wiring.lines, beyond.lines, dx, dy, lines), dx, dy)

    def _have_shifted(self, lines: np.ndarray[Any, Any], dx: float, dy: float) -> None:
        self.batches.shift(lines, dx, dy)
        self.nodes.forget()
        self.update()

    def _adopt(self, update: Update, ready: Wiring) -> Changes:
        """Show what another wiring has worked out; the stubs and frames that may differ, all else is done."""
        wiring, index = self.wiring, taken(ready)
        wiring.adopt(ready)
        self.boxes.become(index.boxes)
        self.edges.lines.become(index.lines)
        self.batches.exchange_wires(index.bundles)
        if index.layers and self.ink.is_plain:
            self.batches.take_kinds(index.layers)
        else:
            self.batches.forget_nodes(update.of("nodes"))
        keep(ready, index)  # what was shown is freed with the wiring that it was of
        self.nodes.forget()
        self._make_room(self.boxes.bounds())
        self.update()
        stubs = frozenset((*self.stubs, *wiring.stubs))
        return Changes(stubs, frozenset(), frozenset((*self.frames, *wiring.frames)))
