"""The tensors of a recorded module in its drawing: each is a layer's weight, or a node of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import Loss
from sketch.graph.freezing import set_frozen
from sketch.graph.rows import FrozenDict
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.drawing.module_state import ModuleState
from sketch.kernels.pytorch.drawing.placing import RecordedPlacer
from sketch.kernels.pytorch.drawing.results import is_number
from sketch.kernels.pytorch.keeping import CLASSES, VERSIONS, set_shared, set_transient
from sketch.kernels.pytorch.module_calls import frozen_in
from sketch.kernels.pytorch.sink import Sink, Wire, shortest

_NOT_OF_THE_MODEL = ("torch.", "sketch.")
"""Packages whose classes say nothing of a model."""


class OwnTensors:
    """Notes which node has which tensor. `covered` are the paths that have one."""

    def __init__(self, sink: Sink, state: ModuleState, placer: RecordedPlacer):
        self.covered: set[str] = set()
        self._sink, self._state, self._placer = sink, state, placer
        self._layers: dict[str, int] = {}
        self._nodes: dict[str, int] = {}

    def enter_layer(self, path: str, node: int, weights: Mapping[str, Any]) -> None:
        """Note what a layer covers; a module that is called again is the same one."""
        if path in self._layers:
            set_shared(self._sink.draft, node, self._layers[path])
            return
        self._layers[path] = node
        self.covered.update(f"{path}.{role}" for role in weights)
        set_frozen(self._sink.draft, node, frozen_in(weights))

    def node(self, value: torch.Tensor, target: str) -> Wire:
        """A Parameter or Constant for a tensor; single numbers that no state_dict has are plain numbers."""
        known, saved = self._state.tensor(target) is not None, target in self._state.keys
        name, parent = self._placer.at(target) if known else ("", self._home(target))
        trained = isinstance(value, nn.Parameter) and (value.is_floating_point() or value.is_complex())
        layer = "Parameter" if trained else "Constant"
        self.covered.add(target)
        if not saved and is_number(value):
            dtype = type_name(value.dtype)
            number = value.item()
            said = {"value": shortest(number, dtype) if isinstance(number, float) else number, "dtype": dtype}
            return Wire(self._sink.add(layer, said, parent=parent))
        params: dict[str, Any] = {"shape": tuple(value.shape), "dtype": type_name(value.dtype)}
        made = self._sink.add(layer, params, name=name, parent=parent, weights={"value": value})
        self._sink.pin_all(made, params)
        set_frozen(self._sink.draft, made, frozen_in({"value": value}))
        if not saved:
            set_transient(self._sink.draft, made)
        self._nodes[target] = made
        return Wire(made)

    def finish(self, versions: Mapping[str, int], classes: Mapping[str, str]) -> None:
        """Nodes for what no call reads, and the ties between nodes of one tensor.

        Args:
            versions: of modules whose state_dict is not of the first version, by path.
            classes: of modules, by path.
        """
        for path, tensor in self._state.unread():
            if path in self.covered:
                continue
            if self._placer.is_inside(path):
                said = Loss(path, "belongs to a module that is one layer and was left out")
                self._sink.losses.append(said)
            else:
                self.node(tensor, path)
        for path, node in self._nodes.items():
            self._tie(path, node)
        for name, facts in ((VERSIONS, versions), (CLASSES, classes)):
            if facts:
                self._sink.draft.put("meta", name, FrozenDict(facts))

    def _home(self, target: str) -> int | None:
        """The group of the first call that takes a tensor of no module."""
        reader = next(iter(self._state.readers(target)), None)
        return None if reader is None else self._placer.place(0, reader, "")[1]

    def _tie(self, path: str, node: int) -> None:
        """A tensor of a layer that is also read by itself is the layer's."""
        draft, owner = self._sink.draft, self._placer.around(path.rpartition(".")[0])
        role = path[len(owner or "") + 1 :]
        if owner in self._layers and draft.get("weights", (self._layers[owner], role)) is not None:
            set_shared(draft, node, self._layers[owner], role)


def idle_modules(module: nn.Module, scopes: Collection[str]) -> list[Loss]:
    """What is said of modules without tensors that did nothing when the model ran (stochastic depth, say).

    Args:
        scopes: paths of the modules that did something.
    """
    busy = {".".join(path.split(".")[: depth + 1]) for path in scopes for depth in range(path.count(".") + 1)}
    counts: Counter[str] = Counter()
    for path, inner in module.named_modules():
        empty = not any(True for _ in inner.children()) and not any(True for _ in inner.state_dict())
        if path and path not in busy and empty and type(inner) is not nn.Identity:
            counts[type(inner).__name__] += 1
    return [
        Loss(name, f"did nothing in {count} places when the model ran: what it does in training is not drawn")
        for name, count in counts.items()
    ]  # fmt: skip


def module_classes(module: nn.Module, layers: Collection[str]) -> dict[str, str]:
    """Path -> name of the class, for the parts of a model that are classes of their own."""
    found = {}
    for path, inner in module.named_modules():
        kind = type(inner)
        if path and path not in layers and not kind.__module__.startswith(_NOT_OF_THE_MODEL):
            found[path] = kind.__name__
    return found


def module_versions(module: nn.Module, layers: Collection[str]) -> dict[str, int]:
    """Versions of state_dict of the modules that are no layers, where they are not the first one."""
    return {
        path: inner._version for path, inner in module.named_modules()
        if path not in layers and isinstance(inner._version, int) and inner._version != nn.Module._version
    }  # fmt: skip
