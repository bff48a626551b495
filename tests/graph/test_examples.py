"""The drawn examples equal what their papers and torch say: parameters, operations, shapes."""

from __future__ import annotations

import pytest
import torch

from sketch.graph import examples
from sketch.graph.compare import differences
from sketch.graph.cost import flops
from sketch.graph.dims import substitute
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.surgery import replace_layer
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


def drawn(library, key, edit=None):
    tables = Tables()
    draft = Draft(tables, library)
    examples.build(key, draft)
    tables.apply(draft.delta())
    if edit:
        draft = Draft(tables, library)
        edit(draft, tables)
        tables.apply(draft.delta())
    return build_network(tables, library)


@pytest.mark.parametrize(
    ("key", "count"),
    [("lenet5", 61_706), ("vgg16", 138_357_544), ("resnet18", 11_689_512), ("unet", 31_030_658)],
)
def test_published_parameter_counts(library, key, count):
    network = drawn(library, key)
    assert network.parameters == count == examples.EXAMPLES[key].parameters
    assert network.problems == ()


def test_the_encoder_counts_as_torch_does(library):
    layer = torch.nn.TransformerEncoderLayer(128, 4, 512, batch_first=True)
    parts = [torch.nn.Embedding(1000, 128), *[layer] * 4, torch.nn.LayerNorm(128), torch.nn.Linear(128, 1000)]
    count = sum(p.numel() for part in parts for p in part.parameters())
    assert drawn(library, "encoder").parameters == count == examples.EXAMPLES["encoder"].parameters


@pytest.mark.parametrize(
    ("key", "output"),
    [
        ("lenet5", "float32 N×10"), ("vgg16", "float32 N×1000"), ("resnet18", "float32 N×1000"),
        ("unet", "float32 N×2×256×256"), ("encoder", "float32 N×T×1000"),
    ],
)  # fmt: skip
def test_output_shapes_keep_their_symbols(library, key, output):
    assert str(drawn(library, key).outputs[0].input_types[0]) == output


@pytest.mark.parametrize(("key", "macs"), [("vgg16", 15.47e9), ("resnet18", 1.814e9)])
def test_operations_are_the_published_ones(library, key, macs):
    found = substitute(flops(drawn(library, key)), {"N": 1})
    assert found / 2 == pytest.approx(macs, rel=0.01)


def test_compare_finds_each_kind_of_change_and_nothing_else(library):
    before = drawn(library, "lenet5")
    assert differences(before, drawn(library, "lenet5")) == []

    def edit(draft, tables):
        replace_layer(draft, tables.named(None, "tanh1"), "ReLU")
        draft.set_param(tables.named(None, "conv2"), "out_channels", 8)
        draft.remove([tables.named(None, "tanh2")])
        draft.add("Identity", "extra")

    found = [(each.kind, each.where) for each in differences(before, drawn(library, "lenet5", edit))]
    assert found == [
        ("type", "tanh1"),
        ("parameter", "conv2"),
        ("removed", "tanh2"),
        ("wire", "pool2"),
        ("parameter", "fc1"),
        ("parameter", "fc2"),
        ("parameter", "fc3"),
        ("added", "extra"),
    ]  # fmt: skip  (nothing reaches fc1, so what followed its input is not known)
