"""Which functions of torch a drawing may call, asked of torch itself: the second lock beside the list of names."""

from __future__ import annotations

import operator
from functools import lru_cache, reduce
from typing import Any

import torch
from torch import fx
from torch.overrides import get_overridable_functions

from sketch.binder import torch_calls
from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.carrying import is_carried


def require_allowed(layer: str, made: fx.Node) -> None:
    """BinderError unless the call that a node became is one of a function that may be called."""
    name = torch_calls.function_name(layer)
    target: Any = made.target
    if made.op == "call_method":
        target = getattr(torch.Tensor, str(target), None)
    own = is_carried(target) or target is operator.getitem
    if not torch_calls.is_allowed(name) or not (own or _is_known(target)):
        raise BinderError(f"torch.{name} is no function that a drawing may call; replace the node.")


def _is_known(function: Any) -> bool:
    if isinstance(function, torch._ops.OpOverload):
        return bool(function.namespace == "aten")
    if isinstance(function, torch._ops.OpOverloadPacket):
        return str(function).startswith("aten.")
    return callable(function) and function in _functions()


_FACTORIES: tuple[str, ...] = (
    "arange", "zeros", "ones", "full", "eye", "linspace", "logspace", "tril_indices", "triu_indices", "rand", "randn",
    "randint", "randperm", "rand_like", "randn_like", "randint_like", "Tensor.new_zeros", "Tensor.new_ones",
    "Tensor.new_full", "Tensor.new_tensor",
)  # fmt: skip
"""Functions that make numbers; torch does not list them among those that may be overridden."""


@lru_cache(maxsize=1)
def _functions() -> frozenset[Any]:
    known = {item for group in get_overridable_functions().values() for item in group}
    return frozenset(known | {reduce(getattr, name.split("."), torch) for name in _FACTORIES})
