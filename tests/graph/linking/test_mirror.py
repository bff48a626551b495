"""An edit inside one linked group happens in all of them."""

import pytest
from hypothesis import Phase, given, settings

from sketch.graph import grouping, surgery
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.delta import inverse
from sketch.graph.draft import Draft
from sketch.graph.errors import CycleError, GraphError, LinkError
from sketch.graph.infer import Inference
from sketch.graph.linking.mirror import follow_links
from sketch.graph.linking.rows import link_of, set_link
from sketch.graph.ports import Said, set_ports
from sketch.graph.rows import Edge, Place
from sketch.graph.tables import Tables, snapshot, whole
from tests.graph.linking.blocks import chain, described, instances_agree, member
from tests.graph.random_edits import SESSIONS, act, from_scratch, laws, library


def edited(tables: Tables, edit) -> None:
    """Run an edit as a document does."""
    draft = Draft(tables, library())
    edit(draft)
    follow_links(draft)
    tables.apply(draft.delta())
    laws(tables)
    instances_agree(tables)


def groups(tables: Tables) -> tuple[int, ...]:
    return tables.linked("block")


def feeds(tables: Tables, node_id: int, into: int = 0) -> str:
    """The name of what feeds an input, with the name of its group."""
    edge = next(edge for edge in tables.nodes[node_id].prior if edge.into == into)
    node = tables.nodes[edge.source]
    above = "" if node.parent is None else f"{tables.nodes[node.parent].name}."
    return f"{above}{node.name}"


def test_a_parameter_a_name_and_a_place_change_in_all_instances():
    tables = chain(4)
    conv = member(tables, groups(tables)[1], "conv2")

    def edit(draft: Draft) -> None:
        draft.set_param(conv, "kernel_size", (5, 5))
        draft.rename(conv, "wide")
        draft.move(conv, 7, 9)

    edited(tables, edit)

    twins = [member(tables, group, "wide") for group in groups(tables)]
    assert [tables.nodes[n].params["kernel_size"] for n in twins] == [(5, 5)] * 4
    assert [tables.places[n] for n in twins] == [Place(7, 9)] * 4


def test_a_layer_put_into_an_inner_wire_is_put_into_all():
    tables = chain(3)
    group = groups(tables)[2]
    wire = Edge(member(tables, group, "conv1"), 0, member(tables, group, "relu1"), 0)

    edited(tables, lambda draft: surgery.insert_on(draft, draft.add("BatchNorm2d", "bn", parent=group), wire))

    for other in groups(tables):
        assert feeds(tables, member(tables, other, "relu1")).endswith(".bn")
        assert feeds(tables, member(tables, other, "bn")).endswith(".conv1")


def test_a_layer_at_the_entry_takes_what_comes_into_each_instance():
    tables = chain(3)
    group = groups(tables)[1]
    conv = member(tables, group, "conv1")

    edited(
        tables,
        lambda draft: surgery.insert_on(
            draft, draft.add("BatchNorm2d", "bn", parent=group), draft.node(conv).prior[0]
        ),
    )

    assert [feeds(tables, member(tables, g, "bn")) for g in groups(tables)] == [
        "image", "block1.add1", "block2.add1",
    ]  # fmt: skip
    assert [feeds(tables, member(tables, g, "add1"), 1) for g in groups(tables)] == [
        "image", "block1.add1", "block2.add1",
    ]  # fmt: skip


def test_a_layer_at_the_exit_gives_what_leaves_each_instance():
    tables = chain(3)
    group = groups(tables)[0]
    add = member(tables, group, "add1")

    def edit(draft: Draft) -> None:
        relu = draft.add("ReLU", "last", parent=group)
        for edge in draft.node(add).next:
            draft.rewire(edge, relu, 0)
        draft.connect(add, 0, relu, 0)

    edited(tables, edit)

    assert feeds(tables, tables.named(None, "result")) == "block3.last"
    assert feeds(tables, member(tables, groups(tables)[2], "conv1")) == "block2.last"


def test_a_removed_layer_that_joins_its_ends_again_does_so_in_all():
    tables = chain(3)
    first = member(tables, groups(tables)[0], "conv1")

    edited(tables, lambda draft: surgery.remove_and_rejoin(draft, first, lambda _a, _b: True))

    for group, source in zip(groups(tables), ("image", "block1.add1", "block2.add1"), strict=True):
        assert tables.named(group, "conv1") is None
        assert feeds(tables, member(tables, group, "relu1")) == source


