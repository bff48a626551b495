"""Layers that files write as several operators: Linear as MatMul and Add, SiLU, GELU by Erf."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.site import Plan, Weight


@dataclass
class Patterns:
    """What was found: the last operator of a match -> its plan; all other operators of matches."""

    plans: dict[ir.Node, Plan] = field(default_factory=dict)
    inside: set[ir.Node] = field(default_factory=set)

    def add(self, plan: Plan, nodes: Iterable[ir.Node]) -> None:
        """Record a match; its last operator gives the output."""
        *before, last = nodes
        self.plans[last] = plan
        self.inside.update(before)


def find(graph: ir.Graph) -> Patterns:
    """Every match; an operator belongs to one at most."""
    found = Patterns()
    for node in graph:
        if node in found.inside or node in found.plans or node.domain not in ("", "ai.onnx"):
            continue
        if node.op_type == "MatMul":
            _linear(node, found)
        elif node.op_type == "Sigmoid":
            _silu(node, found)
        elif node.op_type == "Erf":
            _gelu(node, found)
    return found


def _only_user(value: ir.Value) -> ir.Node | None:
    """The single operator that reads a value nobody else sees."""
    users = list(value.uses())
    return users[0].node if len(users) == 1 and not value.is_graph_output() else None


def _other(node: ir.Node, value: ir.Value | None) -> ir.Value | None:
    """The other one of two inputs."""
    if len(node.inputs) != 2:
        return None
    return node.inputs[1] if node.inputs[0] is value else node.inputs[0]


def _scalar(value: ir.Value | None) -> float | None:
    tensor = known(value)
    return (
        float(np.asarray(tensor.numpy()).reshape(-1)[0]) if tensor is not None and tensor.size == 1 else None
    )


def _near(value: ir.Value | None, wanted: float) -> bool:
    number = _scalar(value)
    return number is not None and math.isclose(number, wanted, rel_tol=1e-5)


def _linear(node: ir.Node, found: Patterns) -> None:
    """MatMul by a constant matrix, then Add of a constant row."""
    source, table = node.inputs[0], node.inputs[1]
    matrix = known(table)
    user = _only_user(node.outputs[0])
    if matrix is None or table is None or len(matrix.shape) != 2 or known(source) is not None or user is None:
        return
    shift = _other(user, node.outputs[0])
    bias = known(shift)
    if user.op_type != "Add" or shift is None or bias is None:
        return
    out = int(matrix.shape[1])  # type: ignore[arg-type]
    if tuple(bias.shape) != (out,):
        return
    weights = {"weight": Weight(table, None, np.transpose, "T"), "bias": Weight(shift)}
    plan = Plan("Linear", {"out_features": out, "bias": True}, [source], weights, user.outputs[:1])
    found.add(plan, (node, user))


def _silu(node: ir.Node, found: Patterns) -> None:
    """x·Sigmoid(x)."""
    user = _only_user(node.outputs[0])
    if user is not None and user.op_type == "Mul" and _other(user, node.outputs[0]) is node.inputs[0]:
        found.add(Plan("SiLU", {}, [node.inputs[0]], {}, user.outputs[:1]), (node, user))


def _gelu(node: ir.Node, found: Patterns) -> None:
    """x·(1 + Erf(x/√2))/2 in the orders that exporters write."""
    scaled = node.inputs[0].producer() if node.inputs[0] is not None else None
    one = _only_user(node.outputs[0])
    if scaled is None or one is None or one.op_type != "Add" or not _near(_other(one, node.outputs[0]), 1.0):
        return
    x = _scaled_by_root(scaled)
    first = _only_user(one.outputs[0])
    if x is None or first is None or first.op_type != "Mul" or _only_user(scaled.outputs[0]) is not node:
        return
    nodes = _halved(x, one, first)
    if nodes is not None:
        chain = [scaled, node, one, *nodes]
        if not any(item in found.inside or item in found.plans for item in chain):
            found.add(Plan("GELU", {}, [x], {}, chain[-1].outputs[:1]), chain)


def _scaled_by_root(node: ir.Node) -> ir.Value | None:
    """x of x/√2 or x·√½."""
    if node.op_type == "Div" and _near(node.inputs[1], math.sqrt(2)):
        return node.inputs[0]
    if node.op_type == "Mul":
        for place in (0, 1):
            if _near(node.inputs[place], math.sqrt(0.5)):
                return node.inputs[1 - place]
    return None


def _halved(x: ir.Value, one: ir.Node, first: ir.Node) -> list[ir.Node] | None:
    """The operators that multiply by x and by a half, in any order."""
    other = _other(first, one.outputs[0])
    half = other.producer() if other is not None else None
    if half is not None and half.op_type == "Mul" and _only_user(half.outputs[0]) is first:
        for place in (0, 1):
            if _near(half.inputs[place], 0.5) and half.inputs[1 - place] is x:
                return [half, first]
    second = _only_user(first.outputs[0])
    if second is None or second.op_type != "Mul":
        return None
    last = _other(second, first.outputs[0])
    if (other is x and _near(last, 0.5)) or (_near(other, 0.5) and last is x):
        return [first, second]
    return None
