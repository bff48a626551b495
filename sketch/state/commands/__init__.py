"""One function for each thing a person can do; each makes one labelled step of the history.

The functions take the document first and return what the caller needs; a refusal is a GraphError whose message
is one sentence for the person.

Each loads when it is first used, from where `__init__.pyi` says that it is: a first empty canvas needs few of them.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


@cache
def _homes() -> dict[str, str]:
    """Command -> the module it is in."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    found = (row for row in stub.body if isinstance(row, ast.ImportFrom))
    return {name.name: row.module or "" for row in found for name in row.names}


def __getattr__(name: str) -> Any:
    home = None if name.startswith("__") else _homes().get(name)
    if home is None:
        raise AttributeError(f"there is no command {name!r}")
    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted(_homes())
