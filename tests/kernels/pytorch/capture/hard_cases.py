"""Modules written by hand, each hard for one reason, with what is to become of them."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

Inputs = tuple[Any, ...] | dict[str, Any]
"""Positional inputs, or inputs by the names of forward's arguments."""


@dataclass(frozen=True)
class Case:
    """A module and its example inputs.

    `inputs` makes inputs for a batch size, other ones for each seed of torch. `refused` is the line of source that the
    refusal names ("" when the module is captured), `noted` is part of the note that is expected, `dynamic` says whether
    the batch size stays open.
    """

    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[int], Inputs]
    refused: str = ""
    noted: str = ""
    dynamic: bool = True

    def args(self, batch: int = 2) -> tuple[Any, ...]:
        """The inputs by position."""
        found = self.inputs(batch)
        return found if isinstance(found, tuple) else ()

    def kwargs(self, batch: int = 2) -> dict[str, Any]:
        """The inputs by name."""
        found = self.inputs(batch)
        return found if isinstance(found, dict) else {}


floats = torch.randn


def whole(high: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, high, shape)


# ---------------------------------------------------------------- structure


class BidirectionalLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(5, 6, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        state = x.new_zeros(4, x.size(0), 6)
        y, (h, c) = self.rnn(x, (state, state + 1))
        return self.head(y[:, -1]) + h[-1, :, :3] + c.mean(0)[:, :3]


class DictOutputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 2)

    def forward(self, x):
        return {
            "classes": self.a(x),
            "boxes": {"size": self.b(x).sigmoid(), "none": None},
            "features": [x, (x * 2,)],
        }


class TiedWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.mix = nn.Linear(6, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        return self.head(torch.tanh(self.mix(self.embedding(ids)))) + F.linear(
            self.embedding(ids), self.embedding.weight
        )


class SharedTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.GELU())

    def forward(self, x):
        return self.block(x + self.block(x))


class NestedLists(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(
            nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2)) for _ in range(2)
        )
        self.heads = nn.ModuleDict({"first": nn.Linear(4, 2), "second": nn.Linear(4, 3)})

    def forward(self, x):
        for stage in self.stages:
            for layer in stage:
                x = x + layer(x)
        return tuple(head(x) for head in self.heads.values())


class Pair(nn.Module):
    def forward(self, x, y):
        return x + y, x * y


class SequentialOfPairs(nn.Module):
    """A Sequential whose modules take and give several values."""

    def __init__(self):
        super().__init__()
        self.layers = Pairs(Pair(), Pair())

    def forward(self, x, y):
        return torch.cat(self.layers(x, y), -1)


class Pairs(nn.Sequential):
    def forward(self, *values):
        for module in self:
            values = module(*values)
        return values


class AnyKeywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x, scale=1.0, *, more=(), **options):
        for item in more:
            x = x + item
        if options.get("double"):
            x = x * 2
        return self.layer(x) * scale + options["bias"]


class Box(NamedTuple):
    centre: torch.Tensor
    size: torch.Tensor


@dataclass
class Outcome:
    boxes: Box
    score: torch.Tensor
    count: int = 3
    extra: list[torch.Tensor] = field(default_factory=list)


class NestedInputs(nn.Module):
    def forward(self, batch, pair, flag=None, *, key):
        inner = batch["inner"]["x"] + batch["y"] + pair[0] * pair[1][0]
        return Outcome(Box(inner, key), inner.sum(-1), extra=[inner - key])


class ReturnsItsInput(nn.Module):
    def forward(self, x, unused):
        return x, x, x + 1


class PlainList(nn.Module):
    """Layers that are no submodules: their weights are constants."""

    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x


# ---------------------------------------------------------------- sizes


