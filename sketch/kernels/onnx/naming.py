"""Names and groups of imported nodes: `/layer1/0/conv1/Conv` is conv1 in the group 0 in the group layer1.

Torch's exporters write the path of the module beside each operator: TorchScript into its name, dynamo into its
metadata. A module that one layer stands for gives that layer its name; any other module is a group, and what it
computes itself is named after the layer (`add`, `softmax`).
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import onnx_ir as ir  # names are found at a glance too, where no framework is loaded

NAME_LIMIT = 200
SCOPES_KEY = "pkg.torch.onnx.name_scopes"
Path = tuple[str, ...]
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SPOKEN = {"MatMul": "matmul", "RMSNorm": "rms_norm"}
_RESULT = re.compile(r"(/(?:.+/)?([A-Z][A-Za-z]*)(?:_\d+)?)_output_\d+")
"""What TorchScript's exporter calls a value: its operator, then the number of the output."""
_NUMBERED = re.compile(r"onnx::\w+|val_\d+|\d+")
"""Values that torch's exporters only count."""
_NO_SCOPE = "_empty_nn_module_stack_from_metadata_hook"
"""What torch.export says where it lost the module."""
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
STEP_NAMES = {"Relu": "relu", "PRelu": "prelu", "Gemm": "linear", "Clip": "clamp", "Transpose": "permute"}
"""Operators that a person calls by the layer that they are."""


class Drawn(NamedTuple):
    """A node to be named: what the file calls it, the operator there, its first output, torch's scopes, the layer."""

    name: str
    kind: str
    output: str
    scopes: str
    layer: str
    near: tuple[int, ...] = ()
    """Numbers of the nodes that it reads from and that read it."""


def clean(text: object) -> str:
    """A name that the graph takes: text without control characters, of a bearable length."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    name = str(text)
    if name.isascii() and name.isprintable():  # most names, in a third of the time
        return name[:NAME_LIMIT]
    return _CONTROL.sub("�", name)[:NAME_LIMIT]


def path_of(name: str, kind: str, output: str, scopes: str = "") -> Path:
    """(groups..., own name) from a node's name, or from its output when it has none."""
    module = _module(Drawn(name, kind, output, scopes, kind))
    return module or own_path(name, kind, output)


def constant_path(name: str) -> Path:
    """(groups..., own name) of a constant: `/position/Gather_output_0` is gather in position."""
    text = clean(name or "constant")
    made = _RESULT.fullmatch(text)
    if _NUMBERED.fullmatch(text):
        return ("constant",)
    if made is None:
        return tuple(_pieces(text)) or (text,)
    return (*(_module(Drawn(made[1], made[2], "", "", "")) or ()), spoken(made[2]))


def paths(drawn: Sequence[Drawn]) -> list[Path]:
    """(groups..., own name) of all nodes of a graph, which tell modules of several layers from those of one."""
    modules = _completed([_module(item) for item in drawn], drawn)
    members: dict[Path, set[str]] = defaultdict(set)
    for module, item in zip(modules, drawn, strict=True):
        if module:
            members[module].add(item.layer)
    outer = {module[:length] for module in members for length in range(1, len(module))}
    found = []
    for module, item in zip(modules, drawn, strict=True):
        if module is None:
            found.append(own_path(item.name, item.kind, item.output))
        elif module and module not in outer and len(members[module]) == 1:
            found.append(module)
        else:
            found.append((*module, spoken(item.layer)))
    return found


def _completed(modules: Sequence[Path | None], drawn: Sequence[Drawn]) -> list[Path | None]:
    """A node without a module, which a rewriter made, is where its neighbours are."""
    if not any(modules):
        return list(modules)
    found = list(modules)
    for place, item in enumerate(drawn):
        near = [module for other in item.near if (module := modules[other]) is not None]
        if modules[place] is None and near:
            found[place] = _common(near)
    return found


def _common(modules: Sequence[Path]) -> Path:
    """The module that holds all of these; of one alone, the module around it."""
    first, *others = modules if len(modules) > 1 else (modules[0], modules[0][:-1])
    length = 0
    while length < len(first) and all(other[: length + 1] == first[: length + 1] for other in others):
        length += 1
    return first[:length]


def spoken(layer: str) -> str:
    """A layer's name as a person calls a step: `scaled_dot_product_attention`, `max_pool2d`, `relu`, `where`."""
    kind = layer.rpartition(":")[2]
    return _SPOKEN.get(kind) or _WORDS.sub("_", kind).lower()


def _module(item: Drawn) -> Path | None:
    """The path of the module that a node belongs to; None when the file says none."""
    scopes = _scopes(item.scopes)
    if scopes is not None:
        return _relative(scopes)
    text = clean(item.name)
    if not text.startswith("/"):
        return None
    parts = [part for part in text.split("/") if part]
    if parts and re.fullmatch(rf"{re.escape(item.kind)}(_\d+)?", parts[-1]):
        parts.pop()
    return _relative(parts)


def own_path(name: str, kind: str, output: str) -> Path:
    """The name of a node whose file says no modules, or that of its output when it has none."""
    return (clean(name) or ("" if output.isdigit() else clean(output)) or kind.lower(),)


def _relative(parts: Iterable[str]) -> Path:
    """Exporters repeat the outer scope: layer1, layer1.0 -> layer1, 0."""
    found, outer = [], ""
    for part in parts:
        found.append(part[len(outer) + 1 :] if outer and part.startswith(outer + ".") else part)
        outer = part
    return tuple(piece for item in found for piece in _pieces(item))


def _pieces(name: str) -> list[str]:
    """A scope that skips its outer ones, as those of a ModuleList do: `layers.0` is 0 in layers."""
    parts = [part for part in name.split(".") if part]
    plain = all(part.isidentifier() or part.isdigit() for part in parts)
    return parts if len(parts) > 1 and plain else [name] if name else []


def _scopes(text: str) -> list[str] | None:
    """The modules that torch's exporter writes beside a node: a list of growing scopes, then the node."""
    if not text or len(text) > 10_000:
        return None
    try:
        scopes = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        return None
    return [clean(scope) for scope in scopes[:-1] if scope and scope != _NO_SCOPE]


def scopes_beside(scopes: str, kind: str, weight: str) -> str:
    """Torch's scopes of an operator; of a convolution that took in its batch norm, those of its weight."""
    owner = weight.removesuffix(".weight") if kind in ("Conv", "ConvTranspose") else ""
    return repr([owner, "conv"]) if scopes and owner and owner != weight else scopes


def scopes_of(graph: ir.Graph) -> Mapping[str, str]:
    """Node name -> torch's scopes, of names that occur once; converting to another opset loses them."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for node in graph:
        name = node.name or ""
        if name in found or not name:
            twice.add(name)
        found[name] = node.metadata_props.get(SCOPES_KEY, "")
    return {name: scopes for name, scopes in found.items() if scopes and name not in twice}


def restore(graph: ir.Graph, scopes: Mapping[str, str]) -> None:
    """Put the scopes beside their operators again."""
    for node in graph:
        scope = scopes.get(node.name or "")
        if scope and SCOPES_KEY not in node.metadata_props:
            node.metadata_props[SCOPES_KEY] = scope
