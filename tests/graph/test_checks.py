"""Problems of the graph as a whole."""

from sketch.graph import grouping
from sketch.graph.checks import graph_problems


def codes(board):
    return [(problem.code, problem.node) for problem in graph_problems(board.tables, board.inference)]


def test_what_a_whole_network_lacks(board) -> None:
    assert codes(board) == []
    relu = board.edit(lambda draft: draft.add("ReLU"))
    assert codes(board) == [("no-input", None), ("no-output", None)]
    board.edit(lambda draft: draft.remove([relu]))
    first, second, out = board.chain("Input", "ReLU", "Output")
    assert codes(board) == []
    dead = board.edit(lambda draft: draft.add("GELU"))
    board.edit(lambda draft: draft.connect(first, 0, dead, 0))
    board.edit(lambda draft: grouping.group(draft, [second]))
    assert codes(board) == [("dead-end", dead)]
    message = str(graph_problems(board.tables, board.inference)[0])
    assert message.startswith("'gelu1' reaches no Output.")
    board.edit(lambda draft: draft.remove([out]))
    assert codes(board) == [("no-output", None)]
