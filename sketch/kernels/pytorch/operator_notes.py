"""What our own .pth files remember of operators: the node itself, as plain JSON beside the graph of calls.

The calls of an operator's function cannot say all that the node had (attributes at their defaults, which inputs were
constants, declared types), so that an operator comes back from these notes and not from its calls.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from sketch.graph.dims import parse_dim
from sketch.graph.network import Network, Source, Step
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import Fixed
from sketch.kernels.pytorch.operands import FIXED, VALUE, fixed_inputs

Place = list[Any]
"""Where an input comes from: ["input", number], ["node", number, out], ["tensor", path] for one of the module's,
or ["spelled", path] for one of the module's whose values stand in the node."""


def operator_note(
    step: Step, network: Network, places: Mapping[Source, Place], made: Mapping[int, Fixed]
) -> dict[str, Any]:
    """The record of one operator.

    Args:
        places: the values that came before it.
        made: constants that are spelled out as nodes of their own, by the node's id.
    """
    params = {name: value for name, value in step.params.items() if name != FIXED}
    constants = dict(fixed_inputs(step))
    inputs: list[Place | None] = []
    for number, source in enumerate(step.inputs):
        if source is not None and source.node in made and places[source][0] != "spelled":
            constants[number] = made[source.node]
        given = source is not None and number not in constants
        inputs.append(places[source] if given and source is not None else None)
    for number, fixed in constants.items():
        params[f"{VALUE}{number}"] = {"dtype": fixed.dtype, "shape": fixed.shape, "data": fixed.data}
    return {
        "params": params,
        "inputs": inputs,
        "types": [type_note(kind) for kind in step.types],
        "bytes": dict(_blobs(step, network)),
    }


def layer_note(step: Step, places: Mapping[Source, Place]) -> dict[str, Any]:
    """The record of a layer that is written as several calls.

    Args:
        places: the values that came before it.
    """
    inputs = [None if source is None else places[source] for source in step.inputs]
    return {"params": dict(step.pinned), "inputs": inputs}


def read_type(raw: Any) -> ValueType | None:
    """A type as `operator_note` wrote it."""
    if raw is None:
        return None
    dtype, shape = raw
    return ValueType(dtype, None if shape is None else tuple(parse_dim(size) for size in shape))


def read_bytes(note: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """(role, bytes) of the tensors and graphs among the attributes."""
    for role, text in note.get("bytes", {}).items():
        yield role, base64.b64decode(text)


def type_note(kind: ValueType | None) -> Any:
    """A type as plain JSON; `read_type` reads it."""
    if kind is None:
        return None
    shape = kind.shape
    return [kind.dtype, None if shape is None else [s if isinstance(s, int) else str(s) for s in shape]]


def _blobs(step: Step, network: Network) -> Iterator[tuple[str, str]]:
    for role, tensor in step.stored.items():
        if role.startswith("@") and network.store is not None:
            row = network.tensors[tensor]
            data = network.store.get(row.digest, row.shape, row.dtype).tobytes()
            yield role, base64.b64encode(data).decode()
