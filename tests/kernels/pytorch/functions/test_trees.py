"""TreeEnsemble against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from sketch.kernels.pytorch.functions.trees import tree_ensemble
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check, to_torch


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("TreeEnsemble")])
def test_trees_give_the_numbers_of_the_suite(case: Case) -> None:
    check(case, tree_ensemble)


def drawn(rng: np.random.Generator) -> dict[str, Any]:
    """Random trees: nodes and leaves in the order in which they are made."""
    nodes: list[dict[str, int]] = []
    leaves: list[int] = []

    def branch(depth: int) -> tuple[int, int]:
        if depth == 0 or rng.random() < 0.2:
            leaves.append(int(rng.integers(2)))
            return len(leaves) - 1, 1
        return grow(depth), 0

    def grow(depth: int) -> int:
        place = len(nodes)
        nodes.append({})
        true, false = branch(depth - 1), branch(depth - 1)
        nodes[place] = {"true": true[0], "trueleaf": true[1], "false": false[0], "falseleaf": false[1]}
        return place

    roots = tuple(grow(int(rng.integers(1, 5))) for _ in range(3))
    count = len(nodes)
    return {
        "tree_roots": roots,
        "nodes_truenodeids": tuple(node["true"] for node in nodes),
        "nodes_falsenodeids": tuple(node["false"] for node in nodes),
        "nodes_trueleafs": tuple(node["trueleaf"] for node in nodes),
        "nodes_falseleafs": tuple(node["falseleaf"] for node in nodes),
        "nodes_featureids": tuple(int(value) for value in rng.integers(0, 3, count)),
        "nodes_missing_value_tracks_true": tuple(int(value) for value in rng.integers(0, 2, count)),
        "nodes_modes": np.full(count, rng.integers(0, 5), np.uint8),
        "nodes_splits": rng.integers(-2, 3, count).astype(np.float32),
        "leaf_targetids": tuple(leaves),
        "leaf_weights": rng.standard_normal(len(leaves)).astype(np.float32),
        "n_targets": 2,
    }


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("aggregate", [0, 1])
def test_trees_agree_with_the_evaluator_and_onnxruntime(seed: int, aggregate: int) -> None:
    rng = np.random.default_rng(seed)
    attributes = drawn(rng) | {"aggregate_function": aggregate}
    x = rng.integers(-2, 3, (6, 3)).astype(np.float32)
    x[0, 0] = np.nan
    written = {
        name: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for name, value in attributes.items()
    }
    given = {
        name: to_torch(value) if isinstance(value, np.ndarray) else value
        for name, value in attributes.items()
    }
    have = ours(tree_ensemble, [x], **given)
    assert_same(have, by_evaluator("TreeEnsemble", [x], domain="ai.onnx.ml", **written))
    if seed < 5:
        assert_same(have, by_runtime("TreeEnsemble", [x], domain="ai.onnx.ml", **written))


def test_least_and_largest_leaf() -> None:
    one = {
        "tree_roots": (0, 1),
        "nodes_truenodeids": (0, 2),
        "nodes_falsenodeids": (1, 3),
        "nodes_trueleafs": (1, 1),
        "nodes_falseleafs": (1, 1),
        "nodes_featureids": (0, 0),
        "nodes_modes": torch.zeros(2, dtype=torch.uint8),
        "nodes_splits": torch.zeros(2),
        "leaf_targetids": (0, 0, 0, 0),
        "leaf_weights": torch.tensor([1.0, 5.0, 3.0, -2.0]),
    }
    x = torch.tensor([[-1.0], [1.0]])
    assert tree_ensemble(x, **one, aggregate_function=2).flatten().tolist() == [1.0, -2.0]
    assert tree_ensemble(x, **one, aggregate_function=3).flatten().tolist() == [3.0, 5.0]
