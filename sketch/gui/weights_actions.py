"""The commands of the menu Model > Weights: one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui.action_rows import Action, later
from sketch.gui.reasons import no_tab, nothing_drawn, selected_nodes

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

_MENU = "Model/&Weights"


def no_weight(window: MainWindow) -> str | None:
    """Why there is no weight to look at or to change in the selection."""
    document, chosen = window.desk.document, selected_nodes(window)
    if document is None or not chosen:
        return no_tab(window) or "Select a layer with weights first."
    kinds = [document.library[name] for name in window.desk.chosen.layers]
    stack = list(chosen) if any(spec.weights or spec.group for spec in kinds) else []
    while stack:
        key = stack.pop()
        if document.inference.seen.of(key).weights:  # a layer has them whatever its shapes are
            return None
        stack.extend(document.tables.children(key))
    return "The selected layers have no weights."


def no_frozen(window: MainWindow) -> str | None:
    """Why there is nothing to unfreeze."""
    from sketch.graph.freezing import frozen_node  # not before the first paint

    meta = window.desk.document.tables.meta if window.desk.document else ()
    frozen = any(frozen_node(name) is not None for name in meta)
    return no_weight(window) or (None if frozen else "No weight of this network is frozen.")


def nothing_resized(window: MainWindow) -> str | None:
    """Why there is no choice to make about weights that changed their size."""
    tab = window.desk.tab
    resized = tab is not None and tab.weights_bar.changes
    return no_tab(window) or (None if resized else "The last edit changed the size of no stored weight.")


def no_report(window: MainWindow) -> str | None:
    """Why there is no report of weights."""
    tab = window.desk.tab
    shown = tab is not None and tab.weights_bar.report
    return no_tab(window) or (None if shown else "Load, resize or initialise weights first.")


WEIGHTS = (
    Action(
        "weights.load", "&Load weights...", _MENU, later("weights_load", "ask"), nothing_drawn,
        "Weights by name from a file or another document, with a table to check and change",
    ),
    Action(
        "weights.copy", "&Copy weights", _MENU, later("weights_clip", "copy"), no_weight,
        "Copy the weights of the selected layers, to paste them into other layers",
    ),
    Action(
        "weights.paste", "&Paste weights", _MENU, later("weights_clip", "paste"), no_weight,
        "Give the selected layers the weights that were copied",
    ),
    Action(
        "weights.view", "&View tensors...", _MENU, later("weights_viewer", "view"), no_weight,
        "Numbers, histogram and picture of the weights of the selected layers", apart=True,
    ),
    Action(
        "weights.set", "&Set from a .npy file...", _MENU, later("weights_commands", "set_from_file"), no_weight,
        "Let a weight of the selected layer be the array of a file",
    ),
    Action(
        "weights.save", "Save as a .&npy file...", _MENU, later("weights_commands", "save_to_file"), no_weight,
        "Write a weight of the selected layer as an array of numpy",
    ),
    Action(
        "weights.initialise", "&Initialise...", _MENU, later("weights_initialise", "ask"), no_weight,
        "Start the weights of the selected layers from a scheme: Kaiming, Xavier, orthogonal, ...", apart=True,
    ),
    Action(
        "weights.reset", "&Reset to initial values", _MENU, later("weights_commands", "reset"), no_weight,
        "Let go of the stored weights of the selected layers",
    ),
    Action(
        "weights.freeze", "&Freeze", _MENU, later("weights_commands", "freeze"), no_weight,
        "Training leaves the weights of the selected layers as they are", apart=True,
    ),
    Action(
        "weights.unfreeze", "&Unfreeze", _MENU, later("weights_commands", "freeze", frozen=False), no_frozen,
        "Training changes the weights of the selected layers again",
    ),
    Action(
        "weights.keep", "Resized: keep the &overlap", _MENU, later("weights_commands", "resize", how="keep"),
        nothing_resized, "Weights of layers that changed their size keep what fits", apart=True,
    ),
    Action(
        "weights.tile", "Resized: repea&t", _MENU, later("weights_commands", "resize", how="tile"),
        nothing_resized, "Weights of layers that changed their size are repeated",
    ),
    Action(
        "weights.anew", "Resized: initialise &anew", _MENU, later("weights_commands", "resize", how="new"),
        nothing_resized, "Weights of layers that changed their size start anew",
    ),
    Action(
        "weights.report", "R&eport...", _MENU, later("weights_commands", "report"), no_report,
        "Every tensor that was kept, changed, created and dropped by the last edit of weights", apart=True,
    ),
)  # fmt: skip
