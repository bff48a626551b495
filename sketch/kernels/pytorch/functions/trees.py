"""Decision trees of ai.onnx.ml: all trees and samples go down one level at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sketch.kernels.pytorch.functions.ml import transformed_scores

TREE_TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
MEMBER_MODE = 6


def tree_ensemble(
    x: Tensor,
    *,
    aggregate_function: int = 1,
    leaf_targetids: tuple[int, ...],
    leaf_weights: Tensor,
    membership_values: Tensor | None = None,
    n_targets: int = 1,
    nodes_falseleafs: tuple[int, ...],
    nodes_falsenodeids: tuple[int, ...],
    nodes_featureids: tuple[int, ...],
    nodes_hitrates: Tensor | None = None,
    nodes_missing_value_tracks_true: tuple[int, ...] = (),
    nodes_modes: Tensor,
    nodes_splits: Tensor,
    nodes_trueleafs: tuple[int, ...],
    nodes_truenodeids: tuple[int, ...],
    post_transform: int = 0,
    tree_roots: tuple[int, ...],
) -> Tensor:
    """TreeEnsemble: for every target the average, sum, least or largest of the leaves that a sample reaches."""
    modes = nodes_modes.long().to(x.device)
    members = node_members(modes, membership_values).to(x)
    missing = torch.tensor(nodes_missing_value_tracks_true or [0] * len(modes), device=x.device).bool()
    # Where a node leads to, first when its comparison fails, then when it holds; and whether that is a leaf.
    next_place = torch.tensor([nodes_falsenodeids, nodes_truenodeids], device=x.device)
    next_leaf = torch.tensor([nodes_falseleafs, nodes_trueleafs], device=x.device).bool()
    features = torch.tensor(nodes_featureids, device=x.device)
    place = torch.tensor(tree_roots, device=x.device).expand(x.shape[0], -1)
    at_leaf = torch.zeros_like(place, dtype=torch.bool)
    while not bool(at_leaf.all()):
        node = place.masked_fill(at_leaf, 0)
        value = x.gather(1, features[node])
        holds = node_holds(value, nodes_splits.to(x)[node], members[node], modes[node])
        way = torch.where(value.isnan(), missing[node], holds).long()
        place = torch.where(at_leaf, place, next_place[way, node])
        at_leaf = at_leaf | next_leaf[way, node]
    targets = torch.tensor(leaf_targetids, device=x.device)[place]
    y = gathered_leaves(leaf_weights.to(x)[place], targets, n_targets, aggregate_function)
    return transformed_scores(y, TREE_TRANSFORMS[post_transform])


def gathered_leaves(weights: Tensor, targets: Tensor, count: int, function: int) -> Tensor:
    """For each of `count` targets the average (0), sum (1), least (2) or largest (3) of a sample's leaves."""
    kind = ("sum", "sum", "amin", "amax")[function]
    y = weights.new_zeros(weights.shape[0], count)
    y = y.scatter_reduce(1, targets, weights, kind, include_self=False)
    return y / weights.shape[1] if function == 0 else y


def node_members(modes: Tensor, values: Tensor | None) -> Tensor:
    """The set of every node that tests membership, one row a node, filled up with NaN."""
    rows: list[list[float]] = [[]]
    for value in [] if values is None else values.tolist():
        if math.isnan(value):
            rows.append([])
        else:
            rows[-1].append(value)
    width = max(len(row) for row in rows) + 1
    table = torch.full((len(modes), width), torch.nan, dtype=torch.float64)
    for node, row in zip(torch.nonzero(modes.cpu() == MEMBER_MODE).flatten().tolist(), rows, strict=False):
        table[node, : len(row)] = torch.tensor(row, dtype=torch.float64)
    return table


def node_holds(value: Tensor, split: Tensor, members: Tensor, mode: Tensor) -> Tensor:
    """Whether the comparison of a node holds: one of seven, by its mode."""
    comparisons = [
        value <= split,
        value < split,
        value >= split,
        value > split,
        value == split,
        value != split,
    ]
    comparisons.append((value.unsqueeze(-1) == members).any(-1))
    return torch.stack(comparisons).gather(0, mode.unsqueeze(0)).squeeze(0)
