"""Matching of small expressions in a graph: operators, constants and values that occur more than once.

A pattern is a text (any value; the same text is the same value), a number (a constant scalar), `Constant` (any constant
tensor), `Named` (a part that occurs again under its name), `OneOf`, or a tuple of an operator and its inputs. Add and
Mul match in either order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known

_SWAPS = ("Add", "Mul")
STANDARD = ("", "ai.onnx")
CLOSE = 1e-6
"""How far a constant may be from what a pattern says, relative to it."""


@dataclass(frozen=True)
class Constant:
    """A constant tensor, bound under its name."""

    name: str


@dataclass(frozen=True)
class Named:
    """A part of a pattern that is bound under a name; later the name alone stands for the same value."""

    name: str
    pattern: Any


class OneOf(tuple[Any, ...]):
    """Alternatives, tried in order."""

    def __new__(cls, *patterns: Any) -> OneOf:
        """Keep the alternatives."""
        return super().__new__(cls, patterns)


@dataclass(frozen=True)
class Match:
    """What was bound, and the operators that were matched, the last one first."""

    values: Mapping[str, ir.Value] = field(default_factory=dict)
    nodes: tuple[ir.Node, ...] = ()

    def node(self, kind: str, nth: int = 0) -> ir.Node:
        """The nth matched operator of a kind."""
        return [node for node in self.nodes if node.op_type == kind][nth]


def matches(value: ir.Value | None, pattern: Any, so_far: Match | None = None) -> Iterator[Match]:
    """Every way in which a value is what the pattern says."""
    so_far = so_far or Match()
    if value is None:
        return
    if isinstance(pattern, OneOf):
        for one in pattern:
            yield from matches(value, one, so_far)
    elif isinstance(pattern, tuple):
        yield from _operator(value, pattern, so_far)
    elif isinstance(pattern, Named):
        for found in matches(value, pattern.pattern, so_far):
            yield from _variable(value, pattern.name, found)
    elif isinstance(pattern, str):
        yield from _variable(value, pattern, so_far)
    elif near(value, float(pattern)) if isinstance(pattern, (int, float)) else known(value) is not None:
        yield (
            so_far
            if isinstance(pattern, (int, float))
            else Match({**so_far.values, pattern.name: value}, so_far.nodes)
        )


def _variable(value: ir.Value, name: str, so_far: Match) -> Iterator[Match]:
    bound = so_far.values.get(name)
    if bound is None:
        yield Match({**so_far.values, name: value}, so_far.nodes)
    elif bound is value:
        yield so_far


def _operator(value: ir.Value, pattern: tuple[Any, ...], so_far: Match) -> Iterator[Match]:
    node = value.producer()
    kind, *parts = pattern
    if node is None or node.domain not in STANDARD or node.op_type != kind:
        return
    inputs = list(node.inputs)[: len(parts)] if kind not in _SWAPS else list(node.inputs)
    if len(inputs) != len(parts):
        return
    orders = [inputs, inputs[::-1]] if kind in _SWAPS else [inputs]
    here = Match(so_far.values, (*so_far.nodes, node))
    for order in orders:
        yield from _all(order, parts, here)


def _all(inputs: list[ir.Value | None], parts: list[Any], so_far: Match) -> Iterator[Match]:
    if not parts:
        yield so_far
        return
    for found in matches(inputs[0], parts[0], so_far):
        yield from _all(inputs[1:], parts[1:], found)


def product_of(first: Any, second: Any, third: Any) -> OneOf:
    """Three factors, in any order of multiplication."""
    orders = ((first, second, third), (second, third, first), (first, third, second))
    return OneOf(*(("Mul", ("Mul", a, b), c) for a, b, c in orders))


def scalar(value: ir.Value | None) -> float | None:
    """A constant with a single element."""
    tensor = known(value)
    if tensor is None or tensor.size != 1 or tensor.dtype == ir.DataType.STRING:
        return None
    return float(np.asarray(tensor.numpy()).reshape(-1)[0])


def near(value: ir.Value | None, wanted: float) -> bool:
    """True for a constant scalar that is this number, to 1e-6 or as its element type rounds it."""
    number = scalar(value)
    if number is None or value is None or len(value.shape or ()) > 1:
        return False
    if value.dtype == ir.DataType.FLOAT16:
        return number == float(np.float16(wanted))
    return math.isclose(number, wanted, rel_tol=CLOSE)


def only_user(value: ir.Value) -> ir.Node | None:
    """The single operator that reads a value nobody else sees."""
    users = list(value.uses())
    return users[0].node if len(users) == 1 and not value.is_graph_output() else None


def other(node: ir.Node, value: ir.Value | None) -> ir.Value | None:
    """The other one of two inputs."""
    if len(node.inputs) != 2:
        return None
    return node.inputs[1] if node.inputs[0] is value else node.inputs[0]


def made_by(value: ir.Value | None, kind: str) -> ir.Node | None:
    """The operator that makes a value, where it is of this kind."""
    node = value.producer() if value is not None else None
    return node if node is not None and node.op_type == kind and node.domain in STANDARD else None


def sizes(value: ir.Value | None) -> tuple[Any, ...] | None:
    """The sizes of a value: numbers, or symbols as texts; None where the rank or a size is not known."""
    if value is None or value.shape is None:
        return None
    found = tuple(size if isinstance(size, int) else size.value for size in value.shape)
    return None if None in found else found
