"""Networks with linked blocks for tests, and the law that all instances of a link obey."""

from sketch.graph.draft import Draft
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import link_of, set_link
from sketch.graph.ports import said_ports
from sketch.graph.tables import Tables
from tests.graph.random_edits import library


def block(draft: Draft, name: str, parent: int | None = None, *, nested: bool = False) -> int:
    """A residual block: conv1 → relu1 → conv2, added to what comes in; with `nested` a linked pair inside."""
    group = draft.add("Group", name, parent=parent, place=(0, 0))
    conv1 = draft.add("Conv2d", "conv1", {"out_channels": 8, "padding": 1, "kernel_size": 3}, parent=group)
    relu = draft.add("ReLU", "relu1", parent=group, place=(0, 100))
    conv2 = draft.add("Conv2d", "conv2", {"out_channels": 8, "padding": 1, "kernel_size": 3}, parent=group)
    add = draft.add("Add", "add1", parent=group, place=(0, 300))
    draft.connect(conv1, 0, relu, 0)
    draft.connect(relu, 0, conv2, 0)
    draft.connect(conv2, 0, add, 0)
    if nested:
        last = add
        for number in (1, 2):
            inner = draft.add("Group", f"inner{number}", parent=group)
            act = draft.add("ReLU", "act", parent=inner)
            norm = draft.add("BatchNorm2d", "norm", parent=inner)
            draft.connect(last, 0, act, 0)
            draft.connect(act, 0, norm, 0)
            set_link(draft, inner, "inner")
            last = norm
    return group


def member(rows: Draft | Tables, group: int, *path: str) -> int:
    """The member of a group by names."""
    for name in path:
        found = rows.named(group, name)
        assert found is not None, name
        group = found
    return group


def chain(count: int, *, nested: bool = False) -> Tables:
    """Input → `count` linked residual blocks in series → Output."""
    tables = Tables()
    draft = Draft(tables, library())
    source, out = draft.add("Input", "image", {"shape": ("N", 8, 16, 16)}), 0
    for number in range(count):
        group = block(draft, f"block{number + 1}", nested=nested)
        set_link(draft, group, "block")
        draft.connect(source, out, member(draft, group, "conv1"), 0)
        draft.connect(source, out, member(draft, group, "add1"), 1)
        source = member(draft, group, "inner2", "norm") if nested else member(draft, group, "add1")
    end = draft.add("Output", "result")
    draft.connect(source, out, end, 0)
    tables.apply(draft.delta())
    return tables


def described(tables: Tables, group: int) -> dict[tuple[str, ...], object]:
    """What instances share: members by their names, with layers, parameters, inner wires and ports."""
    inside = list(descendants(tables, group))
    paths = {group: (), **{n: _path(tables, n, group) for n in inside}}
    found: dict[tuple[str, ...], object] = {(): _ports(tables, group, paths)}
    for node_id in inside:
        node = tables.nodes[node_id]
        reads = [(e.into, e.out, paths[e.source]) for e in node.prior if e.source in paths]
        link = link_of(tables, node_id)
        found[paths[node_id]] = (node.layer, node.params, reads, link, _ports(tables, node_id, paths))
    return found


def _ports(tables: Tables, group: int, paths: dict[int, tuple[str, ...]]) -> object:
    return [
        [(paths.get(said.inner[0]), said.inner[1], said.name, said.state) for said in side]
        for side in said_ports(tables.meta, group)
    ]


def _path(tables: Tables, node_id: int, group: int) -> tuple[str, ...]:
    node = tables.nodes[node_id]
    above = () if node.parent == group or node.parent is None else _path(tables, node.parent, group)
    return (*above, node.name)


def instances_agree(tables: Tables) -> None:
    """Assert that all instances of every link are made alike."""
    links = {value for row, value in tables.meta.items() if row.startswith("link.")}
    for link in links:
        first, *others = tables.linked(link)
        for other in others:
            assert described(tables, other) == described(tables, first), (link, first, other)
