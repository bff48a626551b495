"""TorchScript walked in Python gives what torch's own interpreter gives; and its drawing too."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files.script import in_python, open_script
from sketch.kernels.pytorch.files.script_run import run_script
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.files import kinds


def twice(x, factor: int):
    return x * factor


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.count = 3

    def forward(self, x):
        for step in range(self.count):
            x = functional.relu(self.fc(x)) + step
        if x.size(0) > 1:
            x = twice(x, 2)
            x = x + 1
        else:
            x = x - 1
        sizes: list[int] = []
        for size in x.shape:
            sizes.append(size)
            sizes[-1] = sizes[-1] + 0
        return x.reshape(sizes[0], -1)


class Shapes(nn.Module):
    def forward(self, x):
        b, c, h, w = x.shape
        y = x.view(b, c, h * w).transpose(1, 2)
        z = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        padded = functional.pad(z, [1, 2, 0, 1])
        return y.softmax(-1).mean(1), padded[:, 1:, ::2, -3], torch.cat([x, x.flip(3)], 1).amax((2, 3))


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.GELU(), nn.InstanceNorm2d(8, affine=True),
            nn.Hardswish(),
            nn.ConvTranspose2d(8, 6, 2, stride=2), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.AvgPool2d(2),
            nn.AdaptiveAvgPool2d(3), nn.Dropout(0.3), nn.Flatten(), nn.LayerNorm(54), nn.Linear(54, 5), nn.Softmax(-1),
        )  # fmt: skip

    def forward(self, x):
        return self.stages(x)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(10, 4, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, words):
        x, _ = self.lstm(self.table(words))
        x, last = self.gru(x)
        return self.out(x[:, -1]), last


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.token = nn.Parameter(torch.randn(1, 1, 8))

    def forward(self, x):
        x = torch.cat([self.token.expand(x.size(0), -1, -1), self.norm(x)], 1)
        return x + self.attention(x, x, x, need_weights=False)[0]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.table.weight

    def forward(self, words):
        return {"scores": self.head(self.table(words))}


IMAGE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
WORDS = torch.randint(0, 11, (2, 7), generator=torch.Generator().manual_seed(0))
ROWS = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
CASES = {
    "branches": (Branches, torch.randn(2, 4, generator=torch.Generator().manual_seed(0))), "shapes": (Shapes, IMAGE),
    "norms": (Norms, IMAGE), "recurrent": (Recurrent, WORDS), "attending": (Attending, ROWS), "tied": (Tied, WORDS),
    "classifier": (kinds.Classifier, IMAGE),
}  # fmt: skip


@pytest.fixture(autouse=True)
def silence():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        yield


def save(kind, name, path):
    torch.manual_seed(0)
    make, example = CASES[name]
    module = make().eval()
    if kind == "scripted":
        kinds.save_scripted(module, path)
    else:
        made = kinds.quiet(lambda: torch.jit.trace(module, example, strict=False, check_trace=False))
        made.save(str(path))
    return module, example


def assert_equal(got, want):
    left, right = torch.utils._pytree.tree_leaves(got), torch.utils._pytree.tree_leaves(want)
    assert len(left) == len(right)
    for one, two in zip(left, right, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", ["scripted", "traced"])
def test_a_walk_gives_what_torch_gives_and_so_does_the_drawing(tmp_path, kind, name):
    module, example = save(kind, name, tmp_path / "m.pt")
    task = make_task(tmp_path / "work")
    argument = next(iter(torch.jit.load(str(tmp_path / "m.pt")).forward.schema.arguments[1:])).name
    with torch.no_grad():
        want = module(example)
    model = open_script(tmp_path / "m.pt", {argument: tuple(example.shape)}, task)
    assert model.format == "torchscript"
    tables = Tables()
    tables.apply(model.delta)
    network = build_network(tables, library(), store=task.store)
    assert not network.errors
    made = KERNEL.to_live(network, task)
    with torch.no_grad():
        assert_equal(made(example), want)
    assert set(made.state_dict()) == set(module.state_dict())
    layers = {step.layer for step in network.steps}
    if name == "norms":
        assert layers >= {
            "Conv2d",
            "GroupNorm",
            "BatchNorm2d",
            "LayerNorm",
            "Linear",
            "GELU",
            "ConvTranspose2d",
        }
    if name == "recurrent":
        assert layers >= {"Embedding", "LSTM", "GRU", "Linear"}


def test_groups_are_the_modules_of_the_file(tmp_path):
    save("scripted", "classifier", tmp_path / "m.pt")
    task = make_task(tmp_path / "work")
    model = open_script(tmp_path / "m.pt", {}, task)
    tables = Tables()
    tables.apply(model.delta)
    network = build_network(tables, library(), store=task.store)
    names = {network.qualified(step) for step in network.steps}
    assert names >= {"stem.conv", "stem.bn", "stages.0.conv", "stages.2.bn", "head"}
    assert network.inputs[0].name == "image"


def test_a_scripted_part_of_a_live_module_runs(tmp_path):
    torch.manual_seed(0)
    part = kinds.quiet(torch.jit.script, Branches().eval())
    example = torch.randn(3, 4)
    with torch.no_grad():
        assert_equal(run_script(part, (example,), {}), part(example))
        assert_equal(run_script(part, (), {"x": example}), part(example))


def test_what_cannot_be_walked_is_named(tmp_path):
    class Waiting(nn.Module):
        def forward(self, x):
            task = torch.jit.fork(twice, x, 2)
            return torch.jit.wait(task)

    kinds.save_scripted(Waiting(), tmp_path / "m.pt")
    with pytest.raises(BinderError, match=r"prim::fork"):
        open_script(tmp_path / "m.pt", {"x": (2, 3)}, make_task(tmp_path / "work"))


def test_a_loop_without_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("sketch.kernels.pytorch.files.script_run._MOST_CALLS", 10_000)

    class Endless(nn.Module):
        def forward(self, x):
            while True:
                x = x + 1
            return x

    kinds.save_scripted(Endless(), tmp_path / "m.pt")
    script = torch.jit.load(str(tmp_path / "m.pt"))
    with pytest.raises(BinderError, match="does not come to an end"):
        in_python(script, torch.jit._state._python_cu)(torch.ones(2))
