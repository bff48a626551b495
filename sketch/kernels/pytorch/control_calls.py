"""If, Loop and Scan as calls: bodies are modules of their own, captured values are passed to them last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sketch.binder.mapping import LossyError
from sketch.graph.network import Step
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import FUNCTION, Call, Fixed

BODY = "$body"
"""Layer of the step that stands for the module of a body."""
_DIRECTIONS = ("scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions")


def control_call(step: Step, operands: Sequence[Any]) -> Call | None:
    """The call of an operator with bodies; None for any other.

    The bodies are the last operands, in the order of their names in the step.
    """
    kind = step.layer.partition(":")[2]
    if not step.bodies or kind not in _WRITERS:
        return None
    count = len(step.bodies)
    bodies = dict(zip(step.bodies, operands[len(operands) - count :], strict=True))
    captures = next(iter(step.bodies.values())).captures
    given = list(operands[: len(operands) - count])
    own, captured = given[: len(given) - captures], tuple(given[len(given) - captures :])
    return _WRITERS[kind](step, own, captured, bodies)


def _if(step: Step, own: list[Any], captured: tuple[Any, ...], bodies: Mapping[str, Any]) -> Call:
    results = None if len(step.types) == 1 else tuple(range(len(step.types)))
    args = (own[0], bodies["then_branch"], bodies["else_branch"], *captured)
    return Call(f"{FUNCTION}if_", args, {}, results)


def _loop(step: Step, own: list[Any], captured: tuple[Any, ...], bodies: Mapping[str, Any]) -> Call:
    given = [*own, None, None][: max(2, len(own))]
    trips, condition, state = given[0], given[1], given[2:]
    outputs = len(step.types) - len(state)
    args = (trips, condition, bodies["body"], tuple(state), *([captured] if captured else []))
    kwargs = {"scan_outputs": _elements(step.types[len(state) :], (0,) * outputs)} if outputs > 0 else {}
    return Call(f"{FUNCTION}loop", args, kwargs, tuple(range(len(step.types))))


def _scan(step: Step, own: list[Any], captured: tuple[Any, ...], bodies: Mapping[str, Any]) -> Call:
    count = step.params.get("num_scan_inputs")
    if not isinstance(count, int) or not 0 < count <= len(own):
        raise LossyError("its attribute num_scan_inputs does not fit its inputs")
    state, sequences = tuple(own[: len(own) - count]), tuple(own[len(own) - count :])
    args = (bodies["body"], state, sequences, *([captured] if captured else []))
    kwargs: dict[str, Any] = {}
    for name in _DIRECTIONS:
        value = step.params.get(name)
        if value and any(value):
            kwargs[name] = tuple(value)
    outputs = len(step.types) - len(state)
    axes = kwargs.get("scan_output_axes", (0,) * outputs)
    if outputs > 0:
        kwargs["scan_outputs"] = _elements(step.types[len(state) :], axes)
    return Call(f"{FUNCTION}scan", args, kwargs, tuple(range(len(step.types))))


def _elements(kinds: Sequence[ValueType | None], axes: Sequence[int]) -> tuple[Fixed, ...]:
    """An empty tensor for each scan output: what one round gives, where no round is run."""
    found = []
    for kind, axis in zip(kinds, axes, strict=True):
        shape = list(kind.shape) if kind is not None and kind.shape else []
        if shape:
            del shape[axis]
        sizes = tuple(size if isinstance(size, int) else 0 for size in shape)
        found.append(Fixed("float32" if kind is None else kind.dtype, sizes, ()))
    return tuple(found)


_WRITERS: Mapping[str, Callable[[Step, list[Any], tuple[Any, ...], Mapping[str, Any]], Call]] = {
    "If": _if, "Loop": _loop, "Scan": _scan,
}  # fmt: skip


def is_body(step: Step) -> bool:
    """True for the step that stands for the module of a body."""
    return step.layer == BODY
