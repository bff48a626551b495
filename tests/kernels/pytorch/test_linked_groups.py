"""Linked groups in PyTorch: one class with many uses, each with weights of its own, the numbers those of the file."""

import numpy as np
import pytest
import torch

from sketch.binder.tensors import TensorStore
from sketch.graph.linking.rows import instances
from sketch.kernels.pytorch.build import build_module
from sketch.kernels.pytorch.kernel import PyTorchKernel
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.document_file import load_document, save_document
from tests.contract.networks import library
from tests.graph.linking.blocks import instances_agree, member
from tests.kernels.pytorch.test_edited_source import Text

KERNEL = PyTorchKernel()


@pytest.fixture
def repeated(tmp_path):
    """Input → a residual block, four times in series → Output."""
    document = Document(library(), store=TensorStore(tmp_path), folder=None, name="net")
    source = commands.add_layer(document, "Input", (0, 0), params={"shape": ("N", 16)})
    linear = commands.append_layer(document, "Linear", [source])
    commands.set_param(document, [linear], "out_features", 16)
    relu = commands.append_layer(document, "ReLU", [linear])
    add = commands.append_layer(document, "Add", [relu])
    commands.connect(document, source, 0, add, 1)
    commands.append_layer(document, "Output", [add])
    group = commands.group(document, [linear, relu, add])
    commands.rename(document, group, "block1")
    return document, commands.repeat(document, group, 4).groups


def test_the_class_is_printed_once_with_a_use_for_each(repeated):
    document, _ = repeated
    text = KERNEL.text(document.network()).text
    assert text.count("class Block(nn.Module)") == 1
    assert text.count("= Block(") == 4
    assert text.count("nn.Linear(") == 1


def test_each_instance_has_weights_of_its_own_and_the_numbers_are_those_of_the_layers(repeated):
    document, _groups = repeated
    module, _, _ = build_module(document.network(), document.store)
    state = {name: value.numpy() for name, value in module.state_dict().items()}
    assert len(state) == 8
    weights = [state[f"block{number}.fc1.weight"] for number in range(1, 5)]
    assert all(not np.array_equal(weights[0], other) for other in weights[1:])

    x = np.random.default_rng(0).standard_normal((3, 16)).astype(np.float32)
    expected = x
    for number in range(1, 5):
        y = expected @ state[f"block{number}.fc1.weight"].T + state[f"block{number}.fc1.bias"]
        expected = np.maximum(y, 0) + expected
    np.testing.assert_allclose(module(torch.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_named_inputs_are_the_arguments_of_the_class(repeated):
    document, groups = repeated
    commands.name_port(document, groups[1], "input", 0, "tokens")
    text = KERNEL.text(document.network()).text
    assert "def forward(self, tokens: Tensor) -> Tensor:" in text
    assert text.count("class Block") == 1
    commands.name_port(document, groups[1], "input", 0, "lambda")
    assert "def forward(self, x: Tensor) -> Tensor:" in KERNEL.text(document.network()).text


def test_a_name_that_another_argument_has_is_left_alone(repeated):
    document, groups = repeated
    scale = commands.add_layer(document, "Input", (300, 0), params={"shape": ("N", 16)})
    mul = commands.add_layer(document, "Mul", (0, 500), parent=groups[0])
    relu = member(document.tables, groups[0], "relu1")
    commands.insert_on_wire(document, mul, document.tables.nodes[relu].next[0])
    for group in groups:
        commands.connect(document, scale, 0, member(document.tables, group, "mul1"), 1)
    commands.name_port(document, groups[0], "input", 1, "x")
    module, _, _ = build_module(document.network(), document.store)
    space = {}
    exec(KERNEL.text(document.network()).text.partition("if __name__")[0], space)  # noqa: S102 - our own text
    made = space["Net"]()
    made.load_state_dict(module.state_dict())
    given = torch.randn(2, 16), torch.randn(2, 16)
    assert torch.equal(made.eval()(*given), module(*given))


def test_an_edit_of_the_shared_class_in_the_text_changes_all(repeated, tmp_path):
    document, groups = repeated
    store = TensorStore(tmp_path / "text")
    text = Text(document.tables, store)
    delta = text.delta(("self.fc1 = nn.Linear(16, 16)", "self.fc1 = nn.Linear(16, 16, bias=False)"))

    commands.apply_prepared(document, "Accept the text", delta)

    assert len(instances(document.tables, groups[0])) == 4
    instances_agree(document.tables)
    for group in groups:
        assert document.tables.nodes[member(document.tables, group, "fc1")].params["bias"] is False


def test_a_layer_written_into_the_shared_class_comes_into_all(repeated, tmp_path):
    document, groups = repeated
    store = TensorStore(tmp_path / "text")
    text = Text(document.tables, store)
    (line,) = [line for line in text.source.text.splitlines() if "self.fc1(" in line]
    name = line.split("=")[0].strip()
    delta = text.delta((line, f"{line}\n        {name} = torch.tanh({name})"))

    commands.apply_prepared(document, "Accept the text", delta)

    assert len(instances(document.tables, groups[0])) == 4
    instances_agree(document.tables)
    layers = [document.tables.nodes[n].layer for n in document.tables.children(groups[3])]
    assert "Tanh" in layers


def test_links_and_ports_are_in_the_file(repeated, tmp_path):
    document, groups = repeated
    commands.name_port(document, groups[0], "input", 0, "tokens")
    path = tmp_path / "net.sketch"
    save_document(document, path)

    again = load_document(path, library(), store=document.store, folder=None)

    assert instances(again.tables, groups[0]) == tuple(groups)
    commands.rename(again, member(again.tables, groups[0], "fc1"), "dense")
    instances_agree(again.tables)
    assert again.tables.meta[f"ports.{groups[2]}"][0][0][2] == "tokens"
