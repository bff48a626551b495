"""Names for the arguments of a forward that only knows `*args`, so that inputs are called as in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from typing import Any

from torch import nn

NEEDED = Parameter.empty
"""In place of a default: the argument has none."""


def name_arguments(
    module: nn.Module, rows: Sequence[tuple[str, Any]], run: Callable[..., Any], positional: int | None = None
) -> None:
    """Give one module a forward with these arguments.

    Args:
        rows: (name, default) of each, `NEEDED` for none.
        run: what forward does.
        positional: how many are passed on by place; the others by name. None: all by place.
    """
    kind = Parameter.POSITIONAL_OR_KEYWORD
    signature = Signature([Parameter(name, kind, default=default) for name, default in rows])
    count = len(rows) if positional is None else positional

    def forward(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        named = dict(list(given.arguments.items())[count:])
        return run(*given.args[:count], **named)

    forward.__signature__ = signature  # type: ignore[attr-defined]
    module.__dict__["forward"] = forward
