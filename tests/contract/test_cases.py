"""The random cases that kernels are judged by: every layer has them, they are valid, and they repeat."""

import numpy as np
import pytest

from sketch.graph.evaluate import applies
from tests.contract.cases import DRAWS, case, cases
from tests.contract.oracle import expected
from tests.graph.layer_checks import array_kinds, errors, initial_weights, kinds, library, look

LAYERS = [spec.name for spec in library() if not spec.group]
WITHOUT_PARAMETERS = {spec.name for spec in library() if not spec.params}


def test_every_layer_has_a_draw_and_every_draw_a_layer():
    assert set(LAYERS) == set(DRAWS)


@pytest.mark.parametrize("layer", LAYERS)
def test_cases_are_valid_and_torch_runs_them(layer):
    spec = library()[layer]
    for drawn in cases(spec, seed=3, count=6):
        found = look(layer, drawn.params, drawn.types())
        assert not errors(found), f"{drawn} {drawn.params}: {errors(found)}"
        outputs = expected(drawn, spec, found.params, initial_weights(found))
        if layer != "Input":
            assert array_kinds(outputs) == kinds(found), str(drawn)
        for output in outputs:
            assert output is None or np.isfinite(np.asarray(output, float)).all(), f"{drawn} {drawn.params}"


@pytest.mark.parametrize("layer", LAYERS)
def test_the_same_seed_gives_the_same_case(layer):
    spec = library()[layer]
    first, again = case(spec, 17), case(spec, 17)
    assert (first.params, first.types(), first.batch, first.tags) == (
        again.params,
        again.types(),
        again.batch,
        again.tags,
    )
    for one, other in zip(first.inputs, again.inputs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_parameter_is_drawn(layer):
    """A parameter that no case sets is one that no kernel is tested on."""
    spec = library()[layer]
    drawn = [case(spec, seed) for seed in range(60)]
    values = {name: {one.params[name] for one in drawn if name in one.params} for name in spec.params}
    unset = {name for name, found in values.items() if not found - {spec.params[name].default}}
    assert unset <= NEVER_DRAWN | {name for name, param in spec.params.items() if param.derive}
    for one in drawn:
        shown = look(layer, one.params, one.types()).params
        unused = {name for name in one.params if not applies(spec, name, shown, one.types())}
        assert unused <= LEFT_OUT_SOMETIMES, f"{one} sets {unused}, which does not apply"


NEVER_DRAWN = {"scale_grad_by_freq", "sparse", "dropout_p", "eps"}
"""Training only, or random at inference; and TripletMarginLoss.eps, which no result this size shows."""
LEFT_OUT_SOMETIMES = {"momentum", "average_attn_weights", "bias", "count_include_pad", "value"}
"""Drawn without a look at the parameter they depend on: what does not apply must not matter."""
