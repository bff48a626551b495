"""Commands on weights: load, paste, initialise, reset, freeze. One step each, undo brings the same tensors back."""

import numpy as np
import pytest

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.errors import ParameterError
from sketch.graph.freezing import frozen_roles
from sketch.graph.recipes import KEEP, TILE
from sketch.graph.rows import TensorRow
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.clip import Clip
from sketch.state.commands import weights, weights_pasting
from sketch.state.commands.weights import SKIP, WeightError
from sketch.state.weight_changes import CHANGED, CREATED, DROPPED, KEPT, stored_by_key
from tests.state.test_resizing import array_of, arrays_of, draw, store_all, tie


def given_row(document, array, name="theirs", dtype=""):
    digest = document.store.put(array, dtype or None)
    return TensorRow(0, digest, array.shape, dtype or array.dtype.name, name)


SQUARES = [("Linear", {"in_features": 6, "out_features": 6})] * 2


def two(document):
    """Two Linear layers, 6 to 5 to 3, nothing stored."""
    ids = []
    last = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 6)})
    for size in (5, 3):
        ids.append(commands.add_layer(document, "Linear", (0, 100), params={"out_features": size}))
        commands.connect(document, last, 0, ids[-1])
        last = ids[-1]
    return ids


def test_loading_replaces_creates_and_reports_every_tensor(document):
    first, second = two(document)
    array = np.arange(30, dtype=np.float32).reshape(5, 6)
    wide = np.arange(40, dtype=np.float32).reshape(5, 8)
    before = snapshot(document.tables)
    given = {
        (first, "weight"): given_row(document, array, "a"),
        (second, "weight"): given_row(document, wide, "b"),
        (second, "bias"): given_row(document, np.ones(3), "c"),
    }
    unused = [given_row(document, np.ones(2), "extra")]
    report = weights.load_weights(document, given, SKIP, unused=unused, source="theirs.npz")
    assert [(c.name, c.state, c.what) for c in report] == [
        ("fc1.weight", CREATED, "from a"),
        ("fc1.bias", KEPT, "new, 5"),
        ("fc2.weight", KEPT, "new, 3×5: b is 5×8, needed is 3×5"),
        ("fc2.bias", CREATED, "from c, converted from float64"),
        ("extra", DROPPED, "2 in theirs.npz, not used"),
    ]
    np.testing.assert_array_equal(array_of(document, first, "weight"), array)
    assert array_of(document, second, "bias").dtype == np.float32
    assert document.undo() == "Load 2 weights from theirs.npz"
    assert snapshot(document.tables) == before


@pytest.mark.parametrize(("how", "rows"), [(KEEP, [0, 1, 2]), (TILE, [0, 1, 2])])
def test_what_does_not_fit_can_be_cut_or_repeated(document, how, rows):
    _, second = two(document)
    array = np.arange(12, dtype=np.float32).reshape(4, 3)
    weights.load_weights(document, {(second, "weight"): given_row(document, array)}, how)
    found = array_of(document, second, "weight")
    np.testing.assert_array_equal(found[:, :3], array[rows])
    if how == TILE:
        np.testing.assert_array_equal(found[:, 3:], array[rows][:, :2])


def test_loading_nothing_that_fits_is_refused_and_changes_nothing(document):
    first, _ = two(document)
    before = snapshot(document.tables)
    with pytest.raises(WeightError, match="None of these tensors fits"):
        weights.load_weights(document, {(first, "weight"): given_row(document, np.ones((2, 2)))})
    with pytest.raises(WeightError):
        weights.load_weights(document, {(first, "weight"): given_row(document, np.ones((2, 2, 2)))}, KEEP)
    assert snapshot(document.tables) == before
    assert not document.undo_label.startswith("Load")


def test_tied_weights_that_get_the_same_tensor_stay_tied(document):
    first, second = draw(
        document, [("Linear", {"out_features": 6}), ("Linear", {"out_features": 6})], ("N", 6)
    )
    row = given_row(document, np.eye(6, dtype=np.float32))
    given = {(first, "weight"): row, (second, "weight"): row}
    weights.load_weights(document, given)
    assert document.tables.weights[first, "weight"] != document.tables.weights[second, "weight"]
    document.undo()
    tie(document, [first, second])
    weights.load_weights(document, given)
    assert document.tables.weights[first, "weight"] == document.tables.weights[second, "weight"]
    report = weights.initialise(document, [(first, "weight")], "normal")
    assert [change.name for change in report] == ["fc1.weight", "fc2.weight"]
    assert document.tables.weights[first, "weight"] == document.tables.weights[second, "weight"]
    assert weights.freeze(document, [(second, "weight")]) == 2


