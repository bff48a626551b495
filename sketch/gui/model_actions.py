"""The commands of the Model menu, which operate on a network with its weights kept: one row each."""

from __future__ import annotations

from sketch.gui import reasons
from sketch.gui.action_rows import Action, later
from sketch.gui.reasons import no_selection, no_tab, nothing_drawn

MODEL = (
    Action(
        "model.make_output",
        "Make &output",
        "Model",
        later("model_commands", "make_output"),
        reasons.no_value,
        "Show what the selected layers or wires give as outputs of the model",
    ),
    Action(
        "model.make_input",
        "Make &input",
        "Model",
        later("model_commands", "make_input"),
        reasons.no_value,
        "Cut the selected wires, or those that come into the selection, and put Inputs there",
    ),
    Action(
        "model.inputs",
        "Input &shapes...",
        "Model",
        later("model_commands", "input_shapes"),
        reasons.no_input,
        "Names, shapes and types of all inputs; N stands for any size",
    ),
    Action(
        "model.extract",
        "&Extract the selection",
        "Model",
        later("model_commands", "extract"),
        no_selection,
        "The selected layers as a network of its own in a new tab",
        apart=True,
    ),
    Action(
        "model.merge",
        "&Merge another model...",
        "Model",
        later("merging", "ask"),
        no_tab,
        "Append a model; outputs of this one feed its inputs",
    ),
    Action(
        "model.replace_all",
        "&Replace all occurrences...",
        "Model",
        later("model_commands", "replace_all"),
        no_selection,
        "Find the selected layers wherever they are, and put others in their place",
    ),
    Action(
        "model.fold",
        "&Fold constants",
        "Model",
        later("model_jobs", "fold"),
        nothing_drawn,
        "Compute what depends on constants only, once and for all",
        apart=True,
    ),
    Action(
        "model.fuse",
        "Fuse &BatchNorm",
        "Model",
        later("model_jobs", "fuse"),
        reasons.no_norm,
        "Put BatchNorms into the layers before them: the selected ones, or all",
    ),
    Action(
        "model.quantise",
        "&Quantise weights...",
        "Model",
        later("quantising", "ask"),
        nothing_drawn,
        "Weights as int8 or float16, with a preview of size and error",
    ),
    Action(
        "model.lower",
        "S&how as operators",
        "Model",
        later("model_jobs", "redraw", as_operators=True),
        reasons.not_layers,
        "The selected layers as the ONNX operators that they are written as",
        apart=True,
    ),
    Action(
        "model.raise",
        "Raise to &layers",
        "Model",
        later("model_jobs", "redraw", as_operators=False),
        reasons.not_operators,
        "The selected operators as layers, where they match exactly",
    ),
)
