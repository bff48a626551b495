"""TfIdfVectorizer of numbers against the suite, onnx's evaluator and onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions.text import tf_idf_vectorizer
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, by_runtime, ours
from tests.kernels.pytorch.functions.suite import Case, cases, check


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases("TfIdfVectorizer")])
def test_counts_are_those_of_the_suite(case: Case) -> None:
    check(case, tf_idf_vectorizer)


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows of few words, and a pool of n-grams without repetition."""
    pool: list[int] = []
    starts = []
    longest = int(rng.integers(1, 4))
    total = 0
    for length in range(1, longest + 1):
        starts.append(len(pool))
        grams = {tuple(int(x) for x in rng.integers(0, 4, length)) for _ in range(int(rng.integers(1, 5)))}
        pool += [item for gram in sorted(grams) for item in gram]
        total += len(grams)
    shortest = int(rng.integers(1, longest + 1))
    attributes: dict[str, Any] = {
        "min_gram_length": shortest,
        "max_gram_length": int(rng.integers(shortest, longest + 1)),
        "max_skip_count": int(rng.integers(0, 4)),
        "ngram_counts": tuple(starts),
        "ngram_indexes": tuple(int(x) for x in rng.permutation(total)),
        "pool_int64s": tuple(pool),
        "mode": str(rng.choice(["TF", "IDF", "TFIDF"])),
    }
    shape = (3, int(rng.integers(1, 9))) if rng.random() < 0.5 else (int(rng.integers(1, 9)),)
    return rng.integers(0, 4, shape).astype(rng.choice([np.int32, np.int64])), attributes


@pytest.mark.parametrize("seed", range(30))
def test_counts_agree_with_the_evaluator_and_onnxruntime(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, attributes = drawn(rng)
    if rng.random() < 0.5:
        count = len(attributes["ngram_indexes"])
        attributes["weights"] = tuple(float(np.float32(value)) for value in rng.random(count))
    have = ours(tf_idf_vectorizer, [x], **attributes)
    assert_same(have, by_runtime("TfIdfVectorizer", [x], **attributes))
    if "weights" not in attributes:  # the evaluator takes them by place in the output, not by n-gram
        attributes["weights"] = (1.0,) * len(attributes["ngram_indexes"])
        assert_same(have, by_evaluator("TfIdfVectorizer", [x], **attributes))


def test_strings_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="strings"):
        tf_idf_vectorizer(
            torch.ones(1),
            max_gram_length=1,
            max_skip_count=0,
            min_gram_length=1,
            mode="TF",
            ngram_counts=(0,),
            ngram_indexes=(0,),
            pool_strings=("a",),
        )
