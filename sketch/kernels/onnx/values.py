"""Values inside a model, for the proof: a copy of it with more outputs is run. Loads onnx; runs in the worker only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from sketch.binder.kernel import BinderError
from sketch.graph.network import Network
from sketch.kernels.onnx.pristine import recall
from sketch.kernels.onnx.run import run_model
from sketch.kernels.onnx.value_names import ValueNames

Array = np.ndarray[Any, Any]


def run_values(
    network: Network, path: Path, wanted: Sequence[tuple[int, int]], inputs: Mapping[str, Array], store: Any
) -> dict[str, Array]:
    """`"<node id>:<output>"` -> value, by the names that the opened file or Sketch's export gives them."""
    model = onnx.load(str(path))
    made = {name for node in model.graph.node for name in node.output if name}
    opened = recall(network, store)
    kept = opened.names if opened is not None else {}
    names = {}
    for key, name in _names(network, wanted).items():
        found = next((known for known in (kept.get(key, ""), name) if known in made), "")
        if found:
            names[key] = found
    if not names:
        return {}
    del model.graph.output[:]
    for name in dict.fromkeys(names.values()):
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    try:
        data = model.SerializeToString()
    except (ValueError, RuntimeError):
        raise BinderError(f"{path.name}: is too large to be looked into node by node.") from None
    values = run_model(data, path.name, inputs)
    return {f"{node}:{out}": values[name] for (node, out), name in names.items() if name in values}


def _names(network: Network, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """What the export calls each value."""
    names = ValueNames(network)
    for step in network.steps:
        for out in range(len(step.types)):
            names.value(step, out)
    return {key: names.values[key] for key in wanted if key in names.values}
