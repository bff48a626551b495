"""The document: refusals change nothing, everybody hears of every change once, in order."""

import numpy as np
import pytest

from sketch.graph.draft import Draft
from sketch.graph.errors import CycleError, GraphError, StaleDeltaError, UnknownLayerError, UnknownNodeError
from sketch.graph.rows import Node
from sketch.graph.tables import snapshot, whole
from sketch.state import commands
from sketch.state.document import Document
from tests.graph.random_edits import laws, same_inference


def chain(document, *layers):
    ids = []
    for layer in layers:
        ids.append(commands.append_layer(document, layer, ids[-1:]))
    return ids


def test_listeners_hear_in_order_until_they_leave(document) -> None:
    heard = []
    leave = document.subscribe(lambda update: heard.append(("first", update.cause, update.label)))
    document.subscribe(
        lambda update: heard.append(("second", sorted(update.inferred.changed), len(update.delta)))
    )
    one = commands.add_layer(document, "ReLU", (0, 0))
    document.undo()
    leave()
    leave()
    document.redo()
    assert heard == [
        ("first", "edit", "Add ReLU 'relu1'"), ("second", [one], 3),
        ("first", "undo", "Add ReLU 'relu1'"), ("second", [], 3),
        ("second", [one], 3),
    ]  # fmt: skip


def test_a_listener_may_not_edit_and_its_error_reaches_the_caller_after_all_were_told(document) -> None:
    heard = []
    document.subscribe(lambda update: document.undo())
    document.subscribe(heard.append)
    with pytest.raises(RuntimeError, match="while it was changing"):
        commands.add_layer(document, "ReLU", (0, 0))
    assert len(heard) == 1
    assert len(document.tables.nodes) == 1


def test_a_refusal_changes_nothing(document) -> None:
    one, two = chain(document, "ReLU", "ReLU")
    before, steps = snapshot(document.tables), len(document.history)
    for edit in (
        lambda draft: draft.connect(two, 0, one, 0),
        lambda draft: (draft.add("ReLU"), draft.add("NoSuchLayer")),
        lambda draft: draft.set_param(99, "x", 1),
    ):
        with pytest.raises(GraphError):
            document.edit("refused", edit)
    assert snapshot(document.tables) == before
    assert len(document.history) == steps
    assert document.edit("nothing", lambda draft: 7) == 7
    assert len(document.history) == steps


def test_a_cycle_that_only_inference_sees_is_taken_back(document) -> None:
    one, _two, three = chain(document, "ReLU", "ReLU", "Add")
    before = snapshot(document.tables)
    with pytest.raises(CycleError):
        document.edit(
            "loop",
            lambda draft: (
                draft.connect(three, 0, draft.add("ReLU"), 0, check_cycle=False)
                and draft.connect(3, 0, three, 1, check_cycle=False)
            ),
        )
    assert snapshot(document.tables) == before
    assert not document.can_redo
    same_inference(document.inference, document.tables)
    commands.connect(document, one, 0, three)
    same_inference(document.inference, document.tables)


def test_a_row_with_an_unknown_layer_is_taken_back(document) -> None:
    with pytest.raises(UnknownLayerError):
        document.edit("odd", lambda draft: draft.put("nodes", 1, Node(1, "Nothing", "x")))
    assert not document.tables.nodes
    laws(document.tables)


def test_labels_and_marks_follow_the_cursor(document) -> None:
    assert (document.can_undo, document.undo_label, document.can_redo, document.redo_label) == (
        False,
        None,
        False,
        None,
    )
    assert document.undo() is None
    assert document.redo() is None
    commands.add_layer(document, "ReLU", (0, 0))
    assert document.is_modified
    document.mark_saved()
    assert not document.is_modified
    assert not document.changed_outside()
    commands.add_layer(document, "GELU", (0, 0))
    assert document.undo_label == "Add GELU 'gelu1'"
    assert document.undo() == "Add GELU 'gelu1'"
    assert (document.redo_label, document.is_modified) == ("Add GELU 'gelu1'", False)
    document.jump(0)
    assert document.is_modified
    assert not document.tables.nodes
    with pytest.raises(GraphError, match="no step 9"):
        document.jump(9)


