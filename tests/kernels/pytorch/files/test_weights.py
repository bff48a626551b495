"""Files of weights: every tensor bit for bit, whatever the container, without torch reading them, left in the file."""

import json
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import TensorStore
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files import weights_only
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.files import kinds

BITS = {torch.bfloat16: torch.uint16, torch.float8_e4m3fn: torch.uint8}


@pytest.fixture
def task(tmp_path):
    made = make_task(tmp_path / "work")
    made.trusted = False
    return made


def opened(path, task, **options):
    model = KERNEL.import_model(path, options, task)
    tables = Tables()
    tables.apply(model.delta)
    return model, build_network(tables, library(), store=task.store)


def tensors(network):
    """Key -> row of each tensor, by the place of its node in the tree."""
    return {".".join(network.path(step)): network.tensors[step.stored["value"]] for step in network.steps}


def assert_same(network, state, store):
    found = tensors(network)
    assert set(found) == set(state)
    for key, want in state.items():
        row = found[key]
        bits = want.detach().contiguous()
        bits = bits.view(BITS[bits.dtype]) if bits.dtype in BITS else bits
        assert row.shape == tuple(want.shape)
        np.testing.assert_array_equal(store.get(row.digest, row.shape, row.dtype), bits.numpy(), err_msg=key)


def _zip(state, path):
    torch.save(state, path)


def _old(state, path):
    torch.save(state, path, _use_new_zipfile_serialization=False)


def _pickle(state, path):
    path.write_bytes(pickle.dumps(state))


def _safetensors(state, path):
    safetensors.torch.save_file({key: value.clone().contiguous() for key, value in state.items()}, path)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("write", [_zip, _old, _pickle, _safetensors])
def test_every_tensor_comes_bit_for_bit(tmp_path, task, write, large):
    state = kinds.odd_tensors()
    write(state, tmp_path / "weights.bin")
    if large:
        task.store = TensorStore(tmp_path / "large", adopt_below=0)
    model, network = opened(tmp_path / "weights.bin", task)
    assert model.format == "state_dict"
    assert network.meta[weights_only.META]
    assert not any(step.inputs for step in network.steps)
    assert_same(network, state, task.store)
    tied = tensors(network)
    if write in (_zip, _old):
        assert tied["tied"].digest == tied["plain"].digest


def test_large_files_are_not_copied(tmp_path, task):
    state = {f"layer{index}.weight": torch.randn(64, 64) for index in range(20)}
    state["turned"] = torch.randn(64, 32).t()
    torch.save(state, tmp_path / "w.pth")
    task.store = TensorStore(tmp_path / "large", adopt_below=0)
    _, network = opened(tmp_path / "w.pth", task)
    assert not list(task.store.folder.glob("*.bin"))
    assert_same(network, state, task.store)


def test_a_parameter_is_what_can_be_trained(tmp_path, task):
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    torch.save(module.state_dict(), tmp_path / "w.pth")
    torch.save(dict(module.named_parameters()), tmp_path / "p.pth")
    _, network = opened(tmp_path / "w.pth", task)
    kinds_of = {network.qualified(step): step.layer for step in network.steps}
    assert kinds_of["0.weight"] == kinds_of["1.weight"] == "Parameter"
    assert kinds_of["1.running_mean"] == kinds_of["1.num_batches_tracked"] == "Constant"
    assert not network.errors
    _, network = opened(tmp_path / "p.pth", task)
    assert {step.layer for step in network.steps} == {"Parameter"}


STATE = {"conv.weight": torch.ones(2, 3), "fc.bias": torch.zeros(4)}
OPTIMISER = {"state": {0: {"exp_avg": torch.ones(2, 3)}}, "param_groups": [{"lr": 0.1}]}
LAYOUTS = {
    "lightning": (
        {"state_dict": STATE, "hyper_parameters": {"lr": 0.1, "name": "x"}, "epoch": 3,
         "optimizer_states": [OPTIMISER], "pytorch-lightning_version": "2.0"},
        {"epoch": 3, "hyper_parameters": {"lr": 0.1, "name": "x"}, "part": "state_dict"},
    ),
    "timm": (
        {"arch": "resnet", "state_dict": {f"module.{key}": value for key, value in STATE.items()},
         "state_dict_ema": STATE, "optimizer": OPTIMISER},
        {"arch": "resnet"},
    ),
    "detectron": ({"model": STATE, "optimizer": OPTIMISER, "iteration": 7}, {"iteration": 7, "part": "model"}),
    "nested": ({"checkpoint": {"model": {"state_dict": STATE}}}, {"part": "checkpoint.model.state_dict"}),
    "compiled": ({f"_orig_mod.{key}": value for key, value in STATE.items()}, {}),
    "parallel and compiled": ({f"module._orig_mod.{key}": value for key, value in STATE.items()}, {}),
    "several": (
        {"conv": {"weight": STATE["conv.weight"]}, "fc": {"bias": STATE["fc.bias"]}, "optimizer": OPTIMISER}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_model_in_a_checkpoint_is_found(tmp_path, task, name):
    value, facts = LAYOUTS[name]
    torch.save(value, tmp_path / "c.ckpt")
    model, network = opened(tmp_path / "c.ckpt", task)
    assert_same(network, STATE, task.store)
    assert facts.items() <= model.details.items()
    left = {loss.where for loss in model.losses}
    assert ("optimizer" in left) == ("optimizer" in value)


def test_shards_are_one_tree(tmp_path, task):
    names = {"a.weight": "model-1-of-2.safetensors", "b.weight": "model-2-of-2.bin"}
    state = {key: torch.randn(3, 4) for key in names}
    safetensors.torch.save_file({"a.weight": state["a.weight"]}, tmp_path / names["a.weight"])
    torch.save({"b.weight": state["b.weight"]}, tmp_path / names["b.weight"])
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 96}, "weight_map": names}))
    _, network = opened(index, task)
    assert_same(network, state, task.store)


