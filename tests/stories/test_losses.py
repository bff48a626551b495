"""Losses are nodes: they compile with the model, or stay out on request, for every kernel, with the same proof."""

from __future__ import annotations

import pytest

import sketch
from sketch.api import workbench
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables


def classifier():
    bench, tables = workbench(), Tables()
    draft = Draft(tables, bench.library)
    x = draft.add("Input", "x", {"shape": ("N", 4)})
    target = draft.add("Input", "target", {"shape": ("N",), "dtype": "int64"})
    scores = draft.add("Linear", "fc", {"out_features": 3})
    loss = draft.add("CrossEntropyLoss", "loss")
    outputs = [draft.add("Output", name) for name in ("scores", "cost")]
    for wire in (
        (x, 0, scores, 0),
        (scores, 0, loss, 0),
        (target, 0, loss, 1),
        (scores, 0, outputs[0], 0),
        (loss, 0, outputs[1], 0),
    ):
        draft.connect(*wire)
    tables.apply(draft.delta())
    return build_network(tables, bench.library, store=bench.store)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("suffix", [".pth", ".onnx"])
@pytest.mark.parametrize(("keep", "outputs"), [(True, {"scores", "cost"}), (False, {"scores"})])
def test_losses_stay_or_go(tmp_path, suffix, keep, outputs):
    report = sketch.compile(classifier(), tmp_path / f"m{suffix}", include_losses=keep)
    assert report.verification is not None
    assert report.verification.agrees
    assert set(report.verification.outputs) == outputs
    opened = sketch.open(tmp_path / f"m{suffix}", trust=True)
    assert {step.name for step in opened.outputs} == outputs
    assert {step.name for step in opened.inputs} == ({"x", "target"} if keep else {"x"})
