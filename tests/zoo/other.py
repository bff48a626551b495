"""Tables, points, graphs, fields, sets, and the operators that few networks use."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.zoo.case import Case


class TabNetStep(nn.Module):
    """Feature attention by a soft mask, a gated unit, two scaled residuals."""

    def __init__(self, dim: int = 12):
        super().__init__()
        self.bn, self.mask, self.shared = nn.BatchNorm1d(dim), nn.Linear(dim, dim), nn.Linear(dim, 16)
        self.own, self.out = nn.Linear(8, 16), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(x)
        y = F.glu(self.shared(x * F.softmax(self.mask(x), dim=-1)), dim=-1)
        y = (y + F.glu(self.own(y), dim=-1)) * math.sqrt(0.5)
        return self.out(F.relu(y))


class MixerBlock(nn.Module):
    def __init__(self, tokens: int = 16, dim: int = 12):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.token = nn.Sequential(nn.Linear(tokens, 20), nn.GELU(), nn.Linear(20, tokens))
        self.channel = nn.Sequential(nn.Linear(dim, 20), nn.GELU(approximate="tanh"), nn.Linear(20, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.token(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.norm2(x))


class PointNet(nn.Module):
    """A learned 3×3 transformation, shared layers, a maximum over points."""

    def __init__(self):
        super().__init__()
        self.transform, self.fc = (
            nn.Sequential(nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU()),
            nn.Linear(8, 9),
        )
        self.conv, self.head = (
            nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU()),
            nn.Linear(16, 5),
        )

    def forward(self, x: Tensor) -> Tensor:
        move = self.fc(torch.max(self.transform(x), 2)[0]).view(-1, 3, 3) + torch.eye(3)
        x = torch.bmm(x.transpose(2, 1), move).transpose(2, 1)
        return self.head(torch.max(self.conv(x), 2, keepdim=True)[0].view(-1, 16))


class GCN(nn.Module):
    """Graph convolutions as products with a normalised adjacency."""

    def __init__(self):
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(5, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        near = (edges > 0).float() + torch.eye(6)
        root = near.sum(dim=-1).clamp(min=1.0).pow(-0.5)
        near = root.unsqueeze(-1) * near * root.unsqueeze(-2)
        return F.log_softmax(near @ self.lin2(F.relu(near @ self.lin1(x))), dim=-1)


class NeRF(nn.Module):
    """Positions as sines and cosines of many frequencies, a skip in the middle."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.rgb, self.density = (
            nn.Linear(27, 16),
            nn.Linear(43, 16),
            nn.Linear(16, 3),
            nn.Linear(16, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        parts = [x]
        for power in range(4):
            parts += [torch.sin(2.0**power * x), torch.cos(2.0**power * x)]
        at = torch.cat(parts, dim=-1)
        y = F.relu(self.second(torch.cat([F.relu(self.first(at)), at], dim=-1)))
        return torch.cat([torch.sigmoid(self.rgb(y)), F.softplus(self.density(y))], dim=-1)


class DeepSets(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi, self.rho = (
            nn.Sequential(nn.Linear(4, 16), nn.ELU(), nn.Linear(16, 16)),
            nn.Sequential(nn.Linear(48, 8), nn.Softsign(), nn.Linear(8, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.phi(x)
        return self.rho(torch.cat([y.sum(dim=1), y.mean(dim=1), y.amax(dim=1)], dim=-1))


class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain, self.gate = nn.Linear(10, 10), nn.Linear(10, 10)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * F.relu(self.plain(x)) + (1 - gate) * x


class MemoryAttention(nn.Module):
    """Cosine similarity to learned slots."""

    def __init__(self):
        super().__init__()
        self.memory, self.query = nn.Parameter(torch.randn(7, 10)), nn.Linear(10, 10)

    def forward(self, x: Tensor) -> Tensor:
        near = F.normalize(self.query(x), dim=-1) @ F.normalize(self.memory, dim=-1).t()
        values, _ = torch.topk(near, 3, dim=-1)
        return torch.cat([F.softmax(near * 5.0, dim=-1) @ self.memory, values], dim=-1)


class Volume(nn.Module):
    """3-D convolutions."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1),
            nn.BatchNorm3d(4),
            nn.LeakyReLU(0.1),
            nn.MaxPool3d(2),
            nn.Conv3d(4, 6, 3, padding=1),
            nn.InstanceNorm3d(6, affine=True),
            nn.ReLU(),
            nn.ConvTranspose3d(6, 2, 2, 2),
            nn.AvgPool3d(2),
            nn.AdaptiveAvgPool3d(1),
        )
        self.fc = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).flatten(1))


class Signals(nn.Module):
    """1-D convolutions, transposed, grouped, pooled, resized."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(4, 8, 5, stride=2, padding=2, groups=2),
            nn.BatchNorm1d(8),
            nn.CELU(),
            nn.AvgPool1d(2),
            nn.ConstantPad1d((1, 2), 0.5),
            nn.ConvTranspose1d(8, 4, 4, stride=2, padding=1, groups=2),
            nn.Hardtanh(-2, 2),
            nn.Upsample(scale_factor=2, mode="linear"),
            nn.MaxPool1d(2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Activations(nn.Module):
    """One of each."""

    def __init__(self):
        super().__init__()
        kinds = (
            nn.ReLU,
            nn.ReLU6,
            nn.ELU,
            nn.CELU,
            nn.SELU,
            nn.GELU,
            nn.SiLU,
            nn.Mish,
            nn.Sigmoid,
            nn.Tanh,
            nn.Hardsigmoid,
            nn.Hardswish,
            nn.LogSigmoid,
            nn.Softplus,
            nn.Softsign,
            nn.Softshrink,
            nn.Hardshrink,
            nn.Tanhshrink,
            nn.Hardtanh,
        )
        self.acts = nn.ModuleList([kind() for kind in kinds])

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([act(x) for act in self.acts], dim=1)


class Resizing(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        parts = [
            F.interpolate(y, size=(12, 12), mode="nearest"),
            F.interpolate(y, size=(12, 12), mode="bilinear", align_corners=False),
            F.interpolate(y, size=(12, 12), mode="bilinear", align_corners=True),
            F.interpolate(y, scale_factor=1.5, mode="bicubic"),
        ]
        return torch.cat(parts, dim=1)


class Indexing(nn.Module):
    """Masks, comparisons, cumulative sums, scatters: what has no weights."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mask = (x > 0) & (x.abs() < 1) | (x >= 1.5)
        y = torch.where(mask, x, -x).cumsum(dim=1)
        z = x.clone()
        z[:, 1] = 0.0
        z = z.masked_fill(x.sign() == 0, 3.0).triu()
        return (
            y,
            z.repeat(1, 2, 1),
            torch.gather(x, 2, x.argmax(dim=2, keepdim=True)) + torch.norm(x, dim=2, keepdim=True),
        )


class Recommender(nn.Module):
    """Embeddings of users and items, products, a wide and a deep part."""

    def __init__(self):
        super().__init__()
        self.users, self.items, self.wide = nn.Embedding(30, 8), nn.Embedding(30, 8), nn.Embedding(30, 1)
        self.deep = nn.Sequential(
            nn.Linear(16, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(), nn.Linear(12, 1)
        )

    def forward(self, ids: Tensor) -> Tensor:
        user, item = self.users(ids[:, 0]), self.items(ids[:, 1])
        both = (user * item).sum(dim=1, keepdim=True)
        return torch.sigmoid(both + self.deep(torch.cat([user, item], dim=1)) + self.wide(ids).sum(dim=1))


CASES = (
    Case(
        "mlp",
        lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 4), nn.Softmax(dim=1)),
        ((2, 8),),
    ),
    Case("tabnet", TabNetStep, ((2, 12),)),
    Case("mixer", lambda: nn.Sequential(MixerBlock(), MixerBlock()), ((2, 16, 12),)),
    Case("pointnet", PointNet, ((2, 3, 20),)),
    Case("gcn", GCN, ((2, 6, 5), (2, 6, 6))),
    Case("nerf", NeRF, ((2, 3),)),
    Case("deepsets", DeepSets, ((2, 5, 4),)),
    Case("highway", lambda: nn.Sequential(Highway(), Highway(), nn.Linear(10, 2)), ((2, 10),)),
    Case("memory", MemoryAttention, ((2, 10),)),
    Case("volume", Volume, ((2, 1, 8, 8, 8),)),
    Case("signals", Signals, ((2, 4, 32),)),
    Case("activations", Activations, ((2, 9),)),
    Case("resizing", Resizing, ((2, 2, 8, 8),)),
    Case("indexing", Indexing, ((2, 4, 4),)),
    Case("recommender", Recommender, ((2, 2),), below=30),
)
