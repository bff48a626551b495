"""One node under its inputs' types: effective parameters, output types, weights, problems. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.dims import Symbolic
from sketch.graph.errors import ExpressionError, GraphError, ShapeError
from sketch.graph.expressions import evaluate, names_in
from sketch.graph.layer_values import layer_values
from sketch.graph.operator_call import OperatorCall, Values
from sketch.graph.operator_types import (
    captured,
    constants,
    make_call,
    misfits,
    output_total,
    run_rule,
    unknown,
    wrong_words,
)
from sketch.graph.problems import Problem
from sketch.graph.rows import FrozenDict, Node, TensorRow, ValueType
from sketch.graph.rule import Call
from sketch.graph.specs import LayerSpec, PortSpec
from sketch.graph.weights import WeightType, weight_types

_KINDS: Mapping[str, tuple[str, ...]] = {
    "float": ("float", "bfloat"),
    "int": ("int", "uint"),
    "bool": ("bool",),
    "number": ("float", "bfloat", "int", "uint", "complex"),
    "any": ("",),
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What inference knows of one node. `outputs` holds None where nothing is known (yet).

    `parameters` counts trainable elements; None while a weight's shape is unknown. `values` are known elements of
    small outputs (a shape that is computed from another).
    """

    params: FrozenDict
    inputs: tuple[ValueType | None, ...]
    outputs: tuple[ValueType | None, ...]
    weights: FrozenDict
    parameters: int | None
    problems: tuple[Problem, ...]
    values: tuple[Values | None, ...] = ()

    def value(self, out: int) -> Values | None:
        """The elements of an output, as far as they are known of a small one."""
        return self.values[out] if out < len(self.values) else None


class _Findings(list[Problem]):
    """Collects the problems of one node."""

    def __init__(self, node: Node):
        super().__init__()
        self._node = node

    def error(
        self, code: str, message: str, cure: str = "", port: int | None = None, param: str | None = None
    ) -> None:
        self.append(Problem(self._node.id, "error", code, message, cure, port, param))

    def warning(self, code: str, message: str, cure: str = "", param: str | None = None) -> None:
        self.append(Problem(self._node.id, "warning", code, message, cure, None, param))


def resolve(
    node: Node,
    spec: LayerSpec,
    inputs: Sequence[ValueType | None],
    stored: Mapping[str, TensorRow],
    declared: Sequence[ValueType | None],
    known: Sequence[Values | None] = (),
) -> Resolved:
    """Evaluate one node.

    Args:
        inputs: type of each input by port number, None where open or not known.
        stored: role -> tensor that the node already has.
        declared: output types a file gave (operators).
        known: elements of each input, as far as they are known; empty when none are.
    """
    if spec.is_standard:
        return _resolve_operator(node, spec, inputs, stored, declared, known)
    found = _Findings(node)
    complete = _check_ports(node, spec, inputs, found)
    params = effective_params(spec, node.params, inputs)
    names = expression_names(spec, params, inputs)
    complete = complete and _check_requirements(spec, names, found)
    weights = _weights(spec, params, stored, found)
    _check_weight_type(spec, weights, inputs, found)
    call = Call(spec, params, tuple(inputs), spec.rule_args, tuple(declared))
    outputs = _outputs(node, spec, call, complete, found)
    return Resolved(
        params,
        tuple(inputs),
        outputs,
        weights,
        _count(weights),
        tuple(found),
        layer_values(call, outputs, known),
    )


def _resolve_operator(
    node: Node,
    spec: LayerSpec,
    inputs: Sequence[ValueType | None],
    stored: Mapping[str, TensorRow],
    declared: Sequence[ValueType | None],
    known: Sequence[Values | None],
) -> Resolved:
    """As `resolve`, for an operator of the standard."""
    found = _Findings(node)
    wired = max((edge.out + 1 for edge in node.next), default=0)
    fixed = constants(node, stored)
    total = output_total(spec, node.params, len(declared), wired)
    call = make_call(node, spec, inputs, known, fixed, declared, total)
    complete = _check_operator_ports(node, call, fixed, found)
    faults = [*misfits(call), *wrong_words(call)]
    types, values = (unknown(call), ()) if faults or not complete else _run(call, found)
    for fault in faults:
        found.error(
            "dtype" if fault.param is None else "check", str(fault), fault.cure, fault.port, fault.param
        )
    weights = _weights(spec, node.params, stored, found)
    return Resolved(node.params, tuple(inputs), tuple(types), weights, 0, tuple(found), values)


def _run(
    call: OperatorCall, found: _Findings
) -> tuple[Sequence[ValueType | None], tuple[Values | None, ...]]:
    try:
        return run_rule(call)
    except GraphError as error:
        text = str(error).replace(call.spec.name, call.spec.title)
        cure = error.cure if isinstance(error, ShapeError) else ""
        found.error("shape", text, cure, getattr(error, "port", None), getattr(error, "param", None))
    return [None] * call.outputs, ()


