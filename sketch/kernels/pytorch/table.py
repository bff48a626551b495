"""All rows of the PyTorch kernel, and which one a node takes."""

from __future__ import annotations

from sketch.binder.mapping import RowTable
from sketch.binder.torch_calls import is_torch
from sketch.graph.network import Network, Step
from sketch.graph.zone_kinds import ELSE, IF, LOOP, SCAN, THEN
from sketch.kernels.pytorch.call_rows import CALL_ROWS
from sketch.kernels.pytorch.calls import TORCH_TYPES, Call
from sketch.kernels.pytorch.control_calls import is_body
from sketch.kernels.pytorch.module_rows import MODULE_ROWS, UNFLATTEN
from sketch.kernels.pytorch.operator_calls import element, operator_call, operator_refusal, unsigned_call
from sketch.kernels.pytorch.rows import CallRow, ModuleRow, Shapes
from sketch.kernels.pytorch.torch_nodes import torch_call, torch_refusal

MODULES: RowTable[ModuleRow] = RowTable(MODULE_ROWS)
CALLS: RowTable[CallRow] = RowTable(CALL_ROWS)

ENDS = frozenset({"Input", "Output"})
TENSORS = frozenset({"Parameter", "Constant"})
"""Layers that are a tensor of the module itself: nn.Parameter or a buffer."""

GROUPS = frozenset({"Sequential", "Group", IF, THEN, ELSE, LOOP, SCAN})
LAYERS = frozenset({*MODULES.by_layer, *CALLS.by_layer, *ENDS, *TENSORS, *GROUPS})
"""Every layer that this kernel can write."""


def module_row(step: Step) -> ModuleRow | None:
    """The row of a node that is a module of its own."""
    if step.layer == "Unflatten" and all(isinstance(item, int) for item in step.params["unflattened_size"]):
        return UNFLATTEN
    return MODULES.of_layer(step.layer)


def call_of(step: Step, shapes: Shapes, network: Network) -> Call | None:
    """How the node is called, None for inputs, outputs and tensors; LossyError where PyTorch cannot say it."""
    if is_torch(step.layer):
        return torch_call(step, shapes)
    if step.spec.is_operator:
        return operator_call(step, network)
    row = module_row(step)
    if row is not None:
        return row.call(step)
    other = CALLS.of_layer(step.layer)
    if other is None:
        return None
    return unsigned_call(step, other.target) or other.call(step, shapes)


def is_noted(step: Step) -> bool:
    """True for what comes back from the notes of a .pth and not from its calls."""
    row = CALLS.of_layer(step.layer)
    return step.spec.is_operator or (row is not None and row.several)


def refusal(step: Step) -> str | None:
    """None, or why PyTorch cannot express this node."""
    if is_body(step):
        return None
    if is_torch(step.layer):
        return torch_refusal(step)
    if step.spec.is_operator:
        return operator_refusal(step)
    if step.layer not in LAYERS:
        return (
            f"The PyTorch kernel has no row for {step.layer}; compile to another kernel or replace the layer."
        )
    kinds = [*step.types, *step.weights.values()]
    names = [step.params.get("dtype"), *(kind.dtype for kind in kinds if kind is not None)]
    for dtype in (element(name) for name in names if name is not None):
        if dtype not in TORCH_TYPES:
            return f"PyTorch has no element type {dtype}; insert a Cast or choose float32."
    if (
        step.layer == "LSTM"
        and len(step.inputs) > 1
        and (step.inputs[1] is None) != (step.inputs[-1] is None)
    ):
        return "PyTorch's LSTM takes both h0 and c0 or none of them; connect the other one too."
    return None
