"""Losses over classes."""

from __future__ import annotations

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.norm import wide_float


def negative_log_likelihood_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Tensor:
    """NegativeLogLikelihoodLoss: minus the log-probability of each target, weighted by its class."""
    ignored = torch.zeros_like(target, dtype=torch.bool) if ignore_index is None else target == ignore_index
    classes = target.long().masked_fill(ignored, 0)
    loss = -input.gather(1, classes.unsqueeze(1)).squeeze(1)
    weights = torch.ones_like(loss) if weight is None else weight[classes]
    weights = weights.masked_fill(ignored, 0)
    loss = torch.where(ignored, 0, loss * weights)
    if reduction == "none":
        return loss
    total = wide_float(loss).sum()
    return (total if reduction == "sum" else total / wide_float(weights).sum()).to(loss.dtype)


def softmax_cross_entropy_loss(
    scores: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[Tensor, Tensor]:
    """SoftmaxCrossEntropyLoss: the loss, and the log-probabilities that it is taken from."""
    log_prob = torch.log_softmax(scores, 1)
    loss = negative_log_likelihood_loss(
        log_prob, labels, weights, ignore_index=ignore_index, reduction=reduction
    )
    return loss, log_prob
