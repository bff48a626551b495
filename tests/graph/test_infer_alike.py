"""Nodes that are alike share what was inferred of one: the result is that of a network where each is worked out."""

import pytest

from sketch.graph import examples
from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables, whole
from sketch.resources_root import resource_root


class Alone(dict[object, object]):
    """Keeps nothing, so that every node is worked out by itself."""

    def __setitem__(self, key: object, value: object) -> None:
        """Nothing is kept."""


class Plain(Inference):
    """Works out every node by itself."""

    def __init__(self, library: LayerLibrary):
        super().__init__(library)
        self.alike._by_types, self.alike._by_sources = Alone(), Alone()


@pytest.fixture(scope="module")
def library() -> LayerLibrary:
    return LayerLibrary.load(resource_root() / "layers")


def facts(inference: Inference, tables: Tables) -> dict[int, object]:
    return {node_id: inference.of(node_id) for node_id in tables.nodes}


@pytest.mark.parametrize("key", [key for key, _, _ in examples.names()])
def test_every_example_is_inferred_as_without(library, key):
    tables = Tables()
    draft = Draft(tables, library)
    examples.build(key, draft)
    tables.apply(draft.delta())
    alike, plain = Inference(library), Plain(library)
    alike.follow(tables, whole(tables))
    plain.follow(tables, whole(tables))
    assert facts(alike, tables) == facts(plain, tables)
    assert alike.total_parameters == plain.total_parameters
    assert alike.problems() == plain.problems()


def drawn(
    library: LayerLibrary, *layers: tuple[str, dict[str, object]]
) -> tuple[Tables, Inference, list[int]]:
    tables, ids = Tables(), []
    draft = Draft(tables, library)
    for layer, params in layers:
        ids.append(draft.add(layer, None, params))
        if len(ids) > 1:
            draft.connect(ids[0], 0, ids[-1], 0)
    tables.apply(draft.delta())
    inference = Inference(library)
    inference.follow(tables, whole(tables))
    return tables, inference, ids


def test_sizes_that_depend_on_the_data_keep_their_own_names(library):
    _, inference, ids = drawn(
        library, ("Input", {"shape": ("N", 4)}), ("ai.onnx:NonZero", {}), ("ai.onnx:NonZero", {})
    )
    one, other = (str(inference.output(node_id)) for node_id in ids[1:])
    assert f"d{ids[1]}_" in one
    assert f"d{ids[2]}_" in other


def test_a_problem_names_its_own_node(library):
    wrong = ("Conv2d", {"out_channels": 4, "kernel_size": 9})
    _, inference, ids = drawn(library, ("Input", {"shape": ("N", 4, 5, 5)}), wrong, wrong)
    assert [problem.node for problem in inference.problems() if problem.severity == "error"] == ids[1:]


def test_a_copy_stays_as_it_was(library):
    tables, inference, ids = drawn(library, ("Input", {"shape": ("N", 4)}), ("Linear", {"out_features": 3}))
    rows = tables.copy()
    known = inference.copy(rows)
    before = str(known.output(ids[1]))
    draft = Draft(tables, library)
    draft.set_param(ids[1], "out_features", 7)
    draft.rename(ids[1], "other")
    delta = draft.delta()
    tables.apply(delta)
    inference.follow(tables, delta)
    assert str(inference.output(ids[1])) != before
    assert str(known.output(ids[1])) == before
    assert rows.named(None, "other") is None
    assert rows.children(None) == tables.children(None)
    assert known.total_parameters != inference.total_parameters
