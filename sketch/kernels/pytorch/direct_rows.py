"""Operators that are one plain call of torch under these attributes, types and inputs, with exactly the same result.

Each row looks at one node and gives the call, or None where the operator's function is needed. A test compares every
row with the function on random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sketch.graph.element_types import HELD_NAMES
from sketch.graph.network import Step
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import Call, Fixed, Operand, Size, TypeName

_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
_WIDE_FLOATS = frozenset({"float32", "float64"})
_SIGNED = frozenset({"int8", "int16", "int32", "int64"})
_PLAIN = _FLOATS | _SIGNED | {"uint8", "bool"}
"""Element types for which torch has every kernel that is used here."""
_ENDLESS = 1 << 31
"""Ends of slices from here on mean the end of the dimension."""


@dataclass(frozen=True, slots=True)
class Site:
    """One operator: its operands by the number of the input, its attributes, and what is known of its types."""

    step: Step
    operands: Sequence[Any]
    values: Mapping[str, Any]

    @property
    def first(self) -> Any:
        """The first operand."""
        return self.operands[0]

    def fixed(self, place: int) -> tuple[Any, ...] | None:
        """The numbers of a constant input, None when it is no constant."""
        found = self.operands[place] if place < len(self.operands) else None
        return found.data if isinstance(found, Fixed) else None

    def plain(self, place: int) -> Any:
        """An operand; a single number as itself, which beside a tensor of its type means the same."""
        found = self.operands[place]
        return found.data[0] if isinstance(found, Fixed) and not found.shape else found

    def given(self, place: int) -> bool:
        """True for an input that is not open."""
        return place < len(self.operands) and self.operands[place] is not None

    def kind(self, place: int = 0) -> ValueType:
        """Element type and shape of an operand; an empty element type when not known."""
        found = self.operands[place] if place < len(self.operands) else None
        if isinstance(found, Fixed):
            return ValueType(found.dtype, found.shape)
        known = self.step.input_types[place] if place < len(self.step.input_types) else None
        return known or ValueType("", None)

    def axis(self, axis: int) -> int | None:
        """An axis counted from the front, None when the rank is not known."""
        rank = self.kind().rank
        return axis if axis >= 0 else None if rank is None else axis + rank


Row = Callable[[Site], "Call | None"]


def direct_call(step: Step, operands: Sequence[Any], values: Mapping[str, Any]) -> Call | None:
    """The plain call, or None where the operator's function is needed."""
    domain, _, kind = step.layer.partition(":")
    row = ROWS.get(kind) if domain == "ai.onnx" else None
    if row is None or not any(isinstance(item, Operand) for item in operands):
        return None
    if not isinstance(operands[0], Operand) and kind not in _NUMBER_FIRST:
        return None
    return row(Site(step, operands, values))


# ---------------------------------------------------------------- element by element


def _unary(target: str, dtypes: frozenset[str] = _FLOATS) -> Row:
    def row(site: Site) -> Call | None:
        plain = site.kind().dtype in dtypes and len(site.operands) == 1
        return Call(target, (site.first,)) if plain else None

    return row


def _binary(target: str, dtypes: frozenset[str]) -> Row:
    """Two tensors of one element type, or a tensor and a number."""

    def row(site: Site) -> Call | None:
        kinds = {site.kind(0).dtype, site.kind(1).dtype}
        if len(site.operands) != 2 or len(kinds) != 1 or not kinds <= dtypes:
            return None
        return Call(target, (site.plain(0), site.plain(1)))

    return row


def _chain(target: str, dtypes: frozenset[str]) -> Row:
    """`a + b + c` over any number of tensors of one element type."""

    def row(site: Site) -> Call | None:
        kinds = {site.kind(place).dtype for place in range(len(site.operands))}
        if len(site.operands) < 2 or len(kinds) != 1 or not kinds <= dtypes:
            return None
        if any(isinstance(item, Fixed) for item in site.operands):
            return None
        first = Call(target, (site.operands[0], site.operands[1]))
        return reduce(lambda left, right: Call(target, (left, right)), site.operands[2:], first)

    return row


def _where(site: Site) -> Call | None:
    kinds = {site.kind(1).dtype, site.kind(2).dtype}
    one = isinstance(site.operands[1], Operand) or isinstance(site.operands[2], Operand)
    plain = one and len(kinds) == 1 and kinds <= _PLAIN
    return Call("torch.where", (site.first, site.plain(1), site.plain(2))) if plain else None


def _infinite(site: Site) -> Call | None:
    both = all(site.values.get(name, 1) == 1 for name in ("detect_negative", "detect_positive"))
    return Call("torch.isinf", (site.first,)) if both and site.kind().dtype in _FLOATS else None


