"""Parameters and buffers of a module as source text."""

from __future__ import annotations

from sketch.graph.network import Step
from sketch.kernels.pytorch.calls import TORCH_TYPES
from sketch.kernels.pytorch.printing import literal


def parameter_value(step: Step) -> str:
    """Random numbers as the layer file says."""
    sizes = ", ".join(map(str, step.params["shape"]))
    init = step.spec.weights["value"].init
    dtype = step.params["dtype"]
    kind = "" if dtype == "float32" else f", dtype=torch.{TORCH_TYPES[dtype]}"
    if init.get("scheme") == "normal" and not init.get("mean"):
        return f"{init.get('std', 1.0)} * torch.randn({sizes or '()'}{kind})"
    return f"torch.zeros({sizes or '()'}{kind})"


def constant_value(step: Step) -> str:
    """A Constant as its parameters say it; what a file of weights holds is filled in by that."""
    value, dtype, shape = step.params["value"], step.params["dtype"], step.params.get("shape")
    kind = f", dtype=torch.{TORCH_TYPES[dtype]}"
    value = bool(value) if dtype == "bool" and not isinstance(value, tuple) else value
    if shape is not None and not isinstance(value, tuple):
        return f"torch.full({literal(tuple(shape))}, {literal(value)}{kind})"
    return f"torch.tensor({_numbers(value)}{'' if dtype == 'float32' and _is_float(value) else kind})"


def _numbers(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_numbers, value))}]"
    return literal(value)


def _is_float(value: object) -> bool:
    return (
        bool(value) and all(map(_is_float, value)) if isinstance(value, tuple) else isinstance(value, float)
    )
