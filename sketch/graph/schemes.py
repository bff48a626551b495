"""The ways to initialise a weight that a person can choose, with their arguments; binder.initial has the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sketch.graph.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to initialise. `arguments` maps name to default; a tuple of texts is a choice, its first the default.

    `rank` is the smallest number of dimensions that it works for.
    """

    name: str
    title: str
    doc: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The record of this scheme with these arguments; ParameterError names what is wrong."""
        for name in given:
            if name not in self.arguments:
                known = ", ".join(self.arguments) or "none"
                raise ParameterError(f"{self.title} has no argument {name!r}; it has {known}.")
        found = {name: self._clean(name, given.get(name)) for name in self.arguments}
        self._check(found)
        return {"scheme": self.name, **found}

    def _clean(self, name: str, value: Any) -> Any:
        default = self.arguments[name]
        if isinstance(default, tuple):
            if value is None or value in default:
                return default[0] if value is None else value
            raise ParameterError(f"{name} of {self.title} is one of {', '.join(default)}, not {value!r}.")
        try:
            return float(default if value is None else value)
        except (TypeError, ValueError):
            raise ParameterError(f"{name} of {self.title} is a number, not {value!r}.") from None

    def _check(self, found: Mapping[str, Any]) -> None:
        if found.get("std", 0.0) < 0:
            raise ParameterError(f"std of {self.title} cannot be negative.")
        if found.get("low", 0.0) > found.get("high", 0.0):
            raise ParameterError(f"low of {self.title} cannot be above high.")
        if not 0 <= found.get("sparsity", 0.0) <= 1:
            raise ParameterError(f"sparsity of {self.title} is between 0 and 1.")


_FAN = ("fan_in", "fan_out")
_ALL = (
    Scheme("zeros", "Zeros", "0 everywhere."),
    Scheme("ones", "Ones", "1 everywhere."),
    Scheme("constant", "Constant", "The same number everywhere.", {"value": 0.0}),
    Scheme("normal", "Normal", "Normal values.", {"mean": 0.0, "std": 0.02}),
    Scheme("uniform", "Uniform", "Even between low and high.", {"low": -0.05, "high": 0.05}),
    Scheme(
        "truncated_normal", "Truncated normal", "Normal values, drawn again where they lie outside low and high.",
        {"mean": 0.0, "std": 0.02, "low": -0.04, "high": 0.04},
    ),
    Scheme("xavier_uniform", "Xavier uniform", "Glorot and Bengio 2010, even; tanh, sigmoid.", {"gain": 1.0}, 2),
    Scheme("xavier_normal", "Xavier normal", "Glorot and Bengio 2010, normal.", {"gain": 1.0}, 2),
    Scheme(
        "kaiming_uniform", "Kaiming uniform", "He et al. 2015, even; ReLU, leaky ReLU of slope a.",
        {"a": 0.0, "mode": _FAN}, 2,
    ),
    Scheme("kaiming_normal", "Kaiming normal", "He et al. 2015, normal.", {"a": 0.0, "mode": _FAN}, 2),
    Scheme("orthogonal", "Orthogonal", "Saxe et al. 2014: rows or columns are orthonormal.", {"gain": 1.0}, 2),
    Scheme("sparse", "Sparse", "Martens 2010: normal, part of each column 0.", {"sparsity": 0.1, "std": 0.01}, 2),
    Scheme("identity", "Identity", "The output is the input, as far as sizes allow.", {}, 2),
)  # fmt: skip
SCHEMES: Mapping[str, Scheme] = {scheme.name: scheme for scheme in _ALL}
"""Name -> scheme, in the order in which they are offered."""


def scheme_of(name: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The record of a scheme by its name; ParameterError when there is none, or an argument is wrong."""
    if name not in SCHEMES:
        raise ParameterError(f"{name!r} is no way to initialise; choose one of {', '.join(SCHEMES)}.")
    return SCHEMES[name].checked(arguments or {})
