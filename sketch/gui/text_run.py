"""One run of edited source in the worker, and what of the drawing it changes."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.gui.text_drafts import TextDraft

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.binder.kernel import ImportedModel, Kernel
    from sketch.graph.delta import Change, Delta
    from sketch.graph.library import LayerLibrary
    from sketch.graph.network import Network
    from sketch.graph.tables import Tables

log = logging.getLogger(__name__)
FILE = "source.py"
Given = Mapping[str, Any]
"""Inputs of the drawing by the names of forward's arguments."""


@dataclass(frozen=True)
class Result:
    """What a job worked out; `remarks` are for the person."""

    delta: Delta
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class SourceRun:
    """One run: of the edited text, and of the text before the edit, so that only their difference counts.

    `network` is the drawing as it was; the drawing may change meanwhile. The worker's tensors go to the folder `made`;
    of them only what the drawing takes goes to the store.
    """

    kernel: Kernel
    library: LayerLibrary
    network: Network
    draft: TextDraft
    text: str
    made: Path

    @cached_property
    def tables(self) -> Tables:
        """The rows of the drawing, which no edit touches."""
        from sketch.graph.tables import Tables

        return self.network.tables or Tables()

    def run(self, job: Job, runs: Runs) -> Result:
        """In the job's thread: the Delta that makes the drawing what the text says."""
        try:
            return self._run(job, runs)
        finally:
            shutil.rmtree(self.made, ignore_errors=True)

    def _run(self, job: Job, runs: Runs) -> Result:
        from sketch.graph.rewriting import drop_unread, rewritten, shown

        draft = self.draft
        model = self._model(runs)
        new, base, unread, known = _tables(model), None, [], set()
        if draft.is_edit:
            job.report(0, 0, "Comparing with the drawing")
            before = self._base(job, runs)
            if before is not None:
                base, known = _tables(before), set(before.losses)
            unread = drop_unread(new, self.tables if base is None else base, self.library)
        job.check()
        delta = rewritten(self.tables, new, self.library, shown(self.tables, draft.base.lines), base)
        remarks = [f"'{name}' is made but never called; it is left out." for name in unread]
        remarks += [f"{loss.where}: {loss.what}" for loss in model.losses if loss not in known]
        return Result(tuple(map(self._adopted, delta)), tuple(remarks))

    def _adopted(self, change: Change) -> Change:
        """The same change, with its tensor in the drawing's store."""
        from sketch.binder.tensors import TensorStore

        row = change.after
        if change.table != "tensors" or row is None:
            return change
        array = TensorStore(self.made).get(row.digest, row.shape, row.dtype)
        digest = TensorStore(self.network.store.folder).put(array, row.dtype)
        return replace(change, after=replace(row, digest=digest))

    def _model(self, runs: Runs) -> ImportedModel:
        """The drawing of the edited text. Another model may want other inputs than those that are drawn."""
        from sketch.binder.kernel import BinderError

        draft = self.draft
        class_ = draft.class_ or (draft.root if draft.is_edit else "")
        if class_ and not re.search(rf"^class {re.escape(class_)}\b", self.text, re.MULTILINE):
            class_ = ""
        given = self._given(draft.inputs.get(class_, ()))
        try:
            return self._drawn(runs, self.text, class_, draft.arguments, given)
        except BinderError:
            if draft.is_edit or not given:
                raise
            return self._drawn(runs, self.text, class_, draft.arguments, {})

    def _base(self, job: Job, runs: Runs) -> ImportedModel | None:
        """The drawing of the text before the edit; None when it does not run."""
        from sketch.binder.kernel import BinderError

        draft = self.draft
        try:
            return self._drawn(runs, draft.base.text, draft.root, "", self._known)
        except BinderError as error:
            job.check()
            log.info("text.base_failed %s", error)
            return None

    def _drawn(self, runs: Runs, text: str, class_: str, arguments: str, given: Given) -> ImportedModel:
        path = runs.scratch / FILE
        path.write_text(text, "utf-8")
        options = {
            "inputs": {name: step.params["shape"] for name, step in given.items()},
            "types": {name: step.params["dtype"] for name, step in given.items()},
            "class": class_, "arguments": arguments,
        }  # fmt: skip
        found: ImportedModel = runs.call(
            self.kernel, "import_model", {"path": path, "options": options}, trusted=True
        )
        return found

    @cached_property
    def _known(self) -> Given:
        """The drawing's inputs by the arguments of its own source."""
        known = self.draft.base_classes
        return inputs(self.network, known[-1].inputs if known else ())

    def _given(self, names: Sequence[str]) -> Given:
        """The drawing's inputs for these arguments: by name, then those that were renamed in their order."""
        found = {name: self._known[name] for name in names if name in self._known}
        left = [step for name, step in self._known.items() if name not in found]
        new = [name for name in names if name not in found]
        if len(left) == len(new):
            found.update(zip(new, left, strict=True))
        return found


def inputs(network: Network, names: Sequence[str]) -> Given:
    """The Inputs of a drawing by the arguments that stand for them in its source."""
    free = list(network.inputs)
    found = {}
    for name in names:
        step = next((item for item in free if re.sub(r"\W", "_", item.name) == name), None)
        if step is not None:
            found[name] = step
            free.remove(step)
    left = [name for name in names if name not in found]
    return {**found, **dict(zip(left, free, strict=False))}


def _tables(model: ImportedModel) -> Tables:
    from sketch.graph.tables import Tables

    made = Tables()
    made.apply(model.delta)
    return made
