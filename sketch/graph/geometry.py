"""How big a node is drawn and where its ports are; shared by layout, canvas and pictures. Units: scene px."""

from __future__ import annotations

from sketch.graph.rows import Node, Place
from sketch.graph.specs import LayerSpec

NODE_WIDTH = 184.0
NODE_HEIGHT = 56.0
PORT_PITCH = 24.0
GAP_X = 28.0
GAP_Y = 44.0


def port_counts(node: Node, spec: LayerSpec, outputs: int = 1) -> tuple[int, int]:
    """How many (input, output) ports are drawn; a variadic input shows one free port more than it has wires."""
    wired_in = max((edge.into + 1 for edge in node.prior), default=0)
    wired_out = max((edge.out + 1 for edge in node.next), default=0)
    inputs = max(len(spec.inputs), wired_in)
    if spec.inputs and spec.inputs[-1].variadic and wired_in >= len(spec.inputs):
        inputs = wired_in + 1
    many = len(spec.outputs) if not (spec.outputs and spec.outputs[-1].variadic) else outputs
    return inputs, max(many, wired_out)


def node_size(inputs: int, outputs: int) -> tuple[float, float]:
    """(width, height) of a node with this many ports."""
    return max(NODE_WIDTH, PORT_PITCH * (max(inputs, outputs) + 1)), NODE_HEIGHT


def port_offset(index: int, count: int) -> float:
    """Horizontal distance of a port from the node's centre; ports are spread evenly along the border."""
    return (index - (count - 1) / 2) * PORT_PITCH


def input_anchor(place: Place, index: int, count: int) -> tuple[float, float]:
    """Where wires of an input end: on the upper border."""
    return place.x + port_offset(index, count), place.y - NODE_HEIGHT / 2


def output_anchor(place: Place, index: int, count: int) -> tuple[float, float]:
    """Where wires of an output start: on the lower border."""
    return place.x + port_offset(index, count), place.y + NODE_HEIGHT / 2
