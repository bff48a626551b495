"""Groups are flat: forming, filling, dissolving."""

import pytest

from sketch.graph import attachments, grouping
from sketch.graph.errors import GroupError, UnknownNodeError
from sketch.graph.rows import Place
from sketch.graph.tables import snapshot
from tests.graph.random_edits import laws


def test_a_group_stands_in_the_middle_and_wires_stay(board) -> None:
    ids = board.chain("Input", "Conv2d", "ReLU")
    board.edit(lambda draft: [draft.move(n, 10 * n, -n) for n in ids])
    wires = [board.sources(n) for n in ids]
    group = board.edit(lambda draft: grouping.group(draft, [ids[1], ids[2], ids[1]], "Sequential", "stem"))
    assert board.tables.places[group] == Place(25, -2.5)
    assert board.tables.children(group) == (ids[1], ids[2])
    assert (board.tables.nodes[group].name, board.tables.nodes[group].layer) == ("stem", "Sequential")
    assert [board.sources(n) for n in ids] == wires
    laws(board.tables)


def test_ungrouping_brings_back_what_was(board) -> None:
    ids = board.chain("Input", "Conv2d")
    outer = board.edit(lambda draft: grouping.group(draft, ids))
    note = board.edit(lambda draft: attachments.add_note(draft, "n", (0, 0), outer))
    before = snapshot(board.tables)
    inner = board.edit(lambda draft: grouping.group(draft, [ids[1], note]))
    assert board.tables.nodes[inner].parent == outer
    assert board.edit(lambda draft: grouping.ungroup(draft, inner)) == [ids[1]]
    after = snapshot(board.tables)
    del before["meta"], after["meta"]
    assert after == before


def test_a_taken_name_gets_a_number(board) -> None:
    one = board.edit(lambda draft: draft.add("ReLU", "same"))
    group = board.edit(lambda draft: grouping.group(draft, [one]))
    two = board.edit(lambda draft: draft.add("ReLU", "same"))
    board.edit(lambda draft: grouping.put_in(draft, one, None))
    assert board.tables.nodes[one].name == "same_1"
    board.edit(lambda draft: grouping.put_in(draft, two, group))
    assert board.tables.nodes[two].name == "same"
    board.edit(lambda draft: grouping.put_in(draft, two, group))
    laws(board.tables)


def test_refusals(board) -> None:
    one, two = board.edit(lambda draft: [draft.add("ReLU"), draft.add("ReLU")])
    group = board.edit(lambda draft: grouping.group(draft, [one]))
    outer = board.edit(lambda draft: grouping.group(draft, [group]))
    draft = board.draft()
    for act, message in (
        (lambda: grouping.group(draft, []), "Select"),
        (lambda: grouping.group(draft, [one, two]), "one canvas"),
        (lambda: grouping.group(draft, [two], "ReLU"), "not a group"),
        (lambda: grouping.ungroup(draft, two), "no group"),
        (lambda: grouping.put_in(draft, outer, group), "hold itself"),
        (lambda: grouping.put_in(draft, one, two), "no group"),
    ):  # fmt: skip
        with pytest.raises(GroupError, match=message):
            act()
    with pytest.raises(UnknownNodeError):
        grouping.put_in(draft, 99, None)
    assert draft.delta() == ()
