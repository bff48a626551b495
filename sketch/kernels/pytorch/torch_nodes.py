"""Nodes that are functions of torch, as calls (see sketch.binder.torch_calls)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.binder import torch_calls
from sketch.binder.mapping import LossyError
from sketch.graph.network import Step
from sketch.kernels.pytorch.calls import FUNCTION, TORCH_TYPES, Call, Operand, TypeName
from sketch.kernels.pytorch.rows import Shapes, size

_METHOD = "Tensor."
_FUNCTIONAL = "nn.functional."
SET_ITEM = f"{FUNCTION}_set_item"


def torch_refusal(step: Step) -> str | None:
    """None, or why the node cannot be written."""
    for kind in (*step.types, *step.input_types):
        if kind is not None and kind.dtype not in TORCH_TYPES:
            return f"PyTorch has no element type {kind.dtype}; insert a Cast or choose float32."
    return torch_calls.refusal(step.layer, step.params)


def torch_call(step: Step, shapes: Shapes) -> Call:
    """The call of a function of torch; LossyError where its arguments do not fit its wires."""
    reading = _Reading(step, shapes)
    args = tuple(map(reading.value, step.params.get("args", ())))
    kwargs = {name: reading.value(value) for name, value in step.params.get("kwargs", {}).items()}
    return Call(target_of(step.layer), args, kwargs, _results(step.params.get("results")))


def target_of(layer: str) -> str:
    """The target of a call: `F.grid_sample`, `.unfold` for a method, `torch.roll`."""
    name = torch_calls.function_name(layer)
    if name == torch_calls.SET_ITEM:
        return SET_ITEM
    if name == "Tensor.__getitem__":
        return "operator.getitem"
    if name.startswith(_METHOD):
        return name.removeprefix("Tensor")
    if name.startswith(_FUNCTIONAL):
        return f"F.{name.removeprefix(_FUNCTIONAL)}"
    return f"torch.{name}"


class _Reading:
    """Puts wires, sizes and element types into the arguments of one node."""

    def __init__(self, step: Step, shapes: Shapes):
        self._step = step
        self._shapes = shapes

    def value(self, value: Any) -> Any:
        """An argument of the call."""
        return torch_calls.decoded(
            value,
            {torch_calls.PORT: self._port, torch_calls.SIZE: self._size, torch_calls.DTYPE: self._dtype},
        )

    def _port(self, number: int) -> Operand:
        source = self._step.inputs[number] if 0 <= number < len(self._step.inputs) else None
        if source is None:
            raise LossyError("it has open inputs")
        return Operand(source)

    def _size(self, text: str) -> Any:
        try:
            return size(text, self._step, self._shapes)
        except KeyError as missing:
            raise LossyError(
                f"The size {missing.args[0]} of '{self._step.name}' is no size of an input; "
                "name that dimension in an Input."
            ) from None

    def _dtype(self, name: str) -> TypeName:
        if name not in TORCH_TYPES:
            raise LossyError(f"PyTorch has no element type {name}; choose another one.")
        return TypeName(name)


def _results(template: Any) -> Any:
    """Nested tuples of output numbers, None for what is no tensor."""
    if isinstance(template, Mapping):
        return tuple(map(_results, template.values()))
    return tuple(map(_results, template)) if isinstance(template, tuple) else template
