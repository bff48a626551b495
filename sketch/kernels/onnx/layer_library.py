"""The layers there are, for what reads files and for what writes functions of torch by layers."""

from __future__ import annotations

from functools import cache

from sketch.graph.library import LayerLibrary
from sketch.resources_root import resource_root


@cache
def library() -> LayerLibrary:
    """Read once a process."""
    return LayerLibrary.load(resource_root() / "layers")
