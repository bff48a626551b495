"""Real models open with shapes on every wire and compile to both targets with the same numbers (a sample)."""

from __future__ import annotations

import pytest

import sketch
from tests.stories.light_models import NAMES, shaken

SAMPLE = ("densenet121", "inception_v1", "resnet50", "shufflenet", "squeezenet")
"""The other four are 240 to 550 MB each; `scripts/conformance` runs all nine, as shipped too."""


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("name", SAMPLE)
def test_a_classic_opens_and_compiles_with_the_same_numbers(name, tmp_path):
    assert name in NAMES
    network = sketch.open(shaken(name, tmp_path))
    assert network.errors == ()
    assert all(kind is not None and kind.shape is not None for step in network.steps for kind in step.types)
    assert not any(step.spec.is_operator for step in network.steps)
    wired = {source.node for step in network.steps for source in step.inputs if source is not None}
    assert wired == {step.id for step in network.steps if step.layer != "Output"}
    for target in (tmp_path / "out.pth", tmp_path / "out.onnx"):
        proof = sketch.compile(network, target).verification
        assert proof is not None
        assert proof.against == f"{name}.onnx"
        assert proof.agrees
        assert 0 <= proof.max_rel_error < 1e-5
