"""Sketch's own functions in source that is read back: each is one call again, and one operator of the drawing.

The text of a drawing with ONNX operators brings the functions that stand for them. As long as nobody edited such a
function, a call of it is recorded as a whole (see `seal`) and drawn as the operator (see `operator_node`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from types import FunctionType
from typing import Any

import torch
from torch import fx
from torch.overrides import handle_torch_function

from sketch.graph.attachments import set_hint
from sketch.graph.element_types import ELEMENT_TYPES
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import freeze
from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.drawing.results import filled, kinds
from sketch.kernels.pytorch.lift_operators import spelled_value
from sketch.kernels.pytorch.operators import Function, definitions, function_of
from sketch.kernels.pytorch.reread import library
from sketch.kernels.pytorch.sink import Sink, Wire

_MARK = "sketch_operator"


def seal(names: dict[str, Any], text: str) -> None:
    """Let every function in a module that is exactly one of ours be recorded as one call.

    Args:
        names: what the source defines; changed in place.
        text: the source.
    """
    lines = text.splitlines()
    written = {
        node.name: "\n".join(lines[node.lineno - 1 : node.end_lineno])
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    known = _operators()
    for name in written:
        made = names.get(name)
        ours = definitions([name]) if name in known else []
        same = all(written.get(item.name) == item.text for item in ours if item.text.startswith("def "))
        if ours and same and isinstance(made, FunctionType):
            names[name] = _sealed(made, known[name])


def operator_node(
    sink: Sink, place: Callable[[], tuple[str, int | None]], node: fx.Node, args: Any, kwargs: Any
) -> Any:
    """The operator for a call of a sealed function; NotImplemented for any other call.

    Args:
        place: gives name ("" for a fresh one) and group of the node.
    """
    layer = getattr(node.target, _MARK, "")
    function = function_of(layer) if layer else None
    results = node.meta.get("results", 0)
    if function is None or not _is_plain(results):
        return NotImplemented
    inputs, params = _split(function, args, kwargs)
    title, parent = place()
    title = title or sink.draft.fresh_name(parent, library()[layer].prefix)
    count = len(kinds(node))
    shown = {"$outputs": tuple(range(count))} if count > 1 else {}
    made = sink.draft.add(layer, title, FrozenDict(freeze({**params, **shown})), parent=parent)
    for port, value in inputs.items():
        if isinstance(value, Wire):
            sink.draft.connect(value.node, value.out, made, port, check_cycle=False)
        else:
            sink.draft.set_param(made, f"$input{port}", spelled_value(torch.as_tensor(value)))
    for out, kind in enumerate(kinds(node)):
        set_hint(sink.draft, made, out, kind)
        sink.declare(Wire(made, out), kind)
    return filled(results, made)


def _split(function: Function, args: Any, kwargs: Mapping[str, Any]) -> tuple[dict[int, Any], dict[str, Any]]:
    """Inputs by number, and attributes as the operator has them."""
    inputs = {place: value for place, value in enumerate(args) if value is not None}
    params = {}
    for name, value in kwargs.items():
        attribute = function.attributes.get(name)
        if attribute is None:
            inputs[function.inputs.index(name)] = value
        elif value is not None:
            params[name] = ELEMENT_TYPES[value.name] if isinstance(value, TypeName) else value
    return inputs, params


def _is_plain(results: Any) -> bool:
    return results == 0 or (isinstance(results, tuple) and all(isinstance(item, int) for item in results))


def _sealed(function: Callable[..., Any], layer: str) -> Callable[..., Any]:
    """The function as one that torch reports before it runs."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        tensors = tuple(item for item in (*args, *kwargs.values()) if isinstance(item, torch.Tensor))
        if torch.overrides.has_torch_function(tensors):
            return handle_torch_function(call, tensors, *args, **kwargs)
        return function(*args, **kwargs)

    call.__dict__[_MARK] = layer
    return call


@lru_cache(maxsize=1)
def _operators() -> Mapping[str, str]:
    """Name of a function -> the operator that it stands for."""
    found = {}
    for spec in library().operators.offered():
        function = function_of(spec.name)
        if function is not None:
            found[function.name] = spec.name
    return found
