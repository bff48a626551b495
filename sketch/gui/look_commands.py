"""The commands of the Run menu: run a drawing in the worker, show what it gave, go to where it went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sketch.gui.look_mark import mark_of
from sketch.gui.look_state import DocumentRun, LookSettings, frozen, inputs_only, looks_of, new_folder, remove
from sketch.gui.model_jobs import run_job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sketch.binder.binder import Runs
    from sketch.binder.feeding import Array
    from sketch.binder.job import Job
    from sketch.graph.network import Network
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

Key = tuple[int, int]


def ask(window: MainWindow) -> None:
    """Ask for the inputs, then run."""
    from sketch.gui.dialog_parts import ask_soon
    from sketch.gui.look_dialog import LookDialog

    tab = window.desk.tab
    if tab is None:
        return
    looks = looks_of(window)
    dialog = LookDialog(window, inputs_only(tab.document), looks.settings_of(tab.document), window.folder)

    def answered(accepted: bool) -> None:
        if accepted:
            looks.remember(tab.document, dialog.settings())
            start(window, tab, dialog.settings())

    ask_soon(dialog, answered)


def again(window: MainWindow) -> None:
    """Run on the inputs of last time."""
    tab = window.desk.tab
    if tab is not None:
        start(window, tab, looks_of(window).settings_of(tab.document))


def start(window: MainWindow, tab: CanvasTab, settings: LookSettings) -> Job:
    """Run the drawing of a tab as a job; it shows what it gave."""
    folder, cursor, make = new_folder(), tab.document.history.cursor, frozen(tab.document)

    def body(_job: Job, runs: Runs) -> DocumentRun:
        from sketch.binder.looking import INPUTS, run_look
        from sketch.binder.run_facts import Look, first_origin, origin_text

        try:
            network = make()
            look = Look(folder / INPUTS, folder, train=settings.train, seed=settings.seed)
            facts = run_look(runs, network, inputs_for(network, settings), look)
        except BaseException:
            remove(folder)
            raise
        origin = first_origin(network, facts)
        text = origin_text(network, facts, origin) if origin is not None else ""
        return DocumentRun(network, facts, settings, folder, cursor, origin, text)

    return run_job(window, "Run and look", body, lambda run: _show(window, tab, run))


def inputs_for(network: Network, settings: LookSettings) -> Mapping[str, Array]:
    """The arrays that these settings stand for."""
    from sketch.binder.feeding import feed, read_feeds, symbols_of
    from sketch.gui.look_image import read_picture

    sizes = {**symbols_of(network), **settings.symbols}
    names = {step.name for step in network.inputs}
    given: dict[str, Array] = {}
    for name, choice in settings.files.items():
        if name in names:
            given |= read_feeds(
                network, {name: choice.path},
                lambda path, size: read_picture(path, size, stretch=settings.stretch), choice.scaling, sizes,
            )  # fmt: skip
    return feed(network, given, sizes, settings.seed)


def fetch(window: MainWindow, document: Document, key: Key, then: Callable[[], object]) -> Job | None:
    """Compute one value of the last run again and keep it; `then()` when it is there."""
    from sketch.binder.looking import INPUTS, look_again
    from sketch.binder.run_facts import Look, RunFacts

    run = looks_of(window).run_of(document)
    if run is None:
        return None

    def body(_job: Job, runs: Runs) -> RunFacts:
        chosen = run.settings
        look = Look(
            run.folder / INPUTS, run.folder, 0, (key,), stop=True, train=chosen.train, seed=chosen.seed
        )
        return look_again(runs, run.network, look)

    def kept(facts: RunFacts) -> None:
        run.extra.update(facts.kept)
        then()

    return run_job(window, "Compute a value again", body, kept)


def clear(window: MainWindow) -> None:
    """Take the values off the canvas."""
    document = window.desk.document
    if document is not None:
        looks_of(window).clear(document)
        window.say("The values of the run are cleared.")


def first_fault(window: MainWindow) -> None:
    """Go to the node where NaN or Inf begins, and say what came in."""
    run = looks_of(window).run_of(window.desk.document)
    if run is not None and run.origin is not None:
        window.desk.reveal(run.origin.node)
        window.say(run.origin_text)


def _show(window: MainWindow, tab: CanvasTab, run: DocumentRun) -> None:
    if tab not in list(window.area):
        remove(run.folder)
        return
    looks, text = looks_of(window), summary(run)
    looks.take(tab.document, run)
    mark_of(tab, looks).show_run(run, text)
    window.actions_.refresh()
    window.say(text)


def summary(run: DocumentRun) -> str:
    """One line on a run: what failed first, else where NaN begins, else that all is well."""
    count = len(run.facts.values)
    names = {step.id: run.network.qualified(step) for step in run.network.steps}
    order = [step.id for step in run.network.steps if step.id in run.facts.failures]
    if order:
        count = len(run.facts.skipped)
        rest = f" {count} more node{'' if count == 1 else 's'} could not run." if count else ""
        return f"'{names[order[0]]}' failed: {run.facts.failures[order[0]]}{rest}"
    if run.origin is not None:
        return run.origin_text
    return f"{count} values, all finite."
