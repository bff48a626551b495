"""`sketch weights ...` against plain torch: what it loads, cuts, starts and freezes is what torch computes with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import sketch
from sketch import cli
from sketch.api import Workbench
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.state.weight_changes import CREATED, DROPPED


class Net(nn.Module):
    """What a person has: a backbone and a head."""

    def __init__(self, classes: int = 10):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
        self.head = nn.Linear(8, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(x))


@pytest.fixture
def run(engine: Workbench, capfd: pytest.CaptureFixture[str]):
    """Run `sketch weights ... --json`: (exit code, answer, standard error)."""

    def call(*argv: object) -> tuple[int, dict, str]:
        code = cli.main(["weights", *(str(part) for part in argv), "--json"])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else {}, err

    return call


@pytest.fixture
def drawn(engine: Workbench, tmp_path: Path) -> Path:
    """The same network, drawn by hand, with the module's own names."""
    tables = Tables()
    draft = Draft(tables, engine.library)
    last = draft.add("Input", "x", {"shape": ("N", 6)})
    group = draft.add("Group", "backbone")
    for name, layer, params in (
        ("0", "Linear", {"out_features": 8}), ("1", "Tanh", {}), ("2", "Linear", {"out_features": 8}),
        ("3", "Tanh", {}),
    ):  # fmt: skip
        node = draft.add(layer, name, params, parent=group)
        draft.connect(last, 0, node, 0)
        last = node
    for name, layer, params in (("head", "Linear", {"out_features": 10}), ("y", "Output", {})):
        node = draft.add(layer, name, params)
        draft.connect(last, 0, node, 0)
        last = node
    tables.apply(draft.delta())
    network = build_network(tables, engine.library, name="net", store=engine.store)
    return sketch.save(network, tmp_path / "net.sketch")


