"""Rules of the domains ai.onnx.ml (classical learning) and ai.onnx.preview.training."""

from __future__ import annotations

from typing import Any

from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.operator_rules.attention import flexible
from sketch.graph.operator_rules.broadcasting import same
from sketch.graph.rows import ValueType


def features(call: OperatorCall) -> tuple[Out, ...]:
    """The picked columns."""
    count = call.shape(1)[-1] if call.shape(1) else 1
    shape = call.shape()
    return ((1, count) if len(shape) == 1 else (*shape[:-1], count),)


def encoded(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the input; the type of what it is mapped to."""
    return (ValueType(_mapped(call), call.shape()),)


def _mapped(call: OperatorCall) -> str:
    """The element type of the values that the attributes list; empty when a stored tensor says it."""
    kinds = {"values_strings": "string", "values_int64s": "int64", "values_floats": "float32"}
    for name, dtype in kinds.items():
        if name in call.params:
            return dtype
    if call.spec.title == "CategoryMapper":
        return "string" if call.dtype() == "int64" else "int64"
    record = call.params.get("values_tensor")
    return record.get("dtype", "") if isinstance(record, dict) else ""


def one_hot(call: OperatorCall) -> tuple[Out, ...]:
    """A new last dimension with one entry for each category."""
    count = len(call.attr("cats_int64s") or call.attr("cats_strings") or ())
    return ((*call.shape(), count),)


def joined(call: OperatorCall) -> tuple[Out, ...]:
    """The columns of all inputs."""
    widths = call.attr("inputdimensions")
    first = call.shape()
    return ((first[0] if len(first) > 1 else 1, sum(widths)) if widths else None,)


def regressed(call: OperatorCall) -> tuple[Out, ...]:
    """A row for each example, a column for each target."""
    count = call.attr("targets") or call.attr("n_targets") or 1
    return ((_examples(call.shape()), count),)


def classified(call: OperatorCall) -> tuple[Out, ...]:
    """The class of each example, and a score for each class."""
    words = call.attr("classlabels_strings")
    labels = words or call.attr("classlabels_ints") or call.attr("classlabels_int64s") or ()
    rows = _examples(call.shape())
    return ValueType("string" if words else "int64", (rows,)), (rows, len(labels) or None)


def _examples(shape: Shape) -> Any:
    return shape[0] if len(shape) > 1 else 1


def trained(call: OperatorCall) -> tuple[Out, ...]:
    """New values of what is trained, then the states; gradients stand among the inputs and not the outputs."""
    groups = {"Adagrad": 3, "Adam": 4, "Momentum": 3}[call.spec.title]
    rest = call.inputs[2:]
    count = len(rest) // groups
    return (*rest[:count], *rest[2 * count :])


def gradient(call: OperatorCall) -> tuple[Out, ...]:
    """A gradient has the type of its variable."""
    return call.inputs[: len(call.attr("xs") or ())]


RULES = {
    **{
        f"ai.onnx.ml:{kind}": rule
        for kind, rule in {
            "ArrayFeatureExtractor": features,
            "Binarizer": same,
            "CategoryMapper": encoded,
            "LabelEncoder": encoded,
            "FeatureVectorizer": joined,
            "Imputer": same,
            "Normalizer": same,
            "Scaler": same,
            "OneHotEncoder": one_hot,
            "LinearRegressor": regressed,
            "SVMRegressor": regressed,
            "TreeEnsemble": regressed,
            "TreeEnsembleRegressor": regressed,
            "LinearClassifier": classified,
            "SVMClassifier": classified,
            "TreeEnsembleClassifier": classified,
        }.items()
    },
    **{f"ai.onnx.preview.training:{kind}": trained for kind in ("Adagrad", "Adam", "Momentum")},
    "ai.onnx.preview.training:Gradient": gradient,
    "ai.onnx.preview:FlexAttention": flexible,
}
