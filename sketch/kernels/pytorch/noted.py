"""What the notes of a file say beside its graph: tensors that nothing reads, and the rows of `keeping`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import nn

from sketch.graph.draft import Draft
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import freeze
from sketch.kernels.pytorch.keeping import CLASSES, EXACT, OUTPUTS, VERSIONS, set_shared, set_transient
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.sink import Wire


def keep(
    notes: Notes, draft: Draft, tensor: Callable[[str], Wire], owners: Mapping[int, Sequence[int]]
) -> None:
    """Bring back the rows that the notes hold.

    Args:
        tensor: the node of a parameter or buffer by its path, made when it is new.
        owners: number of a node in the notes -> the nodes that were read for it.
    """
    kept = notes.kept
    for target in kept.get("unread", ()):
        tensor(target)
    if kept.get("exact"):
        draft.put("meta", EXACT, True)
    if kept.get("outputs") is not None:
        draft.put("meta", OUTPUTS, freeze(kept["outputs"]))
    for facts in (VERSIONS, CLASSES):
        if kept.get(facts):
            draft.put("meta", facts, FrozenDict(kept[facts]))
    for target in kept.get("transient", ()):
        set_transient(draft, tensor(target).node)
    for target, (owner, role) in kept.get("tied", {}).items():
        set_shared(draft, tensor(target).node, owners[owner][0], role)


def noted_path(notes: Notes, module: nn.Module, path: str) -> str:
    """The path under which the notes have a tensor: torch.fx calls one with several names by the first of them."""
    if not notes or notes.tensor(path) is not None:
        return path
    same = dict(module.named_parameters(remove_duplicate=False))
    wanted = same.get(path)
    found = (other for other, value in same.items() if value is wanted and notes.tensor(other) is not None)
    return path if wanted is None else next(found, path)
