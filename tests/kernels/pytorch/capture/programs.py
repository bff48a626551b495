"""Random programs of views and changes in place: what a recorder that keeps count of memory must get right."""

import operator
import random
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

aten = torch.ops.aten
Step = Callable[[random.Random, torch.Tensor], Any]


def dim_of(draw: random.Random, x: torch.Tensor) -> int:
    return draw.randrange(x.dim())


def part(draw: random.Random, x: torch.Tensor) -> torch.Tensor:
    keys = [slice(None), slice(0, 1), slice(None, None, 2), slice(1, None), 0, -1]
    return x[tuple(draw.choice(keys) for _ in range(draw.randint(1, x.dim())))]


VIEWS: tuple[Step, ...] = (
    part,
    lambda draw, x: x.select(dim_of(draw, x), -1),
    lambda draw, x: x.narrow(dim_of(draw, x), 0, 1),
    lambda draw, x: x.transpose(dim_of(draw, x), dim_of(draw, x)),
    lambda draw, x: x.permute(*draw.sample(range(x.dim()), x.dim())),
    lambda draw, x: x.unsqueeze(draw.randint(0, x.dim())),
    lambda draw, x: draw.choice(x.chunk(2, dim_of(draw, x))),
    lambda draw, x: draw.choice(torch.split(x, 2, dim_of(draw, x))),
    lambda draw, x: draw.choice(x.unbind(dim_of(draw, x))),
    lambda draw, x: draw.choice(aten.split.Tensor(x, 2, dim_of(draw, x))),
    lambda draw, x: aten.slice.Tensor(x, dim_of(draw, x), 0, 1 << 62, 2),
    lambda draw, x: aten.select.int(x, dim_of(draw, x), 0),
    lambda draw, x: aten.view.default(x, [*x.shape, 1]),
    lambda _, x: x.view(*x.shape[:-1], -1, 1),
    lambda _, x: x.movedim(0, -1),
    lambda _, x: x.reshape(-1),
    lambda _, x: x.flatten(0),
    lambda _, x: x[..., None],
    lambda _, x: x.detach().to(x.device).contiguous(),
)
CHANGES: tuple[Step, ...] = (
    lambda _, x: operator.iadd(x, 1),
    lambda _, x: x.mul_(-0.5),
    lambda _, x: x.relu_(),
    lambda _, x: F.elu(x, inplace=True),
    lambda _, x: x.zero_(),
    lambda _, x: x.add_(x, alpha=0.5),
    lambda _, x: torch.mul(x, 3, out=x),
    lambda _, x: x.masked_fill_(x > 0.5, 0.25),
    lambda _, x: operator.setitem(x, (..., 0), 0.3),
    lambda _, x: operator.setitem(x, x > 0.3, 0.1),
    lambda _, x: operator.setitem(x, slice(0, 1), x[-1:] * 2),
    lambda _, x: aten.fill_.Scalar(x, 0.7),
    lambda _, x: aten.copy_.default(x, x * 2),
    lambda _, x: aten.clamp_.default(x, -1, 1),
)


class Program(nn.Module):
    """Sixteen steps on a pool of tensors that share memory; all of them are the result."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed
        self.layers = nn.ModuleList([nn.Dropout(0.3), nn.Identity(), nn.ReLU(inplace=True)])
        self.table = torch.arange(4.0)

    def forward(self, x):
        draw = random.Random(self.seed)
        pool = [x.clone(), x * 2, self.table * 1.0, self.table.expand(2, 4).clone(), x]
        for _ in range(16):
            tensor = draw.choice(pool)
            try:
                self.step(draw, pool, tensor)
            except (RuntimeError, IndexError):  # not every step fits every shape
                continue
        return pool

    def step(self, draw, pool, tensor):
        kind = draw.random()
        if kind < 0.4 and 0 < tensor.dim() < 5:
            pool.append(draw.choice(VIEWS)(draw, tensor))
        elif kind < 0.8:
            draw.choice(CHANGES)(draw, tensor)
        elif kind < 0.9:
            pool.append(draw.choice(list(self.layers))(tensor))
        else:
            tensor.copy_(draw.choice(pool))