def test_keys_are_those_of_a_state_dict(document):
    draw(document)
    commands.add_layer(document, "Parameter", (0, 0), params={"shape": (2,)})
    store_all(document)
    by_key, by_name = stored_by_key(document.tables)
    assert {"conv1.weight", "bn1.running_mean", "fc1.bias", "param1"} <= by_key.keys()
    assert len(by_name) == len(by_key)


def test_initialising_is_one_step_from_the_seed(document):
    first, second = two(document)
    keys = list(weights.weights_in(document))
    report = weights.initialise(document, keys, "kaiming_normal", {"a": 0.1}, lists=[(first, "bias")])
    states = {change.name: (change.state, change.what) for change in report}
    assert states["fc1.weight"] == (CREATED, "Kaiming normal (a 0.1, fan_in)")
    assert states["fc1.bias"] == (CREATED, "Zeros")
    assert states["fc2.bias"] == (KEPT, "as it was: Kaiming normal needs 2 dimensions")
    one = arrays_of(document)
    assert (one[first, "bias"] == 0).all()
    weights.initialise(document, keys, "kaiming_normal", {"a": 0.1}, seed=7)
    assert not np.array_equal(array_of(document, first, "weight"), one[first, "weight"])
    document.undo()
    for key, array in arrays_of(document).items():
        np.testing.assert_array_equal(array, one[key])
    document.undo()
    assert not document.tables.weights
    with pytest.raises(ParameterError, match="no argument 'b'"):
        weights.initialise(document, keys, "kaiming_normal", {"b": 1})
    with pytest.raises(WeightError, match="needs 2 dimensions"):
        weights.initialise(document, [(second, "bias")], "orthogonal")


def test_reset_lets_go_and_row_of_gives_what_compiling_would(document):
    first, _ = two(document)
    start = weights.row_of(document, (first, "weight"))
    want = document.store.get(start.digest, start.shape, start.dtype)
    weights.initialise(document, [(first, "weight")], "ones")
    assert weights.row_of(document, (first, "weight")).id
    (change,) = weights.reset_weights(document, [(first, "weight")])
    assert change.state == DROPPED
    again = weights.row_of(document, (first, "weight"))
    np.testing.assert_array_equal(document.store.get(again.digest, again.shape, again.dtype), want)


def test_frozen_weights_are_counted_undone_copied_and_gone_with_their_node(document):
    conv, norm, _, linear, _ = draw(document)
    keys = list(weights.weights_in(document, [conv, norm]))
    assert weights.freeze(document, keys) == 4  # the running statistics are no parameters
    assert frozen_roles(document.tables.meta, norm) == {"weight", "bias"}
    total, frozen = weights.parameter_counts(document)
    assert (total, frozen) == (document.inference.total_parameters, 4 * 2 * 9 + 4 + 8)
    steps = document.network().by_id
    assert (steps[conv].frozen, steps[linear].frozen) == ({"weight", "bias"}, frozenset())
    clip = Clip.from_text(commands.copy(document, [conv, linear]).to_text())
    made = commands.paste(document, clip, (0, 0))
    assert [frozen_roles(document.tables.meta, node) for node in made] == [{"weight", "bias"}, frozenset()]
    document.undo()
    commands.remove(document, [conv])
    assert frozen_roles(document.tables.meta, conv) == frozenset()
    document.undo()
    assert weights.freeze(document, [(conv, "bias")], frozen=False) == 1
    assert frozen_roles(document.tables.meta, conv) == {"weight"}
    with pytest.raises(WeightError, match="no frozen weight"):
        weights.freeze(document, [(linear, "bias")], frozen=False)
    document.undo()
    document.undo()
    assert weights.parameter_counts(document) == (total, 0)


def test_weights_are_pasted_by_name_else_in_order(document):
    first, second = draw(document, SQUARES, ("N", 6))
    third = commands.duplicate(document, [first, second])
    store_all(document)
    rows = arrays_of(document)
    clip = commands.copy(document, [second])
    pairs = weights_pasting.pairs(document, clip, [*third, first])
    report = weights_pasting.paste_weights(document, clip, pairs)
    for node in (*third, first):
        np.testing.assert_array_equal(array_of(document, node, "weight"), rows[second, "weight"])
    assert len({document.tables.weights[node, "weight"] for node in (*third, first, second)}) == 4
    assert {change.state for change in report if change.node in (*third, first)} == {CHANGED}
    assert document.undo() == "Paste 6 weights"
    both = commands.copy(document, [first, second])
    pairs = weights_pasting.pairs(document, both, third)
    weights_pasting.paste_weights(document, both, pairs)
    for node, source in zip(third, (first, second), strict=True):
        np.testing.assert_array_equal(
            array_of(document, node, "weight"), array_of(document, source, "weight")
        )
    assert rows.keys() <= arrays_of(document).keys()


