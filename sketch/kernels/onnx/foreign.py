"""Operators that have no layer: how a drawing keeps them, and how they go back into a file.

A node of the layer `domain:Kind` keeps its attributes as parameters and its constant inputs as weights with the role
`input<n>`. What is no plain value (graphs, tensors) is kept as the bytes of the file in a weight `@<attribute>`; its
parameter then is a record `{kind, role}`. Names that a graph reads from outside are extra wires, listed in `$captures`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sketch.graph.network import Step
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.program import Attribute, Op, Port, TensorValue

STANDARD = "ai.onnx"
MODEL_INPUT = "onnx.graph:Input"
"""A model input whose type no Input layer can hold (a sequence, an unknown rank)."""
CAPTURES = "$captures"
OUTPUTS = "$outputs"
OVERLOAD = "$overload"
INPUT_ROLE = "input"
INPUT = "$input"
"""`$input<n>` is a small constant at input n: {dtype, shape, data}."""


def layer_name(domain: str, kind: str) -> str:
    """`ai.onnx:Foo` for an operator without a layer."""
    return f"{domain or STANDARD}:{kind}"


def foreign_op(
    step: Step,
    wired: Sequence[str],
    outputs: tuple[str, ...],
    weight: Callable[[str], str],
    constant: Callable[[int, TensorValue], str],
) -> Op:
    """The operator of a foreign node with its attributes, inputs and bodies as they came.

    `weight` gives the name of a stored weight by role, `constant` that of a small constant at an input.
    """
    domain, _, kind = step.layer.partition(":")
    captured: dict[str, str] = {}
    formal = inputs = _inputs(step, wired, weight, constant)
    for name, place in step.params.get(CAPTURES, ()):
        captured[name] = inputs[place]
        formal = inputs[: min(len(formal), place)]
    while formal and not formal[-1]:
        formal.pop()
    op = Op(kind, tuple(formal), outputs, domain="" if domain == STANDARD else domain, node=step.id)
    op.overload = str(step.params.get(OVERLOAD, ""))
    for name, value in step.params.items():
        if name.startswith("$"):
            continue
        if isinstance(value, dict):
            op.bodies[name] = (_stored(step, value), captured)
        else:
            op.attributes[name] = plain(value)
    shown = step.params.get(OUTPUTS)
    if shown is not None:
        op.outputs = tuple(name if place in shown else "" for place, name in enumerate(outputs))
    return op


def _inputs(
    step: Step,
    wired: Sequence[str],
    weight: Callable[[str], str],
    constant: Callable[[int, TensorValue], str],
) -> list[str]:
    """Names of wires, stored weights and small constants, by number."""
    found = dict(enumerate(wired))
    for role in step.stored:
        if role.startswith(INPUT_ROLE) and role[len(INPUT_ROLE) :].isdigit():
            found[int(role[len(INPUT_ROLE) :])] = weight(role)
    for name, value in step.params.items():
        if name.startswith(INPUT):
            place = int(name[len(INPUT) :])
            found[place] = constant(place, TensorValue(value["dtype"], value["shape"], value["data"]))
    return [found.get(place, "") for place in range(max(found, default=-1) + 1)]


def _stored(step: Step, record: dict[str, Any]) -> int:
    role = record.get("role", "")
    if role not in step.stored:
        raise UnsayableError(f"The stored {record.get('kind', 'value')} {role!r} is missing.")
    return step.stored[role]


def plain(value: Any) -> Attribute:
    """An attribute's value as a file holds it."""
    return int(value) if isinstance(value, bool) else value


def model_input(step: Step, name: str) -> Port:
    """A model input that is kept as the file declared it."""
    return Port(name, "float32", None, step.id, str(step.params.get("type", "")))
