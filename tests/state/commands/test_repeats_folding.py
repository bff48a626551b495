"""What was found to repeat is folded into linked groups in one step, and the network computes the same."""

import pytest

from sketch.graph import examples
from sketch.graph.errors import LinkError
from sketch.graph.linking.rows import instances
from sketch.graph.repeats import find_repeats
from sketch.graph.tables import snapshot
from sketch.state import commands
from tests.graph.linking.blocks import instances_agree
from tests.graph.random_edits import laws


@pytest.fixture
def resnet(document):
    """ResNet-18 without groups."""
    document.edit("Draw", lambda draft: examples.build("resnet18", draft))
    while groups := [n for n in document.tables.nodes if document.tables.children(n)]:
        commands.ungroup(document, groups[0])
    return document


def test_folded_and_linked_in_one_step(resnet):
    tables = resnet.tables
    before, parameters = snapshot(tables), resnet.inference.total_parameters
    steps = len(resnet.history.checkpoints)

    groups = commands.fold_repeats(resnet, find_repeats(tables, resnet.library))

    assert len(resnet.history.checkpoints) == steps + 1
    assert instances(tables, groups[0]) == tuple(groups)
    assert resnet.inference.total_parameters == parameters
    assert not resnet.problems()
    laws(tables)
    instances_agree(tables)
    resnet.undo()
    assert snapshot(tables) == before


def test_an_old_find_is_refused(resnet):
    repeats = find_repeats(resnet.tables, resnet.library)
    commands.remove(resnet, repeats[0].parts[0][:1])
    with pytest.raises(LinkError, match="changed meanwhile"):
        commands.fold_repeats(resnet, repeats)
    with pytest.raises(LinkError, match="Choose"):
        commands.fold_repeats(resnet, [])


def test_folded_without_links(resnet):
    groups = commands.fold_repeats(resnet, find_repeats(resnet.tables, resnet.library), linked=False)
    assert len(groups) == 2
    assert not instances(resnet.tables, groups[0])
