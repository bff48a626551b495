"""Which value a tensor object of the run is: an input, a result, part of the model, or a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from sketch.kernels.pytorch.capture.book import FROM_STATE, Book, Entry, Kind, Unrecordable, Value
from sketch.kernels.pytorch.capture.nesting import Ref, template
from sketch.kernels.pytorch.capture.places import Place
from sketch.kernels.pytorch.capture.undoing import write


def kind_of(tensor: torch.Tensor) -> Kind:
    """Shape and element type."""
    return tuple(tensor.shape), tensor.dtype


def version(tensor: torch.Tensor) -> int:
    """How often the memory of a tensor was changed in place; 0 where torch does not count."""
    return 0 if tensor.is_inference() else tensor._version


def memory(tensor: torch.Tensor) -> int:
    """A number that tensors have in common when they share memory; 0 for those without any."""
    if tensor.layout != torch.strided or not tensor.numel():
        return 0
    return int(tensor.untyped_storage()._cdata)


class Tensors:
    """The tensors that one run has met.

    Args:
        state: path of every parameter and buffer by the id of its object.
    """

    def __init__(self, book: Book, state: Mapping[int, str]):
        self.book = book
        self.changed: dict[str, Place] = {}
        self._state = state
        self._outside: dict[int, str] = {}
        self._saved: list[tuple[torch.Tensor, torch.Tensor]] = []

    def value(self, tensor: torch.Tensor) -> Value:
        """The value of a tensor; one that was not met before is part of the model or a constant."""
        known = self.book.find(tensor)
        if known is not None:
            return known
        self._must_be_plain(tensor)
        path = self._state.get(id(tensor))
        other = self.book.sharing(tensor) if path is None else None
        if other is not None:
            ref = self.book.read(other)
            return self.book.register(tensor, Value(ref, other, None, ref, seen=other.version))
        return self._met(tensor, path)

    def _must_be_plain(self, tensor: torch.Tensor) -> None:
        reason = ""
        if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            reason = "vmap, grad and other transforms of torch.func are used"
        elif tensor.layout != torch.strided or tensor.is_nested or tensor.is_quantized:
            reason = "a sparse, nested or quantised tensor is used"
        elif tensor.is_meta:
            reason = "a tensor without numbers (on the device meta) is used"
        if reason:
            raise Unrecordable(self.book.context.place, reason)

    def has_state_of(self, module: nn.Module) -> bool:
        """True while a layer has the parameters and buffers that it had before the run."""
        own = (*module._parameters.values(), *module._buffers.values())
        return all(tensor is None or id(tensor) in self._state for tensor in own)

    def _met(self, tensor: torch.Tensor, path: str | None) -> Value:
        origin = 0 if path is None else FROM_STATE
        entry = Entry("tensor", path, types=[kind_of(tensor)], origin=origin, values=[tensor])
        value = self.book.register(tensor, Value(Ref(self.book.add(entry))))
        self._outside[id(value)] = path or ""
        return value

    def template(self, value: Any) -> Any:
        """Nested arguments with every tensor replaced by the result that stands for it now."""
        return template(value, lambda tensor: self.book.read(self.value(tensor)))

    def made(self, ref: Ref, tensor: torch.Tensor, given: list[torch.Tensor]) -> None:
        """A tensor is a result; where it shares memory with an argument it is a view of that."""
        self._must_be_plain(tensor)
        own = memory(tensor)
        owner = next((item for item in given if own and memory(item) == own), None)
        if owner is None:
            self.book.register(tensor, Value(ref))
            return
        parent = self.value(owner)
        self.book.register(tensor, Value(ref, parent, ref, self.book.read(parent), seen=parent.version))

    def write(self, value: Value, ref: Ref) -> None:
        """A tensor was changed in place; a change of the model's own tensors is remembered."""
        write(self.book, value, ref)
        path = self._outside.get(id(value.root))
        if path is not None:
            self.changed.setdefault(path, self.book.context.place)

    def spoil(self, value: Value, reason: str) -> None:
        """A tensor was changed in a way that cannot be said: it may not be read again."""
        value.root.poison = value.poison = reason
        path = self._outside.get(id(value.root))
        if path is not None:
            self.changed.setdefault(path, self.book.context.place)

    def save(self, tensor: torch.Tensor) -> None:
        """Keep what a tensor of the model holds, for it is about to be changed."""
        if id(self.value(tensor).root) in self._outside:
            with torch._C.DisableTorchFunction():
                self._saved.append((tensor, tensor.detach().clone()))

    def restore(self) -> None:
        """Give the tensors of the model back what they held before the run."""
        with torch.no_grad():
            for tensor, before in reversed(self._saved):
                tensor.copy_(before)
        self._saved.clear()
