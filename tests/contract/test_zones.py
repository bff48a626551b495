"""Control flow in both kernels: drawn zones compute what numpy says, and a file gives the same drawing back."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from sketch.kernels.onnx import KERNEL as ONNX
from sketch.kernels.pytorch.kernel import KERNEL as PYTORCH
from tests.contract.zone_drawings import (
    countdown,
    countdown_numpy,
    doubled_sum,
    doubled_sum_numpy,
    nested,
    sign_flip,
    sign_flip_numpy,
)
from tests.kernels.onnx.job import opened, task_in

random = np.random.default_rng(7)
CASES = {
    "loop": (
        countdown,
        countdown_numpy,
        {"x": random.standard_normal((2, 3)), "w": random.standard_normal((2, 3))},
    ),
    "scan": (
        doubled_sum,
        doubled_sum_numpy,
        {"first": random.standard_normal(3), "rows": random.standard_normal((5, 3))},
    ),
    "then": (sign_flip, sign_flip_numpy, {"flag": np.array(True), "x": random.standard_normal((6, 4))}),
    "else": (sign_flip, sign_flip_numpy, {"flag": np.array(False), "x": random.standard_normal((6, 4))}),
}


def fed(values):
    return {name: x if x.dtype == bool else x.astype(np.float32) for name, x in values.items()}


def same(got, wanted):
    assert list(got) == list(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-5, atol=1e-6)


def drawn(network):
    """Path -> layer, parameters, and where the inputs come from."""
    paths = {step.id: network.path(step) for step in network.steps}
    return {
        paths[step.id]: (
            step.layer,
            dict(step.params),
            [(paths[s.node], s.out) if s else None for s in step.inputs],
        )
        for step in network.steps
    }


def by_onnx(path, inputs):
    """Answers of onnxruntime, which must be those of onnx's evaluator (which joins what a Loop collects)."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]
    answers = dict(zip(names, session.run(names, inputs), strict=True))
    second = ReferenceEvaluator(onnx.load(path)).run(None, inputs)
    same(
        {name: value.reshape(answers[name].shape) for name, value in zip(names, second, strict=True)}, answers
    )
    return answers


def by_torch(network, task, inputs):
    module = PYTORCH.to_live(network, task)
    with torch.no_grad():
        result = module(*(torch.from_numpy(np.asarray(inputs[step.name])) for step in network.inputs))
    results = result if isinstance(result, tuple) else (result,)
    return {step.name: value.numpy() for step, value in zip(network.outputs, results, strict=True)}


@pytest.mark.parametrize("case", CASES)
def test_both_kernels_compute_what_numpy_says(case, tmp_path):
    make, expected, values = CASES[case]
    task, inputs = task_in(tmp_path), fed(values)
    network = make().network(task.store)
    path = tmp_path / "zone.onnx"
    ONNX.export_model(network, path, {}, task)
    same(by_onnx(path, inputs), expected(**inputs))
    same(by_torch(network, task, inputs), expected(**inputs))


@pytest.mark.parametrize("flag", [True, False])
def test_weights_inside_of_nested_zones(flag, tmp_path):
    task = task_in(tmp_path)
    network = nested().network(task.store)
    path = tmp_path / "zone.onnx"
    ONNX.export_model(network, path, {}, task)
    inputs = fed({"flag": np.array(flag), "x": random.standard_normal((2, 3))})
    same(by_torch(network, task, inputs), by_onnx(path, inputs))


@pytest.mark.parametrize("make", [countdown, doubled_sum, sign_flip, nested])
def test_a_file_gives_the_same_drawing_back(make, tmp_path):
    task = task_in(tmp_path)
    network = make().network(task.store)
    path = tmp_path / "zone.onnx"
    ONNX.export_model(network, path, {}, task)
    assert drawn(opened(path, task)) == drawn(network)


@pytest.mark.parametrize("make", [countdown, doubled_sum, sign_flip, nested])
def test_the_text_of_a_zone_is_onnx(make):
    text = ONNX.text(make().network()).text
    model = onnx.parser.parse_model(text)
    assert any(attribute.HasField("g") for node in model.graph.node for attribute in node.attribute)


def test_the_source_has_a_class_for_a_body():
    text = PYTORCH.text(nested().network()).text
    assert "self.fc = nn.Linear(3, 3)" in text
    assert "loop(" in text
    assert "if_(" in text
    compile(text, "source.py", "exec")
