"""Values inside a module, for the proof: of calls of its graph, or of its sub-modules. Runs in the worker only."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from sketch.binder.kernel import Task
from sketch.graph.network import Network, Step
from sketch.kernels.pytorch.arrays import readable
from sketch.kernels.pytorch.files.runnable import call_by_name, runnable
from sketch.kernels.pytorch.lift import notes_of
from sketch.kernels.pytorch.naming import identifier
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.run import given_tensors, names_of

Array = np.ndarray[Any, Any]
Found = dict[str, Array]


def run_values(
    network: Network, path: Path, wanted: Sequence[tuple[int, int]], inputs: Mapping[str, Array], task: Task
) -> Found:
    """`"<node id>:<output>"` -> value, of those that can be told apart in the module.

    A graph that Sketch wrote knows its nodes; of another module the sub-modules are known by their paths.
    """
    with runnable(path, task) as module, torch.no_grad():
        notes = notes_of(module)
        tensors = given_tensors(path, notes, inputs)
        if isinstance(module, fx.GraphModule) and notes and notes.calls == len(_calls(module)):
            return _walked(module, notes, network, wanted, tensors)
        return _hooked(module, network, wanted, dict(zip(names_of(notes, inputs), tensors, strict=True)))


def _calls(module: fx.GraphModule) -> list[fx.Node]:
    return [node for node in module.graph.nodes if node.op not in ("placeholder", "get_attr", "output")]


class _Watcher(fx.Interpreter):
    """Keeps the values of some nodes of the graph."""

    def __init__(self, module: fx.GraphModule, watched: set[fx.Node]):
        super().__init__(module)
        self._watched = watched
        self.seen: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        """As the interpreter does, with a look at the result."""
        value = super().run_node(n)
        if n in self._watched and isinstance(value, torch.Tensor):
            self.seen[n] = value.clone()  # a later call may work in place
        return value


def _walked(
    module: fx.GraphModule,
    notes: Notes,
    network: Network,
    wanted: Sequence[tuple[int, int]],
    tensors: list[torch.Tensor],
) -> Found:
    mine = _by_name(module, notes)
    plan = Plan(network)
    places: dict[str, fx.Node] = {}
    for key, out in wanted:
        step = network.step(key)
        node = _place(mine.get(network.path(step), []), plan, step, out)
        if node is not None:
            places[f"{key}:{out}"] = node
    watcher = _Watcher(module, set(places.values()))
    watcher.run(*tensors)
    return {name: readable(watcher.seen[node]) for name, node in places.items() if node in watcher.seen}


def _by_name(module: fx.GraphModule, notes: Notes) -> dict[tuple[str, ...], list[fx.Node]]:
    """Path of a node of the drawing -> its calls, in order."""
    found: dict[tuple[str, ...], list[fx.Node]] = {}
    for index, call in enumerate(_calls(module)):
        note = notes.node(index) if notes.owner(index) is not None else None
        if note is not None:
            found.setdefault(tuple(notes.path(note)), []).append(call)
    return found


def _place(calls: list[fx.Node], plan: Plan, step: Step, out: int) -> fx.Node | None:
    """The call that gives an output of a node."""
    if not calls:
        return None
    results = plan.calls[step.id].results if step.id in plan.calls else None
    if results is None:
        return calls[-1] if out == 0 else None
    route = next((way for way, number in _routes(results) if number == out), None)
    taken = {id(call.args[0]) for call in calls if call.target is operator.getitem}
    here = next((call for call in calls if id(call) in taken and call.target is not operator.getitem), None)
    for index in route or ():
        here = next(
            (c for c in calls if c.target is operator.getitem and c.args[0] is here and c.args[1] == index),
            None,
        )
    return here if route else None


def _routes(results: Any, above: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], int]]:
    """(indices that lead there, number of the output) for each output of nested tuples."""
    for index, item in enumerate(results):
        if isinstance(item, tuple):
            yield from _routes(item, (*above, index))
        else:
            yield (*above, index), item


def _hooked(
    module: nn.Module, network: Network, wanted: Sequence[tuple[int, int]], inputs: Mapping[str, torch.Tensor]
) -> Found:
    """The first outputs of sub-modules that are called like nodes of the drawing."""
    asked = {_attribute_path(network.path(network.step(key))): key for key, out in wanted if out == 0}
    found: Found = {}
    handles = []
    for name, part in module.named_modules():
        key = asked.get(name)
        if key is None:
            continue

        def keep(_module: nn.Module, _given: Any, result: Any, key: int = key) -> None:
            if isinstance(result, torch.Tensor):
                found.setdefault(f"{key}:0", readable(result.clone()))

        handles.append(part.register_forward_hook(keep))
    call_by_name(module, inputs)
    for handle in handles:
        handle.remove()
    return found


def _attribute_path(path: Sequence[str]) -> str:
    return ".".join(part if part.isdigit() else identifier(part) for part in path)
