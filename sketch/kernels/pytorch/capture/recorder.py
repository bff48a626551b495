"""Writes down what a model does while it runs: torch functions as calls, layers of torch.nn as modules."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from sketch.kernels.pytorch.capture.book import RANDOM, Book, Context, Entry, Read, Unrecordable, Value
from sketch.kernels.pytorch.capture.calls import set_item
from sketch.kernels.pytorch.capture.changes import RESHAPING, functional
from sketch.kernels.pytorch.capture.memory import Tensors, kind_of, memory, version
from sketch.kernels.pytorch.capture.naming import Spelling, is_silent, plain_name, spell
from sketch.kernels.pytorch.capture.nesting import Opaque, Ref, leaves, rebuilt, refs, tensors
from sketch.kernels.pytorch.capture.places import here

_UNWRITTEN = {"empty": "zeros", "empty_like": "zeros_like", "new_empty": "new_zeros"}
"""Functions whose numbers are what the memory held before, and the ones that stand for them."""

_KEEPS_COUNT = ("batch_norm", "instance_norm")
"""Functions that may update the running statistics that they are given."""


class Recorder(TorchFunctionMode):
    """One run.

    Args:
        state: path of every parameter and buffer by the id of its object.
        border: the function that started the run; lines above it are not the model's.
    """

    def __init__(self, state: Mapping[int, str], border: CodeType):
        super().__init__()
        self.context = Context()
        self.book = Book(self.context)
        self.tensors = Tensors(self.book, state)
        self.silent = 0
        self._border = border
        self._random = torch.get_rng_state()

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called by torch for every function; what that calls inside is not reported."""
        kwargs = kwargs or {}
        name = plain_name(func)
        if self.silent or is_silent(name) or (name == "type" and len(args) == 1):
            return func(*args, **kwargs)
        self.look()
        if name == "data.__set__":
            raise Unrecordable(self.context.place, "the data of a tensor is replaced")
        if name == "__setitem__":
            return self._set_item(func, args)
        func, args = _written(func, name), _plain_index(name, args)
        given = tensors((args, kwargs))
        for tensor in given:
            self.tensors.value(tensor)
        self._save(name, args, kwargs)
        versions = [version(tensor) for tensor in given]
        result = func(*args, **kwargs)
        changed = [tensor for tensor, was in zip(given, versions, strict=True) if version(tensor) != was]
        call = spell(func, args, kwargs, result)
        in_place = call.in_place or kwargs.get("inplace") is True
        if (changed or in_place) and self._change(call, result, changed):
            return result
        if result is None:
            return None
        if not tensors(result):
            self._read(name, refs(self.tensors.template((args, kwargs))), result)
            return result
        if call.kind == "same":
            return self._same(given[0], result)
        arguments = self.tensors.template((call.args, call.kwargs))
        return self.enter(Entry(call.kind, call.target, *arguments), result, given)

    def look(self) -> None:
        """Remember the line that the model is at."""
        self.context.place = here(self._border)
        if torch.is_autocast_enabled("cpu"):
            raise Unrecordable(self.context.place, "autocast chooses the element types here")

    # --- results ------------------------------------------------------------------------------------

    def enter(self, entry: Entry, result: Any, given: list[torch.Tensor]) -> Any:
        """Write a call down and remember its results; the results, where inputs that came back are new objects."""
        if self._unsayable(entry, given):
            return result
        came = {id(tensor) for tensor in given}
        if any(id(tensor) in came for tensor in tensors(result)):
            result = rebuilt(result, lambda tensor: _alias(tensor) if id(tensor) in came else tensor)
        outs = tensors(result)
        entry.types = [kind_of(tensor) for tensor in outs]
        entry.results = _numbered(result)
        ref = Ref(self.book.add(entry))
        self.drew(ref)
        if not entry.origin:
            with torch._C.DisableTorchFunction():
                entry.values = [tensor.detach().clone() for tensor in outs]
        for out, tensor in enumerate(outs):
            self.tensors.made(Ref(ref.entry, out), tensor, given)
        return result

    def _unsayable(self, entry: Entry, given: list[torch.Tensor]) -> bool:
        """True for a call with an argument that no drawing has and that makes a constant."""
        opaque = next((item for item in leaves((entry.args, entry.kwargs)) if isinstance(item, Opaque)), None)
        if opaque is None:
            return False
        if given:
            raise Unrecordable(
                self.context.place, f"{entry.name} is called with a value of type {opaque.kind}"
            )
        return True

    def drew(self, ref: Ref) -> None:
        """Mark an entry that took random numbers."""
        state = torch.get_rng_state()
        if not torch.equal(state, self._random):
            self._random = state
            self.book.entries[ref.entry].origin |= RANDOM

    def _read(self, name: str, sources: list[Ref], result: Any) -> None:
        """Python took something that is no tensor out of tensors."""
        origin = 0
        for ref in sources:
            origin |= self.book.entries[ref.entry].origin
        if origin:
            self.book.reads.append(Read(name, len(self.book.entries), origin, result, self.context.place))

    def _same(self, tensor: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
        """A conversion that changes no number: the same value under another object."""
        value = self.tensors.value(tensor)
        alias = _alias(result) if result is tensor else result
        ref = self.book.read(value)
        shares = memory(alias) == memory(tensor)
        self.book.register(alias, Value(ref, value, None, ref, seen=value.version) if shares else Value(ref))
        return alias

    # --- changes in place ---------------------------------------------------------------------------

    def _set_item(self, func: Any, args: tuple[Any, ...]) -> None:
        args = _plain_index("__setitem__", args)
        tensor = args[0]
        self._save("__setitem__", args, {}, always=True)
        arguments = self.tensors.template(args)
        if any(isinstance(leaf, Opaque) for leaf in leaves(arguments)):
            raise Unrecordable(
                self.context.place, "an item assignment uses a value that is no tensor and no number"
            )
        func(*args)
        self.tensors.write(
            self.tensors.value(tensor), self.book.emit("function", set_item, arguments, kind_of(tensor))
        )

    def _change(self, call: Spelling, result: Any, changed: list[torch.Tensor]) -> bool:
        """The changed tensor stands for the result of the call in its other form; False when it was a side effect."""
        out = call.kwargs.get("out")
        target = out if out is not None else call.args[0] if call.args else None
        if not (call.in_place or out is not None or result is target) or not isinstance(target, torch.Tensor):
            self._side_effect(call, changed)
            return False
        value, kind = self.tensors.value(target), kind_of(target)
        more = {name: item for name, item in call.kwargs.items() if name != "out"}
        plain = Spelling(call.kind, call.target, *self.tensors.template((call.args, more)))
        if any(isinstance(leaf, Opaque) for leaf in leaves((plain.args, plain.kwargs))):
            raise Unrecordable(self.context.place, f"{call.name} is called with a value that no drawing has")
        if call.in_place and call.name in RESHAPING:
            ref = self.book.emit(plain.kind, plain.target, plain.args, kind, **plain.kwargs)
            self.book.register(target, Value(ref, value, ref, self.book.read(value), seen=value.version))
            return True
        ref = functional(self.book, plain, kind)
        self.drew(ref)
        self.tensors.write(value, ref)
        return True

    def _side_effect(self, call: Spelling, changed: list[torch.Tensor]) -> None:
        if not any(name in call.name for name in _KEEPS_COUNT):
            raise Unrecordable(self.context.place, f"{call.name} changes a tensor that it is given")
        for tensor in changed:
            self.tensors.spoil(
                self.tensors.value(tensor), f"statistics that {call.name} has changed are read"
            )

    def _save(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], always: bool = False) -> None:
        """Keep what is about to be changed in place, as far as the name of the function tells."""
        changing = always or (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")
        if changing or kwargs.get("inplace") is True:
            targets = list(args[:1])
        else:
            targets = list(args) if any(part in name for part in _KEEPS_COUNT) else []
        for tensor in tensors((targets, kwargs.get("out"))):
            self.tensors.save(tensor)


def _alias(tensor: torch.Tensor) -> torch.Tensor:
    """Another object for the same memory."""
    with torch._C.DisableTorchFunction(), torch.no_grad():
        return tensor.detach()


def _plain_index(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """numpy's arrays as an index become tensors."""
    if name not in ("__getitem__", "__setitem__"):
        return args

    def plain(item: Any) -> Any:
        return torch.from_numpy(item) if isinstance(item, np.ndarray) else item

    index = tuple(map(plain, args[1])) if isinstance(args[1], tuple) else plain(args[1])
    return (args[0], index, *args[2:])


def _written(function: Any, name: str) -> Any:
    """A function that gives memory as it is, exchanged for the one that fills it with zeros."""
    if name not in _UNWRITTEN:
        return function
    owner = torch.Tensor if name == "new_empty" else torch
    return getattr(owner, _UNWRITTEN[name])


def _numbered(result: Any) -> Any:
    """The nesting of a result with its tensors counted from 0; None for anything else."""
    count = iter(range(len(tensors(result))))

    def walk(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return next(count)
        if isinstance(value, (tuple, list)):
            return tuple(walk(item) for item in value)
        if isinstance(value, dict):
            return {name: walk(item) for name, item in value.items()}
        return None

    return walk(result)
