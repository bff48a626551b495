"""The nine classics that the onnx package ships, as they are and with weights that say something.

As shipped, every weight is one constant, so that many mistakes cancel out; `shaken` draws each weight at random
(He et al. 2015 for kernels, batch norm near its identity), which makes the outputs depend on all of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
NAMES = tuple(sorted(path.stem.removeprefix("light_") for path in FOLDER.glob("*.onnx")))


def source(name: str) -> Path:
    """The file of one classic."""
    return FOLDER / f"light_{name}.onnx"


def shaken(name: str, folder: Path, seed: int = 0) -> Path:
    """A copy of a classic with random weights in place of the constant ones, up to the logits.

    The softmax at the end goes, because it turns large logits into exact zeros and ones that hide differences.
    """
    model = onnx.load(source(name))
    random = np.random.default_rng(seed)
    roles = {
        value: (node.op_type, index) for node in model.graph.node for index, value in enumerate(node.input)
    }
    shapes = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Softmax" and node.output[0] == model.graph.output[0].name:
            logits = helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, None)
            model.graph.output[0].CopyFrom(logits)
        elif node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            shape = tuple(int(size) for size in shapes[node.input[0]])
            array = _weight(random, *roles[node.output[0]], shape)
            model.graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    return path


def _weight(random: np.random.Generator, operator: str, index: int, shape: tuple[int, ...]) -> np.ndarray:
    if operator in ("Conv", "Gemm") and index == 1:
        fan = int(np.prod(shape[1:])) or 1
        return (random.standard_normal(shape) * np.sqrt(2 / fan)).astype(np.float32)
    if operator == "BatchNormalization" and index in (1, 4):
        return random.uniform(0.8, 1.2, shape).astype(np.float32)
    return (random.standard_normal(shape) * 0.1).astype(np.float32)
