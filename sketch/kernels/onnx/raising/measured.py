"""Operators that only read sizes for layers which Sketch wrote: no nodes of a drawing (see measures.py)."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from sketch.kernels.onnx.claims import Claim

_KINDS = frozenset({"Shape", "Gather", "Mul", "Add", "Sub", "Div"})


def only_measure(graph: ir.Graph, claims: Mapping[str, Claim]) -> set[ir.Node]:
    """Operators that only tell layers which Sketch wrote a size: all that reads them claims them as no wire."""
    found: set[ir.Node] = set()
    for node in reversed(list(graph)):
        if (
            node.op_type not in _KINDS
            or node.domain
            or any(value.is_graph_output() for value in node.outputs)
        ):
            continue
        uses = [use for value in node.outputs for use in value.uses()]
        if uses and all(user in found or _is_no_wire(claims, user, place) for user, place in uses):
            found.add(node)
    return found


def _is_no_wire(claims: Mapping[str, Claim], user: ir.Node, place: int) -> bool:
    name = next((value.name for value in user.outputs if value.name), "") or ""
    claim = claims.get(name)
    return claim is not None and place < len(claim.inputs) and claim.inputs[place] is None
