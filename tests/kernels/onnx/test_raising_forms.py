"""Raised and not raised agree for every form that exporters write; what only looks like one stays as it is."""

import numpy as np
import onnxruntime
import pytest
import torch

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.pytorch.live import to_torch
from tests.contract.networks import library
from tests.kernels.onnx.job import task_in
from tests.kernels.onnx.models import saved
from tests.kernels.onnx.near_misses import NEAR_MISSES
from tests.kernels.onnx.raised_forms import FORMS as PLAIN_FORMS
from tests.kernels.onnx.rotary_forms import ROTARY_FORMS, ROTARY_MISSES

FORMS = (*PLAIN_FORMS, *ROTARY_FORMS)
MISSES = (*NEAR_MISSES, *ROTARY_MISSES)
_SOURCES = ("Input", "Output", "Constant", "Parameter")


def opened(path, task, **options):
    """Import a file under options and freeze it."""
    model = KERNEL.import_model(path, options, task)
    tables = Tables()
    tables.apply(model.delta)
    return build_network(tables, library(), name=model.name, store=task.store)


def ran(path, feed):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, feed)[0]


def inputs_of(form, batch):
    random = np.random.default_rng(5)
    return {
        name: (random.standard_normal([batch if size == "N" else size for size in shape]) * 2).astype(
            np.float32
        )
        for name, shape in form.inputs.items()
    }


def layers(network):
    return tuple(step.layer for step in network.steps if step.layer not in _SOURCES)


@pytest.mark.parametrize("form", [*FORMS, *MISSES], ids=lambda form: form.name.replace(" ", "-"))
def test_form_is_raised_to_these_layers_and_no_number_changes(form, tmp_path):
    path = saved(form.model(), tmp_path / "form.onnx")
    task = task_in(tmp_path)
    network = opened(path, task)
    assert sorted(layers(network)) == sorted(form.layers)
    assert network.errors == ()
    copy = tmp_path / "copy.onnx"
    KERNEL.export_model(network, copy, {"opset": form.opset}, task)
    module = _module(network, task) if form in FORMS else None
    for batch in (2, 3):
        feed = inputs_of(form, batch)
        want = ran(path, feed)
        np.testing.assert_allclose(ran(copy, feed), want, rtol=1e-5, atol=1e-5)
        if module is not None:
            with torch.no_grad():
                have = module(*(torch.from_numpy(feed[step.name]) for step in network.inputs))
            np.testing.assert_allclose(have.numpy(), want, rtol=1e-5, atol=1e-5)


def _module(network, task):
    """The module; None where an operator that stayed has no torch function yet."""
    try:
        return to_torch(network, task.store)
    except BinderError:
        assert any(step.spec.is_operator for step in network.steps)
        return None


@pytest.mark.parametrize("form", FORMS[::6], ids=lambda form: form.name.replace(" ", "-"))
def test_raising_can_be_switched_off_for_the_file(form, tmp_path):
    path = saved(form.model(), tmp_path / "form.onnx")
    network = opened(path, task_in(tmp_path), **{"raise": False})
    assert {step.spec.is_operator for step in network.steps if step.layer not in _SOURCES} == {True}


def test_an_operator_named_in_keep_stays_with_its_whole_match(tmp_path):
    form = FORMS[0]
    model = form.model()
    for node in model.graph.node:
        node.name = f"the_{node.op_type.lower()}_{node.output[0]}"
    path = saved(model, tmp_path / "form.onnx")
    network = opened(path, task_in(tmp_path), keep=("the_erf_e",))
    assert sorted(layers(network)) == ["Add", "Div", "Mul", "Mul", "ai.onnx:Erf"]
