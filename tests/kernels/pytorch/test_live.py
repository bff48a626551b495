"""Live modules to drawings and back: same numbers, same keys, same groups, other batch sizes too."""

import runpy

import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.classes import camel
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.models import MODELS, ResNet, Tagger

SAME_KEYS = ["resnet", "unet", "vit", "tagger", "mixed", "encoder"]


def shaken(make, seed=0):
    """A module in eval mode whose constants are no longer 0 and 1, so that a dropped scale shows."""
    torch.manual_seed(seed)
    module = make()
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                tensor.add_(0.1 * torch.rand_like(tensor))
    return module.eval()


def examples(name, sizes, times=1):
    made = [torch.Size((size[0] * times, *size[1:])) for size in sizes]
    if name == "tagger":
        return tuple(torch.randint(0, 50, size) for size in made)
    return tuple(torch.randn(size) for size in made)


def flat(value):
    items = list(value.values()) if isinstance(value, dict) else value
    return list(items) if isinstance(items, (tuple, list)) else [items]


def drawn(module, inputs, task):
    tables = Tables()
    model = KERNEL.from_live(module, inputs, task)
    tables.apply(model.delta)
    network = build_network(tables, library(), name=model.name, store=task.store)
    assert not network.errors
    return network


def agree(first, second, inputs):
    with torch.no_grad():
        pairs = zip(flat(first(*inputs)), flat(second(*inputs)), strict=True)
        for want, got in pairs:
            torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_module_to_drawing_and_back(name, tmp_path):
    make, sizes = MODELS[name]
    task = make_task(tmp_path)
    module = shaken(make)
    network = drawn(module, examples(name, sizes), task)
    assert network.parameters == sum(p.numel() for p in module.parameters())
    live = KERNEL.to_live(network, task)
    (tmp_path / "net.py").write_text(KERNEL.text(network).text)
    written = runpy.run_path(str(tmp_path / "net.py"))[camel(network.name)]().eval()
    written.load_state_dict(live.state_dict())
    for times in (1, 2):
        inputs = examples(name, sizes, times)
        agree(module, live, inputs)
        agree(module, written, inputs)
    if name in SAME_KEYS:
        assert set(live.state_dict()) == set(module.state_dict())


def test_groups_follow_the_module_path(tmp_path):
    network = drawn(shaken(ResNet), (torch.randn(1, 3, 64, 64),), make_task(tmp_path))
    kinds = {network.qualified(box): box.layer for box in network.groups.values()}
    assert kinds == {
        "stem": "Sequential", "layer1": "Sequential", "layer1.0": "Group", "layer1.1": "Group", "layer2": "Sequential",
        "layer2.0": "Group", "layer2.0.downsample": "Sequential", "layer2.1": "Group",
    }  # fmt: skip
    assert network.inputs[0].params["shape"] == ("N", 3, 64, 64)


def test_an_activation_used_twice_is_two_nodes_and_stays_in_place_where_that_is_safe(tmp_path):
    task = make_task(tmp_path)
    module = shaken(ResNet)
    network = drawn(module, (torch.randn(1, 3, 64, 64),), task)
    inside = [step.name for step in network.steps if network.qualified(step).startswith("layer1.0.")]
    assert len([name for name in inside if name.startswith("relu")]) == 2
    live = KERNEL.to_live(network, task)
    x = torch.randn(2, 3, 64, 64)
    kept = x.clone()
    live(x)
    assert torch.equal(x, kept)
    assert live.layer1.get_submodule("0").relu.inplace


def test_outputs_keep_the_names_of_a_dict(tmp_path):
    network = drawn(shaken(Tagger), (torch.randint(0, 50, (2, 7)),), make_task(tmp_path))
    assert [step.name for step in network.outputs] == ["logits", "state"]
    tied = [row for row in network.tensors.values() if row.shape == (50, 16)]
    assert len(tied) == 1


class Branching(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Saving(nn.Module):
    def forward(self, x):
        return torch.from_numpy(x.numpy() + 1)


@pytest.mark.parametrize(("make", "message"), [
    (Branching, "Branching cannot be drawn: test_live.py:.*return x if x.sum"),
    (Saving, "Saving cannot be drawn|no function that a drawing may call"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_said_in_one_line(make, message, tmp_path):
    with pytest.raises(BinderError, match=message) as caught:
        KERNEL.from_live(make(), (torch.randn(2, 3),), make_task(tmp_path))
    assert "\n" not in str(caught.value)
