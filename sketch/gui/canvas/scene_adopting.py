"""What changes by the thousand at once: things that move alike, and what was worked out beside the window's thread."""

from __future__ import annotations

from sketch.graph.delta import Change, Delta
from sketch.gui.canvas.drawn import Changes, Shift
from sketch.gui.canvas.indexing import taken
from sketch.gui.canvas.scene_layers import SceneLayers
from sketch.gui.canvas.wires import Wiring
from sketch.gui.long_lived import settle


class AdoptingScene(SceneLayers):
    """Takes much in at once; the wires of an edit that is expected are there before it."""

    _expected: tuple[dict[tuple[str, object], Change], Wiring] | None = None

    def expect(self, delta: Delta, ready: Wiring) -> None:
        """An Update with this Delta, if it comes next, leads to what another wiring of this canvas has worked out.

        That wiring is left with what this scene showed before. Its options are those of this scene.
        """
        self._expected = _by_row(delta), ready

    # --- inside ------------------------------------------------------------------------------------

    def _sync(self, delta: Delta) -> Changes:
        expected, self._expected = self._expected, None
        if expected is None or expected[0] != _by_row(delta):
            return super()._sync(delta)
        return self._adopt(expected[1])

    def _take(self, changes: Changes) -> None:
        for shift in changes.shifts:
            self._shift(shift)
        super()._take(changes)
        if changes.shifts:
            settle()  # else the collector walks what was made anew, which takes as long as making it

    def _shift(self, shift: Shift) -> None:
        """Move many things alike."""
        boxes = self.boxes.shift(shift.boxes, shift.dx, shift.dy)
        lines = self.edges.lines.shift(self.wiring.lines, shift.lines, shift.dx, shift.dy)
        self.batches.shift(boxes, lines, shift.dx, shift.dy)
        for key in self.nodes.made().keys() & shift.boxes:
            self.nodes.follow(key)
        self.update()

    def _adopt(self, ready: Wiring) -> Changes:
        """Show what another wiring has worked out; the stubs and frames that may differ, all else is done."""
        wiring, index = self.wiring, taken(ready)
        wiring.adopt(ready)
        self.boxes.become(index.boxes)
        self.edges.lines.become(index.lines)
        for key in list(self.nodes.made()):
            self.nodes.follow(key)
        self.update()
        stubs = frozenset((*self.stubs, *wiring.stubs))
        return Changes(stubs, frozenset(), frozenset((*self.frames, *wiring.frames)))


def _by_row(delta: Delta) -> dict[tuple[str, object], Change]:
    return {(change.table, change.key): change for change in delta}
