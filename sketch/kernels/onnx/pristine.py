"""The file as it was opened, kept beside the drawing: so that what is not edited goes back as it came.

Two hidden tensors of the document hold it. One is the ModelProto with pointers in place of large tensors; the other
says of each node of the drawing which values of the file its outputs are, which nodes were made together, and what
they were made with. The operators behind a node are not listed: they are what lies between its output values and its
input values in the file.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from sketch.graph.rows import TensorRow

if TYPE_CHECKING:
    from sketch.graph.network import Network

KEY = "onnx.pristine"
"""Row of `meta`: {model: tensor id, origin: tensor id}."""
LOCATION = "sketch:tensor"
"""Location of a tensor whose elements are a tensor of the document: entry `tensor` is its id."""
END, NAMED_BY = -1, -2
"""In place of an output's number: the name of an Input or Output itself; a value of the operator that names a node."""

Port = tuple[int, int]
Wire = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """A node as it was imported: nodes with one `batch` were made together; `wires` are (into, source, out)."""

    batch: int
    mark: int
    path: tuple[str, ...]
    wires: frozenset[Wire]


@dataclass(frozen=True)
class Pristine:
    """The opened file.

    `names` are the values of the file by (node id, output), END and NAMED_BY among the outputs.
    `exact` gives the initializer whose elements a tensor (by id) is; `roles` the initializer behind a weight, by
    (node id, role), whether it was changed on the way or not. `sizes` are shapes that operators ask for, and that may
    have been taken as constant (None: a size that was no number).
    """

    model: onnx.ModelProto
    nodes: Mapping[int, Made]
    names: Mapping[Port, str]
    exact: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[tuple[int, str], str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)

    @property
    def opset(self) -> int:
        """The version of the standard operators in the file, 0 when it uses none."""
        return opset_of(self.model)


def opset_of(model: onnx.ModelProto) -> int:
    """The version of the standard operators of a model, 0 when it imports none."""
    return next((item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), 0)


def mark_of(layer: str, params: Mapping[str, Any], weights: Mapping[str, int]) -> int:
    """A digest (128 bits) over what a node computes; names and places are not in it."""
    text = repr((layer, sorted(params.items()), sorted(weights.items())))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    return int.from_bytes(digest.digest(), "big")


def packed(pristine: Pristine) -> bytes:
    """The second tensor: everything but the model."""
    nodes = [
        [key, item.batch, item.mark, item.path, sorted(item.wires)] for key, item in pristine.nodes.items()
    ]
    record = {
        "nodes": nodes,
        "names": [[*key, name] for key, name in pristine.names.items()],
        "exact": list(pristine.exact.items()),
        "roles": [[*key, name] for key, name in pristine.roles.items()],
        "sizes": list(pristine.sizes.items()),
    }
    return zlib.compress(json.dumps(record, separators=(",", ":")).encode(), 3)


def unpacked(model: bytes, record: bytes) -> Pristine:
    """The inverse of `packed`."""
    raw = json.loads(zlib.decompress(record))
    return Pristine(
        onnx.ModelProto.FromString(model),
        {
            key: Made(batch, mark, tuple(path), frozenset((a, b, c) for a, b, c in wires))
            for key, batch, mark, path, wires in raw["nodes"]
        },
        {(node, out): name for node, out, name in raw["names"]},
        dict(raw["exact"]),
        {(node, role): name for node, role, name in raw["roles"]},
        {name: tuple(shape) for name, shape in raw["sizes"]},
    )


def recall(network: Network, store: Any) -> Pristine | None:
    """The opened file of a network, None when it was not opened from an ONNX file or does not have it any more."""
    place = network.meta.get(KEY)
    if not isinstance(place, dict) or not {place.get("model"), place.get("origin")} <= set(network.tensors):
        return None
    return unpacked(*(_bytes(network.tensors[place[key]], store) for key in ("model", "origin")))


def _bytes(row: TensorRow, store: Any) -> bytes:
    return bytes(np.asarray(store.get(row.digest, row.shape, row.dtype)).tobytes())


def top_names(model: onnx.ModelProto) -> frozenset[str]:
    """Names of the values of the main graph."""
    graph = model.graph
    made: Iterable[str] = (name for node in graph.node for name in node.output)
    given = (item.name for item in (*graph.input, *graph.initializer))
    sparse = (item.values.name for item in graph.sparse_initializer)
    return frozenset(name for name in (*made, *given, *sparse) if name)
