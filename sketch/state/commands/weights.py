"""Weights of a drawing: taken from elsewhere, initialised, resized by another choice, frozen. Each is one step.

What comes from elsewhere is a `TensorRow` without an id whose bytes are in the document's store; its name is the key
it had there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sketch.graph import recipes
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.freezing import frozen_parameters, frozen_roles, set_frozen
from sketch.graph.lifting import descendants
from sketch.graph.operator_types import ROLE
from sketch.graph.recipes import NEW
from sketch.graph.rows import TensorRow, shape_text
from sketch.graph.schemes import SCHEMES, scheme_of
from sketch.graph.weights import WeightType, is_settled
from sketch.state.commands.naming import count_of, names_of
from sketch.state.document import Document
from sketch.state.resizing import Resizer
from sketch.state.weight_changes import CHANGED, CREATED, DROPPED, KEPT, WeightChange, weight_name

Key = tuple[int, str]
"""(node id, role): one weight of a drawing."""
SKIP = "skip"
"""What does not fit is left as it was."""
Report = tuple[WeightChange, ...]
_PART = 200
"""Nodes that are read in a step."""


class WeightError(GraphError):
    """Weights cannot be taken or changed; the message says which and why."""


def weights_in(document: Document, ids: Iterable[int] | None = None) -> dict[Key, WeightType]:
    """The weights of these nodes, groups with all they hold (None: of the whole drawing), as far as sizes are known."""
    found: dict[Key, WeightType] = {}
    for _ in reading_weights(document, found, ids):
        pass
    return found


def reading_weights(
    document: Document, found: dict[Key, WeightType], ids: Iterable[int] | None = None
) -> Iterator[None]:
    """Put into `found` what `weights_in` gives, a few nodes a step; the document may not change between the steps."""
    chosen: Iterable[int] = document.tables.nodes
    if ids is not None:
        chosen = members = dict[int, None]()
        for part in _parts(ids):
            members.update(_with_members(document, part))
            yield
    rank = document.inference.order.rank
    for part in _parts(sorted(chosen, key=lambda key: rank.get(key, 0))):
        for node_id in part:
            if document.library[document.tables.nodes[node_id].layer].is_operator:
                continue
            kinds = document.inference.of(node_id).weights
            for role, kind in kinds.items():
                if kind is not None and is_settled(kind, kinds):
                    found[node_id, role] = kind
        yield


def tensors_in(document: Document, ids: Iterable[int]) -> list[Key]:
    """Everything in these nodes that has numbers to look at: weights, and what operators store as inputs."""
    found: list[Key] = []
    for _ in reading_tensors(document, found, ids):
        pass
    return found


def reading_tensors(document: Document, found: list[Key], ids: Iterable[int]) -> Iterator[None]:
    """Put into `found` what `tensors_in` gives, a few nodes a step; the document may not change between the steps."""
    chosen, kinds = list(ids), dict[Key, WeightType]()
    yield from reading_weights(document, kinds, chosen)
    found += kinds
    for part in _parts(chosen):
        for node_id in _with_members(document, part):
            if document.library[document.tables.nodes[node_id].layer].is_operator:
                roles = document.tables.weights_of(node_id)
                found += [(node_id, role) for role in roles if role.startswith(ROLE)]
        yield


def load_weights(
    document: Document,
    given: Mapping[Key, TensorRow],
    misfit: str = SKIP,
    label: str = "",
    unused: Iterable[TensorRow] = (),
    source: str = "elsewhere",
) -> Report:
    """Let weights be other tensors; the report names every weight of the drawing.

    Args:
        unused: tensors of the source that go nowhere, for the report.
        source: what they come from, in words.
        misfit: what happens where the shape differs: SKIP leaves the weight as it was, KEEP takes the overlap, TILE
            repeats. A tensor of another element type is converted.

    Raises:
        WeightError: none of the tensors fits.
    """
    kinds = weights_in(document)
    fitting = [key for key in given if key in kinds]
    fitting = [key for key in fitting if misfit != SKIP or given[key].shape == kinds[key].shape]

    def change(work: Resizer) -> None:
        for key, kind in kinds.items():
            row = given.get(key)
            if row is None or not _take(work, document, key, kind, row, misfit):
                _stays(work, document, key, kind, row)
        work.changes.extend(_left(row, source) for row in unused)

    return _edit(document, label or f"Load {count_of(len(fitting), 'weight')} from {source}", misfit, change)


def resize_weights(document: Document, changes: Sequence[WeightChange], how: str) -> Report:
    """Resize tensors by another choice, from what they were before (`before` of the report of an edit)."""
    kinds = weights_in(document)
    wanted = [
        (kinds[change.node, change.role], change)
        for change in changes
        if (change.node, change.role) in kinds and change.before is not None
    ]

    def run(work: Resizer) -> None:
        for kind, change in wanted:
            if change.before is not None:
                work.fit(change.node, kind, change.before)

    word = {recipes.KEEP: "Keep the overlap of", recipes.TILE: "Repeat", NEW: "Initialise anew"}[how]
    nodes = list(dict.fromkeys(change.node for _, change in wanted))
    return _edit(document, f"{word} weights of {names_of(document, nodes)}", how, run)


def initialise(
    document: Document,
    keys: Iterable[Key],
    scheme: str,
    arguments: Mapping[str, Any] | None = None,
    seed: int | None = None,
    *,
    lists: Iterable[Key] = (),
) -> Report:
    """Start weights from a scheme of `graph.schemes`; those with too few dimensions for it stay as they are.

    Args:
        keys: which weights; those that are tied to one of them go along.
        seed: other random numbers than those of the document's seed.
        lists: weights that become 0 in the same step (biases).

    Raises:
        ParameterError: an argument of the scheme is wrong.
        WeightError: the scheme can be used for none of the weights.
    """
    record, kinds = scheme_of(scheme, arguments), weights_in(document)
    number = document.tables.meta.get("seed", 0) if seed is None else seed
    chosen = {key: record for key in keys if key in kinds} | {
        key: scheme_of("zeros") for key in lists if key in kinds
    }

    ties = _ties(document)

    def run(work: Resizer) -> None:
        for key in _first_of_ties(document, chosen):
            _start(work, document, _tied(document, ties, key), kinds[key], chosen[key], number)

    nodes = list(dict.fromkeys(key[0] for key in chosen))
    label = f"Initialise {names_of(document, nodes)}: {SCHEMES[scheme].title}"
    return _edit(document, label, recipes.KEEP, run)


def reset_weights(document: Document, keys: Iterable[Key]) -> Report:
    """Let go of stored tensors, so that compiling starts from the layer's own initial values."""
    kinds, chosen = weights_in(document), list(keys)

    def run(work: Resizer) -> None:
        for key in chosen:
            if key in kinds and key in document.tables.weights:
                work.use(*key, None, DROPPED, "back to the layer's own initial values", _row(document, key))

    nodes = list(dict.fromkeys(key[0] for key in chosen))
    return _edit(document, f"Reset weights of {names_of(document, nodes)}", recipes.KEEP, run)


