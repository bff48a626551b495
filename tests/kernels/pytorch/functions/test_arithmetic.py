"""Arithmetic against the suite and onnx's evaluator, for every element type and at its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sketch.kernels.pytorch.functions import arithmetic, trigonometry
from tests.kernels.pytorch.functions.samples import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    PAIRS,
    SHAPES,
    SIGNED,
    TOLERANCE,
    agree,
    check_cases,
    named,
    sample,
)

ONE = {
    "Abs": (arithmetic.abs_, NUMBERS),
    "Sign": (arithmetic.sign, NUMBERS),
    "Neg": (arithmetic.neg, FLOATS + SIGNED),
    "Reciprocal": (arithmetic.reciprocal, FLOATS),
    "Sqrt": (arithmetic.sqrt, FLOATS),
    "Exp": (arithmetic.exp, FLOATS),
    "Log": (arithmetic.log, FLOATS),
    "Erf": (arithmetic.erf, FLOATS[:3]),  # in float64 the evaluator computes in float32
    "Ceil": (arithmetic.ceil, FLOATS),
    "Floor": (arithmetic.floor, FLOATS),
    "Round": (arithmetic.round_, FLOATS),
    **{
        kind: (getattr(trigonometry, kind.lower()), FLOATS)
        for kind in (
            "Sin",
            "Cos",
            "Tan",
            "Asin",
            "Acos",
            "Atan",
            "Sinh",
            "Cosh",
            "Tanh",
            "Asinh",
            "Acosh",
            "Atanh",
        )
    },
}
TWO = {
    "Add": arithmetic.add,
    "Sub": arithmetic.sub,
    "Mul": arithmetic.mul,
    "Div": arithmetic.div,
    "Mod": arithmetic.mod,
}
MANY = {"Sum": arithmetic.sum_, "Mean": arithmetic.mean, "Max": arithmetic.max_, "Min": arithmetic.min_}
ALL = {kind: function for kind, (function, _) in ONE.items()} | TWO | MANY
ALL |= {"Pow": arithmetic.pow_, "Clip": arithmetic.clip}


def divisor(kind: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Numbers to divide by: integers without zero."""
    values = sample(kind, shape, 1)
    return values if kind in FLOATS else np.where(values == 0, 3, values).astype(kind)


def test_the_suite() -> None:
    assert check_cases(ALL) == 155


@pytest.mark.parametrize("kind", ONE)
def test_functions_of_one_number(kind: str) -> None:
    function, types = ONE[kind]
    for name in types:
        for shape in SHAPES:
            agree(function, kind, [sample(name, shape)], rtol=TOLERANCE.get(name, 0))


@pytest.mark.parametrize("name", NUMBERS)
def test_functions_of_two_numbers(name: str) -> None:
    for left, right in PAIRS:
        inputs = [sample(name, left), divisor(name, right)]
        for kind, function in TWO.items():
            agree(function, kind, inputs, rtol=TOLERANCE.get(name, 0))
        agree(arithmetic.mod, "Mod", inputs, rtol=TOLERANCE.get(name, 0), fmod=1)


@pytest.mark.parametrize("name", NUMBERS)
def test_functions_of_many(name: str) -> None:
    for shapes in ([(3, 7), (3, 7)], [(3, 1), (7,), ()], [(4,)], [(0, 2), (1, 2)]):
        inputs = [sample(name, shape, place) for place, shape in enumerate(shapes)]
        for kind in ("Max", "Min", "Sum") if name in FLOATS else ("Max", "Min"):
            agree(MANY[kind], kind, inputs, rtol=TOLERANCE.get(name, 0))
        if name in FLOATS:  # the evaluator adds the others into the first, which has to have the whole shape
            inputs.sort(key=np.size, reverse=True)
            inputs[0] = np.broadcast_to(inputs[0], np.broadcast_shapes(*shapes))
            agree(arithmetic.mean, "Mean", inputs, rtol=TOLERANCE[name])