def test_a_group_made_inside_and_taken_apart_again():
    tables = chain(2)
    group = groups(tables)[0]
    ids = [member(tables, group, name) for name in ("conv1", "relu1")]

    edited(tables, lambda draft: grouping.group(draft, ids, name="stem"))
    assert member(tables, groups(tables)[1], "stem", "relu1")

    edited(tables, lambda draft: grouping.ungroup(draft, member(tables, groups(tables)[1], "stem")))
    assert all(tables.named(g, "stem") is None and tables.named(g, "relu1") for g in groups(tables))


def test_a_value_from_outside_that_is_used_once_more():
    tables = chain(2)
    group = groups(tables)[1]
    relu = member(tables, group, "relu1")

    def edit(draft: Draft) -> None:
        outside = draft.node(member(tables, group, "conv1")).prior[0]
        added = draft.add("Add", "mix", parent=group)
        draft.connect(relu, 0, added, 0)
        draft.connect(outside.source, 0, added, 1)

    edited(tables, edit)

    assert feeds(tables, member(tables, groups(tables)[0], "mix"), 1) == "image"


def test_links_inside_links_spread_to_all():
    tables = chain(2, nested=True)
    norm = member(tables, groups(tables)[0], "inner1", "norm")

    edited(tables, lambda draft: draft.set_param(norm, "eps", 0.5))
    edited(tables, lambda draft: draft.add("ReLU", "more", parent=tables.nodes[norm].parent))

    assert len(tables.linked("inner")) == 4
    for inner in tables.linked("inner"):
        assert tables.nodes[member(tables, inner, "norm")].params["eps"] == 0.5
        assert member(tables, inner, "more")


def test_the_order_and_names_of_ports_are_those_of_all():
    tables = chain(2)
    first, second = groups(tables)
    conv = member(tables, first, "conv1")

    edited(tables, lambda draft: set_ports(draft, first, [Said((conv, 0), "image")], []))

    assert tables.meta[f"ports.{second}"] == (((member(tables, second, "conv1"), 0, "image", ""),), ())


def test_the_same_edit_in_two_instances_is_one_and_different_ones_are_refused():
    tables = chain(3)
    convs = [member(tables, group, "conv1") for group in groups(tables)]
    edited(tables, lambda draft: [draft.set_param(n, "out_channels", 4) for n in convs[:2]])
    assert tables.nodes[convs[2]].params["out_channels"] == 4

    draft = Draft(tables, library())
    draft.set_param(convs[0], "kernel_size", (1, 1))
    draft.set_param(convs[2], "kernel_size", (7, 7))
    with pytest.raises(LinkError, match="'conv1' in 'block3' and in 'block1'"):
        follow_links(draft)


def test_new_layers_made_in_two_instances_at_once_are_the_same_layer():
    tables = chain(3)
    pair = groups(tables)[:2]

    edited(tables, lambda draft: [draft.add("ReLU", "extra", parent=group) for group in pair])

    assert all(tables.named(group, "extra") for group in groups(tables))
    assert len([n for n in tables.nodes.values() if n.name == "extra"]) == 3


def test_an_instance_has_its_own_name_place_weights_and_outside():
    tables = chain(2)
    first, second = groups(tables)
    before = described(tables, second)

    def edit(draft: Draft) -> None:
        draft.rename(first, "stem")
        draft.move(first, 500, 500)
        draft.put("tensors", 900, None)
        draft.put("meta", f"frozen.{member(tables, first, 'conv1')}", ("weight",))

    edited(tables, edit)

    assert tables.nodes[second].name == "block2"
    assert tables.places[second] == Place(0, 0)
    assert f"frozen.{member(tables, second, 'conv1')}" not in tables.meta
    assert described(tables, second) == before


def test_a_wire_cut_outside_leaves_its_port_open_and_the_others_as_they_are():
    tables = chain(2)
    first, second = groups(tables)
    draft = Draft(tables, library())
    for group in (first, second):  # what comes in first is now what comes from outside
        add, conv = member(tables, group, "add1"), member(tables, group, "conv2")
        outside = draft.node(add).prior[1]
        draft.disconnect(outside)
        draft.disconnect(draft.node(add).prior[0])
        draft.connect(outside.source, outside.out, add, 0)
        draft.connect(conv, 0, add, 1)
    tables.apply(draft.delta())

    edited(tables, lambda draft: draft.remove([tables.named(None, "image")]))

    assert [edge.into for edge in tables.nodes[member(tables, first, "add1")].prior] == [1]
    assert feeds(tables, member(tables, second, "add1"), 0) == "block1.add1"
    codes = [p.message for p in from_scratch(tables).problems_of(member(tables, first, "add1"))]
    assert codes