def test_load_is_a_beginning_that_undo_does_not_cross(document, library) -> None:
    chain(document, "Input", "ReLU", "Output")
    other = Document(library, store=document.store, folder=None)
    heard = []
    other.subscribe(heard.append)
    other.load(whole(document.tables), "Open net")
    assert not other.can_undo
    assert not other.is_modified
    assert heard[0].cause == "load"
    assert other.history.entries()[0].label == "Open net"
    assert other.tables.nodes == document.tables.nodes
    with pytest.raises(StaleDeltaError):
        other.load(whole(document.tables), "again")
    same_inference(other.inference, other.tables)


def test_the_network_is_frozen_while_the_document_goes_on(document) -> None:
    _, conv, _ = chain(document, "Input", "Conv2d", "Output")
    network = document.network("net")
    commands.set_param(document, [conv], "out_channels", 7)
    assert network.name == "net"
    assert network.step(conv).params["out_channels"] == 64
    assert network.tables.nodes[conv].params == {}
    assert document.network().step(conv).types[0].shape[1] == 7
    assert network.store is document.store


def test_problems_are_worked_out_once_a_state(document) -> None:
    conv = commands.add_layer(document, "Conv2d", (0, 0))
    found = document.problems()
    assert {problem.code for problem in found} == {"input-missing", "no-input", "no-output"}
    assert document.problems() is found
    commands.move(document, {conv: (1, 1)})
    assert document.problems() == found
    document.undo()
    assert document.problems() is not found


def test_one_gesture_is_one_step(document) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    for x in range(5):
        commands.move(document, {one: (x, 0)}, gesture="drag 1")
    commands.move(document, {one: (9, 9)}, gesture="drag 2")
    assert len(document.history) == 3
    document.undo()
    assert document.tables.places[one].x == 4
    document.undo()
    assert document.tables.places[one].x == 0


def test_the_chosen_kernel_is_kept(document) -> None:
    assert document.kernel == "pytorch"
    document.kernel = "onnx"
    assert document.kernel == "onnx"
    assert document.journal is None


def test_an_edit_of_a_long_network_costs_only_its_own_walk(library, document) -> None:
    def build(draft: Draft) -> list[int]:
        ids = [draft.add("Input", params={"shape": (1, 8, 32, 32)})]
        for _ in range(300):
            ids.append(draft.add("Conv2d", params={"out_channels": 8, "kernel_size": 1}))
            draft.connect(ids[-2], 0, ids[-1], 0, check_cycle=False)
        return ids

    ids = document.edit("build", build)
    seen = []
    document.subscribe(lambda update: seen.append(update.inferred.changed))
    commands.set_param(document, [ids[150]], "out_channels", 9)
    commands.set_param(document, [ids[150]], "bias", False)
    commands.move(document, {ids[150]: (5, 5)})
    commands.rename(document, ids[150], "other")
    assert seen == [{ids[150], ids[151]}, {ids[150]}, set(), set()]
    weights = 8 * 8 + 8
    assert document.inference.total_parameters == 298 * weights + (8 * 9) + (9 * 8 + 8)
    assert np.isfinite(document.tables.places[ids[150]].x)


def test_a_closed_document_refuses_in_one_line(document) -> None:
    conv = commands.add_layer(document, "Conv2d", (0, 0))
    document.close()
    with pytest.raises(GraphError, match="The drawing was closed"):
        commands.rename(document, conv, "stem")
    assert document.tables.nodes[conv].name == "conv1"


def test_a_copy_made_beside_is_of_its_moment_or_none(document) -> None:
    chain(document, "Input", "Conv2d", "ReLU")
    taken = document.snapshot_beside()
    copy = taken()
    assert (copy.turn, snapshot(copy.tables)) == (document.turn, snapshot(document.tables))
    same_inference(copy.inference, copy.tables)
    chain(document, "ReLU")
    assert len(copy.tables.nodes) == 3
    assert taken() is None
    taken = document.snapshot_beside()
    with pytest.raises(UnknownNodeError):
        document.edit("Refused", lambda draft: draft.node(99))
    assert taken() is None, "a refused edit may have touched rows for a moment"
    taken = document.snapshot_beside()
    document.close()
    assert taken() is None


def test_a_copy_made_beside_is_none_while_shapes_are_on_their_way(document) -> None:
    first, *_ = chain(document, "Input", "Conv2d", "ReLU", "ReLU", "ReLU")
    document.at_once = 0
    taken = document.snapshot_beside()
    commands.set_param(document, [first], "shape", (1, 5, 30, 30))
    assert document.inference.is_behind
    assert document.snapshot_beside()() is None
    assert taken() is None
    document.go_on(lambda: False)
    assert document.snapshot_beside()().tables.nodes == document.tables.nodes
