"""Weights of one file in the drawing of another: what a file of weights alone lacks comes from a drawing that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sketch.binder.kernel import BinderError, Loss
from sketch.binder.surgery.weights_mapping import MISFIT, MISSING, UNEXPECTED, WeightMap
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.placing import placed
from sketch.graph.tables import Tables
from sketch.state.commands import weights
from sketch.state.weight_changes import stored_by_key, weight_name

if TYPE_CHECKING:
    from sketch.graph.library import LayerLibrary
    from sketch.graph.network import Network
    from sketch.state.document import Document

EXAMPLE = "example:"
"""In front of the key of an example, where a file could stand too."""
_MOST_NAMED = 6
_WORDS = {MISFIT: "of another shape", MISSING: "missing in the file", UNEXPECTED: "not used"}


def connect(document: Document, given: Tables, source: str) -> WeightMap:
    """Load the tensors of a drawing into a document, by key; BinderError when none of them fits.

    Args:
        given: the drawing that has the tensors (a file of weights, opened).
        source: what they come from, in words.

    Returns:
        Which tensor went where.
    """
    keys = {weight_name(document.tables, *key): key for key in weights.weights_in(document)}
    kinds = weights.weights_in(document)
    found = WeightMap({name: kinds[key] for name, key in keys.items()}, *stored_by_key(given))
    rows = {keys[name]: row for name, row in found.rows().items()}
    if not any(row.shape == kinds[key].shape for key, row in rows.items()):
        raise BinderError(
            f"{source}: none of its {len(found.given)} tensors belongs to '{document.name}'; choose another drawing, "
            "or open the weights alone."
        )
    unused = [found.given[key] for key in found.unexpected]
    weights.load_weights(document, rows, unused=unused, source=source)
    return found


def losses_of(found: WeightMap) -> tuple[Loss, ...]:
    """What did not fit, one line for each kind of difference."""
    kinds: dict[str, list[str]] = {}
    for line in found.lines():
        kinds.setdefault(line.state, []).append(line.weight or line.given)
    return tuple(
        Loss("weights", f"{words}: {_cut(kinds[state])}") for state, words in _WORDS.items() if state in kinds
    )


def filled(given: Network, base: Network, edited: Callable[..., Network]) -> Network:
    """A drawing with the weights of another one; `edited` runs a change on a copy of a drawing."""
    if given.tables is None:
        raise BinderError(f"{given.name}: has no drawing; open it again.")
    tables, found = given.tables, []
    made = edited(base, lambda document: found.append(connect(document, tables, given.name)))
    details = {**given.meta.get("details", {}), "matched": found[0].summary()}
    return replace(made, meta={**made.meta, "losses": losses_of(found[0]), "details": details})


def example(key: str, library: LayerLibrary, store: Any) -> Network:
    """An example of the welcome page as a network; BinderError names those there are."""
    from sketch.graph import examples

    if key not in examples.EXAMPLES:
        raise BinderError(f"There is no example {key!r}; there are {', '.join(examples.EXAMPLES)}.")
    draft, tables = Draft(Tables(), library), Tables()
    examples.build(key, draft)
    tables.apply(placed(draft.delta(), library))
    return build_network(tables, library, name=key, store=store)


def _cut(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