def test_layers_of_other_names_take_weights_in_order_each_once(document):
    made = draw(document, SQUARES, ("N", 6))
    copies = commands.duplicate(document, [*made, *commands.duplicate(document, made)])
    for number, node in enumerate(copies):
        commands.rename(document, node, f"other{number}")
    store_all(document)
    pairs = weights_pasting.pairs(document, commands.copy(document, made), copies)
    taken = {node: row.digest for (node, role), row in pairs.items() if role == "weight"}
    given = [document.tables.tensors[document.tables.weights[node, "weight"]].digest for node in made]
    assert sorted(taken.values()) == sorted(given)
    assert len(copies) == 4
    assert taken.keys() < set(copies)


def test_a_weight_whose_first_values_depend_on_an_unknown_size_is_left_out(document):
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", "F")})
    linear = commands.append_layer(document, "Linear", [source])
    assert document.inference.of(linear).weights["bias"].count is not None
    assert weights.weights_in(document, [linear]) == {}
    with pytest.raises(WeightError, match="no weights"):
        weights_pasting.with_initial(document, commands.copy(document, [linear]))
    commands.set_param(document, [source], "shape", ("N", 6))
    assert set(weights.weights_in(document, [linear])) == {(linear, "weight"), (linear, "bias")}


def test_groups_are_pasted_below_their_own_names(document):
    ids = draw(document, SQUARES, ("N", 6))
    one = commands.group(document, ids)
    (two_,) = commands.duplicate(document, [one])
    store_all(document)
    clip = commands.copy(document, [one])
    pairs = weights_pasting.pairs(document, clip, [two_])
    weights_pasting.paste_weights(document, clip, pairs)
    for node, source in zip(document.tables.children(two_), document.tables.children(one), strict=True):
        np.testing.assert_array_equal(array_of(document, node, "bias"), array_of(document, source, "bias"))


def test_shapes_that_differ_are_named_and_can_be_cut(document):
    first, second = two(document)
    store_all(document)
    clip = commands.copy(document, [first])
    pairs = weights_pasting.pairs(document, clip, [second])
    assert weights_pasting.misfits(document, pairs) == [
        "fc2.weight: 3×5, copied: 5×6", "fc2.bias: 3, copied: 5"
    ]  # fmt: skip
    with pytest.raises(WeightError, match="None of these"):
        weights_pasting.paste_weights(document, clip, pairs, SKIP)
    weights_pasting.paste_weights(document, clip, pairs, KEEP)
    np.testing.assert_array_equal(
        array_of(document, second, "weight"), array_of(document, first, "weight")[:3, :5]
    )


def test_weights_that_are_not_stored_yet_are_copied_as_they_would_start(document):
    first, _ = two(document)
    clip = weights_pasting.with_initial(document, commands.copy(document, [first]))
    start = weights.row_of(document, (first, "weight"))
    want = document.store.get(start.digest, start.shape, start.dtype)
    (copy,) = commands.paste(document, clip, (0, 0))
    np.testing.assert_array_equal(array_of(document, copy, "weight"), want)
    relu = commands.add_layer(document, "ReLU", (0, 0))
    with pytest.raises(WeightError, match="have no weights"):
        weights_pasting.with_initial(document, commands.copy(document, [relu]))
    with pytest.raises(WeightError, match="have no weights of the kind"):
        weights_pasting.pairs(document, clip, [relu])


def test_what_operators_store_can_be_looked_at_but_is_no_weight(document):
    node = commands.add_layer(document, "ai.onnx:MatMul", (0, 0))

    def edit(draft):
        number = add_tensor(draft, document.store.put(np.eye(3, dtype=np.float32)), (3, 3), "float32", "W")
        set_weight(draft, node, "input1", number)

    document.edit("Store", edit)
    assert weights.tensors_in(document, [node]) == [(node, "input1")]
    assert weights.weights_in(document) == {}
    assert weights.row_of(document, (node, "input1")).name == "W"
