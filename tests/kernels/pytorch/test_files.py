"""Files: they load with torch alone, hold what they claim, and refuse in one line."""

import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError, PermissionNeededError
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files.looking import look, recognised
from sketch.kernels.pytorch.kernel import KERNEL
from sketch.kernels.pytorch.naming import RESERVED
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.drawing import Drawing

CLEAN = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sketch", "onnx", "tests"):
            raise ImportError("only torch here: " + name)
sys.meta_path.insert(0, Wall())
import numpy, torch
module = torch.load(sys.argv[1], weights_only=False)
x = torch.from_numpy(numpy.load(sys.argv[2]))
with torch.no_grad():
    numpy.save(sys.argv[3], module(x).numpy())
module.train()
module(x).sum().backward()
assert all(p.grad is not None for p in module.parameters())
assert not [name for name in sys.modules if name.split(".")[0] == "sketch"]
"""


def lenet():
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 1, 28, 28), name="image")
    x = drawing.add("Conv2d", x, out_channels=6, kernel_size=5, padding=2)
    x = drawing.add("MaxPool2d", drawing.add("ReLU", x))
    x = drawing.add("Conv2d", x, out_channels=16, kernel_size=5)
    x = drawing.add("Flatten", drawing.add("MaxPool2d", drawing.add("ReLU", x)))
    for size in (120, 84):
        x = drawing.add("Dropout", drawing.add("ReLU", drawing.add("Linear", x, out_features=size)))
    drawing.add("Output", drawing.add("Linear", x, out_features=10), name="scores")
    return drawing


def tied(store):
    drawing = Drawing()
    words = drawing.add("Input", shape=("N", "L"), dtype="int64")
    table = drawing.add("Embedding", words, num_embeddings=11, embedding_dim=5, name="table")
    drawing.add("Output", drawing.add("Linear", table, out_features=11, bias=False, name="head"))
    values = np.random.default_rng(0).standard_normal((11, 5)).astype("float32")
    row = add_tensor(drawing.draft, store.put(values), (11, 5), "float32", "table.weight")
    set_weight(drawing.draft, drawing.draft.named(None, "table"), "weight", row)
    set_weight(drawing.draft, drawing.draft.named(None, "head"), "weight", row)
    return drawing.network(store), values


def test_lenet_counts_and_runs_with_torch_alone(tmp_path):
    network = lenet().network(name="LeNet")
    assert network.parameters == 61_706
    task = make_task(tmp_path)
    report = KERNEL.export_model(network, tmp_path / "lenet.pth", {}, task)
    assert report.files == (tmp_path / "lenet.pth",)
    image = np.random.default_rng(1).standard_normal((3, 1, 28, 28)).astype("float32")
    np.save(tmp_path / "x.npy", image)
    files = [str(tmp_path / name) for name in ("lenet.pth", "x.npy", "y.npy")]
    done = subprocess.run(
        [sys.executable, "-I", "-c", CLEAN, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    want = KERNEL.run(tmp_path / "lenet.pth", {"image": image}, task)
    assert list(want) == ["scores"]
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), want["scores"])


def test_source_with_safetensors_runs_beside_its_weights(tmp_path):
    task = make_task(tmp_path)
    network = lenet().network(name="LeNet")
    report = KERNEL.export_model(network, tmp_path / "net.py", {}, task)
    assert [file.name for file in report.files] == ["net.py", "net.safetensors"]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "net.py")], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (done.returncode, done.stdout) == (0, "(2, 10)\n"), done.stderr


def test_state_dict_holds_the_weights_only(tmp_path):
    network, values = tied(make_task(tmp_path).store)
    task = make_task(tmp_path)
    KERNEL.export_model(network, tmp_path / "w.pth", {"container": "state_dict"}, task)
    state = torch.load(tmp_path / "w.pth", weights_only=True)
    assert list(state) == ["table.weight", "head.weight"]
    assert np.array_equal(state["head.weight"].numpy(), values)
    model = KERNEL.import_model(tmp_path / "w.pth", {}, task)
    assert (model.format, model.details["tensors"]) == ("state_dict", 2)
    with pytest.raises(BinderError, match="holds weights only"):
        KERNEL.run(tmp_path / "w.pth", {}, task)
    with pytest.raises(BinderError, match="no container 'zip'"):
        KERNEL.export_model(network, tmp_path / "w.pth", {"container": "zip"}, task)


def test_tied_weights_stay_tied(tmp_path):
    task = make_task(tmp_path)
    network, _ = tied(task.store)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    module = torch.load(tmp_path / "m.pth", weights_only=False)
    assert module.table.weight is module.head.weight
    assert sum(p.numel() for p in module.parameters()) == network.parameters == 55
    tables = Tables()
    tables.apply(KERNEL.import_model(tmp_path / "m.pth", {}, task).delta)
    again = build_network(tables, library(), store=task.store)
    assert len(again.tensors) == 1
    assert [row.digest for row in again.tensors.values()] == [row.digest for row in network.tensors.values()]
    assert "self.head.weight = self.table.weight" in KERNEL.text(again).text


def test_bfloat16_weights_keep_their_bits(tmp_path):
    task = make_task(tmp_path)
    bits = np.random.default_rng(0).integers(0x3F00, 0x3F80, (3, 4)).astype("uint16")
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 4), dtype="bfloat16")
    fc = drawing.add("Linear", x, out_features=3, bias=False)
    drawing.add("Output", fc)
    set_weight(
        drawing.draft,
        fc,
        "weight",
        add_tensor(drawing.draft, task.store.put(bits, "bfloat16"), (3, 4), "bfloat16"),
    )
    network = drawing.network(task.store)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    weight = next(torch.load(tmp_path / "m.pth", weights_only=False).parameters())
    assert weight.dtype == torch.bfloat16
    assert np.array_equal(weight.detach().view(torch.int16).numpy().view("uint16"), bits)
    assert "dtype=torch.bfloat16" in KERNEL.text(network).text
    model = KERNEL.import_model(tmp_path / "m.pth", {}, task)
    assert [c.after.digest for c in model.delta if c.table == "tensors"] == [
        next(iter(network.tensors.values())).digest
    ]


def test_nothing_runs_without_permission(tmp_path):
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(mark), "w"))

    torch.save(Evil(), tmp_path / "evil.pth")
    torch.save(Evil(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    task = make_task(tmp_path)
    task.trusted = False
    for name in ("evil.pth", "old.pth"):
        with pytest.raises(PermissionNeededError, match=r"opening it runs code \(.*open.*\)\."):
            KERNEL.import_model(tmp_path / name, {}, task)
        with pytest.raises(PermissionNeededError):
            KERNEL.run(tmp_path / name, {}, task)
    assert not mark.exists()
    assert look(tmp_path / "evil.pth").kind == look(tmp_path / "old.pth").kind == "module"


def test_a_file_of_ours_needs_permission_too(tmp_path):
    task = make_task(tmp_path)
    KERNEL.export_model(lenet().network(), tmp_path / "m.pth", {}, task)
    task.trusted = False
    with pytest.raises(PermissionNeededError, match="reduce_graph_module"):
        KERNEL.import_model(tmp_path / "m.pth", {}, task)


def test_content_is_recognised(tmp_path):
    KERNEL.export_model(lenet().network(), tmp_path / "m.pth", {}, make_task(tmp_path))
    (tmp_path / "m.pth").rename(tmp_path / "model.onnx")
    assert KERNEL.recognises(tmp_path / "model.onnx", (tmp_path / "model.onnx").read_bytes()[:4096])
    with zipfile.ZipFile(tmp_path / "other.pth", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert not recognised(tmp_path / "other.pth", (tmp_path / "other.pth").read_bytes()[:4096])
    (tmp_path / "n.pth").write_bytes(b"\x80 is no pickle of any protocol")
    assert not recognised(tmp_path / "n.pth", (tmp_path / "n.pth").read_bytes())


def test_a_bare_pickle_needs_permission_and_opens_with_it(tmp_path):
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).eval()
    path = tmp_path / "p.pth"
    path.write_bytes(pickle.dumps(module))
    assert recognised(path, path.read_bytes()[:4096])
    task = make_task(tmp_path)
    task.trusted = False
    with pytest.raises(PermissionNeededError, match=r"torch\.nn\.modules"):
        KERNEL.import_model(path, {}, task)
    task.trusted = True
    tables = Tables()
    tables.apply(KERNEL.import_model(path, {}, task).delta)
    network = build_network(tables, library(), store=task.store)
    assert [step.layer for step in network.steps] == ["Input", "Linear", "ReLU", "Output"]
    assert network.parameters == 15


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_off_file_is_one_line(tmp_path, share):
    task = make_task(tmp_path)
    KERNEL.export_model(lenet().network(), tmp_path / "m.pth", {}, task)
    data = (tmp_path / "m.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BinderError, match=r"cut\.pth: is damaged or cut off") as caught:
        KERNEL.import_model(tmp_path / "cut.pth", {}, task)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}." + b"\0" * (50 << 20))
    with pytest.raises(BinderError, match=r"would unpack to 5\d+ bytes; it was not opened"):
        KERNEL.import_model(tmp_path / "bomb.pth", {}, make_task(tmp_path))


def test_a_missing_class_is_named(tmp_path):
    task = make_task(tmp_path)
    module = type("Gone", (nn.Module,), {"__module__": "gone_package.models"})()
    sys.modules["gone_package"] = sys.modules["gone_package.models"] = type(sys)("gone_package.models")
    sys.modules["gone_package.models"].Gone = type(module)
    try:
        torch.save(module, tmp_path / "gone.pth")
    finally:
        del sys.modules["gone_package"], sys.modules["gone_package.models"]
    with pytest.raises(BinderError, match=r"needs gone_package\.models\.Gone, not to be found here"):
        KERNEL.import_model(tmp_path / "gone.pth", {}, task)


def test_a_pickled_module_opens_with_guessed_inputs(tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 5)).eval()
    torch.save(module, tmp_path / "m.pth")
    task = make_task(tmp_path)
    model = KERNEL.import_model(tmp_path / "m.pth", {}, task)
    tables = Tables()
    tables.apply(model.delta)
    network = build_network(tables, library(), store=task.store)
    assert not network.errors
    assert network.inputs[0].params["shape"] == ("N", 3, 28, 28)
    assert network.parameters == sum(p.numel() for p in module.parameters())


def test_reserved_names_cover_what_modules_use():
    graph = torch.fx.symbolic_trace(nn.ReLU())
    used = {name for thing in (graph, nn.Module(), nn.Sequential(), nn.ModuleList()) for name in dir(thing)}
    assert {name for name in used if not name.startswith("_")} <= RESERVED


def test_refusals_are_said_before_compiling():
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 4), dtype="int4")
    drawing.add("Output", drawing.add("ai.onnx:Det", x, name="det"))
    network = drawing.network()
    said = {step.name: KERNEL.refusal(step) for step in network.steps}
    assert said["det"] == said["input1"]
    assert said["input1"] == "PyTorch has no element type int4; insert a Cast or choose float32."
