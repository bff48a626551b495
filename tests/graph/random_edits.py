"""Random editing sessions over the real layers, and the laws that every state of a graph obeys.

A session is a list of numbers, so that hypothesis can shrink it; each number picks among what is possible then.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from math import inf

import networkx
from hypothesis import strategies as st

from sketch.graph import attachments, grouping, lifting, surgery
from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import ValueType
from sketch.graph.tables import Tables, whole
from sketch.resources_root import resource_root

LAYERS = (
    "Input", "Conv2d", "ReLU", "Add", "Concat", "Flatten", "Linear", "Chunk", "Output", "BatchNorm2d", "Sub",
    "LSTM", "Constant", "Group", "Sequential", "ai.onnx:Thing",
)  # fmt: skip
PARAMS = (
    ("out_channels", 8), ("kernel_size", 3), ("padding", 1), ("out_features", 10), ("chunks", 3), ("chunks", 2),
    ("bias", False), ("shape", ("N", 3, 8, 8)), ("shape", (2, 16)), ("in_channels", 3), ("attribute", (1, 2.5)),
    ("bidirectional", True), ("dim", 1),
)  # fmt: skip
SHAPES = ((8, 3, 3, 3), (10, 4), (8,), (2, 2))

Numbers = tuple[int, int, int, int]
_ONE = st.tuples(st.integers(0, 39), *[st.integers(0, 40)] * 3)
SESSIONS = st.one_of(st.lists(_ONE, max_size=10), st.lists(_ONE, min_size=30, max_size=60))


@lru_cache(1)
def library() -> LayerLibrary:
    """Return the real layers."""
    return LayerLibrary.load(resource_root() / "layers")


def pick(options: Sequence, number: int):
    """Return one of the options, or refuse as an edit would."""
    if not options:
        raise GraphError("nothing to choose from")
    return options[number % len(options)]


def nodes_of(draft: Draft) -> list[int]:
    """Return the ids of all nodes of the draft's base that are still there."""
    return [n for n in draft.base.nodes if draft.get("nodes", n) is not None]


def groups_of(draft: Draft) -> list[int | None]:
    """Return every canvas."""
    return [None, *(n for n in nodes_of(draft) if draft.spec(n).group)]


def sources_of(draft: Draft) -> list[int]:
    """Return the nodes that have an output."""
    return [n for n in nodes_of(draft) if draft.spec(n).outputs]


def edges_in(draft: Draft) -> list:
    """Return every wire."""
    return [edge for n in nodes_of(draft) for edge in draft.node(n).next]


def add(draft: Draft, a: int, b: int, c: int) -> None:
    draft.add(pick(LAYERS, a), parent=pick(groups_of(draft), b), place=(c, a))


