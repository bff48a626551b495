"""By what nodes can be coloured: for each rule what a node counts, and how a group is made of its members."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

from sketch.graph.colour_scale import PLAIN
from sketch.graph.cost import layer_flops
from sketch.graph.dims import Dim, substitute, symbols_in
from sketch.graph.element_types import bits_of
from sketch.graph.freezing import frozen_roles
from sketch.graph.infer import Inference
from sketch.graph.problems import Problem
from sketch.graph.rows import ValueType
from sketch.graph.tables import Tables


@dataclass(frozen=True, slots=True)
class WeightSums:
    """What is kept of the numbers of a tensor, or of several: enough for every statistic of their union.

    `count` finite elements, their `mean`, the sum of squared distances from it (`spread`), the sum of magnitudes
    (`size`), the `largest` magnitude, and how many are `zeros`.
    """

    count: int
    mean: float
    spread: float
    size: float
    largest: float
    zeros: int

    def __add__(self, other: WeightSums) -> WeightSums:
        count = self.count + other.count
        if not count:
            return self
        apart = other.mean - self.mean
        return WeightSums(
            count, self.mean + apart * other.count / count,
            self.spread + other.spread + apart * apart * self.count * other.count / count,
            self.size + other.size, max(self.largest, other.largest), self.zeros + other.zeros,
        )  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What rules look at. `sums` holds the weights measured so far by digest; `refusals` what the kernel refuses.
    `level` is that of the groups that the rule `group` tells apart.
    """

    tables: Tables
    inference: Inference
    sums: Mapping[str, WeightSums] = field(default_factory=dict)
    refusals: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)
    level: int = 1


Measure = Callable[[Facts, int], Any]


def by_node(problems: Iterable[Problem]) -> dict[int, tuple[Problem, ...]]:
    """Problems of nodes by their node."""
    found: dict[int, tuple[Problem, ...]] = {}
    for problem in problems:
        if problem.node is not None:
            found[problem.node] = (*found.get(problem.node, ()), problem)
    return found


@dataclass(frozen=True)
class Rule:
    """One way to colour.

    `measure` gives what a layer counts: the name of its kind, or a number on a scale; None where it has nothing to
    say. `join` makes a group's from its members' (of kinds it is not used: a group is a mixture). `read` turns what
    was joined into the number on the scale. `kinds` is the fixed order of kinds, if there is one. `unit` is empty,
    `B` or `%`. `from_zero` says that 0 is a number like others; else 0 looks grey. `needs_sums` says that weights
    have to be measured first; `along` that the measure reads the values of the nodes before; `in_order` that kinds are
    listed as they come in the drawing, not the most frequent first.
    """

    key: str
    title: str
    measure: Measure
    doc: str
    scale: bool = True
    join: Callable[[Iterable[Any]], Any] = sum
    read: Callable[[Any], float | None] = lambda value: None if value is None else float(value)
    kinds: tuple[str, ...] = ()
    unit: str = ""
    none: str = ""
    from_zero: bool = False
    needs_sums: bool = False
    along: bool = False
    in_order: bool = False
    of_class: Callable[[Facts, str], str] | None = None
    """Where the class of a layer alone says what it counts: the same of a class; thousands of layers have few."""

    @property
    def tints(self) -> bool:
        """True where whole nodes are coloured, not only their strips."""
        return self.key != PLAIN

    @property
    def can_hide(self) -> bool:
        """True where kinds are types of layers, which can be hidden."""
        return self.key in HIDING


HIDING = ("type", "layer")
"""Rules whose kinds can be hidden."""