def test_metadata_of_safetensors_is_told(tmp_path, task):
    safetensors.torch.save_file({"a": torch.ones(2)}, tmp_path / "w.safetensors", metadata={"format": "pt"})
    model, _ = opened(tmp_path / "w.safetensors", task)
    assert model.details["format"] == "pt"


def test_keys_that_are_no_names_are_told(tmp_path, task):
    torch.save({"a": torch.ones(1), "a.b": torch.ones(2), "c..d": torch.ones(3)}, tmp_path / "w.pth")
    model, network = opened(tmp_path / "w.pth", task)
    assert len(tensors(network)) == 3
    assert {loss.where for loss in model.losses} == {"a.b", "c..d"}


def test_a_file_without_tensors_says_so(tmp_path, task):
    torch.save({"epoch": 3}, tmp_path / "w.pth")
    with pytest.raises(BinderError, match="holds no weights and no model"):
        opened(tmp_path / "w.pth", task)


# --- with the source of the module ----------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    (tmp_path / "net.py").write_text(kinds.SOURCE)
    return str(tmp_path / "net.py")


@pytest.mark.parametrize("prefix", ["", "module.", "model.backbone."])
def test_weights_are_drawn_with_their_source(tmp_path, task, source, prefix):
    task.trusted = True
    module = kinds.classifier()
    torch.save({prefix + key: value for key, value in module.state_dict().items()}, tmp_path / "w.pth")
    model, network = opened(tmp_path / "w.pth", task, source=source)
    assert model.details["matched"] == "20 matched"
    assert {step.layer for step in network.steps} >= {"Conv2d", "BatchNorm2d", "Linear"}
    image = torch.randn(2, 3, 24, 24)
    made = KERNEL.to_live(network, task)
    with torch.no_grad():
        torch.testing.assert_close(made(image), module(image))
    assert KERNEL.run(tmp_path / "w.pth", {"image": image.numpy()}, _with(task, source=source))


def _with(task, **options):
    task.options = options
    return task


def test_what_does_not_match_is_reported(tmp_path, task, source):
    task.trusted = True
    state = kinds.classifier().state_dict()
    state["extra.weight"] = torch.ones(3)
    del state["stem.bn.bias"]
    torch.save(state, tmp_path / "w.pth")
    model, _ = opened(tmp_path / "w.pth", task, source=source, arguments="classes=10")
    report = model.details["matching"]
    assert report.missing == ("stem.bn.bias",)
    assert report.unexpected == ("extra.weight",)
    assert [item.wanted for item in report.misfit] == ["head.weight", "head.bias"]
    said = [loss.what for loss in model.losses if loss.where == "weights"]
    assert said[0] == "missing in the file: stem.bn.bias"
    assert "head.weight: needs 10×16, the file has 1000×16" in said[2]


def test_weights_of_another_module_are_refused(tmp_path, task, source):
    task.trusted = True
    torch.save({"embedding.table": torch.ones(7, 7)}, tmp_path / "w.pth")
    with pytest.raises(BinderError, match="none of its 1 tensors belongs to Classifier"):
        opened(tmp_path / "w.pth", task, source=source)


def test_a_scripted_source_file_of_another_type_is_cast_and_told(tmp_path, task, source):
    task.trusted = True
    torch.save(kinds.classifier().half().state_dict(), tmp_path / "w.pth")
    model, network = opened(tmp_path / "w.pth", task, source=source)
    assert any("float16 to float32" in loss.what for loss in model.losses)
    assert {row.dtype for row in network.tensors.values()} <= {"float32", "int64"}
