"""A file of weights as a drawing: a tree of groups by key whose leaves are tensors. No wires: there are none in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sketch.binder.kernel import ImportedModel, Loss, Task
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files.tensors import TensorAt, put
from sketch.kernels.pytorch.files.weights import Weights, read_weights
from sketch.kernels.pytorch.reread import library

FORMAT = "state_dict"
META = "weights_only"
"""Row of the table `meta` that says that a drawing is a tree of tensors, and of what."""
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_TRAINED = frozenset({"float16", "bfloat16", "float32", "float64", "complex64", "complex128"})
_EACH = 200


def open_weights(path: Path, kind: str, task: Task) -> ImportedModel:
    """The tensors of a file as nodes without wires; nothing in the file runs."""
    task.step(0, 2, "Reading the list of tensors")
    weights = read_weights(path, kind)
    task.step(1, 2, "Placing the tensors")
    return drawing_of(path, weights, task)


def drawing_of(path: Path, weights: Weights, task: Task) -> ImportedModel:
    """Weights as one edit on empty tables: key `a.b.weight` is the node `weight` in the group `b` in the group `a`."""
    tree = _Tree(task.store)
    for number, (key, tensor) in enumerate(weights.tensors.items()):
        if number % _EACH == 0:
            task.step(1 + number / len(weights.tensors), 2, f"Placing {key}")
        tree.add(key, tensor)
    tree.draft.put("meta", META, True)
    losses = (*weights.losses, *tree.losses)
    details = {"file": path.name, "tensors": len(weights.tensors), META: True, **weights.facts}
    return ImportedModel(tree.draft.delta(), FORMAT, path.stem, losses, details)


class _Tree:
    """Groups and tensors as they grow."""

    def __init__(self, store: Any):
        self.draft = Draft(Tables(), library())
        self.losses: list[Loss] = []
        self._store = store
        self._groups: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
        self._rows: dict[object, int] = {}

    def add(self, key: str, tensor: TensorAt) -> None:
        """Add one tensor at its place in the tree; tensors on the same bytes share one row."""
        *path, name = [_name(part) for part in key.split(".")]
        parent, above = self._group(tuple(path))
        trained = is_trained(key, tensor)
        params: Mapping[str, Any] = {"shape": tensor.shape, "dtype": tensor.dtype}
        title = name if self.draft.named(parent, name) is None else self.draft.fresh_name(parent, f"{name}_")
        node = self.draft.add("Parameter" if trained else "Constant", title, params, parent=parent)
        called = ".".join((*above, title))
        if called != key:
            self.losses.append(Loss(key, f"is called {called} in the drawing"))
        set_weight(self.draft, node, "value", self._row(key, tensor))

    def _group(self, path: tuple[str, ...]) -> tuple[int | None, tuple[str, ...]]:
        """The group at a path, made with its parents when it is new, and what they are called."""
        if not path:
            return None, ()
        if path not in self._groups:
            parent, above = self._group(path[:-1])
            free = self.draft.named(parent, path[-1]) is None
            title = path[-1] if free else self.draft.fresh_name(parent, f"{path[-1]}_")
            self._groups[path] = self.draft.add("Group", title, parent=parent), (*above, title)
        return self._groups[path]

    def _row(self, key: str, tensor: TensorAt) -> int:
        storage = tensor.storage
        same = (storage.path, storage.offset, id(storage.data), tensor.start, tensor.kind, tensor.stride)
        if same not in self._rows:
            digest = put(tensor, self._store, key)
            self._rows[same] = add_tensor(self.draft, digest, tensor.shape, tensor.dtype, key)
        return self._rows[same]


def is_trained(key: str, tensor: TensorAt) -> bool:
    """True for what looks like a parameter: the file says so, or it is floating point and no running statistic."""
    if tensor.trainable is not None:
        return tensor.trainable and tensor.dtype in _TRAINED
    return tensor.dtype in _TRAINED and not key.endswith(_STATISTICS)


def _name(part: str) -> str:
    """A part of a key as a name: never empty, without control characters, not too long."""
    return re.sub(r"[\x00-\x1f]", "?", part)[:4000] or "_"
