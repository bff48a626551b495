"""Layers with one big weight as the ONNX operators that compute them, so that the weight may come from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sketch.binder.surgery.arrays import Array, from_numbers, store_weight, weight_of
from sketch.graph.attachments import set_hint
from sketch.graph.draft import Draft
from sketch.graph.geometry import GAP_X, NODE_WIDTH
from sketch.graph.network import Network, Step
from sketch.graph.rerouting import reroute
from sketch.graph.rows import Edge, FrozenDict, Place, ValueType

CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d")
TRANSPOSED = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")


@dataclass(frozen=True, slots=True)
class Target:
    """How a step is said as an operator: `role` is its big weight, `port` the input where the operator takes it.

    `axis` is that of the output channels in the operator's layout, which is the layer's, or `transposed`.
    """

    kind: str
    role: str
    port: int
    axis: int
    shape: tuple[int, ...]
    dtype: str
    attributes: Mapping[str, Any]
    transposed: bool = False
    reason: str = ""


def target_of(network: Network, step: Step) -> Target | None:
    """The operator of a step with a big weight; None for other steps. `reason` says why it cannot be one."""
    if step.layer in _OPERATORS:
        return _stored(network, step, *_OPERATORS[step.layer])
    make = _LAYERS.get(step.layer)
    if make is None:
        return None
    kind = step.weights.get("weight")
    if kind is None or kind.count is None:
        return None
    tensor = step.stored.get("weight")
    dtype = network.tensors[tensor].dtype if tensor is not None else kind.dtype
    return make(step, tuple(kind.shape), dtype)


def rewrite(
    draft: Draft, network: Network, step: Step, target: Target, source: str,
    tensors: Sequence[tuple[Array, str]], attributes: Mapping[str, Any],
) -> None:  # fmt: skip
    """Turn a step into its operator, its weight made by an operator `source` from stored tensors."""
    name = network.qualified(step)
    place = draft.get("places", step.id) or Place(0.0, 0.0)
    maker = draft.add(
        f"ai.onnx:{source}", _free(draft, step, f"{step.name}_{target.role}"), attributes,
        parent=step.parent, place=(place.x - NODE_WIDTH - GAP_X, place.y - GAP_X),
    )  # fmt: skip
    for number, (array, dtype) in enumerate(tensors):
        title = f"{name}.{target.role}" + ("_scale" if number else "")
        store_weight(draft, network, maker, f"input{number}", array, dtype, title)
    shape = tuple(reversed(target.shape)) if target.transposed else target.shape
    set_hint(draft, maker, 0, ValueType(target.dtype, shape))
    bias = weight_of(network, step, "bias") if "bias" in step.weights else None
    _become(draft, step, target)
    draft.connect(maker, 0, step.id, target.port, check_cycle=False)
    if bias is not None and not step.spec.is_operator:
        _add_bias(draft, network, step, target, from_numbers(*bias), bias[1])


def _become(draft: Draft, step: Step, target: Target) -> None:
    """The same node as an operator: id, name, place and wires stay."""
    if step.spec.is_operator:
        draft.put("weights", (step.id, target.role), None)
        node = draft.node(step.id)
        draft.put("nodes", step.id, replace(node, params=node.params.without(f"$input{target.port}")))
        return
    for role in step.stored:
        draft.put("weights", (step.id, role), None)
    for role in step.outgrown:
        draft.put("weights", (step.id, role), None)
    node = draft.node(step.id)
    draft.put(
        "nodes", step.id, replace(node, layer=f"ai.onnx:{target.kind}", params=FrozenDict(target.attributes))
    )
    if target.port == 0:  # the layer's own input moves to the second port
        edge = node.prior[0]
        draft.disconnect(edge)
        draft.connect(edge.source, edge.out, step.id, 1, check_cycle=False)
    kind = step.types[0] if step.types else None
    if kind is not None:
        set_hint(draft, step.id, 0, kind)


def _add_bias(draft: Draft, network: Network, step: Step, target: Target, bias: Array, dtype: str) -> None:
    """Conv and Gemm take the bias themselves; behind a MatMul it is added."""
    title = f"{network.qualified(step)}.bias"
    if target.kind != "MatMul":
        store_weight(draft, network, step.id, "input2", bias, dtype, title)
        return
    place = draft.get("places", step.id) or Place(0.0, 0.0)
    added = draft.add(
        "ai.onnx:Add", _free(draft, step, f"{step.name}_bias"), parent=step.parent,
        place=(place.x + NODE_WIDTH + GAP_X, place.y),
    )  # fmt: skip
    store_weight(draft, network, added, "input1", bias, dtype, title)
    kind = step.types[0] if step.types else None
    if kind is not None:
        set_hint(draft, added, 0, kind)
    for edge in draft.node(step.id).next:
        reroute(draft, Edge(edge.source, edge.out, edge.target, edge.into), added, 0)
    draft.connect(step.id, 0, added, 0, check_cycle=False)


def _free(draft: Draft, step: Step, name: str) -> str:
    return name if draft.named(step.parent, name) is None else draft.fresh_name(step.parent, f"{name}_")


def _stored(network: Network, step: Step, port: int, axis: int) -> Target | None:
    """An operator whose weight is stored with it."""
    role = f"input{port}"
    tensor = step.stored.get(role)
    if tensor is None:
        return None
    row = network.tensors[tensor]
    if not row.dtype.startswith(("float", "bfloat")) or len(row.shape) < 2:
        return None
    if step.layer == "ai.onnx:Gemm":
        axis = 0 if step.params.get("transB") else 1
    return Target(step.layer.partition(":")[2], role, port, axis % len(row.shape), row.shape, row.dtype, {})


def _conv(step: Step, shape: tuple[int, ...], dtype: str) -> Target:
    params, dims = step.params, len(shape) - 2
    kernel, dilation = shape[2:], params["dilation"]
    reason = _no_batch(step, dims)
    if params["padding_mode"] != "zeros" and params["padding"] not in ("valid", (0,) * dims):
        reason = f"its padding mode {params['padding_mode']} is no part of ONNX's Conv"
    if params["padding"] == "same":
        totals = [step_ * (size - 1) for size, step_ in zip(kernel, dilation, strict=True)]
        before = tuple(total // 2 for total in totals)
        after = tuple(total - total // 2 for total in totals)
    else:
        before = after = (0,) * dims if params["padding"] == "valid" else tuple(params["padding"])
    attributes = {
        "kernel_shape": kernel, "strides": tuple(params["stride"]), "pads": (*before, *after),
        "dilations": tuple(dilation), "group": params["groups"],
    }  # fmt: skip
    return Target("Conv", "weight", 1, 0, shape, dtype, attributes, reason=reason)


def _transposed(step: Step, shape: tuple[int, ...], dtype: str) -> Target:
    params, dims = step.params, len(shape) - 2
    pads = tuple(params["padding"])
    attributes = {
        "kernel_shape": shape[2:], "strides": tuple(params["stride"]), "pads": (*pads, *pads),
        "dilations": tuple(params["dilation"]), "group": params["groups"],
        "output_padding": tuple(params["output_padding"]),
    }  # fmt: skip
    axis = 1 if params["groups"] == 1 else 0  # with groups the second axis holds channels of several
    return Target("ConvTranspose", "weight", 1, axis, shape, dtype, attributes, reason=_no_batch(step, dims))


def _linear(step: Step, shape: tuple[int, ...], dtype: str) -> Target:
    kind = step.input_types[0]
    if kind is not None and kind.shape is not None and len(kind.shape) == 2:
        return Target("Gemm", "weight", 1, 0, shape, dtype, {"transB": 1})
    return Target("MatMul", "weight", 1, 1, shape, dtype, {}, transposed=True)


def _embedding(step: Step, shape: tuple[int, ...], dtype: str) -> Target:
    reason = "it limits the norm of its rows (max_norm)" if step.params.get("max_norm") is not None else ""
    return Target("Gather", "weight", 0, 0, shape, dtype, {"axis": 0}, reason=reason)


def _no_batch(step: Step, dims: int) -> str:
    kind = step.input_types[0]
    batched = kind is not None and kind.shape is not None and len(kind.shape) == dims + 2
    return "" if batched else "its input has no batch dimension, which ONNX's operator needs"


_LAYERS: Mapping[str, Callable[[Step, tuple[int, ...], str], Target]] = {
    **dict.fromkeys(CONVOLUTIONS, _conv),
    **dict.fromkeys(TRANSPOSED, _transposed),
    "Linear": _linear,
    "Embedding": _embedding,
}
_OPERATORS: Mapping[str, tuple[int, int]] = {
    "ai.onnx:Conv": (1, 0), "ai.onnx:ConvTranspose": (1, 1), "ai.onnx:Gemm": (1, 0), "ai.onnx:MatMul": (1, -1),
    "ai.onnx:Gather": (0, 0),
}  # fmt: skip
"""Operator -> (the input that holds its weight, the axis of the output channels)."""
