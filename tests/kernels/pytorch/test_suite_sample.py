"""A seeded sample of ONNX's own backend suite; `scripts/conformance-operators` runs all of it."""

import random

import pytest

from tests.kernels.pytorch.suite_cases import CORE, FORMS, cases
from tests.kernels.pytorch.suite_run import LAST_BIT, PASS, REFUSED, run_case

SAMPLE = 60
NOT_YET = "PyTorch has no way to say the operator"


def sample():
    core = [case for case in cases() if case.segment == "core" and case.category != "light"]
    return random.Random(7).sample(core, SAMPLE)


def test_the_suite_is_the_one_that_was_counted():
    assert len(cases()) == 2033
    assert sum(case.segment == "core" for case in cases()) == CORE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", sample(), ids=lambda case: case.name)
def test_a_case_gives_what_the_suite_wants(case):
    for form in FORMS:
        outcome = run_case(case, form)
        assert outcome.kind in (PASS, LAST_BIT, REFUSED), (form, outcome.reason)
        assert outcome.kind != REFUSED or outcome.reason.startswith(NOT_YET), (form, outcome.reason)
