"""Nested results of recorded calls: templates of output numbers, values of the graph, types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import fx

from sketch.binder.torch_calls import LIST
from sketch.graph.dims import parse_dim
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.sink import Wire


def kinds(node: fx.Node) -> tuple[ValueType, ...]:
    """The recorded types of a call's tensors, in order."""
    return tuple(
        ValueType(dtype, tuple(map(parse_dim, shape))) for shape, dtype in node.meta.get("kinds") or ()
    )


def pairs(template: Any, value: Any) -> Iterator[tuple[int, Any]]:
    """Each output number of a template with what stands at its place; a place that is not there gives None."""
    if isinstance(template, Mapping):
        for key, item in template.items():
            yield from pairs(item, value.get(key) if isinstance(value, Mapping) else None)
    elif isinstance(template, (tuple, list)):
        items = value if isinstance(value, (tuple, list)) and len(value) == len(template) else ()
        for place, item in enumerate(template):
            yield from pairs(item, items[place] if items else None)
    elif isinstance(template, int) and not isinstance(template, bool):
        yield template, value


def wires(value: Any) -> Iterator[Wire]:
    """The wires of a nested value, in order."""
    if isinstance(value, Wire):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from wires(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from wires(item)


def filled(template: Any, node: int) -> Any:
    """A template with the wires of a node at the places of its outputs."""
    if isinstance(template, Mapping):
        return {key: filled(item, node) for key, item in template.items()}
    if isinstance(template, (tuple, list)):
        return type(template)(filled(item, node) for item in template)
    return Wire(node, template) if isinstance(template, int) and not isinstance(template, bool) else template


def marked(template: Any) -> Any:
    """A template as a document keeps it: lists are told from tuples, what is no tensor is None."""
    if isinstance(template, Mapping):
        return {str(key): marked(item) for key, item in template.items()}
    if isinstance(template, list):
        return {LIST: tuple(map(marked, template))}
    if isinstance(template, tuple):
        return tuple(map(marked, template))
    return template if isinstance(template, int) and not isinstance(template, bool) else None


def output_names(template: Any, name: str = "") -> Iterator[tuple[int, str]]:
    """Each output number of a template with a name made of the keys and places on the way."""
    if isinstance(template, (Mapping, tuple, list)):
        items = template.items() if isinstance(template, Mapping) else enumerate(template)
        for key, item in items:
            yield from output_names(item, f"{name}_{key}" if name else str(key))
    elif isinstance(template, int) and not isinstance(template, bool):
        yield template, name


def is_number(tensor: torch.Tensor) -> bool:
    """True for a single plain number."""
    return tensor.ndim == 0 and not tensor.is_complex() and not bool(torch.isnan(tensor))


def place(node: fx.Node) -> str:
    """`model.py:12: `, the line of the model that made a call, where it is known."""
    line = node.meta.get("line")
    return f"{line}: " if line else ""
