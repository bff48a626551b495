"""Constants that the source can write as plain numbers: `x * 0.5` instead of a buffer."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.calls import Call

_ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "Greater", "Less", "Equal"})
_NUMBERS: Mapping[str, type] = {"float": float, "bfloat": float, "int": int, "uint": int}


def inline_constants(network: Network, live: set[int], calls: Mapping[int, Call]) -> dict[int, float | int]:
    """Node id -> number of every Constant that all its users can take as a number with the same result."""
    users: dict[int, list[Step]] = {}
    for step in network.steps:
        if step.id in live and step.id in calls:
            for source in step.inputs:
                if source is not None:
                    users.setdefault(source.node, []).append(step)
    drawn = {step.inputs[0].node for step in network.outputs if step.inputs and step.inputs[0] is not None}
    found: dict[int, float | int] = {}
    for step in network.steps:
        number = _number(step) if step.id in live and step.id not in drawn else None
        if (
            number is not None
            and users.get(step.id)
            and all(_takes(u, step, network) for u in users[step.id])
        ):
            found[step.id] = number
    return found


def _number(step: Step) -> float | int | None:
    """The value of a scalar Constant when Python has its type."""
    if step.layer != "Constant" or step.params.get("shape") is not None:
        return None
    value, dtype = step.params["value"], step.params["dtype"]
    kind = next((kind for prefix, kind in _NUMBERS.items() if dtype.startswith(prefix)), None)
    if kind is None or isinstance(value, (tuple, bool)) or (kind is int and int(value) != value):
        return None
    number: float | int = kind(value)
    return number


def _takes(user: Step, constant: Step, network: Network) -> bool:
    """Two operands, the other one a tensor of the same element type that is no constant itself."""
    if user.layer not in _ARITHMETIC or len(user.inputs) != 2:
        return False
    if user.layer == "Div" and constant.params["dtype"].startswith(("int", "uint")):
        return False
    others = [
        (source, kind) for source, kind in zip(user.inputs, user.input_types, strict=True)
        if source is not None and source != Source(constant.id, 0)
    ]  # fmt: skip
    if len(others) != 1:
        return False
    source, kind = others[0]
    tensor = network.step(source.node).layer not in ("Constant", "Parameter")
    return tensor and kind is not None and kind.dtype == constant.params["dtype"]
