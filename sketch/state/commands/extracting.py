"""A part of a network as a network of its own: Inputs and Outputs stand where its wires were cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError, UnknownNodeError
from sketch.graph.rerouting import reroute
from sketch.graph.rows import Edge
from sketch.graph.tables import Tables, whole
from sketch.state.commands.interface import (
    End,
    InputRow,
    above,
    add_input,
    add_output,
    below,
    free,
    input_row,
    value_name,
)
from sketch.state.document import Document

_CONSTANT = ("Constant", "Parameter")


class ExtractError(GraphError):
    """There is nothing to extract, or it cannot stand alone; the message says why."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A network as one edit on empty tables, and the names of its inputs and outputs.

    `entering` and `leaving` say which value of the drawing each of them stands for.
    """

    delta: Delta
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    entering: Mapping[str, End] = field(default_factory=dict)
    leaving: Mapping[str, End] = field(default_factory=dict)


def extract(document: Document, ids: Iterable[int], names: Mapping[End, str] | None = None) -> Extract:
    """What is selected, with its weights, groups and names; the document itself stays as it is.

    A wire that was cut gives its name to the Input or Output in its place; a wire that showed at an Output keeps
    that Output's name. Nodes keep their numbers, so that weights which are not stored come out the same. `names` are
    what a file calls values, where that is known.
    """
    tables = Tables()
    tables.apply(whole(document.tables))
    draft = Draft(tables, document.library)
    kept = _kept(document, draft, ids)
    known = names or {}
    rows = {end: input_row(document, end) for end in _entering(document, kept)}
    leaving = _leaving(document, kept, known)
    fed = _feed(document, draft, kept, rows)
    made = {end: add_output(draft, end, below(document, end[0])) for end in leaving}
    stay = {*kept, *_around(document, kept), *fed, *made.values()}
    _drop_others(draft, document, stay)
    for key in (*fed, *made.values()):
        draft.rename(key, draft.fresh_name(None, "\u2026"))  # so that none is in the way of another's name
    for key, end in fed.items():
        draft.rename(key, free(draft, known.get(end) or rows[end].name, "_input"))
    for end, name in leaving.items():
        draft.rename(made[end], free(draft, name, "_output"))
    entering = {draft.node(key).name: end for key, end in fed.items()}
    entering |= {draft.node(key).name: (key, 0) for key in kept if draft.node(key).layer == "Input"}
    draft.put("meta", "origin", None)
    tables.apply(draft.delta())
    ends = [node for node in tables.nodes.values() if node.layer in ("Input", "Output")]
    first = tuple(node.name for node in ends if node.layer == "Input")
    last = tuple(node.name for node in ends if node.layer == "Output")
    outs = {tables.nodes[key].name: end for end, key in made.items()}
    return Extract(whole(tables), first, last, entering, outs)


def between(
    document: Document,
    sources: Sequence[str],
    targets: Sequence[str],
    names: Mapping[End, str] | None = None,
) -> list[int]:
    """The nodes that a way from `sources` to `targets` goes through, named by layer or value, both ends among them.

    An Input or Output stands for its wire. Without sources, everything that the targets need; without targets,
    everything that depends on the sources. `names` are what a file calls values. UnknownNodeError names what is not
    there.
    """
    known = {name: end[0] for end, name in (names or {}).items() if end[0] in document.tables.nodes}
    first = [known[name] if name in known else find(document, name) for name in sources]
    last = [known[name] if name in known else find(document, name) for name in targets]
    behind = _reach(document, last, forward=False) if last else set(document.tables.nodes)
    ahead = _reach(document, first, forward=True) if first else behind
    found = [
        key for key in document.tables.nodes if key in ahead and key in behind and _is_layer(document, key)
    ]
    if not found:
        ways = f"from {', '.join(sources)} to {', '.join(targets)}"
        raise ExtractError(f"No way leads {ways}; swap them, or name others.")
    return found


def find(document: Document, name: str) -> int:
    """The node of a full name (`layer1.conv1`), or the one whose value has this name; UnknownNodeError."""
    for key in document.tables.nodes:
        if value_name(document, (key, 0)) == name:
            return key
    head, _, tail = name.rpartition(".")
    for key, node in document.tables.nodes.items() if tail else ():
        ports = [port.name for port in document.library[node.layer].outputs]
        if (tail in ports or tail.isdigit()) and value_name(document, (key, 0)) == head:
            return key
    raise UnknownNodeError(
        f"There is no layer or value '{name}'; `sketch info --json` lists them under shapes."
    )


def _is_layer(document: Document, key: int) -> bool:
    node = document.tables.nodes[key]
    return not document.library[node.layer].group and node.layer not in ("Input", "Output")


def _reach(document: Document, starts: Iterable[int], *, forward: bool) -> set[int]:
    nodes = document.tables.nodes
    stack = [
        key for start in starts for key in Draft(document.tables, document.library).with_members([start])
    ]
    seen = set(stack)
    while stack:
        node = nodes.get(stack.pop())
        for edge in () if node is None else node.next if forward else node.prior:
            end = edge.target if forward else edge.source
            if end not in seen:
                seen.add(end)
                stack.append(end)
    return seen


def _kept(document: Document, draft: Draft, ids: Iterable[int]) -> dict[int, None]:
    """The selection with all that its groups hold, and the constants that feed it."""
    nodes = document.tables.nodes
    chosen = [key for key in ids if key in nodes]
    kept = dict.fromkeys(key for key in draft.with_members(chosen) if key in nodes)
    if not any(_is_layer(document, key) for key in kept):
        raise ExtractError("Select the layers to extract first.")
    stack = list(kept)
    while stack:
        for edge in nodes[stack.pop()].prior:
            source = nodes[edge.source]
            if edge.source not in kept and (source.layer in (*_CONSTANT, "Input") or not source.prior):
                kept[edge.source] = None
    return kept


def _around(document: Document, kept: Iterable[int]) -> set[int]:
    """The groups around what is kept, and the notes in them."""
    nodes, found = document.tables.nodes, set[int]()
    for key in kept:
        above_ = nodes[key].parent
        while above_ is not None and above_ not in found:
            found.add(above_)
            above_ = nodes[above_].parent
    return found | {note.id for note in document.tables.notes.values() if note.parent in found}


def _entering(document: Document, kept: dict[int, None]) -> list[End]:
    wires = (edge for key in kept for edge in document.tables.nodes[key].prior if edge.source not in kept)
    return list(dict.fromkeys((edge.source, edge.out) for edge in wires))


def _leaving(document: Document, kept: dict[int, None], known: Mapping[End, str]) -> dict[End, str]:
    """Value -> the name of its Output: what is used outside, and what nothing uses at all."""
    nodes = document.tables.nodes
    found: dict[End, str] = {}
    for key in kept:
        node = nodes[key]
        if node.layer in (*_CONSTANT, "Input") or not _is_layer(document, key):
            continue
        outside = [edge for edge in node.next if edge.target not in kept]
        for edge in outside if node.next else [Edge(key, 0, 0, 0)]:
            shown = nodes.get(edge.target)
            name = shown.name if shown is not None and shown.layer == "Output" else ""
            end = key, edge.out
            found[end] = name or found.get(end) or known.get(end) or value_name(document, end)
    return found


def _feed(
    document: Document, draft: Draft, kept: dict[int, None], rows: dict[End, InputRow]
) -> dict[int, End]:
    """Put an Input where each value enters; id -> the value that it stands for."""
    fed: dict[int, End] = {}
    for end, row in rows.items():
        wires = [
            edge for edge in document.tables.nodes[end[0]].next if edge.out == end[1] and edge.target in kept
        ]
        made = add_input(draft, row, above(document, wires[0].target))
        fed[made] = end
        for edge in wires:
            reroute(draft, edge, made, 0)
    return fed


def _drop_others(draft: Draft, document: Document, stay: set[int]) -> None:
    """Remove all that is not kept; a group that keeps something stays, so members go one by one."""
    gone = [key for key in (*document.tables.nodes, *document.tables.notes) if key not in stay]
    groups = [key for key in gone if key in document.tables.nodes and draft.spec(key).group]
    draft.remove([key for key in gone if key not in groups])
    draft.remove([key for key in groups if draft.get("nodes", key) is not None])