def add_and_wire(draft: Draft, a: int, b: int, c: int) -> None:
    made = draft.add(pick(LAYERS, a))
    draft.connect(pick(sources_of(draft), b), c // 2 % 2, made, c % 2)


def connect(draft: Draft, a: int, b: int, c: int) -> None:
    nodes = nodes_of(draft)
    draft.connect(pick(nodes, a), c % 3, pick(nodes, b), c // 3 % 3)


def connect_free(draft: Draft, a: int, b: int, c: int) -> None:
    target = pick([n for n in nodes_of(draft) if draft.spec(n).inputs], b)
    draft.connect(pick(sources_of(draft), a), c // 3 % 2, target, draft.free_input(target) or 0)


def disconnect(draft: Draft, a: int, b: int, c: int) -> None:
    draft.disconnect(pick(edges_in(draft), a))


def rewire(draft: Draft, a: int, b: int, c: int) -> None:
    draft.rewire(pick(edges_in(draft), a), pick(sources_of(draft), b), c // 3 % 2)


def remove(draft: Draft, a: int, b: int, c: int) -> None:
    nodes = [*nodes_of(draft), *draft.base.notes]
    draft.remove({pick(nodes, a), pick(nodes, b)} if c % 2 else [pick(nodes, a)])


def set_param(draft: Draft, a: int, b: int, c: int) -> None:
    node_id = pick(nodes_of(draft), a)
    spec = draft.spec(node_id)
    draft.set_param(node_id, *pick([p for p in PARAMS if spec.is_operator or p[0] in spec.params], b))


def reset_param(draft: Draft, a: int, b: int, c: int) -> None:
    node_id = pick(nodes_of(draft), a)
    draft.reset_param(node_id, pick(sorted(draft.node(node_id).params), b))


def rename(draft: Draft, a: int, b: int, c: int) -> None:
    draft.rename(pick(nodes_of(draft), a), pick(("x", "y", "conv1", "relu1", "x1"), b))


def swap_names(draft: Draft, a: int, b: int, c: int) -> None:
    one, two = pick(nodes_of(draft), a), pick(nodes_of(draft), b)
    names = draft.node(one).name, draft.node(two).name
    draft.rename(one, "between")
    draft.rename(two, names[0])
    draft.rename(one, names[1])


def move(draft: Draft, a: int, b: int, c: int) -> None:
    draft.move(pick([*nodes_of(draft), *draft.base.notes], a), b, c)


def group(draft: Draft, a: int, b: int, c: int) -> None:
    nodes = [*nodes_of(draft), *draft.base.notes]
    grouping.group(draft, [pick(nodes, a), pick(nodes, b), pick(nodes, c)], pick(("Group", "Sequential"), a))


def ungroup(draft: Draft, a: int, b: int, c: int) -> None:
    grouping.ungroup(draft, pick(groups_of(draft)[1:], a))


def put_in(draft: Draft, a: int, b: int, c: int) -> None:
    grouping.put_in(draft, pick([*nodes_of(draft), *draft.base.notes], a), pick(groups_of(draft), b))


def note(draft: Draft, a: int, b: int, c: int) -> None:
    attachments.add_note(draft, f"note {a}", (b, c), pick(groups_of(draft), b))


def weigh(draft: Draft, a: int, b: int, c: int) -> None:
    tensor = attachments.add_tensor(draft, f"{a:064x}", pick(SHAPES, b), "float32")
    attachments.set_weight(draft, pick(nodes_of(draft), a), pick(("weight", "bias"), c), tensor)


def tie(draft: Draft, a: int, b: int, c: int) -> None:
    role = pick(("weight", "bias"), c)
    attachments.set_weight(draft, pick(nodes_of(draft), a), role, pick(list(draft.base.tensors), b))


def unweigh(draft: Draft, a: int, b: int, c: int) -> None:
    node_id, role = pick(list(draft.base.weights), a)
    attachments.set_weight(draft, node_id, role, None)


def hint(draft: Draft, a: int, b: int, c: int) -> None:
    operators = [n for n in nodes_of(draft) if draft.spec(n).is_operator]
    attachments.set_hint(draft, pick(operators, a), c % 3, ValueType("float32", (1, b)) if b % 5 else None)


def replace_layer(draft: Draft, a: int, b: int, c: int) -> None:
    surgery.replace_layer(draft, pick(nodes_of(draft), a), pick(LAYERS, b))


def insert_on(draft: Draft, a: int, b: int, c: int) -> None:
    edge = pick(edges_in(draft), a)
    surgery.insert_on(draft, draft.add(pick(LAYERS, b)), edge)


def rejoin(draft: Draft, a: int, b: int, c: int) -> None:
    surgery.remove_and_rejoin(draft, pick(nodes_of(draft), a), lambda first, second: bool(b % 3))


VERBS: tuple[Callable[[Draft, int, int, int], None], ...] = (
    add, add_and_wire, connect, connect_free, disconnect, rewire, remove, set_param, reset_param, rename, swap_names,
    move, group, ungroup, put_in, note, weigh, tie, unweigh, hint, replace_layer, insert_on, rejoin,
    add, add, add_and_wire, add_and_wire, add_and_wire, connect_free, connect_free, connect_free, connect_free,
    set_param, set_param, set_param, connect, add_and_wire, add_and_wire, add_and_wire, connect_free,
)  # fmt: skip


def act(draft: Draft, numbers: Numbers) -> str:
    """Do what the numbers say and return its name; GraphError when that is refused."""
    verb = VERBS[numbers[0] % len(VERBS)]
    verb(draft, *numbers[1:])
    return verb.__name__


def laws(tables: Tables) -> None:
    """Assert what holds in every state: both ends of wires, one wire an input, parents, names, places, no loop."""
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(tables.nodes)
    for node in tables.nodes.values():
        assert all(edge.target == node.id and edge in tables.nodes[edge.source].next for edge in node.prior)
        assert all(edge.source == node.id and edge in tables.nodes[edge.target].prior for edge in node.next)
        assert max(Counter(edge.into for edge in node.prior).values(), default=1) == 1
        assert [edge.into for edge in node.prior] == sorted(edge.into for edge in node.prior)
        assert len(set(node.next)) == len(node.next)
        graph.add_edges_from((edge.source, edge.target) for edge in node.next)
    assert networkx.is_directed_acyclic_graph(graph)
    rows = [*tables.nodes.values(), *tables.notes.values()]
    assert all(row.parent is None or library()[tables.nodes[row.parent].layer].group for row in rows)
    assert tables.places.keys() == tables.nodes.keys() | tables.notes.keys()
    names = [(node.parent, node.name) for node in tables.nodes.values()]
    assert len(set(names)) == len(names)
    assert all(n in tables.nodes and tensor in tables.tensors for (n, _), tensor in tables.weights.items())
    assert all(n in tables.nodes for n, _ in tables.hints)
    indexes(tables)


def groups_around(tables: Tables, node_id: int) -> Iterator[int]:
    """The groups around a node, innermost first."""
    while (parent := tables.nodes[node_id].parent) is not None:
        yield parent
        node_id = parent


def indexes(tables: Tables) -> None:
    """Assert that the indexes say what the rows say."""
    assert tables.layers == {node.layer for node in tables.nodes.values()}
    canvases = {None, *(node.parent for node in tables.nodes.values())}
    assert canvases - {None} <= tables.holders
    for parent in canvases:
        assert tables.children(parent) == tuple(
            sorted(n.id for n in tables.nodes.values() if n.parent == parent)
        )
        for prefix in {node.name.rstrip("0123456789") for node in tables.nodes.values()}:
            free = next(number for number in count(1) if tables.named(parent, f"{prefix}{number}") is None)
            assert tables.free_number(parent, prefix) == free
    around = {n: set(groups_around(tables, n)) for n in tables.nodes}
    for group in canvases - {None}:
        deep = {n for n, groups in around.items() if group in groups}
        assert lifting.inside(tables, group) == deep == set(lifting.descendants(tables, group))
    for node in tables.nodes.values():
        assert tables.named(node.parent, node.name) == node.id
        assert tables.weights_of(node.id) == {r: t for (n, r), t in tables.weights.items() if n == node.id}
        assert sorted(tables.hints_of(node.id)) == sorted(out for n, out in tables.hints if n == node.id)
    assert list(tables.standing(None, sideways=False).between(-inf, inf)) == sorted(
        (place.y, n)
        for n, place in tables.places.items()
        if n in tables.nodes and tables.nodes[n].parent is None
    )


def from_scratch(tables: Tables) -> Inference:
    """Return what inference finds when it sees these rows for the first time."""
    inference = Inference(library())
    inference.follow(tables, whole(tables))
    return inference


def same_inference(live: Inference, tables: Tables) -> None:
    """Assert that inference that followed the edits knows what inference from nothing knows."""
    fresh = from_scratch(tables)
    for node_id in tables.nodes:
        assert live.of(node_id) == fresh.of(node_id), tables.nodes[node_id]
        assert live.problems_of(node_id) == fresh.problems_of(node_id)
    assert live.total_parameters == fresh.total_parameters == total(live, tables)
    assert live.unknown_parameters == fresh.unknown_parameters
    layers = sum(not live.library[node.layer].group for node in tables.nodes.values())
    assert live.layer_count == fresh.layer_count == layers
    assert live.order.rank.keys() == tables.nodes.keys()
    assert len(set(live.order.rank.values())) == len(live.order.rank)
    for node in tables.nodes.values():
        assert all(live.order.rank[edge.source] < live.order.rank[edge.target] for edge in node.next)


def total(inference: Inference, tables: Tables) -> int:
    """Return the trainable elements, counted plainly: tied tensors once."""
    found: dict[object, int] = {}
    for node_id in tables.nodes:
        stored = tables.weights_of(node_id)
        for role, kind in inference.of(node_id).weights.items():
            if kind is None or not kind.trainable or kind.count is None:
                continue
            tied = role in stored and tables.tensors[stored[role]].shape == kind.shape
            found[stored[role] if tied else (node_id, role)] = kind.count
    return sum(found.values())
