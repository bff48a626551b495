"""Linked groups one after the other: a block and its repetitions."""

from __future__ import annotations

from sketch.graph.geometry import RIGHT, direction
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import GroupPorts, group_ports, lift
from sketch.graph.linking.rows import instances
from sketch.graph.rows import Place
from sketch.graph.tables import Tables


def mark(tables: Tables, group: int) -> str:
    """`2 of 6` for a group with linked ones on its canvas, counted along the drawing; `linked` for those elsewhere."""
    found = instances(tables, group)
    if not found:
        return ""
    parent = tables.nodes[group].parent
    beside = [n for n in found if tables.nodes[n].parent == parent]
    if len(beside) < 2:
        return "linked"
    runs_right = direction(tables.meta) == RIGHT

    def along(node_id: int) -> tuple[float, float, int]:
        place = tables.places.get(node_id) or Place(0.0, 0.0)
        return (place.x, place.y, node_id) if runs_right else (place.y, place.x, node_id)

    here = along(group)
    return f"{sum(along(n) <= here for n in beside)} of {len(beside)}"


def series(tables: Tables, library: LayerLibrary, group: int) -> list[int]:
    """The linked groups of one canvas, a first output feeding a first input each time; at least the group itself."""
    parent = tables.nodes[group].parent
    beside = [n for n in instances(tables, group) if tables.nodes[n].parent == parent] or [group]
    ports = {n: group_ports(tables, library, n) for n in beside}
    before: dict[int, int] = {}
    for node_id in beside:
        source = _first_source(ports[node_id])
        above = None if source is None else lift(tables, source, parent)
        if above in ports and above != node_id and ports[above].outputs[:1] == ports[node_id].inputs[:1]:
            before[node_id] = above
    after = {above: node_id for node_id, above in before.items()}
    chain = [group]
    while (above := before.get(chain[0])) is not None and above not in chain:
        chain.insert(0, above)
    while (below := after.get(chain[-1])) is not None and below not in chain:
        chain.append(below)  # groups may feed each other through different members
    return chain


def _first_source(ports: GroupPorts) -> int | None:
    return ports.inputs[0][0] if ports.inputs else None
