"""Adding, removing and changing layers: what is wired to what, where it stands, how the step is called."""

from itertools import combinations

import pytest

from sketch.graph.errors import NamingError, ParameterError
from sketch.graph.geometry import NODE_HEIGHT, NODE_WIDTH
from sketch.graph.rows import Edge, Place
from sketch.state import commands
from tests.graph.random_edits import laws


def chain(document, *layers):
    ids = []
    for layer in layers:
        ids.append(commands.append_layer(document, layer, ids[-1:]))
    return ids


def into(document, node_id):
    return [edge.source for edge in document.tables.nodes[node_id].prior]


def test_a_layer_is_added_where_it_was_dropped(document) -> None:
    group = commands.add_layer(document, "Group", (0, 0))
    conv = commands.add_layer(document, "Conv2d", (5, 6), parent=group, params={"out_channels": 3})
    assert document.tables.places[conv] == Place(5, 6)
    assert document.tables.nodes[conv].parent == group
    assert document.tables.nodes[conv].params == {"out_channels": 3}
    assert document.undo_label == "Add Conv2d 'conv1'"
    operator = commands.add_layer(document, "com.acme:Magic", (0, 0))
    assert document.undo_label == f"Add Magic '{document.tables.nodes[operator].name}'"


def test_a_layer_that_would_cover_another_is_put_beside_it(document) -> None:
    one, two, three = (commands.add_layer(document, "ReLU", (0.0, 0.0)) for _ in range(3))
    free = commands.add_layer(document, "ReLU", (900.0, 0.0))
    places = document.tables.places
    assert (places[one], places[free]) == (Place(0.0, 0.0), Place(900.0, 0.0))
    stand = [(places[key].x, places[key].y) for key in (one, two, three)]
    apart = [
        abs(a[0] - b[0]) >= NODE_WIDTH or abs(a[1] - b[1]) >= NODE_HEIGHT for a, b in combinations(stand, 2)
    ]
    assert all(apart)
    document.undo()
    document.undo()
    assert list(document.tables.nodes) == [one, two]


def test_an_appended_layer_is_wired_below_the_end_of_the_selection(document) -> None:
    first, conv, relu = chain(document, "Input", "Conv2d", "ReLU")
    add = commands.append_layer(document, "Add", [first, conv, relu])
    assert into(document, add) == [relu]
    both = commands.append_layer(document, "Add", [first, relu])
    assert into(document, both) == [first, relu]
    places = document.tables.places
    assert places[relu].y > places[conv].y > places[first].y
    one = commands.append_layer(document, "ReLU", [conv])
    assert places[one].y == places[relu].y
    assert abs(places[one].x - places[relu].x) >= 184
    assert into(document, commands.append_layer(document, "ReLU", [])) == []
    assert into(document, commands.append_layer(document, "Group", [relu])) == []
    out = commands.append_layer(document, "Output", [relu])
    assert into(document, commands.append_layer(document, "ReLU", [out], place=(7, 7))) == []
    laws(document.tables)


def test_appending_to_a_group_wires_to_the_end_inside_it(document) -> None:
    first, conv, relu = chain(document, "Input", "Conv2d", "ReLU")
    group = commands.group(document, [conv, relu])
    assert into(document, commands.append_layer(document, "Flatten", [group])) == [relu]
    assert into(document, commands.append_layer(document, "Flatten", [first, 9999])) == [first]


def test_appending_takes_the_free_output(document) -> None:
    first = commands.append_layer(document, "Input", [])
    rnn = commands.append_layer(document, "LSTM", [first])
    one = commands.append_layer(document, "ReLU", [rnn])
    two = commands.append_layer(document, "ReLU", [rnn])
    assert document.tables.nodes[one].prior == (Edge(rnn, 0, one, 0),)
    assert document.tables.nodes[two].prior == (Edge(rnn, 1, two, 0),)


