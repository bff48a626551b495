"""Open groups are rows of meta; what starts open; which sources are shared."""

from sketch.graph import folding, grouping, lifting
from sketch.graph.delta import inverse
from sketch.graph.draft import Draft
from sketch.graph.placing import placed
from sketch.graph.tables import Tables
from sketch.graph.zone_drawing import furnish
from tests.graph.random_edits import library


def grouped(draft, count=2):
    return grouping.group(draft, [draft.add("ReLU") for _ in range(count)])


def test_opening_a_group_is_a_row_that_goes_with_the_group(board):
    group = board.edit(grouped)
    assert not folding.is_open(board.tables, group)
    board.edit(lambda draft: folding.set_open(draft, group, True))
    assert folding.is_open(board.tables, group)
    assert folding.open_groups(board.tables) == [group]
    assert folding.group_of(folding.open_row(group)) == group
    assert folding.group_of("seed") is None
    draft = board.draft()
    draft.remove([group])
    delta = draft.delta()
    board.tables.apply(delta)
    assert folding.open_groups(board.tables) == []
    assert folding.open_row(group) not in board.tables.meta
    board.tables.apply(inverse(delta))
    assert folding.is_open(board.tables, group)


def test_groups_of_small_files_start_open_and_zones_closed():
    draft = Draft(Tables(), library())
    group = grouped(draft)
    zone = draft.add("Loop")
    furnish(draft, zone)
    found = Tables()
    found.apply(placed(draft.delta(), library()))
    assert folding.open_groups(found) == [group]


def test_groups_of_big_files_start_closed():
    draft = Draft(Tables(), library())
    grouped(draft, folding.FEW)
    found = Tables()
    found.apply(placed(draft.delta(), library()))
    assert len(found.nodes) == folding.FEW + 1
    assert folding.open_groups(found) == []


def test_a_source_of_many_layers_is_shared_unless_its_wires_are_wanted(board):
    def build(draft):
        one, many, inner = draft.add("Input"), draft.add("Input"), draft.add("ReLU")
        draft.connect(one, 0, inner, 0)
        for number in range(lifting.MOST_WIRES + 1):
            for source in (many, inner) if number < lifting.MOST_WIRES + 1 else ():
                draft.connect(source, 0, draft.add("ReLU"), 0)
        return many, inner

    many, inner = board.edit(build)
    assert len(board.tables.nodes[inner].next) > lifting.MOST_WIRES
    assert list(lifting.shared_sources(board.tables, board.library)) == [many]
    board.edit(lambda draft: lifting.set_wired(draft, many, True))
    assert not lifting.is_shared(board.tables, board.library, many)
    assert lifting.is_wired(board.tables.meta, many)
    board.edit(lambda draft: draft.remove([many]))
    assert not lifting.is_wired(board.tables.meta, many)


def test_two_wires_to_one_layer_count_once(board):
    def build(draft):
        source = draft.add("Input")
        for _ in range(4):
            layer = draft.add("Add")
            draft.connect(source, 0, layer, 0)
            draft.connect(source, 0, layer, 1)
        return source

    source = board.edit(build)
    assert len(board.tables.nodes[source].next) == 8
    assert not lifting.is_shared(board.tables, board.library, source)
