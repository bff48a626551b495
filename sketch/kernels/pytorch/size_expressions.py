"""Sizes as a person writes them: `x.reshape(x.shape[0], -1)` where a file computes a shape operator by operator.

Exporters write Shape, Gather, Unsqueeze and Concat for every size that is not fixed. For the source those are read as
expressions over `x.shape`; operators that only served them then lead nowhere and are not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.calls import FUNCTION, Call, Operand, Size
from sketch.kernels.pytorch.operands import fixed_inputs

_WHOLE = ("int64", "int32")
_ARITHMETIC = {"Add": "operator.add", "Sub": "operator.sub", "Mul": "operator.mul"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Whole numbers that are known as expressions: one (`scalar`) or a list."""

    items: tuple[Any, ...]
    scalar: bool = False


class SizeReader:
    """Reads values of one network as sizes."""

    def __init__(self, network: Network):
        self._network = network
        self._known: dict[Source, Sizes | None] = {}

    def of(self, source: Source | None) -> Sizes | None:
        """The expressions of a value, None where it is no computation of sizes."""
        if source is None:
            return None
        if source not in self._known:
            self._known[source] = None
            step = self._network.step(source.node)
            rule = _RULES.get(step.layer.removeprefix("ai.onnx:"))
            self._known[source] = rule(self, step) if rule is not None and source.out == 0 else None
        return self._known[source]

    def given(self, step: Step, place: int) -> Sizes | None:
        """The sizes at an input: a constant or a wire."""
        fixed = fixed_inputs(step).get(place)
        if fixed is not None:
            return (
                Sizes(fixed.data, not fixed.shape) if fixed.dtype in _WHOLE and len(fixed.shape) < 2 else None
            )
        return self.of(step.inputs[place] if place < len(step.inputs) else None)

    def dim(self, item: Any) -> Any:
        """The size that inference knows for an expression; None when it knows none."""
        if isinstance(item, int):
            return item
        if isinstance(item, Size):
            source = item.operand.source
            kind = self._network.step(source.node).types[source.out]
            return None if kind is None or kind.shape is None else kind.shape[item.dim]
        return None


def readable(step: Step, call: Call, sizes: SizeReader) -> Call:
    """The call of a node in the words of a person, where it takes computed sizes."""
    writer = _WRITERS.get(call.target)
    found = writer(step, sizes) if writer is not None and step.layer.startswith("ai.onnx:") else None
    return call if found is None else found


def near_constants(network: Network) -> Network:
    """The network with small constants in the group that uses them, so that its class makes them itself."""
    names = {(step.parent, step.name) for step in network.steps}
    names |= {(box.parent, box.name) for box in network.groups.values()}
    users: dict[int, set[int | None]] = {}
    for step in network.steps:
        for source in step.inputs:
            if source is not None:
                users.setdefault(source.node, set()).add(step.parent)
    steps = []
    for step in network.steps:
        homes = users.get(step.id, set())
        small = step.layer == "Constant" and step.params.get("shape") is None and len(homes) == 1
        free = small and (next(iter(homes)), step.name) not in names
        steps.append(replace(step, parent=next(iter(homes))) if free else step)
    return replace(network, steps=tuple(steps))


# ---------------------------------------------------------------- reading

Rule = Callable[[SizeReader, Step], "Sizes | None"]


def _constant(_sizes: SizeReader, step: Step) -> Sizes | None:
    value = step.params.get("value")
    if step.params.get("shape") is not None or step.params.get("dtype") not in _WHOLE:
        return None
    if isinstance(value, tuple):
        return Sizes(value) if all(isinstance(item, int) for item in value) else None
    return Sizes((value,), scalar=True) if isinstance(value, int) else None


def _shape(_sizes: SizeReader, step: Step) -> Sizes | None:
    kind = step.input_types[0] if step.input_types else None
    if kind is None or kind.rank is None or step.inputs[0] is None:
        return None
    all_sizes = tuple(Size(Operand(step.inputs[0]), dim) for dim in range(kind.rank))
    return Sizes(all_sizes[step.params.get("start") or 0 : step.params.get("end")])


def _gather(sizes: SizeReader, step: Step) -> Sizes | None:
    data = sizes.given(step, 0)
    if step.layer == "Gather":
        index = step.params.get("index")
        places = (
            None if index is None else Sizes(index) if isinstance(index, tuple) else Sizes((index,), True)
        )
    else:
        places = sizes.given(step, 1)
    if data is None or data.scalar or places is None:
        return None
    if not all(isinstance(n, int) and -len(data.items) <= n < len(data.items) for n in places.items):
        return None
    return Sizes(tuple(data.items[n] for n in places.items), places.scalar)


def _listed(sizes: SizeReader, step: Step) -> Sizes | None:
    found = sizes.given(step, 0)
    return Sizes(found.items) if found is not None and found.scalar else None


