"""How one tab is coloured and which types it hides: view state, nothing of it is in the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from sketch.graph.colour_scale import PLAIN
from sketch.gui.colour_counting import Counting
from sketch.gui.colour_hiding import HiddenKinds
from sketch.gui.slices import Slices

if TYPE_CHECKING:
    from sketch.graph.colour_rules import Facts, Rule, WeightSums
    from sketch.graph.colouring import Colouring
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.colour_hidden import HiddenMark
    from sketch.gui.colour_legend import Legend
    from sketch.gui.theme import Theme
    from sketch.state.document import Document, Update

SETTLE_MS = 40
"""The legend follows this long after the last edit."""


class TabColours(QObject):
    """The rule of a tab, its legend, and the kinds it hides. `changed` says that the person chose something else.

    `settled` says that counts may differ; `unmeasured` that weights have to be measured for the rule.
    """

    changed = Signal()
    settled = Signal()
    unmeasured = Signal()

    def __init__(self, document: Document, view: CanvasView):
        super().__init__(view)
        self.document, self.view = document, view
        self.key = PLAIN
        self.sums: Mapping[str, WeightSums] = {}
        self.wants_legend: bool | None = None
        self._colouring: Colouring | None = None
        self._hiding = HiddenKinds(self.kinds_by)
        self._canvas = view.canvas
        self._theme = view.canvas.ink.theme
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self.settled)
        self._counting = Counting(self, self._show)
        self._leave = document.subscribe(self._follow)
        self.legend: Legend | None = None
        self.mark: HiddenMark | None = None
        self._overlays = Slices(self)
        self.changed.connect(self._show_soon)
        view.contents_changed.connect(self._check_canvas)

    # --- for the window ----------------------------------------------------------------------------

    @property
    def rule(self) -> Rule:
        """The rule; rules load when one is asked for, which a plain canvas never does."""
        from sketch.graph.colour_rules import RULES

        return RULES[self.key]

    @property
    def is_plain(self) -> bool:
        """True while layers have the colours of their categories."""
        return self.key == PLAIN

    @property
    def needs_sums(self) -> bool:
        """True while the rule is about weights, which have to be measured."""
        return not self.is_plain and self.rule.needs_sums

    @property
    def has_legend(self) -> bool:
        """True when the legend is to be seen: as the person chose, else with every rule but the plain one."""
        return self.wants_legend if self.wants_legend is not None else not self.is_plain

    @property
    def hidden(self) -> Mapping[str, frozenset[str]]:
        """The kinds that are hidden, by rule."""
        return self._hiding.kinds

    @property
    def hidden_ids(self) -> frozenset[int]:
        """The layers that are hidden, on whatever canvas."""
        return self._hiding.ids

    @property
    def colouring(self) -> Colouring:
        """The counts and shades of the rule; made when first asked for."""
        if self._colouring is None:
            self._colouring = _count_by(self.key, self.facts())
        return self._colouring

    def kinds_by(self, key: str) -> Colouring:
        """The counts under any rule of kinds, for menus."""
        return (
            self.colouring
            if key == self.key
            else self._hiding.counted.get(key) or _count_by(key, self.facts())
        )

    def use(self, key: str, counted: Colouring | None = None) -> None:
        """Colour by a rule of `colour_rules.RULES`, `counted` when that was done already; KeyError for another name."""
        self._counting.stop()
        if self.legend is not None and key != self.key:
            self.legend.hide()  # it would say of the new colours what the old ones meant
        self.key, self._colouring = key, counted
        if counted is not None:
            counted.use(self.facts())
        self.wants_legend = self.wants_legend or None
        self._apply()
        self.changed.emit()
        if self.needs_sums:
            self.unmeasured.emit()

    def show_legend(self, on: bool) -> None:
        """Show the legend, or not, whatever the rule."""
        self.wants_legend = on
        self.changed.emit()

    def take_sums(self, sums: Mapping[str, WeightSums]) -> None:
        """Weights were measured: colour by them."""
        self.sums = sums
        if self.needs_sums:
            self.recount()

    def facts(self) -> Facts:
        """What rules look at."""
        from sketch.graph.colour_rules import Facts, by_node

        refusals = by_node(self.view.canvas.refusals)
        return Facts(self.document.tables, self.document.inference, self.sums, refusals)

    def recount(self) -> None:
        """Count everything anew: something outside the document has changed."""
        if self._colouring is not None:
            self._counting.anew(self._colouring, self.facts())

    def hide(self, key: str, kinds: Iterable[str], on: bool) -> None:
        """Hide layers of these kinds under a rule, or show them again."""
        before = self.hidden.get(key, frozenset[str]())
        wanted = before.union(kinds) if on else before.difference(kinds)
        self.set_hidden({**self.hidden, key: wanted})

    def set_hidden(self, hidden: Mapping[str, Iterable[str]]) -> None:
        """Hide exactly these kinds by rule."""
        if self._hiding.set(hidden):
            self._hide()
        self.changed.emit()

    def show_again(self, node_id: int) -> None:
        """Show the kinds of a hidden layer: the person goes to it."""
        if node_id in self.hidden_ids:
            self.set_hidden(self._hiding.without(node_id))
            self.view.message.emit("Layers of this type were hidden; they are shown again.")

    def close_document(self) -> None:
        """Stop following the document."""
        self._soon.stop()
        self._overlays.replace([])
        self._leave()

    # --- inside ------------------------------------------------------------------------------------

    def _show_soon(self) -> None:
        """The canvas has its turn first."""
        self._overlays.replace([partial(_show_overlays, self)])

    def _apply(self) -> None:
        """Give the canvas in view the colours."""
        if self.is_plain and self._canvas.ink.is_plain:
            self._soon.start()
            return
        if self.is_plain:
            self._canvas.ink.colour_by(None)
        else:
            self._canvas.ink.colour_by(self.colouring.shades, self._palette)
        self._recolour(None)

    def _palette(self, theme: Theme) -> Sequence[str]:
        from sketch.gui.colour_palette import palette_of

        return palette_of(self.rule, self.colouring.names)(theme)

    def _recolour(self, ids: Collection[int] | None) -> None:
        self._canvas.recolour(ids)
        self.view.contents_changed.emit()  # the map follows
        self._soon.start()

    def _check_canvas(self) -> None:
        """The view looks at another canvas: it gets the same colours. Another theme: the legend gets its colours."""
        if self.view.canvas is self._canvas:
            if self._canvas.ink.theme is not self._theme:
                self._theme = self._canvas.ink.theme
                self.settled.emit()
            return
        self._canvas = self.view.canvas
        self._apply()  # also to the plain colours: the canvas may have been seen before, under another rule
        self._canvas.hide(self.hidden_ids)

    def _follow(self, update: Update) -> None:
        if self.needs_sums and brings_unmeasured(update, self.document, self.sums):
            self.unmeasured.emit()
        if self._colouring is None and not self.hidden:
            return
        if self._colouring is not None:
            self._counting.follow(self._colouring, update)
        if self._hiding.follow(update, self._colouring):
            self._hide()
        self._soon.start()

    def _show(self, changed: Collection[int] | None) -> None:
        if not self.is_plain and (changed is None or changed):
            self._recolour(changed)

    def _hide(self) -> None:
        self._canvas.hide(self.hidden_ids)
        self.view.contents_changed.emit()
        self._soon.start()


def _show_overlays(colours: TabColours) -> None:
    """Show the legend and the mark, made when there is something to show in them."""
    if colours.legend is not None:
        colours.legend.refresh()
    elif colours.has_legend:
        from sketch.gui.colour_legend import Legend

        colours.legend = Legend(colours)
    if colours.hidden and colours.mark is None:
        from sketch.gui.colour_hidden import HiddenMark

        colours.mark = HiddenMark(colours)


def _count_by(key: str, facts: Facts) -> Colouring:
    from sketch.graph.colour_rules import RULES
    from sketch.graph.colouring import Colouring

    return Colouring(RULES[key], facts)


def brings_unmeasured(update: Update, document: Document, sums: Mapping[str, WeightSums]) -> bool:
    """True when stored weights came that training changes and nobody has measured."""
    tensors, inference = document.tables.tensors, document.inference
    for (node_id, role), change in update.of("weights").items():
        row = tensors.get(change.after)
        if row is not None and row.digest not in sums and node_id in inference:
            kind = inference.of(node_id).weights.get(role)
            if kind is not None and kind.trainable:
                return True
    return False
