"""Files of PyTorch from the command line and from Python: class, arguments, folders, source of weights."""

import json

import pytest
import torch

import sketch
from sketch.binder.kernel import BinderError
from sketch.cli import main
from tests.kernels.pytorch.files import kinds

pytestmark = pytest.mark.usefixtures("engine")
PART = (
    "import torch\nfrom torch import nn\n\n\nclass Net(nn.Sequential):\n    def __init__(self, width, depth=1):\n"
    "        super().__init__(*(nn.Linear(width, width) for _ in range(depth)))\n\n\n"
    "class Other(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
)


@pytest.fixture
def source(tmp_path):
    (tmp_path / "net.py").write_text(PART)
    return str(tmp_path / "net.py")


def facts(capsys, *arguments):
    assert main(["info", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_source_opens_with_class_and_arguments(source, capsys):
    assert "opening it runs the Python code in it; trust it (--trust" in refused(capsys, "info", source)
    assert "there are Net(width), Other(width)" in refused(capsys, "info", source, "--trust")
    found = facts(capsys, source, "--trust", "--class", "Net", "--arguments", "4, depth=3")
    assert found["layers"]["Linear"] == 3
    assert found["inputs"][0]["shape"] == ["N", 4]
    shaped = facts(capsys, source, "--trust", "--class", "Net", "--arguments", "4", "--input", "input=N,7,4")
    assert shaped["inputs"][0]["shape"] == ["N", 7, 4]
    assert "net.py:" in refused(capsys, "check", source, "--trust", "--class", "Net", "--arguments", "'a'")


def test_source_becomes_a_model_that_agrees_with_it(source, tmp_path, capsys):
    target = str(tmp_path / "net.onnx")
    arguments = ["--trust", "--class", "Net", "--arguments", "width=4, depth=2", "--json"]
    assert main(["convert", source, target, *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verified"]
    assert report["against"] == "net.py"


def test_weights_find_their_network(tmp_path, capsys):
    torch.save(kinds.classifier().state_dict(), tmp_path / "w.pth")
    weights = str(tmp_path / "w.pth")
    (tmp_path / "classifier.py").write_text(kinds.SOURCE)
    alone = facts(capsys, weights)
    assert set(alone["layers"]) == {"Parameter", "Constant"}
    code = str(tmp_path / "classifier.py")
    found = facts(capsys, weights, "--source", code, "--trust")
    assert found["layers"]["Conv2d"] == 3
    network = sketch.open(code, trust=True)
    sketch.save(network, tmp_path / "drawn.sketch")
    filled = sketch.open(weights, source=tmp_path / "drawn.sketch")
    assert filled.meta["details"]["matched"] == "20 matched"
    made = sketch.to_torch(filled)
    image = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(made(image), kinds.classifier()(image))
    with pytest.raises(BinderError, match="none of its 20 tensors belongs to 'lenet5'"):
        sketch.open(weights, source="example:lenet5")
    with pytest.raises(BinderError, match="There is no example 'none'"):
        sketch.open(weights, source="example:none")


def test_a_pickled_module_shows_its_tensors_without_permission(tmp_path, capsys):
    torch.save(kinds.classifier(), tmp_path / "m.pth")
    assert "opening it runs code" in refused(capsys, "info", str(tmp_path / "m.pth"))
    found = facts(capsys, str(tmp_path / "m.pth"), "--weights-only")
    assert set(found["layers"]) == {"Parameter", "Constant"}
