"""Sparse initializers: the drawing has them dense, the file keeps them as they are."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.external import resolve
from sketch.kernels.onnx.proto_tensors import entries_of, is_elsewhere
from sketch.kernels.onnx.wire_format import SELF

MOST = 1 << 28
"""Elements of a sparse tensor that is opened."""


def make_dense(graph: onnx.GraphProto, path: Path) -> None:
    """Sparse initializers of a graph become dense ones; BinderError when one is damaged or too large for that."""
    for sparse in graph.sparse_initializer:
        graph.initializer.append(_dense(sparse, path))
    del graph.sparse_initializer[:]


def _dense(sparse: onnx.SparseTensorProto, path: Path) -> onnx.TensorProto:
    name, dims = sparse.values.name, list(sparse.dims)
    where = f"{path.name}: the sparse tensor {name[:200]!r}"
    if not dims or min(dims) < 0 or prod(dims) > MOST:
        raise BinderError(f"{where} is of the size {'×'.join(map(str, dims))}, which is too large to open.")
    values, places = _array(sparse.values, path), _array(sparse.indices, path)
    if places.ndim == 2 and places.shape[1:] == (len(dims),):
        places = (
            np.ravel_multi_index(tuple(places.T), tuple(dims), mode="clip")
            if _inside(places, dims)
            else places
        )
    whole = np.zeros(prod(dims), values.dtype)
    if places.ndim != 1 or len(places) != values.size or not _inside(places[:, None], [whole.size]):
        raise BinderError(f"{where} has places outside of it; the file is damaged.")
    whole[places] = values.reshape(-1)
    return numpy_helper.from_array(whole.reshape(dims), name)


def _inside(places: np.ndarray[Any, Any], dims: list[int]) -> bool:
    return bool(((places >= 0) & (places < np.array(dims))).all())


def _array(tensor: onnx.TensorProto, path: Path) -> np.ndarray[Any, Any]:
    if not is_elsewhere(tensor):
        return np.asarray(numpy_helper.to_array(tensor))
    entries = entries_of(tensor)
    location = entries.get("location", "")
    real = path if location == SELF else resolve(path, location, tensor.name)
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    count, offset = prod(tensor.dims), int(entries.get("offset", 0))
    if offset < 0 or count < 0 or offset + count * kind.itemsize > real.stat().st_size:
        raise BinderError(f"{path.name}: the tensor {tensor.name[:200]!r} is cut off; get the file again.")
    return np.fromfile(real, kind, count, offset=offset).reshape(tuple(tensor.dims))
