"""How big a node is drawn and where its ports are; shared by layout, canvas and pictures. Units: scene px.

A drawing runs down (inputs on the upper border, outputs on the lower) or to the right (left and right border).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.rows import Node
from sketch.graph.specs import LayerSpec

DOWN = "down"
RIGHT = "right"

NODE_WIDTH = 184.0
NODE_HEIGHT = 56.0
PORT_PITCH = 24.0
GAP_X = 28.0
GAP_Y = 44.0
GAP_RIGHT = 96.0
LANE_GAP = 12.0
"""Between two wires beside each other."""


def direction(meta: Mapping[str, Any]) -> str:
    """Where a drawing runs to, by its meta rows: `DOWN` or `RIGHT`."""
    return RIGHT if meta.get("direction") == RIGHT else DOWN


def layer_gap(runs: str = DOWN) -> float:
    """Between the layers of an arranged drawing; wires that run to the right have their labels there."""
    return GAP_RIGHT if runs == RIGHT else GAP_Y


def port_counts(node: Node, spec: LayerSpec, outputs: int = 1) -> tuple[int, int]:
    """How many (input, output) ports are drawn; a variadic input shows one free port more than it has wires."""
    wired_in = wired_out = 0
    for _, _, _, into in node.prior:
        if into >= wired_in:
            wired_in = into + 1
    for _, out, _, _ in node.next:
        if out >= wired_out:
            wired_out = out + 1
    inputs = max(len(spec.inputs), wired_in)
    if spec.inputs and spec.inputs[-1].variadic and wired_in >= len(spec.inputs):
        inputs = wired_in + 1
    many = len(spec.outputs) if not (spec.outputs and spec.outputs[-1].variadic) else outputs
    return inputs, max(many, wired_out)


def node_size(inputs: int, outputs: int, runs: str = DOWN) -> tuple[float, float]:
    """(width, height) of a node with this many ports in a drawing that runs down or to the right."""
    border = PORT_PITCH * (max(inputs, outputs) + 1)
    if runs == RIGHT:
        return NODE_WIDTH, max(NODE_HEIGHT, border)
    return max(NODE_WIDTH, border), NODE_HEIGHT


def port_offset(index: int, count: int) -> float:
    """Distance of a port from the middle of its border; ports are spread evenly along it."""
    return (index - (count - 1) / 2) * PORT_PITCH


def input_anchor(
    centre: tuple[float, float], size: tuple[float, float], index: int, count: int, runs: str = DOWN
) -> tuple[float, float]:
    """Where wires of an input end: on the upper border, or the left one."""
    offset = port_offset(index, count)
    if runs == RIGHT:
        return centre[0] - size[0] / 2, centre[1] + offset
    return centre[0] + offset, centre[1] - size[1] / 2


def output_anchor(
    centre: tuple[float, float], size: tuple[float, float], index: int, count: int, runs: str = DOWN
) -> tuple[float, float]:
    """Where wires of an output start: on the lower border, or the right one."""
    offset = port_offset(index, count)
    if runs == RIGHT:
        return centre[0] + size[0] / 2, centre[1] + offset
    return centre[0] + offset, centre[1] + size[1] / 2
