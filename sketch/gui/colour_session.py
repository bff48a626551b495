"""What a session keeps of the colours of a tab: plain values, and how they are taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketch.gui.colour_tab import TabColours


def kept(colours: TabColours) -> dict[str, Any]:
    """Rule, legend and hidden kinds; nothing for a tab as it was made."""
    hidden = {key: sorted(kinds) for key, kinds in colours.hidden.items()}
    if colours.is_plain and not hidden and colours.wants_legend is None:
        return {"colours": {}}
    return {"colours": {"rule": colours.key, "legend": colours.wants_legend, "hidden": hidden}}


def restore(colours: TabColours, state: Mapping[str, Any]) -> None:
    """Take back what `kept` gave; what is not understood is left out."""
    found = state.get("colours")
    if not isinstance(found, dict) or not found:
        return
    from sketch.graph.colour_rules import HIDING, RULES

    legend, hidden = found.get("legend"), found.get("hidden")
    colours.wants_legend = legend if isinstance(legend, bool) else None
    if isinstance(hidden, dict):
        known = {key: kinds for key, kinds in hidden.items() if key in HIDING and isinstance(kinds, list)}
        colours.set_hidden({key: (str(kind) for kind in kinds) for key, kinds in known.items()})
    if found.get("rule") in RULES:
        colours.use(found["rule"])
