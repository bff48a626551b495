"""Small models made with onnx.helper, as other tools would write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

FLOAT = onnx.TensorProto.FLOAT


def info(name, *shape, kind=FLOAT):
    """A value with a type; no sizes: unknown rank."""
    return helper.make_tensor_value_info(name, kind, list(shape) if shape else None)


def model_of(nodes, inputs, outputs, weights=None, opset=21, domains=(), functions=(), **graph):
    """A ModelProto; weights are name -> array."""
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()]
    made = helper.make_graph(nodes, "made", inputs, outputs, tensors, **graph)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    return helper.make_model(made, opset_imports=opsets, functions=functions, ir_version=10)


def saved(model, path: Path) -> Path:
    """Write a model and return where it is."""
    path.write_bytes(model.SerializeToString())
    return path


def random(*shape, seed=0):
    """float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