def test_integer_division_at_its_edges() -> None:
    """The smallest integer by -1 stops a processor; great unsigned numbers are negative to torch."""
    for name in INTEGERS:
        ends = np.iinfo(name)
        values = np.array([ends.min, ends.min + 1, -1 if ends.min else 1, 1, 7, ends.max - 1, ends.max], name)
        a, b = (grid.reshape(-1) for grid in np.meshgrid(values, values[values != 0]))
        for function, given in ((arithmetic.div, {}), (arithmetic.mod, {}), (arithmetic.mod, {"fmod": 1})):
            kind = "Div" if function is arithmetic.div else "Mod"
            keep = ~((a == ends.min) & (b == -1)) if kind == "Div" and ends.min else np.ones_like(a, bool)
            agree(function, kind, [a[keep], b[keep]], rtol=0, **given)
        if ends.min:
            smallest = torch.tensor([ends.min], dtype=getattr(torch, name))
            assert torch.equal(arithmetic.div(smallest, torch.full_like(smallest, -1)), smallest)
    with pytest.raises(RuntimeError, match="ZeroDivision"):
        arithmetic.div(torch.tensor([1]), torch.tensor([0]))


def test_mod_keeps_the_sign_of_zero() -> None:
    zeros = arithmetic.mod(torch.tensor([0.0, -0.0, 4.0]), torch.tensor([-2.0, 2.0, -2.0]))
    assert torch.signbit(zeros).tolist() == [True, False, True]


@pytest.mark.parametrize("base", [*FLOATS, "int32", "int64"])
def test_power_of_mixed_types(base: str) -> None:
    draw = np.random.default_rng(0)
    for power in NUMBERS:
        x = sample(base, (3, 7), edges=False) if base in FLOATS else draw.integers(-5, 6, (3, 7)).astype(base)
        y = draw.integers(0, 4, (3, 7)).astype(named(power))
        agree(arithmetic.pow_, "Pow", [x, y], rtol=TOLERANCE.get(base, 0))
        if base in FLOATS and power in FLOATS:
            agree(arithmetic.pow_, "Pow", [abs(x), sample(power, (7,), edges=False)], rtol=TOLERANCE[base])


def test_power_keeps_odd_and_great_integers() -> None:
    """An exponent that float16 and a base that float32 would round."""
    odd = arithmetic.pow_(torch.tensor([-1.0], dtype=torch.float16), torch.tensor([2049]))
    assert odd.tolist() == [-1.0]
    assert arithmetic.pow_(torch.tensor([16777217]), torch.tensor([1.0])).tolist() == [16777217]
    assert arithmetic.pow_(torch.tensor([3], dtype=torch.int32), torch.tensor([-1])).tolist() == [0]


@pytest.mark.parametrize("name", NUMBERS)
def test_clip(name: str) -> None:
    for low, high in ((None, None), (1, None), (None, 3), (1, 3), (3, 1)):
        limits = [None if limit is None else np.array(limit, named(name)) for limit in (low, high)]
        inputs = [sample(name, (3, 7)), *limits]
        while inputs[-1] is None:
            inputs.pop()
        agree(arithmetic.clip, "Clip", inputs, rtol=0)


def gradient(function: Callable[..., Any], *inputs: torch.Tensor) -> bool:
    given = tuple(item.double().requires_grad_() for item in inputs)
    return bool(torch.autograd.gradcheck(function, given))


def test_gradients_flow() -> None:
    x, y = torch.linspace(-2, 2.3, 7), torch.linspace(0.7, 3.1, 7)
    for function in (arithmetic.div, arithmetic.mod, arithmetic.max_, arithmetic.mean):
        assert gradient(function, x, y)
    assert gradient(arithmetic.pow_, y, x)
    limit = torch.tensor(1.0).double()
    assert gradient(lambda value: arithmetic.clip(value, -limit, limit), x)
