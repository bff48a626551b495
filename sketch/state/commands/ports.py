"""The ports of a group as a person wants them: in order, with names, inner ones exposed or hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from sketch.graph.draft import Draft
from sketch.graph.errors import GroupError, NamingError
from sketch.graph.evaluate import outputs_of
from sketch.graph.lifting import descendants, group_ports, lift, open_inputs
from sketch.graph.operator_types import constant_places
from sketch.graph.port_labels import inner_inputs, inner_label, port_labels
from sketch.graph.ports import AUTO, HIDDEN, LONGEST_NAME, SHOWN, Inner, Said, said_ports, set_ports
from sketch.state.commands.naming import name_of
from sketch.state.document import Document

IN, OUT = "input", "output"


@dataclass(frozen=True, slots=True)
class PortRow:
    """One port of a group: the inner port that it is, and its name ("" for none).

    `label` is what it is called without a name; `wired` says that a wire goes through it.
    """

    side: str
    inner: Inner
    name: str
    label: str
    wired: bool


def ports_of(document: Document, group: int) -> list[PortRow]:
    """The ports that a group shows: inputs in their order, then outputs."""
    tables = document.tables
    ports = group_ports(tables, document.library, group)
    inner = inner_inputs(tables, group, ports)
    labels_in, labels_out = port_labels(tables, document.library, group, ports)
    wired_in = (key[0] is not None for key in ports.inputs)
    wired_out = (
        any(e.out == out and lift(tables, e.target, group) is None for e in tables.nodes[node_id].next)
        for node_id, out in ports.outputs
    )
    return [
        *map(PortRow, repeat(IN), inner, ports.input_names, labels_in, wired_in),
        *map(PortRow, repeat(OUT), ports.outputs, ports.output_names, labels_out, wired_out),
    ]


def open_ports(document: Document, group: int) -> list[PortRow]:
    """Inner inputs that nothing feeds and inner outputs, which the group does not show."""
    tables, library = document.tables, document.library
    shown = {(row.side, row.inner) for row in ports_of(document, group)}
    found: list[tuple[str, Inner]] = []
    for member in descendants(tables, group):
        node, spec = tables.nodes[member], library[tables.nodes[member].layer]
        roles = tables.weights_of(member)
        fed = {edge.into for edge in node.prior}
        fed |= constant_places(node.params, roles) if spec.is_operator else set()
        optional = [n for n, port in enumerate(spec.inputs) if n not in fed and port.optional]
        found += [(IN, (member, n)) for n in sorted({*open_inputs(node, library, roles), *optional})]
        found += [(OUT, (member, n)) for n in range(outputs_of(node, spec))]
    left = [(side, inner) for side, inner in found if (side, inner) not in shown]
    return [PortRow(side, inner, "", _label(document, side, inner), False) for side, inner in left]


def move_port(document: Document, group: int, side: str, index: int, to: int) -> None:
    """Put a port of a side at another place in its order."""
    rows = _rows(document, group, side)
    moved = rows.pop(_valid(rows, index))
    rows.insert(max(0, min(to, len(rows))), moved)
    _write(document, group, side, rows, f"Order the ports of {name_of(document, group)}")


def order_ports(document: Document, group: int, side: str, order: Sequence[int]) -> None:
    """Put the ports of a side into another order: `order` are their present places."""
    rows = _rows(document, group, side)
    if sorted(order) != list(range(len(rows))):
        raise GroupError("The ports have changed meanwhile; order them again.")
    label = f"Order the ports of {name_of(document, group)}"
    _write(document, group, side, [rows[index] for index in order], label)


def name_port(document: Document, group: int, side: str, index: int, name: str) -> None:
    """Give a port a name, "" to take it away; NamingError when it is too long or taken."""
    name = name.strip()
    rows = _rows(document, group, side)
    place = _valid(rows, index)
    if len(name) > LONGEST_NAME or any(ord(char) < 32 for char in name):
        raise NamingError(f"The name of a port has up to {LONGEST_NAME} printable characters.")
    if name and any(said.name == name for n, said in enumerate(rows) if n != place):
        raise NamingError(f"Another {side} of this group is called '{name}'; choose another name.")
    rows[place] = replace(rows[place], name=name)
    what = f"Name {side} {index + 1} of {name_of(document, group)}"
    _write(document, group, side, rows, f"{what} '{name}'" if name else what)


def expose_port(document: Document, group: int, side: str, inner: Inner) -> None:
    """Show an inner input or output as a port of the group."""
    rows = _rows(document, group, side)
    label = f"Expose {_label(document, side, inner)} of {name_of(document, group)}"
    _write(document, group, side, [*rows, Said(inner, "", SHOWN)], label)


def hide_port(document: Document, group: int, side: str, index: int) -> None:
    """Take a port away that no wire goes through; GroupError for another."""
    rows = _rows(document, group, side)
    place = _valid(rows, index)
    row = [row for row in ports_of(document, group) if row.side == side][place]
    if row.wired:
        raise GroupError(f"A wire goes through '{row.name or row.label}'; remove the wire to hide the port.")
    rows[place] = replace(rows[place], state=HIDDEN)
    _write(document, group, side, rows, f"Hide {row.name or row.label} of {name_of(document, group)}")


def _label(document: Document, side: str, inner: Inner) -> str:
    return inner_label(document.tables, document.library, inner, entering=side == IN)


def _rows(document: Document, group: int, side: str) -> list[Said]:
    """What is said of the ports that a side shows, written out for all of them."""
    said = {entry.inner: entry for entry in said_ports(document.tables.meta, group)[side == OUT]}
    shown = [row for row in ports_of(document, group) if row.side == side]
    return [said.get(row.inner, Said(row.inner, row.name, AUTO)) for row in shown]


def _write(document: Document, group: int, side: str, rows: list[Said], label: str) -> None:
    """One side anew; what is hidden there stays hidden, and the other side stays."""
    document.tables.node(group)
    before = said_ports(document.tables.meta, group)
    known = {said.inner for said in rows}
    hidden = [said for said in before[side == OUT] if said.state == HIDDEN and said.inner not in known]
    both = (before[0], [*rows, *hidden]) if side == OUT else ([*rows, *hidden], before[1])

    def edit(draft: Draft) -> None:
        draft.require_group(group)
        set_ports(draft, group, *both)

    document.edit(label, edit)


def _valid(rows: Sequence[Said], index: int) -> int:
    if not 0 <= index < len(rows):
        raise GroupError("There is no such port; it may have been removed.")
    return index
