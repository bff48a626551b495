"""What one run of a model did: calls in order, and which tensor is the result of which call."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from sketch.kernels.pytorch.capture.nesting import Ref, refs, replaced, tensors
from sketch.kernels.pytorch.capture.places import NOWHERE, Place

FROM_INPUT, FROM_STATE, RANDOM = 1, 2, 4
"""What a value depends on, as bits: an input, a parameter or buffer, random numbers. 0: the same in every run."""

Kind = tuple[tuple[Any, ...], torch.dtype]
"""Shape and element type of a tensor."""

Scope = tuple[tuple[str, type], ...]
"""Paths and classes of the modules around a call, from the outside."""


class Unrecordable(Exception):  # noqa: N818 - it is a decision, not a fault
    """Something that a drawing cannot say, with the line of the model that does it."""

    def __init__(self, place: Place, reason: str):
        super().__init__(reason)
        self.place = place
        self.reason = reason


@dataclass(slots=True)
class Entry:
    """One thing that happened: an input, tensor (parameter, buffer, constant), module, function or method."""

    kind: str
    target: Any
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    results: Any = 0
    types: list[Kind] = field(default_factory=list)
    origin: int = 0
    scope: Scope = ()
    place: Place = NOWHERE
    values: list[torch.Tensor] = field(default_factory=list)
    label: str = ""

    @property
    def name(self) -> str:
        """The plain name of what was called: `view` for Tensor.view and aten.view.default, `Flatten` for a layer."""
        if self.kind == "module":
            return self.label
        if isinstance(self.target, torch._ops.OpOverload):
            return str(self.target._schema.name).rpartition("::")[2]
        return str(self.target if self.kind == "method" else getattr(self.target, "__name__", self.target))


@dataclass(slots=True)
class Read:
    """A number that Python took out of a tensor, after `at` entries."""

    name: str
    at: int
    origin: int
    result: Any
    place: Place


@dataclass(slots=True, eq=False)
class Value:
    """A tensor of the run: the result that stands for it now, and the tensor that it is a view of, if any.

    `made` is the call that made the view (None: the same tensor again) and `via` what stood for the parent then;
    `seen` is the version of the parent from which `ref` was made.
    """

    ref: Ref
    parent: Value | None = None
    made: Ref | None = None
    via: Ref | None = None
    version: int = 0
    seen: int = 0
    poison: str = ""

    @property
    def root(self) -> Value:
        """The tensor that owns the memory."""
        value = self
        while value.parent is not None:
            value = value.parent
        return value


@dataclass(slots=True)
class Context:
    """Where the run is now."""

    scope: list[tuple[str, type]] = field(default_factory=list)
    place: Place = NOWHERE


class Book:
    """The entries of one run and the values that stand behind its tensors."""

    def __init__(self, context: Context):
        self.entries: list[Entry] = []
        self.reads: list[Read] = []
        self.context = context
        self._values: dict[int, tuple[weakref.ref[torch.Tensor], Value]] = {}

    # --- entries ------------------------------------------------------------------------------------

    def add(self, entry: Entry) -> int:
        """Write an entry down; its origin is that of everything it reads."""
        for ref in (*refs(entry.args), *refs(entry.kwargs)):
            entry.origin |= self.entries[ref.entry].origin
        entry.scope = tuple(self.context.scope)
        if entry.place is NOWHERE:
            entry.place = self.context.place
        self.entries.append(entry)
        return len(self.entries) - 1

    def emit(self, kind: str, target: Any, args: Sequence[Any], like: Kind, **kwargs: Any) -> Ref:
        """A call with one result that the model did not make itself, but that says what it did."""
        return self._add_made(Entry(kind, target, tuple(args), kwargs, types=[like]))

    def _add_made(self, entry: Entry) -> Ref:
        """Write down a call that the model did not make; what depends on nothing is computed."""
        at = self.add(entry)
        held = all(self.entries[ref.entry].values for ref in (*refs(entry.args), *refs(entry.kwargs)))
        if not entry.origin and held and entry.kind in ("function", "method"):
            entry.values = _computed(self.entries, entry)
        return Ref(at)

    def kind_of(self, ref: Ref) -> Kind:
        """Shape and element type of a result."""
        return self.entries[ref.entry].types[ref.out]

    # --- values -------------------------------------------------------------------------------------

    def find(self, tensor: torch.Tensor) -> Value | None:
        """The value of a tensor object that the run has seen."""
        known = self._values.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    def register(self, tensor: torch.Tensor, value: Value) -> Value:
        """From now on this tensor object is that value."""
        self._values[id(tensor)] = (weakref.ref(tensor), value)
        return value

    def sharing(self, tensor: torch.Tensor) -> Value | None:
        """The value of another tensor object that is the same memory in the same shape."""
        for known, value in self._values.values():
            other = known()
            if other is not None and _same_memory(other, tensor):
                return value
        return None

    def read(self, value: Value) -> Ref:
        """The result that stands for a value now; a view whose parent has changed is made again."""
        if value.poison:
            raise Unrecordable(self.context.place, value.poison)
        if value.parent is None:
            return value.ref
        parent = self.read(value.parent)
        if value.seen != value.parent.version:
            value.ref = self._again(value, parent)
            value.seen = value.parent.version
            value.version += 1
        return value.ref

    def _again(self, value: Value, parent: Ref) -> Ref:
        if value.made is None:
            return parent
        made, via = self.entries[value.made.entry], value.via
        change: Callable[[Any], Any] = lambda item: parent if item == via else item  # noqa: E731
        again = Entry(
            made.kind, made.target, replaced(made.args, change), replaced(made.kwargs, change),
            made.results, list(made.types), label=made.label,
        )  # fmt: skip
        return Ref(self._add_made(again).entry, value.made.out)


def _computed(entries: Sequence[Entry], entry: Entry) -> list[torch.Tensor]:
    """The results of a call on constants."""

    def change(item: Any) -> Any:
        return entries[item.entry].values[item.out] if isinstance(item, Ref) else item

    args, kwargs = replaced(entry.args, change), replaced(entry.kwargs, change)
    with torch._C.DisableTorchFunction(), torch.no_grad():
        function: Any = getattr(torch.Tensor, entry.target) if entry.kind == "method" else entry.target
        return tensors(function(*args, **kwargs))


def _same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and one.layout == other.layout == torch.strided
        and one.numel() > 0
        and one.data_ptr() == other.data_ptr()
        and one.stride() == other.stride()
    )
