"""Every layer through the PyTorch kernel: file, source and re-import agree with torch's own layer."""

import contextlib
import io
import runpy

import numpy as np
import pytest
import torch

from sketch.binder.initial import initial_tensor
from sketch.binder.tensors import TensorStore
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.arrays import readable, to_tensor, torch_type
from sketch.kernels.pytorch.kernel import KERNEL
from sketch.kernels.pytorch.table import LAYERS
from tests.contract.cases import cases
from tests.contract.networks import inputs_of, library, network_of
from tests.contract.torch_reference import reference
from tests.contract.torch_reference import task as make_task

COUNT = 3
NAMES = [spec.name for spec in library() if not spec.group]
pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding='same'"),
    pytest.mark.filterwarnings("ignore:dropout2d"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:dropout option adds dropout"),
]


def arrays_for(case, network):
    if case.layer != "Input":
        return inputs_of(case)
    random = np.random.default_rng(case.seed)
    params = network.inputs[0].params
    shape = [2 if isinstance(size, str) else size for size in params["shape"]]
    dtype = "float32" if params["dtype"] == "bfloat16" else params["dtype"]
    return {"given": (random.standard_normal(shape) * 3).astype(dtype)}


def tensors_for(network, arrays):
    return [
        torch.from_numpy(np.array(arrays[step.name])).to(torch_type(step.params["dtype"]))
        for step in network.inputs
    ]


def weights_of(network):
    """state_dict of the one layer under test, as the initial values say."""
    step = next((step for step in network.steps if step.name == "layer"), None)
    if step is None:
        return {}
    return {
        role: to_tensor(initial_tensor(kind, step.weights, step.params, network.seed, step.id), kind.dtype)
        for role, kind in step.weights.items()
    }


def source_module(text, folder):
    (folder / "source.py").write_text(text, encoding="utf-8")
    return runpy.run_path(str(folder / "source.py"), run_name="source")["Case"]()


def flat(value):
    return [item for item in value if item is not None] if isinstance(value, (tuple, list)) else [value]


def signature(network):
    def sources(step):
        return [None if s is None else (network.step(s.node).name, s.out) for s in step.inputs]

    rows = [
        (step.name, step.layer, dict(step.params), dict(step.pinned), sources(step), step.types)
        for step in network.steps
    ]
    return sorted(rows, key=lambda row: row[0])


def stored_values(network, store):
    return {
        f"{step.name}.{role}": store.get(row.digest, row.shape, row.dtype).tobytes()
        for step in network.steps
        for role, tensor in step.stored.items()
        for row in [network.tensors[tensor]]
    }


def test_there_is_a_row_for_every_layer():
    assert {spec.name for spec in library()} <= LAYERS


@pytest.mark.parametrize("name", NAMES)
def test_layer(name, tmp_path):
    task = make_task(tmp_path)
    drawn = cases(library()[name], seed=7, count=COUNT)
    assert len(drawn) == COUNT
    for case in drawn:
        network = network_of(case, task.store)
        assert not network.errors, (case, network.errors)
        assert not [step.name for step in network.steps if KERNEL.refusal(step)]
        check_case(case, network, task, tmp_path)


def check_case(case, network, task, folder):
    path = folder / "m.pth"
    KERNEL.export_model(network, path, {}, task)
    arrays = arrays_for(case, network)
    got = KERNEL.run(path, arrays, task)
    assert list(got) == [step.name for step in network.outputs]

    weights = weights_of(network)
    with torch.no_grad():
        tensors = [None if a is None else torch.from_numpy(np.array(a)) for a in case.inputs]
        if case.layer == "Input":
            tensors = tensors_for(network, arrays)
        expected = [item for item in flat(reference(case, network, tensors, weights)) if item is not None]
    assert len(expected) == len(got), case
    for want, (key, have) in zip(expected, got.items(), strict=True):
        np.testing.assert_allclose(have, readable(want), rtol=1e-5, atol=1e-6, err_msg=f"{case} {key}")

    check_file(path, network, weights)
    check_source(network, path, arrays, got)
    check_again(network, path, task)


def check_file(path, network, weights):
    module = torch.load(path, weights_only=False)
    assert sum(p.numel() for p in module.parameters()) == network.parameters
    tensor = any(step.layer in ("Parameter", "Constant") for step in network.steps)
    if not tensor:
        assert set(module.state_dict()) == {f"layer.{role}" for role in weights}
    assert not module.training
    assert module.train().training


def check_source(network, path, arrays, got):
    source = KERNEL.text(network)
    assert max(map(len, source.text.splitlines())) <= 100
    module = source_module(source.text, path.parent)
    module.load_state_dict(torch.load(path, weights_only=False).state_dict())
    module.eval()
    with torch.no_grad():
        answers = flat(module(*tensors_for(network, arrays)))
    for answer, (key, have) in zip(answers, got.items(), strict=True):
        np.testing.assert_allclose(readable(answer), have, rtol=1e-6, atol=1e-7, err_msg=key)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        runpy.run_path(str(path.parent / "source.py"), run_name="__main__")
    assert shown.getvalue().count("(") >= len(got)


def check_again(network, path, task):
    model = KERNEL.import_model(path, {}, task)
    tables = Tables()
    tables.apply(model.delta)
    again = build_network(tables, library(), store=task.store)
    assert signature(again) == signature(network)
    assert not model.losses
    first = torch.load(path, weights_only=False).state_dict()
    KERNEL.export_model(again, path, {}, task)
    second = torch.load(path, weights_only=False).state_dict()
    assert list(first) == list(second)
    for key, tensor in first.items():
        assert torch.equal(tensor.view(torch.uint8) if tensor.dim() else tensor, second[key].view(torch.uint8)
                           if tensor.dim() else second[key]), key  # fmt: skip


def test_a_second_export_holds_the_same_bytes(tmp_path):
    store = TensorStore(tmp_path / "store")
    task = make_task(tmp_path)
    case = cases(library()["LSTM"], seed=3, count=1)[0]
    network = network_of(case, store)
    for name in ("a.pth", "b.pth"):
        KERNEL.export_model(network, tmp_path / name, {}, task)
    one, two = (torch.load(tmp_path / name, weights_only=False).state_dict() for name in ("a.pth", "b.pth"))
    assert {k: v.numpy().tobytes() for k, v in one.items()} == {
        k: v.numpy().tobytes() for k, v in two.items()
    }
