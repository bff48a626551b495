"""How a function that torch reports is written in a graph, and which functions say nothing about the numbers."""

from __future__ import annotations

import inspect
import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

_SILENT = frozenset({
    "shape", "size", "dim", "ndim", "ndimension", "numel", "nelement", "stride", "storage_offset", "dtype", "device",
    "layout", "requires_grad", "requires_grad_", "names", "name", "grad_fn", "grad", "element_size", "itemsize",
    "nbytes", "__len__", "__hash__", "_version", "output_nr", "retains_grad", "retain_grad", "get_device",
    "result_type", "can_cast", "promote_types", "register_hook", "_backward_hooks", "__repr__", "__format__",
    "__str__", "__dir__", "has_names", "volatile", "_base", "_cdata", "_is_view", "register_post_accumulate_grad_hook",
    "dim_order", "__dlpack_device__", "_grad", "backward", "_grad_fn", "broadcast_shapes", "has_torch_function",
    "sym_size", "sym_numel", "sym_stride", "sym_storage_offset", "sym_is_contiguous",
})  # fmt: skip
"""Functions whose result is no number out of a tensor."""

_SILENT_SETTERS = frozenset({"requires_grad.__set__", "grad.__set__", "names.__set__", "_grad.__set__"})

_DUNDER = {
    f"__{name}__": getattr(operator, name if name not in ("and", "or") else f"{name}_")
    for name in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift",
        "eq", "ne", "lt", "le", "gt", "ge", "neg", "abs", "invert", "pos", "getitem",
    )
} | {"__div__": operator.truediv}  # fmt: skip

_IN_PLACE = {
    f"__i{name}__": _DUNDER[f"__{name}__"]
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift")
} | {"__idiv__": operator.truediv}  # fmt: skip

_REVERSED = {
    f"__r{name}__": _DUNDER[f"__{name}__"]
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
} | {"__rdiv__": operator.truediv}  # fmt: skip

_PROPERTIES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "mT": ("transpose", (-2, -1)), "data": ("detach", ()), "mH": ("adjoint", ()), "H": ("adjoint", ()),
}  # fmt: skip

DROPPED = frozenset({
    "device", "memory_format", "non_blocking", "pin_memory", "layout", "requires_grad", "generator", "_stacklevel",
})  # fmt: skip
"""Arguments by name that do not change a number."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A call as a graph writes it; `kind` is function, method, or same (the result is the first argument)."""

    kind: str
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    in_place: bool = False

    @property
    def name(self) -> str:
        """The plain name of the function, without the overload of an operator."""
        if isinstance(self.target, torch._ops.OpOverload):
            return str(self.target._schema.name).rpartition("::")[2]
        return str(self.target if self.kind == "method" else getattr(self.target, "__name__", self.target))


@lru_cache(maxsize=4096)
def _is_method(function: Any) -> bool:
    return getattr(torch.Tensor, function.__name__, None) is function


def plain_name(function: Any) -> str:
    """The name of a function; that of the attribute for a property of Tensor."""
    name = str(getattr(function, "__name__", function))
    if name in ("__get__", "__set__", "__delete__"):
        attribute = str(getattr(getattr(function, "__self__", None), "__name__", name))
        return attribute if name == "__get__" else f"{attribute}.{name}"
    return name


def is_silent(name: str) -> bool:
    """True for a function that only asks what kind of tensor this is."""
    plain = name.partition(".")[0]  # `sym_size.int` for torch.ops.aten.sym_size.int
    return plain in _SILENT or (name.startswith("is_") and name != "is_nonzero") or name in _SILENT_SETTERS


def spell(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Spelling:
    """A call that torch reported, with its result, as a graph writes it: operators, methods and functions."""
    kwargs = {name: value for name, value in kwargs.items() if name not in DROPPED}
    args = tuple(item for item in args if not isinstance(item, torch.device))
    if isinstance(function, torch._ops.OpOverloadPacket):
        function = _overload(function, args, kwargs)
    if isinstance(function, torch._ops.OpOverload):
        return _spell_overload(function, args, kwargs)
    name = plain_name(function)
    if getattr(function, "__name__", "") == "__get__":
        return _spell_property(name, args)
    if name in ("to", "type", "type_as", "cuda", "cpu") and _is_method(function):
        return _spell_conversion(args, result)
    if name in _REVERSED:
        return Spelling("function", _REVERSED[name], (args[1], args[0]), kwargs)
    for table, in_place in ((_DUNDER, False), (_IN_PLACE, True)):
        if name in table:
            return Spelling("function", table[name], args, kwargs, in_place)
    if name == "__deepcopy__":
        return Spelling("method", "clone", args[:1], {})
    if name == "__reversed__":
        return Spelling("method", "flip", (*args[:1], 0), {})
    return _spell_named(function, name, args, kwargs)


def _spell_named(function: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spelling:
    changes = name.endswith("_") and not name.endswith("__")
    if _is_method(function):
        plain = name[:-1] if changes and hasattr(torch.Tensor, name[:-1]) else name
        return Spelling("method", plain, args, kwargs, changes)
    if changes:
        for owner in (torch.nn.functional, torch):
            plain_function = getattr(owner, name[:-1], None)
            if plain_function is not None:
                return Spelling("function", plain_function, args, kwargs, True)
    args, kwargs = _not_in_place(function, args, kwargs)
    return Spelling("function", function, args, kwargs)


def _not_in_place(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The same call without `inplace=True`."""
    place = _place_of_inplace(function)
    if place is not None and place < len(args):
        args = (*args[:place], False, *args[place + 1 :])
    return args, {key: value for key, value in kwargs.items() if key != "inplace"}


@lru_cache(maxsize=4096)
def _place_of_inplace(function: Any) -> int | None:
    if not callable(function) or inspect.isbuiltin(function):
        return None
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    return names.index("inplace") if "inplace" in names else None


def _overload(packet: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with torch._C.DisableTorchFunction():
        found = torch._C._jit_resolve_packet(packet._qualified_op_name, *args, **kwargs)
    return getattr(packet, found or "default")


def _spell_overload(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spelling:
    space, _, name = function._schema.name.partition("::")
    if name in ("copy_", "fill_", "zero_", "normal_", "uniform_", "bernoulli_"):
        plain_name = "bernoulli" if name == "bernoulli_" else name
        return Spelling("method", plain_name, args, kwargs, True)
    if name.endswith("_") and not name.endswith("__"):
        packet = getattr(getattr(torch.ops, space), name[:-1], None)
        plain = getattr(packet, function._overloadname, None)
        if plain is not None:
            return Spelling("function", plain, args, kwargs, True)
        return Spelling("method", name, args, kwargs, True)
    return Spelling("function", function, args, kwargs)


def _spell_property(name: str, args: tuple[Any, ...]) -> Spelling:
    if name == "T":
        turned = tuple(reversed(range(args[0].dim())))
        return Spelling("method", "permute", (args[0], *turned), {})
    if name in ("real", "imag"):
        return Spelling("function", getattr(torch, name), args, {})
    method, more = _PROPERTIES.get(name, (name, ()))
    return Spelling("method", method, (args[0], *more), {})


def _spell_conversion(args: tuple[Any, ...], result: Any) -> Spelling:
    """Conversions by device, by element type or by another tensor: only the element type matters."""
    if not isinstance(result, torch.Tensor) or result.dtype == args[0].dtype:
        return Spelling("same", None, args[:1], {})
    return Spelling("method", "to", (args[0], result.dtype), {})