def _clip(site: Site) -> Call | None:
    """Bounds that are plain numbers; the upper one wins where they cross, in ONNX as in torch."""
    bounds = {}
    for place, name in ((1, "min"), (2, "max")):
        if site.given(place):
            value = site.fixed(place)
            if value is None or site.kind(place).dtype != site.kind().dtype:
                return None
            bounds[name] = value[0]
    plain = bounds and site.kind().dtype in _FLOATS | _SIGNED
    return Call("torch.clamp", (site.first,), bounds) if plain else None


def _cast(site: Site) -> Call | None:
    target = HELD_NAMES.get(site.values.get("to", 0), "")
    before = site.kind().dtype
    widening = before in _PLAIN and (target in _FLOATS or (target in _PLAIN and before not in _FLOATS))
    return Call(".to", (site.first, TypeName(target))) if widening else None


# ---------------------------------------------------------------- shapes and places


def _reshape(site: Site) -> Call | None:
    """A constant shape; 0 keeps the size that is there unless `allowzero` says otherwise."""
    sizes = site.fixed(1)
    if sizes is None or (0 in sizes and site.values.get("allowzero", 0)):
        return None
    kept = [Size(site.first, place) if size == 0 else size for place, size in enumerate(sizes)]
    return Call(".reshape", (site.first, *kept) if kept else (site.first, ()))


def _expand(site: Site) -> Call | None:
    """Only where no size of the input is larger than what is asked for: torch does not widen the other way."""
    sizes, shape = site.fixed(1), site.kind().shape
    if sizes is None or shape is None or len(shape) > len(sizes):
        return None
    behind = sizes[len(sizes) - len(shape) :]
    fits = all(own in (1, size) for own, size in zip(shape, behind, strict=True))
    return Call(".expand", (site.first, *sizes)) if fits and sizes else None


def _unsqueeze(site: Site) -> Call | None:
    axes, rank = site.fixed(1), site.kind().rank
    if axes is None:
        return None
    if len(axes) == 1:
        return Call("torch.unsqueeze", (site.first, axes[0]))
    if rank is None:
        return None
    order = sorted(axis % (rank + len(axes)) for axis in axes)
    call: Any = site.first
    for axis in order:
        call = Call("torch.unsqueeze", (call, axis))
    return call if isinstance(call, Call) else None


def _squeeze(site: Site) -> Call | None:
    axes = site.fixed(1)
    if axes is None:
        return None
    return Call("torch.squeeze", (site.first, axes[0] if len(axes) == 1 else tuple(axes)))


def _slice(site: Site) -> Call | None:
    """Constant bounds and steps forward, written as an index; whole dimensions backward as a flip."""
    starts, ends = site.fixed(1), site.fixed(2)
    axes = site.fixed(3) if site.given(3) else tuple(range(len(starts or ())))
    steps = site.fixed(4) if site.given(4) else (1,) * len(starts or ())
    if starts is None or ends is None or axes is None or steps is None:
        return None
    if set(steps) == set(starts) == {-1} and max(ends) <= -_ENDLESS and site.kind().dtype in _PLAIN:
        return Call("torch.flip", (site.first, tuple(axes)))
    if min(steps, default=1) < 1:
        return None
    places = [site.axis(axis) for axis in axes]
    if not places or None in places or len(set(places)) != len(places):
        return None
    key: list[Any] = [slice(None)] * (1 + max(place for place in places if place is not None))
    for place, start, end, step in zip(places, starts, ends, steps, strict=True):
        if place is not None:
            stop = None if end >= _ENDLESS else end
            key[place] = slice(start or None, stop, None if step == 1 else step)
    return Call("operator.getitem", (site.first, key[0] if len(key) == 1 else tuple(key)))


def _gather(site: Site) -> Call | None:
    """One place by number, or a tensor of places; negative ones count from the end in both."""
    axis = site.axis(site.values.get("axis", 0))
    if axis is None or site.kind().dtype not in _PLAIN:
        return None
    number = site.fixed(1)
    entry = number[0] if number is not None and not site.operands[1].shape else site.operands[1]
    key = (*(slice(None),) * axis, entry)
    return Call("operator.getitem", (site.first, entry if not axis else key))


def _transpose(site: Site) -> Call | None:
    order = site.values.get("perm")
    if order is None:
        rank = site.kind().rank
        order = None if rank is None else tuple(reversed(range(rank)))
    return None if not order else Call(".permute", (site.first, *order))


def _tile(site: Site) -> Call | None:
    repeats = site.fixed(1)
    plain = repeats and site.kind().dtype in _PLAIN
    return Call(".repeat", (site.first, *repeats)) if plain and repeats else None


def _split(site: Site) -> Call | None:
    sizes = site.fixed(1)
    if sizes is None or len(sizes) != len(site.step.types):
        return None
    axis = {"dim": site.values["axis"]} if site.values.get("axis", 0) else {}
    return Call("torch.split", (site.first, list(sizes)), axis, tuple(range(len(sizes))))


