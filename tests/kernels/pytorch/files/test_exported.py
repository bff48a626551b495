"""torch.export archives: drawn as the modules they were made of, with their own example inputs."""

import pytest
import torch
from torch import nn

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.files import kinds
from tests.kernels.pytorch.files.test_script import CASES, assert_equal


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6)

    def forward(self, ids, *, mask):
        hidden = self.table(ids) * mask[..., None]
        return {"hidden": hidden, "pair": (hidden.sum(1), mask + 1)}


def opened(path, task, **options):
    model = KERNEL.import_model(path, options, task)
    tables = Tables()
    tables.apply(model.delta)
    return model, build_network(tables, library(), store=task.store)


@pytest.mark.parametrize("name", ["norms", "recurrent", "attending", "tied", "shapes"])
def test_the_drawing_computes_what_the_program_did(tmp_path, name):
    torch.manual_seed(0)
    make, example = CASES[name]
    module, task = make().eval(), make_task(tmp_path / "work")
    kinds.save_exported(module, tmp_path / "m.pt2", example)
    model, network = opened(tmp_path / "m.pt2", task)
    assert model.format == "exported"
    assert not network.errors
    made = KERNEL.to_live(network, task)
    with torch.no_grad():
        assert_equal(made(example), module(example))
    assert set(made.state_dict()) == set(module.state_dict())
    assert any("batch" in loss.what for loss in model.losses) == (network.inputs[0].params["shape"][0] != "N")


def test_a_dynamic_batch_stays_one(tmp_path):
    module, task = kinds.classifier(), make_task(tmp_path / "work")
    batch = torch.export.Dim("batch")
    kinds.save_exported(module, tmp_path / "m.pt2", torch.randn(2, 3, 16, 16), dynamic_shapes=({0: batch},))
    model, network = opened(tmp_path / "m.pt2", task)
    assert network.inputs[0].name == "image"
    assert network.inputs[0].params["shape"] == ("N", 3, 16, 16)
    assert model.details["inputs"] == "image float32 2×3×16×16"
    names = {network.qualified(step) for step in network.steps}
    assert names >= {"stem.conv", "stem.bn", "stages.0.conv", "head"}


def test_inputs_by_name_and_nested_results(tmp_path):
    module, task = Named().eval(), make_task(tmp_path / "work")
    ids, mask = torch.randint(0, 11, (2, 5)), torch.ones(2, 5)
    program = torch.export.export(module, (ids,), {"mask": mask})
    torch.export.save(program, str(tmp_path / "m.pt2"))
    model, network = opened(tmp_path / "m.pt2", task)
    assert [step.name for step in network.inputs] == ["ids", "mask"]
    assert model.details["inputs"] == "ids int64 2×5, mask float32 2×5"
    made = KERNEL.to_live(network, task)
    with torch.no_grad():
        got, want = made(ids, mask), module(ids, mask=mask)
    assert_equal(got, want)
    assert set(got) == set(want)
    answers = KERNEL.run(tmp_path / "m.pt2", {"ids": ids.numpy(), "mask": mask.numpy()}, task)
    assert len(answers) >= 1


def test_a_program_that_cannot_be_taken_apart_is_read_as_a_whole(tmp_path, monkeypatch):
    module, task = kinds.classifier(), make_task(tmp_path / "work")
    image = torch.randn(2, 3, 16, 16)
    kinds.save_exported(module, tmp_path / "m.pt2", image)

    def gap(_program):
        raise RuntimeError("no modules")

    monkeypatch.setattr(torch.export, "unflatten", gap)
    _, network = opened(tmp_path / "m.pt2", task)
    assert {step.layer for step in network.steps} >= {"Conv2d", "BatchNorm2d", "Linear"}
    with torch.no_grad():
        assert_equal(KERNEL.to_live(network, task)(image), module(image))
