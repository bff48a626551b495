"""The commands of edited source: one row each. Their keys work while the text has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketch.gui.action_rows import Action, later
from sketch.gui.reasons import no_tab

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow


def not_edited(window: MainWindow) -> str | None:
    """Why there is nothing to accept or discard."""
    if window.is_filled and window.panels.source.code.large.is_going:
        return "Lines of the source are being changed."
    if not window.is_filled or window.panels.source.draft is None:
        return "The source is not edited."
    return None


TEXT = (
    Action(
        "text.accept",
        "&Accept the edits",
        "Edit/Source te&xt",
        later("text_commands", "accept"),
        not_edited,
        "Run the edited source and let the drawing follow",
        scope="gesture",
    ),
    Action(
        "text.discard",
        "&Discard the edits",
        "Edit/Source te&xt",
        later("text_commands", "discard"),
        not_edited,
        "Show the source of the drawing again",
        scope="gesture",
    ),
    Action(
        "text.find",
        "&Find in the source...",
        "Edit/Source te&xt",
        later("text_commands", "find"),
        no_tab,
        scope="gesture",
        apart=True,
    ),
    Action(
        "text.comment",
        "&Comment or uncomment",
        "Edit/Source te&xt",
        later("text_commands", "comment"),
        no_tab,
        "Make the selected lines of the source comments, or code again",
        scope="gesture",
    ),
)
