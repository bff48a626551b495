"""The command line as scripts see it: exit codes, one line on standard error, one JSON object on standard output."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import sketch
from sketch import cli
from sketch.api import Workbench
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from tests.engine import drawn


@pytest.fixture
def run(engine: Workbench, capfd: pytest.CaptureFixture[str]):
    """Run a subcommand: (exit code, standard output, standard error)."""

    def call(*argv: object) -> tuple[int, str, str]:
        code = cli.main([str(part) for part in argv])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def lenet(engine: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LeNet-5 compiled to ONNX."""
    path = tmp_path_factory.mktemp("models") / "lenet.onnx"
    report = sketch.compile(drawn(), path)
    assert report.verification.agrees
    return path


def test_convert_to_pytorch_and_back_agrees(run, lenet, tmp_path):
    code, out, err = run("convert", lenet, tmp_path / "lenet.pth", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["files"] == [str(tmp_path / "lenet.pth")]
    assert answer["verified"] is True
    assert answer["against"] == "lenet.onnx"
    assert answer["max_abs_error"] < 1e-5
    code, out, err = run("convert", tmp_path / "lenet.pth", tmp_path / "again.onnx", "--trust", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["verified"] is True
    code, out, _ = run("diff", lenet, tmp_path / "again.onnx", "--json")
    assert (code, json.loads(out)) == (0, {"equal": True, "differences": []})


def test_info_counts_lenet(run, lenet):
    code, out, _ = run("info", lenet, "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["format"] == "onnx"
    assert facts["parameters"] == 61_706
    assert facts["inputs"] == [{"name": "image", "dtype": "float32", "shape": ["N", 1, 28, 28]}]
    assert facts["outputs"] == [{"name": "digit", "dtype": "float32", "shape": ["N", 10]}]
    assert facts["layers"] == {
        "AvgPool2d": 2,
        "Conv2d": 2,
        "Flatten": 1,
        "Input": 1,
        "Linear": 3,
        "Output": 1,
        "Tanh": 4,
    }
    assert facts["problems"] == []


def test_info_for_people_names_what_matters(run, lenet):
    code, out, _ = run("info", lenet)
    assert code == 0
    assert "image: float32 N×1×28×28" in out
    assert "61,706" in out


def test_check_answers_no_with_the_cure(run, tmp_path):
    tables = Tables()
    bench = sketch.api.workbench()
    draft = Draft(tables, bench.library)
    image = draft.add("Input", "image", {"shape": ("N", 3, 8, 8)})
    conv = draft.add("Conv2d", "conv1", {"kernel_size": 11})
    draft.connect(image, 0, conv, 0)
    tables.apply(draft.delta())
    sketch.save(build_network(tables, bench.library, store=bench.store), tmp_path / "bad.sketch")
    code, out, err = run("check", tmp_path / "bad.sketch")
    assert (code, err) == (1, "")
    assert "error: conv1: " in out
    assert "11×11" in out
    assert "8×8" in out
    code, out, _ = run("check", tmp_path / "bad.sketch", "--json")
    assert {"conv1", ""} >= {problem["where"] for problem in json.loads(out)["problems"]}


def test_check_of_a_good_network(run, lenet):
    assert run("check", lenet) == (0, "no problems\n", "")


def test_code_runs_as_a_file(run, lenet, tmp_path):
    code, out, _ = run("code", lenet)
    assert code == 0
    (tmp_path / "model.py").write_text(out)
    done = subprocess.run(
        [sys.executable, "model.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "10" in done.stdout


def test_lists(run):
    code, out, _ = run("kernels", "--json")
    assert code == 0
    assert {"onnx", "pytorch"} <= set(json.loads(out)["kernels"])
    code, out, _ = run("layers")
    assert code == 0
    assert "Conv2d" in out
    assert "not in onnx: LSTM with proj_size\n" in out
    assert "not in onnx: CTCLoss at all: it is a search over alignments\n" in out
    code, out, _ = run("layers", "Conv2d")
    assert "kernel_size" in out
    assert "out_channels, in_channels // groups, *kernel_size" in out
    code, out, _ = run("layers", "--json")
    assert len(json.loads(out)["layers"]) > 150


def test_diff_names_what_differs(run, lenet, tmp_path):
    network = sketch.open(lenet)
    tables = Tables()
    tables.apply(sketch.graph.tables.whole(network.tables))
    draft = Draft(tables, sketch.api.workbench().library)
    draft.set_param(tables.named(None, "pool1"), "stride", 1)
    tables.apply(draft.delta())
    changed = build_network(tables, draft.library, store=network.store)
    sketch.save(changed, tmp_path / "changed.sketch")
    code, out, _ = run("diff", lenet, tmp_path / "changed.sketch")
    assert code == 1
    assert "parameter: pool1: stride: (2, 2) → (1, 1)" in out


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("trap-was-run"),)


def _garbage(tmp_path: Path, lenet: Path) -> dict[str, tuple[Path, str]]:
    """name -> (bad file, words of the message)."""
    empty, cut, text, fake = (tmp_path / n for n in ("empty.onnx", "cut.onnx", "text.onnx", "model.h6"))
    empty.write_bytes(b"")
    cut.write_bytes(lenet.read_bytes()[: lenet.stat().st_size // 2])
    text.write_text("this is no model")
    fake.write_text("neither is this")
    trap, archive = tmp_path / "trap.pth", tmp_path / "archive.pth"
    trap.write_bytes(pickle.dumps(Trap()))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Trap(), protocol=2))
        file.writestr("archive/version", "3\n")
    return {
        "empty": (empty, "is empty"),
        "truncated": (cut, "cut off|damaged|truncated"),
        "text": (text, "no model"),
        "suffix": (fake, "no model"),
        "pickle": (trap, "trust"),
        "archive": (archive, "trust"),
        "missing": (tmp_path / "none.onnx", "no such file"),
        "folder": (tmp_path, "is a folder"),
    }


@pytest.mark.parametrize(
    "kind", ["empty", "truncated", "text", "suffix", "pickle", "archive", "missing", "folder"]
)
@pytest.mark.parametrize("command", ["info", "convert"])
def test_bad_input_is_one_line_and_nothing_is_written(run, tmp_path, lenet, kind, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, words = _garbage(tmp_path, lenet)[kind]
    before = sorted(tmp_path.iterdir())
    target = [tmp_path / "out.onnx"] if command == "convert" else []
    code, out, err = run(command, path, *target)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("sketch: ")
    assert str(path) in err
    assert any(word in err for word in words.split("|")), err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before
    assert not Path("trap-was-run").exists()


def test_a_cycle_is_named(run, tmp_path):
    import onnx
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    nodes = [
        helper.make_node("Relu", ["b"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="second"),
    ]
    graph = helper.make_graph(
        nodes, "loop", [value], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])]
    )
    onnx.save(helper.make_model(graph), tmp_path / "loop.onnx")
    code, out, err = run("info", tmp_path / "loop.onnx")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "loop" in err
    assert "first" in err
    assert "second" in err


def test_usage_errors_are_one_line(run, lenet, tmp_path):
    for argv in (
        ("convert", lenet),
        ("convert", lenet, tmp_path / "x.abc"),
        ("convert", lenet, tmp_path / "x.onnx", "--kernel", "caffe9"),
        ("convert", lenet, tmp_path / "x.onnx", "--input", "image=axb"),
        ("dance",),
        ("layers", "NoSuchLayer"),
    ):
        code, out, err = run(*argv)
        assert (code, out, err.count("\n")) == (2, "", 1), argv
        assert err.startswith("sketch: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_render_draws_a_complete_picture(lenet, tmp_path, suffix):
    target = tmp_path / f"picture{suffix}"
    done = subprocess.run(
        [sys.executable, "-m", "sketch", "render", str(lenet), str(target)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    start = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix]
    assert target.read_bytes().startswith(start)
    if suffix == ".svg":
        text = target.read_text()
        assert all(name in text for name in ("conv1", "fc3", "digit"))


def test_same_seed_same_bytes(lenet, tmp_path):
    sketch.compile(drawn(), tmp_path / "again.onnx", verify=False)
    first, second = sketch.open(lenet), sketch.open(tmp_path / "again.onnx")
    assert sketch.diff(first, second) == []
    weight = first.tensors[first.steps[1].stored["weight"]]
    array = first.store.get(weight.digest, weight.shape, weight.dtype)
    assert np.isfinite(array).all()
