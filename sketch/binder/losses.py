"""Leaving losses out of a compile: their outputs and what only they need go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sketch.binder.kernel import OptionSpec
from sketch.graph.network import Network, Step

INCLUDE_LOSSES = OptionSpec("include_losses", "bool", True, (), "Keep losses that feed an Output.")


def as_asked(network: Network, options: Mapping[str, Any]) -> Network:
    """The network with its losses, or without them when the option says so."""
    return network if options.get(INCLUDE_LOSSES.name, INCLUDE_LOSSES.default) else without_losses(network)


def without_losses(network: Network) -> Network:
    """The network without losses and all that follows them; inputs that only they read go too."""
    gone: set[int] = set()
    for step in network.steps:
        if step.spec.category == "Loss" or any(source and source.node in gone for source in step.inputs):
            gone.add(step.id)
    kept = [step for step in network.steps if step.id not in gone]
    read = {source.node for step in kept for source in step.inputs if source is not None}
    if not gone:
        return network
    return replace(network, steps=tuple(step for step in kept if _stays(step, read, network)))


def _stays(step: Step, read: set[int], network: Network) -> bool:
    """Targets that only a loss read are no inputs any more."""
    if step.layer != "Input" or step.id in read:
        return True
    return not any(source and source.node == step.id for other in network.steps for source in other.inputs)
