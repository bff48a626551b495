"""Weights from layers in the clipboard into layers of a drawing: by name, else in order, layer by layer."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from sketch.graph.rows import Node, TensorRow, shape_text
from sketch.state.clip import Clip, adopt
from sketch.state.commands.clipboard import ClipError
from sketch.state.commands.naming import count_of
from sketch.state.commands.weights import SKIP, Key, Report, WeightError, load_weights, row_of, weights_in
from sketch.state.document import Document
from sketch.state.weight_changes import weight_name

Pairs = Mapping[Key, TensorRow]
"""Weight of the drawing -> tensor of the clip."""


def with_initial(document: Document, clip: Clip) -> Clip:
    """The clip with the weights that are not stored as what compiling would start them from."""
    tensors, held = dict(clip.tensors), dict(clip.weights)
    number = -1
    for (node_id, role), kind in weights_in(document, clip.nodes).items():
        if (node_id, role) in held and tensors[held[node_id, role]].shape == kind.shape:
            continue
        tensors[number] = replace(row_of(document, (node_id, role)), id=number)
        held[node_id, role] = number
        number -= 1
    if not held:
        raise WeightError("The selected layers have no weights.")
    return replace(clip, tensors=tensors, weights=held)


def pairs(document: Document, clip: Clip, ids: Sequence[int]) -> Pairs:
    """Which tensor of the clip goes into which weight of these nodes; WeightError when none does.

    One layer that was copied goes into every selected layer of its type. Of several, those of the same name below
    the selection belong together; what is left goes in order, the first of a type to the first of it.
    """
    wanted = weights_in(document, ids)
    targets = list(dict.fromkeys(node for node, _ in wanted))
    holding = {node for node, _ in clip.weights}
    sources = [node for node in clip.nodes if node in holding]
    belonging = _belonging(document, clip, targets, sources)
    found: dict[Key, TensorRow] = {}
    for target, role in wanted:
        source = belonging.get(target)
        tensor = clip.weights.get((source, role)) if source is not None else None
        if source is not None and tensor is not None:
            row = clip.tensors[tensor]
            found[target, role] = replace(row, id=0, name=row.name or f"{clip.nodes[source].name}.{role}")
    if not found:
        raise WeightError("The copied layers have no weights of the kind that the selected layers have.")
    return found


def misfits(document: Document, given: Pairs) -> list[str]:
    """In words, each weight whose shape differs from that of its tensor."""
    kinds = weights_in(document, [key[0] for key in given])
    return [
        f"{weight_name(document.tables, *key)}: {shape_text(kinds[key].shape)}, copied: {shape_text(row.shape)}"
        for key, row in given.items()
        if row.shape != kinds[key].shape
    ]


def paste_weights(document: Document, clip: Clip, given: Pairs, misfit: str = SKIP) -> Report:
    """Let weights be tensors of the clip, in one step; the report names every weight of the drawing."""
    rows = {row.digest: row for row in given.values()}
    numbered = dict(enumerate(rows.values()))
    try:
        here = adopt(replace(clip, tensors=numbered), document.store)
    except Exception as error:  # noqa: BLE001 - the store belongs to the binder, and so do its errors
        raise ClipError(f"The weights of the copy cannot be read: {error}") from None
    moved = {row.digest: here[number] for number, row in numbered.items()}
    taken = {key: replace(moved[row.digest], id=0, name=row.name) for key, row in given.items()}
    return load_weights(document, taken, misfit, f"Paste {count_of(len(given), 'weight')}")


def _belonging(
    document: Document, clip: Clip, targets: Sequence[int], sources: Sequence[int]
) -> dict[int, int]:
    """target -> source."""
    nodes, found = document.tables.nodes, dict[int, int]()
    if len(sources) == 1:
        kind = clip.nodes[sources[0]].layer
        return {target: sources[0] for target in targets if nodes[target].layer == kind}
    around, used = _around(document, targets), set[int]()
    for below in (False, True):
        names = {_tail(clip.nodes, source, clip.nodes, below): source for source in sources}
        for target in targets:
            same = names.get(_tail(nodes, target, around, below))
            free = same is not None and target not in found and same not in used
            if same is not None and free and clip.nodes[same].layer == nodes[target].layer:
                found[target] = same
                used.add(same)
    left: dict[str, deque[int]] = {}
    for source in sources:
        if source not in used:
            left.setdefault(clip.nodes[source].layer, deque()).append(source)
    for target in targets:
        if target not in found and left.get(nodes[target].layer):
            found[target] = left[nodes[target].layer].popleft()
    return found


def _around(document: Document, targets: Iterable[int]) -> set[int]:
    """The targets and the groups around them."""
    nodes, found = document.tables.nodes, set[int]()
    for target in targets:
        at: int | None = target
        while at is not None:
            found.add(at)
            at = nodes[at].parent
    return found


def _tail(nodes: Mapping[int, Node], node_id: int, inside: Container[int], below: bool) -> str:
    """A node's name with those of its groups `inside`; `below` leaves out the outermost of them."""
    names = [nodes[node_id].name]
    parent = nodes[node_id].parent
    while parent is not None and parent in inside:
        names.append(nodes[parent].name)
        parent = nodes[parent].parent
    return ".".join(reversed(names[: max(1, len(names) - 1)] if below else names))
