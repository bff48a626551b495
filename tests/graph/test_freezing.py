"""Frozen weights: rows of `meta`, counted once for tied tensors, in the Network and its summary."""

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.freezing import frozen_among, frozen_nodes, frozen_parameters, frozen_roles, set_frozen
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables, whole
from sketch.resources_root import resource_root

LIBRARY = LayerLibrary.load(resource_root() / "layers")


def drawn() -> tuple[Tables, list[int]]:
    """Two Linear layers with one weight between them, and a BatchNorm, all frozen."""
    tables = Tables()
    draft = Draft(tables, LIBRARY)
    size = {"in_features": 4, "out_features": 4}
    ids = [draft.add("Linear", None, size), draft.add("Linear", None, size)]
    ids.append(draft.add("BatchNorm1d", None, {"num_features": 4}))
    tensor = add_tensor(draft, "0" * 64, (4, 4), "float32")
    for node in ids[:2]:
        set_weight(draft, node, "weight", tensor)
        set_frozen(draft, node, ("weight", "gone"))
    set_frozen(draft, ids[2], ("weight", "bias", "running_mean"))
    tables.apply(draft.delta())
    return tables, ids


def test_elements_are_counted_once_and_buffers_never():
    tables, ids = drawn()
    inference = Inference(LIBRARY)
    inference.follow(tables, whole(tables))
    assert frozen_parameters(tables, inference) == 16 + 8
    network = build_network(tables, LIBRARY)
    assert network.frozen_parameters == 24
    assert network.step(ids[0]).frozen == {"weight", "gone"}
    assert network.summary().endswith(
        f"{network.parameters - 24:,} trainable parameters, 24 frozen, in 3 nodes"
    )


def test_rows_go_with_their_node_and_equal_roles_change_nothing():
    tables, ids = drawn()
    assert frozen_nodes(tables.meta).keys() == set(ids)
    for asked in ([], ids[:1], [*ids[:2], 77], [*ids, *range(50, 60)]):  # fewer and more than there are rows
        assert frozen_among(tables.meta, asked).keys() == {*ids} & {*asked}
    assert frozen_among(tables.meta, ids) == frozen_nodes(tables.meta)
    draft = Draft(tables, LIBRARY)
    set_frozen(draft, ids[2], ("running_mean", "bias", "weight"))
    assert draft.delta() == ()
    draft.remove([ids[2]])
    set_frozen(draft, ids[0], ())
    tables.apply(draft.delta())
    assert frozen_nodes(tables.meta) == {ids[1]: {"gone", "weight"}}
    assert frozen_roles(tables.meta, ids[2]) == frozenset()
