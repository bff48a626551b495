"""What a new If, Loop or Scan holds at first: its markers, wired so that it runs and changes nothing."""

from __future__ import annotations

from sketch.graph.draft import Draft
from sketch.graph.geometry import GAP_X, GAP_Y, NODE_HEIGHT, NODE_WIDTH
from sketch.graph.zone_kinds import BRANCHES, ENDS, IF, LOOP, STARTS

_DOWN = 2 * (NODE_HEIGHT + GAP_Y)


def furnish(draft: Draft, group: int) -> None:
    """Put the markers into a group that is a new zone; nothing happens to other groups and layers."""
    layer = draft.node(group).layer
    if layer == IF:
        _branches(draft, group)
    elif layer in STARTS:
        _rounds(draft, group, layer)


def _branches(draft: Draft, group: int) -> None:
    for place, branch in enumerate(BRANCHES.values()):
        draft.add(branch, branch.lower(), parent=group, place=(place * (NODE_WIDTH + GAP_X), 0.0))
    draft.add(ENDS[IF], "result", parent=group, place=((NODE_WIDTH + GAP_X) / 2, _DOWN))


def _rounds(draft: Draft, group: int, layer: str) -> None:
    """One value goes from round to round; a Scan also passes each element on."""
    given = {"carried": 1}
    left = {"carried": 1, "collected": 0 if layer == LOOP else 1}
    start = draft.add(STARTS[layer], "start", given, parent=group)
    end = draft.add(ENDS[layer], "end", left, parent=group, place=(0.0, _DOWN))
    outs = (1, 2) if layer == LOOP else (0, 1)
    for into, out in enumerate(outs):
        draft.connect(start, out, end, into)
