"""Functions of operators as live objects, and how a .pth carries their source so that it loads with torch alone.

A pickled torch.fx.GraphModule is its generated code plus an import block. torch.fx lets a name of that code stand for
any text in the import block (`_register_custom_builtin`): here that text defines the function and registers it again,
so that a loaded model can be saved in turn. Calls of these functions are leaves (`is_wrapped`) when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from torch import fx
from torch.fx import graph as fx_graph

from sketch.kernels.pytorch.operators import definitions

HEADER = """\
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


"""

_LOADER = '''\
import torch.fx.graph as _graph


def _import_text(name, kind, text, loader):
    """Lines that bind `name` to the function `kind` in a text, in this process and in any that loads the model."""
    return f"_text = {text!r}\\n_loader = {loader!r}\\nexec(_loader)\\n{name} = _defined({kind!r}, _text, _loader)"


def _defined(kind, text, loader):
    """The function in a text, one object a text, registered with torch.fx under a free name."""
    known = _graph._custom_builtins
    for entry in known.values():
        if getattr(entry.obj, "onnx_source", None) == text:
            return entry.obj
    scope = {"__name__": "onnx_operators"}
    exec(compile(text, f"<onnx operator {kind}>", "exec"), scope)
    function = scope[kind]
    function.onnx_source = text
    name, number = kind, 1
    while name in known:
        number += 1
        name = f"{kind}_{number}"
    _graph._register_custom_builtin(name, _import_text(name, kind, text, loader), function)
    return function
'''
"""Runs here and, from the import block, wherever a model is loaded."""


def operator_function(name: str) -> Callable[..., Any]:
    """The live function of an operator; the same object each time."""
    return _operator_function(name, operator_source(name))


def operator_source(name: str) -> str:
    """Everything that a function needs, as one text that runs with torch alone."""
    return HEADER + "\n\n\n".join(item.text for item in definitions([name])) + "\n"


@cache
def _operator_function(name: str, text: str) -> Callable[..., Any]:
    before = dict(fx_graph._custom_builtins)
    scope: dict[str, Any] = {}
    exec(_LOADER, scope)  # noqa: S102 - our own text above
    function: Callable[..., Any] = scope["_defined"](name, text, _LOADER)
    for fresh in set(fx_graph._custom_builtins) - set(before):
        del fx_graph._custom_builtins[fresh]
    return function


def carry(module: fx.GraphModule) -> list[str]:
    """Let torch.fx write the module's functions into its pickle; gives the names that were added for it."""
    scope: dict[str, Any] = {}
    exec(_LOADER, scope)  # noqa: S102 - our own text above
    added = []
    for function in _functions(module):
        if any(entry.obj is function for entry in fx_graph._custom_builtins.values()):
            continue
        name, number = function.__name__, 1
        while name in fx_graph._custom_builtins:
            number += 1
            name = f"{function.__name__}_{number}"
        text = scope["_import_text"](name, function.__name__, function.onnx_source, _LOADER)
        fx_graph._register_custom_builtin(name, text, function)
        added.append(name)
    if added:  # the code that is pickled has the names that were free when it was written
        for inner in _graphs(module):
            inner.recompile()
    return added


@contextmanager
def carrying(module: fx.GraphModule) -> Iterator[None]:
    """As `carry`, for as long as the block runs: other modules of this process are not to hold these functions."""
    added = carry(module)
    try:
        yield
    finally:
        for name in added:
            fx_graph._custom_builtins.pop(name, None)


def is_carried(target: Any) -> bool:
    """True for a function that came out of this machinery, here or in a file that was loaded."""
    return callable(target) and hasattr(target, "onnx_source")


def _functions(module: fx.GraphModule) -> Iterable[Any]:
    nodes = (node for inner in _graphs(module) for node in inner.graph.nodes)
    return dict.fromkeys(node.target for node in nodes if is_carried(node.target))


def _graphs(module: fx.GraphModule) -> Iterator[fx.GraphModule]:
    return (inner for inner in module.modules() if isinstance(inner, fx.GraphModule))