def _check_operator_ports(node: Node, call: OperatorCall, fixed: Iterable[int], found: _Findings) -> bool:
    """Open inputs that the operator needs, wires that it has no input for; True when all needed ones are there."""
    spec = call.spec
    given = {edge.into for edge in node.prior} | set(fixed)
    complete = True
    for index, port in enumerate(spec.inputs):
        count = sum(1 for into in given if into >= index) if port.variadic else int(index in given)
        if not port.optional and count < (port.minimum if port.variadic else 1):
            found.error(
                "input-missing", f"{spec.title} has nothing on input {port.name!r}.", "Connect a layer to it.", index
            )  # fmt: skip
            complete = False
    extra = [edge.into for edge in node.prior if edge.into >= len(spec.inputs)]
    if extra and not (spec.inputs and spec.inputs[-1].variadic) and extra[0] not in captured(node.params):
        found.error(
            "port", f"{spec.title} has {len(spec.inputs)} inputs, not {max(extra) + 1}.", "Remove the wire.", extra[0]
        )  # fmt: skip
    return complete


def effective_params(
    spec: LayerSpec, given: Mapping[str, Any], inputs: Sequence[ValueType | None]
) -> FrozenDict:
    """Defaults, then what follows the inputs, then what the person pinned."""
    if spec.is_standard or (spec.is_operator and not spec.params):
        return FrozenDict(given)  # what a file does not say is not said in the file that is written
    params = spec.defaults()
    for name, param in spec.params.items():
        if param.derive and name not in given:
            try:
                params[name] = evaluate(param.derive, expression_names(spec, {**params, **given}, inputs))
            except ExpressionError:
                continue
    return FrozenDict({**params, **given})


def expression_names(
    spec: LayerSpec, params: Mapping[str, Any], inputs: Sequence[ValueType | None]
) -> dict[str, Any]:
    """What an expression of a layer file may read: parameters and inputs by name."""
    ports: dict[str, Any] = {}
    for index, port in enumerate(spec.inputs):
        if port.variadic:
            ports[port.name] = tuple(inputs[index:])
        else:
            ports[port.name] = inputs[index] if index < len(inputs) else None
    return {**ports, **params}


def applies(
    spec: LayerSpec, name: str, params: Mapping[str, Any], inputs: Sequence[ValueType | None] = ()
) -> bool:
    """False when a parameter has no meaning under the other parameters (its field is greyed)."""
    text = spec.params[name].applies if name in spec.params else ""
    if not text:
        return True
    try:
        return bool(evaluate(text, expression_names(spec, params, inputs)))
    except ExpressionError:
        return True


def _check_ports(node: Node, spec: LayerSpec, inputs: Sequence[ValueType | None], found: _Findings) -> bool:
    """Open and mistyped ports; True when every needed input is there and known."""
    wired = {edge.into for edge in node.prior}
    complete = True
    for index, port in enumerate(spec.inputs):
        lack = _lack(spec, port, index, wired)
        if lack:
            found.error("input-missing", lack, "Connect a layer to it.", index)
            complete = False
    for index in sorted(wired):
        value = inputs[index] if index < len(inputs) else None
        complete = _fits(spec, index, value, found) and complete
    return complete


def _lack(spec: LayerSpec, port: PortSpec, index: int, wired: set[int]) -> str:
    """What is missing at a port, nothing when it has what it needs."""
    if port.variadic:
        count = sum(1 for into in wired if into >= index)
        need = f"at least {port.minimum} inputs" if port.minimum > 1 else "an input"
        return f"{spec.name} needs {need}, has {count}." if count < port.minimum else ""
    return "" if port.optional or index in wired else f"{spec.name} has nothing on input {port.name!r}."


def _fits(spec: LayerSpec, index: int, value: ValueType | None, found: _Findings) -> bool:
    """True when the value on a wired input is known and of a kind that the layer takes."""
    if value is None or (value.shape is None and value.is_tensor and not spec.is_operator):
        return False
    if not value.is_tensor and not spec.is_operator and spec.rule not in ("none", "same"):
        text = f"{spec.name} takes tensors, gets {value.dtype}."
        found.error("dtype", text, "Take one of it by SequenceAt.", index)
        return False
    if not _kind_fits(spec.input_port(index).dtypes, value.dtype):
        kinds = " or ".join(spec.input_port(index).dtypes)
        found.error(
            "dtype", f"{spec.name} takes {kinds} values on {spec.input_port(index).name!r}, gets {value.dtype}.",
            "Insert a Cast, or change the element type of the Input.", index,
        )  # fmt: skip
        return False
    return True


