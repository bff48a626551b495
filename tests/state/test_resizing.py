"""Stored weights follow the shapes of their layers in the same step; undo brings the old tensors back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.recipes import KEEP, NEW, TILE
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.commands import weights
from sketch.state.document import Document, TakesLongError
from sketch.state.document_file import load_document, save_document
from sketch.state.resizing import FEW
from sketch.state.weight_changes import CHANGED, CREATED, DROPPED, counted, report_facts, report_text

RANDOM = np.random.default_rng(2)
LAYERS = (
    ("Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": 1}), ("BatchNorm2d", {}), ("Flatten", {}),
    ("Linear", {"out_features": 6}), ("Linear", {"out_features": 3}),
)  # fmt: skip


def draw(document, layers=LAYERS, shape=("N", 2, 4, 4)) -> list[int]:
    """A chain of layers whose weights are all stored; their ids."""

    def edit(draft):
        last, ids = draft.add("Input", "x", {"shape": shape}), []
        for layer, params in layers:
            ids.append(draft.add(layer, None, params))
            draft.connect(last, 0, ids[-1], 0)
            last = ids[-1]
        return ids

    ids = document.edit("Draw", edit)
    store_all(document)
    return ids


def store_all(document) -> None:
    """Store random numbers for every weight."""

    def edit(draft):
        for (node, role), kind in weights.weights_in(document).items():
            array = np.asarray(RANDOM.standard_normal(kind.shape) * 10).astype(kind.dtype)
            tensor = add_tensor(draft, document.store.put(array), kind.shape, kind.dtype, f"{node}.{role}")
            set_weight(draft, node, role, tensor)

    document.edit("Store", edit)


def array_of(document, node, role) -> np.ndarray:
    row = document.tables.tensors[document.tables.weights[node, role]]
    return np.array(document.store.get(row.digest, row.shape, row.dtype))


def arrays_of(document) -> dict:
    return {key: array_of(document, *key) for key in document.tables.weights}


def test_a_smaller_layer_keeps_its_first_rows_and_the_next_its_first_columns(document):
    *_, first, second = draw(document)
    before, rows = snapshot(document.tables), arrays_of(document)
    updates = []
    document.subscribe(updates.append)
    commands.set_param(document, [first], "out_features", 2)
    np.testing.assert_array_equal(array_of(document, first, "weight"), rows[first, "weight"][:2])
    np.testing.assert_array_equal(array_of(document, first, "bias"), rows[first, "bias"][:2])
    np.testing.assert_array_equal(array_of(document, second, "weight"), rows[second, "weight"][:, :2])
    np.testing.assert_array_equal(array_of(document, second, "bias"), rows[second, "bias"])
    assert {(c.name, c.state, c.what) for c in updates[0].resized} == {
        ("fc1.weight", CHANGED, "kept 2 of 6 rows"), ("fc1.bias", CHANGED, "kept 2 of 6 values"),
        ("fc2.weight", CHANGED, "kept 2 of 6 columns"),
    }  # fmt: skip
    assert not [step.outgrown for step in document.network() if step.outgrown]
    assert document.undo() == "Set out_features of 'fc1' to 2"
    assert snapshot(document.tables) == before
    document.redo()
    np.testing.assert_array_equal(array_of(document, first, "weight"), rows[first, "weight"][:2])


def test_fewer_channels_go_through_norm_and_flatten(document):
    conv, norm, _, linear, _ = draw(document)
    rows = arrays_of(document)
    commands.set_param(document, [conv], "out_channels", 3)
    np.testing.assert_array_equal(array_of(document, norm, "running_var"), rows[norm, "running_var"][:3])
    np.testing.assert_array_equal(array_of(document, linear, "weight"), rows[linear, "weight"][:, : 3 * 16])
    assert array_of(document, norm, "num_batches_tracked") == rows[norm, "num_batches_tracked"]


def test_what_is_new_starts_as_the_layer_would(document):
    conv, norm, *_ = draw(document)
    commands.set_param(document, [conv], "out_channels", 7)
    assert array_of(document, norm, "weight")[4:].tolist() == [1, 1, 1]
    assert array_of(document, norm, "running_mean")[4:].tolist() == [0, 0, 0]
    bound = 1 / np.sqrt(2 * 9)
    fresh = array_of(document, conv, "weight")[4:]
    assert (np.abs(fresh) <= bound).all()
    assert fresh.std() > bound / 4


def test_a_value_typed_digit_by_digit_costs_nothing(document):
    *_, linear, _ = draw(document)
    before, rows = snapshot(document.tables), arrays_of(document)
    for value in (1, 10, 100):
        commands.set_param(document, [linear], "out_features", value, gesture="typing")
    np.testing.assert_array_equal(array_of(document, linear, "weight")[:6], rows[linear, "weight"])
    commands.set_param(document, [linear], "out_features", 6, gesture="typing")
    assert arrays_of(document).keys() == rows.keys()
    assert {k: v for k, v in snapshot(document.tables).items() if k != "meta"} == {
        k: v for k, v in before.items() if k != "meta"
    }


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6), how=st.sampled_from([KEEP, TILE]))
def test_any_way_back_to_the_old_size_brings_every_number_back(tmp_path_factory, library, sizes, how):
    store = TensorStore(tmp_path_factory.mktemp("tensors"))
    document = Document(library, store=store, folder=None)
    document.resizing = how
    *_, linear, _ = draw(document)
    states = [snapshot(document.tables)]
    rows = arrays_of(document)
    for size in sizes:
        commands.set_param(document, [linear], "out_features", size)
        states.append(snapshot(document.tables))
    commands.set_param(document, [linear], "out_features", 6)
    for key, array in arrays_of(document).items():
        np.testing.assert_array_equal(array, rows[key])
    while document.can_undo and document.undo_label.startswith("Set"):
        document.undo()
        assert snapshot(document.tables) in states
    assert snapshot(document.tables) == states[0]
    document.close()


def test_rewiring_by_way_of_another_shape_loses_nothing(document):
    ids = draw(document, [("Linear", {"out_features": 5}), ("Linear", {"out_features": 3})], ("N", 6))
    rows = arrays_of(document)
    other = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 2)})
    wire = document.tables.nodes[ids[0]].prior[0]
    commands.disconnect(document, [wire])
    commands.connect(document, other, 0, ids[0])
    assert array_of(document, ids[0], "weight").shape == (5, 2)
    commands.disconnect(document, [document.tables.nodes[ids[0]].prior[0]])
    commands.connect(document, wire.source, 0, ids[0])
    np.testing.assert_array_equal(array_of(document, ids[0], "weight"), rows[ids[0], "weight"])


def test_the_choice_can_be_to_repeat_or_to_start_anew(document):
    *_, linear, _ = draw(document)
    rows = arrays_of(document)
    document.resizing = TILE
    commands.set_param(document, [linear], "out_features", 8)
    np.testing.assert_array_equal(array_of(document, linear, "weight")[6:], rows[linear, "weight"][:2])
    document.resizing = NEW
    updates = []
    document.subscribe(updates.append)
    commands.set_param(document, [linear], "out_features", 9)
    assert (linear, "weight") not in document.tables.weights
    assert {change.state for change in updates[0].resized} == {CREATED}


def test_another_choice_afterwards_is_a_step_of_its_own(document):
    *_, linear, _ = draw(document)
    rows = arrays_of(document)
    updates = []
    document.subscribe(updates.append)
    commands.set_param(document, [linear], "out_features", 8)
    changes = updates[0].resized
    weights.resize_weights(document, changes, TILE)
    np.testing.assert_array_equal(array_of(document, linear, "bias")[6:], rows[linear, "bias"][:2])
    weights.resize_weights(document, changes, NEW)
    assert (linear, "bias") not in document.tables.weights
    weights.resize_weights(document, changes, KEEP)
    np.testing.assert_array_equal(array_of(document, linear, "bias")[:6], rows[linear, "bias"])
    assert document.undo().startswith("Keep the overlap of weights of 2 layers")
    assert document.undo().startswith("Initialise anew")
    np.testing.assert_array_equal(array_of(document, linear, "bias")[6:], rows[linear, "bias"][:2])


def test_a_tensor_of_another_rank_is_told_and_left(document):
    node = commands.add_layer(document, "Parameter", (0, 0), params={"shape": (2, 3)})
    store_all(document)
    updates = []
    document.subscribe(updates.append)
    commands.set_param(document, [node], "shape", (6,))
    (change,) = updates[0].resized
    assert (change.state, change.what) == (DROPPED, "2×3 does not go into 6; initialised anew")
    commands.set_param(document, [node], "shape", (2, 3))
    assert not [step for step in document.network() if step.outgrown]


def test_ties_stay_where_both_change(document):
    ids = [
        commands.add_layer(document, "Linear", (0, 0), params={"in_features": 6, "out_features": 6})
        for _ in "ab"
    ]
    store_all(document)
    tie(document, ids)
    commands.set_param(document, ids, "out_features", 4)
    first, second = (document.tables.weights[node, "weight"] for node in ids)
    assert first == second
    assert document.tables.tensors[first].shape == (4, 6)
    commands.set_param(document, ids[1:], "out_features", 3)
    first, second = (document.tables.weights[node, "weight"] for node in ids)
    assert [document.tables.tensors[number].shape for number in (first, second)] == [(4, 6), (3, 6)]


def tie(document, ids) -> None:
    """Let the weights of these nodes be one tensor."""
    tensor = document.tables.weights[ids[0], "weight"]
    document.edit("Tie", lambda draft: [set_weight(draft, node, "weight", tensor) for node in ids])


def test_resized_weights_survive_the_file_and_the_journal(library, tmp_path):
    store = TensorStore(tmp_path / "tensors")
    document = Document(library, store=store, folder=tmp_path / "one")
    *_, linear, _ = draw(document)
    before = arrays_of(document)
    commands.set_param(document, [linear], "out_features", 2)
    want = arrays_of(document)
    save_document(document, tmp_path / "d.sketch")
    document.close()
    again = Document(library, store=store, folder=tmp_path / "one")
    elsewhere = load_document(
        tmp_path / "d.sketch", library, store=TensorStore(tmp_path / "other"), folder=tmp_path / "two"
    )
    for found in (again, elsewhere):
        for key, array in arrays_of(found).items():
            np.testing.assert_array_equal(array, want[key])
        found.undo()
        for key, array in arrays_of(found).items():
            np.testing.assert_array_equal(array, before[key])
        found.close()


def test_undo_of_half_an_edit_leaves_nothing(document, monkeypatch):
    *_, linear, _ = draw(document)
    before = snapshot(document.tables)
    monkeypatch.setattr(
        type(document.store), "make", lambda *_: (_ for _ in ()).throw(RuntimeError("broken"))
    )
    with pytest.raises(RuntimeError, match="broken"):
        commands.set_param(document, [linear], "out_features", 2)
    assert snapshot(document.tables) == before
    assert document.inference.of(linear).params["out_features"] == 6


def test_reports_read_well(document):
    *_, linear, _ = draw(document)
    updates = []
    document.subscribe(updates.append)
    commands.set_param(document, [linear], "out_features", 60)
    assert counted(updates[0].resized) == "3 changed"
    text = report_text(updates[0].resized, "Set")
    assert text.splitlines()[0] == "Set: 3 changed"
    assert "changed  fc1.weight  kept 6 rows, 54 new" in text
    fact = report_facts(updates[0].resized)[0]
    assert (fact["shape_before"], fact["shape_after"], fact["state"]) == ([6, 64], [60, 64], CHANGED)


def known_of(document) -> dict:
    """What inference says of every node."""
    return {node_id: document.inference.of(node_id) for node_id in document.tables.nodes}


def test_a_brief_edit_that_the_weights_of_many_layers_may_follow_is_refused_whole(document):
    conv, *_ = draw(document)
    document.at_once = 1
    rows, known, updates = snapshot(document.tables), known_of(document), []
    turns = document.turn, document.order_turn
    document.subscribe(updates.append)
    with pytest.raises(TakesLongError), document.briefly():
        commands.set_param(document, [conv], "out_channels", 3)
    assert (snapshot(document.tables), known_of(document)) == (rows, known)
    assert (document.turn, document.order_turn) == turns
    assert not document.inference.is_behind
    assert updates == []
    assert document.history.undo_step.label == "Store"


def test_a_brief_edit_that_few_layers_follow_is_done(document):
    *_, last = draw(document)
    document.at_once = 1
    with document.briefly():
        commands.set_param(document, [last], "out_features", 2)
    assert array_of(document, last, "weight").shape == (2, 6)
    commands.set_param(document, [last], "out_features", 3)
    assert array_of(document, last, "weight").shape == (3, 6)


def test_a_brief_edit_without_stored_weights_is_done_and_shapes_follow(document):
    def edit(draft):
        last = first = draft.add("Input", "x", {"shape": ("N", 2, 4, 4)})
        for _ in range(6):
            node = draft.add("ReLU")
            draft.connect(last, 0, node, 0)
            last = node
        return first, last

    first, last = document.edit("Draw", edit)
    document.at_once = 1
    with document.briefly():
        commands.set_param(document, [first], "shape", ("N", 5, 4, 4))
    assert document.inference.output(last).shape[1] == 5


def test_a_brief_edit_that_very_many_weights_follow_is_refused_before_a_record_is_written(
    document, monkeypatch
):
    conv, *_ = draw(document, [LAYERS[0], *[("BatchNorm2d", {})] * 6])
    document.at_once, made = 1000, []
    make = document.store.make
    monkeypatch.setattr(document.store, "make", lambda recipe: (made.append(recipe), make(recipe))[1])
    with pytest.raises(TakesLongError), document.briefly():
        commands.set_param(document, [conv], "out_channels", 3)
    assert not made
    commands.set_param(document, [conv], "out_channels", 3)
    assert len(made) > FEW


def test_what_is_brief_is_the_first_edit_alone(document):
    conv, *_, last = draw(document)
    document.at_once = 1
    with document.briefly():
        commands.set_param(document, [last], "out_features", 2)
        commands.set_param(document, [conv], "out_channels", 3)
    assert array_of(document, conv, "weight").shape[0] == 3


def test_what_shapes_do_not_follow_is_brief_while_others_are_on_their_way(document):
    conv, *_ = draw(document, [LAYERS[0], *[("ReLU", {})] * 4])
    commands.set_param(document, [conv], "stride", 2)
    document.at_once = 1
    document.undo()
    assert document.inference.is_behind
    with document.briefly():
        commands.rename(document, conv, "first")
        commands.move(document, {conv: (5.0, 5.0)})
    with pytest.raises(TakesLongError), document.briefly():
        commands.set_param(document, [conv], "bias", False)
