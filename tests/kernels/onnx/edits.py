"""Edits of an opened file, and what of the file they must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx

from sketch.graph.draft import Draft
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.pristine import recall
from tests.contract.networks import library


class Opened:
    """A file as a document that can be edited, undone and saved."""

    def __init__(self, path: Path, task):
        model = KERNEL.import_model(path, {}, task)
        self.task, self.name, self.folder = task, model.name, path.parent
        self.tables = Tables()
        self.tables.apply(model.delta)

    @property
    def network(self) -> Network:
        """The present state."""
        return build_network(self.tables, library(), name=self.name, store=self.task.store)

    @property
    def pristine(self):
        """The opened file."""
        return recall(self.network, self.task.store)

    def edit(self, change: Callable[[Draft], object]):
        """Apply one edit; returns its Delta."""
        draft = Draft(self.tables, library())
        change(draft)
        delta = draft.delta()
        self.tables.apply(delta)
        return delta

    def id_of(self, name: str) -> int:
        """The node of this qualified name."""
        network = self.network
        return next(step.id for step in network.steps if network.qualified(step) == name)

    def save(self, name: str = "again.onnx", **options) -> onnx.ModelProto:
        """Save and read what was saved."""
        report = KERNEL.export_model(self.network, self.folder / name, options, self.task)
        self.report = report
        return onnx.load(self.folder / name)


def insert_after(draft: Draft, node: int, layer: str, params=None) -> int:
    """A layer between a node's first output and everything that reads it."""
    new = draft.add(layer, None, params or {}, parent=draft.node(node).parent)
    for edge in [edge for edge in draft.node(node).next if edge.out == 0]:
        draft.disconnect(edge)
        draft.connect(new, 0, edge.target, edge.into)
    draft.connect(node, 0, new, 0)
    return new


def take_out(draft: Draft, node: int) -> None:
    """Remove a node; what read it reads its first input."""
    source = draft.node(node).prior[0]
    readers = list(draft.node(node).next)
    draft.remove([node])
    for edge in readers:
        draft.connect(source.source, source.out, edge.target, edge.into)


def nodes_of(model: onnx.ModelProto) -> dict[str, bytes]:
    """First output -> the bytes of an operator."""
    return {
        next(filter(None, node.output), ""): node.SerializeToString(deterministic=True)
        for node in model.graph.node
    }


def weights_of(model: onnx.ModelProto) -> dict[str, bytes]:
    """Name -> the bytes of an initializer."""
    return {tensor.name: tensor.SerializeToString(deterministic=True) for tensor in model.graph.initializer}
