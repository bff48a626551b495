"""Counts of n-grams."""

from __future__ import annotations

import torch
from torch import Tensor


def tf_idf_vectorizer(
    x: Tensor,
    *,
    max_gram_length: int,
    max_skip_count: int,
    min_gram_length: int,
    mode: str,
    ngram_counts: tuple[int, ...],
    ngram_indexes: tuple[int, ...],
    pool_int64s: tuple[int, ...] = (),
    pool_strings: tuple[str, ...] = (),
    weights: tuple[float, ...] = (),
) -> Tensor:
    """TfIdfVectorizer: how often each n-gram of the pool is in a row; weights are by n-gram."""
    if pool_strings:
        raise ValueError("TfIdfVectorizer of strings")
    rows = x.reshape(1, -1) if x.dim() < 2 else x
    counts = []
    ends = [*ngram_counts[1:], len(pool_int64s)]
    for length, (start, end) in enumerate(zip(ngram_counts, ends, strict=True), 1):
        grams = torch.tensor(pool_int64s[start:end], device=x.device).reshape(-1, length)
        found = torch.zeros(rows.shape[0], len(grams), device=x.device)
        if min_gram_length <= length <= max_gram_length:
            for gap in range(1, max_skip_count + 2 if length > 1 else 2):
                found = found + gram_counts(rows, grams, gap)
        counts.append(found)
    found = torch.cat(counts, 1)
    if mode == "IDF":
        found = found.clamp(max=1)
    if weights and mode != "TF":
        found = found * torch.tensor(weights, device=x.device)
    y = torch.zeros(rows.shape[0], max(ngram_indexes) + 1, device=x.device)
    y = y.index_add(1, torch.tensor(ngram_indexes, device=x.device), found)
    return y if x.dim() == 2 else y[0]


def gram_counts(rows: Tensor, grams: Tensor, gap: int) -> Tensor:
    """How often every gram is in every row when its items are `gap` places apart."""
    length = grams.shape[1]
    places = max(rows.shape[1] - gap * (length - 1), 0)
    same = torch.ones(rows.shape[0], places, len(grams), dtype=torch.bool, device=rows.device)
    for item in range(length):
        seen = rows[:, item * gap : item * gap + places]
        same = same & (seen.unsqueeze(2) == grams[:, item])
    return same.sum(1)
