"""The text: onnx reads it, it holds the operators of the export, and each line knows its node."""

import subprocess
import sys

import onnx
import onnx.parser

from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from tests.contract.networks import library
from tests.kernels.onnx.job import chain, task_in

LAYERS = (
    ("Conv2d", {"out_channels": 4, "kernel_size": 5, "padding": 2}), "ReLU", "LogSigmoid", "LogSigmoid",
    ("GLU", {"dim": 1}), ("Hardtanh", {}), "Flatten", ("Linear", {"out_features": 3}),
)  # fmt: skip


def test_the_text_holds_what_the_file_holds(tmp_path):
    task = task_in(tmp_path)
    network = chain(*LAYERS, store=task.store)
    KERNEL.export_model(network, tmp_path / "a.onnx", {}, task)
    written, read = onnx.load(tmp_path / "a.onnx"), onnx.parser.parse_model(KERNEL.text(network).text)

    def plain(node):
        values = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        return node.op_type, node.domain, list(node.input), list(node.output), values

    assert [plain(node) for node in read.graph.node] == [plain(node) for node in written.graph.node]
    assert [function.name for function in read.functions] == ["LogSigmoid", "GLU"]
    for ours, theirs in zip(read.functions, written.functions, strict=True):
        assert [node.op_type for node in ours.node] == [node.op_type for node in theirs.node]
        assert list(ours.input) == list(theirs.input)


def test_lines_belong_to_nodes():
    network = chain(*LAYERS)
    source = KERNEL.text(network)
    lines = source.text.splitlines()
    conv = next(step for step in network.steps if step.layer == "Conv2d")
    own = [line for first, last in source.lines[conv.id] for line in lines[first - 1 : last]]
    assert [("conv1" in line) for line in own] == [True] * 3
    assert any(
        line.startswith("  conv1 = Conv <kernel_shape = [5, 5], pads = [2, 2, 2, 2]> (x, ") for line in own
    )
    assert set(source.lines) == {step.id for step in network.steps} - {network.steps[-1].id} | {
        network.steps[-1].id
    }


def test_odd_names_are_quoted():
    tables = Tables()
    draft = Draft(tables, library())
    start = draft.add("Input", 'a "b" \\ c/d.e', {"shape": ("N", 3)})
    relu = draft.add("ReLU", "float")
    draft.connect(start, 0, relu, 0)
    draft.connect(relu, 0, draft.add("Output", "ü # no comment"), 0)
    tables.apply(draft.delta())
    read = onnx.parser.parse_model(KERNEL.text(build_network(tables, library())).text)
    assert read.graph.input[0].name == 'a "b" \\ c/d.e'
    assert read.graph.output[0].name == "ü # no comment"


def test_an_unfinished_drawing_still_has_a_text():
    tables = Tables()
    draft = Draft(tables, library())
    alone = draft.add("Conv2d", "alone")
    draft.connect(alone, 0, draft.add("Output", "y"), 0)
    tables.apply(draft.delta())
    source = KERNEL.text(build_network(tables, library()))
    assert "# alone is not written" in source.text
    assert alone in source.lines
    onnx.parser.parse_model(source.text)


def test_the_text_needs_no_framework():
    script = (
        "import sys; from sketch.kernels.onnx import KERNEL; from tests.kernels.onnx.job import chain;"
        "KERNEL.text(chain('ReLU', 'Flatten')); KERNEL.available();"
        "print([n for n in ('onnx', 'onnxruntime', 'onnx_ir', 'onnxscript', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
