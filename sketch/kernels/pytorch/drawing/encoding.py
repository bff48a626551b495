"""Arguments of a recorded call as the parameters of a `torch:` node (see sketch.binder.torch_calls)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from sketch.binder import torch_calls
from sketch.binder.kernel import BinderError
from sketch.graph.dims import Symbolic
from sketch.graph.rows import FrozenDict
from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.sink import Wire

_NO_VALUE = frozenset({"memory_format", "layout", "device", "generator", "pin_memory", "out", "non_blocking"})
"""Arguments that say where and how a result lies, not what it is."""


_SIZED = frozenset({"zeros", "ones", "rand", "randn"})
"""Functions that take sizes one by one, or all as one tuple."""


class Encoder:
    """Collects the wires of one call while its arguments become plain."""

    def __init__(self, name: str) -> None:
        self.wires: list[Wire] = []
        self._name = name

    def params(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """`args` and `kwargs` of the node."""
        plain = tuple(self._value(item) for item in args if not _is_layout(item))
        if self._name in _SIZED and len(plain) > 1 and not isinstance(plain[0], tuple):
            plain = (
                plain,
            )  # a torch.fx graph is traced again when it is loaded, and can follow one tuple only
        named = {
            key: self._value(item)
            for key, item in kwargs.items()
            if key not in _NO_VALUE and not _is_layout(item)
        }
        return {"args": plain, **({"kwargs": FrozenDict(named)} if named else {})}

    def _value(self, value: Any, *, key: bool = False) -> Any:
        if isinstance(value, Wire):
            if value not in self.wires:
                self.wires.append(value)
            return FrozenDict({torch_calls.PORT: self.wires.index(value)})
        if isinstance(value, Symbolic):
            return FrozenDict({torch_calls.SIZE: str(value)})
        if isinstance(value, TypeName):
            return FrozenDict({torch_calls.DTYPE: value.name})
        if isinstance(value, slice):
            return FrozenDict(
                {torch_calls.SLICE: tuple(map(self._value, (value.start, value.stop, value.step)))}
            )
        if isinstance(value, list):
            items = tuple(map(self._value, value))
            return FrozenDict({torch_calls.LIST: items}) if self._is_index() else items
        if isinstance(value, tuple):
            return tuple(map(self._value, value))
        return self._plain(value)

    def _is_index(self) -> bool:
        """A list and a tuple mean different things in an index only."""
        return self._name in ("Tensor.__getitem__", torch_calls.SET_ITEM)

    def _plain(self, value: Any) -> Any:
        if value is Ellipsis:
            return FrozenDict({torch_calls.ELLIPSIS: True})
        if isinstance(value, complex) or (isinstance(value, float) and math.isnan(value)):
            return FrozenDict({torch_calls.NUMBER: str(value)})
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        kind = getattr(value, "kind", type(value).__name__)
        raise BinderError(f"torch.{self._name} is called with a {kind}, which a drawing cannot hold.")


def _is_layout(value: Any) -> bool:
    kinds = (torch.memory_format, torch.layout, torch.device, torch.Generator)
    return isinstance(value, kinds) or getattr(value, "kind", "") in ("memory_format", "layout", "Generator")
