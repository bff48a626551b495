"""The nine classics that the onnx package ships: connected, every shape known, raised, and equal after a round trip."""

from pathlib import Path

import onnx
import pytest

from sketch.binder.samples import sample_inputs
from sketch.binder.verify import compare
from sketch.kernels.onnx import KERNEL
from tests.kernels.onnx.job import opened, task_in

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
PARAMETERS = {
    "light_bvlc_alexnet": 60_965_224,
    "light_densenet121": 8_062_504,
    "light_inception_v1": 6_998_552,
    "light_inception_v2": 11_214_888,
    "light_resnet50": 25_557_032,
    "light_shufflenet": 1_393_320,
    "light_squeezenet": 1_235_496,
    "light_vgg19": 143_667_240,
    "light_zfnet512": 87_250_536,
}


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_classic_opens_and_goes_back(name, tmp_path):
    task = task_in(tmp_path)
    source = FOLDER / f"{name}.onnx"
    network = opened(source, task)
    assert network.errors == ()
    assert network.parameters == PARAMETERS[name]
    assert [step.name for step in network.steps if step.spec.is_operator] == []
    assert [
        step.name for step in network.steps for kind in step.types if kind is None or kind.shape is None
    ] == []
    target = tmp_path / "copy.onnx"
    KERNEL.export_model(network, target, {}, task)
    inputs = sample_inputs(network, seed=5)
    proof = compare("onnxruntime", KERNEL.run(source, inputs, task), KERNEL.run(target, inputs, task))
    assert proof.agrees
    assert proof.max_abs_error <= 1e-5
