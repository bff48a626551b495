"""The commands of the Model menu that compute with weights: a job works the edit out, one step takes it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from sketch.graph.collection import paused_collection
from sketch.graph.errors import GraphError
from sketch.gui import asides, background
from sketch.gui.fold_jobs import change_many
from sketch.gui.questions import show_error
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands.prepared import OutdatedError

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.binder.kernel import ImportedModel
    from sketch.graph.delta import Delta
    from sketch.graph.library import LayerLibrary
    from sketch.graph.network import Network
    from sketch.graph.tables import Tables
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.commands import Extract
    from sketch.state.document import Document
    from sketch.state.twin import Twin

Body = Callable[["Job", "Runs"], Any]


def run_job(window: MainWindow, title: str, body: Body, then: Callable[[Any], object]) -> Job:
    """Start a job on the drawing in front; `then(result)` in the window's thread when it went well."""

    def ended(job: Job) -> None:
        if job.state == "done":
            then(job.result)
            return
        window.say(job.error)
        if job.state == "failed":
            show_error(window, job.error)

    job = window.services.binder.job(title, body, window.services.store.folder)
    return window.jobs.follow(job, ended)


def take_in(window: MainWindow, tab: CanvasTab, label: str, delta: Any, text: str) -> None:
    """Make a computed edit one step, and say what it did; one whose tab was closed meanwhile is left out."""
    if not tab.document.is_closed:
        take_prepared(window, tab, label, delta, lambda: window.say(text))


def take_prepared(
    window: MainWindow,
    tab: CanvasTab,
    label: str,
    delta: Delta,
    then: Callable[[], object],
    refused: Callable[[str], object] | None = None,
) -> None:
    """Make a computed edit one step, beside the window when it is large, and then `then`; without rows at once."""
    if not delta:
        then()
        return
    take = partial(commands.apply_prepared, label=label, delta=delta)
    asides.edit(
        window, tab, label, take, lambda _done: then(),
        many=lambda: change_many(tab.document, [delta]), refused=refused, stays=True,
    )  # fmt: skip


def fold(window: MainWindow) -> None:
    """Fold constants."""
    from sketch.binder.surgery import folding

    tab = window.desk.tab
    if tab is None:
        return
    make, library = background.frozen(tab.document), window.services.library

    def body(job: Job, runs: Runs) -> folding.Fold | str:
        network = make()
        job.check()
        return folding.why_nothing_folds(network) or folding.fold(runs, network, library)

    def folded(found: folding.Fold | str) -> None:
        if isinstance(found, str):
            window.say(found)
        else:
            take_in(window, tab, "Fold constants", found.delta, f"{found}.")

    run_job(window, "Fold constants", body, folded)


def fuse(window: MainWindow) -> None:
    """Fuse the BatchNorms among the selected layers, or all of them when none is."""
    tab = window.desk.tab
    if tab is None:
        return
    make, chosen, library = (
        background.frozen(tab.document),
        set(selected_nodes(window)),
        window.services.library,
    )

    def fused(made: _Fused | str) -> None:
        if isinstance(made, str):
            window.say(made)
        else:
            take_in(window, tab, made.label, made.delta, f"{made.label}. {made.said}")

    run_job(window, "Fuse BatchNorm", lambda job, runs: _fused(job, runs, make(), chosen, library), fused)


class _Fused(NamedTuple):
    """An edit that fuses, what the step is called, and what is to be said of it."""

    delta: Delta
    label: str
    said: str


def _fused(job: Job, runs: Runs, network: Network, chosen: set[int], library: LayerLibrary) -> _Fused | str:
    """On the thread of the job: the edit with its proof, or why there is nothing to fuse."""
    from sketch.binder.surgery import fusing

    plan = fusing.plan_fusion(network, chosen) if chosen else fusing.plan_fusion(network)
    if not (plan.fusions or plan.kept):
        plan = fusing.plan_fusion(network)
    if not plan.fusions:
        reason = f"'{plan.kept[0][0]}': {plan.kept[0][1]}" if plan.kept else "this network has no BatchNorm"
        return f"Nothing to fuse: {reason}."
    delta = fusing.fuse(network, plan, library, job.step)
    job.report(0, 0, "Checking the numbers")
    proof = _agreement(job, runs, network, delta, library)
    count = len(plan.fusions)
    kept = f" {len(plan.kept)} kept: '{plan.kept[0][0]}': {plan.kept[0][1]}." if plan.kept else ""
    return _Fused(delta, f"Fuse {count} BatchNorm{'' if count == 1 else 's'}", proof + kept)


