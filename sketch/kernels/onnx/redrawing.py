"""Layers as the operators they are written as, and operators as the layers that they are: through a file and back.

Loads onnx; runs in the worker only.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import inliner

from sketch.binder.kernel import BinderError, ImportedModel, Task
from sketch.graph.network import Network
from sketch.kernels.onnx.export import export_model
from sketch.kernels.onnx.load import import_model


def redraw(network: Network, as_operators: bool, task: Task) -> ImportedModel:
    """A network drawn anew from its own ONNX file: with operators only, or with every layer that matches exactly."""
    path = task.scratch / "part.onnx"
    export_model(network, path, {}, task)
    model = onnx.load(str(path))
    if as_operators:
        _forget(model)
        model = inliner.inline_local_functions(model)
        _name(model.graph.node)
        onnx.save(model, path)
    made = import_model(path, {"raise": not as_operators}, task)
    if not any(change.table == "nodes" for change in made.delta):
        raise BinderError("Nothing is left of the selection; choose other layers.")
    return made


def _forget(model: onnx.ModelProto) -> None:
    """Drop what Sketch noted about its layers, so that they come back as operators."""
    del model.metadata_props[:]
    for node in (*model.graph.node, *(node for function in model.functions for node in function.node)):
        del node.metadata_props[:]


def _name(nodes: Iterable[onnx.NodeProto]) -> None:
    """Operators of an inlined function have no names; they are called by what they give."""
    for node in nodes:
        if not node.name and node.output:
            node.name = f"{node.op_type.lower()}_{node.output[0]}"
