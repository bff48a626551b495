"""Activation functions against the suite and onnx's evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import activation
from tests.kernels.pytorch.functions.samples import (
    FLOATS,
    NUMBERS,
    SIGNED,
    TOLERANCE,
    agree,
    check_cases,
    named,
    sample,
)

PLAIN: dict[str, tuple[Any, tuple[dict[str, Any], ...]]] = {
    "Relu": (activation.relu, ({},)),
    "LeakyRelu": (activation.leaky_relu, ({}, {"alpha": 0.25}, {"alpha": -0.5}, {"alpha": 2.0})),
    "ThresholdedRelu": (activation.thresholded_relu, ({}, {"alpha": 0.25}, {"alpha": -1.0})),
    "Elu": (activation.elu, ({}, {"alpha": 0.25}, {"alpha": -2.0})),
    "Celu": (activation.celu, ({}, {"alpha": 0.25}, {"alpha": 2.0})),
    "Selu": (activation.selu, ({}, {"alpha": 0.25, "gamma": 2.0}, {"alpha": -1.0, "gamma": -3.0})),
    "Sigmoid": (activation.sigmoid, ({},)),
    "HardSigmoid": (activation.hard_sigmoid, ({}, {"alpha": 0.5, "beta": 0.125})),
    "Swish": (activation.swish, ({}, {"alpha": 0.5}, {"alpha": -1.0})),
    "Mish": (activation.mish, ({},)),
    "Softplus": (activation.softplus, ({},)),
    "Softsign": (activation.softsign, ({},)),
}
FLOAT32_INSIDE: dict[str, tuple[Any, tuple[dict[str, Any], ...]]] = {
    "Gelu": (activation.gelu, ({}, {"approximate": "tanh"})),
    "HardSwish": (activation.hard_swish, ({},)),
}
"""The evaluator's constants of these are float32, also for float64; its Gelu of infinity is infinity, torch's NaN."""
ALONG: dict[str, tuple[Any, tuple[dict[str, Any], ...]]] = {
    "Softmax": (activation.softmax, ({}, {"axis": 0}, {"axis": -2})),
    "LogSoftmax": (activation.log_softmax, ({}, {"axis": 0}, {"axis": -2})),
    "Hardmax": (activation.hardmax, ({}, {"axis": 0}, {"axis": -2})),
}
ALL = {kind: function for kind, (function, _) in (PLAIN | FLOAT32_INSIDE | ALONG).items()} | {
    "PRelu": activation.p_relu,
    "Shrink": activation.shrink,
    "SwiGLU": activation.swi_glu,
}


def test_the_suite() -> None:
    assert check_cases(ALL) == 60


@pytest.mark.parametrize("kind", PLAIN)
def test_element_by_element(kind: str) -> None:
    function, settings = PLAIN[kind]
    for name in FLOATS + (SIGNED if kind == "Relu" else ()):
        for given in settings:
            for shape in ((3, 7), (1,), (0, 3)):
                agree(function, kind, [sample(name, shape)], rtol=TOLERANCE.get(name, 0), **given)


@pytest.mark.parametrize("kind", FLOAT32_INSIDE)
def test_those_with_float32_constants(kind: str) -> None:
    function, settings = FLOAT32_INSIDE[kind]
    for name in FLOATS:
        for given in settings:
            for shape in ((3, 7), (), (0, 3)):
                x = sample(name, shape, edges=False)
                agree(function, kind, [x], rtol=max(TOLERANCE[name], 1e-6), **given)


@pytest.mark.parametrize("kind", ALONG)
def test_along_an_axis(kind: str) -> None:
    function, settings = ALONG[kind]
    for name in FLOATS:
        for given in settings:
            for shape in ((3, 7), (2, 3, 4)):
                x = sample(name, shape, edges=False)
                agree(function, kind, [x], rtol=5 * TOLERANCE[name], **given)
            agree(function, kind, [sample(name, (3, 0), edges=False)], rtol=0, **given)


def test_great_numbers_do_not_overflow() -> None:
    great = np.array([[-1000.0, 0.0, 1000.0], [88.0, -88.0, 40.5]], np.float32)
    for kind in ("Sigmoid", "Softplus", "Softsign", "Mish", "Celu", "Elu"):
        function, _ = PLAIN[kind]
        result = function(torch.from_numpy(great))
        assert torch.isfinite(result).all(), kind
    assert activation.softmax(torch.from_numpy(great)).sum(-1).tolist() == [1.0, 1.0]
    exact = np.log1p(np.exp(-20.5)) + 20.5  # a threshold of 20, as torch has it, gives 20.5
    assert activation.softplus(torch.tensor([20.5], dtype=torch.float64)).item() == pytest.approx(
        exact, rel=1e-15
    )


def test_slopes() -> None:
    for name in (*FLOATS, "int32", "int64", "uint32", "uint64"):
        for shape in ((3, 7), (7,), (1,), (3, 1)):
            inputs = [sample(name, (3, 7)), sample(name, shape, 1, edges=False)]
            agree(activation.p_relu, "PRelu", inputs, rtol=TOLERANCE.get(name, 0))


def test_slopes_of_the_channels() -> None:
    """Files older than opset 7 have one slope a channel; the evaluator takes it so where nothing else fits."""
    for shape in ((2, 3, 4), (2, 3, 4, 5)):
        inputs = [sample("float32", shape), sample("float32", (3,), 1, edges=False)]
        agree(activation.p_relu, "PRelu", inputs, rtol=1e-6)


def test_shrink() -> None:
    for name in NUMBERS:
        for given in ({}, {"bias": 1.5}, {"bias": 0.5, "lambd": 1.5}):
            rtol = TOLERANCE.get(name, 0)
            agree(
                activation.shrink, "Shrink", [sample(name, (30, 7), edges=name in FLOATS)], rtol=rtol, **given
            )


def test_swiglu() -> None:
    for name in FLOATS:
        inputs = [sample(name, (3, 7), edges=False), sample(name, (3, 7), 1, edges=False)]
        agree(activation.swi_glu, "SwiGLU", inputs, rtol=2 * TOLERANCE[name], alpha=0.5)


def test_the_defaults_are_those_of_the_standard() -> None:
    x = np.linspace(-3, 3, 13).astype(named("float64"))
    for kind in ("LeakyRelu", "Selu", "HardSigmoid"):
        agree(ALL[kind], kind, [x], rtol=1e-15)


def test_integers_have_no_softmax() -> None:
    with pytest.raises(NotImplementedError, match="softmax"):
        activation.softmax(torch.ones(3, dtype=torch.int32))