def node_bytes(facts: Facts, node_id: int) -> int | None:
    """Bytes of a layer's outputs, named sizes counted as 1; None where a shape or type is not known."""
    if facts.tables.nodes[node_id].layer == "Output":
        return 0
    total = 0
    for kind in facts.inference.of(node_id).outputs:
        bits = 0 if kind is None else bits_of(kind.dtype)
        if kind is None or kind.shape is None or not bits:
            return None
        total += -(-prod(map(as_number, kind.shape)) * bits // 8)
    return total


def node_flops(facts: Facts, node_id: int) -> int | None:
    """Floating-point operations of a layer, named sizes counted as 1; None where its output is not known."""
    resolved = facts.inference.of(node_id)
    outputs = _sizes(resolved.outputs[:1])
    weights = {role: kind for role, kind in resolved.weights.items() if kind is not None}
    if None in outputs or len(weights) < len(resolved.weights):
        return None
    layer = facts.tables.nodes[node_id].layer
    return as_number(layer_flops(layer, resolved.params, _sizes(resolved.inputs), outputs, weights))


def _sizes(types: tuple[ValueType | None, ...]) -> tuple[tuple[int, ...] | None, ...]:
    """Shapes with 1 for every name."""
    return tuple(
        None if kind is None or kind.shape is None else tuple(map(as_number, kind.shape)) for kind in types
    )


def as_number(dim: Dim) -> int:
    """A size with 1 for every name in it."""
    if isinstance(dim, int):
        return dim
    if all(atom.isidentifier() for atoms, _ in dim.terms for atom in atoms):
        return sum(factor for _, factor in dim.terms)
    found = substitute(dim, dict.fromkeys(symbols_in(dim), 1))
    return found if isinstance(found, int) else 0


def node_dtype(facts: Facts, node_id: int) -> str | None:
    """Element type of the first output (of an Output, of what comes in)."""
    resolved = facts.inference.of(node_id)
    kinds = resolved.outputs or resolved.inputs
    return kinds[0].dtype if kinds and kinds[0] is not None else None


def node_sums(facts: Facts, node_id: int) -> WeightSums | None:
    """The trained weights that a layer has stored, all together; None before they are measured."""
    found = [
        facts.sums[digest]
        for digest in digests_of(facts.tables, facts.inference, node_id)
        if digest in facts.sums
    ]
    return sum(found[1:], found[0]) if found else None


def digests_of(tables: Tables, inference: Inference, node_id: int) -> list[str]:
    """Digests of the stored weights of a layer that training changes."""
    kinds = inference.of(node_id).weights if node_id in inference else {}
    rows = ((kinds.get(role), tables.tensors[tensor]) for role, tensor in tables.weights_of(node_id).items())
    return [
        row.digest for kind, row in rows if kind is not None and kind.trainable and kind.shape == row.shape
    ]


def node_training(facts: Facts, node_id: int) -> str | None:
    """Whether training changes the weights of a layer; None for one without weights."""
    kinds = facts.inference.of(node_id).weights
    roles = {role for role, kind in kinds.items() if kind is not None and kind.trainable}
    if not roles:
        return None
    held = roles & frozen_roles(facts.tables.meta, node_id)
    return TRAINING[1] if not held else TRAINING[0] if held == roles else TRAINING[2]


def node_problem(facts: Facts, node_id: int) -> str | None:
    """The worst problem of a layer, what the kernel refuses included."""
    found = {
        problem.severity
        for problem in (*facts.inference.problems_of(node_id), *facts.refusals.get(node_id, ()))
    }
    return next((PROBLEMS[severity] for severity in PROBLEMS if severity in found), None)


def node_group(facts: Facts, node_id: int) -> str | None:
    """The group around a node at the level of the facts, as its path; the innermost one where it is not so deep."""
    nodes, names = facts.tables.nodes, []
    parent = nodes[node_id].parent
    while parent is not None:
        names.append(nodes[parent].name)
        parent = nodes[parent].parent
    return ".".join(reversed(names[-facts.level :])) or None


def joined_sums(members: Iterable[WeightSums]) -> WeightSums | None:
    """The weights of a group: those of its members together."""
    found = list(members)
    return sum(found[1:], found[0]) if found else None


TRAINING = ("Frozen", "Trained", "Partly frozen")
PROBLEMS = MappingProxyType({"error": "Errors", "warning": "Warnings", "note": "Notes"})


def _parameters(facts: Facts, node_id: int) -> int | None:
    return facts.inference.of(node_id).parameters


def _statistic(key: str, title: str, doc: str, read: Callable[[WeightSums], float], **more: Any) -> Rule:
    return Rule(
        key, title, node_sums, doc, join=joined_sums, none="no stored weights", needs_sums=True,
        read=lambda sums: read(sums) if sums is not None and sums.count else None, **more,
    )  # fmt: skip


_RULES = (
    Rule(
        "type", "Type", lambda f, n: f.inference.library[f.tables.nodes[n].layer].category,
        "By the category of the toolbox", scale=False, of_class=lambda f, layer: f.inference.library[layer].category,
    ),
    Rule(
        "layer", "Layer", lambda f, n: f.tables.nodes[n].layer, "By the class of the layer", scale=False,
        of_class=lambda f, layer: layer,
    ),
    Rule("dtype", "Element type", node_dtype, "By the element type of the first output", scale=False, none="not known"),
    Rule("parameters", "Parameters", _parameters, "Trainable parameters; groups have the sum", none="no parameters"),
    Rule(
        "flops", "FLOPs", node_flops, "Floating-point operations; named sizes count as 1; groups have the sum",
        none="no operations",
    ),
    Rule(
        "memory", "Memory", node_bytes, "Bytes of the outputs; named sizes count as 1; groups have the sum", unit="B",
        none="no output",
    ),
    _statistic(
        "weight_mean", "Mean |weight|", "Mean magnitude of the trained weights", lambda s: s.size / s.count
    ),
    _statistic(
        "weight_std", "Weight deviation", "Standard deviation of the trained weights",
        lambda s: math.sqrt(s.spread / s.count),
    ),
    _statistic("weight_largest", "Largest |weight|", "Largest magnitude of the trained weights", lambda s: s.largest),
    _statistic(
        "weight_zeros", "Zero weights", "Share of zeros among the trained weights",
        lambda s: 100.0 * s.zeros / s.count, unit="%", from_zero=True,
    ),
    Rule(
        "depth", "Depth", lambda f, n: None, "Layers on the longest way from an input; groups begin where their first "
        "layer does", join=min, from_zero=True, along=True, none="not reached",
    ),
    Rule(
        "group", "Group", node_group, "By the group around a layer", scale=False, none="in no group", in_order=True,
    ),
    Rule(
        "frozen", "Frozen", node_training, "Whether training changes the weights", scale=False, kinds=TRAINING,
        none="no weights",
    ),
    Rule(
        "problems", "Problems", node_problem, "By the worst problem", scale=False, kinds=tuple(PROBLEMS.values()),
        none="no problem",
    ),
)  # fmt: skip
RULES: Mapping[str, Rule] = MappingProxyType({rule.key: rule for rule in _RULES})
"""Every rule by its key, in the order in which they are offered."""
