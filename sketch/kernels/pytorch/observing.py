"""Runs a drawing call by call and measures every value; a failure stops only what needs it. In the worker only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, Task
from sketch.binder.observing import Recorder
from sketch.binder.run_facts import Key, Look, RunFacts, ValueFacts, first_origin, given_text
from sketch.graph.network import Network, Source, Step
from sketch.graph.zone_kinds import ENDS
from sketch.kernels.pytorch.arrays import readable, torch_type, type_name
from sketch.kernels.pytorch.build import Builder
from sketch.kernels.pytorch.drafting import root_names
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.table import TENSORS
from sketch.kernels.pytorch.weights import Weights

Array = np.ndarray[Any, Any]
PROGRESS_SECONDS = 0.05
"""Progress is told at most this often: the window has other things to do than to count nodes."""


def observe(network: Network, look: Look, task: Task) -> RunFacts:
    """Facts of every value that could be computed, one line for each node that could not."""
    sound, failures, skipped = _sound_part(network)
    plan = Plan(_with_ends(sound))
    weights = Weights(plan.network, task.store, plan.spelled)
    builder = Builder(plan, weights)
    graph = builder.graph()
    builder.root.train(look.train)
    watch = _Watch(builder, graph, network, look, task)
    with np.load(look.inputs, allow_pickle=False) as arrays:
        given = [_given(plan.network.step(source.node), arrays) for source in root_names(plan)]
    torch.manual_seed(look.seed)
    with torch.no_grad():
        watch.run(*given)
    broken = {key: f"It cannot run: {reason}." for key, reason in plan.broken.items() if key in network.by_id}
    failures = {**failures, **_first_causes(plan, broken), **watch.failures}
    skipped = {*skipped, *(broken.keys() - failures.keys()), *watch.skipped} - failures.keys()
    facts = RunFacts(
        watch.recorder.values, failures, tuple(sorted(skipped)), watch.recorder.kept, watch.recorder.partings
    )
    return replace(facts, bad_weights=_bad_weights(network, facts, plan, builder.root))


def _sound_part(network: Network) -> tuple[Network, dict[int, str], set[int]]:
    """The network without nodes that have errors and all that follows them; the errors, and what is left out."""
    failures: dict[int, str] = {}
    for problem in network.errors:
        if problem.node in network.by_id:
            failures.setdefault(problem.node, str(problem))
    gone = set(failures)
    kept = []
    for step in network.steps:
        if step.id in gone or any(source is not None and source.node in gone for source in step.inputs):
            gone.add(step.id)
        else:
            kept.append(step)
    return (replace(network, steps=tuple(kept)) if gone else network), failures, gone


def _with_ends(network: Network) -> Network:
    """With an Output for every node that leads nowhere, so that it runs too."""
    outputs = [spec for spec in network.ends if spec.name == "Output"]
    used = {source.node for step in network.steps for source in step.inputs if source is not None}
    quiet = ("Input", "Output", *TENSORS)
    ends = [step for step in network.steps if step.id not in used and step.layer not in quiet]
    if not network.outputs or not outputs or not ends:
        return network
    free = 1 + max([*network.groups, *(step.id for step in network.steps)])
    model = network.outputs[0]
    made = [
        replace(
            model, id=free + number, name=f"end {free + number}", parent=None, inputs=(Source(step.id, 0),),
            input_types=step.types[:1] or (None,), types=(),
        )
        for number, step in enumerate(ends)
        if step.parent is None or not _in_zone(network, step)
    ]  # fmt: skip
    return replace(network, steps=(*network.steps, *made))


def _in_zone(network: Network, step: Step) -> bool:
    """True inside an If, Loop or Scan, whose body runs on its own."""
    parent = step.parent
    while parent is not None:
        if network.groups[parent].layer in ENDS:
            return True
        parent = network.groups[parent].parent
    return False


def _first_causes(plan: Plan, broken: Mapping[int, str]) -> dict[int, str]:
    """Of what the kernel cannot call, those that do not merely follow another."""
    bad = plan.broken.keys()
    return {
        key: text for key, text in broken.items()
        if not any(source is not None and source.node in bad for source in plan.network.step(key).inputs)
    }  # fmt: skip


def _given(step: Step, arrays: Mapping[str, Array]) -> torch.Tensor:
    if step.name not in arrays:
        raise BinderError(f"No value is given for the input '{step.name}'.")
    array = arrays[step.name]
    if array.dtype.kind in "OUS":
        raise BinderError(f"The input '{step.name}' holds texts, which torch does not take.")
    return torch.from_numpy(np.array(array, order="C")).to(torch_type(step.params["dtype"]))


class _Nothing:
    """Stands for a value that there is none of."""


NOTHING = _Nothing()


class _Watch(fx.Interpreter):
    """Runs a graph; a call that fails gives nothing, and so does what needs it."""

    def __init__(self, builder: Builder, graph: fx.Graph, network: Network, look: Look, task: Task):
        super().__init__(builder.root, graph=graph)
        self.failures: dict[int, str] = {}
        self.skipped: set[int] = set()
        self.recorder = Recorder(look)
        self._builder, self._network, self._task = builder, network, task
        self._total = len(graph.nodes)
        self._done, self._told = 0, 0.0
        self._shown: dict[fx.Node, list[Key]] = {}
        for source, node in builder.values.items():
            if source.node in network.by_id:
                self._shown.setdefault(node, []).append((source.node, source.out))

    def run_node(self, n: fx.Node) -> Any:
        """As the interpreter does, with a look at the result."""
        if n.op == "output" or self.recorder.is_done:
            return NOTHING
        self._tell(n)
        if any(isinstance(self.env.get(before), _Nothing) for before in n.all_input_nodes):
            self.skipped.update(self._owners(n))
            return NOTHING
        try:
            value = super().run_node(n)
        except Exception as error:  # noqa: BLE001 - torch raises whatever its calls raise; it becomes one line
            for owner in self._owners(n):
                given = given_text(self._network.step(owner), self.recorder.values)
                self.failures.setdefault(owner, f"{_one_line(error)}{given}")
            return NOTHING
        for key in self._shown.get(n, ()):
            self._take(key, value)
        return value

    def _take(self, key: Key, value: Any) -> None:
        if isinstance(value, torch.Tensor):
            dtype = _type_name(value)
            keep = self._network.step(key[0]).layer not in TENSORS
            self.recorder.take(key, readable(value), dtype, keep=keep)
        elif isinstance(value, (list, tuple)):
            self.recorder.values[key] = ValueFacts((), "sequence", note=f"a sequence of {len(value)}")
        elif isinstance(value, (bool, int, float)):
            self.recorder.take(key, np.asarray(value))

    def _owners(self, n: fx.Node) -> Iterable[int]:
        """The nodes of the drawing that a call belongs to."""
        builder = self._builder
        index = builder.index.get(n)
        owner = builder.owner_of_call[index] if index is not None else None
        found = [key for key, _ in self._shown.get(n, ())] or ([owner] if owner is not None else [])
        return [key for key in found if key in self._network.by_id]

    def _tell(self, n: fx.Node) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        names = [self._network.step(key).name for key in self._owners(n)]
        self._task.step(self._done, self._total, names[0] if names else n.name)


def _type_name(value: torch.Tensor) -> str:
    try:
        return type_name(value.dtype)
    except KeyError:
        return str(value.dtype).removeprefix("torch.")


def _bad_weights(network: Network, facts: RunFacts, plan: Plan, root: nn.Module) -> dict[int, str]:
    """Whether NaN or Inf begins in the weights of the node where it is first seen."""
    origin = first_origin(network, facts)
    if origin is None or origin.node not in plan.network.by_id:
        return {}
    step = plan.network.step(origin.node)
    if not plan.has_attribute(step) or step.layer in TENSORS:
        return {}
    module = root.get_submodule(plan.names.target(step))
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
            return {origin.node: f"its own tensor '{name}' holds NaN or Inf"}
    return {}


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0].rstrip(".") if lines else type(error).__name__
    return text if len(text) <= 300 else f"{text[:299]}…"
