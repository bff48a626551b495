"""Linked groups as a person makes them: duplicated, linked, repeated, cut and pasted; one step each."""

import pytest

from sketch.graph.errors import GroupError, LinkError, NamingError
from sketch.graph.lifting import group_ports
from sketch.graph.linking.rows import instances, link_of
from sketch.graph.linking.series import mark, series
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.clip import Clip
from sketch.state.commands import ports
from tests.graph.linking.blocks import instances_agree, member
from tests.graph.random_edits import laws


@pytest.fixture
def begun(document):
    """(Input, Linear that reads it): 16 features in, 16 out."""
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 16)})
    linear = commands.append_layer(document, "Linear", [source])
    commands.set_param(document, [linear], "out_features", 16)
    return source, linear


@pytest.fixture
def drawn(document, begun):
    """Input → group(Linear → ReLU) → Output, and the group's id."""
    _, linear = begun
    relu = commands.append_layer(document, "ReLU", [linear])
    commands.append_layer(document, "Output", [relu])
    return document, commands.group(document, [linear, relu])


def undone(document, before) -> None:
    """One undo takes a command back whole."""
    after = snapshot(document.tables)
    document.undo()
    assert snapshot(document.tables) == before
    document.redo()
    assert snapshot(document.tables) == after
    laws(document.tables)
    instances_agree(document.tables)


def feeding(document, group: int) -> int:
    """The group (or node) that feeds the first input of a group."""
    source = group_ports(document.tables, document.library, group).inputs[0][0]
    return document.tables.nodes[source].parent or source


def test_duplicated_linked_and_edited(drawn):
    document, group = drawn
    before = snapshot(document.tables)

    (copy,) = commands.duplicate_linked(document, [group])

    assert instances(document.tables, group) == (group, copy)
    undone(document, before)
    steps = len(document.history.checkpoints)
    commands.set_param(document, [member(document.tables, copy, "fc1")], "bias", False)
    assert document.tables.nodes[member(document.tables, group, "fc1")].params["bias"] is False
    assert len(document.history.checkpoints) == steps + 1


def test_a_plain_copy_is_not_linked_but_copies_of_linked_groups_are_among_themselves(drawn):
    document, group = drawn
    (linked,) = commands.duplicate_linked(document, [group])

    (plain,) = commands.duplicate(document, [group])
    assert instances(document.tables, plain) == ()

    both = commands.duplicate(document, [group, linked])
    assert instances(document.tables, both[0]) == tuple(sorted(both))


def test_cut_and_pasted_an_instance_is_linked_again_unless_the_others_changed(drawn):
    document, group = drawn
    (linked,) = commands.duplicate_linked(document, [group])
    clip = Clip.from_text(commands.cut(document, [linked]).to_text())

    (back,) = commands.paste(document, clip, (300, 300))
    assert instances(document.tables, group) == (group, back)

    clip = commands.cut(document, [back])
    commands.remove(document, [member(document.tables, group, "relu1")])
    (late,) = commands.paste(document, clip, (300, 300))
    assert instances(document.tables, late) == ()


def test_equal_groups_are_linked_and_take_the_names_of_the_first(drawn):
    document, group = drawn
    (other,) = commands.duplicate(document, [group])
    commands.rename(document, member(document.tables, other, "relu1"), "act")
    commands.move(document, {member(document.tables, other, "act"): (77, 77)})
    before = snapshot(document.tables)

    assert commands.link(document, [group]) == [group, other]

    assert member(document.tables, other, "relu1")
    undone(document, before)
    commands.unlink(document, [other])
    assert link_of(document.tables, other) is None


def test_groups_that_differ_are_not_linked_and_the_reason_is_named(drawn):
    document, group = drawn
    (other,) = commands.duplicate(document, [group])
    with pytest.raises(LinkError, match="no group"):
        commands.link(document, [document.tables.named(None, "input1")])
    commands.set_param(document, [member(document.tables, other, "fc1")], "out_features", 8)

    with pytest.raises(LinkError, match="has no layer like 'fc1'"):
        commands.link(document, [group, other])
    with pytest.raises(LinkError, match="no other group"):
        commands.link(document, [group])
    with pytest.raises(LinkError, match="not linked"):
        commands.unlink(document, [other])


def test_a_block_repeated_grows_and_shrinks_at_its_end(drawn):
    document, group = drawn
    end = document.tables.named(None, "output1")
    before = snapshot(document.tables)

    made = commands.repeat(document, group, 5)

    assert made.wired
    assert len(made.groups) == 5
    assert [feeding(document, n) for n in made.groups[1:]] == list(made.groups[:-1])
    assert document.tables.nodes[document.tables.nodes[end].prior[0].source].parent == made.groups[-1]
    assert [mark(document.tables, n) for n in made.groups] == [f"{n} of 5" for n in range(1, 6)]
    assert not document.problems()
    undone(document, before)

    before = snapshot(document.tables)
    assert commands.repeat(document, made.groups[2], 2).groups == made.groups[:2]
    assert document.tables.nodes[document.tables.nodes[end].prior[0].source].parent == made.groups[1]
    undone(document, before)
    assert commands.repetitions(document, group) == 2
    with pytest.raises(LinkError, match="1 to 200"):
        commands.repeat(document, group, 201)


