"""Rules of the markers of If, Loop and Scan: what a round is given, and what the whole gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sketch.graph.dims import symbol
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call, Rule

Types = tuple[ValueType | None, ...]
_ROUNDS = "rounds"
"""Size of a dimension along which values were collected; how many rounds there are is known at run time only."""


def if_end(call: Call) -> Types:
    """What both branches agree on; sizes that differ become names."""
    count = int(call.param("results"))
    results = [_given(call, 1 + place) for place in range(2 * count)]
    return tuple(_either(call, results[place], results[place + count], place) for place in range(count))


def _either(call: Call, one: ValueType | None, other: ValueType | None, place: int) -> ValueType | None:
    if one is None or other is None:
        return _declared(call, place)
    if one.dtype != other.dtype:
        raise ShapeError(
            f"Result {place + 1} is {one.dtype} in Then and {other.dtype} in Else.",
            "Insert a Cast.",
            port=1 + place,
        )
    if one.shape is None or other.shape is None or len(one.shape) != len(other.shape):
        return ValueType(one.dtype, None)
    pairs = zip(one.shape, other.shape, strict=True)
    sizes = [a if a == b else symbol(f"either_{place}_{axis}") for axis, (a, b) in enumerate(pairs)]
    return ValueType(one.dtype, tuple(sizes))


def loop_start(call: Call) -> Types:
    """The number of the round, the condition, and the carried values as they are at first.

    A file that says of a carried value less than its first round has, means that it changes; the file is believed.
    """
    count = int(call.param("carried"))
    state = [_carried(call, 2 + place, 2 + place) for place in range(count)]
    return (ValueType("int64", ()), ValueType("bool", ()), *state)


def loop_end(call: Call) -> Types:
    """The carried values as the last round leaves them, then the collected ones with a dimension in front."""
    carried, collected = int(call.param("carried")), int(call.param("collected"))
    last = [_loose(call, 1 + place, place) for place in range(carried)]
    lists = [
        _collected(_given(call, 1 + carried + place), 0, _declared(call, carried + place))
        for place in range(collected)
    ]
    return (*last, *lists)


def scan_start(call: Call) -> Types:
    """The carried values, then one element of each sequence."""
    carried, count = int(call.param("carried")), int(call.param("num_scan_inputs"))
    axes = call.params.get("scan_input_axes") or (0,) * count
    state = [_carried(call, place, place) for place in range(carried)]
    parts = [_element(call, carried + place, axes[place]) for place in range(count)]
    return (*state, *parts)


def scan_end(call: Call) -> Types:
    """The carried values, then the collected ones with the dimension along which they were collected."""
    carried, collected = int(call.param("carried")), int(call.param("collected"))
    axes: Sequence[int] = call.params.get("scan_output_axes") or (0,) * collected
    last = [_loose(call, place, place) for place in range(carried)]
    lists = [
        _collected(_given(call, carried + place), axes[place], _declared(call, carried + place))
        for place in range(collected)
    ]
    return (*last, *lists)


def _given(call: Call, index: int) -> ValueType | None:
    return call.inputs[index] if index < len(call.inputs) else None


def _declared(call: Call, out: int) -> ValueType | None:
    return call.declared[out] if out < len(call.declared) else None


def _carried(call: Call, index: int, out: int) -> ValueType | None:
    first, declared = _given(call, index), _declared(call, out)
    if declared is None or first is None:
        return first or declared
    return declared if declared.dtype == first.dtype else first


def _loose(call: Call, index: int, out: int) -> ValueType | None:
    """What a carried value is in the end: as the body leaves it, or as it came when there was no round."""
    return _better(_given(call, index), _declared(call, out))


def _better(kind: ValueType | None, declared: ValueType | None) -> ValueType | None:
    """What is known, or what the file says where nothing is known."""
    if kind is None or (kind.shape is None and declared is not None and declared.dtype == kind.dtype):
        return declared
    return kind


def _element(call: Call, index: int, axis: int) -> ValueType | None:
    kind = _given(call, index)
    if kind is None or kind.shape is None:
        return kind
    if not -len(kind.shape) <= axis < len(kind.shape):
        raise ShapeError(
            f"The sequence has {len(kind.shape)} dimensions, none is {axis}.",
            "Choose another axis.",
            port=index,
        )
    place = axis % len(kind.shape)
    return ValueType(kind.dtype, (*kind.shape[:place], *kind.shape[place + 1 :]))


def _collected(kind: ValueType | None, axis: int, declared: ValueType | None) -> ValueType | None:
    if kind is None or kind.shape is None:
        return _better(kind, declared)
    place = axis % (len(kind.shape) + 1)
    sizes: tuple[Any, ...] = (*kind.shape[:place], symbol(_ROUNDS), *kind.shape[place:])
    return ValueType(kind.dtype, sizes)


RULES: Mapping[str, Rule] = {
    "if_end": if_end,
    "loop_start": loop_start,
    "loop_end": loop_end,
    "scan_start": scan_start,
    "scan_end": scan_end,
}
