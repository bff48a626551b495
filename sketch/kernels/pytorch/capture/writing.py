"""Aligned calls as a torch.fx graph that the Lifter reads."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.capture.aligning import Aligned, Size
from sketch.kernels.pytorch.capture.book import Entry, Kind
from sketch.kernels.pytorch.capture.calls import size
from sketch.kernels.pytorch.capture.nesting import Ref, refs, replaced
from sketch.kernels.pytorch.capture.places import NOWHERE
from sketch.kernels.pytorch.capture.results import Results
from sketch.kernels.pytorch.leaf_layers import CHAINS

CONSTANT = "_tensor_constant"

ALONE = "0"
"""Path of a layer that is the whole model."""


def sketch_kind(kind: Kind) -> tuple[tuple[Any, ...], str]:
    """Shape and element type as the graph has them: sizes that depend on N as text, Sketch's name of the type."""
    shape, dtype = kind
    try:
        name = type_name(dtype)
    except KeyError:
        raise BinderError(f"A value has the element type {dtype}, which Sketch does not have.") from None
    return tuple(item.text if isinstance(item, Size) else item for item in shape), name


def needed(found: Aligned, wanted: Sequence[Ref]) -> set[int]:
    """Numbers of the entries that the results depend on; what makes a constant is not among them."""
    keep: set[int] = set()
    left = [ref.entry for ref in wanted]
    while left:
        at = left.pop()
        if at in keep:
            continue
        keep.add(at)
        if not found.constant[at]:
            entry = found.entries[at]
            left += [ref.entry for ref in (*refs(entry.args), *refs(entry.kwargs))]
    return keep


class GraphWriter:
    """One graph out of one list of calls."""

    def __init__(self, module: nn.Module, found: Aligned):
        self._module = module
        self._found = found
        self._graph = fx.Graph()
        self._nodes: dict[int, fx.Node] = {}
        self._parts: dict[Ref, fx.Node] = {}
        self._sizes: dict[str, fx.Node] = {}
        self._owned: dict[str, Any] = {}

    def write(self, results: Results) -> fx.GraphModule:
        """The graph with its parameters and layers; `results` are its outputs, flat."""
        keep = needed(self._found, results.refs)
        for at, entry in enumerate(self._found.entries):
            if at in keep or entry.kind == "input":
                self._write(at, entry, keep)
        output = self._graph.output(tuple(self._ref(ref) for ref in results.refs))
        output.meta["names"] = tuple(results.names)
        made = fx.GraphModule(self._owned, self._graph, type(self._module).__name__)
        made.__dict__[CHAINS] = chain_paths(self._module)
        return made

    def _write(self, at: int, entry: Entry, keep: set[int]) -> None:
        if self._found.constant[at]:
            return
        args, kwargs = replaced((entry.args, entry.kwargs), self._leaf)
        if entry.kind == "input":
            node = self._graph.placeholder(entry.target)
        elif entry.kind == "tensor":
            self._owned[entry.target] = _found_at(self._module, entry.target)
            node = self._graph.get_attr(entry.target)
        elif entry.kind == "module":
            target = entry.target or ALONE
            self._owned[target] = self._module.get_submodule(entry.target)
            node = self._graph.call_module(target, args, kwargs)
        elif entry.kind == "method":
            node = self._graph.call_method(entry.target, args, kwargs)
        else:
            node = self._graph.call_function(entry.target, args, kwargs)
        self._nodes[at] = self._described(node, entry)

    def _described(self, node: fx.Node, entry: Entry) -> fx.Node:
        node.meta["kinds"] = tuple(sketch_kind(kind) for kind in entry.types)
        node.meta["results"] = entry.results
        node.meta["scope"] = entry.scope[-1][0] if entry.scope else ""
        node.meta["line"] = "" if entry.place is NOWHERE else str(entry.place)
        node.meta["nn_module_stack"] = {path: (path, kind) for path, kind in entry.scope}
        return node

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self._ref(value)
        if isinstance(value, Size):
            if value.text not in self._sizes:
                self._sizes[value.text] = self._graph.call_function(size, (value.text,))
            return self._sizes[value.text]
        return value

    def _ref(self, ref: Ref) -> fx.Node:
        """The node of a result: a part of a call with several, an attribute for a constant."""
        if ref in self._parts:
            return self._parts[ref]
        entry = self._found.entries[ref.entry]
        if self._found.constant[ref.entry]:
            node = self._constant(entry, ref.out)
        else:
            node = self._nodes[ref.entry]
            for key in _path_to(entry.results, ref.out) or ():
                node = self._part(node, key, entry, ref.out)
        self._parts[ref] = node
        return node

    def _part(self, whole: fx.Node, key: Any, entry: Entry, out: int) -> fx.Node:
        inner = whole.meta["results"][key]
        for user in whole.users:
            if user.target is operator.getitem and user.args == (whole, key) and "part" in user.meta:
                return user
        node = self._described(self._graph.call_function(operator.getitem, (whole, key)), entry)
        node.meta.update(results=inner, part=key)
        if not isinstance(inner, (tuple, dict)):
            node.meta.update(kinds=(sketch_kind(entry.types[out]),), results=0)
        return node

    def _constant(self, entry: Entry, out: int) -> fx.Node:
        name = f"{CONSTANT}{sum(key.startswith(CONSTANT) for key in self._owned)}"
        value = entry.values[out].detach()
        self._owned[name] = value
        node = self._graph.get_attr(name)
        return self._described(
            node, Entry("tensor", name, types=[entry.types[out]], scope=entry.scope, place=entry.place)
        )


def _path_to(results: Any, out: int) -> tuple[Any, ...] | None:
    """Keys on the way to a result in a nested template; None where it is not there."""
    if results == out and not isinstance(results, (tuple, dict)) and results is not None:
        return ()
    pairs = (
        enumerate(results)
        if isinstance(results, tuple)
        else results.items()
        if isinstance(results, dict)
        else ()
    )
    for key, inner in pairs:
        found = _path_to(inner, out)
        if found is not None:
            return (key, *found)
    return None


def _found_at(module: nn.Module, path: str) -> torch.Tensor:
    owner, _, name = path.rpartition(".")
    found: torch.Tensor = getattr(module.get_submodule(owner), name)
    return found


def chain_paths(module: nn.Module) -> frozenset[str]:
    """Paths of the nn.Sequential blocks of a module that are called as such."""
    return frozenset(
        name for name, inner in module.named_modules()
        if isinstance(inner, nn.Sequential) and type(inner).forward is nn.Sequential.forward
    )  # fmt: skip
