"""Problems as values: what is wrong, at which node, and the cure. Found by inference; never raised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `severity` is `error` (cannot build or run), `warning` (very likely wrong) or `note`.

    `port` is the index of the input at fault, `param` the name of the parameter at fault.
    """

    node: int | None
    severity: str
    code: str
    message: str
    cure: str = ""
    port: int | None = None
    param: str | None = None

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()
