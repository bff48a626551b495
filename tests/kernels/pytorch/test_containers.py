"""Every container holds the same module: loaded in an interpreter that has torch and nothing of Sketch."""

import runpy
import subprocess
import sys

import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.constants import UNPACK
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.captured_models import Mixed
from tests.kernels.pytorch.test_captured import shaken

ALONE = """
import pathlib, runpy, sys, warnings
warnings.simplefilter("ignore")
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sketch", "tests"):
            raise ImportError("only torch here: " + name)
sys.meta_path.insert(0, Wall())
import torch
from safetensors.torch import load_file
from torch.utils._pytree import tree_leaves
folder = pathlib.Path(sys.argv[1])
data = torch.load(folder / "data.pt")
def same(module):
    for x, wanted in data:
        with torch.no_grad():
            found = [item for item in tree_leaves(module(x)) if item is not None]
        for one, other in zip(wanted, found, strict=True):
            torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)
same(torch.load(folder / "m.pth", weights_only=False))
same(torch.export.load(folder / "m.pt2").module())
same(torch.jit.load(str(folder / "script.pt")))
source = runpy.run_path(str(folder / "m.py"))["Mixed"]
states = (load_file(folder / "m.safetensors"), torch.load(folder / "state.pth"), load_file(folder / "w.safetensors"))
for state in states:
    module = source().eval()
    module.load_state_dict(state, strict=True)
    same(module)
print("all the same")
"""


def network_of(module, x, task):
    tables = Tables()
    tables.apply(KERNEL.from_live(module, x, task).delta)
    return build_network(tables, library(), name=type(module).__name__, store=task.store)


def test_every_container_runs_with_torch_alone(tmp_path):
    task, module = make_task(tmp_path), shaken(Mixed, tuple)
    network = network_of(module, torch.randn(2, 3, 16, 16), task)
    data = []
    for batch in (2, 5):
        x = torch.randn(batch, 3, 16, 16)
        with torch.no_grad():
            found = module(x)
        data.append((x, [found["logits"], found["more"][0]]))
    torch.save(data, tmp_path / "data.pt")
    files = {"m.pth": {}, "m.pt2": {}, "script.pt": {"container": "torchscript"}, "m.py": {},
             "state.pth": {"container": "state_dict"}, "w.safetensors": {}}  # fmt: skip
    reports = {
        name: KERNEL.export_model(network, tmp_path / name, options, task) for name, options in files.items()
    }
    assert [loss.what for loss in reports["script.pt"].losses] == ["are one flat tuple in TorchScript"]
    assert not reports["m.pt2"].losses
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "all the same", done.stderr[-2000:]


def test_an_unknown_container_is_named(tmp_path):
    task = make_task(tmp_path)
    network = network_of(nn.Linear(4, 4), torch.randn(2, 4), task)
    with pytest.raises(BinderError, match=r"no container 'zip'; choose pth, .*pt2, torchscript, safetensors"):
        KERNEL.export_model(network, tmp_path / "m.pth", {"container": "zip"}, task)


class Constants(nn.Module):
    """Buffers that no state_dict holds: a mask, places, a ramp, one number everywhere, and noise."""

    def __init__(self):
        super().__init__()
        noise = torch.randn(9, 9, generator=torch.Generator().manual_seed(1))
        made = {
            "mask": torch.full((9, 9), float("-inf")).triu(1), "places": torch.arange(9).reshape(1, 9),
            "same": torch.full((9, 9), 0.1), "noise": noise, "few": torch.tensor([0.1, -2.5, 3.0]),
        }  # fmt: skip
        for name, value in made.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, x):
        x = (x @ self.noise + self.mask).softmax(-1) + self.same + self.places
        return x[:, :3] * self.few[:, None]


def test_constants_stand_in_the_source_in_the_shortest_way(tmp_path):
    task = make_task(tmp_path)
    module, x = Constants(), torch.randn(2, 9, 9)
    text = KERNEL.text(network_of(module, x, task)).text
    assert 'torch.full((9, 9), float("-inf"), dtype=torch.float32).triu(1)' in text
    assert "torch.arange(9, dtype=torch.int64).reshape((1, 9))" in text
    assert "torch.full((9, 9), 0.1, dtype=torch.float32)" in text
    assert "torch.tensor([0.1, -2.5, 3.0])" in text
    assert f"{UNPACK}(" in text
    (tmp_path / "net.py").write_text(text)
    scope = runpy.run_path(str(tmp_path / "net.py"))
    torch.testing.assert_close(scope["Constants"]()(x), module(x))
    assert not scope["Constants"]().state_dict()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return torch.sin(self.fc(x)) + x


class Again(nn.Module):
    """A block that is called twice, with something between."""

    def __init__(self):
        super().__init__()
        self.block, self.between = Block(), nn.Linear(4, 4)

    def forward(self, x):
        return self.block(self.between(self.block(x)))


def test_a_block_called_twice_is_one_block_and_its_source_says_so(tmp_path):
    task = make_task(tmp_path)
    module, x = Again(), torch.randn(2, 4)
    network = network_of(module, x, task)
    live = KERNEL.to_live(network, task)
    assert set(live.state_dict()) == set(module.state_dict())
    torch.testing.assert_close(live(x), module(x))
    assert KERNEL.text(network).text.count("self.block.fc(") == 2
