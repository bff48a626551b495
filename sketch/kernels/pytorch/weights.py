"""The tensors of a network for torch: stored ones from the store, missing ones initialised, tied ones one object."""

from __future__ import annotations

from typing import Any

import torch

from sketch.binder.initial import initial_tensor
from sketch.binder.kernel import BinderError
from sketch.graph.network import Network, Step
from sketch.kernels.pytorch.arrays import to_tensor


class Weights:
    """Gives each role of each node its tensor; two weights of one stored tensor get the same object."""

    def __init__(self, network: Network, store: Any):
        self._network = network
        self._store = store
        self._known: dict[tuple[int, bool], torch.Tensor] = {}
        self.initialised: list[str] = []

    def fill(self, step: Step, module: torch.nn.Module) -> None:
        """Replace every tensor of a module by the node's own."""
        for role in step.weights:
            prefix, _, name = role.rpartition(".")
            owner = module.get_submodule(prefix)
            if name in owner._buffers:
                owner._buffers[name] = self.tensor(step, role, trainable=False)
            else:
                setattr(owner, name, self.tensor(step, role, trainable=True))

    def tensor(self, step: Step, role: str, *, trainable: bool) -> torch.Tensor:
        """The tensor of one role; a Parameter when it is trainable."""
        stored = step.stored.get(role)
        if stored is not None and (stored, trainable) in self._known:
            return self._known[stored, trainable]
        values = self._initial(step, role) if stored is None else self._stored(stored)
        result = values
        if trainable:
            result = torch.nn.Parameter(
                values, requires_grad=values.is_floating_point() or values.is_complex()
            )
        if stored is not None:
            self._known[stored, trainable] = result
        return result

    def _stored(self, tensor_id: int) -> torch.Tensor:
        row = self._network.tensors[tensor_id]
        if self._store is None:
            raise BinderError(
                "The weights of this network are in a store that is not at hand; open the file again."
            )
        return to_tensor(self._store.get(row.digest, row.shape, row.dtype), row.dtype)

    def _initial(self, step: Step, role: str) -> torch.Tensor:
        weight = step.weights[role]
        if weight.trainable:
            self.initialised.append(f"{self._network.qualified(step)}.{role}")
        array = initial_tensor(weight, step.weights, step.params, self._network.seed, step.id)
        return to_tensor(array, weight.dtype)
