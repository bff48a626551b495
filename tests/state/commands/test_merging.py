"""Two models become one: what fits is proposed, what does not is refused, names stay apart."""

import pytest

from sketch.graph.draft import Draft
from sketch.graph.tables import Tables, snapshot
from sketch.state import commands
from sketch.state.commands.merging import MergeError, Other, clashes, named_pairs, propose
from tests.graph.random_edits import laws


def chain(draft, name, shape, layer, params, out):
    x = draft.add("Input", name, {"shape": shape})
    mid = draft.add(layer, None, params)
    y = draft.add("Output", out)
    draft.connect(x, 0, mid, 0)
    draft.connect(mid, 0, y, 0)
    return x, mid, y


@pytest.fixture
def first(document):
    return document.edit("draw", lambda d: chain(d, "x", ("N", 8), "Linear", {"out_features": 4}, "features"))


@pytest.fixture
def other(document):
    def make(name="features", shape=("N", 4), meta=None):
        tables = Tables()
        draft = Draft(tables, document.library)
        chain(draft, name, shape, "Linear", {"out_features": 2}, "scores")
        for key, value in (meta or {}).items():
            draft.put("meta", key, value)
        tables.apply(draft.delta())
        return Other.of("head", tables, document.library, document.store)

    return make


def test_names_and_types_propose_the_wires(document, first, other) -> None:
    head = other()
    (entry,) = head.inputs
    assert propose(document, head) == {entry: first[2]}
    assert propose(document, other(name="else")) == {entry: first[2]}  # the only one left that fits
    assert propose(document, other(shape=("N", 5))) == {entry: None}


def test_merging_wires_through_in_one_step(document, first, other) -> None:
    before, head = snapshot(document.tables), other()
    pairs = {k: v for k, v in propose(document, head).items() if v is not None}
    made = commands.merge(document, head, pairs, "head_")
    laws(document.tables)
    names = {node.name: node for node in document.tables.nodes.values()}
    assert set(names) == {"x", "fc1", "head_fc1", "scores"}
    assert names["head_fc1"].prior[0].source == first[1]
    assert names["head_fc1"].id in made
    assert str(document.inference.output(names["head_fc1"].id)) == "float32 N×2"
    assert document.undo() == "Merge head"
    assert snapshot(document.tables) == before


def test_without_pairs_both_stand_side_by_side(document, first, other) -> None:
    commands.merge(document, other(), {})
    names = [node.name for node in document.tables.nodes.values()]
    assert len(names) == 6
    assert sum(node.layer == "Input" for node in document.tables.nodes.values()) == 2


def test_what_does_not_fit_is_refused_by_type(document, first, other) -> None:
    head = other(shape=("N", 5))
    (entry,) = head.inputs
    with pytest.raises(
        MergeError, match="Output 'features' gives float32 N×4, input 'features' takes float32 N×5"
    ):
        commands.merge(document, head, {entry: first[2]})
    with pytest.raises(MergeError, match="There is no output 'nothing'; there are features"):
        named_pairs(document, head, {"nothing": "features"})
    with pytest.raises(MergeError, match="head has no input 'z'"):
        named_pairs(document, head, {"features": "z"})


def test_clashing_names_and_operator_versions(document, first, other) -> None:
    assert clashes(document, other()) == ["features", "fc1"]
    document.edit("domains", lambda d: d.put("meta", "onnx.domains", {"com.acme": 1}))
    with pytest.raises(MergeError, match=r"version 2 of the operators of com\.acme, this network 1"):
        commands.merge(document, other(meta={"onnx.domains": {"com.acme": 2}}), {})
