"""Every hard case: replayed, the recorded graph gives what the module gives; or the refusal names the line."""

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.capture import Captured, capture
from sketch.kernels.pytorch.capture.examples import Examples
from tests.kernels.pytorch.capture.hard_cases import CASES, Case
from tests.kernels.pytorch.capture.replay import replay, tensors_of

CAPTURED = [case for case in CASES if not case.refused]
REFUSED = [case for case in CASES if case.refused]


def built(case: Case) -> nn.Module:
    torch.manual_seed(3)
    return case.build().eval()


def examples_of(module: nn.Module, case: Case, batch: int, seed: int) -> Examples:
    torch.manual_seed(seed)
    given = case.inputs(batch)
    return Examples.of(module, *((given, {}) if isinstance(given, tuple) else ((), given)))


def recorded(module: nn.Module, case: Case) -> Captured:
    given = examples_of(module, case, 2, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazy layers, and what torch says of its own older parts
        return capture(module, given.args, given.kwargs)


def assert_same(captured: Captured, module: nn.Module, examples: Examples) -> None:
    module, given = copy.deepcopy(module), examples.same()
    with torch.no_grad():
        wanted = tensors_of(module(*given.args, **given.kwargs))
    got = replay(captured.graph_module, [tensor.clone() for tensor in examples.tensors], examples.batch or 0)
    assert len(got) == len(wanted)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("case", CAPTURED, ids=lambda case: case.name)
def test_the_graph_gives_what_the_module_gives(case: Case) -> None:
    module = built(case)
    captured = recorded(module, case)
    assert captured.batch is case.dynamic
    for batch, seed in ((2, 1), (2, 2), *(((3, 3), (1, 4)) if case.dynamic else ())):
        assert_same(captured, module, examples_of(module, case, batch, seed))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_refusal_names_the_line(case: Case) -> None:
    with pytest.raises(BinderError) as error:
        recorded(built(case), case)
    assert case.refused in str(error.value)


@pytest.mark.parametrize("case", [case for case in CAPTURED if case.noted], ids=lambda case: case.name)
def test_what_was_fixed_is_noted(case: Case) -> None:
    assert case.noted in " ".join(note.what for note in recorded(built(case), case).notes)


def test_nothing_is_noted_without_a_reason() -> None:
    plain = [case for case in CAPTURED if not case.noted]
    noted: dict[str, Any] = {case.name: recorded(built(case), case).notes for case in plain}
    assert {name: notes for name, notes in noted.items() if notes} == {}
