"""Windows, transforms, the mel scale and determinants against the suite and onnx's evaluator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import signal
from tests.kernels.pytorch.functions.references import assert_same, by_evaluator, ours
from tests.kernels.pytorch.functions.suite import Case, cases, run

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "BlackmanWindow": signal.blackman_window,
    "DFT": signal.dft,
    "Det": signal.det,
    "HammingWindow": signal.hamming_window,
    "HannWindow": signal.hann_window,
    "MelWeightMatrix": signal.mel_weight_matrix,
    "STFT": signal.stft,
}
# The suite's own number where 0 is exact is a rounding error of its float transform: 1.9e-7, tolerance 1e-7.
ROUNDING = {"test_dft_inverse": 1e-6}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases(*FUNCTIONS)])
def test_signal_gives_the_numbers_of_the_suite(case: Case) -> None:
    got = run(case, FUNCTIONS[case.node.op_type])
    assert_same(got, case.outputs, case.rtol, ROUNDING.get(case.name, case.atol))


@pytest.mark.parametrize("kind", ["BlackmanWindow", "HammingWindow", "HannWindow"])
def test_windows_agree_with_the_evaluator(kind: str) -> None:
    for size in (2, 5, 8):
        for periodic in (0, 1):
            inputs = [np.array(size)]
            want = by_evaluator(kind, inputs, periodic=periodic, output_datatype=11)
            have = ours(FUNCTIONS[kind], inputs, periodic=periodic, output_datatype=torch.float64)
            assert_same(have, want, atol=1e-6)


def drawn_dft(rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    shape = rng.integers(2, 9, int(rng.integers(1, 4)))
    inverse, onesided = int(rng.integers(2)), int(rng.integers(2))
    parts = 2 if inverse else 1 if onesided else int(rng.integers(1, 3))
    axis = int(rng.integers(0, len(shape)))
    axis = axis - len(shape) - 1 if rng.random() < 0.5 else axis
    length = np.array(int(rng.integers(2, 12))) if rng.random() < 0.5 else None
    x = rng.standard_normal([*shape, parts]).astype([np.float32, np.float64][rng.integers(2)])
    return [x, length, np.array(axis)], {"inverse": inverse, "onesided": onesided}


def test_random_transforms_agree_with_the_evaluator() -> None:
    for seed in range(100):
        inputs, attributes = drawn_dft(np.random.default_rng(seed))
        want = by_evaluator("DFT", inputs, **attributes)
        assert_same(ours(signal.dft, inputs, **attributes), want, rtol=1e-4, atol=1e-5)


def test_random_short_transforms_agree_with_the_evaluator() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        onesided, length = int(rng.integers(2)), int(rng.integers(2, 7))
        parts = 1 if onesided else int(rng.integers(1, 3))
        x = rng.standard_normal([int(rng.integers(1, 3)), int(rng.integers(8, 20)), parts]).astype(np.float32)
        window = rng.random(length).astype(np.float32) if rng.random() < 0.6 else None
        given = np.array(length) if window is None or rng.random() < 0.5 else None
        inputs = [x, np.array(int(rng.integers(1, 4))), window, given]
        want = by_evaluator("STFT", inputs, onesided=onesided)
        assert_same(ours(signal.stft, inputs, onesided=onesided), want, rtol=1e-4, atol=1e-5)


def test_mel_weights_agree_with_the_evaluator() -> None:
    for bands, length, rate, low, high in [(8, 64, 8000, 0.0, 4000.0), (20, 512, 16000, 125.0, 7600.0)]:
        inputs = [np.array(bands), np.array(length), np.array(rate), np.array(low), np.array(high)]
        want = by_evaluator("MelWeightMatrix", inputs, output_datatype=1)
        assert_same(ours(signal.mel_weight_matrix, inputs), want, rtol=1e-5, atol=1e-6)


def test_half_precision_goes_through_float() -> None:
    x = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0)).half()
    torch.testing.assert_close(signal.det(x), torch.linalg.det(x.float()).half())
    assert signal.dft(x.unsqueeze(-1)).dtype == torch.float16


def test_gradients_flow_through_a_transform() -> None:
    x = torch.ones(1, 4, 1, requires_grad=True)
    signal.dft(x)[0, 0, 0].backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [1, 1, 1, 1]
