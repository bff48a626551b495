"""All commands of the window, in the order of their menus. A new command is one function and one row."""

from __future__ import annotations

from sketch.gui.file_actions import EDIT, FILE, INSERT
from sketch.gui.model_actions import MODEL
from sketch.gui.view_actions import COMPILE, GROUP, HELP, PANELS, VIEW

TABLE = (*FILE, *EDIT, *INSERT, *GROUP, *MODEL, *VIEW, *PANELS, *COMPILE, *HELP)
