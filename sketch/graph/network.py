"""Network: the frozen, topologically ordered, shape-resolved picture of a document that kernels receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sketch.graph.checks import graph_problems
from sketch.graph.freezing import frozen_roles
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.order import sort
from sketch.graph.problems import Problem
from sketch.graph.rows import FrozenDict, TensorRow, ValueType
from sketch.graph.specs import LayerSpec
from sketch.graph.tables import Tables, whole
from sketch.graph.weights import WeightType


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input comes from: output `out` of the step with this id."""

    node: int
    out: int


@dataclass(frozen=True, slots=True)
class Step:
    """One layer or operator of a Network.

    `params` are the effective values; `pinned` only those that the person or file gave. `inputs` follow port numbers,
    None where an optional input is open. `types` are the output types (None when unknown). `weights` maps role
    to what is needed, `stored` maps role to the tensor id that holds it (absent: initialise at compile).
    `stored` leaves out tensors whose shape no longer fits; those are in `outgrown`. `frozen` are the roles of the
    weights that training leaves as they are.
    """

    id: int
    name: str
    layer: str
    spec: LayerSpec
    params: FrozenDict
    pinned: FrozenDict
    inputs: tuple[Source | None, ...]
    input_types: tuple[ValueType | None, ...]
    types: tuple[ValueType | None, ...]
    weights: Mapping[str, WeightType]
    stored: Mapping[str, int]
    outgrown: tuple[str, ...]
    parent: int | None
    bodies: Mapping[str, Body] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Body:
    """A graph that an If, Loop or Scan runs, as a network of its own (see zones.collapse).

    Its inputs are what the operator gives it, then the values that it reads from outside: the last inputs of the step.
    """

    network: Network
    captures: int


@dataclass(frozen=True, slots=True)
class GroupBox:
    """A group: `layer` says which kind (Group, Sequential, Loop, ...); members point to it by `parent`."""

    id: int
    name: str
    layer: str
    parent: int | None


@dataclass(frozen=True)
class Network:
    """What a kernel is given. `steps` are in topological order, Input and Output nodes among them.

    `seed` makes initialisation reproducible. `tensors` maps tensor id to its row; the bytes are in `store`
    (a binder.tensors.TensorStore) under the row's digest. `positions` holds the places for pictures.
    `ends` are the specs of Input and Output, which the bodies of zones need.
    """

    name: str
    steps: tuple[Step, ...]
    groups: Mapping[int, GroupBox]
    tensors: Mapping[int, TensorRow]
    seed: int = 0
    problems: tuple[Problem, ...] = ()
    parameters: int = 0
    meta: Mapping[str, Any] = field(default_factory=dict)
    store: Any = None
    tables: Tables | None = field(default=None, compare=False, repr=False)
    ends: tuple[LayerSpec, ...] = ()

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def step(self, node_id: int) -> Step:
        """The step with this id."""
        return self.by_id[node_id]

    @property
    def by_id(self) -> dict[int, Step]:
        """id -> step, built once."""
        index: dict[int, Step] | None = self.__dict__.get("_by_id")
        if index is None:
            index = {step.id: step for step in self.steps}
            self.__dict__["_by_id"] = index
        return index

    @property
    def inputs(self) -> tuple[Step, ...]:
        """The Input nodes in the order in which they were drawn."""
        return tuple(sorted((s for s in self.steps if s.layer == "Input"), key=lambda step: step.id))

    @property
    def outputs(self) -> tuple[Step, ...]:
        """The Output nodes in the order in which they were drawn."""
        return tuple(sorted((s for s in self.steps if s.layer == "Output"), key=lambda step: step.id))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a compile."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def frozen_parameters(self) -> int:
        """How many elements of `parameters` are frozen; tied tensors once."""
        counts = {
            step.stored.get(role, (step.id, role)): step.weights[role].count or 0
            for step in self.steps for role in step.frozen
            if role in step.weights and step.weights[role].trainable
        }  # fmt: skip
        return sum(counts.values())

    def path(self, step: Step | GroupBox) -> tuple[str, ...]:
        """Names of the enclosing groups, outermost first, then its own name."""
        names = [step.name]
        parent = step.parent
        while parent is not None:
            names.append(self.groups[parent].name)
            parent = self.groups[parent].parent
        return tuple(reversed(names))

    def qualified(self, step: Step | GroupBox) -> str:
        """`layer1.0.conv1`: the path with dots; keys of a state_dict are this plus a role."""
        return ".".join(self.path(step))

    def summary(self) -> str:
        """A table of layers: name, type, output shape, parameters; totals last."""
        rows = [("layer", "type", "output", "parameters")]
        for step in self.steps:
            count = sum(w.count or 0 for w in step.weights.values() if w.trainable)
            shapes = ", ".join("?" if kind is None else str(kind) for kind in step.types)
            rows.append((self.qualified(step), step.layer, shapes, f"{count:,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + f"  {row[3]:>12}"
            for row in rows
        ]
        free = self.parameters - self.frozen_parameters
        frozen = f", {self.frozen_parameters:,} frozen," if self.frozen_parameters else ""
        return "\n".join([*lines, f"{free:,} trainable parameters{frozen} in {len(self.steps)} nodes"])


def freeze_network(
    tables: Tables,
    inference: Inference,
    *,
    name: str = "network",
    store: Any = None,
    problems: tuple[Problem, ...] = (),
) -> Network:
    """The Network of a document's present state; O(n), done once a job."""
    library = inference.library
    groups, steps = {}, []
    for node_id in sort(tables):
        node = tables.nodes[node_id]
        if library[node.layer].group:
            groups[node_id] = GroupBox(node_id, node.name, node.layer, node.parent)
        else:
            steps.append(_step(tables, inference, library, node_id))
    return Network(
        name=name,
        steps=tuple(steps),
        groups=groups,
        tensors=dict(tables.tensors),
        seed=tables.meta.get("seed", 0),
        problems=(*inference.problems(), *problems),
        parameters=inference.total_parameters,
        meta=dict(tables.meta),
        store=store,
        tables=tables,
        ends=tuple(library[name] for name in ("Input", "Output") if name in library),
    )


def _step(tables: Tables, inference: Inference, library: LayerLibrary, node_id: int) -> Step:
    node, resolved = tables.nodes[node_id], inference.of(node_id)
    inputs: list[Source | None] = [None] * len(resolved.inputs)
    for edge in node.prior:
        inputs[edge.into] = Source(edge.source, edge.out)
    stored = tables.weights_of(node_id)
    fits = {
        role: tensor for role, tensor in stored.items()
        if (kind := resolved.weights.get(role)) is not None and tables.tensors[tensor].shape == kind.shape
    }  # fmt: skip
    return Step(
        node_id, node.name, node.layer, library[node.layer], resolved.params, node.params, tuple(inputs),
        resolved.inputs, resolved.outputs, {r: w for r, w in resolved.weights.items() if w is not None}, fits,
        tuple(role for role in stored if role not in fits), node.parent, {}, frozen_roles(tables.meta, node_id),
    )  # fmt: skip


def build_network(
    tables: Tables, library: LayerLibrary, *, name: str = "network", store: Any = None
) -> Network:
    """Infer everything and freeze it (command line, worker, Python API)."""
    inference = Inference(library)
    inference.follow(tables, whole(tables))
    return freeze_network(
        tables, inference, name=name, store=store, problems=graph_problems(tables, inference)
    )
