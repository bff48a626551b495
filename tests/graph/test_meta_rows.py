"""Names of the rows of `meta` that are about one node: what a file may hold besides them means nothing."""

import pytest

from sketch.graph.folding import group_of, open_groups, open_row
from sketch.graph.freezing import frozen_node, frozen_nodes, frozen_row
from sketch.graph.lifting import wired_source
from sketch.graph.linking.rows import link_row, linked_group
from sketch.graph.ports import ported_group, ports_row
from sketch.graph.tables import Tables

KINDS = [
    (group_of, open_row), (frozen_node, frozen_row), (wired_source, "wired.{}".format), (linked_group, link_row),
    (ported_group, ports_row),
]  # fmt: skip


@pytest.mark.parametrize(("about", "name"), KINDS)
def test_a_name_says_which_node_it_is_about(about, name) -> None:
    assert about(name(12)) == 12
    others = [other(12) for _, other in KINDS if other is not name]
    assert [about(row) for row in (*others, "12", "next_id")] == [None] * (len(others) + 2)


@pytest.mark.parametrize(("about", "name"), KINDS)
@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "²", "\u0661", " 1", "1_0"])
def test_a_damaged_name_is_about_none(about, name, number) -> None:
    assert about(name(number)) is None


def test_damaged_rows_open_and_freeze_nothing() -> None:
    tables = Tables()
    tables.meta.update({"open.x": True, "open.²": True, "frozen.x": ("weight",)})
    assert open_groups(tables) == []
    assert frozen_nodes(tables.meta) == {}