def test_repetitions_have_weights_of_their_own_and_read_the_same_second_input(document, begun):
    _, linear = begun
    scale = commands.add_layer(document, "Input", (200, 0), params={"shape": ("N", 16)})
    mul = commands.add_layer(document, "Mul", (0, 200))
    commands.connect(document, linear, 0, mul, 0)
    commands.connect(document, scale, 0, mul, 1)
    group = commands.group(document, [linear, mul])

    made = commands.repeat(document, group, 3).groups

    assert len({n for n in document.tables.nodes if document.tables.nodes[n].layer == "Linear"}) == 3
    assert len([e for e in document.tables.nodes[scale].next if e.out == 0]) == 3
    assert series(document.tables, document.library, made[1]) == list(made)
    assert not document.tables.weights


def test_linked_groups_that_feed_each_other_through_different_layers_are_a_series_with_an_end(document):
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 16)})
    layers = [commands.add_layer(document, name, (x, 100)) for x, name in ((0, "ReLU"), (300, "Tanh"))]
    for layer in layers:
        commands.connect(document, source, 0, layer)
        commands.connect(document, layer, 0, commands.add_layer(document, "Output", (0, 400)))
    group = commands.group(document, layers)
    (other,) = commands.duplicate_linked(document, [group])
    inside = {document.tables.nodes[n].layer: n for n in document.tables.children(other)}
    relu, tanh = inside["ReLU"], inside["Tanh"]
    commands.disconnect(document, document.tables.nodes[layers[0]].prior)
    commands.connect(document, tanh, 0, layers[0], 0)
    commands.connect(document, layers[1], 0, relu, 0)
    for each, first, fed in ((group, layers[1], tanh), (other, tanh, layers[1])):
        found = group_ports(document.tables, document.library, each)
        if found.outputs[0][0] != first:
            ports.move_port(document, each, "output", 1, 0)
        if found.inputs[0][0] != fed:
            ports.move_port(document, each, "input", 1, 0)
    assert sorted(series(document.tables, document.library, group)) == sorted([group, other])
    assert commands.repetitions(document, group) == 2


def test_a_block_inside_a_repeated_block_is_repeated_in_all(drawn):
    document, group = drawn
    outer = commands.group(document, [group])
    commands.repeat(document, outer, 2)

    inner = commands.repeat(document, group, 3).groups

    assert len(instances(document.tables, inner[0])) == 6
    assert not document.problems()
    laws(document.tables)
    instances_agree(document.tables)


def test_ports_are_ordered_named_exposed_and_hidden(drawn):
    document, group = drawn
    relu = member(document.tables, group, "relu1")
    spare = commands.add_layer(document, "Sub", (0, 300), parent=group)
    before = snapshot(document.tables)
    assert [(row.side, row.label) for row in ports.ports_of(document, group)] == [
        ("input", "fc1"), ("input", "sub1.x"), ("input", "sub1.other"), ("output", "relu1"), ("output", "sub1"),
    ]  # fmt: skip

    commands.move_port(document, group, "input", 2, 0)
    undone(document, before)
    commands.name_port(document, group, "input", 0, "mask")
    commands.hide_port(document, group, "input", 2)
    commands.expose_port(document, group, "output", (member(document.tables, group, "fc1"), 0))

    found = group_ports(document.tables, document.library, group)
    assert found.inputs[0] == (None, spare, 1)
    assert found.input_names == ("mask", "")
    assert found.outputs == ((relu, 0), (spare, 0), (member(document.tables, group, "fc1"), 0))
    assert (spare, 0) in [row.inner for row in ports.open_ports(document, group)]
    with pytest.raises(GroupError, match="A wire goes through"):
        commands.hide_port(document, group, "input", 1)
    with pytest.raises(NamingError, match="Another input"):
        commands.name_port(document, group, "input", 1, "mask")


def test_ports_and_links_survive_the_clipboard(drawn):
    document, group = drawn
    commands.name_port(document, group, "input", 0, "tokens")

    clip = Clip.from_text(commands.copy(document, [group]).to_text())
    (copy,) = commands.paste(document, clip, (0, 600))

    assert group_ports(document.tables, document.library, copy).input_names == ("tokens",)
    commands.remove(document, [copy])
    assert f"ports.{copy}" not in document.tables.meta


def test_a_sum_that_reads_outside_first_stays_so_in_copies(document, begun):
    source, linear = begun
    add = commands.add_layer(document, "Add", (0, 200))
    commands.connect(document, source, 0, add, 0)
    commands.connect(document, linear, 0, add, 1)
    group = commands.group(document, [linear, add])

    (copy,) = commands.duplicate_linked(document, [group])
    instances_agree(document.tables)
    commands.remove(document, [copy])
    made = commands.repeat(document, group, 4).groups
    instances_agree(document.tables)
    clip = commands.cut(document, [made[2]])
    (back,) = commands.paste(document, clip, (0, 900))

    assert len(instances(document.tables, back)) == 4
    instances_agree(document.tables)
    laws(document.tables)
