"""Nested arguments and results: tensors inside tuples, lists, dicts and dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

_PLAIN = (type(None), bool, int, float, complex, str, torch.dtype, type(Ellipsis))


@dataclasses.dataclass(frozen=True, slots=True)
class Ref:
    """Result number `out` of entry number `entry`."""

    entry: int
    out: int = 0


_LEAVES = frozenset({torch.Tensor, torch.nn.Parameter, Ref, *_PLAIN})
"""Classes told without asking whether they are containers: most of what there is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Opaque:
    """A value that a drawing cannot hold; only its type is known."""

    kind: str


def template(value: Any, tensor: Callable[[torch.Tensor], Any]) -> Any:
    """Plain nested values with every tensor replaced by what `tensor` gives for it."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, PackedSequence):
        return Opaque("PackedSequence")
    if isinstance(value, (tuple, list)):
        items = [template(item, tensor) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, range):
        return tuple(value)
    if isinstance(value, Mapping):
        return {name: template(item, tensor) for name, item in value.items()}
    if isinstance(value, slice):
        return slice(*(template(item, tensor) for item in (value.start, value.stop, value.step)))
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, _PLAIN) else Opaque(type(value).__name__)


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A template with every leaf changed."""
    if isinstance(value, (tuple, list)):
        items = [replaced(item, change) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {name: replaced(item, change) for name, item in value.items()}
    if isinstance(value, slice):
        return slice(*(replaced(item, change) for item in (value.start, value.stop, value.step)))
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    """Every leaf of nested values, in order."""
    if type(value) in _LEAVES:
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, slice):
        yield from (value.start, value.stop, value.step)
    else:
        yield value


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors of nested values, in order."""
    return [item for item in leaves(value) if isinstance(item, torch.Tensor)]


def refs(value: Any) -> list[Ref]:
    """The references of a template, in order."""
    return [item for item in leaves(value) if isinstance(item, Ref)]


def rebuilt(value: Any, tensor: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The same nested objects with every tensor replaced: named tuples and dataclasses keep their classes."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, tuple):
        items = [rebuilt(item, tensor) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, list):
        return [rebuilt(item, tensor) for item in value]
    if isinstance(value, dict) and type(value) is dict:
        return {name: rebuilt(item, tensor) for name, item in value.items()}
    return _rebuilt_object(value, tensor)


def _rebuilt_object(value: Any, tensor: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, Mapping) and hasattr(value, "items"):
        return type(value)(**{str(name): rebuilt(item, tensor) for name, item in value.items()})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.init]
        return dataclasses.replace(value, **{name: rebuilt(getattr(value, name), tensor) for name in names})
    return value


def named_tensors(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors of nested inputs with names made of the keys on the way; the order is that of `rebuilt`."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named_tensors(item, f"{name}_{key}" if name else str(key))
    elif isinstance(value, (tuple, list)):
        keys = getattr(value, "_fields", range(len(value)))
        for key, item in zip(keys, value, strict=True):
            yield from named_tensors(item, f"{name}_{key}")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.init:
                yield from named_tensors(getattr(value, field.name), f"{name}_{field.name}")
