"""Single operators that take sizes which were computed from the inputs' sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising import layout
from sketch.kernels.onnx.raising.site import Finder, Found, Raiser, Site
from sketch.kernels.onnx.raising.sizes import sizes_of
from sketch.kernels.onnx.raising.types import type_of


def _by(raiser: Raiser, index: int = 1) -> Finder:
    """A raiser where the sizes at an input are computed, and known in terms of the input."""

    def finder(node: ir.Node) -> Iterator[Found]:
        wanted = node.inputs[index] if index < len(node.inputs) else None
        if wanted is None or known(wanted) is not None or sizes_of(wanted) is None:
            return
        site = Site(node, type_of)
        if site.shape(0) is None:
            return
        plans = raiser(site)
        if plans:
            yield Found(plans, (node,))

    return finder


FINDERS: Mapping[str, Finder] = {
    "Reshape": _by(layout.reshape),
    "Expand": _by(layout.expand),
    "Resize": _by(layout.resize, 3),
}
