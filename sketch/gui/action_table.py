"""All commands of the window, in the order of their menus. A new command is one function and one row."""

from __future__ import annotations

from sketch.gui.canvas_actions import ALIGNING, FRAMES, GO, SELECTING, TAKING, WIRES
from sketch.gui.colour_actions import COLOUR
from sketch.gui.file_actions import EDIT, FILE, INSERT
from sketch.gui.group_actions import LINKS
from sketch.gui.look_actions import RUN, VALUES
from sketch.gui.model_actions import MODEL
from sketch.gui.text_actions import TEXT
from sketch.gui.view_actions import COMPILE, GROUP, HELP, PANELS, VIEW
from sketch.gui.weights_actions import WEIGHTS

TABLE = (
    *FILE,
    *EDIT,
    *SELECTING,
    *ALIGNING,
    *WIRES,
    *TEXT,
    *INSERT,
    *FRAMES,
    *GROUP,
    *TAKING,
    *LINKS,
    *MODEL,
    *WEIGHTS,
    *RUN,
    *VIEW,
    *VALUES,
    *COLOUR,
    *PANELS,
    *GO,
    *COMPILE,
    *HELP,
)
