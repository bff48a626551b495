"""From a call or a module of PyTorch back to a layer and its parameters, by the same rows that write them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.binder.kernel import BinderError
from sketch.binder.mapping import LossyError
from sketch.graph.errors import ParameterError
from sketch.graph.specs import LayerSpec
from sketch.kernels.pytorch.call_rows import CALL_ROWS
from sketch.kernels.pytorch.functional_rows import FUNCTIONAL_ROWS, NO_DEFAULT
from sketch.kernels.pytorch.rows import CallRow, ModuleRow

_ALIASES: Mapping[str, str] = {
    "torch.add": "operator.add", "operator.iadd": "operator.add", "torch.sub": "operator.sub",
    "operator.isub": "operator.sub", "torch.subtract": "operator.sub", "torch.mul": "operator.mul",
    "torch.multiply": "operator.mul", "operator.imul": "operator.mul", "torch.div": "operator.truediv",
    "torch.divide": "operator.truediv", "torch.true_divide": "operator.truediv",
    "operator.itruediv": "operator.truediv", "torch.matmul": "operator.matmul", "torch.bmm": "operator.matmul",
    "torch.mm": "operator.matmul", "operator.pow": "torch.pow", "operator.neg": "operator.neg",
    "torch.neg": "operator.neg", "torch.negative": "operator.neg", "torch.concat": "torch.cat",
    "torch.concatenate": "torch.cat", "torch.swapaxes": "torch.transpose", "torch.swapdims": "torch.transpose",
    "torch.permute": ".permute", "torch.reshape": ".reshape", ".view": ".reshape", "torch.eq": "operator.eq",
    "torch.gt": "operator.gt", "torch.greater": "operator.gt", "torch.lt": "operator.lt", "torch.less": "operator.lt",
    "torch.absolute": "torch.abs", "operator.abs": "torch.abs", "torch.clip": "torch.clamp",
    "torch.nn.functional.pad": "F.pad", "torch.special.erf": "torch.erf", "torch.clone": ".contiguous",
    "torch.detach": ".contiguous", ".clone": ".contiguous", ".detach": ".contiguous",
}  # fmt: skip


def _by_target(rows: Sequence[CallRow]) -> dict[str, tuple[CallRow, ...]]:
    found: dict[str, tuple[CallRow, ...]] = {}
    for row in rows:
        for name in (row.target, *row.also):
            found[name] = (*found.get(name, ()), row)
    return found


READ_CALLS: Mapping[str, tuple[CallRow, ...]] = _by_target((*CALL_ROWS, *FUNCTIONAL_ROWS))


_HOW = frozenset({"training", "_stacklevel", "dtype"})
"""Arguments that say nothing about the layer; whoever reads a call compares the type that comes out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A layer, the parameters that were said, and its operands by port (None where open)."""

    layer: str
    params: Mapping[str, Any]
    operands: tuple[Any, ...]


def canonical(name: str, others: Collection[str] = ()) -> str:
    """The name under which the rows know a function: `torch.add` is `operator.add`, `.relu` is `torch.relu`."""
    name = name.replace("torch.nn.functional.", "F.").replace("torch._C._nn.", "F.")
    if name.startswith("_operator."):
        name = name[1:]
    if name.startswith("torch._C._VariableFunctions."):
        name = "torch." + name.rpartition(".")[2]
    if name in _ALIASES:
        name = _ALIASES[name]
    if name.startswith(".") and name not in READ_CALLS and name not in others:
        plain = name.rstrip("_") if name.endswith("_") and not name.endswith("__") else name
        for candidate in (plain, f"torch{plain}", f"F{plain}"):
            known = _ALIASES.get(candidate, candidate)
            if known in READ_CALLS or known in others:
                return known
    return name


def bind(signature: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Arguments by name; None when they do not fit. A name with a star takes the rest, or one tuple."""
    bound: dict[str, Any] = {}
    for index, name in enumerate(signature):
        if name.startswith("*"):
            rest = tuple(args[index:])
            one = len(rest) == 1 and isinstance(rest[0], (tuple, list))
            if rest or name[1:] not in kwargs:
                bound[name] = tuple(rest[0]) if one else rest
            else:
                bound[name] = tuple(kwargs[name[1:]])
            return bound
        if index < len(args):
            bound[name] = args[index]
    if len(args) > len(signature):
        return None
    for name, value in kwargs.items():
        known = {"self": "input", "x": "input", "axis": "dim", "other": "other"}.get(name, name)
        known = name if name in signature else known
        if value is None and known not in signature:
            continue
        if known not in signature or known in bound:
            return None
        bound[known] = value
    return bound


def read_call(row: CallRow, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Reading | None:
    """What a call means under a row, None when it says something that the layer cannot."""
    bound = bind(row.signature, args, kwargs)
    if bound is None:
        return None
    operands: list[Any] = []
    for name in row.operands:
        if (
            name.startswith("*")
            and name[1:] in bound
            and len(row.operands) == 1
            and "other" not in row.signature
        ):
            operands.extend(bound.pop(name[1:]))
        elif name in bound and name.startswith("*"):
            operands.extend(bound.pop(name))
        elif name.startswith("*"):
            operands.extend(bound.pop(item) for item in row.signature if item in bound)
        else:
            operands.append(bound.pop(name, None))
    known = {item.target for item in row.fields}
    extra = {name: value for name, value in bound.items() if name not in known}
    if any(value not in (None, False, "mean") for name, value in extra.items() if name not in _HOW):
        return None
    try:
        params = row.parameters(bound)
    except (LossyError, KeyError, TypeError):
        return None
    while operands and operands[-1] is None:
        operands.pop()
    return Reading(row.layer, {n: v for n, v in params.items() if v is not NO_DEFAULT}, tuple(operands))


def module_params(row: ModuleRow, spec: LayerSpec, module: Any) -> dict[str, Any]:
    """The constructor's arguments as the module remembers them."""
    special = dict(row.inspect(module)) if row.inspect is not None else {}
    found: dict[str, Any] = {}
    for name, param in spec.params.items():
        if name in special:
            value = special[name]
        elif name in row.called or not hasattr(module, name):
            continue
        else:
            value = getattr(module, name)
            if param.type == "bool" and not isinstance(value, bool):
                value = value is not None
        found[name] = _plain(value)
    if getattr(module, "return_indices", False):
        raise BinderError(f"{row.layer} gives back indices too, which has no layer yet.")
    stride, kernel = found.get("stride"), found.get("kernel_size")
    if "stride" in found and spec.params["stride"].optional and stride == kernel:
        found["stride"] = None
    return found


def _plain(value: Any) -> Any:
    """Tensors of numbers as tuples, lists as tuples."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def cleaned(spec: LayerSpec, params: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Parameters in their stored form; BinderError names the node."""
    found = {}
    for name, value in params.items():
        try:
            found[name] = spec.clean_param(name, value)
        except ParameterError as error:
            raise BinderError(f"{where}: {error}") from None
    return found