def _triangle(site: Site) -> Call | None:
    diagonal = site.fixed(1) if site.given(1) else (0,)
    if diagonal is None or site.kind().dtype not in _PLAIN:
        return None
    more = {"diagonal": diagonal[0]} if diagonal[0] else {}
    return Call("torch.triu" if site.values.get("upper", 1) else "torch.tril", (site.first,), more)


# ---------------------------------------------------------------- over axes


def _reduced(target: str, dtypes: frozenset[str]) -> Row:
    """Constant axes that are not empty; what else there can be, the function decides."""

    def row(site: Site) -> Call | None:
        axes, shape = site.fixed(1), site.kind().shape
        if not axes or site.kind().dtype not in dtypes or shape is None or 0 in shape:
            return None
        kept = {"keepdim": True} if site.values.get("keepdims", 1) else {}
        return Call(target, (site.first,), {"dim": axes[0] if len(axes) == 1 else tuple(axes), **kept})

    return row


def _cumsum(site: Site) -> Call | None:
    axis = site.fixed(1)
    other = site.values.get("exclusive", 0) or site.values.get("reverse", 0)
    if axis is None or other or site.kind().dtype not in _WIDE_FLOATS | {"int64"}:
        return None
    return Call("torch.cumsum", (site.first, axis[0]))


def _einsum(site: Site) -> Call | None:
    kinds = {site.kind(place).dtype for place in range(len(site.operands))}
    if len(kinds) != 1 or not kinds <= _WIDE_FLOATS:
        return None
    return Call("torch.einsum", (site.values["equation"], *site.operands))


_NUMBER_FIRST = frozenset(
    {"Add", "Sub", "Mul", "Div", "Pow", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"}
)
"""Operators whose first operand may be a plain number."""
_BOOL = frozenset({"bool"})
_ORDERED = _FLOATS | _SIGNED | {"uint8"}

ROWS: Mapping[str, Row] = {
    **{name: _unary(f"torch.{name.lower()}") for name in (
        "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "IsNaN", "Log",
        "Reciprocal", "Relu", "Round", "Sigmoid", "Sin", "Sinh", "Sqrt", "Tan", "Tanh",
    )},
    "Abs": _unary("torch.abs", _FLOATS | _SIGNED),
    "Neg": _unary("operator.neg", _FLOATS | _SIGNED),
    "Sign": _unary("torch.sign", _SIGNED),
    "Not": _unary("torch.logical_not", _BOOL),
    "BitwiseNot": _unary("torch.bitwise_not", _SIGNED | {"uint8"}),
    "Det": _unary("torch.linalg.det", _WIDE_FLOATS),
    "Add": _binary("operator.add", _ORDERED),
    "Sub": _binary("operator.sub", _ORDERED),
    "Mul": _binary("operator.mul", _ORDERED),
    "Div": _binary("operator.truediv", _FLOATS),
    "MatMul": _binary("operator.matmul", _WIDE_FLOATS),
    "Pow": _binary("torch.pow", _WIDE_FLOATS),
    "And": _binary("torch.logical_and", _BOOL),
    "Or": _binary("torch.logical_or", _BOOL),
    "Xor": _binary("torch.logical_xor", _BOOL),
    "BitwiseAnd": _binary("torch.bitwise_and", _SIGNED | {"uint8"}),
    "BitwiseOr": _binary("torch.bitwise_or", _SIGNED | {"uint8"}),
    "BitwiseXor": _binary("torch.bitwise_xor", _SIGNED | {"uint8"}),
    "Equal": _binary("operator.eq", _PLAIN),
    "Greater": _binary("operator.gt", _ORDERED),
    "Less": _binary("operator.lt", _ORDERED),
    "GreaterOrEqual": _binary("operator.ge", _ORDERED),
    "LessOrEqual": _binary("operator.le", _ORDERED),
    "Max": _chain("torch.maximum", _ORDERED),
    "Min": _chain("torch.minimum", _ORDERED),
    "Sum": _chain("operator.add", _FLOATS),
    "Where": _where,
    "IsInf": _infinite,
    "Clip": _clip,
    "Cast": _cast,
    "Reshape": _reshape,
    "Expand": _expand,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Slice": _slice,
    "Gather": _gather,
    "Transpose": _transpose,
    "Tile": _tile,
    "Split": _split,
    "Trilu": _triangle,
    "ReduceSum": _reduced("torch.sum", _WIDE_FLOATS),
    "ReduceMean": _reduced("torch.mean", _WIDE_FLOATS),
    "ReduceMax": _reduced("torch.amax", _ORDERED),
    "ReduceMin": _reduced("torch.amin", _ORDERED),
    "CumSum": _cumsum,
    "Einsum": _einsum,
}  # fmt: skip
"""Operator of ai.onnx -> its row."""
