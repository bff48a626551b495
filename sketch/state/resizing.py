"""Stored weights follow the shapes of their layers: in the same step of the history, by the person's choice.

Nothing is computed here: the new tensor is a record in the store (`graph.recipes`), made from the tensor that the
weight had before it was ever resized. So a size that goes down and up again brings every number back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from sketch.graph import recipes
from sketch.graph.attachments import set_weight
from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.recipes import KEEP, MADE, NEW, TILE
from sketch.graph.rows import TensorRow, shape_text
from sketch.graph.stopping import OFTEN
from sketch.graph.weights import WeightType, is_settled
from sketch.state.document_view import TakesLongError
from sketch.state.weight_changes import (
    CHANGED,
    CREATED,
    DROPPED,
    KEPT,
    WeightChange,
    overlap_text,
    weight_name,
)

if TYPE_CHECKING:
    from sketch.state.document_view import DocumentView

log = logging.getLogger(__name__)

FEW = 16
"""So many weights can follow within a part of a frame: a record is written for each."""


def follow_shapes(
    document: DocumentView, changed: Iterable[int], how: str, *, is_brief: bool = False
) -> tuple[Delta, tuple[WeightChange, ...]]:
    """What to do to the stored weights of these nodes so that they fit again, and the report of it.

    TakesLongError, before anything is made, when `is_brief` and more than FEW do not fit.
    """
    if not document.tables.weights:
        return (), ()
    resizer = Resizer(document, Draft(document.tables, document.library), how)
    misfits = list(_misfits(document, resizer, changed))
    if is_brief and len(misfits) > FEW:
        raise TakesLongError
    try:
        for number, (node_id, kind, row) in enumerate(misfits):
            if number % OFTEN == 0:
                document.report(number, len(misfits), "Stored weights follow")
            resizer.fit(node_id, kind, row)
        return resizer.finished(), tuple(resizer.changes)
    except OSError as error:  # no room for a record: the weights stay as they were, initialised at compile
        log.warning("weights.not_resized error=%s", error)
        return (), ()


def _misfits(
    document: DocumentView, resizer: Resizer, changed: Iterable[int]
) -> Iterator[tuple[int, WeightType, TensorRow]]:
    """The weights of these nodes whose tensors have other shapes."""
    tables = document.tables
    for node_id in document.inference.faulty(changed):  # a weight that does not fit is among what is wrong
        for role, tensor in tables.weights_of(node_id).items():
            kind, row = resizer.kind(node_id, role), tables.tensors[tensor]
            if kind is not None and kind.shape != row.shape:
                yield node_id, kind, row


class Resizer:
    """Fits tensors to the shapes of their weights in a draft, and writes down what it did. `changes` is the report."""

    def __init__(self, document: DocumentView, draft: Draft, how: str):
        self.changes: list[WeightChange] = []
        self._document = document
        self._draft = draft
        self._how = how
        self._given: dict[tuple[int, str, tuple[int, ...], str], int] = {}
        self._cut: dict[tuple[int | None, str, tuple[int, ...]], tuple[TensorRow, str]] = {}
        self._used: set[int] = set()
        self._left: dict[int, None] = {}

    def kind(self, node_id: int, role: str) -> WeightType | None:
        """What a weight has to be now; None for an operator's, which are what they are, and while that is not known."""
        tables, inference = self._document.tables, self._document.inference
        if node_id not in inference or self._document.library[tables.nodes[node_id].layer].is_operator:
            return None
        kinds = inference.of(node_id).weights
        found: WeightType | None = kinds.get(role)
        return found if found is not None and is_settled(found, kinds) else None

    def fit(self, node_id: int, kind: WeightType, row: TensorRow) -> None:
        """Let a stored weight follow the shape of its layer."""
        whole = self.whole(row)
        if whole.shape == kind.shape:
            self.use(node_id, kind.role, whole, KEPT, "all of it")
        elif self._how == NEW:
            self.use(node_id, kind.role, None, CREATED, f"initialised anew, {shape_text(kind.shape)}", whole)
        elif len(whole.shape) != len(kind.shape):
            what = f"{shape_text(whole.shape)} does not go into {shape_text(kind.shape)}; initialised anew"
            self.note(node_id, kind.role, DROPPED, what, whole)
        else:
            after, text = self.cut(node_id, kind, whole)
            self.use(node_id, kind.role, after, CHANGED, text, whole)

    def whole(self, row: TensorRow) -> TensorRow:
        """The tensor that a resized one is cut from; the tensor itself when it is not."""
        recipe = self._document.store.recipe(row.digest) if row.digest.startswith(MADE) else None
        base = recipes.base_of(recipe) if recipe is not None and recipe["how"] in (KEEP, TILE) else None
        return row if base is None else replace(base, name=row.name)

    def cut(self, node_id: int, kind: WeightType, whole: TensorRow) -> tuple[TensorRow, str]:
        """A tensor in the shape of a weight, of the same rank, and in words what of it that keeps."""
        document, tables = self._document, self._document.tables
        stored = tables.weights.get((node_id, kind.role))
        known = (stored, whole.digest, kind.shape)
        if stored is not None and known in self._cut:
            return self._cut[known]
        resolved = document.inference.of(node_id)
        siblings = {role: weight for role, weight in resolved.weights.items() if weight is not None}
        fresh = recipes.initial(kind, siblings, resolved.params, tables.meta.get("seed", 0), node_id)
        spec = document.library[tables.nodes[node_id].layer]
        how = TILE if self._how == TILE else KEEP
        recipe = recipes.resized(whole, fresh, how, spec, kind.role)
        text = (
            overlap_text(whole.shape, kind.shape) if how == KEEP else f"repeated to {shape_text(kind.shape)}"
        )
        self._cut[known] = (
            TensorRow(0, document.store.make(recipe), kind.shape, whole.dtype, whole.name),
            text,
        )
        return self._cut[known]

    def use(
        self,
        node_id: int,
        role: str,
        row: TensorRow | None,
        state: str,
        what: str,
        before: TensorRow | None = None,
    ) -> None:
        """Let a weight be this tensor (None: initialised at compile); tied ones that get the same one stay tied."""
        stored = self._document.tables.weights.get((node_id, role))
        if stored is not None:
            self._left[stored] = None
        set_weight(self._draft, node_id, role, None if row is None else self._id_of(row, stored))
        self.note(node_id, role, state, what, before or row, row)

    def note(
        self,
        node: int,
        role: str,
        state: str,
        what: str,
        before: TensorRow | None,
        after: TensorRow | None = None,
    ) -> None:
        """Write a line of the report."""
        name = weight_name(self._document.tables, node, role)
        self.changes.append(WeightChange(node, role, name, state, what, before, after))

    def finished(self) -> Delta:
        """The edit; resized tensors that nothing holds any more are gone from the rows."""
        self.tidy()
        return self._draft.delta()

    def tidy(self) -> None:
        """Take away the rows of made tensors that this edit left without a weight."""
        left = {key for key in self._left if self._document.tables.tensors[key].digest.startswith(MADE)}
        if left:
            for weight, used in self._document.tables.weights.items():
                if used in left and self._draft.get("weights", weight) == used:
                    left.discard(used)
        for tensor in left - self._used:
            self._draft.put("tensors", tensor, None)

    def _id_of(self, row: TensorRow, stored: int | None) -> int:
        """The id of the row of a tensor: the one it has, one like it that no weight holds, or a new one.

        Weights that shared a tensor (`stored`) and get the same one again share it again; others never do, since
        equal numbers alone do not tie two weights.
        """
        key = row.digest, row.shape, row.dtype
        if stored is not None and (stored, *key) in self._given:
            return self._given[stored, *key]
        if row.id and self._draft.get("tensors", row.id) == row:
            found = row.id
        else:
            free = self._free.get(key)
            found = free.pop() if free else self._draft.new_id()
            if self._draft.get("tensors", found) is None:
                self._draft.put("tensors", found, replace(row, id=found))
        self._used.add(found)
        if stored is not None:
            self._given[stored, *key] = found
        return found

    @cached_property
    def _free(self) -> dict[tuple[str, tuple[int, ...], str], list[int]]:
        """Rows that no weight holds, by what they are: the whole tensors of resized weights are among them."""
        held = set(self._document.tables.weights.values())
        found: dict[tuple[str, tuple[int, ...], str], list[int]] = {}
        for number, row in self._document.tables.tensors.items():
            if number not in held:
                found.setdefault((row.digest, row.shape, row.dtype), []).append(number)
        return found
