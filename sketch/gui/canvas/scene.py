"""The canvas: what is where on it, what is selected, hidden, emphasised and carried. It never decides an edit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from sketch.graph.problems import Problem
from sketch.graph.rows import Edge
from sketch.gui.canvas.boxes import Badge
from sketch.gui.canvas.extents import State
from sketch.gui.canvas.focus_layer import Emphasis
from sketch.gui.canvas.group_frame import GroupFrame
from sketch.gui.canvas.highlighting import Highlighting
from sketch.gui.canvas.indexing import MANY
from sketch.gui.canvas.node_item import NodeItem
from sketch.gui.canvas.node_layer import BADGE_REACH
from sketch.gui.canvas.note_item import StubItem
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.scene_places import PlacedScene, Thing
from sketch.state.document import Update

MOST_TRACED = 64
"""The wires of a selection are told apart up to so many nodes."""


class CanvasScene(PlacedScene):
    """Everything by id: hit tests and the selection cost the same whether or not a node was ever painted."""

    _emphasised: Emphasis | None = None
    _sorted: tuple[frozenset[int], list[int]] = (frozenset(), [])
    """The selection that was asked for last, and its ids in order."""
    hidden: frozenset[int] = frozenset()
    """The nodes that are left out."""

    @cached_property
    def _highlighting(self) -> Highlighting:
        return Highlighting(self)

    # --- the selection -----------------------------------------------------------------------------

    def selected_ids(self) -> list[int]:
        """Ids of the selected nodes, groups and notes, in the order of their making."""
        if self._sorted[0] is not self.ink.selection:
            self._sorted = self.ink.selection, sorted(self.ink.selection)
        return self._sorted[1].copy()

    def is_selected(self, node_id: int) -> bool:
        """True while a node, group or note is selected."""
        return node_id in self.ink.selection

    def choose(self, node_ids: Iterable[int]) -> None:
        """Select exactly these, and no wire, where they are on this canvas; one selectionChanged."""
        wanted = self.here(node_ids)
        changed = wanted ^ self.ink.selection
        had_wires = bool(self.edges.selected)
        self.ink.selection = wanted
        self.edges.select(())
        if changed:
            self._repaint_things(changed)
            self._show_selection()
        if changed or had_wires:
            self.selectionChanged.emit()

    def hover(self, thing: Thing | Badge | None) -> None:
        """Show what is under the pointer; of a shared source or a badge also where its value goes."""
        before, self.ink.hovered = self.ink.hovered, thing
        for item in (before, thing):
            if isinstance(item, (NodeItem, GroupFrame, StubItem)):
                item.update()
            elif isinstance(item, Badge):
                self._repaint_things([item.edge.target])
        self._show_shared()

    # --- what stands out or is left out ------------------------------------------------------------

    def hide(self, node_ids: Collection[int]) -> None:
        """Neither paint nor hit exactly these nodes and their wires; none of them stays selected."""
        gone = frozenset(node_ids)
        if gone == self.hidden:
            return
        self.hidden = gone
        self.boxes.mark(gone, State.HIDDEN)
        self._hide_lines()
        self.update()
        if gone & self.ink.selection:
            self.choose(self.ink.selection - gone)

    def emphasise(self, node_ids: Collection[int] | None, edges: Collection[Edge] = ()) -> None:
        """Fade everything but these nodes and wires; None ends it."""
        self._emphasised = None if node_ids is None else Emphasis.on(node_ids, edges)
        self.highlight()

    def use_options(self, options: CanvasOptions) -> None:
        """Draw as the person chose."""
        self.ink.options = options
        self._take(self.wiring.use_badges(options.badges))
        self.shared.forget()
        self.edges.restyle()
        self.highlight()
        self.update()

    def highlight(self) -> None:
        """Let stand out what was asked for, or what feeds the selection and what it feeds if that is wished."""
        if self._emphasised is None and self.ink.options.highlight and self.ink.selection:
            self._highlighting.follow()
        else:
            self._highlighting.stop()
            self.focus.show_emphasis(self._emphasised)

    def recolour(self, node_ids: Collection[int] | None = None) -> None:
        """The colours of these nodes differ (None: of all): paint them again."""
        if node_ids is None or len(node_ids) > MANY:
            self.batches.forget()
            self.update()
            return
        self.batches.forget_nodes(node_ids)
        self._repaint_things(node_ids)

    def refuse(self, refusals: Sequence[Problem]) -> None:
        """Mark what the chosen kernel cannot express; marks of before go."""
        if refusals == self.refusals:
            return
        touched = {problem.node for problem in (*self.refusals, *refusals) if problem.node is not None}
        self.refusals = refusals
        shown = {self.wiring.shown(node_id) for node_id in touched}
        self._restate({node_id for node_id in shown if node_id is not None})

    # --- what a gesture moves ----------------------------------------------------------------------

    def carry(self, node_ids: Iterable[int]) -> None:
        """Take nodes, groups and notes in hand, however many; members of open groups and wires come along."""
        self.carrier.take(node_ids)

    def carry_to(self, dx: float, dy: float) -> None:
        """Show what is in hand this far (scene px) from where it stands in the document."""
        self.carrier.move_to(dx, dy)

    def put_down(self) -> None:
        """Show everything where the document has it."""
        self.carrier.put_down()

    def follow(self, update: Update) -> None:
        """Mirror one Update; cost follows the edit."""
        self.put_down()
        super().follow(update)
        if self.hidden:
            self._hide_lines()
        if self.ink.selection and (left := self.here(self.ink.selection)) != self.ink.selection:
            self.ink.selection = left  # an equal one stays: what was worked out for it is still right
        self.shared.forget()
        self._show_selection()

    def here(self, node_ids: Iterable[int]) -> frozenset[int]:
        """Those of some nodes and notes that can be selected on this canvas."""
        ids = frozenset(node_ids)
        known = (
            (self.wiring.boxes.keys() & ids) - self.hidden,
            self.frames.keys() & ids,
            self.notes.keys() & ids,
        )
        return frozenset().union(*known)

    # --- inside ------------------------------------------------------------------------------------

    def _hide_lines(self) -> None:
        hidden, wiring, lines = self.hidden, self.wiring, self.edges.lines
        gone: list[Edge] = []
        slots = None
        if len(hidden) > MANY:
            slots = lines.joining(hidden)
            gone = [edge for edge in lines.extents.keys_in(slots) if edge is not None]
            hidden &= wiring.frames.keys()  # lines pass their borders, and end at none of them
        inside = [line.edge for node_id in hidden for line in wiring.lines_at(node_id)]
        lines.extents.mark(gone + inside, State.HIDDEN, None if inside else slots)
        lines.forget_labels()

    def _repaint_things(self, ids: Collection[int]) -> None:
        if len(ids) > MANY:
            self.update()
            return
        for node_id in ids:
            self.repaint(self.area_of([node_id]).adjusted(-4, -BADGE_REACH / 4, 4, 4))

    def _show_selection(self) -> None:
        """Tell the wires of the selection apart, show its shared ones, and what it depends on if wished."""
        chosen = self.ink.selection
        wires: dict[Edge, bool] = {}
        if len(chosen) <= MOST_TRACED:
            for node_id in chosen & self.wiring.boxes.keys():
                wires.update(self.wiring.edges_at(node_id))
        self.edges.trace(wires)
        self._show_shared()
        self.highlight()

    def _show_shared(self) -> None:
        chosen, under = self.ink.selection, self.ink.hovered
        asked = set(chosen) if len(chosen) <= MOST_TRACED else set()
        if isinstance(under, NodeItem) and not under.box.inputs:
            asked.add(under.node_id)
        self.shared.show_for(asked, under if isinstance(under, Badge) else None)
