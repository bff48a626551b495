"""What a recorded call is called: the function's name relative to torch, and the name that the rows know it by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import fx
from torch.overrides import resolve_name

from sketch.binder.torch_calls import SET_ITEM, is_allowed

_OPERATORS: Mapping[str, str] = {
    "add": "add", "iadd": "add", "sub": "sub", "isub": "sub", "mul": "mul", "imul": "mul", "truediv": "true_divide",
    "itruediv": "true_divide", "floordiv": "floor_divide", "ifloordiv": "floor_divide", "mod": "remainder",
    "imod": "remainder", "pow": "pow", "ipow": "pow", "matmul": "matmul", "imatmul": "matmul", "neg": "neg",
    "pos": "positive", "abs": "abs", "invert": "bitwise_not", "inv": "bitwise_not", "and_": "bitwise_and",
    "iand": "bitwise_and", "or_": "bitwise_or", "ior": "bitwise_or", "xor": "bitwise_xor", "ixor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift", "eq": "eq", "ne": "ne", "gt": "gt", "ge": "ge",
    "lt": "lt", "le": "le", "getitem": "Tensor.__getitem__", "and": "bitwise_and", "or": "bitwise_or",
    "div": "true_divide", "nonzero": "nonzero",
}  # fmt: skip
"""Python's operators, and the function of torch that is the same."""

_REVERSED: Mapping[str, str] = {
    "radd": "add", "rmul": "mul", "rand": "bitwise_and", "ror": "bitwise_or", "rxor": "bitwise_xor",
}  # fmt: skip
"""Reversed operators whose operands may change places."""

_OWN_FORM = frozenset(
    [
        "where",
        "polygamma",
        "permute",
        "reshape",
        "tile",
        "flip",
        "broadcast_to",
        "movedim",
        "moveaxis",
        "roll",
        "rot90",
    ]
)
"""Methods whose arguments are not simply those of the function after the tensor."""

_KNOWN_BY_ROWS = frozenset(
    "add sub mul truediv floordiv mod matmul neg eq ne gt lt ge le pow getitem iadd isub imul itruediv".split()  # noqa: SIM905
)


def function_name(node: fx.Node) -> str:
    """`roll`, `nn.functional.pad`, `Tensor.unfold`, `ops.aten.native_dropout.default`: a name that torch_calls allows.

    "" when the call has no such name.
    """
    if node.op == "call_method":
        return _method(str(node.target))
    target: Any = node.target
    if getattr(target, "__name__", "") == SET_ITEM:
        return SET_ITEM
    if isinstance(target, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
        return f"ops.{target}".removesuffix(".default")
    if str(getattr(target, "__module__", "")).endswith("operator"):
        return _OPERATORS.get(target.__name__, "")
    return _resolved(target)


def row_name(node: fx.Node) -> str:
    """The name as `reading.canonical` takes it: `operator.add`, `torch.roll`, `F.pad`, `.unfold`."""
    name = function_name(node)
    raw = str(getattr(node.target, "__name__", node.target)).strip("_")
    if name.startswith("Tensor.__") or (node.op == "call_method" and str(node.target).startswith("__")):
        return f"operator.{raw}"
    if str(getattr(node.target, "__module__", "")).endswith("operator") and raw in _KNOWN_BY_ROWS:
        return f"operator.{raw}"
    if name.startswith("nn.functional."):
        return f"F.{name.removeprefix('nn.functional.')}"
    return f".{name.removeprefix('Tensor.')}" if name.startswith("Tensor.") else f"torch.{name}"


def _method(name: str) -> str:
    plain = name.strip("_") if name.startswith("__") else name
    if name.startswith("__"):
        known = _OPERATORS.get(plain, "") or _REVERSED.get(plain, "")
        return known or f"Tensor.{name}"
    if name.endswith("_") and is_allowed(f"Tensor.{name[:-1]}"):
        name = name[:-1]
    own = (f"Tensor.{name}", name) if name in _OWN_FORM else (name, f"Tensor.{name}")
    for found in (*own, f"nn.functional.{name}"):
        if is_allowed(found):
            return found
    return ""


@lru_cache(maxsize=4096)
def _resolved(target: Any) -> str:
    name = (resolve_name(target) or "").removeprefix("torch.").removeprefix("functional.")
    if not name:
        owner = str(getattr(target, "__module__", ""))
        plain = str(getattr(target, "__name__", ""))
        name = (
            plain
            if owner in ("torch", "torch.functional") or owner.startswith("torch._C")
            else f"{owner}.{plain}"
        )
        name = name.removeprefix("torch.")
    if name.startswith("Tensor."):
        return _method(name.removeprefix("Tensor.")) or name
    short = name.rpartition(".")[2]
    if not is_allowed(name):
        for found in (short.rstrip("_"), f"nn.functional.{short}", f"nn.functional.{short.rstrip('_')}",
                      f"ops.aten.{short}"):  # fmt: skip
            if is_allowed(found):
                return found
    return name
