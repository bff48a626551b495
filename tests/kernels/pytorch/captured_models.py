"""Modules that a drawing must give back with the same keys: odd names, shared and tied things, roots that are lists."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class NormAct(nn.BatchNorm2d):
    """A norm with an activation inside, as timm writes it."""

    def __init__(self, features):
        super().__init__(features)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        given = (self.running_mean, self.running_var, self.weight, self.bias, self.training)
        return self.act(F.batch_norm(x, *given, self.momentum, self.eps))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = NormAct(width)
        self.gamma = nn.Parameter(torch.ones(width, 1, 1))

    def forward(self, x):
        return x + self.gamma * self.bn1(self.conv(x))


class Mixed(nn.Module):
    """Frozen and unused layers, one called twice, buffers of both kinds, nested results."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2).requires_grad_(False)
        self.blocks = nn.ModuleList([Block(8) for _ in range(3)])
        self.head = nn.Linear(8, 10)
        self.extra = nn.Linear(4, 4)
        self.register_buffer("mask", torch.ones(8, 1, 1))
        self.register_buffer("noise", torch.rand(8, 1, 1), persistent=False)
        self.shared = nn.Linear(10, 10)

    def forward(self, x):
        x = self.stem(x) * self.mask + self.noise
        for block in self.blocks:
            x = block(x)
        x = torch.fft.fft(x, dim=-1).abs()
        x = F.dropout(x.mean((2, 3)), 0.1, self.training)
        y = self.head(x)
        return {"logits": self.shared(F.relu(self.shared(y))), "more": (x, None)}


class OddNames(nn.Module):
    """Names that Python cannot write, names that made-up ones must not take, one tensor under two names."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"a-b": nn.Linear(4, 4), "1x1": nn.Linear(4, 4), "self": nn.Linear(4, 4)})
        self.listed = nn.ParameterList([nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(4))])
        self.named = nn.ParameterDict({"k": nn.Parameter(torch.randn(4)), "z": nn.Parameter(torch.randn(4))})
        self.add1 = nn.Linear(4, 4)
        self.some = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.w = nn.Parameter(torch.randn(4, 4))
        self.w2 = self.w
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.add1.weight
        self.again = self.tied

    def forward(self, x):
        x = self.layers["a-b"](x) + self.layers["1x1"](x) * self.listed[1] + self.listed[0]
        x = self.add1(x + self.named["k"]) + 1.5
        return self.again(self.some[2](self.some[0](x)) @ self.w2) + self.layers["self"](x)


class Called(nn.ModuleList):
    def forward(self, x):
        return self[1](x) + self[0](x).sin()


class Scaled(nn.Module):
    def forward(self, x):
        return x * 2 + x.sin()


class Hooks(nn.Module):
    """The same weight in two layers, and a layer of functions."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(F.gelu(self.first(x)))


def chain():
    inner = nn.Sequential(nn.Flatten(), nn.Linear(64, 5))
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), inner)


MODELS = {
    "mixed": (Mixed, lambda: (torch.ones(2, 3, 16, 16),)),
    "odd names": (OddNames, lambda: (torch.ones(2, 4),)),
    "root chain": (chain, lambda: (torch.ones(2, 3, 6, 6),)),
    "root with a function": (
        lambda: nn.Sequential(nn.Linear(4, 4), Scaled(), nn.Linear(4, 4)), lambda: (torch.ones(2, 4),)),
    "root list": (lambda: Called([nn.Linear(4, 4), nn.Linear(4, 4)]), lambda: (torch.ones(2, 4),)),
    "one layer": (lambda: nn.Linear(4, 3), lambda: (torch.ones(2, 4),)),
    "one norm": (lambda: nn.BatchNorm1d(4), lambda: (torch.ones(2, 4),)),
    "tied layers": (Hooks, lambda: (torch.ones(2, 4),)),
}  # fmt: skip
"""Name -> (constructor, example inputs)."""
