"""Drafts: verbs over an unchanged base, each refusal by name."""

import pytest
from hypothesis import given, settings

from sketch.graph import attachments
from sketch.graph.draft import Draft
from sketch.graph.errors import (
    CycleError,
    GraphError,
    GroupError,
    NamingError,
    ParameterError,
    PortTakenError,
    UnknownLayerError,
    UnknownNodeError,
    UnknownPortError,
    WireError,
)
from sketch.graph.infer import Inference
from sketch.graph.rows import Edge, Place, ValueType
from sketch.graph.tables import Tables, snapshot
from tests.graph.random_edits import SESSIONS, act, library


def test_a_draft_leaves_its_base_alone(board) -> None:
    board.chain("Input", "ReLU")
    before = snapshot(board.tables)
    draft = board.draft()
    draft.remove([1])
    draft.add("Conv2d")
    assert snapshot(board.tables) == before
    assert [draft.get("nodes", 1), draft.node(3).name] == [None, "conv1"]
    assert draft.members(None) == [2, 3]


def test_rows_that_end_as_they_began_are_no_change(board) -> None:
    one, two = board.chain("Input", "ReLU")
    draft = board.draft()
    edge = Edge(one, 0, two, 0)
    draft.disconnect(edge)
    draft.connect(one, 0, two, 0)
    draft.rename(one, "x")
    draft.rename(one, "input1")
    assert draft.delta() == ()


def test_ids_are_never_used_again(board) -> None:
    one = board.edit(lambda draft: draft.add("ReLU"))
    board.edit(lambda draft: draft.remove([one]))
    assert board.edit(lambda draft: attachments.add_note(draft, "n", (0, 0))) == one + 1
    assert board.edit(lambda draft: attachments.add_tensor(draft, "ab", (), "int8")) == one + 2


def test_names(board) -> None:
    group = board.edit(lambda draft: draft.add("Group"))
    draft = board.draft()
    names = [draft.node(draft.add("Conv2d", parent=p)).name for p in (None, None, group)]
    assert names == ["conv1", "conv2", "conv1"]
    named = draft.add("Conv2d", "stem")
    for name in ("", "x" * 4097, "a\tb"):
        with pytest.raises(NamingError, match="1 to 4096"):
            draft.rename(named, name)
    with pytest.raises(NamingError, match="taken"):
        draft.rename(named, "conv1")
    draft.rename(named, "stem")
    draft.rename(named, "trunk")
    assert draft.named(None, "stem") is None
    assert draft.named(None, "trunk") == named


def test_refused_additions(board) -> None:
    one = board.edit(lambda draft: draft.add("ReLU"))
    draft = board.draft()
    with pytest.raises(UnknownLayerError, match="no layer 'Nope'"):
        draft.add("Nope")
    with pytest.raises(ParameterError, match="no parameter 'x'"):
        draft.add("ReLU", params={"x": 1})
    with pytest.raises(GroupError, match="'relu1' is no group"):
        draft.add("ReLU", parent=one)
    with pytest.raises(UnknownNodeError, match="no node 77"):
        draft.add("ReLU", parent=77)


def test_refused_wires(board) -> None:
    first, relu, out, group, chunk = board.edit(
        lambda draft: [draft.add(name) for name in ("Input", "ReLU", "Output", "Group", "Chunk")]
    )
    draft = board.draft()
    edge = draft.connect(first, 0, relu, 0)
    for error, wire in (
        (PortTakenError, (first, 0, relu, 0)), (UnknownPortError, (first, 1, out, 0)),
        (UnknownPortError, (relu, 0, out, 3)), (UnknownPortError, (out, 0, relu, 0)), (WireError, (group, 0, out, 0)),
        (WireError, (first, 0, group, 0)), (CycleError, (chunk, 0, chunk, 0)), (UnknownNodeError, (99, 0, out, 0)),
        (UnknownPortError, (chunk, 2, out, 0)), (UnknownPortError, (relu, 0, out, -1)),
    ):  # fmt: skip
        with pytest.raises(error):
            draft.connect(*wire)
    with pytest.raises(WireError, match="no such wire"):
        draft.disconnect(Edge(relu, 0, out, 0))
    draft.connect(relu, 0, chunk, 0)
    with pytest.raises(CycleError, match="loop"):
        draft.rewire(Edge(relu, 0, chunk, 0), chunk, 0)
    with pytest.raises(WireError, match="no such wire"):
        draft.rewire(Edge(relu, 0, out, 0), first, 0)
    assert draft.rewire(edge, first, 0) == edge


def test_a_loop_through_others_is_refused(board) -> None:
    add, relu, gelu = board.chain("Add", "ReLU", "GELU")
    with pytest.raises(CycleError, match="from 'gelu1' to 'add1' would close a loop"):
        board.draft().connect(gelu, 0, add, 1)
    with pytest.raises(CycleError):
        board.draft().rewire(Edge(add, 0, relu, 0), gelu, 0)


