"""What hangs on the nodes of a rewritten drawing: weights, declared types, facts about nodes and about the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.rewriting.versions import Versions
from sketch.graph.rows import FrozenDict

_COMPUTED = "Constant"
"""The layer whose tensor is what the source computes, not what somebody trained."""
_NESTING = "outputs"
_EXACT = "exact"
_CLASSES = "classes"
_SHARED = "shared"
_FACTS = (_SHARED, "transient", "frozen")
"""Facts about nodes that source says; a row is `<fact>.<id>`."""


def attach(draft: Draft, seen: Versions, ids: Mapping[int, int]) -> None:
    """Write what the edit changed beside the nodes.

    Args:
        ids: node of the new drawing -> its id in the document.
    """
    made: dict[int, int] = {}
    for key, target in ids.items():
        _weights(draft, seen, key, target, made)
        _hints(draft, seen, key, target)
    _facts(draft, seen, ids)
    _whole(draft, seen)


def _weights(draft: Draft, seen: Versions, key: int, target: int, made: dict[int, int]) -> None:
    """Stored weights: the old ones where there are any, else what running the source made."""
    node, twin, row = seen.new.nodes[key], seen.before(key), seen.old.nodes.get(target)
    given = seen.new.weights_of(key)
    stays = row is not None and row.layer == draft.node(target).layer
    if stays and twin is not None and (node.layer != _COMPUTED or seen.same_tensors(key)):
        return
    for role in set(seen.old.weights_of(target)) - set(given):
        draft.put("weights", (target, role), None)
    owner, role = seen.new.meta.get(f"{_SHARED}.{key}") or (0, "")
    if owner in seen.origin and not role:  # one more call of a layer that is there
        for name, tensor in seen.old.weights_of(seen.origin[owner]).items():
            set_weight(draft, target, name, tensor)
        return
    for role, tensor in given.items():
        _store(draft, seen, target, role, tensor, made)


def _store(draft: Draft, seen: Versions, target: int, role: str, tensor: int, made: dict[int, int]) -> None:
    """Point a weight to a tensor; nodes that shared one in the source share one here."""
    row = seen.new.tensors[tensor]
    held = seen.old.weights_of(target).get(role)
    if held is not None and seen.old.tensors[held].digest == row.digest:
        return
    if tensor not in made:
        made[tensor] = add_tensor(draft, row.digest, row.shape, row.dtype, row.name)
    set_weight(draft, target, role, made[tensor])


def _hints(draft: Draft, seen: Versions, key: int, target: int) -> None:
    twin = seen.twin.get(key)
    now = {out: seen.new.hints[key, out] for out in seen.new.hints_of(key)}
    was = {} if twin is None else {out: seen.base.hints[twin, out] for out in seen.base.hints_of(twin)}
    if now != was:
        for out in {*now, *was}:
            draft.put("hints", (target, out), now.get(out))


def _facts(draft: Draft, seen: Versions, ids: Mapping[int, int]) -> None:
    """Facts about nodes, in the numbers of the document."""
    kinds = _FACTS[:2] if seen.guessed else _FACTS
    for key, target in ids.items():
        for kind in kinds:
            now, was = seen.new.meta.get(f"{kind}.{key}"), None
            twin = seen.twin.get(key)
            if twin is not None:
                was = seen.base.meta.get(f"{kind}.{twin}")
            numbered = _renumbered(kind, now, ids)
            if twin is None or numbered != _renumbered(kind, was, seen.stands):
                draft.put("meta", f"{kind}.{target}", numbered)


def _renumbered(kind: str, value: Any, ids: Mapping[int, int]) -> Any:
    if kind != _SHARED or value is None:
        return value
    return (ids[value[0]], *value[1:]) if value[0] in ids else None


def _whole(draft: Draft, seen: Versions) -> None:
    """How results are nested, what classes are called; whether names are a module's own, where nothing else is left."""
    now, was = seen.new.meta.get(_NESTING), seen.base.meta.get(_NESTING)
    if now != was:
        draft.put("meta", _NESTING, now)
    known = seen.base.meta.get(_CLASSES, {})
    named = {path: name for path, name in seen.new.meta.get(_CLASSES, {}).items() if known.get(path) != name}
    if named:
        draft.put("meta", _CLASSES, FrozenDict({**seen.old.meta.get(_CLASSES, {}), **named}))
    left = any(seen.old.weights_of(key) or seen.has_weights(new) for new, key in seen.origin.items()
               if not seen.library[seen.new.nodes[new].layer].group)  # fmt: skip
    if seen.guessed and not left and _EXACT in seen.new.meta:
        draft.put("meta", _EXACT, seen.new.meta[_EXACT])
