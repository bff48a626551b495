"""Functions of torch that have a layer: a captured call becomes it, however the call is spelled, with equal numbers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL as ONNX
from sketch.kernels.pytorch import KERNEL
from tests.contract.networks import library
from tests.kernels.onnx.job import task_in

CALLS = {
    "Rsqrt": lambda x: x.abs().add(1).rsqrt(),
    "NotEqual": lambda x: x != 0.5,
    "FloorDivide": lambda x: x // 0.3,
    "Remainder": lambda x: torch.remainder(x, 0.7),
    "Var": lambda x: x.var(-1, unbiased=False) + x.var(1).sum() + torch.var(x, dim=-1, correction=0),
    "Std": lambda x: x.std(-1, keepdim=True),
    "VarMean": lambda x: torch.var_mean(x, 1, keepdim=True),
    "LogSumExp": lambda x: x.logsumexp((1, 2)),
    "Any": lambda x: (x > 1).any(-1),
    "All": lambda x: torch.all(x > -1, dim=1, keepdim=True),
    "Prod": lambda x: x.prod(1),
    "ArgMin": lambda x: x.argmin(-1),
    "Normalize": lambda x: F.normalize(x, dim=-1),
    "TopK": lambda x: x.topk(2, dim=1)[1],
    "Sort": lambda x: torch.sort(x, descending=True)[0],
    "GatherElements": lambda x: x.gather(2, x.argsort(-1)),
    "Scatter": lambda x: torch.zeros_like(x).scatter(1, x[:, :2].argsort(1), x[:, :2]),
    "ScatterAdd": lambda x: x.scatter_add(1, x[:, :2].argsort(1), x[:, :2]),
    "OneHot": lambda x: F.one_hot(x.argmax(-1), 8),
    "MaskedFill": lambda x: x.masked_fill(x > 0, float("-inf")).softmax(-1),
    "Roll": lambda x: torch.roll(x, shifts=(1, -2), dims=(1, 2)),
    "Flip": lambda x: x.flip(1, 2),
    "Repeat": lambda x: x.repeat(1, 2, 1),
    "RepeatInterleave": lambda x: x.repeat_interleave(2, dim=1),
    "UnfoldDim": lambda x: x.unfold(2, 4, 2),
    "Einsum": lambda x: torch.einsum("nij,nkj->nik", x, x),
    "GridSample": lambda x: F.grid_sample(x[:, None], x[..., :2, None].transpose(-1, -2).tanh(), align_corners=False),
    "FunctionalLinear": lambda x: F.linear(x, x[0]),
    "FunctionalConv1d": lambda x: F.conv1d(x, x[0, :, :3].unsqueeze(1), padding=1, groups=4),
    "LayerNorm": lambda x: F.layer_norm(x, (8,), eps=0.1),
    "RMSNorm": lambda x: F.rms_norm(x, (8,)),
    "GroupNorm": lambda x: F.group_norm(x, 2, eps=0.2),
    "Softmax": lambda x: torch.softmax(x, -1, dtype=torch.float32),
    "Mean": lambda x: x.mean(-1, dtype=torch.float32),
    "CumSum": lambda x: (x > 0).cumsum(1),
}  # fmt: skip


class Called(nn.Module):
    """One function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize("layer", CALLS)
def test_a_call_becomes_the_layer(layer, tmp_path):
    torch.manual_seed(3)
    task, module = task_in(tmp_path), Called(CALLS[layer])
    tables = Tables()
    tables.apply(KERNEL.from_live(module, (torch.randn(2, 4, 8),), task).delta)
    network = build_network(tables, library(), store=task.store)
    names = [step.layer for step in network.steps]
    assert layer in names
    assert f"torch:{layer.lower()}" not in names
    x = torch.randn(2, 4, 8)
    wanted = module(x)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    got = KERNEL.to_live(network, task)(x)
    path = tmp_path / "m.onnx"
    ONNX.export_model(network, path, {}, task)
    run = list(ONNX.run(path, {"x": x.numpy()}, task).values())
    for mine, other, want in zip(got if isinstance(got, tuple) else (got,), run, wanted, strict=True):
        assert torch.equal(mine, want)
        torch.testing.assert_close(torch.from_numpy(other), want, rtol=1e-4, atol=1e-5)
