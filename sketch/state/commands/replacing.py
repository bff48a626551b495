"""Replacing every occurrence of a pattern, by one layer or by a copied block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sketch.graph.draft import Draft
from sketch.graph.lifting import open_inputs, open_outputs
from sketch.graph.rerouting import reroute
from sketch.graph.rows import Place
from sketch.state.clip import Clip, adopt, put_down
from sketch.state.commands.naming import count_of
from sketch.state.commands.patterns import Occurrence, PatternError, Port
from sketch.state.document import Document


def replace_by_layer(
    document: Document, found: Sequence[Occurrence], layer: str, params: Mapping[str, Any] | None = None
) -> list[int]:
    """Put one layer in the place of each occurrence: its ports take the pattern's values in order; the new ids."""
    spec = document.library[layer]
    if spec.group or not found:
        raise PatternError(
            "There is nothing to replace." if not found else f"{layer} is a group; choose a layer."
        )
    first = found[0]
    most = None if spec.inputs and spec.inputs[-1].variadic else len(spec.inputs)
    least = sum(1 for port in spec.inputs if not port.optional and port.minimum)
    if (most is not None and len(first.entering) > most) or len(first.entering) < least:
        raise PatternError(
            f"The pattern takes {count_of(len(first.entering), 'value')}, {spec.title} "
            f"{least if most is None or least > len(first.entering) else most}; choose another layer."
        )
    if len(first.leaving) > len(spec.outputs) and not (spec.outputs and spec.outputs[-1].variadic):
        raise PatternError(
            f"The pattern gives {count_of(len(first.leaving), 'value')}, {spec.title} {len(spec.outputs)}."
        )

    def edit(draft: Draft) -> list[int]:
        moved: dict[Port, Port] = {}
        return [_one(document, draft, match, layer, params or {}, moved) for match in found]

    return document.edit(f"Replace {count_of(len(found), 'occurrence')} by {spec.title}", edit)


def replace_by_block(document: Document, found: Sequence[Occurrence], clip: Clip) -> list[int]:
    """Put a copy of a block in the place of each occurrence; its open ports take the pattern's values in order.

    Each copy has weights of its own, equal to those that were copied. The ids of the copies' outermost parts.
    """
    if not found:
        raise PatternError("There is nothing to replace.")
    tensors = adopt(clip, document.store)

    def edit(draft: Draft) -> list[int]:
        made: list[int] = []
        moved: dict[Port, Port] = {}
        for match in found:
            roots = put_down(draft, clip, tensors, _middle(document, match), _parent(document, match))
            inputs, outputs = _open_ports(draft, document, roots)
            _rewire(draft, match, inputs, outputs, moved)
            made += roots
        return made

    return document.edit(f"Replace {count_of(len(found), 'occurrence')} by a block", edit)


def _one(
    document: Document,
    draft: Draft,
    match: Occurrence,
    layer: str,
    params: Mapping[str, Any],
    moved: dict[Port, Port],
) -> int:
    parent = _parent(document, match)
    made = draft.add(layer, None, params, parent=parent, place=_middle(document, match))
    inputs = [(made, into) for into in range(len(match.entering))]
    _rewire(draft, match, inputs, [(made, out) for out in range(len(match.leaving))], moved)
    return made


def _rewire(
    draft: Draft,
    match: Occurrence,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    moved: dict[Port, Port],
) -> None:
    """What entered the occurrence enters the new part, what left it leaves that; the occurrence goes.

    `moved` maps values of occurrences that are replaced already to the new ones; this one's are added.
    """
    if len(inputs) < len(match.entering) or len(outputs) < len(match.leaving):
        raise PatternError(
            f"The pattern takes {len(match.entering)} and gives {len(match.leaving)} values, the block has "
            f"{len(inputs)} open inputs and {len(outputs)} open outputs; they must fit."
        )
    inside = set(match.nodes.values())
    for end, (target, into) in zip(match.entering, inputs, strict=False):
        draft.connect(*moved.get(end, end), target, into, check_cycle=False)
    moved.update(zip(match.leaving, outputs, strict=False))
    for (source, out), end in zip(match.leaving, outputs, strict=False):
        for edge in draft.node(source).next:
            if edge.out == out and edge.target not in inside:
                reroute(draft, edge, *end)
    draft.remove(inside)


def _open_ports(draft: Draft, document: Document, roots: Sequence[int]) -> tuple[list[Port], list[Port]]:
    library = document.library
    members = [k for k in draft.with_members(roots) if draft.get("nodes", k) is not None]
    layers = [draft.node(key) for key in sorted(members) if not draft.spec(key).group]
    inputs = [(node.id, into) for node in layers for into in open_inputs(node, library)]
    outputs = [(node.id, out) for node in layers if not node.next for out in open_outputs(node, library)]
    return inputs, outputs


def _parent(document: Document, match: Occurrence) -> int | None:
    """The innermost group that holds all of an occurrence."""
    chains = []
    for key in match.nodes.values():
        chain: list[int | None] = [None]
        above = document.tables.nodes[key].parent
        while above is not None:
            chain.insert(1, above)
            above = document.tables.nodes[above].parent
        chains.append(chain)
    shared: int | None = None
    for level in zip(*chains, strict=False):
        if len(set(level)) > 1:
            break
        shared = level[0]
    return shared


def _middle(document: Document, match: Occurrence) -> tuple[float, float]:
    places = [document.tables.places.get(key, Place(0.0, 0.0)) for key in match.nodes.values()]
    return sum(p.x for p in places) / len(places), sum(p.y for p in places) / len(places)
