"""The commands of the Run menu, and the switch for values on wires: one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui import reasons
from sketch.gui.action_rows import Action, later, switch

if TYPE_CHECKING:
    from sketch.gui.look_state import DocumentRun
    from sketch.gui.main_window import MainWindow


def no_run(window: MainWindow) -> str | None:
    """Why there is nothing to clear or to run again."""
    reason = reasons.nothing_drawn(window)
    return reason or (None if _run(window) else "Run and look first (F5).")


def no_fault(window: MainWindow) -> str | None:
    """Why there is no NaN and no Inf to go to."""
    reason = no_run(window)
    if reason:
        return reason
    run = _run(window)
    return None if run and run.origin else "This run has no NaN and no Inf."


def _run(window: MainWindow) -> DocumentRun | None:
    from sketch.gui.look_state import looks_of  # not needed while the canvas is empty

    return looks_of(window).run_of(window.desk.document)


RUN = (
    Action(
        "run.look",
        "Run and &look...",
        "Run",
        later("look_commands", "ask"),
        reasons.nothing_drawn,
        "Run the network on numbers, a file or a picture, and see every value",
    ),
    Action(
        "run.again",
        "Run &again",
        "Run",
        later("look_commands", "again"),
        no_run,
        "The same inputs as last time",
    ),
    Action(
        "run.clear",
        "&Clear the values",
        "Run",
        later("look_commands", "clear"),
        no_run,
        "Take the values of the run off the canvas",
    ),
    Action(
        "run.first_fault",
        "Go to the first &NaN or Inf",
        "Run",
        later("look_commands", "first_fault"),
        no_fault,
        "The node where it begins: its inputs are finite",
        apart=True,
    ),
    Action(
        "run.compare",
        "Co&mpare two runs...",
        "Run",
        later("look_compare", "ask"),
        reasons.nothing_drawn,
        "Another open network, or an earlier state of this one, on the same inputs, node by node",
        apart=True,
    ),
)
VALUES = (
    switch("view.values", "&Values on wires", "canvas.values", "Show on the wires what the last run gave"),
)
