"""Which layers usually come after which: resources/followers.yaml, counted in real networks by a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sketch.graph.kept import kept_yaml
from sketch.graph.network import Network

Pairs = frozenset[tuple[str, str]]
"""(layer, layer that reads it)."""


class Followers:
    """What follows and what comes before, as shares of the networks that have the layer.

    `counts` maps a layer to the layers that read it, each with the number of networks in which one does.
    """

    def __init__(self, counts: Mapping[str, Mapping[str, int]]):
        self._after = counts
        self._before: dict[str, dict[str, int]] = {}
        for layer, readers in counts.items():
            for reader, count in readers.items():
                self._before.setdefault(reader, {})[layer] = count

    @classmethod
    def load(cls, path: Path, kept_in: Path | None = None) -> Followers:
        """Read the file; what was read is kept in the folder `kept_in` for the next time."""
        return cls(kept_yaml(path, kept_in)["after"])

    def after(self, layer: str) -> dict[str, float]:
        """layer -> how usual it is after this one, 0 to 1; the most usual has 1."""
        return _shares(self._after.get(layer, {}))

    def before(self, layer: str) -> dict[str, float]:
        """layer -> how usual it is before this one, 0 to 1; the most usual has 1."""
        return _shares(self._before.get(layer, {}))


def pairs_in(network: Network) -> Pairs:
    """Every pair of layers that a wire joins."""
    layers = {step.id: step.layer for step in network.steps}
    return frozenset(
        (layers[source.node], step.layer)
        for step in network.steps
        for source in step.inputs
        if source is not None and source.node in layers
    )


def counted(networks: Iterable[Pairs]) -> dict[str, dict[str, int]]:
    """In how many networks each pair is: layer -> layer that reads it -> number, the most usual first."""
    counts: dict[str, dict[str, int]] = {}
    for pairs in networks:
        for layer, reader in pairs:
            readers = counts.setdefault(layer, {})
            readers[reader] = readers.get(reader, 0) + 1
    return {
        layer: dict(sorted(counts[layer].items(), key=lambda item: (-item[1], item[0])))
        for layer in sorted(counts)
    }


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    most = max(counts.values(), default=1)
    return {layer: count / most for layer, count in counts.items()}
