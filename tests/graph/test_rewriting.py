"""A drawing after its source was edited: ids, places, weights and said parameters of what stayed the same."""

import numpy as np
import pytest

from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.delta import Change
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.placing import placed
from sketch.graph.rewriting import rewritten
from sketch.graph.rows import Place
from sketch.graph.tables import Tables, whole
from tests.contract.networks import library
from tests.kernels.pytorch.drawing import Drawing, random_drawing

SEEDS = range(40)


def drawn(*rows, start=1):
    """Tables of rows (name, layer, parameters, sources, group); ids from `start` on."""
    tables = Tables()
    tables.apply((Change("meta", "next_id", None, start),))
    draft, made = Draft(tables, library()), {}
    for name, layer, params, sources, *group in rows:
        made[name] = draft.add(
            layer, name.rpartition("/")[2], params, parent=made[group[0]] if group else None
        )
        for port, source in enumerate(sources):
            draft.connect(made[source], 0, made[name], port)
    tables.apply(draft.delta())
    return _placed(tables)


def _placed(tables):
    made = Tables()
    made.apply(placed(whole(tables), library()))
    return made


def renumbered(tables, by=1000):
    """The same drawing as an import would number it."""
    made, ids = Drawing(), {}
    made.tables.apply((Change("meta", "next_id", None, by),))
    for key in sorted(tables.nodes, key=lambda key: _depth(tables, key)):
        node = tables.nodes[key]
        ids[key] = made.draft.add(node.layer, node.name, node.params, parent=ids.get(node.parent))
    for node in tables.nodes.values():
        for edge in node.prior:
            made.draft.connect(ids[edge.source], edge.out, ids[edge.target], edge.into, check_cycle=False)
    made.tables.apply(made.draft.delta())
    return made.tables


def _depth(tables, key):
    parent, depth = tables.nodes[key].parent, 0
    while parent is not None:
        parent, depth = tables.nodes[parent].parent, depth + 1
    return depth, key


def after(old, new, shown=None):
    """The drawing after rewriting, and the Delta."""
    delta = rewritten(old, new, library(), list(old.nodes) if shown is None else shown)
    made = Tables()
    made.apply(whole(old))
    made.apply(delta)
    build_network(made, library())
    return made, delta


def named(tables):
    return {node.name: key for key, node in tables.nodes.items()}


CHAIN = (
    ("x", "Input", {"shape": ("N", 8)}, ()),
    ("first", "Linear", {"out_features": 16}, ("x",)),
    ("relu1", "ReLU", {}, ("first",)),
    ("second", "Linear", {"out_features": 4}, ("relu1",)),
    ("y", "Output", {}, ("second",)),
)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_drawing_in_other_numbers_changes_nothing(seed):
    drawing = random_drawing(seed)
    drawing.network()
    tables = _placed(drawing.tables)
    for node in tables.nodes.values():
        for edge in node.prior:
            assert edge in tables.nodes[edge.source].next
    assert [
        c for c in rewritten(tables, renumbered(tables), library(), list(tables.nodes)) if c.table != "meta"
    ] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_any_drawing_can_become_any_other_and_the_way_back_is_mechanical(seed):
    first, second = random_drawing(seed), random_drawing(seed + 1000)
    first.network()
    second.network()
    old, new = _placed(first.tables), _placed(second.tables)
    made, delta = after(old, new)
    shape = sorted((n.layer, len(n.prior), len(n.next), n.params.get("shape")) for n in made.nodes.values())
    assert shape == sorted(
        (n.layer, len(n.prior), len(n.next), n.params.get("shape")) for n in new.nodes.values()
    )
    assert set(made.places) == set(made.nodes)
    assert {c.key for c in delta if c.table == "nodes" and c.after is None} == set(old.nodes) - set(
        made.nodes
    )


