"""How one tab is coloured and which types it hides: view state, nothing of it is in the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
    from sketch.gui.canvas.ink import Ink
    from sketch.gui.canvas.view import CanvasView
    from sketch.gui.colour_hidden import HiddenMark
    from sketch.gui.colour_legend import Legend
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
        self._hiding = HiddenKinds(document)
        self._canvas, self._theme = view.canvas, view.canvas.ink.theme
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
        """The counts and shades of the rule, counted here and now when they are not known yet."""
        found = self._begun()
        if not found.is_counted:
            self._counting.finish()
        return found

    @property
    def is_counted(self) -> bool:
        """True when the colours are known; else they are being counted, and `settled` comes after that."""
        return self._begun().is_counted

    def use(self, key: str, counted: Colouring | None = None) -> None:
        """Colour by a rule of `colour_rules.RULES`, `counted` when that was done already; KeyError for another name."""
        self._counting.stop()
        if self.legend is not None and key != self.key:
            self.legend.hide()  # it would say of the new colours what the old ones meant
        self.key, self._colouring = key, counted
        if counted is not None:
            counted.use(self.facts())
        self.wants_legend = self.wants_legend or None
        if self.is_plain or counted is not None:
            self._apply()
        else:
            self._begun()  # the canvas keeps its colours until these are known
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

        document, refusals = self.document, self.view.canvas.refusals
        return Facts(document.tables, document.inference, self.sums, by_node(refusals))

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
        self._counting.stop()
        self._overlays.replace([])
        self._leave()

    # --- inside ------------------------------------------------------------------------------------

    def _show_soon(self) -> None:
        """The canvas has its turn first."""
        self._overlays.replace([partial(_show_overlays, self)])

    def _begun(self) -> Colouring:
        """The counts of the rule; when they are first asked for counting begins, and of few layers ends at once."""
        if self._colouring is None:
            self._colouring = _begun(self.key, self.facts())
            self._counting.begin(self._colouring, self._apply)
        return self._colouring

    def _apply(self) -> None:
        """Give the canvas in view the colours."""
        if self.is_plain and self._canvas.ink.is_plain:
            self._soon.start()
        else:
            _colour(self._canvas.ink, None if self.is_plain else self.colouring)
            self._recolour(None)

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
        if self.is_plain or self.is_counted:  # else it has its colours when they are known
            self._apply()  # also the plain ones: the canvas may have been seen before, under another rule
        self._canvas.hide(self.hidden_ids)

    def _follow(self, update: Update) -> None:
        if self.needs_sums and brings_unmeasured(update, self.document, self.sums):
            self.unmeasured.emit()
        if self._colouring is not None:
            self._counting.follow(self._colouring, update)
        if self._hiding.follow(update):
            self._hide()
        if self._colouring is not None or self.hidden:
            self._soon.start()

    def _show(self, changed: Collection[int] | None) -> None:
        """Some layers count something else."""
        if not self.is_plain and (changed is None or changed):
            self._recolour(changed)
        else:
            self._soon.start()

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


def _colour(ink: Ink, colouring: Colouring | None) -> None:
    """Colour a canvas by what was counted; None: by category."""
    if colouring is None:
        ink.colour_by(None)
        return
    from sketch.gui.colour_palette import palette_of

    ink.colour_by(colouring.shades, palette_of(colouring.rule, colouring.names))


def _begun(key: str, facts: Facts) -> Colouring:
    from sketch.graph.colour_rules import RULES
    from sketch.graph.colouring import Colouring

    return Colouring(RULES[key], facts, at_once=False)


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
