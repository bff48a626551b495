"""An operator of the standard as a call: of its function, or of torch itself where that is exactly the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

from sketch.binder.mapping import LossyError
from sketch.graph.element_types import HELD_NAMES
from sketch.graph.network import Network, Step
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import FUNCTION, TORCH_TYPES, Call, Fixed, Operand, TypeName
from sketch.kernels.pytorch.control_calls import control_call
from sketch.kernels.pytorch.direct_rows import direct_call
from sketch.kernels.pytorch.operands import MODEL_INPUT, fixed_inputs, input_name, record_tensor
from sketch.kernels.pytorch.operators import Attribute, Function, function_of

_UNSIGNED = frozenset({"uint16", "uint32", "uint64"})
_SAME = {
    "operator.add": "Add", "operator.sub": "Sub", "operator.mul": "Mul", "operator.truediv": "Div",
    "operator.matmul": "MatMul", "operator.neg": "Neg", "operator.eq": "Equal", "operator.gt": "Greater",
    "operator.lt": "Less", "operator.ge": "GreaterOrEqual", "operator.le": "LessOrEqual", "torch.maximum": "Max",
    "torch.minimum": "Min", "torch.abs": "Abs",
}  # fmt: skip
"""What drawn layers call, and the operators that mean the same."""


_UNASKED = {"qk_matmul_output": 3, "indices": 1}
"""Keywords of functions that save the work for an output that the node does not have."""


def operator_call(step: Step, network: Network) -> Call:
    """How the operator is called; LossyError where PyTorch cannot say it."""
    if step.bodies:
        call = control_call(step, [None if source is None else Operand(source) for source in step.inputs])
        if call is not None:
            return call
    function = function_of(step.layer)
    if function is None:
        raise LossyError(_unknown(step))
    tensors = dict(_tensor_attributes(step, network))
    values = {**{name: value for name, value in step.params.items() if not name.startswith("$")}, **tensors}
    operands = _operands(step, function)
    direct = direct_call(step, operands, values)
    if direct is not None:
        return direct
    args, kwargs = _arranged(step, function, operands)
    kwargs.update(_attributes(step, function, values, operands))
    call = Call(FUNCTION + function.name, tuple(args), kwargs)
    return _with_results(step, function, call)


def unsigned_call(step: Step, target: str) -> Call | None:
    """The call of a drawn layer on unsigned whole numbers, for which torch's own operators have no code.

    Args:
        target: what the layer calls otherwise.
    """
    kinds = {kind.dtype for kind in step.input_types if kind is not None}
    if target not in _SAME or not kinds & _UNSIGNED:
        return None
    function = function_of(f"ai.onnx:{_SAME[target]}")
    if function is None:
        return None
    wires = [Operand(source) for source in step.inputs if source is not None]
    if len(wires) < len(function.inputs):
        return None
    if function.rest:
        return Call(FUNCTION + function.name, tuple(wires))
    first = Call(FUNCTION + function.name, tuple(wires[: len(function.inputs)]))
    rest = wires[len(function.inputs) :]
    return reduce(lambda left, right: Call(FUNCTION + function.name, (left, right)), rest, first)


def operator_refusal(step: Step) -> str | None:
    """None, or why PyTorch cannot express this operator."""
    kinds = [*step.types, *step.input_types, *step.weights.values()]
    names = [element(kind.dtype) for kind in kinds if kind is not None]
    names += [constant.dtype for constant in _constants(step)]
    for dtype in names:
        if dtype not in TORCH_TYPES:
            return f"PyTorch has no element type {dtype}; insert a Cast or choose float32."
    if step.layer == MODEL_INPUT or step.layer.startswith("sketch.zone:"):
        return None
    function = function_of(step.layer)
    if function is None:
        return _unknown(step)
    if step.layer == "ai.onnx:Scan" and not step.bodies:
        return (
            "It is a Scan of opset 8, whose batch no later opset has; PyTorch's form of Scan has none either."
        )
    try:
        for name, attribute in function.attributes.items():
            if name in step.params and attribute.is_dtype:
                _dtype(step.params[name])
        _check_names(step, function)
    except LossyError as error:
        return str(error)
    return None


def element(dtype: str) -> str:
    """`float32` of `seq(float32)` and `optional(seq(float32))`."""
    return dtype.rpartition("(")[2].rstrip(")")


def _constants(step: Step) -> Iterator[Any]:
    yield from fixed_inputs(step).values()
    for name, value in step.params.items():
        if name.startswith("$input"):
            yield Fixed(str(value["dtype"]), (), ())


def _unknown(step: Step) -> str:
    return (
        f"PyTorch has no way to say the operator {step.spec.title or step.layer}; "
        "compile this model to ONNX instead, or replace the node."
    )


def _operands(step: Step, function: Function) -> list[Any]:
    """Wires, small tensors and None by the number of the input; LossyError when one is missing."""
    found: list[Any] = [None if source is None else Operand(source) for source in step.inputs]
    for place, fixed in fixed_inputs(step).items():
        found.extend([None] * (place + 1 - len(found)))
        found[place] = fixed
    if not function.rest and len(found) > len(function.inputs):
        extra = found[len(function.inputs) :]
        if any(item is not None for item in extra):
            raise LossyError(f"{step.spec.title} has more inputs than PyTorch's form of it takes.")
        found = found[: len(function.inputs)]
    for place in range(function.needed):
        if place >= len(found) or found[place] is None:
            raise LossyError("it has open inputs")
    return found


def _arranged(step: Step, function: Function, operands: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Inputs in order; after an open one by their names. A variadic last input keeps all places."""
    if len(operands) > len(function.inputs):
        return operands, {}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for place, item in enumerate(operands):
        if item is not None and len(args) == place:
            args.append(item)
        elif item is not None:
            kwargs[input_name(function, place)] = item
    return args, kwargs


