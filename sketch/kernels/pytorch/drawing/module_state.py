"""The tensors of a recorded module by path: which there are, who reads them, which are in the state_dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import fx, nn

from sketch.kernels.pytorch.drawing.results import is_number


class ModuleState:
    """Parameters and buffers of a module, and the calls of a graph that read them."""

    def __init__(self, module: nn.Module, graph: fx.Graph):
        self._tensors: dict[str, torch.Tensor] = {
            **dict(module.named_parameters(remove_duplicate=False)),
            **dict(module.named_buffers(remove_duplicate=False)),
        }
        kept = module.state_dict(keep_vars=True)
        self.keys: frozenset[str] = frozenset(
            name for name, value in kept.items() if isinstance(value, torch.Tensor)
        )
        self._readers: dict[str, list[fx.Node]] = {}
        self._leaves: set[str] = set()
        for node in graph.nodes:
            if node.op == "get_attr":
                self._readers.setdefault(str(node.target), []).extend(node.users)
            elif node.op == "call_module":
                self._leaves.add(str(node.target))
        self.listed = frozenset(path for path, inner in module.named_modules() if path and _is_listed(inner))
        """Paths of the modules whose members have numbers and which have no tensors themselves."""
        self._own: dict[str, dict[str, torch.Tensor]] = {}
        self._deeper: set[str] = set()
        self.names: dict[str, set[str]] = {}
        for path in self._tensors:
            self._enter(path)

    def tensors_of(self, owner: str) -> Mapping[str, torch.Tensor]:
        """The tensors of one module itself, by name."""
        return self._own.get(owner, {})

    def saved_in(self, owner: str) -> Mapping[str, torch.Tensor]:
        """Those of them that the state_dict has."""
        return {role: item for role, item in self.tensors_of(owner).items() if f"{owner}.{role}" in self.keys}

    def below(self, owner: str) -> bool:
        """True when modules inside of this one have tensors."""
        return owner in self._deeper

    def readers(self, path: str) -> list[fx.Node]:
        """The calls that take a tensor as it is."""
        return self._readers.get(path, [])

    def is_leaf(self, path: str) -> bool:
        """True for a module that is called as a whole."""
        return path in self._leaves

    @property
    def leaves(self) -> frozenset[str]:
        """Paths of the modules that are called as a whole."""
        return frozenset(self._leaves)

    def tensor(self, path: str) -> torch.Tensor | None:
        """The tensor at a path."""
        return self._tensors.get(path)

    def unread(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every tensor of the state_dict, in its order."""
        for path, tensor in self._tensors.items():
            if path in self.keys:
                yield path, tensor

    def _enter(self, path: str) -> None:
        *groups, name = path.split(".")
        self._own.setdefault(".".join(groups), {})[name] = self._tensors[path]
        if path not in self.keys and is_number(self._tensors[path]):
            return  # it becomes a plain number, whose name nothing asks for
        self.names.setdefault(".".join(groups), set()).add(name)
        while groups:
            above = ".".join(groups[:-1])
            self.names.setdefault(above, set()).add(groups[-1])
            self._deeper.add(above)
            groups = groups[:-1]


def _is_listed(module: nn.Module) -> bool:
    names = [name for name, _ in module.named_children()]
    own = (*module._parameters.values(), *module._buffers.values())
    return (
        names == [str(number) for number in range(len(names))]
        and bool(names)
        and not any(tensor is not None for tensor in own)
    )
