"""Occurrences of a pattern, and replacing all of them in one step."""

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networkx.algorithms.isomorphism import (
    MultiDiGraphMatcher,
    categorical_multiedge_match,
    categorical_node_match,
)

from sketch.binder.tensors import TensorStore
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.commands.patterns import PatternError
from sketch.state.document import Document
from tests.graph.random_edits import laws


@pytest.fixture
def blocks(document):
    """Input, then four times Linear → ReLU → Add with what came in, then Output; ids of the parts by block."""

    def edit(draft):
        last = draft.add("Input", "x", {"shape": ("N", 8)})
        found = []
        for number in range(4):
            linear = draft.add("Linear", None, {"out_features": 8, "bias": number != 2})
            relu, add = draft.add("ReLU"), draft.add("Add")
            for wire in ((last, linear, 0), (linear, relu, 0), (relu, add, 0), (last, add, 1)):
                draft.connect(wire[0], 0, wire[1], wire[2])
            found.append((linear, relu, add))
            last = add
        draft.connect(last, 0, draft.add("Output", "y"), 0)
        return found

    return document.edit("draw", edit)


def test_equal_parameters_or_any(document, blocks) -> None:
    pattern = commands.pattern_of(document, blocks[0])
    assert [set(m.nodes.values()) for m in commands.occurrences(document, pattern)] == [
        set(blocks[n]) for n in (0, 1, 3)
    ]
    assert len(commands.occurrences(document, pattern, any_params=True)) == 4


def test_a_pattern_may_have_more_layers_than_python_calls_nest(document) -> None:
    def edit(draft):
        last, chains = draft.add("Input"), []
        for _ in range(2):
            chains.append([draft.add("ReLU") for _ in range(1200)])
            for made in chains[-1]:
                draft.connect(last, 0, made, 0)
                last = made
            last = draft.add("Tanh")
            draft.connect(chains[-1][-1], 0, last, 0)
        return chains

    first, second = document.edit("draw", edit)
    found = commands.occurrences(document, commands.pattern_of(document, first))
    assert [set(match.nodes.values()) for match in found] == [set(first), set(second)]


def test_a_value_used_outside_the_pattern_hinders(document, blocks) -> None:
    commands.make_outputs(document, [(blocks[1][1], 0)])
    pattern = commands.pattern_of(document, blocks[0])
    assert len(commands.occurrences(document, pattern)) == 2


def test_both_inputs_must_come_from_one_value_where_they_do_in_the_pattern(document, blocks) -> None:
    second = blocks[1]
    wire = next(e for e in document.tables.nodes[second[2]].prior if e.into == 1)
    commands.reconnect(document, wire, source_end=(blocks[0][1], 0))
    found = commands.occurrences(document, commands.pattern_of(document, blocks[3]))
    assert [set(m.nodes.values()) for m in found] == [set(blocks[3])]


def test_all_occurrences_become_one_layer_in_one_step(document, blocks) -> None:
    before = snapshot(document.tables)
    found = commands.occurrences(document, commands.pattern_of(document, blocks[0]), any_params=True)
    steps = len(document.history.checkpoints)
    made = commands.replace_by_layer(document, found, "Tanh")
    laws(document.tables)
    layers = [node.layer for node in document.tables.nodes.values()]
    assert sorted(layers) == ["Input", "Output", "Tanh", "Tanh", "Tanh", "Tanh"]
    assert len(made) == 4
    assert str(document.inference.output(made[-1])) == "float32 N×8"
    assert len(document.history.checkpoints) == steps + 1
    document.undo()
    assert snapshot(document.tables) == before


def test_a_layer_that_takes_or_gives_another_number_is_refused(document, blocks) -> None:
    found = commands.occurrences(document, commands.pattern_of(document, blocks[0]))
    with pytest.raises(PatternError, match="The pattern takes 1 value, Sub 2"):
        commands.replace_by_layer(document, found, "Sub")
    with pytest.raises(PatternError, match="is a group"):
        commands.replace_by_layer(document, found, "Group")


def test_by_a_copied_block(document, blocks) -> None:
    conv = commands.add_layer(document, "LayerNorm", (900, 0))
    tail = commands.append_layer(document, "Tanh", [conv])
    clip = commands.copy(document, [commands.group(document, [conv, tail])])
    found = commands.occurrences(document, commands.pattern_of(document, blocks[0]))
    made = commands.replace_by_block(document, found, clip)
    laws(document.tables)
    assert [document.tables.nodes[key].layer for key in made] == ["Group"] * 3
    output = next(node for node in document.tables.nodes.values() if node.name == "y")
    assert document.tables.nodes[output.prior[0].source].layer == "Tanh"
    assert str(document.inference.output(output.prior[0].source)) == "float32 N×8"


def test_the_selection_must_hang_together(document, blocks) -> None:
    with pytest.raises(PatternError, match="No wire joins 'relu2'"):
        commands.pattern_of(document, [blocks[0][0], blocks[1][1]])
    with pytest.raises(PatternError, match="Select the layers"):
        commands.pattern_of(document, [])
    ends = [k for k, node in document.tables.nodes.items() if node.layer == "Output"]
    with pytest.raises(PatternError, match="'y' is an end of the model"):
        commands.pattern_of(document, ends)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_single_occurrence_is_one_that_networkx_finds(library, tmp_path_factory, data) -> None:
    """On random graphs every place found is an isomorphism of the pattern, and none is missed when only one exists."""
    document = Document(library, store=TensorStore(tmp_path_factory.mktemp("s")), folder=None)

    def edit(draft):
        ids = [draft.add("Input", "x", {"shape": ("N", 4)})]
        for _ in range(data.draw(st.integers(4, 9))):
            layer = data.draw(st.sampled_from(("ReLU", "Tanh", "Add")))
            made = draft.add(layer)
            for into in range(2 if layer == "Add" else 1):
                draft.connect(data.draw(st.sampled_from(ids)), 0, made, into)
            ids.append(made)
        return ids[1:]

    ids = document.edit("draw", edit)
    chosen = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
    try:
        pattern = commands.pattern_of(document, chosen)
    except PatternError:
        return
    whole, part = graph(document, ids), graph(document, pattern.order)
    matcher = MultiDiGraphMatcher(
        whole, part, categorical_node_match("layer", ""), categorical_multiedge_match("into", 0)
    )
    known = [
        {ours: theirs for theirs, ours in match.items()} for match in matcher.subgraph_isomorphisms_iter()
    ]
    found = commands.occurrences(document, pattern)
    assert dict(zip(pattern.order, pattern.order, strict=True)) in [dict(m.nodes) for m in found]
    for match in found:
        assert dict(match.nodes) in known
    taken = [key for match in found for key in match.nodes.values()]
    assert len(taken) == len(set(taken))
    document.close()


def graph(document, ids):
    made = networkx.MultiDiGraph()
    for key in ids:
        made.add_node(key, layer=document.tables.nodes[key].layer)
    for key in ids:
        for edge in document.tables.nodes[key].prior:
            if edge.source in made:
                made.add_edge(edge.source, key, into=edge.into)
    return made
