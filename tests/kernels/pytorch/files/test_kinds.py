"""Each kind of file, from a plain torch script to an edited model: head changed, backbone as it was, torch loads it."""

import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

import sketch
from sketch.binder.kernel import BinderError
from sketch.state import commands
from tests.kernels.pytorch.files import kinds

CLEAN = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sketch", "onnx", "tests"):
            raise ImportError("only torch here: " + name)
sys.meta_path.insert(0, Wall())
import numpy, torch
module = torch.load(sys.argv[1], weights_only=False).eval()
image = torch.from_numpy(numpy.load(sys.argv[2]))
seen = {}
module.get_submodule("head").register_forward_hook(lambda _module, given, _result: seen.update(features=given[0]))
with torch.no_grad():
    scores = module(image)
numpy.savez(sys.argv[3], scores=scores.numpy(), features=seen["features"].numpy())
"""


def _source(tmp_path):
    (tmp_path / "net.py").write_text(kinds.SOURCE)
    return str(tmp_path / "net.py")


def _pickled(module, tmp_path):
    """Saved by a script: its classes are those of `__main__`."""
    path = tmp_path / "model.pth"
    script = kinds.SOURCE + (
        "\nif __name__ == '__main__':\n    import sys\n    made = Classifier()\n"
        "    made.load_state_dict(torch.load(sys.argv[1]))\n    torch.save(made.eval(), sys.argv[2])\n"
    )
    (tmp_path / "train.py").write_text(script)
    torch.save(module.state_dict(), tmp_path / "state.tmp")
    subprocess.run(
        [sys.executable, str(tmp_path / "train.py"), str(tmp_path / "state.tmp"), str(path)], check=True
    )
    return path, {"folders": (str(tmp_path / "train.py"),)}


def _state(module, tmp_path):
    torch.save(module.state_dict(), tmp_path / "state.pth")
    return tmp_path / "state.pth", {"source": _source(tmp_path)}


def _checkpoint(module, tmp_path):
    state = {f"model.{key}": value for key, value in module.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 1, "hyper_parameters": {}}, tmp_path / "last.ckpt")
    return tmp_path / "last.ckpt", {"source": _source(tmp_path)}


def _safetensors(module, tmp_path):
    safetensors.torch.save_file(module.state_dict(), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors", {"source": _source(tmp_path), "class_": "Classifier"}


def _traced(module, tmp_path):
    kinds.save_traced(module, tmp_path / "traced.pt", torch.randn(2, 3, 24, 24))
    return tmp_path / "traced.pt", {"inputs": {"image": ("N", 3, 24, 24)}}


def _scripted(module, tmp_path):
    kinds.save_scripted(module, tmp_path / "scripted.pt")
    return tmp_path / "scripted.pt", {"inputs": {"image": (2, 3, 24, 24)}}


def _exported(module, tmp_path):
    batch = torch.export.Dim("batch")
    kinds.save_exported(
        module, tmp_path / "model.pt2", torch.randn(2, 3, 24, 24), dynamic_shapes=({0: batch},)
    )
    return tmp_path / "model.pt2", {}


def _python(module, tmp_path):
    path = tmp_path / "model.py"
    kept = tmp_path / "kept.pth"
    torch.save(module.state_dict(), kept)
    path.write_text(
        kinds.SOURCE
        + f"\n\ndef trained():\n    made = Classifier()\n    made.load_state_dict(torch.load({str(kept)!r}))\n"
        "    return made\n"
    )
    return path, {"class_": "trained"}


def _graph_module(module, tmp_path):
    torch.save(torch.fx.symbolic_trace(module), tmp_path / "graph.pth")
    return tmp_path / "graph.pth", {}


WAYS = (
    _pickled, _state, _checkpoint, _safetensors, _traced, _scripted, _exported, _python, _graph_module,
)  # fmt: skip


@pytest.mark.parametrize("write", WAYS)
def test_open_edit_compile_and_load_with_torch_alone(tmp_path, engine, write):
    module = kinds.classifier()
    path, options = write(module, tmp_path)
    with pytest.raises(BinderError, match="runs"):
        sketch.open(path, **options)
    network = sketch.open(path, trust=True, **options)
    assert not network.errors
    head = next(step for step in network.steps if step.layer == "Linear")
    assert network.qualified(head) == "head"
    edited = sketch.api.edited(
        network, lambda document: commands.set_param(document, [head.id], "out_features", 10)
    )
    image = np.random.default_rng(0).standard_normal((3, 3, 24, 24)).astype("float32")
    np.save(tmp_path / "image.npy", image)
    report = sketch.compile(network, tmp_path / "same.pth")
    assert report.verification is not None, report.notes
    assert report.verification.agrees
    assert report.verification.against == path.name
    sketch.compile(edited, tmp_path / "edited.pth", verify=False)
    files = [str(tmp_path / name) for name in ("edited.pth", "image.npy", "found.npz")]
    subprocess.run([sys.executable, "-I", "-c", CLEAN, *files], check=True)
    found = np.load(tmp_path / "found.npz")
    assert found["scores"].shape == (3, 10)
    with torch.no_grad():
        want = module.features(torch.from_numpy(image)).numpy()
    np.testing.assert_allclose(found["features"], want, rtol=1e-5, atol=1e-6)
    made = sketch.to_torch(network)
    assert set(made.state_dict()) == set(module.state_dict())
