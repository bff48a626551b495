"""The tree of a real export is that of its modules: the layers' own names, groups as attributes, for both exporters."""

from pathlib import Path

import pytest

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.naming import Drawn, paths, spoken
from sketch.kernels.pytorch.kernel import KERNEL as PYTORCH
from tests.contract.networks import library
from tests.kernels.onnx.job import task_in
from tests.zoo.exports import EXPORTERS, exported
from tests.zoo.networks import NETWORKS

RESNET = {
    "conv1": "Conv2d", "relu": "ReLU", "maxpool": "MaxPool2d", "avgpool": "AdaptiveAvgPool2d", "fc": "Linear",
    "layer1/0/conv1": "Conv2d", "layer1/0/conv2": "Conv2d", "layer1/0/add": "Add", "layer1/1/conv1": "Conv2d",
    "layer2/0/downsample/0": "Conv2d", "layer2/1/conv2": "Conv2d", "flatten": "Flatten",
}  # fmt: skip
BERT = {
    "word": "Embedding", "norm": "LayerNorm", "pooler": "Linear", "layers/0/self_attention/query": "Linear",
    "layers/1/self_attention/scaled_dot_product_attention": "ScaledDotProductAttention", "layers/0/gelu": "GELU",
    "layers/1/norm2": "LayerNorm", "layers/0/intermediate": "Linear", "layers/1/output": "Linear",
}  # fmt: skip


def opened(name: str, exporter: str, folder: Path):
    task = task_in(folder)
    model = KERNEL.import_model(exported(NETWORKS[name], exporter), {}, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize(("name", "wanted"), [("resnet", RESNET), ("bert", BERT)])
def test_layers_have_the_names_of_their_modules(name, wanted, exporter, tmp_path):
    network = opened(name, exporter, tmp_path)
    found = {"/".join(network.path(step)): step.layer for step in network.steps}
    assert {path: found.get(path) for path in wanted} == wanted


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_blocks_become_classes_of_the_source(exporter, tmp_path):
    text = PYTORCH.text(opened("resnet", exporter, tmp_path)).text
    assert text.count("class ") == 3
    assert "self.layer1 = nn.Sequential(" in text
    assert "self.downsample = nn.Sequential(" in text


def node(name, kind="Relu", scopes="", layer="ReLU", near=()):
    return Drawn(name, kind, "out", scopes, layer, near)


@pytest.mark.parametrize(
    ("drawn", "wanted"),
    [
        ([node("/conv1/Conv", "Conv")], [("conv1",)]),
        ([node("/layer1/layer1.0/act/Relu")], [("layer1", "0", "act")]),
        ([node("/layers.0/act/Relu")], [("layers", "0", "act")]),
        ([node("/a/Relu"), node("/a/Add", "Add", layer="Add")], [("a", "relu"), ("a", "add")]),
        ([node("/a/Relu"), node("/a/Relu_1")], [("a",), ("a",)]),
        ([node("/a/Relu"), node("/a/b/Relu")], [("a", "relu"), ("a", "b")]),
        ([node("/Add", "Add", layer="Add")], [("add",)]),
        ([node("anything")], [("anything",)]),
        ([node("")], [("out",)]),
        ([node("n1", scopes="['', 'features', 'features.0', 'relu']")], [("features", "0")]),
        ([node("n1", scopes="[broken"), node("n2", scopes="[1, 2]")], [("n1",), ("n2",)]),
        (
            [
                node("n1", scopes="['', 'h', 'relu']"),
                node("made", near=(0,)),
                node("n3", scopes="['', 'h', 'relu_1']"),
            ],
            [("h", "relu"), ("relu",), ("h", "relu")],
        ),
    ],
)
def test_paths_follow_the_modules(drawn, wanted):
    found = paths(drawn)
    if len(drawn) == 3:
        assert found[1] == wanted[1]
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("ReLU", "relu"),
        ("MaxPool2d", "max_pool2d"),
        ("MatMul", "matmul"),
        ("ai.onnx:TopK", "topk"),
        ("LSTM", "lstm"),
    ],
)
def test_steps_are_called_as_a_person_would(layer, name):
    assert spoken(layer) == name
