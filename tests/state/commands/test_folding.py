"""Folding is a step of the history; refusals are one line."""

import pytest

from sketch.graph import folding, lifting
from sketch.graph.errors import GroupError
from sketch.state import commands


def test_folding_is_undone(document):
    layers = [commands.add_layer(document, "ReLU", (0, 100 * n)) for n in range(2)]
    group = commands.group(document, layers)
    commands.fold(document, [group, layers[0]], True)
    assert folding.is_open(document.tables, group)
    assert document.undo() == "Unfold 'block1'"
    assert not folding.is_open(document.tables, group)
    document.redo()
    commands.fold(document, [group], False)
    assert folding.open_groups(document.tables) == []


def test_all_groups_are_opened_at_any_depth(document):
    inner = commands.group(document, [commands.add_layer(document, "ReLU", (0, 0))])
    outer = commands.group(document, [inner])
    commands.fold_all(document, True)
    assert folding.open_groups(document.tables) == [inner, outer]
    commands.fold_all(document, False)
    assert folding.open_groups(document.tables) == []


def test_what_is_no_group_is_not_folded(document):
    layer = commands.add_layer(document, "ReLU", (0, 0))
    with pytest.raises(GroupError, match="Select a group"):
        commands.fold(document, [layer], True)


def test_wires_of_a_source_are_shown_on_demand(document):
    source = commands.add_layer(document, "Input", (0, 0))
    for number in range(8):
        commands.connect(document, source, 0, commands.add_layer(document, "ReLU", (200 * number, 100)))
    assert lifting.is_shared(document.tables, document.library, source)
    commands.show_wires(document, [source], True)
    assert not lifting.is_shared(document.tables, document.library, source)
    commands.show_wires(document, [source], False)
    assert lifting.is_shared(document.tables, document.library, source)
