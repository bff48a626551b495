"""Rules of layers that multiply the last dimension by a matrix, and of table look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sketch.graph.dims import Dim, product
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.layout import expect_same_dtype, expect_size, sizes_differ, typed


def linear(call: Call) -> tuple[ValueType | None, ...]:
    """...×in to ...×out."""
    shape = _some_dimension(call, 0)
    features = call.arg("features")
    expect_size(call, features, shape[-1], "features", also=_flatten_cure(call, shape, features))
    return (typed(call, *shape[:-1], call.param(call.arg("out"))),)


def bilinear(call: Call) -> tuple[ValueType | None, ...]:
    """...×in1 and ...×in2 to ...×out; all but the last dimension agree."""
    first, second = _some_dimension(call, 0), _some_dimension(call, 1)
    if len(first) != len(second) or any(map(sizes_differ, first[:-1], second[:-1])):
        raise ShapeError(
            f"The two inputs differ before their last dimension: {shape_text(first)} and {shape_text(second)}.",
            "Give both the same shape but for the last dimension.",
            port=1,
        )
    expect_same_dtype(call, 1)
    expect_size(call, "in1_features", first[-1], "features in x1", port=0)
    expect_size(call, "in2_features", second[-1], "features in x2", port=1)
    return (typed(call, *first[:-1], call.param("out_features")),)


def embed(call: Call) -> tuple[ValueType | None, ...]:
    """... whole numbers to ...×embedding_dim float32."""
    return (replace(call.input(), dtype="float32", shape=(*call.shape(), call.param(call.arg("out")))),)


def _some_dimension(call: Call, port: int) -> tuple[Dim, ...]:
    shape = call.shape(port)
    if not shape:
        raise ShapeError(
            f"{call.spec.name} needs at least one dimension, gets a single number.",
            "Insert an Unsqueeze.",
            port=port,
        )
    return shape


def _flatten_cure(call: Call, shape: tuple[Dim, ...], features: str) -> str:
    """Offer a Flatten when the sizes behind the batch multiply to what was pinned."""
    inner = shape[1:]
    if len(inner) > 1 and product(inner) == call.param(features):
        return " or insert a Flatten"
    return ""


RULES: Mapping[str, Rule] = {"linear": linear, "bilinear": bilinear, "embed": embed}
