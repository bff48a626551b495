"""Functions of torch that are nodes (`torch:roll`) as ONNX operators; refused by name where none says the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sketch.binder import torch_calls
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.shape_rules.layout import sizes_differ
from sketch.kernels.onnx.emitter import Emitter, UnsayableError
from sketch.kernels.onnx.torch_calls import (
    arithmetic,
    complex_numbers,
    indexing,
    linear,
    making,
    neural,
    reducing,
    shaping,
    spatial,
)
from sketch.kernels.onnx.torch_calls.names import plain_name
from sketch.kernels.onnx.torch_calls.writer import TypeWord, Val, Writer, parsed_size

LOWERINGS: Mapping[str, Any] = {
    **arithmetic.LOWERINGS,
    **indexing.LOWERINGS,
    **linear.LOWERINGS,
    **making.LOWERINGS,
    **neural.LOWERINGS,
    **reducing.LOWERINGS,
    **shaping.LOWERINGS,
    **spatial.LOWERINGS,
    **complex_numbers.LOWERINGS,
}
"""Functions by their plain name; each is given the Writer and the arguments, and gives values as torch does."""

_IDLE = frozenset(
    {"device", "layout", "memory_format", "pin_memory", "non_blocking", "copy", "requires_grad"}
)
"""Keywords that say nothing about numbers."""


def identifier(layer: str) -> str:
    """A layer's name as the name of a function: `torch_nn_functional_linear`."""
    return re.sub(r"\W", "_", layer)


def write_torch(emitter: Emitter) -> tuple[str, ...]:
    """Write a node that is a function of torch; the names of its outputs. UnsayableError when ONNX cannot say it."""
    layer, params = emitter.step.layer, emitter.step.params
    reason = torch_calls.refusal(layer, params)
    if reason is not None:
        raise UnsayableError(reason)
    name = torch_calls.function_name(layer)
    lowering = LOWERINGS.get(plain_name(name))
    if lowering is None:
        raise UnsayableError(
            f"torch.{name} has no counterpart in ONNX; replace the node by layers that have one."
        )
    args, kwargs = _arguments(Writer(emitter), params)
    try:
        result = lowering(Writer(emitter), *args, **kwargs)
    except (TypeError, AttributeError, IndexError, ValueError, KeyError) as error:
        detail = " ".join(str(error).split())[:150]
        raise UnsayableError(
            f"torch.{name} with these arguments has no counterpart in ONNX ({detail})."
        ) from None
    return _outputs(emitter, name, list(_tensors(result)))


def _arguments(writer: Writer, params: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    read: dict[str, Callable[[Any], Any]] = {
        torch_calls.PORT: writer.wire,
        torch_calls.SIZE: parsed_size,
        torch_calls.DTYPE: TypeWord,
    }
    args = tuple(torch_calls.decoded(value, read) for value in params.get("args", ()))
    named = {
        name: torch_calls.decoded(value, read)
        for name, value in params.get("kwargs", {}).items()
        if name not in _IDLE and not (name == "out" and value is None)
    }
    for first in ("input", "self"):
        if not args and first in named:
            args = (named.pop(first),)
    if "axis" in named:
        named["dim"] = named.pop("axis")
    return args, named


def _tensors(result: Any) -> Iterator[Val]:
    if isinstance(result, Val):
        yield result
    elif isinstance(result, (tuple, list)):
        for item in result:
            yield from _tensors(item)


def _check_shape(name: str, value: Val, kind: ValueType) -> None:
    """UnsayableError when a lowering gives another shape than the call gave when it was recorded."""
    wanted = value.shape if kind.shape is None else kind.shape
    if len(wanted) != value.rank or any(map(sizes_differ, wanted, value.shape)):
        raise UnsayableError(
            f"torch.{name} gives {shape_text(wanted)} here, its form in ONNX {shape_text(value.shape)}; "
            "replace the node by layers."
        )


def _outputs(emitter: Emitter, name: str, values: list[Val]) -> tuple[str, ...]:
    """Names by output number; the types are those that the node declares."""
    step = emitter.step
    numbers = list(torch_calls.outputs(step.params.get("results", 0)))
    if len(values) < len(numbers):
        raise UnsayableError(
            f"torch.{name} gives {len(numbers)} values here, its form in ONNX {len(values)}."
        )
    found = dict(zip(numbers, values, strict=False))
    names = []
    for out in range(max(len(step.types), max(numbers, default=0) + 1)):
        value, kind = found.get(out), step.types[out] if out < len(step.types) else None
        if value is not None and kind is not None and not value.is_complex:
            _check_shape(name, value, kind)
            value = Writer(emitter).cast(value, kind.dtype)
        names.append("" if value is None else value.name)
    return tuple(names)