def outputs(path: Path, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = sketch.to_torch(sketch.open(path))(x)
    return found


def test_a_state_dict_is_loaded_and_the_head_cut(run, drawn, tmp_path):
    torch.manual_seed(0)
    theirs, x = Net(), torch.randn(5, 6)
    torch.save(
        {"state_dict": {f"module.{key}": value for key, value in theirs.state_dict().items()}},
        tmp_path / "w.pth",
    )
    code, answer, _ = run("load", drawn, tmp_path / "w.pth", tmp_path / "loaded.sketch")
    assert code == 0
    assert {row["name"]: row["state"] for row in answer["tensors"]} == dict.fromkeys(
        theirs.state_dict(), CREATED
    )
    torch.testing.assert_close(outputs(tmp_path / "loaded.sketch", x), theirs(x))
    code, answer, _ = run(
        "resize", tmp_path / "loaded.sketch", tmp_path / "small.sketch", "--set", "head.out_features=3"
    )
    assert [(row["name"], row["what"]) for row in answer["tensors"]] == [
        ("head.weight", "kept 3 of 10 rows"), ("head.bias", "kept 3 of 10 values"),
    ]  # fmt: skip
    torch.testing.assert_close(outputs(tmp_path / "small.sketch", x), theirs(x)[:, :3])


def test_a_narrower_backbone_is_the_corner_of_the_old_one(run, drawn, tmp_path):
    torch.manual_seed(1)
    theirs = Net()
    torch.save(theirs.state_dict(), tmp_path / "w.pth")
    run("load", drawn, tmp_path / "w.pth", tmp_path / "loaded.sketch")
    run(
        "resize", tmp_path / "loaded.sketch", tmp_path / "narrow.sketch", "--set", "backbone.2.out_features=4"
    )
    state = sketch.to_torch(sketch.open(tmp_path / "narrow.sketch")).state_dict()
    torch.testing.assert_close(state["backbone.2.weight"], theirs.backbone[2].weight[:4].detach())
    torch.testing.assert_close(state["head.weight"], theirs.head.weight[:, :4].detach())
    torch.testing.assert_close(state["backbone.0.weight"], theirs.backbone[0].weight.detach())


def test_numpy_files_a_map_and_what_is_left(run, drawn, tmp_path):
    array = np.arange(80, dtype=np.float32).reshape(10, 8)
    np.savez(tmp_path / "w.npz", W=array, rest=np.ones(2))
    argv = ("load", drawn, tmp_path / "w.npz", tmp_path / "o.sketch", "--map", "head.weight=W")
    code, answer, _ = run(*argv)
    assert code == 0
    states = {row["name"]: row["state"] for row in answer["tensors"]}
    assert (states["head.weight"], states["rest"]) == (CREATED, DROPPED)
    run("save", tmp_path / "o.sketch", "head.weight", tmp_path / "a.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
    np.save(tmp_path / "a.npy", array[:4] + 1)
    code, answer, err = run(
        "set", tmp_path / "o.sketch", "head.weight", tmp_path / "a.npy", tmp_path / "s.sketch"
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "None of these tensors fits" in err
    run(
        "set",
        tmp_path / "o.sketch",
        "head.weight",
        tmp_path / "a.npy",
        tmp_path / "s.sketch",
        "--misfit",
        "tile",
    )
    state = sketch.to_torch(sketch.open(tmp_path / "s.sketch")).state_dict()
    np.testing.assert_array_equal(state["head.weight"].numpy()[4:8], array[:4] + 1)


def test_schemes_and_statistics(run, drawn, tmp_path):
    argv = (
        "init",
        drawn,
        tmp_path / "o.sketch",
        "--scheme",
        "orthogonal",
        "--argument",
        "gain=3",
        "--only",
        "*.weight",
    )
    assert run(*argv)[0] == 0
    weight = sketch.to_torch(sketch.open(tmp_path / "o.sketch")).state_dict()["backbone.2.weight"]
    torch.testing.assert_close(weight @ weight.T, 9 * torch.eye(8), atol=1e-4, rtol=0)
    _, answer, _ = run("list", tmp_path / "o.sketch", "--only", "backbone.*")
    rows = {row["name"]: row for row in answer["weights"]}
    assert rows["backbone.2.weight"]["norm"] == pytest.approx(float(weight.norm()), rel=1e-6)
    assert (rows["backbone.2.weight"]["stored"], rows["backbone.2.bias"]["stored"]) == (True, False)


def test_frozen_weights_are_frozen_in_torch_and_back(run, drawn, tmp_path, engine):
    code, answer, _ = run("freeze", drawn, tmp_path / "f.sketch", "--only", "backbone.*")
    assert (code, answer["changed"], answer["frozen"]) == (0, 4, 6 * 8 + 8 + 8 * 8 + 8)
    module = sketch.to_torch(sketch.open(tmp_path / "f.sketch"))
    grads = {name: each.requires_grad for name, each in module.named_parameters()}
    assert grads == {name: name.startswith("head") for name in Net().state_dict()}
    theirs = Net()
    theirs.head.requires_grad_(False)
    network = sketch.from_torch(theirs, (torch.randn(2, 6),))
    assert {network.qualified(step): step.frozen for step in network if step.frozen} == {
        "head": {"weight", "bias"}
    }
    _, answer, _ = run("freeze", tmp_path / "f.sketch", tmp_path / "u.sketch", "--undo")
    assert (answer["changed"], answer["frozen"]) == (4, 0)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("init", "NET", "OUT", "--scheme", "magic"), "no way to initialise"),
        (("init", "NET", "OUT", "--scheme", "normal", "--argument", "std"), "write NAME=VALUE"),
        (("save", "NET", "nope", "OUT"), "no weight 'nope'"),
        (("set", "NET", "head.bias", "gone.npy", "OUT"), "no such file"),
        (("load", "NET", "gone.npz", "OUT"), "no such file"),
        (("resize", "NET", "OUT"), "--set LAYER.PARAMETER=N"),
        (("resize", "NET", "OUT", "--set", "nope.out_features=2"), "no layer or value 'nope'"),
        (("freeze", "NET", "OUT", "--undo"), "no frozen weight"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_line(run, drawn, tmp_path, argv, words):
    places = {"NET": drawn, "OUT": tmp_path / "out.sketch"}
    code, _, err = run(*(places.get(part, part) for part in argv))
    assert (code, err.count("\n")) == (2, 1)
    assert words in err
    assert not (tmp_path / "out.sketch").exists()
