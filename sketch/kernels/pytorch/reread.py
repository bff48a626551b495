"""Reads back what was just built, to note the parameters that PyTorch's own objects do not keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from torch import fx

from sketch.graph.library import LayerLibrary
from sketch.kernels.pytorch.lift import Lifter
from sketch.kernels.pytorch.notes import Notes
from sketch.resources_root import resource_root


@lru_cache(maxsize=1)
def library() -> LayerLibrary:
    """The layers there are."""
    return LayerLibrary.load(resource_root() / "layers")


def unsaid(
    module: fx.GraphModule, notes: Mapping[str, Any], nodes: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    """Index of a node -> (parameters as they read back, parameters as they were said), where these differ."""
    told = Notes(dict(notes))
    lifter = Lifter(module, library(), None, told.inputs(), told)
    draft = lifter.lift().draft
    found = {}
    for index, made in lifter.owners.items():
        read, said = dict(draft.node(made[0]).params), dict(nodes[index][1])
        if read != said:
            found[index] = (read, said)
    return found