def test_deleting_rejoins_where_the_shape_fits(document) -> None:
    first, conv, relu, norm, flat, _out = chain(
        document, "Input", "Conv2d", "ReLU", "BatchNorm2d", "Flatten", "Output"
    )
    before = dict(document.tables.nodes)
    commands.remove(document, [relu, norm])
    assert into(document, flat) == [conv]
    assert document.undo_label == "Delete 2 layers"
    document.undo()
    assert document.tables.nodes == before
    commands.remove(document, [relu], rejoin=False)
    assert into(document, norm) == []
    document.undo()
    commands.remove(document, [first])
    assert into(document, conv) == []
    laws(document.tables)


def test_deleting_leaves_a_gap_where_the_shape_does_not_fit(document) -> None:
    _, conv, norm, _ = chain(document, "Input", "Conv2d", "BatchNorm2d", "Output")
    commands.set_param(document, [norm], "num_features", 64)
    commands.remove(document, [conv])
    assert into(document, norm) == []
    document.undo()
    commands.reset_param(document, [norm], "num_features")
    commands.remove(document, [conv])
    assert len(into(document, norm)) == 1


def test_deleting_keeps_the_order_of_a_concat(document) -> None:
    first = commands.append_layer(document, "Input", [])
    ends = [commands.append_layer(document, "ReLU", [first]) for _ in range(3)]
    join = commands.append_layer(document, "Concat", ends)
    order = into(document, join)
    commands.remove(document, [order[0]])
    assert into(document, join) == [first, *order[1:]]
    laws(document.tables)


def test_deleting_a_group_takes_its_members_and_notes(document) -> None:
    first, conv, relu, out = chain(document, "Input", "Conv2d", "ReLU", "Output")
    group = commands.group(document, [conv, relu])
    note = commands.add_note(document, "inside", (0, 0), parent=group)
    before = dict(document.tables.nodes), dict(document.tables.notes)
    commands.remove(document, [group, first])
    assert set(document.tables.nodes) == {out}
    assert not document.tables.notes
    document.undo()
    assert (document.tables.nodes, document.tables.notes) == before
    commands.remove(document, [note])
    assert document.undo_label == "Delete note"


def test_parameters_of_many_layers_and_of_a_gesture(document) -> None:
    convs = chain(document, "Conv2d", "Conv2d")
    for value in (3, 5, 7):
        commands.set_param(document, convs, "kernel_size", value, gesture="spin")
    assert all(document.tables.nodes[n].params["kernel_size"] == (7, 7) for n in convs)
    assert document.undo() == "Set kernel_size of 2 layers to 7"
    assert all(document.tables.nodes[n].params == {} for n in convs)
    with pytest.raises(ParameterError, match="'conv2': out_channels must be at least 1"):
        commands.set_param(document, [convs[1]], "out_channels", 0)
    commands.set_param(document, [convs[0]], "kernel_size", (1, 3))
    assert document.undo_label == "Set kernel_size of 'conv1' to 1×3"
    commands.reset_param(document, [convs[0]], "kernel_size")
    assert document.tables.nodes[convs[0]].params == {}


def test_long_values_and_names_are_cut_in_labels(document) -> None:
    shape = commands.add_layer(document, "Constant", (0, 0))
    commands.rename(document, shape, "x" * 100)
    commands.set_param(document, [shape], "value", tuple(range(100)))
    assert document.undo_label == f"Set value of '{'x' * 39}…' to 100 values"
    commands.set_param(document, [shape], "dtype", "float64")
    operator = commands.add_layer(document, "a:B", (0, 0))
    commands.set_param(document, [operator], "text", "y" * 100)
    assert document.undo_label.endswith("to " + "y" * 39 + "…")


def test_rename_and_replace(document) -> None:
    one, two = chain(document, "Conv2d", "Conv2d")
    commands.rename(document, one, "stem")
    assert document.tables.named(None, "stem") == one
    with pytest.raises(NamingError, match="taken"):
        commands.rename(document, two, "stem")
    commands.set_param(document, [two], "out_channels", 9)
    commands.replace_layer(document, two, "Conv1d")
    node = document.tables.nodes[two]
    assert (node.layer, node.params, into(document, two)) == ("Conv1d", {"out_channels": 9}, [one])
    assert document.undo_label == "Change 'conv2' to Conv1d"
