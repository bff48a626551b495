"""What one node says of itself: problems with numbers and a cure, pinned and followed parameters, weights."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


class Bench:
    """A document's rows and their inference, edited by functions on a Draft."""

    def __init__(self, library):
        self.library, self.tables, self.inference = library, Tables(), Inference(library)

    def edit(self, change):
        draft = Draft(self.tables, self.library)
        result = change(draft)
        delta = draft.delta()
        self.tables.apply(delta)
        self.inference.follow(self.tables, delta)
        return result


@pytest.fixture
def bench(library):
    return Bench(library)


def chain(*layers):
    def draw(draft):
        ids = [draft.add(name, params=params) for name, params in layers]
        for source, target in pairwise(ids):
            draft.connect(source, 0, target, 0)
        return ids

    return draw


def said(bench, node_id):
    return [
        (problem.severity, problem.code, str(problem)) for problem in bench.inference.problems_of(node_id)
    ]


def test_a_parameter_follows_its_input_until_it_is_pinned(bench):
    image, conv = bench.edit(chain(("Input", {"shape": ("N", 3, 8, 8)}), ("Conv2d", {"out_channels": 4})))
    assert bench.inference.of(conv).params["in_channels"] == 3
    bench.edit(lambda draft: draft.set_param(image, "shape", ("N", 5, 8, 8)))
    assert bench.inference.of(conv).params["in_channels"] == 5
    bench.edit(lambda draft: draft.set_param(conv, "in_channels", 3))
    assert bench.inference.of(conv).params["in_channels"] == 3
    assert said(bench, conv)[0][:2] == ("error", "shape")
    assert "3" in said(bench, conv)[0][2]
    assert "5" in said(bench, conv)[0][2]
    bench.edit(lambda draft: draft.reset_param(conv, "in_channels"))
    assert said(bench, conv) == []
    assert bench.inference.total_parameters == 4 * 5 * 9 + 4


def test_followers_of_a_fault_say_nothing(bench):
    ids = bench.edit(
        chain(
            ("Input", {"shape": ("N", 3, 4, 4)}), ("Conv2d", {"kernel_size": 7}), ("ReLU", {}), ("Output", {})
        )
    )
    assert [len(bench.inference.problems_of(node_id)) for node_id in ids] == [0, 1, 0, 0]


def test_weights_and_input_must_be_of_one_type(bench):
    image, linear = bench.edit(
        chain(("Input", {"shape": ("N", 8), "dtype": "float16"}), ("Linear", {"out_features": 2}))
    )
    assert said(bench, linear) == [
        ("error", "weight-dtype", (
            "Linear has float32 weights, its input is float16. "
            "Insert a Cast to float32, or change the element type of the Input."
        ))
    ]  # fmt: skip

    def store(draft):
        for role, shape in (("weight", (2, 8)), ("bias", (2,))):
            set_weight(draft, linear, role, add_tensor(draft, role, shape, "float16"))

    bench.edit(store)
    assert said(bench, linear) == []
    bench.edit(lambda draft: draft.set_param(image, "dtype", "float32"))
    assert said(bench, linear)[0][1] == "weight-dtype"


def test_a_tensor_that_no_longer_fits_is_a_warning_with_both_sizes(bench):
    image, linear = bench.edit(chain(("Input", {"shape": ("N", 8)}), ("Linear", {"out_features": 2})))
    bench.edit(lambda draft: set_weight(draft, linear, "weight", add_tensor(draft, "w", (2, 8), "float32")))
    assert said(bench, linear) == []
    bench.edit(lambda draft: draft.set_param(linear, "out_features", 3))
    assert said(bench, linear) == [
        ("warning", "weight-shape", (
            "The stored weight is 2×8, the layer now needs 3×8. "
            "It will be initialised anew when you compile; undo brings the old size back."
        ))
    ]  # fmt: skip
    assert image in bench.tables.nodes


def test_tied_tensors_count_once(bench):
    _, first, second = bench.edit(
        chain(
            ("Input", {"shape": ("N", 8)}), ("Linear", {"out_features": 8}), ("Linear", {"out_features": 8})
        )
    )
    assert bench.inference.total_parameters == 144

    def tie(draft):
        tensor = add_tensor(draft, "w", (8, 8), "float32")
        for node in (first, second):
            set_weight(draft, node, "weight", tensor)

    bench.edit(tie)
    assert bench.inference.total_parameters == 144 - 64


def test_a_symbolic_channel_is_asked_for_not_miscounted(bench):
    _, conv = bench.edit(chain(("Input", {"shape": ("N", "C", 8, 8)}), ("Conv2d", {"groups": 2})))
    texts = [text for _, _, text in said(bench, conv)]
    assert texts
    assert not any("cannot be split" in text for text in texts)
    assert bench.inference.of(conv).parameters is None
    assert conv in bench.inference.unknown_parameters
