"""Operators without a layer: their functions in the source and in the file, and back as the nodes they were."""

import ast
import dis
import runpy
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn
from torch.fx import graph as fx_graph

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch import operators
from sketch.kernels.pytorch.attribute_bytes import attribute_tensor
from sketch.kernels.pytorch.carrying import _operator_function, carry, operator_source
from sketch.kernels.pytorch.kernel import KERNEL
from sketch.kernels.pytorch.operators import function_of
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.drawing import Drawing
from tests.kernels.pytorch.suite_run import opened

FOLDER = Path(operators.__file__).with_name("functions")

TWICE = """
import copy, sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sketch", "onnx", "tests"):
            raise ImportError("only torch here: " + name)
sys.meta_path.insert(0, Wall())
import numpy, torch
module = torch.load(sys.argv[1], weights_only=False)
again = torch.load(sys.argv[1], weights_only=False)
x = torch.from_numpy(numpy.load(sys.argv[2]))
with torch.no_grad():
    y = module(x)
    assert torch.equal(y, copy.deepcopy(again).train().eval()(x))
numpy.save(sys.argv[3], y.numpy())
torch.save(again, sys.argv[4])
"""


def model_of(nodes, inputs, outputs, initializers=(), opset=20):
    graph = helper.make_graph(
        nodes, "Case", inputs, outputs, [numpy_helper.from_array(a, n) for n, a in initializers]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def mixed_model():
    """Operators with a large weight, small constants, two outputs, and a list of sizes."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("ScatterND", ["x", "where", "w"], ["s"], name="scatter"),
        helper.make_node("TopK", ["s", "k"], ["v", "i"], name="largest", axis=-1),
        helper.make_node("Cast", ["i"], ["c"], to=TensorProto.FLOAT, name="cast"),
        helper.make_node("Concat", ["v", "c"], ["y"], axis=1, name="join"),
    ]
    weights = [
        ("where", np.array([[1], [3]], np.int64)),
        ("w", rng.standard_normal((2, 40)).astype(np.float32)),
        ("k", np.array([7], np.int64)),
    ]
    return model_of(nodes, [value("x", [5, 40])], [value("y", [5, 14])], weights), rng.standard_normal(
        (5, 40)
    ).astype(np.float32)


def loop_model():
    """A Loop whose body reads a weight from outside."""
    body = helper.make_graph(
        [
            helper.make_node("Mul", ["v", "w"], ["m"]),
            helper.make_node("Tanh", ["m"], ["next"]),
            helper.make_node("Identity", ["going"], ["on"]),
            helper.make_node("Identity", ["next"], ["kept"]),
        ],
        "body",
        [value("n", [], TensorProto.INT64), value("going", [], TensorProto.BOOL), value("v", [3])],
        [value("on", [], TensorProto.BOOL), value("next", [3]), value("kept", [3])],
    )
    nodes = [helper.make_node("Loop", ["trips", "", "x"], ["last", "all"], body=body, name="loop")]
    weights = [("trips", np.array(4, np.int64)), ("w", np.array([1.5, 0.5, -1.0], np.float32))]
    outputs = [value("last", [3]), value("all", [4, 3])]
    return model_of(nodes, [value("x", [3])], outputs, weights), np.array([0.2, -0.4, 1.0], np.float32)


def wanted(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def flat(result):
    return [result] if isinstance(result, torch.Tensor) else list(result)


def test_definitions_have_names_of_their_own():
    seen: dict[str, str] = {}
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            for name in operators._names(node):
                assert name not in seen, f"{name} is in {seen.get(name)} and in {file.name}"
                seen[name] = file.name


def test_a_drawing_without_operators_does_not_read_their_functions(monkeypatch):
    def never():
        raise AssertionError("the functions were read")

    monkeypatch.setattr(operators, "_index", never)
    assert operators.definitions(()) == []


def test_every_function_runs_on_its_own():
    import builtins

    for function in operators._index().functions.values():
        text = operator_source(function.name)
        scope: dict[str, object] = {}
        exec(compile(text, function.name, "exec"), scope)  # noqa: S102 - the text of our own package
        missing = {name for name in _loaded(compile(text, function.name, "exec")) if name not in scope}
        assert not {name for name in missing if not hasattr(builtins, name)}, function.name


def _loaded(code):
    for item in dis.get_instructions(code):
        if item.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield item.argval
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _loaded(inner)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("GatherND", "gather_nd"),
        ("LSTM", "lstm"),
        ("QLinearMatMul", "q_linear_mat_mul"),
        ("Or", "or_"),
        ("If", "if_"),
    ],
)
def test_operators_find_their_functions(kind, name):
    found = function_of(f"ai.onnx:{kind}")
    assert found is not None
    assert found.name == name
    assert function_of(f"com.microsoft:{kind}") is None


def test_the_file_loads_runs_and_is_saved_again_with_torch_alone(tmp_path):
    model, x = mixed_model()
    task, before = make_task(tmp_path), set(fx_graph._custom_builtins)
    KERNEL.export_model(opened(model.SerializeToString(), task), tmp_path / "m.pth", {}, task)
    assert set(fx_graph._custom_builtins) == before
    np.save(tmp_path / "x.npy", x)
    for source, target in (("m.pth", "n.pth"), ("n.pth", "o.pth")):
        files = [str(tmp_path / name) for name in (source, "x.npy", "y.npy", target)]
        done = subprocess.run(
            [sys.executable, "-I", "-c", TWICE, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted(model, x)[0], rtol=1e-6)


@pytest.mark.parametrize("make", [mixed_model, loop_model])
def test_source_and_module_give_the_same_numbers(make, tmp_path):
    model, x = make()
    task = make_task(tmp_path)
    network = opened(model.SerializeToString(), task)
    module = KERNEL.to_live(network, task)
    KERNEL.export_model(network, tmp_path / "net.py", {}, task)
    made = runpy.run_path(str(tmp_path / "net.py"))["Case"]().eval()
    from safetensors.torch import load_file

    made.load_state_dict(load_file(tmp_path / "net.safetensors"))
    for want, *have in zip(
        wanted(model, x), flat(module(torch.tensor(x))), flat(made(torch.tensor(x))), strict=True
    ):
        for got in have:
            np.testing.assert_allclose(got.detach().numpy(), want, rtol=1e-6, atol=1e-6)


def test_a_large_weight_is_a_parameter_under_its_own_name(tmp_path):
    model, _ = mixed_model()
    task = make_task(tmp_path)
    module = KERNEL.to_live(opened(model.SerializeToString(), task), task)
    assert [name for name, _ in module.named_parameters()] == ["w"]
    assert list(module.state_dict()) == ["w"]


def test_computed_sizes_are_written_as_a_person_would(tmp_path):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "one"], ["g"], axis=0),
        helper.make_node("Unsqueeze", ["g", "zero"], ["u"]),
        helper.make_node("Concat", ["u", "rest"], ["sizes"], axis=0),
        helper.make_node("Einsum", ["x", "x"], ["e"], equation="abc,abc->abc"),
        helper.make_node("Reshape", ["e", "sizes"], ["y"]),
    ]
    weights = [("one", np.array(1)), ("zero", np.array([0])), ("rest", np.array([-1]))]
    model = model_of(nodes, [value("x", ["N", "L", 4])], [value("y", None)], weights)
    text = KERNEL.text(opened(model.SerializeToString(), make_task(tmp_path))).text
    assert ".reshape(x.shape[1], -1)" in text
    assert "def shape(" not in text


def test_unsigned_numbers_take_the_function_of_the_operator(tmp_path):
    drawing = Drawing()
    a, b = (drawing.add("Input", shape=(3,), dtype="uint32") for _ in range(2))
    drawing.add("Output", drawing.add("Add", a, b, a))
    module = KERNEL.to_live(drawing.network(), make_task(tmp_path))
    big = torch.tensor([4294967295, 7, 0]).to(torch.uint32)
    assert module(big, big).to(torch.int64).tolist() == [4294967293, 21, 0]


def test_a_body_is_a_class_of_its_own(tmp_path):
    model, _ = loop_model()
    text = KERNEL.text(opened(model.SerializeToString(), make_task(tmp_path))).text
    assert text.count("def loop(") == 1
    assert "self.loop_body = LoopBody()" in text
    assert "class LoopBody(nn.Module):" in text


def test_a_file_gives_the_operators_back(tmp_path):
    model, _ = mixed_model()
    task = make_task(tmp_path)
    network = opened(model.SerializeToString(), task)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    tables = Tables()
    tables.apply(KERNEL.import_model(tmp_path / "m.pth", {}, task).delta)
    again = build_network(tables, library(), name=network.name, store=task.store)
    before = {step.name: step for step in network.steps}
    assert [step.name for step in again.steps] == list(before)
    for step in again.steps:
        assert (step.layer, step.types) == (before[step.name].layer, before[step.name].types)
        assert {k: v for k, v in step.pinned.items() if not k.startswith("$input")} == {
            k: v for k, v in before[step.name].pinned.items() if not k.startswith("$input")
        }
    assert KERNEL.text(again).text == KERNEL.text(network).text


def test_functions_of_one_name_and_other_text_live_side_by_side(tmp_path):
    """Files of two versions of Sketch in one process: each keeps its own function, also when it is saved again."""
    texts = [f"def scaled(x):\n    return x * {factor}\n" for factor in (2, 3)]
    functions = [_operator_function("scaled", text) for text in texts]
    assert functions[0] is _operator_function("scaled", texts[0])
    modules = [calling(function) for function in functions]
    added = [name for module in modules for name in carry(module)]
    assert added == ["scaled", "scaled_2"]
    try:
        for place, module in enumerate(modules):
            torch.save(module, tmp_path / f"{place}.pth")
            again = torch.load(tmp_path / f"{place}.pth", weights_only=False)
            assert again(torch.tensor(5)).item() == 5 * (place + 2)
    finally:
        for name in added:
            fx_graph._custom_builtins.pop(name)


def calling(function):
    graph = fx.Graph()
    node = graph.call_function(function, (graph.placeholder("x"),))
    node.meta["is_wrapped"] = True
    graph.output(node)
    return fx.GraphModule(nn.Module(), graph)


def test_refusals_name_the_reason():
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 4))
    words = drawing.add("Input", shape=("N", 4), dtype="string")
    drawing.add("Output", drawing.add("com.microsoft:BiasGelu", x, name="contrib"))
    drawing.add("Output", drawing.add("ai.onnx:StringConcat", words, words, name="text"))
    drawing.add("Output", drawing.add("ai.onnx:Relu", x, name="relu", wrong=1))
    said = {step.name: KERNEL.refusal(step) for step in drawing.network().steps}
    assert said["contrib"].startswith("PyTorch has no way to say the operator BiasGelu")
    assert said["text"].startswith("PyTorch has no element type string")
    assert said["relu"] == "PyTorch's form of Relu has no attribute wrong (here 1)."


@pytest.mark.parametrize("kind", ["float32", "float16", "int64", "bool", "uint64", "float64", "int8"])
def test_tensors_in_attributes_are_read(kind):
    array = (
        (np.arange(6).reshape(2, 3) % 2).astype(kind)
        if kind == "bool"
        else np.arange(6).reshape(2, 3).astype(kind)
    )
    for tensor in (
        numpy_helper.from_array(array),
        helper.make_tensor(
            "", helper.np_dtype_to_tensor_dtype(array.dtype), (2, 3), array.reshape(-1).tolist()
        ),
    ):
        found = attribute_tensor(helper.make_attribute("value", tensor).SerializeToString())
        assert found is not None
        assert (found.dtype, found.shape) == (kind, (2, 3))
        assert found.nested() == array.tolist()


@pytest.mark.parametrize(
    "kind", ["FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT8E8M0", "BFLOAT16"]
)
def test_every_number_of_a_small_float_is_read(kind):
    number = getattr(onnx.TensorProto, kind)
    array = np.arange(256, dtype=np.uint8 if kind != "BFLOAT16" else np.uint16) * (
        1 if kind != "BFLOAT16" else 257
    )
    tensor = onnx.TensorProto(data_type=number, dims=[256], raw_data=array.tobytes())
    found = attribute_tensor(helper.make_attribute("value", tensor).SerializeToString())
    assert found is not None
    want = numpy_helper.to_array(tensor).astype(np.float64)
    np.testing.assert_array_equal(np.array(found.data, np.float64), want)