def _attributes(
    step: Step, function: Function, values: dict[str, Any], operands: list[Any]
) -> Iterator[tuple[str, Any]]:
    """Keyword arguments that are not the function's own defaults."""
    _check_names(step, function)
    if "num_outputs" in function.attributes and "num_outputs" not in values and len(operands) < 2:
        values["num_outputs"] = len(step.types)
    for name, attribute in function.attributes.items():
        if name in _UNASKED and attribute.default is True and not _gives(step, _UNASKED[name]):
            yield name, False
        if name not in values:
            if attribute.required:
                raise LossyError(f"its attribute {name} is not given")
            continue
        value = _attribute(attribute, values[name])
        if attribute.required or value != attribute.default or type(value) is not type(attribute.default):
            yield name, value


def _gives(step: Step, out: int) -> bool:
    """True when the node has this output."""
    shown = step.params.get("$outputs")
    return out < len(step.types) and (shown is None or out in shown)


def _attribute(attribute: Attribute, value: Any) -> Any:
    if attribute.is_dtype:
        return _dtype(value)
    if isinstance(attribute.default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _dtype(value: Any) -> TypeName | None:
    """The element type that an attribute names by its number; 0 says none."""
    name = value if isinstance(value, str) else HELD_NAMES.get(value, f"number {value}")
    if value == 0:
        return None
    if name not in TORCH_TYPES:
        raise LossyError(f"PyTorch has no element type {name}; choose another one in the node.")
    return TypeName(name)


def _check_names(step: Step, function: Function) -> None:
    for name, value in step.params.items():
        if name.startswith("$") or name in function.attributes or step.bodies:
            continue
        raise LossyError(f"PyTorch's form of {step.spec.title} has no attribute {name} (here {value!r}).")


def _tensor_attributes(step: Step, network: Network) -> Iterator[tuple[str, Fixed]]:
    for name, value in step.params.items():
        if not isinstance(value, dict) or name.startswith("$"):
            continue
        tensor = record_tensor(step, value, network)
        if tensor is None or tensor.dtype not in TORCH_TYPES:
            raise LossyError(
                f"the {value.get('kind', 'value')} in its attribute {name} cannot be said in PyTorch"
            )
        yield name, tensor


def _with_results(step: Step, function: Function, call: Call) -> Call:
    """The call with the places of its results: of one output only that one is taken."""
    if function.results is None:
        return call
    count = max(1, len(step.types))
    if function.results < 0:
        return Call(call.target, call.args, call.kwargs, tuple(range(count)))
    if count == 1:
        return Call("operator.getitem", (call, 0)) if function.results > 1 else _single(call)
    return Call(call.target, call.args, call.kwargs, tuple(range(function.results)))


def _single(call: Call) -> Call:
    return Call(call.target, call.args, call.kwargs, (0,))


def is_known(kind: ValueType | None) -> bool:
    """True for a value whose element type and shape are known."""
    return kind is not None and kind.shape is not None
