"""If, Loop and Scan on the canvas: what a new one holds, what may be wired, and how kernels see it."""

import pytest

from sketch.graph.checks import graph_problems
from sketch.graph.network import build_network
from sketch.graph.zone_drawing import furnish
from sketch.graph.zone_kinds import IF, IF_END, LOOP, LOOP_END, LOOP_START, SCAN, THEN
from sketch.graph.zones import ZoneError, collapse
from tests.contract.zone_drawings import countdown, doubled_sum, nested, sign_flip
from tests.graph.random_edits import library


def problems(board):
    return [problem.code for problem in graph_problems(board.tables, board.inference)]


def frozen(drawing):
    return drawing.network()


def zone_step(network):
    return next(step for step in collapse(network).steps if step.bodies)


@pytest.mark.parametrize("kind", [IF, LOOP, SCAN])
def test_a_new_zone_is_complete(board, kind):
    def draw(draft):
        group = draft.add(kind)
        furnish(draft, group)
        return group

    group = board.edit(draw)
    assert "zone" not in problems(board)
    assert len(board.tables.children(group)) == (3 if kind == IF else 2)


def test_other_groups_stay_empty(board):
    group = board.edit(lambda draft: draft.add("Group"))
    board.edit(lambda draft: furnish(draft, group))
    assert not board.tables.children(group)


def test_a_zone_without_its_end_is_a_problem_and_no_kernel_takes_it():
    drawing = countdown()
    drawing.network()
    end = next(node.id for node in drawing.tables.nodes.values() if node.layer == LOOP_END)
    drawing.draft.remove([end])
    network = drawing.network()
    assert [problem.code for problem in network.problems if problem.code == "zone"] == ["zone"]
    with pytest.raises(ZoneError, match="needs one start and one end"):
        collapse(network)


def test_a_marker_outside_of_its_zone_is_a_problem(board):
    board.edit(lambda draft: draft.add(LOOP_START))
    assert problems(board).count("zone") == 1
    with pytest.raises(ZoneError, match="belongs directly inside"):
        collapse(build_network(board.tables, library()))


def test_a_value_leaves_a_zone_by_its_end_only():
    drawing = countdown()
    drawing.network()
    inside = next(node.id for node in drawing.tables.nodes.values() if node.name == "half")
    drawing.add("Output", inside, name="leak")
    network = drawing.network()
    assert [problem.code for problem in network.problems if problem.code == "zone-leak"] == ["zone-leak"]
    with pytest.raises(ZoneError, match="through the zone's end"):
        collapse(network)


@pytest.mark.parametrize("make", [countdown, doubled_sum, sign_flip, nested])
def test_zones_that_are_drawn_well_have_no_problem(make):
    assert not [problem for problem in frozen(make()).problems if problem.severity == "error"]


def test_a_loop_is_one_step_with_its_body_and_what_it_captures():
    network = frozen(countdown())
    step = zone_step(network)
    body = step.bodies["body"]
    assert step.layer == "ai.onnx:Loop"
    assert body.captures == 1
    assert [item.name for item in body.network.inputs] == ["iteration", "condition", "state_0", "w"]
    assert [item.layer for item in body.network.steps if item.layer not in ("Input", "Output")] == [
        "Constant",
        "Mul",
        "Add",
    ]
    assert len(body.network.outputs) == 3
    assert [network.step(source.node).name for source in step.inputs if source][-1] == "w"


def test_branches_share_what_they_capture():
    step = zone_step(frozen(sign_flip()))
    assert set(step.bodies) == {"then_branch", "else_branch"}
    assert {body.captures for body in step.bodies.values()} == {1}


def test_a_zone_in_a_zone_collapses_in_turn():
    body = zone_step(frozen(nested())).bodies["body"].network
    inner = zone_step(body)
    assert inner.layer == "ai.onnx:If"
    assert set(inner.bodies) == {"then_branch", "else_branch"}


def test_a_network_without_zones_is_itself(board):
    board.chain("Input", "ReLU", "Output")
    network = build_network(board.tables, library())
    assert collapse(network) is network


def test_the_results_of_a_loop_have_types():
    network = frozen(countdown())
    end = next(step for step in network.steps if step.layer == LOOP_END)
    assert [str(kind) for kind in end.types] == ["float32 2×3", "float32 rounds×2×3"]


def test_branches_of_other_types_are_a_problem(board):
    def draw(draft):
        group = draft.add(IF)
        furnish(draft, group)
        end = next(node for node in draft.members(group) if draft.node(node).layer == IF_END)
        one = draft.add("Input", "a", {"shape": (2,), "dtype": "float32"})
        other = draft.add("Input", "b", {"shape": (2,), "dtype": "int64"})
        flag = draft.add("Input", "c", {"shape": (), "dtype": "bool"})
        for into, source in enumerate((flag, one, other)):
            draft.connect(source, 0, end, into)
        return end

    end = board.edit(draw)
    assert "Then and int64 in Else" in str(board.inference.problems_of(end)[0])
    assert THEN in {
        board.tables.nodes[child].layer for child in board.tables.children(board.tables.nodes[end].parent)
    }
