"""The numeric operators of ai.onnx.ml against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import ml
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.references import by_runtime as in_runtime
from tests.kernels.pytorch.functions.suite import Case, cases, check

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ArrayFeatureExtractor": ml.array_feature_extractor,
    "Binarizer": ml.binarizer,
    "LabelEncoder": ml.label_encoder,
}
REFUSED = {
    "test_ai_onnx_ml_label_encoder_string_int": "strings",
    "test_ai_onnx_ml_label_encoder_string_int_no_default": "strings",
    "test_ai_onnx_ml_label_encoder_tensor_mapping": "strings",
    "test_ai_onnx_ml_label_encoder_tensor_value_only_mapping": "strings",
}


def by_runtime(kind: str, inputs: list[Any], outputs: int = 1, **attributes: Any) -> list[Any]:
    return in_runtime(kind, inputs, outputs, domain="ai.onnx.ml", **attributes)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_numeric_operators_give_the_numbers_of_the_suite(case: Case) -> None:
    if case.name not in REFUSED:
        check(case, FUNCTIONS[case.node.op_type])


def test_strings_are_refused_by_name() -> None:
    names = {case.name for case in cases("LabelEncoder")}
    assert names == set(REFUSED)
    for given in (
        {"keys_strings": ("a",), "values_int64s": (1,)},
        {"keys_int64s": (1,), "values_strings": ("a",)},
    ):
        with pytest.raises(ValueError, match="strings"):
            ml.label_encoder(torch.ones(1), **given)
    with pytest.raises(ValueError, match="strings"):
        ml.linear_classifier(torch.ones(1, 1), coefficients=(1.0, 2.0), classlabels_strings=("a", "b"))


NUMBERS = [np.float32, np.float64, np.int64, np.int32]


def drawn(dtype: Any, *shape: int) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(shape) * 3).astype(dtype)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_binarizer_and_scaler_agree(dtype: Any) -> None:
    x = drawn(dtype, 4, 3)
    want = by_evaluator("Binarizer", [x], domain="ai.onnx.ml", threshold=1.0)
    assert_same(ours(ml.binarizer, [x], threshold=1.0), want)
    for attributes in (
        {"offset": (1.5,), "scale": (0.5,)},
        {"offset": (1.0, 2.0, 3.0), "scale": (2.0, 1.0, 0.5)},
    ):
        assert_same(ours(ml.scaler, [x], **attributes), by_runtime("Scaler", [x], **attributes))


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
@pytest.mark.parametrize("shape", [(4, 3), (5,)])
def test_normalizer_agrees_with_onnxruntime(dtype: Any, norm: str, shape: tuple[int, ...]) -> None:
    x = drawn(dtype, *shape)
    x[0] = 0
    assert_same(ours(ml.normalizer, [x], norm=norm), by_runtime("Normalizer", [x], norm=norm))


@pytest.mark.parametrize("width", [1, 3])
def test_imputer_agrees(width: int) -> None:
    x = np.array([[1, -1, 2], [-1, 3, -1]], np.int64)
    attributes: dict[str, Any] = {"imputed_value_int64s": (7, 8, 9)[:width], "replaced_value_int64": -1}
    assert_same(ours(ml.imputer, [x], **attributes), by_runtime("Imputer", [x], **attributes))
    y = np.array([[1, np.nan, 2], [np.nan, 3, np.nan]], np.float32)
    attributes = {"imputed_value_floats": (7.0, 8.0, 9.0)[:width], "replaced_value_float": float("nan")}
    assert_same(ours(ml.imputer, [y], **attributes), by_runtime("Imputer", [y], **attributes))
    attributes["replaced_value_float"] = 2.0
    assert_same(ours(ml.imputer, [y], **attributes), by_runtime("Imputer", [y], **attributes))


def test_feature_extractor_takes_a_vector_as_a_row() -> None:
    places = np.array([2, 0, 1, 1])
    for x in (drawn(np.float32, 4), drawn(np.int64, 2, 3), drawn(np.float64, 2, 2, 3)):
        want = by_runtime("ArrayFeatureExtractor", [x, places])
        assert_same(ours(ml.array_feature_extractor, [x, places]), want)


def test_label_encoder_takes_the_last_key_and_equal_nans() -> None:
    x = np.array([[1.5, np.nan, 2.5], [9.0, -0.0, 1.5]], np.float32)
    keys, values = (1.5, float("nan"), 1.5, 0.0), (1, 2, 3, 4)
    have = ours(ml.label_encoder, [x], keys_floats=keys, values_int64s=values, default_int64=-7)
    assert_same(have, [np.array([[3, 2, -7], [-7, 4, 3]])])


@pytest.mark.parametrize("kind", [np.float32, np.int64])
@pytest.mark.parametrize("target", [np.float32, np.int64])
def test_label_encoder_agrees_with_onnxruntime(kind: Any, target: Any) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 9, (3, 4)).astype(kind)
    keys, values = (kind(5), kind(2), kind(8)), (target(10), target(20), target(30))
    names = {np.float32: "floats", np.int64: "int64s"}
    attributes = {
        f"keys_{names[kind]}": tuple(key.item() for key in keys),
        f"values_{names[target]}": tuple(value.item() for value in values),
    }
    assert_same(ours(ml.label_encoder, [x], **attributes), by_runtime("LabelEncoder", [x], **attributes))


def test_label_encoder_by_tensors() -> None:
    x = torch.tensor([3, 1, 4], dtype=torch.int16)
    keys, values = torch.tensor([1, 3], dtype=torch.int16), torch.tensor([0.5, 1.5], dtype=torch.float64)
    have = ml.label_encoder(
        x, keys_tensor=keys, values_tensor=values, default_tensor=torch.tensor([9.0]).double()
    )
    assert have.dtype == torch.float64
    assert have.tolist() == [1.5, 0.5, 9.0]
    assert ml.label_encoder(x, keys_tensor=keys, values_tensor=values)[2] == 0


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_linear_models_agree_with_onnxruntime(post: str, dtype: Any) -> None:
    rng = np.random.default_rng(2)
    scale = 0.01 if post == "PROBIT" else 1.0
    x = (rng.standard_normal((5, 2)) * 3).astype(dtype)
    numbers = {
        "coefficients": tuple(float(np.float32(value)) for value in rng.standard_normal(6) * scale),
        "intercepts": (0.5, 0.4, 0.3),
        "post_transform": post,
    }
    loose = 1e-2 if post == "PROBIT" else 1e-4  # onnxruntime approximates the inverse of the error function
    want = by_runtime("LinearRegressor", [x.astype(np.float32)], targets=3, **numbers)
    assert_same(ours(ml.linear_regressor, [x], targets=3, **numbers), want, loose, loose)
    want = by_runtime("LinearClassifier", [x], 2, classlabels_ints=(4, 7, 9), **numbers)
    assert_same(ours(ml.linear_classifier, [x], classlabels_ints=(4, 7, 9), **numbers), want, loose, loose)


def test_one_score_for_two_classes_is_known_for_the_logistic_only() -> None:
    x = drawn(np.float32, 5, 2)
    numbers: dict[str, Any] = {"coefficients": (0.3, -0.2), "intercepts": (0.1,), "classlabels_ints": (4, 7)}
    have = ours(ml.linear_classifier, [x], **numbers, post_transform="LOGISTIC")
    assert_same(have, by_runtime("LinearClassifier", [x], 2, **numbers, post_transform="LOGISTIC"))
    with pytest.raises(ValueError, match="labels"):
        ml.linear_classifier(torch.from_numpy(x), **numbers)