def freeze(document: Document, keys: Iterable[Key], frozen: bool = True) -> int:
    """Freeze or unfreeze weights, tied ones together; buffers are never trained. How many weights changed."""
    kinds = weights_in(document)
    ties = _ties(document)
    wanted = {
        each for key in keys if key in kinds and kinds[key].trainable for each in _tied(document, ties, key)
    }
    roles: dict[int, set[str]] = {}
    for node_id, _role in wanted:
        roles.setdefault(node_id, set(frozen_roles(document.tables.meta, node_id)))
    count = 0
    for node_id, role in wanted:
        count += (role in roles[node_id]) != frozen
        (roles[node_id].add if frozen else roles[node_id].discard)(role)
    if not count:
        raise WeightError(f"There is no {'trainable' if frozen else 'frozen'} weight in the selection.")

    def run(draft: Draft) -> None:
        for node_id, names in roles.items():
            set_frozen(draft, node_id, names)

    document.edit(f"{'Freeze' if frozen else 'Unfreeze'} {names_of(document, roles)}", run)
    return count


def tied(document: Document, key: Key) -> list[Key]:
    """The weights that share the tensor of this one, itself first."""
    return _tied(document, _ties(document), key)


def row_of(document: Document, key: Key) -> TensorRow:
    """The stored tensor of a weight; one without an id that compiling would start it from where none is stored."""
    row = _row(document, key)
    if row is not None and document.library[document.tables.nodes[key[0]].layer].is_operator:
        return row
    kind = weights_in(document, [key[0]])[key]
    if row is not None and row.shape == kind.shape:
        return row
    resolved = document.inference.of(key[0])
    siblings = {role: each for role, each in resolved.weights.items() if each is not None}
    recipe = recipes.initial(kind, siblings, resolved.params, document.tables.meta.get("seed", 0), key[0])
    return TensorRow(0, document.store.make(recipe), kind.shape, kind.dtype)


def parameter_counts(document: Document) -> tuple[int, int]:
    """(trainable elements, frozen ones among them), tied tensors once."""
    return document.inference.total_parameters, frozen_parameters(document.tables, document.inference)


