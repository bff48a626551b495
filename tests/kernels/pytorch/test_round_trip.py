"""Random drawings with groups: source, file and re-import say the same thing, and the source is formatted."""

import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.drawing import random_drawing


def source_module(text, folder, name="Drawn"):
    (folder / "source.py").write_text(text, encoding="utf-8")
    return runpy.run_path(str(folder / "source.py"))[name]().eval()


def flat(value):
    return list(value) if isinstance(value, tuple) else [value]


def structure(network):
    def row(step):
        sources = [
            None if s is None else (network.qualified(network.step(s.node)), s.out) for s in step.inputs
        ]
        groups = [network.groups[step.parent].layer] if step.parent is not None else []
        return (
            network.qualified(step),
            step.layer,
            dict(step.params),
            dict(step.pinned),
            sources,
            groups,
            step.types,
        )

    return sorted(map(row, network.steps), key=lambda item: item[0])


@pytest.mark.parametrize("seed", range(60))
def test_source_file_and_reading_agree(seed, tmp_path):
    task = make_task(tmp_path)
    network = random_drawing(seed).network(task.store)
    assert not network.errors
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    arrays = {
        step.name: np.random.default_rng(seed).standard_normal((3, 4, 6, 6)).astype("float32")
        for step in network.inputs
    }
    before = {name: array.copy() for name, array in arrays.items()}
    got = KERNEL.run(tmp_path / "m.pth", arrays, task)
    assert all(np.array_equal(arrays[name], before[name]) for name in arrays)

    module = source_module(KERNEL.text(network).text, tmp_path)
    state = torch.load(tmp_path / "m.pth", weights_only=False).state_dict()
    assert set(module.state_dict()) == set(state)
    module.load_state_dict(state)
    with torch.no_grad():
        answers = flat(module(*(torch.from_numpy(array.copy()) for array in arrays.values())))
    for answer, want in zip(answers, got.values(), strict=True):
        np.testing.assert_allclose(answer.numpy(), want, rtol=1e-6, atol=1e-6)

    tables = Tables()
    tables.apply(KERNEL.import_model(tmp_path / "m.pth", {}, task).delta)
    again = build_network(tables, library(), store=task.store)
    assert structure(again) == structure(network)


def test_the_source_is_formatted_and_without_dead_code(tmp_path):
    for seed in range(60):
        (tmp_path / f"net{seed}.py").write_text(KERNEL.text(random_drawing(seed).network()).text)
    for command in (
        ["format", "--check", "--line-length", "100"],
        ["check", "--select", "E,F,I,W", "--line-length", "100"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
