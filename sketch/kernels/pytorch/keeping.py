"""What a drawing that came from PyTorch remembers of its module, as rows of `meta`, so that it comes back the same.

`exact`: names of nodes and groups are the module's own, so they are its attributes whatever they look like.
`shared.<id>`: a node is one more call of another node's module, or a tensor of it (owner, role). `transient.<id>`: a
buffer that is in no state_dict. `outputs`: how the results are nested (output numbers). `alone`: the node that is the
whole module. `versions`: path of a module -> the version of its state_dict, where that is not the first one.
`classes`: path of a group -> the class that it was in the model.
A row that no longer fits the drawing means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sketch.binder.torch_calls import LIST, outputs
from sketch.graph.draft_rows import DraftRows
from sketch.graph.network import Network, Step

PASSING = "passing"
"""A module of a file that gives back what it is given (see build); it is no node."""
EXACT = "exact"
OUTPUTS = "outputs"
ALONE = "alone"
VERSIONS = "versions"
CLASSES = "classes"
_SHARED, _TRANSIENT = "shared.", "transient."


@dataclass(frozen=True, slots=True)
class Kept:
    """These facts of one network, checked against it."""

    exact: bool = False
    shared: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    transient: frozenset[int] = frozenset()
    outputs: Any = None
    alone: int | None = None
    versions: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, network: Network) -> Kept:
        """What the rows of a network say and its nodes bear out."""
        by_id = network.by_id
        shared, transient = {}, set()
        for name, value in network.meta.items():
            kind, _, number = name.partition(".")
            if not number.isdigit() or int(number) not in by_id:
                continue
            if f"{kind}." == _TRANSIENT:
                transient.add(int(number))
            elif f"{kind}." == _SHARED and _is_shared(by_id, int(number), *value):
                shared[int(number)] = (value[0], value[1])
        template = network.meta.get(OUTPUTS)
        fits = template is not None and sorted(set(outputs(template))) == list(range(len(network.outputs)))
        inner = [step.id for step in network.steps if step.layer not in ("Input", "Output")]
        alone = network.meta.get(ALONE) if [network.meta.get(ALONE)] == inner else None
        exact = bool(network.meta.get(EXACT))
        versions = network.meta.get(VERSIONS, {})
        classes = network.meta.get(CLASSES, {})
        return cls(exact, shared, frozenset(transient), template if fits else None, alone, versions, classes)


def of_body(network: Network) -> Network:
    """The body of a zone without what is said of the results of the whole drawing."""
    return replace(network, meta={name: row for name, row in network.meta.items() if name != OUTPUTS})


def nested(template: Any, results: Sequence[Any]) -> Any:
    """Results as a template nests them; without one a single result, or all as a tuple."""
    if template is None:
        return results[0] if len(results) == 1 else tuple(results)
    return _filled(template, results)


def _filled(template: Any, results: Sequence[Any]) -> Any:
    if isinstance(template, Mapping):
        if set(template) == {LIST}:
            return [_filled(item, results) for item in template[LIST]]
        return {name: _filled(item, results) for name, item in template.items()}
    if isinstance(template, tuple):
        return tuple(_filled(item, results) for item in template)
    return results[template] if isinstance(template, int) else None


def set_shared(draft: DraftRows, node: int, owner: int, role: str = "") -> None:
    """Let a node be another call of the owner's module, or with a role a tensor of it."""
    draft.put("meta", f"{_SHARED}{node}", (owner, role))


def set_transient(draft: DraftRows, node: int) -> None:
    """Keep a buffer out of the state_dict."""
    draft.put("meta", f"{_TRANSIENT}{node}", True)


def _is_shared(by_id: Mapping[int, Step], node: int, owner: int, role: str) -> bool:
    """True as long as a node still is what it was noted as: the same module, or a tensor of it."""
    mine, other = by_id[node], by_id.get(owner)
    if other is None:
        return False
    if role:
        return mine.stored.get("value") is not None and mine.stored.get("value") == other.stored.get(role)
    return (mine.layer, mine.params, mine.stored, mine.parent) == (
        other.layer, other.params, other.stored, other.parent
    )  # fmt: skip
