"""In-place layers stay in place only where nothing else reads the value that they overwrite."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sketch.graph.network import Network, Source, Step

_VIEWS = frozenset({
    "Identity", "Flatten", "Unflatten", "Reshape", "Permute", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Cast",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "PixelShuffle", "PixelUnshuffle",
    "ChannelShuffle", "Pad", "Interpolate", "Upsample",
})  # fmt: skip
"""Layers that may give back (part of) their input's own memory."""

_NEVER = frozenset({"Input", "Parameter", "Constant", "Expand", "Split", "Chunk", "Gather"})
"""Layers whose output shares memory with more than one reader."""


def without_unsafe_inplace(network: Network) -> tuple[Network, dict[int, dict[str, bool]]]:
    """The network with `inplace` off where it would change what another node reads, and what was turned off."""
    if not any(step.params.get("inplace") for step in network.steps):
        return network, {}
    uses = Counter(source for step in network.steps for source in step.inputs if source is not None)
    by_id = network.by_id
    dropped: dict[int, dict[str, bool]] = {}
    steps = []
    for step in network.steps:
        if step.params.get("inplace") and not _private(step.inputs[0] if step.inputs else None, uses, by_id):
            dropped[step.id] = {"inplace": True}
            steps.append(replace(step, params=step.params.with_(inplace=False)))
        else:
            steps.append(step)
    return (replace(network, steps=tuple(steps)) if dropped else network), dropped


def _private(source: Source | None, uses: Counter[Source], by_id: dict[int, Step]) -> bool:
    """True when only one node reads this value and no other value shares its memory."""
    while source is not None:
        step = by_id[source.node]
        if uses[source] != 1 or step.layer in _NEVER or step.spec.is_operator:
            return False
        if step.layer not in _VIEWS and not step.params.get("inplace"):
            return True
        source = step.inputs[0] if step.inputs else None
    return True