def _kind_fits(kinds: tuple[str, ...], dtype: str) -> bool:
    if not kinds:
        return True
    return any(dtype.startswith(prefix) for kind in kinds for prefix in _KINDS.get(kind, (kind,)))


def _check_requirements(spec: LayerSpec, names: Mapping[str, Any], found: _Findings) -> bool:
    good = True
    for check in spec.checks:
        reads = names_in(check.require)
        if any(name not in names or isinstance(names[name], Symbolic) for name in reads):
            continue
        try:
            holds = bool(evaluate(check.require, names))
        except ExpressionError:
            continue
        if not holds:
            found.error(
                "check", check.message.format(**names), check.cure.format(**names), check.port, check.param
            )
            good = False
    return good


def _weights(
    spec: LayerSpec, params: FrozenDict, stored: Mapping[str, TensorRow], found: _Findings
) -> FrozenDict:
    """role -> WeightType; an operator's weights are just what it stores."""
    if spec.is_operator:
        return FrozenDict(
            {
                role: WeightType(role, row.shape, row.dtype, False, FrozenDict())
                for role, row in stored.items()
            }
        )
    try:
        types = weight_types(spec, params)
    except (ExpressionError, TypeError, KeyError):
        return FrozenDict(dict.fromkeys(spec.weights))
    for role, kind in types.items():
        row = stored.get(role)
        if row is not None and row.shape != kind.shape:
            have, need = "×".join(map(str, row.shape)), "×".join(map(str, kind.shape))
            found.warning(
                "weight-shape", f"The stored {role} is {have}, the layer now needs {need}.",
                "It will be initialised anew when you compile; undo brings the old size back.",
            )  # fmt: skip
        if row is not None and row.dtype != kind.dtype:
            types[role] = WeightType(role, kind.shape, row.dtype, kind.trainable, kind.init)
    return FrozenDict(types)


def _check_weight_type(
    spec: LayerSpec,
    weights: Mapping[str, WeightType | None],
    inputs: Sequence[ValueType | None],
    found: _Findings,
) -> None:
    """Frameworks do not mix element types between a layer's weights and its input."""
    given = inputs[0].dtype if inputs and inputs[0] is not None else ""
    if "float" not in given or spec.is_operator or spec.category == "Loss":
        return
    for kind in weights.values():
        if kind is not None and kind.trainable and "float" in kind.dtype and kind.dtype != given:
            found.error(
                "weight-dtype", f"{spec.name} has {kind.dtype} weights, its input is {given}.",
                f"Insert a Cast to {kind.dtype}, or change the element type of the Input.", 0,
            )  # fmt: skip
            return


def _count(weights: Mapping[str, WeightType | None]) -> int | None:
    total = 0
    for kind in weights.values():
        if kind is None or kind.count is None:
            return None
        total += kind.count if kind.trainable else 0
    return total


def _outputs(
    node: Node, spec: LayerSpec, call: Call, complete: bool, found: _Findings
) -> tuple[ValueType | None, ...]:
    unknown = _unknown_outputs(node, spec, call)
    if spec.group or not complete:
        return unknown
    from sketch.graph.shape_rules import RULES  # not needed before there is a node

    try:
        return RULES[spec.rule](call)
    except ShapeError as error:
        found.error("shape", str(error), error.cure, error.port, error.param)
    except GraphError as error:
        found.error("shape", str(error))
    return unknown


def _unknown_outputs(node: Node, spec: LayerSpec, call: Call) -> tuple[ValueType | None, ...]:
    """None for each output, as many as there are known to be."""
    count = len(spec.outputs)
    if spec.outputs and spec.outputs[-1].variadic:
        count = output_count(spec, call.params, call.inputs)
        count = max([count, len(call.declared), *(edge.out + 1 for edge in node.next)])
    return (None,) * count


def outputs_of(node: Node, spec: LayerSpec) -> int:
    """How many output ports a node has; its parameters are asked only where they say that."""
    if not spec.outputs or not spec.outputs[-1].variadic:
        return len(spec.outputs)
    return output_count(spec, {**spec.defaults(), **node.params})


def output_count(spec: LayerSpec, params: Mapping[str, Any], inputs: Sequence[ValueType | None] = ()) -> int:
    """How many output ports a layer has under these parameters (Split, Chunk)."""
    if spec.is_standard and spec.outputs and spec.outputs[-1].variadic:
        return output_total(spec, params, 0, 0)
    if not spec.outputs or not spec.outputs[-1].variadic:
        return len(spec.outputs)
    fixed = len(spec.outputs) - 1
    if not spec.outputs[-1].count:
        return fixed + 1
    try:
        return fixed + max(1, int(evaluate(spec.outputs[-1].count, expression_names(spec, params, inputs))))
    except (ExpressionError, TypeError, ValueError):
        return fixed + 1
