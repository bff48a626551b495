"""A digest of what a module computes, weights left out: it stays when the file is loaded, trained and saved again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import fx, nn

FOLDED = "_tensor_constant"
"""How torch.fx calls a tensor that it computed while it loaded a graph."""
_COMPUTED = "?"


def graph_digest(module: nn.Module) -> str:
    """The digest of all graphs of calls in a module; "" for a module that is no graph."""
    if not isinstance(module, fx.GraphModule):
        return ""
    found = hashlib.sha256()
    graphs = {path: inner for path, inner in module.named_modules() if isinstance(inner, fx.GraphModule)}
    for path in sorted(graphs):
        for line in (path, *_lines(graphs[path])):
            found.update(f"{line}\n".encode())
    return found.hexdigest()


def tensor_digest(tensor: torch.Tensor) -> str:
    """The digest of a tensor's type, shape and bytes."""
    plain = tensor.detach().cpu().contiguous()
    said = f"{plain.dtype} {tuple(plain.shape)} "
    return hashlib.sha256(said.encode() + plain.reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest()


def _lines(module: fx.GraphModule) -> Iterator[str]:
    """One line a call, as it is after loading.

    Loading gives values other names, calls a tensor by the first of its paths, and computes what needs no input.
    """
    paths = {id(value): name for name, value in (*module.named_buffers(), *module.named_parameters())}
    names: dict[fx.Node, str] = {}
    settled: set[fx.Node] = set()
    count = 0
    for node in module.graph.nodes:
        if node.op == "get_attr":
            held = _held(module, str(node.target))
            if not isinstance(held, nn.Parameter):
                settled.add(node)
            path = str(paths.get(id(held), node.target))
            names[node] = _COMPUTED if path.startswith(FOLDED) else f"@{path}"
        elif node.op in ("call_function", "call_method") and settled.issuperset(node.all_input_nodes):
            settled.add(node)
            names[node] = _COMPUTED
        else:
            names[node] = f"%{count}"
            count += 1
            target = "" if node.op in ("placeholder", "output") else _target(node.target)
            yield f"{node.op} {target} {_said(node.args, names)} {_said(node.kwargs, names)}"


def _held(module: nn.Module, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _target(target: Any) -> str:
    return target if isinstance(target, str) else str(getattr(target, "__name__", target))


def _said(value: Any, names: Mapping[fx.Node, str]) -> str:
    """An argument as text; loading may turn a tuple into a list."""
    if isinstance(value, fx.Node):
        return names[value]
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_said(item, names) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_said(value[key], names)}' for key in sorted(value))}}}"
    if isinstance(value, slice):
        return f"slice{_said((value.start, value.stop, value.step), names)}"
    return repr(value)
