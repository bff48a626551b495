"""Sketch: draw neural networks instead of programming them.

The functions of `sketch.api` are importable from here; nothing is loaded before the first one is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketch.api import (
        code,
        compile,
        diff,
        extract,
        fold,
        from_torch,
        fuse,
        merge,
        open,
        quantise,
        save,
        to_torch,
    )
    from sketch.graph.network import Network

__version__ = "0.1.0"
__all__ = [
    "Network", "code", "compile", "diff", "extract", "fold", "from_torch", "fuse", "merge", "open", "quantise", "save",
    "to_torch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "Network":
        return import_module("sketch.graph.network").Network
    if name in __all__:
        return getattr(import_module("sketch.api"), name)
    raise AttributeError(f"module 'sketch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