def test_an_instance_cannot_come_into_another_one():
    tables = chain(2)
    first, second = groups(tables)
    draft = Draft(tables, library())
    grouping.put_in(draft, second, first)
    with pytest.raises(LinkError, match="'block2' cannot be inside 'block1'"):
        follow_links(draft)


def test_a_linked_group_that_moves_into_an_instance_is_linked_in_all():
    tables = chain(2)
    draft = Draft(tables, library())
    pair = [draft.add("Group", name) for name in ("one", "two")]
    for group in pair:
        draft.add("ReLU", "act", parent=group)
        set_link(draft, group, "pair")
    tables.apply(draft.delta())

    edited(tables, lambda draft: grouping.put_in(draft, pair[0], groups(tables)[0]))

    assert len(tables.linked("pair")) == 3
    edited(tables, lambda draft: draft.rename(member(tables, pair[1], "act"), "last"))
    assert member(tables, groups(tables)[1], "one", "last")


def test_weights_computed_for_another_structure_are_not_left_out_elsewhere():
    tables = chain(2)
    convs = [member(tables, group, "conv1") for group in groups(tables)]
    draft = Draft(tables, library())
    for conv in convs:
        set_weight(draft, conv, "weight", add_tensor(draft, "a" * 64, (8, 8, 3, 3), "float32"))
    tables.apply(draft.delta())

    def fuse(draft: Draft, number: int) -> None:
        draft.remove([member(tables, groups(tables)[number], "relu1")])
        set_weight(draft, convs[number], "weight", add_tensor(draft, "b" * 64, (8, 8, 3, 3), "float32"))

    draft = Draft(tables, library())
    fuse(draft, 0)
    with pytest.raises(LinkError, match="weights of 'conv1' anew in one linked group but not in 'block2'"):
        follow_links(draft)
    edited(tables, lambda draft: (fuse(draft, 0), fuse(draft, 1)))


def test_taking_an_instance_apart_or_away_leaves_the_others():
    tables = chain(3)
    first, second, third = groups(tables)

    edited(tables, lambda draft: grouping.ungroup(draft, first))
    assert link_of(tables, first) is None
    assert tables.linked("block") == (second, third)

    edited(tables, lambda draft: draft.remove([second]))
    assert tables.linked("block") == (third,)
    edited(tables, lambda draft: draft.rename(member(tables, third, "conv1"), "alone"))


def test_a_wire_from_outside_in_the_way_is_refused_by_name():
    tables = chain(2)
    first, second = groups(tables)
    norm = {}

    def lone(draft: Draft) -> None:
        norm["id"] = draft.add("Sub", "minus", parent=first)

    edited(tables, lone)
    image = tables.named(None, "image")
    edited(tables, lambda draft: draft.connect(image, 0, member(tables, second, "minus"), 0))

    draft = Draft(tables, library())
    draft.connect(member(tables, first, "relu1"), 0, norm["id"], 0)
    with pytest.raises(LinkError, match="'block2' has a wire from outside at input 1 of 'minus'"):
        follow_links(draft)


def test_an_open_instance_that_gets_a_first_layer_lets_the_others_in_before_theirs():
    tables = chain(2)
    image = tables.named(None, "image")
    first, second = groups(tables)
    edited(tables, lambda draft: draft.remove([image]))

    def edit(draft: Draft) -> None:
        made = draft.add("BatchNorm2d", "bn", parent=first)
        draft.connect(made, 0, member(tables, first, "conv1"), 0)

    edited(tables, edit)

    assert feeds(tables, member(tables, second, "bn")) == "block1.add1"
    assert feeds(tables, member(tables, second, "conv1")) == "block2.bn"


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(SESSIONS)
def test_after_any_edits_all_instances_agree_and_undo_is_exact(session):
    for tables in (chain(3), chain(2, nested=True)):
        for numbers in session:
            draft = Draft(tables, library())
            try:
                act(draft, numbers)
                follow_links(draft)
            except GraphError:
                continue
            delta, before = draft.delta(), snapshot(tables)
            tables.apply(delta)
            try:
                Inference(library()).follow(tables, whole(tables))
            except CycleError:  # found when the edit is applied, and taken back
                tables.apply(inverse(delta))
                continue
            laws(tables)
            instances_agree(tables)
            after = snapshot(tables)
            tables.apply(inverse(delta))
            assert snapshot(tables) == before
            tables.apply(delta)
            assert snapshot(tables) == after