def test_a_layer_in_the_middle_is_the_only_new_node_and_stands_between_its_neighbours():
    old = drawn(*CHAIN)
    new = drawn(*CHAIN[:3], ("drop", "Dropout", {}, ("relu1",)), ("second", "Linear", {"out_features": 4}, ("drop",)),
                ("y", "Output", {}, ("second",)), start=50)  # fmt: skip
    made, delta = after(old, new)
    assert {name: made.places[key] for name, key in named(old).items()} == {
        name: old.places[key] for name, key in named(old).items()
    }
    fresh = set(made.nodes) - set(old.nodes)
    assert [made.nodes[key].name for key in fresh] == ["drop"]
    spot = made.places[fresh.pop()]
    assert all(abs(spot.x - p.x) >= 150 or abs(spot.y - p.y) >= 60 for p in old.places.values())
    assert {c.key for c in delta if c.table == "nodes"} == {
        named(old)["relu1"], named(old)["second"], named(made)["drop"],
    }  # fmt: skip


def test_a_renamed_layer_keeps_its_id_and_its_weights(tmp_path):
    old = drawn(*CHAIN)
    key, draft = named(old)["second"], Draft(old, library())
    digest = TensorStore(tmp_path).put(np.ones((4, 16), np.float32))
    set_weight(draft, key, "weight", add_tensor(draft, digest, (4, 16), "float32"))
    old.apply(draft.delta())
    new = drawn(
        *CHAIN[:3],
        ("head", "Linear", {"out_features": 4}, ("relu1",)),
        ("y", "Output", {}, ("head",)),
        start=50,
    )
    made, _ = after(old, new)
    assert made.nodes[key].name == "head"
    assert made.tensors[made.weights_of(key)["weight"]].digest == digest


def test_a_call_keeps_the_name_that_the_person_gave_it():
    old = drawn(*CHAIN[:2], ("squash", "ReLU", {}, ("first",)), ("y", "Output", {}, ("squash",)))
    new = drawn(*CHAIN[:2], ("relu1", "ReLU", {}, ("first",)), ("y", "Output", {}, ("relu1",)), start=50)
    made, delta = after(old, new)
    assert named(made)["squash"] == named(old)["squash"]
    assert not [c for c in delta if c.table == "nodes"]


def test_a_changed_parameter_changes_that_alone_and_the_others_stay_as_they_were_said():
    old = drawn(*CHAIN)
    rows = list(CHAIN)
    rows[3] = ("second", "Linear", {"in_features": 16, "out_features": 10}, ("relu1",))
    made, delta = after(old, drawn(*rows, start=50))
    assert [c.key for c in delta if c.table == "nodes"] == [named(old)["second"]]
    assert dict(made.nodes[named(old)["second"]].params) == {"out_features": 10}


def test_what_the_source_did_not_show_stays():
    loose = ("loose", "Linear", {"out_features": 3}, ("first",))
    old = drawn(*CHAIN, loose)
    shown = [key for name, key in named(old).items() if name != "loose"]
    made, delta = after(old, drawn(*CHAIN, start=50), shown)
    assert not [c for c in delta if c.table != "meta"]
    made, _ = after(old, drawn(CHAIN[0], ("y", "Output", {}, ("x",)), start=50), shown)
    assert set(named(made)) == {"x", "y", "loose"}
    assert not made.nodes[named(made)["loose"]].prior


def test_a_renamed_group_keeps_its_members():
    rows = (CHAIN[0], ("block", "Group", {}, ()), ("block/first", "Linear", {"out_features": 16}, ("x",), "block"),
            ("y", "Output", {}, ("block/first",)))  # fmt: skip
    other = (CHAIN[0], ("stem", "Group", {}, ()), ("stem/first", "Linear", {"out_features": 16}, ("x",), "stem"),
             ("y", "Output", {}, ("stem/first",)))  # fmt: skip
    old = drawn(*rows)
    made, delta = after(old, drawn(*other, start=50))
    assert [(c.before.name, c.after.name) for c in delta if c.table == "nodes"] == [("block", "stem")]
    assert made.places[named(made)["first"]] == Place(*_spot(old, "first"))


def _spot(tables, name):
    place = tables.places[named(tables)[name]]
    return place.x, place.y
