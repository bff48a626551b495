"""Known elements of small outputs of layers, where a layer means the same as an operator that computes shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.graph.errors import GraphError
from sketch.graph.operator_call import MOST_VALUES, NotKnownError, Values
from sketch.graph.rows import ValueType
from sketch.graph.rule import Call

Known = tuple[Values | None, ...]


def layer_values(call: Call, outputs: Sequence[ValueType | None], known: Sequence[Values | None]) -> Known:
    """The known elements of each output; empty when there are none."""
    name = call.spec.name
    if name == "Constant":
        return _constant(call, outputs[0])
    if not known or name not in _FOLLOWED or not outputs or outputs[0] is None:
        return ()
    shape = outputs[0].shape
    if shape is None or not all(isinstance(size, int) for size in shape) or math.prod(shape) > MOST_VALUES:
        return ()
    try:
        return (_FOLLOWED[name](_Work(call, known), outputs[0]),)
    except (NotKnownError, GraphError, IndexError, ValueError):
        return ()


def _constant(call: Call, kind: ValueType | None) -> Known:
    if (
        kind is None
        or kind.shape is None
        or kind.dtype not in ("int64", "int32", "bool", "float32", "float64")
    ):
        return ()
    flat = tuple(_flat(call.params.get("value")))
    total = math.prod(kind.shape)
    if total > MOST_VALUES or len(flat) not in (1, total):
        return ()
    return (flat if len(flat) == total else flat * total,)


def _flat(value: Any) -> Any:
    if isinstance(value, tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


class _Work:
    """A call with what is known of its inputs."""

    def __init__(self, call: Call, known: Sequence[Values | None]):
        self.call, self.known = call, known

    def array(self, index: int = 0) -> Any:
        """The elements of an input in its shape; NotKnownError."""
        from sketch.graph.elements import array

        return array(self.known[index] if index < len(self.known) else None, self.call.shape(index))


def _same(work: _Work, _kind: ValueType) -> Values:
    return tuple(work.array().reshape(-1).tolist())


def _permute(work: _Work, _kind: ValueType) -> Values:
    return tuple(work.array().transpose(work.call.param("dims")).reshape(-1).tolist())


def _transpose(work: _Work, _kind: ValueType) -> Values:
    found = work.array()
    return tuple(found.swapaxes(work.call.param("dim0"), work.call.param("dim1")).reshape(-1).tolist())


def _concat(work: _Work, _kind: ValueType) -> Values:
    import numpy as np

    parts = [_or_open(work, index) for index in range(len(work.call.inputs))]
    return tuple(np.concatenate(parts, axis=work.call.param("dim")).reshape(-1).tolist())


def _or_open(work: _Work, index: int) -> Any:
    """The elements of an input, None for each where they are not known."""
    from sketch.graph.elements import array

    try:
        return work.array(index)
    except NotKnownError:
        shape = work.call.shape(index)
        if not all(isinstance(size, int) for size in shape):
            raise
        return array((None,) * math.prod(shape), shape)


def _slice(work: _Work, _kind: ValueType) -> Values:
    found, call = work.array(), work.call
    cuts = [slice(None)] * found.ndim
    cuts[call.param("dim")] = slice(call.param("start"), call.params.get("end"), call.param("step"))
    return tuple(found[tuple(cuts)].reshape(-1).tolist())


def _gather(work: _Work, _kind: ValueType) -> Values:
    import numpy as np

    picked = work.array(1) if work.call.given(1) else work.call.param("index")
    found = np.take(work.array(), np.array(picked, np.int64), axis=work.call.param("dim"))
    return tuple(np.atleast_1d(np.asarray(found, object)).reshape(-1).tolist())


def _cast(work: _Work, kind: ValueType) -> Values:
    from sketch.graph import elements

    return elements.each(elements.cast(kind.dtype), kind.dtype, work.array())


def _compared(holds: Callable[[float], bool]) -> Callable[[_Work, ValueType], Values]:
    def follow(work: _Work, kind: ValueType) -> Values:
        from sketch.graph import elements

        return elements.each(elements.compare(holds), kind.dtype, work.array(), work.array(1))

    return follow


def _where(work: _Work, kind: ValueType) -> Values:
    from sketch.graph import elements

    return elements.each(elements.choose, kind.dtype, *(work.array(index) for index in range(3)))


def _not(work: _Work, kind: ValueType) -> Values:
    from sketch.graph import elements

    return elements.each(lambda item: not item, kind.dtype, work.array())


def _expand(work: _Work, kind: ValueType) -> Values:
    import numpy as np

    return tuple(np.broadcast_to(work.array(), kind.shape or ()).reshape(-1).tolist())


def _element_wise(name: str) -> Callable[[_Work, ValueType], Values]:
    def follow(work: _Work, kind: ValueType) -> Values:
        from sketch.graph import elements

        found = work.array()
        for index in range(1, len(work.call.inputs)):
            made = elements.each(getattr(elements, name), kind.dtype, found, work.array(index))
            shape = kind.shape if len(made) == math.prod(kind.shape or ()) else found.shape
            found = elements.array(made, shape)
        return elements.listed(found)

    return follow


_FOLLOWED: Mapping[str, Callable[[_Work, ValueType], Values]] = {
    **dict.fromkeys(("Identity", "Flatten", "Unflatten", "Reshape", "Squeeze", "Unsqueeze"), _same),
    "Permute": _permute,
    "Transpose": _transpose,
    "Concat": _concat,
    "Slice": _slice,
    "Gather": _gather,
    "Cast": _cast,
    "Add": _element_wise("plus"),
    "Sub": _element_wise("minus"),
    "Mul": _element_wise("times"),
    "Equal": _compared(lambda gap: gap == 0),
    "Less": _compared(lambda gap: gap < 0),
    "LessEqual": _compared(lambda gap: gap <= 0),
    "Greater": _compared(lambda gap: gap > 0),
    "GreaterEqual": _compared(lambda gap: gap >= 0),
    "Where": _where,
    "Not": _not,
    "Expand": _expand,
    "Maximum": _element_wise("larger"),
    "Minimum": _element_wise("smaller"),
}
