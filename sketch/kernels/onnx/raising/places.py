"""Where the nodes of a graph stand: paths of modules and layers, from what torch's exporters leave beside operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx_ir as ir

from sketch.kernels.onnx.naming import SCOPES_KEY, STEP_NAMES, Drawn, Path, paths, scopes_beside
from sketch.kernels.onnx.raising.layout import reshape
from sketch.kernels.onnx.raising.matching import STANDARD
from sketch.kernels.onnx.raising.patterns import Patterns
from sketch.kernels.onnx.raising.site import Site
from sketch.kernels.onnx.raising.types import type_of


def paths_in(graph: ir.Graph, found: Patterns) -> dict[ir.Node, Path]:
    """Path of every node that will be drawn."""
    drawn = [node for node in graph if node not in found.inside]
    numbers = {node: number for number, node in enumerate(drawn)}
    items = [
        Drawn(
            node.name or "", node.op_type, next((value.name for value in node.outputs if value.name), "") or "",
            _scopes(node), _layer(node, found), tuple(_near(node, found, numbers)),
        )
        for node in drawn
    ]  # fmt: skip
    return dict(zip(drawn, paths(items), strict=True))


def _scopes(node: ir.Node) -> str:
    weight = node.inputs[1].name if len(node.inputs) > 1 and node.inputs[1] else ""
    return scopes_beside(node.metadata_props.get(SCOPES_KEY, ""), node.op_type, weight or "")


def _near(node: ir.Node, found: Patterns, numbers: Mapping[ir.Node, int]) -> Iterator[int]:
    """Numbers of the drawn nodes beside one."""
    owner = found.members.get(node, (node,))
    for member in owner:
        sources = [value.producer() for value in member.inputs if value is not None]
        users = [use.node for value in member.outputs for use in value.uses()]
        yield from (
            numbers[other]
            for other in (*sources, *users)
            if other is not None and other in numbers and other is not node
        )


def _layer(node: ir.Node, found: Patterns) -> str:
    plans = found.plans.get(node)
    if plans is None and node.op_type == "Reshape" and node.domain in STANDARD:
        plans = tuple(reshape(Site(node, type_of)) or ())
    return plans[-1].layer if plans else STEP_NAMES.get(node.op_type, node.op_type)
