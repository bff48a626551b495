"""Normalisations, Linear and Embedding: operators that carry weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sketch.kernels.onnx.raising.site import Plan, Raiser, Site, Weight


def _weights(site: Site, roles: Sequence[str]) -> dict[str, Weight] | None:
    """The inputs after the first as weights; None when one of them is computed."""
    found = {}
    for index, role in enumerate(roles, 1):
        if not site.given(index):
            continue
        if site.weight(index) is None:
            return None
        found[role] = site.as_weight(index)
    return found


def batch_norm(site: Site) -> Sequence[Plan] | None:
    """BatchNormalization out of training."""
    dims = {2: 1, 3: 1, 4: 2, 5: 3}.get(site.rank(0) or 0)
    weights = _weights(site, ("weight", "bias", "running_mean", "running_var"))
    if dims is None or weights is None or len(weights) < 4 or site.attribute("training_mode", 0):
        return None
    if len({site.dims(index) for index in (1, 2, 3, 4)}) > 1:
        return None
    momentum = round(1.0 - site.attribute("momentum", 0.9), 7)
    params = {"eps": site.attribute("epsilon", 1e-5), "momentum": min(max(momentum, 0.0), 1.0)}
    return [site.plan(f"BatchNorm{dims}d", params, **weights)]


def instance_norm(site: Site) -> Sequence[Plan] | None:
    """InstanceNormalization always has a scale and a shift."""
    rank, weights = site.rank(0) or 0, _weights(site, ("weight", "bias"))
    if rank not in (3, 4, 5) or weights is None or len(weights) < 2:
        return None
    params = {"eps": site.attribute("epsilon", 1e-5), "affine": True}
    return [site.plan(f"InstanceNorm{rank - 2}d", params, **weights)]


def _trailing(site: Site) -> tuple[int, ...] | None:
    """The normalised sizes: those of the scale, which must cover the axes to the end."""
    rank, axis, dims = site.rank(0), site.attribute("axis", -1), site.dims(1)
    if rank is None:
        return dims if axis == -len(dims) else None
    return dims if rank - axis % rank == len(dims) else None


def layer_norm(site: Site) -> Sequence[Plan] | None:
    """LayerNormalization over trailing dimensions."""
    weights = _weights(site, ("weight", "bias"))
    shape = _trailing(site)
    if weights is None or "weight" not in weights or not shape or site.used(1) or site.used(2):
        return None
    if site.attribute("stash_type", 1) != 1 or ("bias" in weights and site.dims(2) != shape):
        return None
    params = {"normalized_shape": shape, "eps": site.attribute("epsilon", 1e-5), "bias": "bias" in weights}
    return [site.plan("LayerNorm", params, **weights)]


def rms_norm(site: Site) -> Sequence[Plan] | None:
    """RMSNormalization over trailing dimensions."""
    weights, shape = _weights(site, ("weight",)), _trailing(site)
    if not weights or not shape or site.attribute("stash_type", 1) != 1:
        return None
    return [
        site.plan("RMSNorm", {"normalized_shape": shape, "eps": site.attribute("epsilon", 1e-5)}, **weights)
    ]


def group_norm(site: Site) -> Sequence[Plan] | None:
    """GroupNormalization with a scale for each channel."""
    weights = _weights(site, ("weight", "bias"))
    shape = site.shape(0)
    if weights is None or len(weights) < 2 or shape is None or site.dims(1) != (shape[1],):
        return None
    params = {"num_groups": site.attribute("num_groups"), "eps": site.attribute("epsilon", 1e-5)}
    return [site.plan("GroupNorm", params, **weights)]


def local_response(site: Site) -> Sequence[Plan] | None:
    """LRN of an odd size; an even one looks at other neighbours than PyTorch's."""
    size = site.attribute("size", 1)
    if size % 2 == 0:
        return None
    params = {
        "size": size, "alpha": site.attribute("alpha", 1e-4), "beta": site.attribute("beta", 0.75),
        "k": site.attribute("bias", 1.0),
    }  # fmt: skip
    return [site.plan("LocalResponseNorm", params)]


def gemm(site: Site) -> Sequence[Plan] | None:
    """Gemm over a constant matrix is Linear, whichever way the matrix lies."""
    plain = site.attribute("alpha", 1.0) == 1.0 and not site.attribute("transA", 0)
    if not plain or site.weight(1) is None or (site.given(2) and site.attribute("beta", 1.0) != 1.0):
        return None
    turned = bool(site.attribute("transB", 0))
    out = site.dims(1)[0 if turned else 1]
    params: dict[str, Any] = {"out_features": out, "bias": site.given(2)}
    weights = {"weight": matrix(site, 1, turned)}
    if not site.given(2):
        return [site.plan("Linear", params, **weights)]
    if site.weight(2) is not None and site.dims(2) in ((out,), (1, out)):
        weights["bias"] = site.as_weight(2, (out,))
        return [site.plan("Linear", params, **weights)]
    linear = Plan("Linear", {**params, "bias": False}, [site.value(0)], weights)
    return [linear, site.plan("Add", {}, [(0, 0), site.value(2)])]


def matrix(site: Site, index: int, turned: bool) -> Weight:
    """A constant matrix as Linear keeps it: out × in."""
    return site.as_weight(index) if turned else site.as_weight(index, None, np.transpose, "T")


def matmul(site: Site) -> Sequence[Plan] | None:
    """MatMul by a constant matrix is Linear without a bias; any other is MatMul."""
    if site.weight(1) is not None and len(site.dims(1)) == 2 and site.weight(0) is None and _real(site, 0):
        return [
            site.plan(
                "Linear", {"out_features": site.dims(1)[1], "bias": False}, weight=matrix(site, 1, False)
            )
        ]
    if site.dtype(0) == "bool" or site.dtype(0) != site.dtype(1):
        return None
    return [site.plan("MatMul", {}, [site.value(0), site.value(1)])]


def _real(site: Site, index: int) -> bool:
    return site.dtype(index) in ("float32", "float64", "float16", "bfloat16")


def gather(site: Site) -> Sequence[Plan] | None:
    """Gather of rows of a constant matrix is Embedding; else Gather."""
    axis = site.attribute("axis", 0)
    table = site.weight(0)
    if (
        table is not None
        and axis == 0
        and len(site.dims(0)) == 2
        and site.weight(1) is None
        and _real(site, 0)
    ):
        rows, width = site.dims(0)
        params = {"num_embeddings": rows, "embedding_dim": width}
        return [site.plan("Embedding", params, [site.value(1)], weight=site.as_weight(0))]
    index = site.constant(1)
    if index is None:
        return [site.plan("Gather", {"dim": axis, "index": None}, [site.value(0), site.value(1)])]
    return [site.plan("Gather", {"dim": axis, "index": index.tolist()}, [site.value(0)])]


RAISERS: Mapping[str, Raiser] = {
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "LRN": local_response,
    "Gemm": gemm,
    "MatMul": matmul,
    "Gather": gather,
}
