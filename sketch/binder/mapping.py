"""Rows that say how a layer is written in another format, each read in both directions.

A kernel keeps one `Row` a layer. `RowTable` finds it by layer (export) or by the target's name (import), and turns
parameters into the target's arguments and back. Values that the target writes in another way go through a `Codec`;
what it cannot say at all is a `LossyError`, which the kernel turns into a refusal or a line of its report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar


class LossyError(ValueError):
    """The target cannot say this value; the message says what is lost and what to do."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Codec:
    """A pair of functions with the law `back(to(value)) == value`; either may raise LossyError."""

    to: Callable[[Any], Any] = _same
    back: Callable[[Any], Any] = _same

    def then(self, after: Codec) -> Codec:
        """This codec followed by another."""
        return Codec(lambda value: after.to(self.to(value)), lambda value: self.back(after.back(value)))


SAME = Codec()
"""The value as it is."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of the layer: its name in the target (`""`: the target does not have it) and its codec.

    `default` is what the target assumes when the argument is missing; it is used on import and left out on export.
    A field without a default (the marker `REQUIRED`) is always written.
    """

    param: str
    target: str
    codec: Codec = SAME
    default: Any = None


class _Required:
    """The type of REQUIRED."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Row:
    """How one layer is written in a target: the target's name for it, the arguments, the weights.

    `weights` maps a role to the target's name of it where they differ. `also` lists other names of the target that
    mean the same on import. Kernels subclass it for what only they need.
    """

    layer: str
    target: str
    fields: tuple[Field, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    def arguments(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The target's arguments under these parameters, in the order of the row; defaults are left out."""
        written: dict[str, Any] = {}
        for item in self.fields:
            if not item.target or item.param not in params:
                continue
            value = item.codec.to(params[item.param])
            if item.default is REQUIRED or value != item.default:
                written[item.target] = value
        return written

    def parameters(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The layer's parameters that these arguments of the target mean; absent ones take the target's default."""
        read: dict[str, Any] = {}
        for item in self.fields:
            value = arguments.get(item.target, item.default) if item.target else REQUIRED
            if value is not REQUIRED:
                read[item.param] = item.codec.back(value)
        return read


R = TypeVar("R", bound=Row)


class RowTable(Generic[R]):
    """Rows by layer and by target; a target may have several rows (the first whose reading works wins)."""

    def __init__(self, rows: Iterable[R]):
        by_layer: dict[str, R] = {}
        by_target: dict[str, tuple[R, ...]] = {}
        for row in rows:
            if row.layer in by_layer:
                raise ValueError(f"two rows for the layer {row.layer}")
            by_layer[row.layer] = row
            for name in (row.target, *row.also):
                by_target[name] = (*by_target.get(name, ()), row)
        self.by_layer: Mapping[str, R] = MappingProxyType(by_layer)
        self.by_target: Mapping[str, tuple[R, ...]] = MappingProxyType(by_target)

    def __iter__(self) -> Iterator[R]:
        return iter(self.by_layer.values())

    def __len__(self) -> int:
        return len(self.by_layer)

    def __contains__(self, layer: str) -> bool:
        return layer in self.by_layer

    def of_layer(self, layer: str) -> R | None:
        """The row of a layer, None when the target has nothing for it."""
        return self.by_layer.get(layer)

    def of_target(self, name: str) -> tuple[R, ...]:
        """The rows that a name of the target may mean."""
        return self.by_target.get(name, ())
