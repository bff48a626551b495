"""What the ports of a group are called where nobody named them: by the layers inside that they lead to."""

from __future__ import annotations

from collections.abc import Sequence

from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import GroupPorts, lift
from sketch.graph.ports import Inner, said_ports
from sketch.graph.tables import Tables


def inner_label(tables: Tables, library: LayerLibrary, inner: Inner, *, entering: bool) -> str:
    """`conv1`; `attn.mask`, with the name of the layer's port, where the layer has several."""
    node = tables.nodes[inner[0]]
    spec = library[node.layer]
    ports = spec.inputs if entering else spec.outputs
    if len(ports) < 2 and not (ports and ports[-1].variadic):
        return node.name
    port = spec.input_port(inner[1]) if entering else spec.output_port(inner[1])
    return f"{node.name}.{port.name}{inner[1] + 1 if port.variadic else ''}"


def inner_inputs(tables: Tables, group: int, ports: GroupPorts) -> list[Inner]:
    """The inner input that stands for each input port: the one that was spoken of, else the first that it feeds."""
    known = [said.inner for said in said_ports(tables.meta, group)[0]]
    return [_inner(tables, group, key, known) for key in ports.inputs]


def port_labels(
    tables: Tables, library: LayerLibrary, group: int, ports: GroupPorts
) -> tuple[list[str], list[str]]:
    """What each (input, output) of a group is called by what is inside."""
    inputs = [
        inner_label(tables, library, inner, entering=True) for inner in inner_inputs(tables, group, ports)
    ]
    return inputs, [inner_label(tables, library, inner, entering=False) for inner in ports.outputs]


def _inner(tables: Tables, group: int, key: tuple[int | None, ...], known: Sequence[Inner]) -> Inner:
    if key[0] is None:
        return int(key[1] or 0), int(key[2] or 0)
    following = tables.nodes[key[0]].next
    fed = [
        (edge.target, edge.into)
        for edge in following
        if edge.out == key[1] and lift(tables, edge.target, group) is not None
    ]
    return next((inner for inner in known if inner in fed), min(fed))
