"""Lines of source that stand for If, Loop and Scan: running them brings no zone back, so they are not edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sketch.graph.zone_kinds import ENDS
from sketch.gui.text_drafts import TextDraft
from sketch.gui.text_syntax import Fault, moved

if TYPE_CHECKING:
    from sketch.graph.tables import Tables


def zone_fault(draft: TextDraft, tables: Tables) -> Fault | None:
    """The first edit inside of a zone's lines, at its line in the edited text."""
    guarded = _guarded(draft, tables)
    if not guarded:
        return None
    places = moved(draft.base.text, draft.text)
    before, after = 0, 0
    for line in range(1, len(draft.base.text.splitlines()) + 2):
        here = places.get(line)
        touched = line in guarded if here is None else here > after + 1 and _inside(guarded, before, line)
        if touched:
            zone = guarded[line]
            return Fault(after + 1, f"'{zone}' comes back from no text; edit it on the canvas.")
        if here is not None:
            before, after = line, here
    return None


def _inside(guarded: Mapping[int, str], first: int, second: int) -> bool:
    """True when two lines belong to the same zone: what stands between them does too."""
    return first in guarded and guarded.get(second) == guarded[first]


def _guarded(draft: TextDraft, tables: Tables) -> dict[int, str]:
    """Line of the text before the edit -> the zone that it belongs to."""
    if tables.layers.isdisjoint(ENDS):
        return {}
    spans = [found.lines for found in draft.base_classes[:-1]]  # the last class is the drawing itself
    found: dict[int, str] = {}
    for node, ranges in draft.base.lines.items():
        zone = _zone_of(tables, node)
        for first, last in ranges if zone else ():
            around = [span for span in spans if span[0] <= first and last <= span[1]]
            start, end = around[-1] if around else (first, last)
            found.update(dict.fromkeys(range(start, end + 1), zone))
    return found


def _zone_of(tables: Tables, node: int) -> str:
    """Name of the outermost If, Loop or Scan around a node, "" where there is none."""
    name, row = "", tables.nodes.get(node)
    while row is not None and row.parent is not None:
        row = tables.nodes[row.parent]
        name = row.name if row.layer in ENDS else name
    return name
