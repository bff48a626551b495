"""All commands of the window, in the order of their menus. A new command is one function and one row."""

from __future__ import annotations

from sketch.gui.file_actions import EDIT, FILE, INSERT
from sketch.gui.look_actions import RUN, VALUES
from sketch.gui.model_actions import MODEL
from sketch.gui.text_actions import TEXT
from sketch.gui.view_actions import COMPILE, GROUP, HELP, PANELS, VIEW
from sketch.gui.weights_actions import WEIGHTS

TABLE = (
    *FILE,
    *EDIT,
    *TEXT,
    *INSERT,
    *GROUP,
    *MODEL,
    *WEIGHTS,
    *RUN,
    *VIEW,
    *VALUES,
    *PANELS,
    *COMPILE,
    *HELP,
)
