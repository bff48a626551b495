"""Stored weights in torch: nothing is copied on the way to a file, and nothing ever writes into the store."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sketch.binder.tensors import FileSlice, TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.kernels.pytorch.arrays import to_mapped, to_tensor, torch_type
from sketch.kernels.pytorch.kernel import KERNEL
from sketch.kernels.pytorch.saving import save
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.drawing import Drawing

VALUES = np.random.default_rng(3).random((33, 20), np.float32)


def digests(*folders):
    files = sorted(file for folder in folders for file in folder.rglob("*.bin"))
    assert files
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def place_of(address):
    """The line of the process's memory that holds an address; the name of a mapped file is at its end."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        first, _, last = line.split()[0].partition("-")
        if int(first, 16) <= address < int(last, 16):
            return line
    raise AssertionError(address)


def stored(tmp_path, kind):
    """The same matrix as the store gives it: a blob, a part of a large file, and one that lies transposed."""
    store = TensorStore(tmp_path / "store", adopt_below=0)
    if kind == "blob":
        return store.get(store.put(VALUES), VALUES.shape, "float32")
    if kind == "transposed":
        base = store.put(np.ascontiguousarray(VALUES.T))
        return store.get(store.view(base, (20, 33), "float32", order=(1, 0)), VALUES.shape, "float32")
    start = {"slice": 4100, "odd": 4097}[kind]
    (tmp_path / "user.bin").write_bytes(b"\1" * start + VALUES.tobytes() + b"\2" * 9)
    place = FileSlice(str(tmp_path / "user.bin"), start, VALUES.nbytes)
    return store.get(store.put_slice(place, "float32", VALUES.shape), VALUES.shape, "float32")


@pytest.mark.parametrize("make", [to_tensor, to_mapped])
@pytest.mark.parametrize("kind", ["blob", "slice", "odd", "transposed"])
def test_a_tensor_can_be_written_and_the_file_cannot(tmp_path, kind, make):
    array = stored(tmp_path, kind)
    before = digests(tmp_path)
    tensor = make(array, "float32")
    assert tensor.is_contiguous() == (make is to_tensor or kind != "transposed")
    assert np.array_equal(tensor.numpy(), VALUES)
    tensor.mul_(-2)
    assert np.array_equal(tensor.numpy(), VALUES * -2)
    assert np.array_equal(array, VALUES)
    assert digests(tmp_path) == before


@pytest.mark.parametrize("kind", ["blob", "slice", "odd", "transposed"])
@pytest.mark.parametrize("make", [to_tensor, to_mapped])
def test_mapped_tensors_lie_in_the_file_and_the_others_do_not(tmp_path, kind, make):
    tensor = make(stored(tmp_path, kind), "float32")
    assert (str(tmp_path) in place_of(tensor.data_ptr())) == (make is to_mapped)


@pytest.mark.parametrize("part", [lambda module: module, torch.nn.Module.state_dict], ids=["whole", "state"])
def test_transposed_weights_are_saved_as_torch_saves_contiguous_ones(tmp_path, part):
    """Also a tied one, more than there are buffers, of other sizes and types; the module itself stays as it is."""
    module = torch.nn.Sequential(*(torch.nn.Linear(20, 33) for _ in range(8)))
    for number in range(4, 8):
        module[number].weight = torch.nn.Parameter(torch.rand(5 * number, 30 - number).t())
    wide = torch.arange(600, dtype=torch.bfloat16).view(10, 60)
    module[1].weight = torch.nn.Parameter(to_mapped(stored(tmp_path, "transposed"), "float32"))
    module[2].weight = torch.nn.Parameter(wide.t())
    module[3].weight = module[1].weight
    before = {name: tensor.stride() for name, tensor in module.state_dict().items()}
    save(module, tmp_path / "saved.pth", part)
    assert {name: tensor.stride() for name, tensor in module.state_dict().items()} == before
    assert np.array_equal(module[3].weight.detach().numpy(), VALUES)
    loaded = torch.load(tmp_path / "saved.pth", weights_only=False)
    state = loaded if isinstance(loaded, dict) else loaded.state_dict()
    assert all(tensor.is_contiguous() for tensor in state.values())
    assert state["1.weight"].data_ptr() == state["3.weight"].data_ptr()
    assert state["2.weight"].dtype == torch.bfloat16
    assert all(torch.equal(state[name], tensor) for name, tensor in module.state_dict().items())
    with zipfile.ZipFile(tmp_path / "saved.pth") as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("start", [4096, 4097])
def test_a_large_transposed_matrix_is_copied_from_any_address(tmp_path, start):
    values = np.random.default_rng(1).random((601, 503), np.float32)
    (tmp_path / "user.bin").write_bytes(b"\1" * start + np.ascontiguousarray(values.T).tobytes())
    store = TensorStore(tmp_path / "store", adopt_below=0)
    base = store.put_slice(FileSlice(str(tmp_path / "user.bin"), start, values.nbytes), "float32", (503, 601))
    array = store.get(store.view(base, (503, 601), "float32", order=(1, 0)), (601, 503), "float32")
    tensor = to_mapped(array, "float32")
    assert np.array_equal(tensor.numpy(), values)
    tensor.mul_(2)
    assert np.array_equal(array, values)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8e4m3fn"])
def test_raw_bits_are_mapped_as_the_type_they_stand_for(tmp_path, dtype):
    store = TensorStore(tmp_path)
    want = torch.randn(7, 5).to(torch_type(dtype))
    bits = want.view(torch.int16 if dtype == "bfloat16" else torch.uint8).numpy()
    bits = bits.view(np.uint16) if dtype == "bfloat16" else bits
    got = to_mapped(store.get(store.put(bits, dtype), (7, 5), dtype), dtype)
    assert got.dtype == want.dtype
    assert torch.equal(got.float(), want.float())


def test_training_a_live_module_leaves_the_store_as_it_is(tmp_path):
    task = make_task(tmp_path)
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 20))
    layer = drawing.add("Linear", x, out_features=33, name="fc", bias=False)
    drawing.add("Output", layer)
    network = drawing.network(task.store)
    weight = add_tensor(drawing.draft, task.store.put(VALUES), VALUES.shape, "float32")
    set_weight(drawing.draft, layer, "weight", weight)
    network = drawing.network(task.store)
    before = digests(tmp_path)
    module = KERNEL.to_live(network, task)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    module(torch.ones(2, 20)).sum().backward()
    optimizer.step()
    assert not np.array_equal(module.fc.weight.detach().numpy(), VALUES)
    assert digests(tmp_path) == before
    assert np.array_equal(KERNEL.to_live(network, task).fc.weight.detach().numpy(), VALUES)