def test_variadic_inputs_close_up_and_operators_keep_their_gaps(board) -> None:
    sources = board.edit(lambda draft: [draft.add("Input") for _ in range(4)])
    for layer, left in (("Add", [(0, 2), (1, 4)]), ("x:Op", [(1, 2), (3, 4)])):
        node = board.edit(lambda draft, layer=layer: draft.add(layer))
        board.edit(
            lambda draft, node=node: [draft.connect(s, 0, node, draft.free_input(node)) for s in sources]
        )
        board.edit(lambda draft, node=node: [draft.disconnect(draft.node(node).prior[n]) for n in (2, 0)])
        assert board.sources(node) == left


def test_removing_a_producer_that_feeds_two_ports_of_one_layer(board) -> None:
    first, cat = board.edit(lambda draft: [draft.add("Input"), draft.add("Concat")])
    other = board.edit(lambda draft: draft.add("Input"))
    board.edit(
        lambda draft: [draft.connect(n, 0, cat, into) for n, into in ((first, 1), (other, 2), (first, 0))]
    )
    board.edit(lambda draft: draft.remove([first]))
    assert board.sources(cat) == [(0, other)]
    assert first not in board.inference


def test_free_inputs(board) -> None:
    where, add, lstm, relu, first = board.edit(
        lambda draft: [draft.add(name) for name in ("Where", "Add", "LSTM", "ReLU", "Input")]
    )
    draft = board.draft()
    found = []
    for _ in range(3):
        found.append(draft.free_input(where))
        draft.connect(first, 0, where, found[-1])
    assert found == [0, 1, 2]
    assert draft.free_input(where) is None
    assert draft.free_input(first) is None
    draft.connect(first, 0, add, 0)
    assert draft.free_input(add) == 1
    draft.connect(first, 0, lstm, 0)
    assert draft.free_input(lstm) == 1
    draft.connect(first, 0, relu, 0)
    assert draft.free_input(relu) is None


def test_parameters_that_equal_the_default_are_not_stored(board) -> None:
    conv = board.edit(lambda draft: draft.add("Conv2d"))
    draft = board.draft()
    draft.set_param(conv, "out_channels", 64)
    assert draft.node(conv).params == {}
    draft.set_param(conv, "out_channels", 65)
    draft.set_param(conv, "in_channels", 3)
    assert draft.node(conv).params == {"out_channels": 65, "in_channels": 3}
    draft.reset_param(conv, "out_channels")
    assert draft.node(conv).params == {"in_channels": 3}
    with pytest.raises(ParameterError):
        draft.set_param(conv, "out_channels", 0)


def test_fewer_outputs_cut_the_wires_at_those_that_vanish(board) -> None:
    chunk = board.edit(lambda draft: draft.add("Chunk", params={"chunks": 3}))
    outs = board.edit(lambda draft: [draft.add("Add") for _ in range(2)])
    board.edit(
        lambda draft: [draft.connect(chunk, port, outs[0], into) for into, port in enumerate((2, 1, 0))]
    )
    board.edit(lambda draft: draft.connect(chunk, 2, outs[1], 0))
    board.edit(lambda draft: draft.set_param(chunk, "chunks", 2))
    assert {(edge.out, edge.target, edge.into) for edge in board.tables.nodes[chunk].next} == {
        (1, outs[0], 0),
        (0, outs[0], 1),
    }
    board.edit(lambda draft: draft.reset_param(chunk, "chunks"))
    operator = board.edit(lambda draft: draft.add("x:Op"))
    board.edit(lambda draft: draft.connect(operator, 7, outs[1], 0))
    board.edit(lambda draft: draft.set_param(operator, "n", 1))
    assert board.sources(outs[1]) == [(0, operator)]


def test_removing_takes_places_weights_hints_and_members(board) -> None:
    def act(draft):
        group = draft.add("Group")
        inner = draft.add("x:Op", parent=group)
        attachments.set_weight(draft, inner, "w", attachments.add_tensor(draft, "ab", (1,), "int8"))
        for out in (0, 2):
            attachments.set_hint(draft, inner, out, ValueType("int8", (1,)))
        return group, inner, attachments.add_note(draft, "n", (3, 4), group)

    group, inner, note = board.edit(act)
    assert board.tables.places[note] == Place(3, 4)
    draft = board.draft()
    attachments.set_hint(draft, inner, 5, ValueType("int8", (1,)))
    draft.remove([inner, group, note])
    board.apply(draft.delta())
    left = {name for name, rows in snapshot(board.tables).items() if rows}
    assert left == {"tensors", "meta"}
    with pytest.raises(UnknownNodeError):
        board.draft().remove([group])


@settings(max_examples=150)
@given(SESSIONS)
def test_the_ranks_of_the_base_shorten_the_search_for_loops_and_change_nothing(session) -> None:
    tables, inference = Tables(), Inference(library())
    for numbers in session:
        plain, ranked = Draft(tables, library()), Draft(tables, library(), inference.order.rank)
        outcomes = []
        for draft in (plain, ranked):
            try:
                for shift in range(
                    3
                ):  # several verbs in one draft: later ones see wires that the ranks do not know
                    act(draft, (numbers[0] + 7 * shift, *numbers[1:]))
                outcomes.append(draft.delta())
            except GraphError as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1]
        if isinstance(outcomes[0], tuple):
            tables.apply(outcomes[0])
            inference.follow(tables, outcomes[0])
