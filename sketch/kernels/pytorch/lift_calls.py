"""Calls that are no single row: sizes, indexing, reshaping, splitting, casts, and a few that mean several layers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sketch.binder.kernel import BinderError
from sketch.graph.dims import Symbolic
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.reading import Reading, bind
from sketch.kernels.pytorch.sink import Wire

if TYPE_CHECKING:
    from torch import fx

    from sketch.kernels.pytorch.lift import Lifter

Args = Sequence[Any]
Named = Mapping[str, Any]
Handler = Callable[["Lifter", "fx.Node", Args, Named], Any]
"""Gives the value of a call, or NotImplemented when the rows shall read it."""


def _kind(lifter: Lifter, wire: Wire) -> ValueType:
    kind = lifter.sink.type_of(wire)
    if kind is None or kind.shape is None:
        name = lifter.sink.draft.node(wire.node).name
        raise BinderError(
            f"The shape of '{name}' is not known, and the model computes with it; give example inputs."
        )
    return kind


def _shape(lifter: Lifter, wire: Wire) -> tuple[Any, ...]:
    return _kind(lifter, wire).shape or ()


def _layer(lifter: Lifter, node: fx.Node, layer: str, params: Named, *operands: Any) -> Wire:
    return Wire(lifter.add(node, Reading(layer, params, operands)))


def _attribute(lifter: Lifter, node: fx.Node, args: Args, _kwargs: Named) -> Any:
    value, name = args[0], args[1]
    if not isinstance(value, Wire):
        return getattr(value, name)
    if name == "shape":
        return _shape(lifter, value)
    if name == "ndim":
        return len(_shape(lifter, value))
    if name == "dtype":
        return TypeName(_kind(lifter, value).dtype)
    if name in ("T", "mT"):
        dims = (0, 1) if name == "T" else (-2, -1)
        return _layer(lifter, node, "Transpose", {"dim0": dims[0], "dim1": dims[1]}, value)
    if name in ("device", "is_cuda", "requires_grad"):
        return None
    raise BinderError(f"The model reads .{name} of a tensor, which Sketch cannot show.")


def _size(lifter: Lifter, _node: fx.Node, args: Args, kwargs: Named) -> Any:
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    shape = _shape(lifter, args[0])
    return shape if dim is None else shape[dim]


def _rank(lifter: Lifter, _node: fx.Node, args: Args, _kwargs: Named) -> int:
    return len(_shape(lifter, args[0]))


def _item(lifter: Lifter, node: fx.Node, args: Args, _kwargs: Named) -> Any:
    value, key = args[0], args[1]
    if not isinstance(value, Wire):
        return value[key]
    entries = list(key) if isinstance(key, tuple) else [key]
    used = sum(1 for entry in entries if entry is not None and entry is not Ellipsis)
    if Ellipsis in [entry for entry in entries if not isinstance(entry, Wire)]:
        at = next(index for index, entry in enumerate(entries) if entry is Ellipsis)
        after = sum(1 for entry in entries[at + 1 :] if entry is not None)
        if used == 1 and after == len(entries) - at - 1 and _only(entries) is not None:
            kind = lifter.sink.type_of(value)
            if kind is not None and kind.rank is not None and after > (kind.rank + 1) // 2:
                after -= kind.rank  # counted from the side that needs fewer signs, as the source does
            return _entry(lifter, node, value, -after, _first_real(entries[at + 1 :]))
        entries[at : at + 1] = [slice(None)] * (len(_shape(lifter, value)) - used)
    if sum(1 for entry in entries if isinstance(entry, (Wire, list))) > 1:
        raise BinderError("An index by several tensors at once has no layer in Sketch yet.")
    if all(map(_is_full, entries)) and lifter.noted() == "Slice":
        return _layer(lifter, node, "Slice", {"dim": len(entries) - 1}, value)
    dim = 0
    for entry in entries:
        value = _entry(lifter, node, value, dim, entry)
        dim += 0 if isinstance(entry, int) else _index_rank(lifter, entry)
    return value


def _only(entries: list[Any]) -> Any:
    return next((entry for entry in entries if entry is not Ellipsis and not _is_full(entry)), None)


def _first_real(entries: list[Any]) -> Any:
    return entries[0]


def _is_full(entry: Any) -> bool:
    if not isinstance(entry, slice) or isinstance(entry.start, Wire) or isinstance(entry.step, Wire):
        return False
    return entry.start in (None, 0) and entry.stop is None and entry.step in (None, 1)


def _index_rank(lifter: Lifter, entry: Any) -> int:
    if isinstance(entry, Wire):
        return len(_shape(lifter, entry))
    rank, inner = 0, entry
    while isinstance(inner, (list, tuple)) and inner:
        rank, inner = rank + 1, inner[0]
    return max(rank, 1)


def _entry(lifter: Lifter, node: fx.Node, value: Wire, dim: int, entry: Any) -> Wire:
    if _is_full(entry):
        return value
    if entry is None:
        return _layer(lifter, node, "Unsqueeze", {"dim": dim}, value)
    if isinstance(entry, slice):
        params = {"dim": dim, "start": entry.start or 0, "end": entry.stop, "step": entry.step or 1}
        if any(isinstance(item, Symbolic) for item in params.values()):
            raise BinderError("A slice up to a size that is not fixed has no layer in Sketch yet.")
        return _layer(lifter, node, "Slice", params, value)
    if isinstance(entry, Wire):
        return _layer(lifter, node, "Gather", {"dim": dim, "index": None}, value, entry)
    return _layer(lifter, node, "Gather", {"dim": dim, "index": _tuples(entry)}, value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value


def _sizes(values: Any) -> tuple[Any, ...]:
    return tuple(str(item) if isinstance(item, Symbolic) else item for item in values)


def _shaped(layer: str, param: str, *signature: str) -> Handler:
    def handler(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
        bound = bind(("input", *signature), args, kwargs)
        if bound is None or any(isinstance(item, TypeName) for item in bound.values()):
            return NotImplemented
        sizes = bound.get(signature[-1], ())
        params = {param: _sizes(sizes if isinstance(sizes, (tuple, list)) else (sizes,))}
        if "dim" in bound:
            params["dim"] = bound["dim"]
        return _layer(lifter, node, layer, params, bound["input"])

    return handler


def _split(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    bound = bind(
        ("input", "sizes", "dim"), args, {_SPLIT.get(name, name): value for name, value in kwargs.items()}
    )
    if bound is None:
        return NotImplemented
    dim, sizes = bound.get("dim", 0), bound["sizes"]
    if isinstance(sizes, int):
        total = _shape(lifter, bound["input"])[dim]
        if not isinstance(total, int):
            raise BinderError("A split into parts whose number is not fixed has no layer in Sketch yet.")
        sizes = [min(sizes, total - start) for start in range(0, total, sizes)]
    made = lifter.add(
        node, Reading("Split", {"split_size_or_sections": tuple(sizes), "dim": dim}, (bound["input"],))
    )
    return tuple(Wire(made, out) for out in range(len(sizes)))


_SPLIT = {"split_size_or_sections": "sizes", "split_size": "sizes"}


def _chunk(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    bound = bind(("input", "chunks", "dim"), args, kwargs)
    if bound is None:
        return NotImplemented
    params = {"chunks": bound["chunks"], "dim": bound.get("dim", 0)}
    made = lifter.add(node, Reading("Chunk", params, (bound["input"],)))
    return tuple(Wire(made, out) for out in range(params["chunks"]))


def _unbind(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    shape = _shape(lifter, args[0])
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % max(1, len(shape))
    count = shape[dim]
    if not isinstance(count, int):
        raise BinderError("unbind of a dimension whose size is not fixed has no layer in Sketch yet.")
    return tuple(_layer(lifter, node, "Gather", {"dim": dim, "index": i}, args[0]) for i in range(count))


def _power(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    bound = bind(("input", "exponent"), args, kwargs)
    if bound is None:
        return NotImplemented
    if isinstance(bound["exponent"], Wire):
        return _layer(lifter, node, "Pow", {}, bound["input"], bound["exponent"])
    return _layer(lifter, node, "Pow", {"exponent": float(bound["exponent"])}, bound["input"])


def _cast(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    said = [item for item in (*args[1:], *kwargs.values()) if isinstance(item, TypeName)]
    if said:
        return _layer(lifter, node, "Cast", {"dtype": said[0].name}, args[0])
    others = [item for item in args[1:] if isinstance(item, Wire)]
    return (
        _layer(lifter, node, "Cast", {"dtype": _kind(lifter, others[0]).dtype}, args[0])
        if others
        else args[0]
    )


def _cast_to(dtype: str) -> Handler:
    return lambda lifter, node, args, _kwargs: _layer(lifter, node, "Cast", {"dtype": dtype}, args[0])


def _same(_lifter: Lifter, _node: fx.Node, args: Args, _kwargs: Named) -> Any:
    return args[0]


def _nothing(_lifter: Lifter, _node: fx.Node, _args: Args, _kwargs: Named) -> Any:
    return None


def _transposed(lifter: Lifter, node: fx.Node, args: Args, _kwargs: Named) -> Any:
    return _layer(lifter, node, "Transpose", {"dim0": 0, "dim1": 1}, args[0])


def _new(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
    """`x.new_full((), 2.0)`, `x.new_tensor([..])`: a Constant whatever x holds."""
    dtype = kwargs.get("dtype") or TypeName(_kind(lifter, args[0]).dtype)
    shape = args[1] if node.target == "new_full" else ()
    value = _tuples(args[2] if node.target == "new_full" else args[1])
    params: dict[str, Any] = {"value": value, "dtype": dtype.name}
    if shape:
        params["shape"] = _sizes(shape)
    return _layer(lifter, node, "Constant", params)


def _extreme(reduce_layer: str, pair_layer: str) -> Handler:
    """torch.max: of all, of two tensors, or along a dimension (then the numbers of the places come along)."""

    def handler(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
        bound = bind(
            ("input", "dim", "keepdim"), args, {"dim" if n == "other" else n: v for n, v in kwargs.items()}
        )
        if bound is None:
            return NotImplemented
        if isinstance(bound.get("dim"), Wire):
            return _layer(lifter, node, pair_layer, {}, bound["input"], bound["dim"])
        params = {"dim": bound.get("dim"), "keepdim": bound.get("keepdim", False)}
        made = _layer(lifter, node, reduce_layer, params, bound["input"])
        return made if params["dim"] is None else (made, None)

    return handler


def _square(lifter: Lifter, node: fx.Node, args: Args, _kwargs: Named) -> Any:
    return _layer(lifter, node, "Pow", {"exponent": 2.0}, args[0])


def _arithmetic(function: Callable[..., Any]) -> Handler:
    """Arithmetic on sizes is done here; on tensors it is a layer."""

    def handler(_lifter: Lifter, _node: fx.Node, args: Args, _kwargs: Named) -> Any:
        return NotImplemented if any(isinstance(item, Wire) for item in args) else function(*args)

    return handler


CASTS: Mapping[str, str] = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32",
          "bool": "bool", "bfloat16": "bfloat16", "short": "int16", "char": "int8", "byte": "uint8"}  # fmt: skip
"""Methods that convert to an element type."""

HANDLERS: Mapping[str, Handler] = {
    "builtins.getattr": _attribute,
    ".size": _size,
    ".dim": _rank,
    ".ndimension": _rank,
    "operator.getitem": _item,
    **{f"operator.{f.__name__}": _arithmetic(f) for f in (
        operator.add, operator.sub, operator.mul, operator.floordiv, operator.truediv, operator.mod, operator.neg,
        operator.eq, operator.ne, operator.gt, operator.lt, operator.ge, operator.le)},
    ".reshape": _shaped("Reshape", "shape", "*shape"),
    ".expand": _shaped("Expand", "shape", "*size"),
    ".permute": _shaped("Permute", "dims", "*dims"),
    "torch.unflatten": _shaped("Unflatten", "unflattened_size", "dim", "sizes"),
    "torch.split": _split,
    "torch.functional.split": _split,
    "torch.chunk": _chunk,
    "torch.unbind": _unbind,
    "torch.pow": _power,
    "torch.square": _square,
    ".to": _cast,
    ".type": _cast,
    ".type_as": _cast,
    **{f".{name}": _cast_to(dtype) for name, dtype in CASTS.items()},
    ".contiguous": _same,
    ".t": _transposed,
    "torch.t": _transposed,
    "torch._assert": _nothing,
    ".new_full": _new,
    ".new_tensor": _new,
    ".max": _extreme("Max", "Maximum"),
    "torch.max": _extreme("Max", "Maximum"),
    ".min": _extreme("Min", "Minimum"),
    "torch.min": _extreme("Min", "Minimum"),
}  # fmt: skip
"""Calls by their canonical name."""
