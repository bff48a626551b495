"""Live inference knows after any edits what it would find from nothing, and walks no further than it must."""

import pytest
from hypothesis import given, settings

from sketch.graph import attachments
from sketch.graph.delta import inverse
from sketch.graph.dims import symbol
from sketch.graph.errors import CycleError, GraphError
from sketch.graph.rows import ValueType
from tests.graph.conftest import Board
from tests.graph.random_edits import SESSIONS, act, laws, same_inference


@settings(max_examples=150)
@given(SESSIONS)
def test_incremental_is_from_scratch(session) -> None:
    board = Board()
    for numbers in session:
        draft = board.draft()
        try:
            act(draft, numbers)
        except GraphError:
            continue
        board.apply(draft.delta())
        same_inference(board.inference, board.tables)
    laws(board.tables)


def test_only_what_changes_is_visited(board) -> None:
    first, conv, relu, flat = board.chain("Input", "Conv2d", "ReLU", "Flatten")
    n = symbol("N")
    assert board.inference.output(flat) == ValueType("float32", (n, 64 * 222 * 222))
    draft = board.draft()
    draft.set_param(conv, "bias", False)
    done = board.apply(draft.delta())
    assert done.changed == {conv}
    draft = board.draft()
    draft.set_param(conv, "padding", 1)
    assert board.apply(draft.delta()).changed == {conv, relu, flat}
    assert board.inference.total_parameters == 64 * 27
    draft = board.draft()
    draft.move(conv, 5, 5)
    draft.rename(conv, "x")
    attachments.add_note(draft, "n", (0, 0))
    done = board.apply(draft.delta())
    assert (done.changed, done.removed) == (frozenset(), frozenset())
    draft = board.draft()
    draft.remove([conv])
    done = board.apply(draft.delta())
    assert done.removed == {conv}
    assert done.changed == {relu, flat}
    assert board.inference.output(relu) is None
    assert board.inference.output(conv) is None
    assert board.inference.output(first, 4) is None
    assert board.inference.total_parameters == 0


def test_a_wrong_shape_is_explained_where_it_is(board) -> None:
    _, flat, conv = board.chain("Input", "Flatten", "Conv2d")
    (problem,) = board.inference.problems_of(conv)
    assert problem.severity == "error"
    assert board.inference.problems() == (problem,)
    assert board.inference.problems_of(flat) == ()
    assert board.inference.of(conv).outputs == (None,)
    assert conv in board.inference.unknown_parameters
    board.edit(lambda draft: draft.remove([flat]))
    assert [p.code for p in board.inference.problems()] == ["input-missing"]


def test_tied_tensors_count_once_as_long_as_they_fit(board) -> None:
    _, one, two = board.chain("Input", "Conv2d", "Conv2d")
    board.edit(lambda draft: [draft.set_param(n, "bias", False) for n in (one, two)])
    board.edit(lambda draft: draft.set_param(one, "out_channels", 3))
    board.edit(lambda draft: draft.set_param(two, "out_channels", 3))
    assert board.inference.total_parameters == 2 * 81
    tensor = board.edit(lambda draft: attachments.add_tensor(draft, "ab", (3, 3, 3, 3), "float32"))
    for node in (one, two):
        board.edit(lambda draft, node=node: attachments.set_weight(draft, node, "weight", tensor))
    assert board.inference.total_parameters == 81
    board.edit(lambda draft: draft.set_param(two, "out_channels", 5))
    assert board.inference.total_parameters == 81 + 5 * 27
    assert [p.code for p in board.inference.problems_of(two)] == ["weight-shape"]
    row = board.tables.tensors[tensor]
    board.edit(lambda draft: draft.put("tensors", tensor, type(row)(tensor, "cd", (5, 3, 3, 3), "float32")))
    assert board.inference.total_parameters == 81 + 5 * 27
    assert [p.code for p in board.inference.problems_of(one)] == ["weight-shape"]
    board.edit(lambda draft: draft.remove([one]))
    same_inference(board.inference, board.tables)


def test_declared_types_and_open_outputs_of_operators(board) -> None:
    operator, relu = board.edit(lambda draft: [draft.add("x:Op"), draft.add("ReLU")])
    board.edit(lambda draft: draft.connect(operator, 2, relu, 0))
    assert len(board.inference.of(operator).outputs) == 3
    kind = ValueType("float32", (1, 2))
    board.edit(lambda draft: attachments.set_hint(draft, operator, 2, kind))
    assert board.inference.output(relu) == kind
    board.edit(lambda draft: draft.disconnect(draft.node(operator).next[0]))
    same_inference(board.inference, board.tables)


def test_a_loop_is_refused_and_restart_knows_the_rows_again(board) -> None:
    one, two = board.chain("Add", "ReLU")
    draft = board.draft()
    draft.connect(two, 0, one, 0, check_cycle=False)
    delta = draft.delta()
    board.tables.apply(delta)
    with pytest.raises(CycleError):
        board.inference.follow(board.tables, delta)
    board.tables.apply(inverse(delta))
    board.inference.restart(board.tables)
    same_inference(board.inference, board.tables)
    assert one in board.inference
