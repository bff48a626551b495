"""What a person said of a group's ports: their order, their names, and open ones to show or to hide.

A row of `meta` for each such group, `ports.<group id>`: entries of the inputs, then of the outputs. An input is known
by an inner input that it feeds, an output by the inner output that it is, so a wire outside may change and the port
keeps its place. Entries of what no longer exists mean nothing; ports without an entry come after those with one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sketch.graph.rows import number_in

if TYPE_CHECKING:
    from sketch.graph.draft_rows import DraftRows
    from sketch.graph.tables import Tables

AUTO, SHOWN, HIDDEN = "", "shown", "hidden"
"""Of an open port: shown while there is room, always, never. A port with a wire through it is always there."""
LONGEST_NAME = 60
_ROW = "ports."
Inner = tuple[int, int]
"""A node inside, and the number of its input or output."""
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Said:
    """One entry: the inner port, its name ("" for none), and whether it is to be seen while it is open."""

    inner: Inner
    name: str = ""
    state: str = AUTO


def ports_row(group: int) -> str:
    """The name of the row of `meta` about the ports of a group."""
    return f"{_ROW}{group}"


def ported_group(row: str) -> int | None:
    """The group that a row of `meta` of this name is about; None for every other row."""
    return number_in(row, _ROW)


def said_ports(meta: Mapping[str, Any], group: int) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """(inputs, outputs) as they were said, in their order."""
    return of_row(meta.get(ports_row(group)))


def of_row(row: Any) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """The entries of a row; none where a file holds something else."""
    if not isinstance(row, tuple) or len(row) != 2:
        return (), ()
    return _entries(row[0]), _entries(row[1])


def to_row(inputs: Iterable[Said], outputs: Iterable[Said]) -> tuple[Any, ...] | None:
    """Entries as a row; None, which is no row, for none."""
    row = tuple(tuple((*said.inner, said.name, said.state) for said in side) for side in (inputs, outputs))
    return row if any(row) else None


def set_ports(draft: DraftRows, group: int, inputs: Iterable[Said], outputs: Iterable[Said]) -> None:
    """Write what is said of a group's ports."""
    row = to_row(inputs, outputs)
    if draft.get("meta", ports_row(group)) != row:
        draft.put("meta", ports_row(group), row)


def sort_inputs(
    said: Iterable[Said],
    entering: Mapping[Inner, tuple[int | None, ...]],
    opened: Iterable[Inner],
    is_input: Callable[[Inner], bool],
    most: int,
) -> dict[tuple[int | None, ...], str]:
    """Key of each input port -> its name, in the order to show.

    Args:
        entering: inner input -> (source, out) outside that feeds it.
        opened: required inner inputs that nothing feeds; at most `most` of those nobody spoke of are shown.
        is_input: whether an inner input exists and is open, for those that were asked for.
    """
    found: dict[tuple[int | None, ...], str] = {}
    quiet: set[Inner] = set()
    for entry in said:
        if entry.inner in entering:
            found.setdefault(entering[entry.inner], entry.name)
            continue
        if entry.state == HIDDEN:
            quiet.add(entry.inner)
        elif is_input(entry.inner):
            found.setdefault((None, *entry.inner), entry.name)
    for key in entering.values():
        found.setdefault(key, "")
    rest = [key for inner in opened if inner not in quiet and (key := (None, *inner)) not in found]
    found.update(dict.fromkeys(rest[:most], ""))
    return found


def sort_outputs(
    said: Iterable[Said],
    leaving: Iterable[Inner],
    opened: Iterable[Inner],
    is_output: Callable[[Inner], bool],
    most: int,
) -> dict[Inner, str]:
    """Inner output of each output port -> its name, in the order to show. Arguments as for `sort_inputs`."""
    used = dict.fromkeys(leaving)
    idle = dict.fromkeys(opened)
    found: dict[Inner, str] = {}
    quiet: set[Inner] = set()
    for entry in said:
        wanted = entry.state == SHOWN or (entry.state == AUTO and entry.inner in idle)
        if entry.inner in used or (wanted and is_output(entry.inner)):
            found.setdefault(entry.inner, entry.name)
        elif entry.state == HIDDEN:
            quiet.add(entry.inner)
    found.update((inner, "") for inner in used if inner not in found)
    rest = [inner for inner in idle if inner not in quiet and inner not in found]
    found.update(dict.fromkeys(rest[:most], ""))
    return found


def stub_name(tables: Tables, group: int, entering: bool, node: int, port: int) -> str:
    """The name of the group's port that a wire to a stub goes through; "" where it has none.

    `node` and `port` are the stub's: outside, the source of a wire that enters or the target of one that leaves.
    """
    inputs, outputs = said_ports(tables.meta, group)
    row = tables.nodes.get(node)
    if row is None or not (inputs or outputs):
        return ""
    if entering:
        fed = {(edge.target, edge.into) for edge in row.next if edge.out == port}
        return next((said.name for said in inputs if said.inner in fed), "")
    read = {(edge.source, edge.out) for edge in row.prior if edge.into == port}
    return next((said.name for said in outputs if said.inner in read), "")


def _entries(raw: Any) -> tuple[Said, ...]:
    if not isinstance(raw, tuple):
        return ()
    return tuple(
        Said((entry[0], entry[1]), entry[2], entry[3])
        for entry in raw
        if isinstance(entry, tuple) and [type(part) for part in entry] == [int, int, str, str]
    )
