"""The Python API's live side: an nn.Module to a drawing, a drawing to an nn.Module."""

from __future__ import annotations

from typing import Any

from torch import fx, nn

from sketch.binder.kernel import BinderError, ImportedModel
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.assemble import assemble
from sketch.kernels.pytorch.build import build_module
from sketch.kernels.pytorch.carrying import carry
from sketch.kernels.pytorch.lift import InputType, Lifter, notes_of
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.reread import library
from sketch.kernels.pytorch.tracing import examples, trace


def from_torch(module: nn.Module, example_inputs: Any, store: Any) -> ImportedModel:
    """A live module as one edit on empty tables, layer by layer, groups by module path, weights copied.

    The first dimension of the examples becomes the symbol N where the shapes still agree then.
    """
    tensors = examples(example_inputs)
    traced = trace(module, len(tensors))
    names = [str(node.target) for node in traced.graph.nodes if node.op == "placeholder"][: len(tensors)]
    kinds = [(name, tuple(t.shape), type_name(t.dtype)) for name, t in zip(names, tensors, strict=False)]
    notes = notes_of(module)
    inputs = notes.inputs() or _with_batch(traced, kinds)
    name = notes.name or type(module).__name__
    return assemble(
        traced, inputs, notes, store, name=name, format="pytorch", details={"class": type(module).__name__}
    )


def _with_batch(traced: fx.GraphModule, kinds: list[InputType]) -> list[InputType]:
    sizes = {shape[0] for _, shape, _ in kinds if shape}
    if len(sizes) != 1:
        return kinds
    symbolic = [(name, ("N", *shape[1:]) if shape else shape, dtype) for name, shape, dtype in kinds]
    try:
        sink = Lifter(traced, library(), None, symbolic, Notes({})).lift()
    except BinderError:
        return kinds
    tables = Tables()
    tables.apply(sink.draft.delta())
    return kinds if build_network(tables, library()).errors else symbolic


def to_torch(network: Network, store: Any) -> nn.Module:
    """The network as a torch.fx.GraphModule with its weights, in eval mode; torch.save can write it."""
    module, plan, _ = build_module(network, store)
    for node, reason in plan.broken.items():
        raise BinderError(f"'{plan.network.step(node).name}' cannot be compiled: {reason.rstrip('.')}.")
    carry(module)
    return module
