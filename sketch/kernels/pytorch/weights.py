"""The tensors of a network for torch: stored ones from the store, missing ones initialised, tied ones one object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from sketch.binder.initial import initial_tensor
from sketch.binder.kernel import BinderError
from sketch.graph.network import Network, Step
from sketch.kernels.pytorch.arrays import to_mapped, to_tensor, torch_type
from sketch.kernels.pytorch.calls import Fixed


class Weights:
    """Gives each role of each node its tensor; two weights of one stored tensor get the same object.

    `spelled` are the values of weights that stand in an operator (see operands). `mapped` leaves stored values in
    their files, for tensors that are written elsewhere at once; else every tensor has memory of its own.
    """

    def __init__(
        self,
        network: Network,
        store: Any,
        spelled: Mapping[int, Fixed] | None = None,
        *,
        mapped: bool = False,
    ):
        self._network = network
        self._mapped = mapped
        self._spelled = spelled or {}
        self._store = store
        self._known: dict[tuple[int, bool], torch.Tensor] = {}
        self.initialised: list[str] = []

    def within(self, network: Network, spelled: Mapping[int, Fixed]) -> Weights:
        """The tensors of a network inside of this one; what is stored once is one object in both."""
        inner = Weights(network, self._store, spelled, mapped=self._mapped)
        inner._known, inner.initialised = self._known, self.initialised
        return inner

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
            can = (values.is_floating_point() or values.is_complex()) and role not in step.frozen
            result = torch.nn.Parameter(values, requires_grad=can)
        if stored is not None:
            self._known[stored, trainable] = result
        return result

    def _stored(self, tensor_id: int) -> torch.Tensor:
        row = self._network.tensors[tensor_id]
        if self._store is None:
            raise BinderError(
                "The weights of this network are in a store that is not at hand; open the file again."
            )
        convert = to_mapped if self._mapped else to_tensor
        return convert(self._store.get(row.digest, row.shape, row.dtype), row.dtype)

    def _initial(self, step: Step, role: str) -> torch.Tensor:
        if step.id in self._spelled:
            fixed = self._spelled[step.id]
            return torch.tensor(fixed.nested(), dtype=torch_type(fixed.dtype))
        weight = step.weights[role]
        if weight.trainable:
            self.initialised.append(f"{self._network.qualified(step)}.{role}")
        array = initial_tensor(weight, step.weights, step.params, self._network.seed, step.id)
        return to_tensor(array, weight.dtype)