def _ties(document: Document) -> dict[int, list[Key]]:
    """Tensor -> every weight that holds it."""
    found: dict[int, list[Key]] = {}
    for key, tensor in document.tables.weights.items():
        found.setdefault(tensor, []).append(key)
    return found


def _tied(document: Document, ties: Mapping[int, list[Key]], key: Key) -> list[Key]:
    tensor = document.tables.weights.get(key)
    return [key] if tensor is None else [key, *(other for other in ties[tensor] if other != key)]


def _start(
    work: Resizer,
    document: Document,
    together: Sequence[Key],
    kind: WeightType,
    record: Mapping[str, Any],
    seed: int,
) -> None:
    """Let weights that are tied start from a scheme; those that it cannot be used for stay."""
    scheme, key = SCHEMES[record["scheme"]], together[0]
    if len(kind.shape) < scheme.rank or not _is_real(kind.dtype):
        need = (
            f"{scheme.title} needs {scheme.rank} dimensions"
            if _is_real(kind.dtype)
            else f"it is {kind.dtype}"
        )
        work.note(*key, KEPT, f"as it was: {need}", None)
        return
    digest = document.store.make(recipes.by_scheme(kind, record, seed, key[0]))
    row = TensorRow(0, digest, kind.shape, kind.dtype, weight_name(document.tables, *key))
    for each in together:
        stored = document.tables.weights.get(each)
        work.use(*each, row, CREATED if stored is None else CHANGED, _said(record), _row(document, each))


def _take(work: Resizer, document: Document, key: Key, kind: WeightType, row: TensorRow, misfit: str) -> bool:
    """Let one weight be one tensor; False when its shape differs and stays out."""
    stored = document.tables.weights.get(key)
    words, before = [f"from {row.name}" if row.name else "replaced"], _row(document, key)
    if row.shape != kind.shape and (misfit == SKIP or len(row.shape) != len(kind.shape)):
        return False
    if row.dtype != kind.dtype:
        words.append(f"converted from {row.dtype}")
        row = TensorRow(
            0, document.store.make(recipes.cast(row, kind.dtype)), row.shape, kind.dtype, row.name
        )
    if row.shape != kind.shape:
        row, text = work.cut(key[0], kind, row)
        words.append(text)
    work.use(*key, row, CREATED if stored is None else CHANGED, ", ".join(words), before)
    return True


def _stays(work: Resizer, document: Document, key: Key, kind: WeightType, given: TensorRow | None) -> None:
    row = _row(document, key)
    what = "as it was" if row is not None else f"new, {shape_text(kind.shape)}"
    why = (
        ""
        if given is None
        else f": {given.name} is {shape_text(given.shape)}, needed is {shape_text(kind.shape)}"
    )
    work.note(*key, KEPT, what + why, row, row)


def _left(row: TensorRow, source: str) -> WeightChange:
    """The line of a tensor that was given and goes nowhere."""
    return WeightChange(0, "", row.name, DROPPED, f"{shape_text(row.shape)} in {source}, not used", row)


def _edit(document: Document, label: str, how: str, run: Callable[[Resizer], None]) -> Report:
    made: list[WeightChange] = []

    def edit(draft: Draft) -> None:
        work = Resizer(document, draft, how)
        run(work)
        made.extend(work.changes)
        if all(change.state == KEPT for change in made) and not draft.delta():
            raise WeightError(made[0].what if len(made) == 1 else "None of these tensors fits a weight here.")
        work.tidy()

    document.edit(label, edit)
    return tuple(made)


def _first_of_ties(document: Document, keys: Iterable[Key]) -> list[Key]:
    """The keys, of tied ones the first alone."""
    seen: set[object] = set()
    found = []
    for key in keys:
        one = document.tables.weights.get(key, key)
        if one not in seen:
            seen.add(one)
            found.append(key)
    return found


def _row(document: Document, key: Key) -> TensorRow | None:
    stored = document.tables.weights.get(key)
    return None if stored is None else document.tables.tensors[stored]


def _with_members(document: Document, ids: Iterable[int]) -> dict[int, None]:
    found: dict[int, None] = {}
    for node_id in ids:
        if node_id in document.tables.nodes:
            found.update(dict.fromkeys((node_id, *descendants(document.tables, node_id))))
    return found


def _parts(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    left = iter(ids)
    while part := tuple(islice(left, _PART)):
        yield part


def _is_real(dtype: str) -> bool:
    return "float" in dtype and not dtype.startswith(("float8", "float4"))


def _said(record: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{name} {value:g}" if isinstance(value, float) else str(value)
                          for name, value in record.items() if name != "scheme")  # fmt: skip
    title = SCHEMES[record["scheme"]].title
    return f"{title} ({arguments})" if arguments else title
