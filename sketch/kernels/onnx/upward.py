"""Operators of any opset in the form of the newest one. Loads onnxscript; runs in the worker only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import onnx_ir as ir
from onnx_ir.passes.common import ShapeInferencePass
from onnxscript import version_converter

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.program import IMPORT_OPSET

_log = logging.getLogger(__name__)

_GENTLE = range(18, 26)
"""Opsets between which onnxscript converts; it keeps names, order and metadata."""

_BROADCASTS = 7
"""The opset from which on operators broadcast as numpy does."""

_SCAN_BATCHES = 8
"""The only opset whose Scan runs over a batch; converters drop its first input and with it the batch."""


def raise_operators(model: ir.Model, opset: int, path: Path, goal: int = IMPORT_OPSET) -> None:
    """Bring the standard operators of a model from `opset` (0: it uses none) to `goal`, in place.

    BinderError when an operator cannot be brought there.
    """
    if not 0 < opset < goal or "" not in model.opset_imports:
        return
    for name in ("onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # From 25 on, every newer form takes what the older one took and means the same by it, so nothing is rewritten.
    target = min(goal, _GENTLE[-1]) if opset >= _GENTLE[0] else goal
    kept = _metadata(model)
    batched = _scans(model) if opset == _SCAN_BATCHES else frozenset()
    if opset < _BROADCASTS:
        for graph in (model.graph, *model.graph.subgraphs()):
            _slopes_by_channel(graph, path)
    try:
        if opset < target:
            version_converter.convert_version(model, target, fallback=True)
    except Exception as error:  # noqa: BLE001  the converter raises whatever its adapters raise
        _log.info("convert_version %s failed: %s", path.name, error)
        raise _stuck(path, opset, goal, error) from None
    if model.opset_imports[""] < target:
        raise _stuck(path, opset, goal, ValueError("onnx's version converter takes one of them no further"))
    model.opset_imports[""] = goal
    _keep_scans(model, batched)
    _give_back(model, kept)
    if opset < _GENTLE[-1]:
        _infer(model, path)


def _slopes_by_channel(graph: ir.Graph, path: Path) -> None:
    """PRelu's slope of one number a channel, which later opsets broadcast against the last dimension."""
    for node in list(graph):
        slope = node.inputs[1] if node.op_type == "PRelu" and node.domain in ("", "ai.onnx") else None
        if slope is None or (slope.shape is not None and slope.shape.rank() != 1):
            continue
        source = node.inputs[0]
        if source is None or source.shape is None or slope.shape is None:
            raise BinderError(f"{path.name}: {node.name or 'PRelu'!r}: the sizes of its slope are not known")
        axes = list(range(1, source.shape.rank() - 1))
        if not axes or slope.shape[0] == 1:
            continue
        name = f"{node.outputs[0].name}_slope"
        kind = ir.Shape([slope.shape[0], *(1,) * len(axes)])
        result = ir.Value(name=name, shape=kind, type=slope.type)
        wide = ir.Node("", "Unsqueeze", [slope], [ir.AttrInt64s("axes", axes)], outputs=[result], name=name)
        graph.insert_before(node, wide)
        node.replace_input_with(1, result)


def _scans(model: ir.Model) -> frozenset[str]:
    """First output of each Scan."""
    graphs = (model.graph, *model.graph.subgraphs())
    nodes = [node for graph in graphs for node in graph if node.op_type == "Scan" and node.outputs]
    return frozenset(node.outputs[0].name or "" for node in nodes)


def _keep_scans(model: ir.Model, batched: frozenset[str]) -> None:
    """Give the Scans of opset 8 their first input again, by which they are told from newer ones."""
    for graph in (model.graph, *model.graph.subgraphs()) if batched else ():
        for node in graph:
            bodies = [item.as_graph() for item in node.attributes.values() if item.name == "body"]
            if node.op_type != "Scan" or (node.outputs[0].name or "") not in batched or not bodies:
                continue
            if len(node.inputs) == len(bodies[0].inputs):
                given = node.inputs
                node.resize_inputs(len(given) + 1)
                for place, value in enumerate((None, *given)):
                    node.replace_input_with(place, value)


def _stuck(path: Path, opset: int, goal: int, error: BaseException) -> BinderError:
    lines = str(error).strip().splitlines()
    reason = lines[0][:200] if lines else type(error).__name__
    return BinderError(
        f"{path.name}: its operators of opset {opset} cannot be raised to opset {goal}: {reason}"
    )


def _metadata(model: ir.Model) -> Mapping[str, Mapping[str, str]]:
    """Metadata by node name, for names that stand once; the older converter drops it."""
    counts = Counter(node.name for node in model.graph if node.name)
    return {
        node.name: dict(node.metadata_props)
        for node in model.graph
        if node.name and counts[node.name] == 1 and node.metadata_props
    }


def _give_back(model: ir.Model, kept: Mapping[str, Mapping[str, str]]) -> None:
    for node in model.graph if kept else ():
        if not node.metadata_props and (node.name or "") in kept:
            node.metadata_props.update(kept[node.name or ""])


def _infer(model: ir.Model, path: Path) -> None:
    """Types of the values that raising the operators brought in."""
    if all(value.type is not None for node in model.graph for value in node.outputs if value.name):
        return
    try:
        ShapeInferencePass()(model)
    except Exception as error:  # noqa: BLE001  onnx's inference raises several types of its own
        _log.info("shape inference of %s failed: %s", path.name, error)