class ReshapedBySizes(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        mask = torch.tril(torch.ones(t, t, dtype=torch.bool, device=x.device)).view(1, 1, t, t)
        weights = (q @ k.transpose(-2, -1) / (c // 2) ** 0.5).masked_fill(~mask, float("-inf")).softmax(-1)
        y = (weights @ v).transpose(1, 2).contiguous().view(b, t, c)
        return y.view(b * t, -1), y.flatten(0, 1)[: b * 2 - 1]


class SizesInFactories(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, 4))
        self.places = nn.Parameter(torch.randn(1, 9, 4))

    def forward(self, x):
        b, t = x.shape[:2]
        x = torch.cat((self.token.expand(b, -1, -1), x), dim=1) + self.places[:, : t + 1]
        rows = torch.arange(b, device=x.device)
        steps = torch.arange(t + 1).unsqueeze(0).repeat(b, 1)
        empty = torch.zeros(b, t + 1, 4, dtype=x.dtype)
        return x + steps[..., None] + empty + torch.full((b, 1, 1), 2.0), x[rows, rows % t]


class BranchOnShape(nn.Module):
    def forward(self, x):
        if x.shape[1] > 3 and x.dim() == 3:
            x = x[:, :3]
        for _ in range(x.size(1)):
            x = x + 1
        return x


class BranchOnBatch(nn.Module):
    """Another computation for another batch size: one batch size can be drawn."""

    def forward(self, x):
        return x.sum(1) if x.shape[0] == 2 else x.mean(1)


class GroupedBatch(nn.Module):
    """Groups of at most four, as in the discriminators of StyleGAN."""

    def forward(self, x):
        groups = x.view(min(x.shape[0], 4), -1, *x.shape[1:])
        return x + groups.var(0, unbiased=False).mean()


class NoBatch(nn.Module):
    def forward(self, x):
        return x.softmax(0) * x.new_tensor(2.0)


# ---------------------------------------------------------------- data


class BranchOnData(nn.Module):
    def forward(self, x):
        if x.sum() > 1.5:
            return x * 2
        return x - 1


class SettledBranch(nn.Module):
    """A check of the values that comes out the same way for all examples."""

    def forward(self, x):
        if torch.isnan(x).any():
            raise ValueError("not a number")
        return x * 2


class NumberFromData(nn.Module):
    def forward(self, x):
        top = x.max().item()
        return x / top


class ConstantFromData(nn.Module):
    def forward(self, x):
        limits = torch.tensor([float(x.min()), 1.0])
        return x - limits[0]


class SizeFromData(nn.Module):
    def forward(self, x):
        return x[x > 0].sum()


class ThroughNumpy(nn.Module):
    def forward(self, x):
        sign = torch.from_numpy(x.detach().numpy() > 0)
        return x * sign


class NumberFromWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(3.0))
        self.register_buffer("steps", torch.tensor(2))

    def forward(self, x):
        for _ in range(int(self.steps)):
            x = x * float(self.scale)
        return x


class LoggedValue(nn.Module):
    """A number that is read and not used."""

    def __init__(self):
        super().__init__()
        self.log = []

    def forward(self, x):
        self.log.append(x.mean().item())
        return x * 2


# ---------------------------------------------------------------- changes in place


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = x * 1
        before = x
        y = self.act(x)
        x += 1
        z = F.leaky_relu(self.drop(before), inplace=True)
        y.mul_(2).add_(z, alpha=0.5)
        return before, x, y, z


class ViewsWrittenTo(nn.Module):
    def forward(self, x):
        x = x.clone()
        top, rest = x[:, :1], x.narrow(1, 1, x.size(1) - 1)
        flat = x.view(x.size(0), -1)
        turned = x.transpose(1, 2)
        first, second = x.chunk(2, dim=2)
        top += 10
        flat[:, 0] = -1.0
        turned[:, 1].mul_(3)
        second.zero_()
        rest.unbind(1)[0].fill_(7.0)
        x.unsqueeze(0)[0, :, -1, 0] = flat[:, 1]
        return x, top, rest, flat, turned, first, second


class ItemAssignment(nn.Module):
    def forward(self, x, mask):
        out = torch.zeros(x.shape[0], x.shape[1] + 2)
        out[:, 1:-1] = x
        out[:, 0], out[..., -1] = x[:, 0] * 2, 5
        out[:, 1:-1][mask] = 0.0
        out[torch.arange(x.shape[0]), mask.sum(1)] += 1
        return out


class OutArgument(nn.Module):
    def forward(self, x):
        out = torch.empty(x.shape[0], 4)
        torch.add(x, 1, out=out)
        torch.mul(out, x, out=out[:, :4])
        return out


class MixedTypes(nn.Module):
    def forward(self, x, ids):
        ids = ids.clone()
        ids += 2
        half = x.half()
        half += x
        half.copy_(x * 2)
        return ids, half, x.clone().bernoulli_(1.0), x.clone().fill_(3)


class ChangedBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x):
        self.seen += x.mean(0)
        return x - self.seen


class CountedCalls(nn.Module):
    """A buffer that no result depends on."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.calls += 1
        return x.exp()


class CountingCalls(nn.Module):
    """A number of Python that changes the result."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


class CausalBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(16, 16)), persistent=False)
        self.table = torch.linspace(0, 1, 16)

    def forward(self, x):
        t = x.size(1)
        weights = x @ x.transpose(1, 2)
        weights = weights.masked_fill(self.mask[:t, :t] == 0, torch.finfo(x.dtype).min).softmax(-1)
        return weights @ x + self.table[:t, None]


# ---------------------------------------------------------------- functions


class ManyFunctions(nn.Module):
    def forward(self, x, ids):
        hot = F.one_hot(ids, 5).float()
        gathered = x.gather(1, ids)
        spread = torch.zeros_like(x).scatter(1, ids, 2.0).scatter_add_(1, ids, x)
        where = torch.where(x > 0, x.cumsum(1), -x)
        best, place = x.max(dim=1, keepdim=True)
        parts = torch.stack([*x.split([1, 2, 1], dim=1)[0::2], best], 0)
        a, b = torch.meshgrid(torch.arange(3.0), torch.arange(2.0), indexing="ij")
        grid = torch.einsum("bi,bj->bij", x, hot.sum(1)[:, :2])
        return hot, gathered, spread, where, place, parts, a + b, grid, x.topk(2).values, torch.roll(x, 1, 1)


class Resampled(nn.Module):
    def forward(self, x):
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        y = F.interpolate(y, size=x.shape[-2:], mode="nearest") + F.adaptive_avg_pool2d(x, 1)
        y = F.pad(y, (1, 1, 0, 2), mode="reflect")
        b, c, h, w = y.shape
        y = y.reshape(b, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(b, c * 4, h // 2, w // 2)
        return F.unfold(y, 3, padding=1).mT, F.max_pool2d(y, 2)


class Reflected(nn.Module):
    """Numbers on the left, comparisons, logic, floor division."""

    def forward(self, x):
        y = 1 - x + 2 / (x.abs() + 1) + 2**x - (3 // (x.abs() + 1)) + 5 % (x.abs() + 1)
        test = (x > 0) & ~(x >= 1) | (x == 0) ^ (x != x + 1)
        return -y, test, abs(x) @ x.T, x.T.mT, x[None, ..., :2], [row + 1 for row in x.unbind(1)]


# ---------------------------------------------------------------- wrapping


class WeightNormed(nn.Module):
    def __init__(self):
        super().__init__()
        self.new = parametrizations.weight_norm(nn.Linear(4, 4))
        self.flat = parametrizations.orthogonal(nn.Linear(4, 4))

    def forward(self, x):
        return self.flat(self.new(x).relu())


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.layer.register_forward_hook(lambda _module, _args, result: result * 2)
        self.layer.register_forward_pre_hook(lambda _module, args: (args[0] + 1,))

    def forward(self, x):
        return self.layer(x)


class Exponential(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


def scripted(what):
    """TorchScript, without torch's word that it is old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(what)


@scripted
def scripted_gate(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(y)


class Wrapped(nn.Module):
    """A custom autograd function, a checkpointed block and a scripted function."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        y = checkpoint(self.layer, Exponential.apply(x * 0.1), use_reentrant=False)
        return scripted_gate(y, x)


class ScriptedPart(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = scripted(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))

    def forward(self, x):
        return self.part(x)


class Mapped(nn.Module):
    def forward(self, x):
        return torch.vmap(lambda row: row.softmax(0))(x)


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(3))

    def forward(self, x):
        return self.layers(x)


class RandomNumbers(nn.Module):
    def forward(self, x):
        return x + torch.rand_like(x) * 0 + F.dropout(x, 0.0, training=True)


class Remembering(nn.Module):
    """Stores what it computes; the second call reads it."""

    def __init__(self):
        super().__init__()
        self.table = None

    def forward(self, x):
        if self.table is None or self.table.shape[1] < x.shape[1]:
            self.table = torch.sin(torch.arange(x.shape[1]).float())[None]
        return x + self.table


class Decoder(nn.Module):
    """torch's own Transformer, whose masks torch looks at."""

    def __init__(self):
        super().__init__()
        self.model = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)

    def forward(self, x, y):
        mask = nn.Transformer.generate_square_subsequent_mask(y.size(1))
        return self.model(x, y, tgt_mask=mask, tgt_is_causal=True)


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 4, batch_first=True)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.rnn(packed)[1]


def _x(batch: int) -> tuple[torch.Tensor]:
    return (floats(batch, 4),)


def _seq(batch: int) -> tuple[torch.Tensor]:
    return (floats(batch, 5, 4),)


def _nested(batch: int) -> Inputs:
    x, y, a, b, key = floats(5, batch, 4)
    return {"batch": {"inner": {"x": x}, "y": y}, "pair": (a, [b]), "flag": True, "key": key}


CASES: tuple[Case, ...] = (
    Case("bidirectional LSTM", BidirectionalLSTM, lambda n: (floats(n, 4, 5),)),
    Case("dict outputs", DictOutputs, _x),
    Case("tied weights", TiedWeights, lambda n: (whole(11, n, 5),)),
    Case("shared twice", SharedTwice, _x),
    Case("nested lists", NestedLists, _x),
    Case("sequential of pairs", SequentialOfPairs, lambda n: (floats(n, 4), floats(n, 4))),
    Case("any keywords", AnyKeywords,
         lambda n: {"x": floats(n, 4), "scale": 0.5, "more": [floats(n, 4)], "bias": floats(n, 4), "double": True}),
    Case("nested inputs", NestedInputs, _nested, noted="a value of type int as 'count' was left out"),
    Case("returns its input", ReturnsItsInput, lambda n: (floats(n, 4), floats(n, 4))),
    Case("plain list", PlainList, _x),
    Case("reshaped by sizes", ReshapedBySizes, lambda n: (floats(n, 5, 8),)),
    Case("sizes in factories", SizesInFactories, _seq),
    Case("branch on shape", BranchOnShape, _seq),
    Case("branch on batch", BranchOnBatch, _seq, dynamic=False, noted="the batch size is fixed to 2"),
    Case("grouped batch", GroupedBatch, _seq, dynamic=False, noted="the batch size is fixed to 2"),
    Case("no batch", NoBatch, lambda n: (floats(n + 3),)),
    Case("branch on data", BranchOnData, lambda n: (torch.tensor([[1.0, 0.0], [0.2, 0.1]]),),
         refused="if x.sum() > 1.5:"),
    Case("settled branch", SettledBranch, _x, noted="a number is read from the input"),
    Case("number from data", NumberFromData, _x, refused="top = x.max().item()"),
    Case("constant from data", ConstantFromData, _x, refused="limits = torch.tensor([float(x.min())"),
    Case("size from data", SizeFromData, lambda n: (floats(n, 40),), refused="return x[x > 0].sum()"),
    Case("through numpy", ThroughNumpy, _x, refused="sign = torch.from_numpy(x.detach().numpy() > 0)"),
    Case("number from weights", NumberFromWeights, _x, noted="the model's own tensors"),
    Case("logged value", LoggedValue, _x, noted="a number is read from the input"),
    Case("in place", InPlace, _x),
    Case("views written to", ViewsWrittenTo, lambda n: (floats(n, 4, 6),)),
    Case("item assignment", ItemAssignment, lambda n: (floats(n, 4), floats(n, 4) > 0)),
    Case("out argument", OutArgument, _x),
    Case("mixed types", MixedTypes, lambda n: (floats(n, 4), whole(5, n, 3)), noted="bernoulli draws random numbers"),
    Case("changed buffer", ChangedBuffer, _x, refused="self.seen += x.mean(0)"),
    Case("counted calls", CountedCalls, _x, noted="the tensor 'calls' of the model is changed"),
    Case("counting calls", CountingCalls, _x, refused="each call gives other numbers, as forward changes 'calls'"),
    Case("causal buffer", CausalBuffer, _seq),
    Case("many functions", ManyFunctions, lambda n: (floats(n, 4), whole(4, n, 3))),
    Case("resampled", Resampled, lambda n: (floats(n, 3, 6, 6),)),
    Case("reflected", Reflected, _x),
    Case("weight norm", WeightNormed, _x),
    Case("hooked", Hooked, _x),
    Case("wrapped", Wrapped, _x),
    Case("scripted part", ScriptedPart, _x, refused="return self.part(x)"),
    Case("mapped", Mapped, _x, refused="return torch.vmap(lambda row: row.softmax(0))(x)"),
    Case("lazy", Lazy, lambda n: (floats(n, 3, 8, 8),)),
    Case("random numbers", RandomNumbers, _x, noted="draws random numbers"),
    Case("remembering", Remembering, _x),
    Case("decoder", Decoder, lambda n: (floats(n, 5, 8), floats(n, 3, 8))),
    Case("packed", Packed, lambda n: (floats(n, 5, 4), torch.arange(5, 5 - n, -1)),
         refused="return self.rnn(packed)[1]"),
)  # fmt: skip
