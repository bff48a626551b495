"""Fused weights against torch's own fusion, and every reason why a BatchNorm stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import fusion

from sketch.binder.surgery.arrays import after, from_numbers, to_numbers
from sketch.binder.surgery.fusing import fuse, plan_fusion
from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def store(tmp_path):
    return TensorStore(tmp_path / "store")


def random_norm(norm: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        if norm.affine:
            norm.weight.normal_()
            norm.bias.normal_()
    return norm.eval()


def drawn(library, store, shape, *modules):
    """A chain of torch's modules as a drawing with their weights."""
    tables = Tables()
    draft = Draft(tables, library)
    last = draft.add("Input", "x", {"shape": shape})
    for module in modules:
        spec = library[type(module).__name__]
        params = {n: getattr(module, n) for n in spec.params if hasattr(module, n) and n != "bias"}
        if "bias" in spec.params:
            params["bias"] = module.bias is not None
        node = draft.add(spec.name, None, params)
        for role, tensor in module.state_dict().items():
            array = tensor.numpy()
            digest = store.put(array)
            set_weight(draft, node, role, add_tensor(draft, digest, array.shape, array.dtype.name))
        draft.connect(last, 0, node, 0)
        last = node
    draft.connect(last, 0, draft.add("Output", "y"), 0)
    tables.apply(draft.delta())
    return build_network(tables, library, store=store)


def weight(network, role):
    step = network.steps[1]
    row = network.tensors[step.stored[role]]
    return network.store.get(row.digest, row.shape, row.dtype)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("layer", "norm", "shape"),
    [
        (lambda bias: nn.Conv2d(4, 6, 3, groups=2, bias=bias), nn.BatchNorm2d(6), ("N", 4, 8, 8)),
        (lambda bias: nn.Conv1d(4, 6, 3, bias=bias), nn.BatchNorm1d(6, affine=False), ("N", 4, 8)),
        (lambda bias: nn.ConvTranspose2d(4, 6, 3, bias=bias), nn.BatchNorm2d(6), ("N", 4, 8, 8)),
        (lambda bias: nn.Linear(4, 6, bias=bias), nn.BatchNorm1d(6), ("N", 4)),
    ],
)
def test_weights_are_those_of_torchs_own_fusion(library, store, layer, norm, shape, bias):
    torch.manual_seed(1)
    module, norm = layer(bias).eval(), random_norm(norm)
    network = drawn(library, store, shape, module, norm)
    plan = plan_fusion(network)
    made = after(network, fuse(network, plan, library, lambda *_: None), library)
    assert [step.layer for step in made.steps] == ["Input", type(module).__name__, "Output"]
    assert made.errors == ()
    if isinstance(module, nn.Linear):
        want = fusion.fuse_linear_bn_eval(module, norm)
    elif norm.affine:
        want = fusion.fuse_conv_bn_eval(module, norm, transpose=isinstance(module, nn.ConvTranspose2d))
    else:
        plain = nn.BatchNorm1d(6)
        plain.load_state_dict({**plain.state_dict(), **norm.state_dict()})
        want = fusion.fuse_conv_bn_eval(module, plain.eval())
    for role in ("weight", "bias"):
        np.testing.assert_allclose(
            weight(made, role), getattr(want, role).detach().numpy(), rtol=2e-6, atol=1e-6
        )


def test_a_transposed_convolution_with_groups(library, store):
    torch.manual_seed(1)
    module, norm = nn.ConvTranspose2d(4, 6, 3, groups=2).eval(), random_norm(nn.BatchNorm2d(6))
    network = drawn(library, store, ("N", 4, 5, 5), module, norm)
    made = after(network, fuse(network, plan_fusion(network), library, lambda *_: None), library)
    x = torch.randn(2, 4, 5, 5)
    want = norm(module(x)).detach()
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight(made, "weight").copy()))
        module.bias.copy_(torch.from_numpy(weight(made, "bias").copy()))
    torch.testing.assert_close(module(x), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("modules", "shape", "reason"),
    [
        ((nn.ReLU(), nn.BatchNorm2d(4)), ("N", 4, 8, 8), "no convolution or Linear comes right before it"),
        (
            (nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, track_running_stats=False)),
            ("N", 4, 8, 8),
            "no running statistics",
        ),
        ((nn.Linear(4, 5), nn.BatchNorm1d(3)), ("N", 3, 4), "normalises another dimension"),
    ],
)
def test_what_stays_says_why(library, store, modules, shape, reason):
    plan = plan_fusion(drawn(library, store, shape, *modules))
    assert plan.fusions == ()
    assert reason in plan.kept[0][1]


def test_a_convolution_that_feeds_two_layers_stays(library, store):
    network = drawn(library, store, ("N", 4, 8, 8), nn.Conv2d(4, 6, 3), random_norm(nn.BatchNorm2d(6)))
    draft = Draft(network.tables, library)
    draft.connect(network.steps[1].id, 0, draft.add("Output", "also"), 0)
    shared = after(network, draft.delta(), library)
    assert "feeds another layer too" in plan_fusion(shared).kept[0][1]


def test_only_what_is_chosen(library, store):
    network = drawn(
        library, store, ("N", 4, 8, 8),
        nn.Conv2d(4, 6, 3), random_norm(nn.BatchNorm2d(6)), nn.Conv2d(6, 6, 3), random_norm(nn.BatchNorm2d(6)),
    )  # fmt: skip
    _, first, _, second, fourth, _ = network.steps
    assert [f.norm for f in plan_fusion(network, {first.id}).fusions] == [network.steps[2].id]
    assert [f.norm for f in plan_fusion(network, {fourth.id}).fusions] == [fourth.id]
    assert len(plan_fusion(network, {second.id, first.id}).fusions) == 2


def test_bfloat16_rounds_as_torch_does():
    values = np.random.default_rng(0).standard_normal(2000)
    bits = from_numbers(values, "bfloat16")
    want = torch.from_numpy(values.astype(np.float32)).bfloat16()
    assert np.array_equal(bits, want.view(torch.int16).numpy().view(np.uint16))
    assert np.array_equal(to_numbers(bits, "bfloat16"), want.double().numpy())
