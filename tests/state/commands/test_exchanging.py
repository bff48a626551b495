"""A part drawn anew takes the place of the old one: wires, groups and what comes out stay."""

import pytest

from sketch.graph.draft import Draft
from sketch.graph.grouping import group
from sketch.graph.tables import Tables, snapshot
from sketch.state import commands
from sketch.state.commands.exchanging import ExchangeError
from tests.graph.random_edits import laws


@pytest.fixture
def net(document):
    """x → block(fc1 → relu1) → cat (twice) → y; ids by name."""

    def edit(draft):
        ids = {"x": draft.add("Input", "x", {"shape": ("N", 8)})}
        for name, layer in (("fc1", "Linear"), ("relu1", "ReLU"), ("cat", "Concat"), ("y", "Output")):
            ids[name] = draft.add(layer, name)
        for source, target, into in (
            ("x", "fc1", 0), ("fc1", "relu1", 0), ("x", "cat", 0), ("relu1", "cat", 1), ("relu1", "cat", 2),
            ("cat", "y", 0),
        ):  # fmt: skip
            draft.connect(ids[source], 0, ids[target], into)
        ids["block"] = group(draft, [ids["fc1"], ids["relu1"]], "Group", "block")
        return ids

    return document.edit("draw", edit)


def other_form(document, name="block.fc1"):
    """The part as three layers in a group of the same name, as an import would draw it."""
    tables = Tables()
    draft = Draft(tables, document.library)
    entry = draft.add("Input", "x", {"shape": ("N", 8)})
    ids = [draft.add(layer, title) for layer, title in (("Identity", "a"), ("Linear", "fc1"), ("Tanh", "t"))]
    for source, target in zip([entry, *ids], [*ids, draft.add("Output", name)], strict=True):
        draft.connect(source, 0, target, 0)
    group(draft, ids, "Group", "block")
    tables.apply(draft.delta())
    return tables


def test_the_new_form_stands_where_the_old_one_was(document, net) -> None:
    before = snapshot(document.tables)
    part = commands.extract(document, [net["fc1"], net["relu1"]])
    assert (part.inputs, part.outputs) == (("x",), ("block.relu1",))
    made = commands.exchange(
        document, [net["fc1"], net["relu1"]], part, other_form(document, "block.relu1"), "Redraw"
    )
    laws(document.tables)
    inside = {document.tables.nodes[key].name for key in document.tables.children(net["block"])}
    assert inside == {"a", "fc1", "t"}
    assert [document.tables.nodes[key].parent for key in made] == [net["block"]] * 3
    tanh = document.tables.named(net["block"], "t")
    assert [edge.source for edge in document.tables.nodes[net["cat"]].prior] == [net["x"], tanh, tanh]
    assert not [p for p in document.problems() if p.severity == "error"]
    assert document.undo() == "Redraw"
    assert snapshot(document.tables) == before


def test_a_lost_wire_is_refused_and_nothing_changes(document, net) -> None:
    before = snapshot(document.tables)
    part = commands.extract(document, [net["block"]])
    with pytest.raises(ExchangeError, match=r"lost the wire 'block\.relu1'"):
        commands.exchange(document, [net["block"]], part, other_form(document, "else"), "Redraw")
    assert snapshot(document.tables) == before
