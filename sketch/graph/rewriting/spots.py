"""Places for the nodes that are new in a drawing; the others stay where the person put them."""

from __future__ import annotations

from sketch.graph.arrange import Places, arrange
from sketch.graph.library import LayerLibrary
from sketch.graph.settling import settle
from sketch.graph.tables import Tables

_MOSTLY_NEW = 0.6
"""From this share of new nodes on, a canvas is laid out anew."""


def spots(old: Tables, now: Tables, library: LayerLibrary) -> Places:
    """Places for the nodes of `now` that `old` lacks, and for all on canvases that are mostly new."""
    canvases: dict[int | None, list[int]] = {}
    for key, node in now.nodes.items():
        if key not in old.nodes:
            canvases.setdefault(node.parent, []).append(key)
    found: Places = {}
    for parent, fresh in canvases.items():
        if len(fresh) > _MOSTLY_NEW * len(now.children(parent)):
            found.update(arrange(now, parent, library))
        else:
            found.update(settle(now, library, parent, fresh, rest_stays=True))
    return found
