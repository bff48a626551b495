"""The numeric operators of ai.onnx.ml; those on strings have no torch form."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def array_feature_extractor(x: Tensor, y: Tensor) -> Tensor:
    """ArrayFeatureExtractor: elements of the last axis by index; a vector counts as one row."""
    rows = x.unsqueeze(0) if x.dim() == 1 else x
    return rows.index_select(-1, y.flatten())


def binarizer(x: Tensor, *, threshold: float = 0.0) -> Tensor:
    """Binarizer: 1 above the threshold, else 0, in the type of x."""
    return (x > threshold).to(x.dtype)


def label_encoder(
    x: Tensor,
    *,
    default_float: float = -0.0,
    default_int64: int = -1,
    default_string: str = "_Unused",
    default_tensor: Tensor | None = None,
    keys_floats: tuple[float, ...] = (),
    keys_int64s: tuple[int, ...] = (),
    keys_strings: tuple[str, ...] = (),
    keys_tensor: Tensor | None = None,
    values_floats: tuple[float, ...] = (),
    values_int64s: tuple[int, ...] = (),
    values_strings: tuple[str, ...] = (),
    values_tensor: Tensor | None = None,
) -> Tensor:
    """LabelEncoder: the value of the last equal key (NaN equals NaN), or the default."""
    if keys_strings or values_strings:
        raise ValueError("LabelEncoder of strings")
    keys = keys_tensor if keys_tensor is not None else torch.tensor(keys_floats or keys_int64s)
    default: Tensor | float = default_float if values_floats else default_int64
    if values_tensor is not None:
        values, default = values_tensor, -0.0 if values_tensor.is_floating_point() else -1
        default = default if default_tensor is None else default_tensor.reshape(())
    else:
        values = torch.tensor(values_floats or values_int64s)
    keys, values, wanted = keys.to(x.device), values.to(x.device), x.unsqueeze(-1)
    same = (wanted == keys) | (wanted.isnan() & keys.isnan())
    place = (same * torch.arange(1, len(keys) + 1, device=x.device)).amax(-1)
    found = values[(place - 1).clamp(min=0)]
    return torch.where(place > 0, found, default).to(values.dtype)


def normalizer(x: Tensor, *, norm: str = "MAX") -> Tensor:
    """Normalizer: every row over its largest element (MAX), or its norm (L1, L2); x where that is 0."""
    rows = x.double() if x.dtype in (torch.float64, torch.int64, torch.int32) else x
    if norm == "MAX":
        divisor = rows.amax(-1, keepdim=True)
    else:
        divisor = torch.linalg.vector_norm(rows, 1 if norm == "L1" else 2, dim=-1, keepdim=True)
    return (rows / torch.where(divisor == 0, 1, divisor)).float()


def scaler(x: Tensor, *, offset: tuple[float, ...] = (), scale: tuple[float, ...] = ()) -> Tensor:
    """Scaler: (x - offset) * scale, by feature or for all, as float32."""
    rows = x.float()
    shifted = rows - torch.tensor(offset, device=x.device) if offset else rows
    return shifted * torch.tensor(scale, device=x.device) if scale else shifted


def imputer(
    x: Tensor,
    *,
    imputed_value_floats: tuple[float, ...] = (),
    imputed_value_int64s: tuple[int, ...] = (),
    replaced_value_float: float = 0.0,
    replaced_value_int64: int = 0,
) -> Tensor:
    """Imputer: one value (or NaN) replaced by another, by feature or for all."""
    if x.is_floating_point():
        replaced, values = replaced_value_float, imputed_value_floats
    else:
        replaced, values = replaced_value_int64, imputed_value_int64s
    missing = x.isnan() if math.isnan(replaced) else x == replaced
    return torch.where(missing, torch.tensor(values, dtype=x.dtype, device=x.device), x)


def linear_regressor(
    x: Tensor,
    *,
    coefficients: tuple[float, ...] = (),
    intercepts: tuple[float, ...] = (),
    post_transform: str = "NONE",
    targets: int = 1,
) -> Tensor:
    """LinearRegressor: one weighted sum of the features for each target."""
    weights = torch.tensor(coefficients, device=x.device).reshape(targets, -1)
    scores = x.float() @ weights.T
    scores = scores + torch.tensor(intercepts, device=x.device) if intercepts else scores
    return transformed_scores(scores, post_transform)


def linear_classifier(
    x: Tensor,
    *,
    coefficients: tuple[float, ...],
    classlabels_ints: tuple[int, ...] = (),
    classlabels_strings: tuple[str, ...] = (),
    intercepts: tuple[float, ...] = (),
    multi_class: int = 0,
    post_transform: str = "NONE",
) -> tuple[Tensor, Tensor]:
    """LinearClassifier: the label of the largest score, and the scores."""
    if classlabels_strings:
        raise ValueError("LinearClassifier with labels that are strings")
    rows = x.reshape(1, -1) if x.dim() == 1 else x
    weights = torch.tensor(coefficients, device=x.device).reshape(-1, rows.shape[1])
    scores = rows.float() @ weights.T
    scores = scores + torch.tensor(intercepts, device=x.device) if intercepts else scores
    if scores.shape[1] == 1 and len(classlabels_ints) == 2 and post_transform == "LOGISTIC":
        scores = torch.cat([-scores, scores], 1)
    if scores.shape[1] < 2 or scores.shape[1] != len(classlabels_ints):
        raise ValueError("LinearClassifier with another number of labels than of scores")
    labels = torch.tensor(classlabels_ints, device=x.device)[scores.argmax(1)]
    return labels, transformed_scores(scores, post_transform)


def transformed_scores(scores: Tensor, name: str) -> Tensor:
    """Scores after the transform of this name."""
    if name == "LOGISTIC":
        return torch.sigmoid(scores)
    if name == "SOFTMAX":
        return torch.softmax(scores, 1)
    if name == "SOFTMAX_ZERO":
        top = scores.amax(1, keepdim=True)
        powers = torch.where(scores.abs() > 1e-7, torch.exp(scores - top), scores * torch.exp(-top))
        return powers / powers.sum(1, keepdim=True)
    if name == "PROBIT":
        scores = torch.special.ndtri(scores)
    return scores
