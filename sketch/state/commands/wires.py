"""Drawing, cutting and moving wires, and layers that come with a wire."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.graph import grouping, surgery
from sketch.graph.draft import Draft
from sketch.graph.errors import PortTakenError, WireError
from sketch.graph.rows import Edge
from sketch.state.commands.naming import count_of, name_of
from sketch.state.commands.nodes import Point, added_label, settle_new
from sketch.state.document import Document


def connect(document: Document, source: int, out: int, target: int, into: int | None = None) -> Edge:
    """Wire an output to an input (None: the first free one); PortTakenError, CycleError and others say why not."""

    def edit(draft: Draft) -> Edge:
        return draft.connect(source, out, target, _input(draft, target) if into is None else into)

    return document.edit(f"Connect {name_of(document, source)} to {name_of(document, target)}", edit)


def disconnect(document: Document, edges: Iterable[Edge]) -> None:
    """Cut wires."""
    cut = sorted(dict.fromkeys(edges), key=lambda edge: -edge.into)  # a variadic input closes up behind a cut

    def edit(draft: Draft) -> None:
        for edge in cut:
            draft.disconnect(edge)

    what = f"wire to {name_of(document, cut[0].target)}" if len(cut) == 1 else count_of(len(cut), "wire")
    document.edit(f"Cut {what}", edit)


def reconnect(
    document: Document,
    edge: Edge,
    *,
    source_end: tuple[int, int] | None = None,
    target_end: tuple[int, int | None] | None = None,
) -> Edge:
    """Take one end of a wire to another port: (node, port); a port None is the first free input."""

    def edit(draft: Draft) -> Edge:
        source, out = source_end or (edge.source, edge.out)
        if target_end is None:
            return draft.rewire(edge, source, out)
        draft.disconnect(edge)
        target, into = target_end
        return draft.connect(source, out, target, _input(draft, target) if into is None else into)

    return document.edit(f"Move wire of {name_of(document, edge.target)}", edit)


def insert_on_wire(document: Document, node_id: int, edge: Edge, *, place: Point | None = None) -> None:
    """Put an unwired layer into a wire, on the canvas of the wire's consumer; at another place if one is given."""
    node = document.tables.node(node_id)
    if node.prior or node.next:
        raise WireError(f"'{node.name}' already has wires; cut them first.")

    def edit(draft: Draft) -> None:
        parent = draft.node(edge.target).parent
        if node.parent != parent:
            grouping.put_in(draft, node_id, parent)
        if place is not None:
            draft.move(node_id, *place)
        _insert(draft, node_id, edge)

    document.edit(f"Insert {name_of(document, node_id)} into a wire", edit)


def add_on_wire(document: Document, layer: str, edge: Edge, place: Point) -> int:
    """Add a layer into a wire, on the canvas of the wire's consumer; its id."""
    parent = document.tables.node(edge.target).parent

    def edit(draft: Draft) -> int:
        node_id = draft.add(layer, None, None, parent=parent, place=place)
        _insert(draft, node_id, edge)
        return node_id

    return document.edit(added_label(document, layer, parent), edit)


def add_wired(
    document: Document, layer: str, place: Point, source: int, out: int, *, parent: int | None = None
) -> int:
    """Add a layer behind an output (a wire dropped on empty canvas); its id."""

    def edit(draft: Draft) -> int:
        node_id = draft.add(layer, None, None, parent=parent, place=place)
        draft.connect(source, out, node_id, _input(draft, node_id))
        settle_new(draft, node_id)
        return node_id

    return document.edit(added_label(document, layer, parent), edit)


def add_before(
    document: Document, layer: str, place: Point, target: int, into: int | None, *, parent: int | None = None
) -> int:
    """Add a layer in front of an input (None: the first free one); its id."""

    def edit(draft: Draft) -> int:
        node_id = draft.add(layer, None, None, parent=parent, place=place)
        draft.connect(node_id, 0, target, _input(draft, target) if into is None else into)
        settle_new(draft, node_id)
        return node_id

    return document.edit(added_label(document, layer, parent), edit)


def _input(draft: Draft, target: int) -> int:
    """The first free input; PortTakenError when there is none."""
    if draft.spec(target).group:
        raise WireError("Wires join layers, not groups: open the group and wire a layer inside it.")
    into = draft.free_input(target)
    if into is None:
        name = draft.node(target).name
        if not draft.spec(target).inputs:
            raise PortTakenError(f"'{name}' takes no input; start the wire from it instead.")
        raise PortTakenError(f"Every input of '{name}' already has a wire; remove one first.")
    return into


def _insert(draft: Draft, node_id: int, edge: Edge) -> None:
    """source → node → target; WireError when the layer cannot stand in a wire."""
    name, spec = draft.node(node_id).name, draft.spec(node_id)
    if spec.group or not spec.inputs or not spec.outputs:
        raise WireError(f"'{name}' cannot stand in a wire; it needs an input and an output.")
    surgery.insert_on(draft, node_id, edge)
    settle_new(draft, node_id)