def _agreement(job: Job, runs: Runs, network: Network, delta: Delta, library: LayerLibrary) -> str:
    """What comparing the numbers before and after says; BinderError when fusing would change them."""
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery import agreement, arrays

    try:
        proof = agreement.compare_networks(runs, network, arrays.after(network, delta, library))
    except BinderError as error:
        job.check()
        return f"Not verified: {error}"
    if not proof.agrees:
        raise BinderError(
            f"Fusing would change the numbers by {proof.max_abs_error:.2g}; nothing was changed."
        )
    return f"Verified: the outputs agree within {proof.max_abs_error:.2g}."


def redraw(window: MainWindow, *, as_operators: bool) -> None:
    """Show the selected layers as operators, or raise the selected operators to layers."""
    from sketch.binder.kernel import RedrawingKernel

    tab = window.desk.tab
    kernel = next((k for k in window.services.registry if isinstance(k, RedrawingKernel)), None)
    if tab is None or kernel is None:
        window.say("No kernel here can do that; install Sketch's ONNX kernel.")
        return
    place = _Place(window, tab, "Show as operators" if as_operators else "Raise to layers")
    lend, library = background.lent(tab.document), window.services.library

    def body(job: Job, runs: Runs) -> _Redrawn:
        with lend() as twin:
            part, network = _part(twin, place.chosen)
        job.check()
        arguments = {"network": network, "as_operators": as_operators}
        model: ImportedModel = runs.call(kernel, "redraw", arguments, trusted=False)
        tables = _tables_of(model.delta)
        _be_ready_for(tables, library)
        return _Redrawn(part, tables)

    run_job(window, place.title, body, place.fill)


def _be_ready_for(tables: Tables, library: LayerLibrary) -> None:
    """Load here, not in the window, what the first operator of all needs: its files, and the rules of shapes."""
    kinds = [library[layer] for layer in tables.layers]
    if any(kind.is_operator for kind in kinds):
        import_module("sketch.graph.operator_rules.values")


class _Redrawn(NamedTuple):
    """A part of a drawing as it was, and the same part drawn anew."""

    part: Extract
    tables: Tables


def _part(twin: Twin, chosen: list[int]) -> tuple[Extract, Network]:
    """On the thread of a job: the layers chosen, as a network of their own; BinderError when they cannot be one."""
    from sketch.binder.kernel import BinderError
    from sketch.graph.network import build_network

    try:
        with paused_collection():
            part = commands.extract(twin, chosen)
            network = build_network(_tables_of(part.delta), twin.library, name="part", store=twin.store)
    except GraphError as error:
        raise BinderError(str(error)) from None
    return part, replace(network, tables=None)


def _tables_of(delta: Delta) -> Tables:
    """These rows alone."""
    from sketch.graph.tables import Tables

    tables = Tables()
    tables.apply(delta)
    return tables


class _Place:
    """Where a part of a drawing goes that is being drawn anew: as long as the drawing stays as it is."""

    def __init__(self, window: MainWindow, tab: CanvasTab, title: str):
        self.title, self.chosen = title, selected_nodes(window)
        self._window, self._tab = window, tab
        self._state = tab.document.history.cursor

    def fill(self, made: _Redrawn) -> None:
        """Put the new form there, in one step."""
        if self._tab.document.is_closed:
            return

        def put(document: Document) -> list[int]:
            if document.history.cursor != self._state:
                raise OutdatedError("The drawing has changed meanwhile; do it again.")
            return commands.exchange(document, self.chosen, made.part, made.tables, self.title)

        many = len(made.tables.nodes) > asides.MANY
        asides.edit(self._window, self._tab, self.title, put, self._show, many=lambda: many, stays=True)

    def _show(self, made: list[int]) -> None:
        self._tab.view.select(made)
        self._window.say(f"{self.title}: {len(self.chosen)} selected became {len(made)}.")
