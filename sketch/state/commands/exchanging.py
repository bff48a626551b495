"""A part of a drawing in another form: what was extracted and drawn anew takes the place of what it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.rerouting import reroute
from sketch.graph.rows import Edge, Place
from sketch.graph.tables import Tables
from sketch.state.clip import Clip, put_down, take
from sketch.state.commands.extracting import Extract
from sketch.state.commands.interface import End
from sketch.state.document import Document

_ENDS = ("Input", "Output")


class ExchangeError(GraphError):
    """The new form does not fit into the place of the old one."""


def exchange(document: Document, ids: Iterable[int], part: Extract, tables: Tables, label: str) -> list[int]:
    """Put a network in the place of the part of the drawing that it was made from; the ids of its outermost parts.

    Args:
        part: what `extract` gave for these ids.
        tables: the same in another form, with inputs and outputs of the same names.
    """
    inside = Draft(document.tables, document.library).with_members(ids)
    old = [
        key
        for key in inside
        if key in document.tables.nodes and document.tables.nodes[key].layer not in _ENDS
    ]
    first = document.tables.nodes[old[0]]
    clip, ends = _inside(tables, document)
    _check(part, ends)
    centre = _centre(document, old)

    def edit(draft: Draft) -> list[int]:
        held = {name: _hold(draft, end, set(old)) for name, end in part.leaving.items()}
        draft.remove([key for key in old if draft.get("nodes", key) is not None])
        made = put_down(draft, clip, dict(clip.tensors), centre, _free_parent(draft, first.parent))
        ids = _numbers(draft, clip, made)
        for name, wires in ends.items():
            for edge in wires:
                if name in part.entering and edge.target in ids:
                    draft.connect(*part.entering[name], ids[edge.target], edge.into, check_cycle=False)
        for name, place in held.items():
            source = ends[name][0]
            _release(draft, place, (ids[source.source], source.out))
        return [key for key in made if draft.get("nodes", key) is not None]

    return document.edit(label, edit)


def _inside(tables: Tables, document: Document) -> tuple[Clip, dict[str, list[Edge]]]:
    """(the network without its ends, the wires at each end by its name); groups around all of it are left out."""
    ends = {
        n.name: list(n.next if n.layer == "Input" else n.prior)
        for n in tables.nodes.values()
        if n.layer in _ENDS
    }
    roots = [key for key in tables.children(None) if tables.nodes[key].layer not in _ENDS]
    while len(roots) == 1 and document.library[tables.nodes[roots[0]].layer].group:
        roots = list(tables.children(roots[0]))
    return take(tables, roots, document.store), ends


def _check(part: Extract, ends: Mapping[str, list[Edge]]) -> None:
    missing = [name for name in (*part.entering, *part.leaving) if name not in ends]
    if missing or any(not ends[name] for name in part.leaving):
        raise ExchangeError(
            f"The new form lost the wire '{(missing or list(part.leaving))[0]}'; nothing was changed."
        )


def _hold(draft: Draft, end: End, old: set[int]) -> int:
    """Let a stand-in feed what an old value fed, so that no port moves while there is nothing there."""
    holder = draft.add("Identity")
    for edge in draft.node(end[0]).next:
        if edge.out == end[1] and edge.target not in old:
            reroute(draft, edge, holder, 0)
    return holder


def _release(draft: Draft, holder: int, end: End) -> None:
    for edge in draft.node(holder).next:
        reroute(draft, edge, *end)
    draft.remove([holder])


def _numbers(draft: Draft, clip: Clip, made: list[int]) -> dict[int, int]:
    """Node of the clip -> node here, matched by the order in which they were put down."""
    new = sorted(key for key in draft.with_members(made) if draft.get("nodes", key) is not None)
    return dict(zip(_outside_in(clip), new, strict=True))


def _outside_in(clip: Clip) -> list[int]:
    order: dict[int, None] = {}
    for key in clip.nodes:
        chain: list[int] = []
        step: int | None = key
        while step is not None and step in clip.nodes and step not in order:
            chain.append(step)
            step = clip.nodes[step].parent
        order.update(dict.fromkeys(reversed(chain)))
    return list(order)


def _free_parent(draft: Draft, parent: int | None) -> int | None:
    return parent if parent is None or draft.get("nodes", parent) is not None else None


def _centre(document: Document, ids: list[int]) -> tuple[float, float]:
    places = [document.tables.places.get(key, Place(0.0, 0.0)) for key in ids]
    return sum(p.x for p in places) / len(places), sum(p.y for p in places) / len(places)
