"""If, Loop and Scan of a file as zones of the drawing: a group with markers, and the body as ordinary nodes inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import onnx_ir as ir

from sketch.graph.zone_kinds import (
    BRANCHES,
    IF,
    IF_END,
    LOOP,
    LOOP_END,
    LOOP_START,
    SCAN,
    SCAN_END,
    SCAN_START,
)
from sketch.kernels.onnx.building import Builder
from sketch.kernels.onnx.raising.site import plain_attribute

Path = tuple[str, ...]
Walk = Callable[[ir.Graph, Path], None]
"""Adds the operators of a graph, with their names below a path."""


def opens(node: ir.Node) -> bool:
    """True for control flow with bodies. Scan of opset 8 has one input more and a batch; it stays an operator."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in (IF, LOOP, SCAN):
        return False
    return node.op_type == IF or len(node.inputs) <= len(node.attributes["body"].as_graph().inputs)


def open_zone(node: ir.Node, path: Sequence[str], build: Builder, walk: Walk) -> None:
    """Add the group, its markers and its body; the operator's outputs are those of the end marker."""
    home = build.zone(tuple(path), node.op_type)
    end = _branches(node, home, build, walk) if node.op_type == IF else _rounds(node, home, build, walk)
    for out, value in enumerate(node.outputs):
        if value.name:
            build.bind(value, end, out)
            build.hint(end, out, value)


def _branches(node: ir.Node, home: Path, build: Builder, walk: Walk) -> int:
    end = build.add(IF_END, (*home, "result"), {"results": len(node.outputs)})
    _wire(build, node.inputs[:1], end, 0)
    place = 1
    for attribute, layer in BRANCHES.items():
        graph = node.attributes[attribute].as_graph()
        walk(graph, build.zone((*home, layer.lower()), layer))
        _wire(build, graph.outputs, end, place)
        place += len(graph.outputs)
    return end


def _rounds(node: ir.Node, home: Path, build: Builder, walk: Walk) -> int:
    graph = node.attributes["body"].as_graph()
    given, left = _marks(node, graph)
    kinds = (LOOP_START, LOOP_END) if node.op_type == LOOP else (SCAN_START, SCAN_END)
    start = build.add(kinds[0], (*home, "start"), given)
    _wire(build, node.inputs, start, 0)
    for out, value in enumerate(graph.inputs):
        build.bind(value, start, out)
        build.hint(start, out, value)
    walk(graph, home)
    end = build.add(kinds[1], (*home, "end"), left)
    _wire(build, graph.outputs, end, 0)
    return end


def _marks(node: ir.Node, graph: ir.Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters of the start and of the end marker."""
    own = {name: plain_attribute(item) for name, item in node.attributes.items() if name != "body"}
    if node.op_type == LOOP:
        carried = len(graph.inputs) - 2
        return {"carried": carried}, {"carried": carried, "collected": len(graph.outputs) - 1 - carried}
    carried = len(graph.inputs) - int(own["num_scan_inputs"])
    given: dict[str, Any] = {"carried": carried, **_only(own, "num_scan_inputs", "scan_input")}
    left = {"carried": carried, "collected": len(graph.outputs) - carried, **_only(own, "scan_output")}
    return given, left


def _only(attributes: Mapping[str, Any], *prefixes: str) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name.startswith(prefixes)}


def _wire(build: Builder, values: Sequence[ir.Value | None], target: int, first: int) -> None:
    for place, value in enumerate(values):
        if value is not None:
            build.wire(value, target, first + place)
