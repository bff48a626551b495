"""Adding, removing and changing layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sketch.graph import surgery
from sketch.graph.draft import Draft
from sketch.graph.errors import ParameterError
from sketch.graph.geometry import GAP_Y, NODE_HEIGHT
from sketch.graph.lifting import group_layers
from sketch.graph.operator_types import param_label
from sketch.graph.rows import Place
from sketch.graph.zone_drawing import furnish
from sketch.state.commands.fitting import Fitting
from sketch.state.commands.naming import name_of, names_of, value_text
from sketch.state.document import Document

Point = tuple[float, float]


def add_layer(
    document: Document,
    layer: str,
    place: Point,
    *,
    parent: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> int:
    """Put a layer on a canvas, not wired; its id."""

    def edit(draft: Draft) -> int:
        node_id = draft.add(layer, None, params, parent=parent, place=place)
        furnish(draft, node_id)
        settle_new(draft, node_id)
        return node_id

    return document.edit(added_label(document, layer, parent), edit)


def append_layer(
    document: Document,
    layer: str,
    after: Sequence[int],
    *,
    place: Point | None = None,
    parent: int | None = None,
) -> int:
    """Add a layer below a selection, wired to its ends as far as it has inputs; its id."""
    ends = _ends(document, after)

    def edit(draft: Draft) -> int:
        where = place or _below(document, ends or list(after))
        node_id = draft.add(layer, None, None, parent=parent, place=where)
        furnish(draft, node_id)
        for source in ends:
            into = None if draft.spec(node_id).group else draft.free_input(node_id)
            if into is not None:
                draft.connect(source, _free_output(draft, source), node_id, into)
        if place is None:
            from sketch.graph.settling import settle_draft  # the layout is not needed for the first picture

            settle_draft(draft, parent, [node_id])
        return node_id

    return document.edit(added_label(document, layer, parent), edit)


def remove(document: Document, ids: Iterable[int], *, rejoin: bool = True) -> None:
    """Delete layers, groups and notes; `rejoin` wires around a layer where its consumer takes what it got."""
    gone = list(dict.fromkeys(ids))

    def edit(draft: Draft) -> None:
        inside = set(draft.with_members(gone))
        if rejoin:
            fits = Fitting(document)
            for node_id in sorted(inside, key=lambda n: document.inference.order.rank.get(n, -1)):
                if node_id in document.tables.nodes and not draft.spec(node_id).group:
                    surgery.remove_and_rejoin(draft, node_id, fits)
        draft.remove(
            [n for n in gone if draft.get("nodes", n) is not None or draft.get("notes", n) is not None]
        )

    document.edit(f"Delete {names_of(document, gone)}", edit)


def set_param(
    document: Document, ids: Iterable[int], name: str, value: Any, *, gesture: object = None
) -> None:
    """Pin a parameter of one or more layers; with a `gesture` further values of it join the step."""
    chosen = tuple(dict.fromkeys(ids))

    def edit(draft: Draft) -> None:
        for node_id in chosen:
            try:
                draft.set_param(node_id, name, value)
            except ParameterError as error:
                raise ParameterError(f"{name_of(document, node_id)}: {error}") from None

    key = None if gesture is None else ("param", chosen, name, gesture)
    label = param_label(document.library[document.tables.nodes[chosen[0]].layer], name) if chosen else name
    document.edit(f"Set {label} of {names_of(document, chosen)} to {value_text(value)}", edit, key)


def reset_param(document: Document, ids: Iterable[int], name: str) -> None:
    """Let a parameter go back to its default, or to following the input."""
    chosen = tuple(dict.fromkeys(ids))

    def edit(draft: Draft) -> None:
        for node_id in chosen:
            draft.reset_param(node_id, name)

    document.edit(f"Reset {name} of {names_of(document, chosen)}", edit)


def rename(document: Document, node_id: int, name: str) -> None:
    """Give a layer or group another name; NamingError when it is taken on its canvas."""
    document.edit(
        f"Rename {name_of(document, node_id)} to '{name}'", lambda draft: draft.rename(node_id, name)
    )


def replace_layer(document: Document, node_id: int, layer: str) -> None:
    """Change a layer's type; what both types have stays."""
    document.edit(
        f"Change {name_of(document, node_id)} to {layer}",
        lambda draft: surgery.replace_layer(draft, node_id, layer),
    )


def settle_new(draft: Draft, node_id: int) -> None:
    """Let what is new stand where it was put unless it covers something, and what follows it make room for it."""
    from sketch.graph.settling import settle_draft  # the layout is not needed for the first picture

    settle_draft(draft, draft.node(node_id).parent, [node_id], [node_id])


def added_label(document: Document, layer: str, parent: int | None) -> str:
    """`Add Conv2d 'conv1'`: the name is the one that the draft is going to give."""
    spec = document.library[layer]
    name = Draft(document.tables, document.library).fresh_name(parent, spec.prefix)
    return f"Add {spec.title if spec.is_operator else layer} '{name}'"


def _ends(document: Document, chosen: Sequence[int]) -> list[int]:
    """The layers of a selection that feed none of it, left to right; a group stands for its members."""
    tables, library = document.tables, document.library
    holding = group_layers(tables, library)
    giving = {layer for layer in tables.layers if library[layer].outputs}
    inside: dict[int, None] = {}
    stack = list(reversed(chosen))
    while stack:
        node = tables.nodes.get(stack.pop())
        if node is not None and node.layer in holding:
            stack.extend(reversed(tables.children(node.id)))
        elif node is not None:
            inside[node.id] = None
    fed = {edge.source for n in inside for edge in tables.nodes[n].prior}
    ends = [n for n in inside if n not in fed and tables.nodes[n].layer in giving]
    return sorted(ends, key=lambda n: tables.places.get(n, Place(0, 0)).x)


def _free_output(draft: Draft, source: int) -> int:
    """The first output without a wire, else the first."""
    taken = {edge.out for edge in draft.node(source).next}
    fixed = [n for n, port in enumerate(draft.spec(source).outputs) if not port.variadic]
    return next((out for out in fixed if out not in taken), 0)


def _below(document: Document, ids: Sequence[int]) -> Point:
    places = [document.tables.places[n] for n in ids if n in document.tables.places]
    if not places:
        return 0.0, 0.0
    x = sum(place.x for place in places) / len(places)
    return x, max(place.y for place in places) + NODE_HEIGHT + GAP_Y
