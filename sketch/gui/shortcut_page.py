"""docs/shortcuts.md, from the commands of the window and the presets."""

from __future__ import annotations

from sketch.gui.action_table import TABLE
from sketch.gui.key_page import PRESETS
from sketch.gui.shortcut_text import Keys, as_markdown
from sketch.resources_root import resource_root
from sketch.state.settings import PRESET, Settings

PLACE = "docs/shortcuts.md"
"""Where the page is, below the root of the project."""


def page() -> str:
    """The text of the page."""
    return as_markdown(TABLE, {title: _keys(preset) for preset, title in PRESETS.items()})


def _keys(preset: str) -> Keys:
    settings = Settings(resource_root() / "settings.yaml")
    settings.set(PRESET, preset)
    return settings.shortcut
