"""The commands of the Model menu that compute with weights: a job works the edit out, one step takes it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sketch.graph.errors import GraphError
from sketch.gui import asides
from sketch.gui.fold_jobs import change_many
from sketch.gui.questions import show_error
from sketch.gui.reasons import selected_nodes
from sketch.state import commands

if TYPE_CHECKING:
    from sketch.binder.binder import Runs
    from sketch.binder.job import Job
    from sketch.binder.kernel import ImportedModel
    from sketch.graph.delta import Delta
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.commands import Extract

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
        many=lambda: change_many(tab.document, [delta]), refused=refused,
    )  # fmt: skip


def fold(window: MainWindow) -> None:
    """Fold constants."""
    from sketch.binder.surgery import folding

    tab = window.desk.tab
    if tab is None:
        return
    network, library = tab.document.network(), window.services.library
    reason = folding.why_nothing_folds(network)
    if reason:
        window.say(reason)
        return

    def body(_job: Job, runs: Runs) -> folding.Fold:
        return folding.fold(runs, network, library)

    run_job(
        window, "Fold constants", body,
        lambda found: take_in(window, tab, "Fold constants", found.delta, f"{found}."),
    )  # fmt: skip


def fuse(window: MainWindow) -> None:
    """Fuse the BatchNorms among the selected layers, or all of them when none is."""
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery import agreement, arrays, fusing

    tab = window.desk.tab
    if tab is None:
        return
    network, library = tab.document.network(), window.services.library
    chosen = set(selected_nodes(window))
    plan = fusing.plan_fusion(network, chosen) if chosen else fusing.plan_fusion(network)
    if not (plan.fusions or plan.kept):
        plan = fusing.plan_fusion(network)
    if not plan.fusions:
        name, reason = plan.kept[0]
        window.say(f"Nothing to fuse: '{name}': {reason}.")
        return

    def body(job: Job, runs: Runs) -> tuple[Any, str]:
        delta = fusing.fuse(network, plan, library, job.step)
        job.report(0, 0, "Checking the numbers")
        try:
            proof = agreement.compare_networks(runs, network, arrays.after(network, delta, library))
        except BinderError as error:
            job.check()
            return delta, f"Not verified: {error}"
        if not proof.agrees:
            raise BinderError(
                f"Fusing would change the numbers by {proof.max_abs_error:.2g}; nothing was changed."
            )
        return delta, f"Verified: the outputs agree within {proof.max_abs_error:.2g}."

    count = len(plan.fusions)
    label = f"Fuse {count} BatchNorm{'' if count == 1 else 's'}"
    kept = f" {len(plan.kept)} kept: '{plan.kept[0][0]}': {plan.kept[0][1]}." if plan.kept else ""
    run_job(
        window, "Fuse BatchNorm", body,
        lambda made: take_in(window, tab, label, made[0], f"{label}. {made[1]}{kept}"),
    )  # fmt: skip


def redraw(window: MainWindow, *, as_operators: bool) -> None:
    """Show the selected layers as operators, or raise the selected operators to layers."""
    from sketch.binder.kernel import RedrawingKernel
    from sketch.graph.network import build_network
    from sketch.graph.tables import Tables

    tab, chosen = window.desk.tab, selected_nodes(window)
    kernel = next((k for k in window.services.registry if isinstance(k, RedrawingKernel)), None)
    if tab is None or kernel is None:
        window.say("No kernel here can do that; install Sketch's ONNX kernel.")
        return
    try:
        part = commands.extract(tab.document, chosen)
    except GraphError as error:
        window.say(str(error))
        return
    tables = Tables()
    tables.apply(part.delta)
    network = build_network(tables, window.services.library, name="part", store=tab.document.store)
    arguments = {"network": replace(network, tables=None), "as_operators": as_operators}
    place = _Place(window, tab, chosen, part, "Show as operators" if as_operators else "Raise to layers")
    run_job(
        window,
        place.title,
        lambda _job, runs: runs.call(kernel, "redraw", arguments, trusted=False),
        place.fill,
    )


class _Place:
    """Where a part of a drawing goes that is being drawn anew: as long as the drawing stays as it is."""

    def __init__(self, window: MainWindow, tab: CanvasTab, chosen: list[int], part: Extract, title: str):
        self.title = title
        self._window, self._tab, self._chosen, self._part = window, tab, chosen, part
        self._state = tab.document.history.cursor

    def fill(self, model: ImportedModel) -> None:
        """Put the new form there, in one step."""
        from sketch.graph.tables import Tables

        if self._tab.document.is_closed:
            return
        if self._tab.document.history.cursor != self._state:
            self._window.say("The drawing has changed meanwhile; do it again.")
            return
        drawn = Tables()
        drawn.apply(model.delta)
        put = partial(commands.exchange, ids=self._chosen, part=self._part, tables=drawn, label=self.title)
        many = len(drawn.nodes) > asides.MANY
        asides.edit(self._window, self._tab, self.title, put, self._show, many=lambda: many)

    def _show(self, made: list[int]) -> None:
        self._tab.view.select(made)
        self._window.say(f"{self.title}: {len(self._chosen)} selected became {len(made)}.")
