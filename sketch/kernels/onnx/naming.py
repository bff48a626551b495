"""Names and groups of imported nodes: `/layer1/0/conv1/Conv` is conv1 in the group 0 in the group layer1."""

from __future__ import annotations

import ast
import re

NAME_LIMIT = 200
SCOPES_KEY = "pkg.torch.onnx.name_scopes"
_NUMBERED = re.compile(r"(_\d+)?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def clean(text: object) -> str:
    """A name that the graph takes: text without control characters, of a bearable length."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return _CONTROL.sub("�", str(text))[:NAME_LIMIT]


def path_of(name: str, kind: str, output: str, scopes: str = "") -> tuple[str, ...]:
    """(groups..., own name) from a node's name, or from its output when it has none."""
    scoped = _scoped(scopes)
    if scoped:
        return scoped
    text = clean(name) or ("" if output.isdigit() else clean(output))
    if not text.startswith("/"):
        return (text or kind.lower(),)
    parts = [part for part in text.split("/") if part]
    if len(parts) > 1 and re.fullmatch(rf"{re.escape(kind)}(_\d+)?", parts[-1]):
        parts.pop()
    return _relative(parts) or (kind.lower(),)


def _relative(parts: list[str]) -> tuple[str, ...]:
    """Exporters repeat the outer scope: layer1, layer1.0 -> layer1, 0."""
    found, outer = [], ""
    for part in parts:
        found.append(part[len(outer) + 1 :] if outer and part.startswith(outer + ".") else part)
        outer = part
    return tuple(item for item in found if item)


def _scoped(text: str) -> tuple[str, ...]:
    """The module path that torch's exporter writes beside a node: a list of growing scopes, then the node."""
    if not text or len(text) > 10_000:
        return ()
    try:
        scopes = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ()
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        return ()
    modules = [clean(scope) for scope in scopes[:-1] if scope]
    return _relative(modules)
