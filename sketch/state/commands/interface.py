"""The inputs and outputs of a model: made at a wire or a port, and given other names, shapes and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError, WireError
from sketch.graph.geometry import GAP_Y, NODE_HEIGHT
from sketch.graph.rows import DTYPES, Edge, Place, ValueType
from sketch.state.commands.naming import count_of, name_of
from sketch.state.document import Document
from sketch.state.weight_changes import full_name

STEP = NODE_HEIGHT + GAP_Y
End = tuple[int, int]
"""(node, output): where a value comes from."""


class InterfaceError(GraphError):
    """An input or output cannot be made here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class InputRow:
    """What an Input is called and takes: sizes are numbers, names such as `N`, or expressions of names."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str


def make_outputs(document: Document, ends: Iterable[End]) -> list[int]:
    """Let values be results of the model; the ids of the new Outputs. A value that is one already stays as it is."""
    wanted = [end for end in dict.fromkeys(ends) if shown_by(document, end) is None]
    if not wanted:
        raise InterfaceError("What is selected is an output of the model already, or gives nothing.")

    def edit(draft: Draft) -> list[int]:
        return [add_output(draft, end, below(document, end[0])) for end in wanted]

    return document.edit(f"Make {count_of(len(wanted), 'output')} of {name_of(document, wanted[0][0])}", edit)


def make_inputs(document: Document, wires: Iterable[Edge]) -> list[int]:
    """Cut wires and feed their ends by new Inputs of the type that flowed there, one a value; their ids."""
    cut = list(dict.fromkeys(wires))
    if not cut:
        raise InterfaceError("Select the wires, or the layers whose wires are to become inputs.")
    kinds = {(e.source, e.out): input_row(document, (e.source, e.out)) for e in cut}

    def edit(draft: Draft) -> list[int]:
        made: dict[End, int] = {}
        for edge in cut:
            end = edge.source, edge.out
            if end not in made:
                made[end] = add_input(draft, kinds[end], above(document, edge.target))
            draft.rewire(edge, made[end], 0)
        return list(made.values())

    return document.edit(f"Make {count_of(len(kinds), 'input')} for {name_of(document, cut[0].target)}", edit)


def make_input_at(document: Document, target: int, into: int, row: InputRow | None = None) -> int:
    """Feed an open port by a new Input; its id. Without a row it is an image, as a new Input is."""

    def edit(draft: Draft) -> int:
        made = add_input(draft, row or InputRow("", (), ""), above(document, target))
        draft.connect(made, 0, target, into)
        return made

    return document.edit(f"Make input for {name_of(document, target)}", edit)


def set_inputs(document: Document, rows: Mapping[int, InputRow]) -> None:
    """Give Inputs other names, shapes and types in one step; ParameterError, NamingError, InterfaceError."""

    def edit(draft: Draft) -> None:
        for node_id, row in rows.items():
            if draft.node(node_id).layer != "Input":
                raise InterfaceError(f"{name_of(document, node_id)} is no Input.")
            draft.set_param(node_id, "shape", row.shape)
            draft.set_param(node_id, "dtype", row.dtype)
        _rename(draft, {node_id: row.name for node_id, row in rows.items()})

    document.edit(f"Set {count_of(len(rows), 'input')}", edit)


def wires_into(document: Document, ids: Iterable[int]) -> list[Edge]:
    """Wires that come into a selection from outside it, but for those from Inputs and constants."""
    tables, library = document.tables, document.library
    inside = set(Draft(tables, library).with_members(ids))
    return [
        edge for key in inside if key in tables.nodes for edge in tables.nodes[key].prior
        if edge.source not in inside and tables.nodes[edge.source].layer not in ("Input", "Constant", "Parameter")
    ]  # fmt: skip


def ends_of(document: Document, ids: Iterable[int]) -> list[End]:
    """The outputs of selected layers that an Output can show: those in use elsewhere, and the first of each end."""
    tables, library = document.tables, document.library
    found: dict[End, None] = {}
    for key in Draft(tables, library).with_members(ids):
        node = tables.nodes.get(key)
        if node is None or not library[node.layer].outputs or library[node.layer].group:
            continue
        found.update(dict.fromkeys((key, out) for out in sorted({edge.out for edge in node.next} or {0})))
    return list(found)


def shown_by(document: Document, end: End) -> int | None:
    """The Output that shows a value, None when none does."""
    nodes = document.tables.nodes
    node = nodes[end[0]]
    return next((e.target for e in node.next if e.out == end[1] and nodes[e.target].layer == "Output"), None)


def input_row(document: Document, end: End) -> InputRow:
    """The Input that could stand for a value; InterfaceError when its type is not known."""
    kind: ValueType | None = document.inference.output(*end)
    name = value_name(document, end)
    if kind is None or kind.shape is None or kind.dtype not in DTYPES:
        what = (
            f"is {kind.dtype}, which is no tensor"
            if kind and kind.dtype not in DTYPES
            else "is not known yet"
        )
        raise InterfaceError(
            f"The type of '{name}' {what}; an Input needs one. Choose another wire, or mend what comes before it."
        )
    return InputRow(name, plain_shape(kind.shape), kind.dtype)


def value_name(document: Document, end: End) -> str:
    """What a value is called: the full name of its layer, with the port after the first output."""
    node_id, out = end
    name = full_name(document.tables, node_id)
    if not out:
        return name
    ports = document.library[document.tables.node(node_id).layer].outputs
    named = out < len(ports) and not ports[out].variadic
    return f"{name}.{ports[out].name}" if named else f"{name}.{out}"


def add_output(draft: Draft, end: End, place: tuple[float, float], name: str | None = None) -> int:
    """An Output for a value, at the top level."""
    source, out = end
    if not draft.spec(source).outputs:
        raise WireError(f"'{draft.node(source).name}' gives nothing that could be an output.")
    title = name or f"{draft.node(source).name}_output"
    made = draft.add("Output", free(draft, title), place=place)
    draft.connect(source, out, made, 0)
    return made


def add_input(draft: Draft, row: InputRow, place: tuple[float, float]) -> int:
    """An Input of a type, at the top level."""
    params: dict[str, Any] = {"shape": row.shape, "dtype": row.dtype} if row.dtype else {}
    return draft.add("Input", free(draft, row.name, "_input") if row.name else None, params, place=place)


def free(draft: Draft, name: str, ending: str = "_") -> str:
    """The name at the top level; when it is taken, with an ending, and then with the first free number."""
    if draft.named(None, name) is None:
        return name
    longer = f"{name}{ending}"
    return longer if ending != "_" and draft.named(None, longer) is None else draft.fresh_name(None, longer)


def plain_shape(shape: Sequence[Any]) -> tuple[int | str, ...]:
    """Sizes as an Input's parameter holds them."""
    return tuple(size if isinstance(size, int) else str(size) for size in shape)


def above(document: Document, node_id: int) -> tuple[float, float]:
    """A place over a node, on the canvas of the top level."""
    place = _top_place(document, node_id)
    return place.x, place.y - STEP


def below(document: Document, node_id: int) -> tuple[float, float]:
    """A place under a node, on the canvas of the top level."""
    place = _top_place(document, node_id)
    return place.x, place.y + STEP


def _top_place(document: Document, node_id: int) -> Place:
    node = document.tables.node(node_id)
    while node.parent is not None:
        node = document.tables.node(node.parent)
    return document.tables.places.get(node.id, Place(0.0, 0.0))


def _rename(draft: Draft, names: Mapping[int, str]) -> None:
    """All at once, so that two may swap their names."""
    changed = {key: name for key, name in names.items() if draft.node(key).name != name}
    if len(set(names.values())) < len(names):
        raise InterfaceError("Two inputs cannot have the same name; give each its own.")
    for key in changed:
        draft.rename(key, draft.fresh_name(draft.node(key).parent, "\u2026"))
    for key, name in changed.items():
        draft.rename(key, name)
