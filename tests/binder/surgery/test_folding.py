"""Which nodes are constant, which are left alone, and what a fold says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from sketch.binder.surgery.folding import Fold, constant_steps, ends, why_nothing_folds
from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Source, build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def draw(library, tmp_path):
    """Draw (name, layer, params, sources); the Network and ids by name."""

    def made(*rows, stored=()):
        tables, store = Tables(), TensorStore(tmp_path / "store")
        draft, ids = Draft(tables, library), {}
        for name, layer, params, sources in rows:
            ids[name] = draft.add(layer, name, params)
            for into, source in enumerate(sources):
                draft.connect(ids[source], 0, ids[name], into)
        for name, role, array in stored:
            tensor = add_tensor(draft, store.put(array), array.shape, array.dtype.name)
            set_weight(draft, ids[name], role, tensor)
        tables.apply(draft.delta())
        return build_network(tables, library, store=store), ids

    return made


X = ("x", "Input", {"shape": ("N", 4)}, [])
A = ("a", "Constant", {"value": (1.0, 2.0, 3.0, 4.0)}, [])


def test_only_what_depends_on_nothing_else(draw):
    network, ids = draw(
        X, A, ("s", "Sin", {}, ["a"]), ("m", "Mul", {}, ["x", "s"]), ("y", "Output", {}, ["m"])
    )
    assert set(constant_steps(network)) == {ids["a"], ids["s"]}
    assert ends(network, constant_steps(network)) == [Source(ids["s"], 0)]
    assert why_nothing_folds(network) is None


@pytest.mark.parametrize(
    ("row", "stored"),
    [
        (("l", "Linear", {"out_features": 3}, ["a"]), ()),
        (("l", "ai.onnx:RandomNormalLike", {}, ["a"]), ()),
        (("l", "com.acme:Magic", {}, ["a"]), ()),
        (("l", "ai.onnx:DequantizeLinear", {}, []),
         (("l", "input0", np.ones((4,), np.int8)), ("l", "input1", np.array(0.5, np.float32)))),
        (("l", "ai.onnx:Cast", {"to": 1}, []), (("l", "input0", np.ones((4,), np.float16)),)),
        (("l", "Expand", {"shape": (1000, 1000, 4)}, ["a"]), ()),
    ],
)  # fmt: skip
def test_what_is_left_alone(draw, row, stored):
    network, ids = draw(X, A, row, ("y", "Output", {}, ["l"]), stored=stored)
    assert ids["l"] not in constant_steps(network)
    assert why_nothing_folds(network) == "No layer depends on constants only."


def test_a_fold_says_nodes_and_bytes():
    assert str(Fold((), 10, 7, 2000, 1500)) == (
        "3 nodes folded away (10 to 7); weights 2,000 to 1,500 bytes (-500)"
    )
