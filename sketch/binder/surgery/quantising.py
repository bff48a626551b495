"""Weights as int8 or float16: which layers, at what size and error, and the edit that writes them.

A layer with a quantised weight is the ONNX operator that it would be exported as, fed by `DequantizeLinear` (int8,
symmetric, a scale for each output channel or one for all) or by `Cast` (float16). The file really is smaller, and
every runtime of ONNX takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod
from typing import Any

import numpy as np

from sketch.binder.surgery.arrays import Array, begun, from_numbers, to_numbers, weight_of
from sketch.binder.surgery.operators import Target, rewrite, target_of
from sketch.binder.tensors import storage_dtype
from sketch.graph.delta import Delta
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, Step

INT8, FLOAT16, KEEP = "int8", "float16", "keep"
MODES = (INT8, FLOAT16, KEEP)
MOST = 127
"""Largest magnitude of a symmetric int8 number."""
_FLOATS = ("float32", "float64", "bfloat16")
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight that could be smaller. `reason` says why it cannot; `channels` is its axis of output channels."""

    node: int
    name: str
    layer: str
    shape: tuple[int, ...]
    dtype: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one weight: `int8`, `float16` or `keep`; int8 with a scale for each channel, or one for all."""

    mode: str
    per_channel: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """One weight under a choice: the largest error of an element, and bytes before and after (scales included)."""

    max_abs_error: float
    bytes_before: int
    bytes_after: int


def weights(network: Network, pattern: str = "*") -> list[Weight]:
    """Every weight that layers multiply with or look up; `pattern` is a shell pattern over full names."""
    found = []
    for step in network.steps:
        target = target_of(network, step)
        name = network.qualified(step)
        if target is None or not fnmatchcase(name, pattern):
            continue
        reason = target.reason or _obstacle(target)
        found.append(Weight(step.id, name, step.layer, target.shape, target.dtype, reason))
    return found


def outcome(network: Network, weight: Weight, choice: Choice) -> Outcome:
    """What a choice does to a weight."""
    step = network.step(weight.node)
    before = prod(weight.shape) * storage_dtype(weight.dtype).itemsize
    target = target_of(network, step)
    if choice.mode == KEEP or weight.reason or target is None:
        return Outcome(0.0, before, before)
    values = values_of(network, step, target)
    if choice.mode == FLOAT16:
        half = values.astype(np.float16)
        with np.errstate(invalid="ignore"):
            error = float(np.abs(half.astype(np.float64) - values).max(initial=0.0))
        return Outcome(error, before, half.nbytes)
    whole, scale = quantised(values, target.axis if choice.per_channel else None)
    back = whole.astype(np.float64) * scale_like(scale, values, target.axis)
    error = float(np.abs(back - values).max(initial=0.0))
    return Outcome(error, before, whole.nbytes + scale.size * 4)


def quantise(
    network: Network, choices: Mapping[int, Choice], library: LayerLibrary, progress: Progress
) -> Delta:
    """The edit. `choices` are by node id; ValueError names a weight that cannot be quantised."""
    draft = begun(network, library)
    for number, (node, choice) in enumerate(choices.items()):
        step = network.step(node)
        target = target_of(network, step)
        if choice.mode == KEEP or target is None:
            continue
        reason = target.reason or _obstacle(target)
        if reason:
            raise ValueError(f"'{network.qualified(step)}': {reason}")
        progress(number, len(choices), network.qualified(step))
        values = values_of(network, step, target)
        if choice.mode == FLOAT16:
            tensors: tuple[tuple[Array, str], ...] = ((from_numbers(values, "float16"), "float16"),)
            rewrite(draft, network, step, target, "Cast", tensors, {"to": _ONNX[target.dtype]})
            continue
        whole, scale = quantised(values, target.axis if choice.per_channel else None)
        axis = {"axis": target.axis} if choice.per_channel else {}
        tensors = ((whole, "int8"), (from_numbers(scale, target.dtype), target.dtype))
        rewrite(draft, network, step, target, "DequantizeLinear", tensors, axis)
    return draft.delta()


def quantised(values: Array, axis: int | None) -> tuple[Array, Array]:
    """(int8 numbers, scales in float64): symmetric, a scale for each place of an axis, or one for all."""
    others = None if axis is None else tuple(n for n in range(values.ndim) if n != axis)
    largest = np.abs(values).max(axis=others, initial=0.0)
    scale = np.where(largest > 0, largest / MOST, 1.0).astype(np.float32).astype(np.float64)
    spread = scale_like(scale, values, axis or 0)
    whole = np.clip(np.rint(values / spread), -MOST, MOST).astype(np.int8)
    return whole, scale


def scale_like(scale: Array, values: Array, axis: int) -> Array:
    """Scales in a form that broadcasts over the values."""
    if scale.ndim == 0:
        return scale
    return scale.reshape(tuple(-1 if n == axis else 1 for n in range(values.ndim)))


def values_of(network: Network, step: Step, target: Target) -> Array:
    """The weight in float64, laid out as the operator wants it."""
    if target.role in step.stored:
        row = network.tensors[step.stored[target.role]]
        values = to_numbers(network.store.get(row.digest, row.shape, row.dtype), row.dtype)
    else:
        values = weight_of(network, step, target.role)[0]
    return np.ascontiguousarray(values.T) if target.transposed else values


_ONNX: Mapping[str, int] = {"float32": 1, "float64": 11, "bfloat16": 16}


def _obstacle(target: Target) -> str:
    if target.dtype not in _FLOATS:
        return f"it is {target.dtype} already"
    return (
        "" if target.dtype == "float32" else f"weights of {target.dtype} are not quantised; cast them first"
    )


def totals(rows: list[tuple[Weight, Choice, Outcome]]) -> dict[str, Any]:
    """Totals of a preview: bytes before and after, and the largest error."""
    return {
        "bytes_before": sum(row.bytes_before for _, _, row in rows),
        "bytes_after": sum(row.bytes_after for _, _, row in rows),
        "max_abs_error": max((row.max_abs_error for _, _, row in rows), default=0.0),
    }
