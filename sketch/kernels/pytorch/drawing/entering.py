"""Which modules are entered again after something that depends on them has run elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from torch import fx

from sketch.kernels.pytorch.flow import comes_back

Path = tuple[str, ...]


def entered_again(homes: Mapping[fx.Node, Path]) -> frozenset[str]:
    """Paths of groups that a value leaves and comes back to: no one call of a module can be all of them.

    Args:
        homes: the path of the group of each call, in the order of the graph.
    """
    inside: dict[Path, list[fx.Node]] = {}
    runs: dict[Path, int] = {}
    before: Path = ()
    for node, home in homes.items():
        for depth in range(1, len(home) + 1):
            group = home[:depth]
            inside.setdefault(group, []).append(node)
            runs[group] = runs.get(group, 0) + (before[:depth] != group)
        before = home
    twice = (group for group, count in runs.items() if count > 1)
    found = (group for group in twice if comes_back(set(inside[group]), lambda node: node.users))
    return frozenset(".".join(group) for group in found)
