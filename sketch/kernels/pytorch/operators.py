"""The functions that stand for ONNX operators, read as text: what they are called, take, give and need.

They live in the package `functions`, one module a family. A network that has such an operator gets the source of its
function written into it, with all that the function calls; so this index is made from the syntax trees, without torch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("functions")
_PACKAGE = "sketch.kernels.pytorch.functions"
_MARKS = re.compile(r"\s*#\s*(fmt|noqa|type|ruff|mypy)\b[^\n]*$", re.MULTILINE)
"""Comments for the tools of this project."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A keyword of a function: an attribute of the operator. `required` has no default."""

    name: str
    default: Any
    required: bool
    is_dtype: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or constant of the package: its text and the names of the definitions that it uses."""

    name: str
    text: str
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """The function of an operator.

    `inputs` are its positional arguments in order and `needed` how many of them have no default; `rest` is the name
    of a variadic last one ("" for none). `results` is how many values it gives: None for one that is no tuple, -1 for
    as many as the operator has outputs.
    """

    name: str
    inputs: tuple[str, ...]
    needed: int
    rest: str
    attributes: Mapping[str, Attribute]
    results: int | None


def function_of(layer: str) -> Function | None:
    """The function of an operator of the standard (`ai.onnx:GatherND` is `gather_nd`), None where there is none."""
    domain, _, kind = layer.partition(":")
    if domain != "ai.onnx" and not domain.startswith(("ai.onnx.ml", "ai.onnx.preview")):
        return None
    return _index().functions.get(kind.lower())


def definitions(names: Iterable[str]) -> list[Definition]:
    """These functions and everything that they use, each once, what is used before what uses it."""
    wanted = tuple(names)
    known = _index().definitions if wanted else {}  # reading them takes a tenth of a second
    found: dict[str, Definition] = {}

    def visit(name: str) -> None:
        if name not in found and name in known:
            for used in known[name].uses:
                if used != name and used not in pending:
                    pending.add(used)
                    visit(used)
            found[name] = known[name]

    pending: set[str] = set()
    for name in wanted:
        pending.add(name)
        visit(name)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Index:
    functions: Mapping[str, Function]
    definitions: Mapping[str, Definition]


@lru_cache(maxsize=1)
def _index() -> _Index:
    functions: dict[str, Function] = {}
    definitions: dict[str, Definition] = {}
    for file in sorted(_FOLDER.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        known = _known(tree)
        lines = text.splitlines()
        for node in tree.body:
            for name in _names(node):
                body = _MARKS.sub("", "\n".join(lines[node.lineno - 1 : node.end_lineno]))
                definitions[name] = Definition(name, body, tuple(_uses(node, known)))
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                functions[node.name.replace("_", "").lower()] = _function(node)
    return _Index(functions, definitions)


def _names(node: ast.stmt) -> Iterator[str]:
    """Names that a statement of a module defines."""
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _known(tree: ast.Module) -> set[str]:
    """Names in a module that are definitions of the package."""
    found = {name for node in tree.body for name in _names(node)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            found.update(alias.name for alias in node.names)
    return found


def _uses(node: ast.stmt, known: set[str]) -> Iterator[str]:
    """Names of the package that a definition reads; its arguments and variables may have the same names."""
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    own = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    if isinstance(node, ast.FunctionDef):
        own.update(inner.id for inner in inside if isinstance(inner.ctx, ast.Store))
    read = (inner.id for inner in inside if isinstance(inner.ctx, ast.Load))
    yield from dict.fromkeys(name for name in read if name in known and name not in own)


def _function(node: ast.FunctionDef) -> Function:
    given = node.args
    inputs = tuple(item.arg for item in (*given.posonlyargs, *given.args))
    attributes = {
        item.arg: _attribute(item, default)
        for item, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    }
    rest = given.vararg.arg if given.vararg is not None else ""
    return Function(
        node.name, inputs, len(inputs) - len(given.defaults), rest, attributes, _results(node.returns)
    )


def _attribute(item: ast.arg, default: ast.expr | None) -> Attribute:
    kind = ast.unparse(item.annotation) if item.annotation is not None else ""
    value = None
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except ValueError:
            value = ast.unparse(default)
    return Attribute(item.arg, value, default is None, "torch.dtype" in kind)


def _results(returns: ast.expr | None) -> int | None:
    if not isinstance(returns, ast.Subscript) or ast.unparse(returns.value) != "tuple":
        return None
    items = returns.slice.elts if isinstance(returns.slice, ast.Tuple) else [returns.slice]
    return (
        -1 if any(isinstance(item, ast.Constant) and item.value is Ellipsis for item in items) else len(items)
    )
