"""Taking nodes out of wires, putting them in, changing their type."""

import pytest

from sketch.graph import attachments, grouping, surgery
from sketch.graph.errors import GroupError, PortTakenError
from sketch.graph.rows import Edge
from tests.graph.random_edits import laws


@pytest.fixture
def fan(board):
    """Three inputs into a Concat, which feeds a Linear."""

    def act(draft):
        ids = [draft.add("Input") for _ in range(3)] + [draft.add("Concat"), draft.add("Linear")]
        for source in ids[:3]:
            draft.connect(source, 0, ids[3], draft.free_input(ids[3]))
        draft.connect(ids[3], 0, ids[4], 0)
        return ids

    return board.edit(act)


def test_inserting_keeps_the_places_of_the_other_wires(board, fan) -> None:
    relu = board.edit(lambda draft: draft.add("ReLU"))
    board.edit(lambda draft: surgery.insert_on(draft, relu, Edge(fan[0], 0, fan[3], 0)))
    assert board.sources(fan[3]) == [(0, relu), (1, fan[1]), (2, fan[2])]
    assert board.sources(relu) == [(0, fan[0])]
    lstm = board.edit(lambda draft: draft.add("LSTM"))
    board.edit(lambda draft: surgery.insert_on(draft, lstm, Edge(fan[3], 0, fan[4], 0), into=0, out=1))
    assert board.tables.nodes[fan[4]].prior == (Edge(lstm, 1, fan[4], 0),)
    with pytest.raises(PortTakenError):
        surgery.insert_on(board.draft(), relu, Edge(fan[1], 0, fan[3], 1))
    laws(board.tables)


def test_rejoining_takes_over_each_wire_in_its_place(board, fan) -> None:
    relu = board.edit(lambda draft: draft.add("ReLU"))
    board.edit(lambda draft: surgery.insert_on(draft, relu, Edge(fan[1], 0, fan[3], 1)))
    asked = []

    def allow(incoming, outgoing):
        asked.append((incoming, outgoing))
        return True

    board.edit(lambda draft: surgery.remove_and_rejoin(draft, relu, allow))
    assert board.sources(fan[3]) == [(0, fan[0]), (1, fan[1]), (2, fan[2])]
    assert asked == [(Edge(fan[1], 0, relu, 0), Edge(relu, 0, fan[3], 1))]
    board.edit(lambda draft: surgery.remove_and_rejoin(draft, fan[3], lambda first, second: False))
    assert board.sources(fan[4]) == []
    laws(board.tables)


def test_what_has_no_producer_or_feeds_by_another_output_is_not_rejoined(board, fan) -> None:
    board.edit(lambda draft: surgery.remove_and_rejoin(draft, fan[0], lambda first, second: True))
    assert board.sources(fan[3]) == [(0, fan[1]), (1, fan[2])]
    first, lstm, linear = board.edit(lambda draft: [draft.add(name) for name in ("Input", "LSTM", "Linear")])
    board.edit(lambda draft: [draft.connect(first, 0, lstm, 0), draft.connect(lstm, 1, linear, 0)])
    board.edit(lambda draft: surgery.remove_and_rejoin(draft, lstm, lambda first, second: True))
    assert board.sources(linear) == []
    group = board.edit(lambda draft: grouping.group(draft, [linear]))
    board.edit(lambda draft: surgery.remove_and_rejoin(draft, group, lambda first, second: True))
    assert linear not in board.tables.nodes


def test_changing_the_type_keeps_what_both_have(board) -> None:
    first, conv, out = board.chain("Input", "Conv2d", "Output")
    board.edit(
        lambda draft: [draft.set_param(conv, "out_channels", 5), draft.set_param(conv, "kernel_size", (1, 5))]
    )
    tensor = board.edit(lambda draft: attachments.add_tensor(draft, "ab", (1,), "float32"))
    board.edit(lambda draft: attachments.set_weight(draft, conv, "weight", tensor))
    board.edit(lambda draft: surgery.replace_layer(draft, conv, "ConvTranspose2d"))
    assert board.tables.nodes[conv].params == {"out_channels": 5, "kernel_size": (1, 5)}
    assert board.tables.weights == {}
    board.edit(lambda draft: surgery.replace_layer(draft, conv, "Conv1d"))
    assert board.tables.nodes[conv].params == {"out_channels": 5}
    assert (board.sources(conv), board.sources(out)) == ([(0, first)], [(0, conv)])
    board.edit(lambda draft: surgery.replace_layer(draft, conv, "Input"))
    assert (board.sources(conv), board.sources(out)) == ([], [(0, conv)])
    board.edit(lambda draft: surgery.replace_layer(draft, conv, "Output"))
    assert board.sources(out) == []
    laws(board.tables)


def test_groups_do_not_change_their_type(board) -> None:
    relu, group = board.edit(lambda draft: [draft.add("ReLU"), draft.add("Group")])
    for node, layer in ((relu, "Group"), (group, "ReLU")):
        with pytest.raises(GroupError, match="cannot become a layer"):
            surgery.replace_layer(board.draft(), node, layer)
