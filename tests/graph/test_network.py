"""The frozen picture of a document that kernels get."""

import networkx
import pytest
from hypothesis import given, settings

from sketch.graph import attachments, grouping
from sketch.graph.errors import GraphError
from sketch.graph.network import Source, build_network, freeze_network
from tests.graph.conftest import Board
from tests.graph.random_edits import SESSIONS, act, library, total


@pytest.fixture
def drawn(board):
    """Input → a group with Conv2d and ReLU → Linear over Flatten → Output, one weight stored, one outgrown."""
    ids = board.chain("Input", "Conv2d", "ReLU", "Flatten", "Linear", "Output")
    board.edit(lambda draft: draft.set_param(ids[1], "out_channels", 4))
    board.edit(lambda draft: draft.put("meta", "seed", 5))

    def weigh(draft):
        for node, role, shape in ((ids[1], "weight", (4, 3, 3, 3)), (ids[1], "bias", (9,))):
            attachments.set_weight(draft, node, role, attachments.add_tensor(draft, "ab", shape, "float32"))

    board.edit(weigh)
    group = board.edit(lambda draft: grouping.group(draft, ids[1:3], "Sequential", "stem"))
    return ids, group


def test_steps_carry_what_a_kernel_needs(board, drawn) -> None:
    ids, group = drawn
    network = freeze_network(board.tables, board.inference, name="net", store="store")
    assert [step.id for step in network] == ids
    conv = network.step(ids[1])
    assert conv.inputs == (Source(ids[0], 0),)
    assert (conv.params["out_channels"], conv.params["in_channels"], conv.pinned) == (
        4,
        3,
        {"out_channels": 4},
    )
    assert (set(conv.stored), conv.outgrown) == ({"weight"}, ("bias",))
    assert conv.weights["bias"].shape == (4,)
    assert network.groups[group].layer == "Sequential"
    assert (network.path(conv), network.qualified(conv)) == (("stem", "conv1"), "stem.conv1")
    assert network.qualified(network.groups[group]) == "stem"
    assert [step.id for step in network.inputs] == [ids[0]]
    assert [step.id for step in network.outputs] == [ids[-1]]
    assert (network.name, network.seed, network.store) == ("net", 5, "store")
    assert network.by_id is network.by_id
    assert network.errors == ()
    assert [problem.code for problem in network.problems] == ["weight-shape"]


def test_the_summary_adds_up(board, drawn) -> None:
    network = build_network(board.tables, board.library)
    lines = network.summary().splitlines()
    assert len(lines) == 6 + 2
    counts = [int(line.split()[-1].replace(",", "")) for line in lines[1:-1]]
    linear = 4 * 222 * 222 * 10 if network.steps[4].params.get("out_features") == 10 else counts[4]
    assert counts == [0, 4 * 27 + 4, 0, 0, linear, 0]
    assert lines[-1] == f"{sum(counts):,} trainable parameters in 6 nodes"
    assert sum(counts) == network.parameters == total(board.inference, board.tables)


def test_problems_of_the_graph_are_with_it(board) -> None:
    board.chain("Conv2d", "ReLU")
    network = build_network(board.tables, library(), name="half")
    assert [problem.code for problem in network.problems] == ["input-missing", "no-input", "no-output"]
    assert {problem.code for problem in network.errors} == {"input-missing", "no-input"}
    assert "?" in network.summary()


@settings(max_examples=50)
@given(SESSIONS)
def test_producers_come_first_and_nothing_is_lost(session) -> None:
    board = Board()
    for numbers in session:
        draft = board.draft()
        try:
            act(draft, numbers)
        except GraphError:
            continue
        board.apply(draft.delta())
    network = build_network(board.tables, board.library)
    seen, graph = set(), networkx.MultiDiGraph()
    for step in network:
        assert all(source.node in seen for source in step.inputs if source is not None)
        seen.add(step.id)
        graph.add_edges_from((source.node, step.id) for source in step.inputs if source is not None)
    assert seen | network.groups.keys() == board.tables.nodes.keys()
    assert graph.number_of_edges() == sum(len(node.next) for node in board.tables.nodes.values())
    assert network.parameters == total(board.inference, board.tables) == board.inference.total_parameters