def _single(sizes: SizeReader, step: Step) -> Sizes | None:
    found = sizes.given(step, 0)
    return Sizes(found.items, scalar=True) if found is not None and len(found.items) == 1 else None


def _reshaped(sizes: SizeReader, step: Step) -> Sizes | None:
    found = sizes.given(step, 0)
    kind = step.types[0] if step.types else None
    if found is None or kind is None or kind.rank not in (0, 1):
        return None
    return Sizes(found.items, scalar=kind.rank == 0)


def _joined(sizes: SizeReader, step: Step) -> Sizes | None:
    count = max([len(step.inputs), *(place + 1 for place in fixed_inputs(step))])
    parts = [sizes.given(step, place) for place in range(count)]
    if any(part is None or part.scalar for part in parts):
        return None
    return Sizes(tuple(item for part in parts if part is not None for item in part.items))


def _same(sizes: SizeReader, step: Step) -> Sizes | None:
    kind = step.types[0] if step.types else None
    return sizes.given(step, 0) if kind is not None and kind.dtype in _WHOLE else None


def _arithmetic(sizes: SizeReader, step: Step) -> Sizes | None:
    left, right = sizes.given(step, 0), sizes.given(step, 1)
    if left is None or right is None or len(step.inputs) > 2 or len(left.items) != len(right.items) != 1:
        return None
    target = _ARITHMETIC[step.layer.removeprefix("ai.onnx:")]
    items = tuple(_computed(target, pair) for pair in zip(left.items, right.items, strict=True))
    return Sizes(items, left.scalar and right.scalar)


def _computed(target: str, pair: tuple[Any, Any]) -> Any:
    left, right = pair
    if isinstance(left, int) and isinstance(right, int):
        return {"operator.add": left + right, "operator.sub": left - right}.get(target, left * right)
    return Call(target, pair)


_RULES: Mapping[str, Rule] = {
    "Constant": _constant, "Shape": _shape, "Gather": _gather, "Unsqueeze": _listed, "Squeeze": _single,
    "Reshape": _reshaped, "Concat": _joined, "Cast": _same, "Identity": _same,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
}  # fmt: skip


# ---------------------------------------------------------------- writing


def _write_reshape(step: Step, sizes: SizeReader) -> Call | None:
    found = sizes.given(step, 1)
    if (
        found is None
        or found.scalar
        or not found.items
        or step.params.get("allowzero")
        or step.inputs[0] is None
    ):
        return None
    first = Operand(step.inputs[0])
    items = [Size(first, place) if item == 0 else item for place, item in enumerate(found.items)]
    return Call(".reshape", (first, *items))


def _write_expand(step: Step, sizes: SizeReader) -> Call | None:
    """Only where each size of the input is 1 or known to be the one that is asked for."""
    found, kind = sizes.given(step, 1), step.input_types[0]
    if found is None or not found.items or kind is None or kind.shape is None or step.inputs[0] is None:
        return None
    behind = found.items[len(found.items) - len(kind.shape) :]
    if len(kind.shape) > len(found.items):
        return None
    if not all(own == 1 or own == sizes.dim(item) for own, item in zip(kind.shape, behind, strict=True)):
        return None
    return Call(".expand", (Operand(step.inputs[0]), *found.items))


def _write_slice(step: Step, sizes: SizeReader) -> Call | None:
    """Steps of one from a fixed place to a size; sizes are never negative."""
    lists = [sizes.given(step, place) for place in (1, 2, 3, 4)]
    starts, ends = (None if part is None else part.items for part in lists[:2])
    kind = step.input_types[0]
    if starts is None or ends is None or kind is None or kind.rank is None or step.inputs[0] is None:
        return None
    axes: Sequence[Any] = lists[2].items if lists[2] is not None else range(len(starts))
    steps = lists[3].items if lists[3] is not None else (1,) * len(starts)
    if not all(isinstance(axis, int) for axis in axes) or set(steps) != {1}:
        return None
    places = [axis % kind.rank for axis in axes]
    if len(set(places)) != len(places):
        return None
    key: list[Any] = [slice(None)] * (1 + max(places))
    for place, start, end in zip(places, starts, ends, strict=True):
        if isinstance(start, Call) or isinstance(end, Call):
            return None
        stop = None if isinstance(end, int) and end >= 1 << 31 else end
        key[place] = slice(None if start == 0 else start, stop)
    return Call("operator.getitem", (Operand(step.inputs[0]), key[0] if len(key) == 1 else tuple(key)))


_WRITERS: Mapping[str, Callable[[Step, SizeReader], Call | None]] = {
    f"{FUNCTION}reshape": _write_reshape,
    f"{FUNCTION}expand": _write_expand,
    f"{FUNCTION}slice_": _write_slice,
}
