"""A job without a worker: what a kernel needs to run inside a test."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from sketch.binder.tensors import TensorStore
from sketch.graph.draft import Draft
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from tests.contract.networks import library


def task_in(folder: Path, adopt_below: int = 0) -> SimpleNamespace:
    """A Task whose store lies in `folder`; by default every file counts as large, so that weights stay in it."""
    return SimpleNamespace(
        store=TensorStore(folder / "store", adopt_below), scratch=folder, trusted=False, step=lambda *_: None
    )


def opened(path: Path, task) -> Network:
    """Import a file and freeze it."""
    model = KERNEL.import_model(path, {}, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


def chain(*layers, shape=("N", 3, 8, 8), dtype="float32", store=None) -> Network:
    """Input, layers one after the other (name or (name, params)), Output."""
    tables = Tables()
    draft = Draft(tables, library())
    last = draft.add("Input", "x", {"shape": shape, "dtype": dtype})
    for item in layers:
        name, params = item if isinstance(item, tuple) else (item, {})
        new = draft.add(name, None, params)
        draft.connect(last, 0, new, 0)
        last = new
    draft.connect(last, 0, draft.add("Output", "y"), 0)
    tables.apply(draft.delta())
    return build_network(tables, library(), store=store)


def described(network: Network) -> list:
    """Everything that a round trip must keep, in an order that does not depend on ids."""
    rows = []
    for step in network.steps:
        inputs = tuple((network.qualified(network.step(i.node)), i.out) if i else None for i in step.inputs)
        weights = {
            role: network.store.get(row.digest, row.shape, row.dtype).tobytes()
            for role, tensor in step.stored.items()
            if role != "num_batches_tracked" and (row := network.tensors[tensor])
        }
        rows.append((network.path(step), step.layer, dict(step.pinned), inputs, weights))
    return sorted(rows, key=lambda row: row[0])


def layers_of(network: Network) -> list[str]:
    """The layers in order, Inputs and Outputs left out."""
    return [step.layer for step in network.steps if step.layer not in ("Input", "Output")]


def weights_in(network: Network) -> list:
    """The tensor rows that nodes use, each once."""
    used = dict.fromkeys(tensor for step in network.steps for tensor in step.stored.values())
    return [network.tensors[tensor] for tensor in used]
