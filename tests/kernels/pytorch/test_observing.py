"""Looking into a run: values against torch's own, failures by node, dead ends, training mode, what is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.binder.observing import facts_of
from sketch.binder.run_facts import Look, first_origin
from sketch.binder.tensors import TensorStore
from sketch.kernels.pytorch.live import from_torch, to_torch
from sketch.kernels.pytorch.observing import observe
from tests.contract.zone_drawings import countdown, countdown_numpy
from tests.kernels.pytorch.drawing import Drawing, picture


class Task:
    """Keeps what is said of progress."""

    def __init__(self, folder: Path):
        self.store, self.scratch, self.trusted, self.said = TensorStore(folder / "store"), folder, False, []

    def step(self, done, total, text):
        self.said.append((done, total, text))


@pytest.fixture
def run(tmp_path):
    def looked(network, arrays, **asked):
        np.savez(tmp_path / "in.npz", **arrays)
        task = Task(tmp_path)
        facts = observe(network, Look(tmp_path / "in.npz", tmp_path, **asked), task)
        return facts, task

    return looked


def node(network, name):
    return next(step.id for step in network.steps if step.name == name)


def test_every_value_is_what_torchs_own_hooks_see(run, tmp_path) -> None:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    module = nn.Sequential(nn.Conv2d(3, 4, 3), inner, nn.Flatten(), nn.Linear(4 * 36, 5)).eval()
    x = torch.randn(2, 3, 8, 8)
    store = TensorStore(tmp_path / "store")
    drawing = Drawing()
    drawing.tables.apply(from_torch(module, (x,), store).delta)
    network = drawing.network(store)
    facts, task = run(network, {network.inputs[0].name: x.numpy()})
    seen = []
    for part in module.modules():
        if not list(part.children()):
            part.register_forward_hook(lambda _m, _i, out: seen.append(out.clone()))
    module(x)
    made = [step for step in network.steps if step.layer not in ("Input", "Output")]
    for step, value in zip(made, seen, strict=True):
        key, expected = (step.id, 0), value.detach().numpy()
        np.testing.assert_allclose(np.load(tmp_path / facts.kept[key]), expected, rtol=1e-6, atol=1e-6)
        assert facts.values[key].shape == expected.shape
        assert facts.values[key].mean == pytest.approx(float(expected.mean()), rel=1e-4, abs=1e-6)
    assert not facts.failures
    assert not facts.skipped
    assert task.said


def test_a_node_that_fails_stops_only_what_needs_it(run) -> None:
    network = picture(
        ("ids", "Input", {"shape": ("N", 3), "dtype": "int64"}, ()),
        ("x", "Input", {"shape": ("N", 3)}, ()),
        ("words", "Embedding", {"num_embeddings": 4, "embedding_dim": 2}, ("ids",)),
        ("act", "ReLU", {}, ("words",)),
        ("first", "Output", {}, ("act",)),
        ("half", "Sigmoid", {}, ("x",)),
        ("second", "Output", {}, ("half",)),
    )
    facts, _ = run(network, {"ids": np.array([[0, 1, 9]]), "x": np.ones((1, 3), np.float32)})
    assert set(facts.failures) == {node(network, "words")}
    text = facts.failures[node(network, "words")]
    assert text == "index out of range in self; it was given 1×3 int64 from 0 to 9."
    assert set(facts.skipped) == {node(network, "act")}
    assert facts.values[node(network, "half"), 0].shape == (1, 3)


def test_what_cannot_run_at_all_is_named_and_the_rest_runs(run) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 3)}, ()),
        ("fit", "Linear", {"out_features": 2}, ("x",)),
        ("misfit", "Conv2d", {"out_channels": 2, "kernel_size": 3}, ("fit",)),
        ("after", "ReLU", {}, ("misfit",)),
        ("open", "Add", {}, ()),
        ("y", "Output", {}, ("after",)),
    )
    facts, _ = run(network, {"x": np.ones((2, 3), np.float32)})
    assert set(facts.failures) == {node(network, "misfit"), node(network, "open")}
    assert node(network, "after") in facts.skipped
    assert facts.values[node(network, "fit"), 0].shape == (2, 2)


def test_a_branch_that_leads_nowhere_runs_too(run) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 3)}, ()),
        ("used", "ReLU", {}, ("x",)),
        ("loose", "Tanh", {}, ("x",)),
        ("looser", "Sigmoid", {}, ("loose",)),
        ("y", "Output", {}, ("used",)),
    )
    facts, _ = run(network, {"x": np.full((1, 3), 2, np.float32)})
    assert facts.values[node(network, "loose"), 0].high == pytest.approx(np.tanh(2.0), rel=1e-6)
    assert (node(network, "looser"), 0) in facts.values


def test_the_first_nan_is_found_where_it_begins(run) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 3)}, ()),
        ("up", "ReLU", {}, ("x",)),
        ("log", "Log", {}, ("x",)),
        ("sum", "Add", {}, ("up", "log")),
        ("y", "Output", {}, ("sum",)),
    )
    facts, _ = run(network, {"x": np.array([[-1.0, 2.0, 3.0]], np.float32)})
    found = first_origin(network, facts)
    assert (found.node, found.fault) == (node(network, "log"), "NaN")
    assert facts.values[node(network, "sum"), 0].nans == 1


def test_nan_in_a_weight_is_told(run, tmp_path) -> None:
    store = TensorStore(tmp_path / "store")
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    module[0].bias.data[1] = float("nan")
    drawing = Drawing()
    drawing.tables.apply(from_torch(module, (torch.zeros(1, 3),), store).delta)
    network = drawing.network(store)
    facts, _ = run(network, {network.inputs[0].name: np.ones((1, 3), np.float32)})
    assert "'bias' holds NaN or Inf" in facts.bad_weights[first_origin(network, facts).node]


def test_training_mode_drops_by_seed(run) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 1000)}, ()),
        ("drop", "Dropout", {"p": 0.5}, ("x",)),
        ("y", "Output", {}, ("drop",)),
    )
    given = {"x": np.ones((1, 1000), np.float32)}
    key = (node(network, "drop"), 0)
    assert run(network, given)[0].values[key].zeros == 0
    first = run(network, given, train=True, seed=1)[0].values[key].zeros
    assert 400 < first < 600
    assert run(network, given, train=True, seed=1)[0].values[key].zeros == first


def test_one_value_is_computed_again_and_nothing_after_it(run, tmp_path) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 4)}, ()),
        ("a", "Tanh", {}, ("x",)),
        ("b", "Exp", {}, ("a",)),
        ("y", "Output", {}, ("b",)),
    )
    x = np.array([[1.0, 2.0, 3.0, 4.0]], np.float32)
    assert run(network, {"x": x}, budget=0)[0].kept == {}
    key = (node(network, "a"), 0)
    facts, _ = run(network, {"x": x}, budget=0, wanted=(key,), stop=True)
    np.testing.assert_allclose(np.load(tmp_path / facts.kept[key]), np.tanh(x), rtol=1e-6)
    assert (node(network, "b"), 0) not in facts.values


def test_an_lstm_shows_each_output_that_is_used(run, tmp_path) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 5, 3)}, ()),
        ("rnn", "LSTM", {"hidden_size": 4, "batch_first": True}, ("x",)),
        ("y", "Output", {}, ("rnn",)),
    )
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    facts, _ = run(network, {"x": x})
    expected = to_torch(network, TensorStore(tmp_path))(torch.from_numpy(x)).detach().numpy()
    assert facts.values[node(network, "rnn"), 0].mean == pytest.approx(facts_of(expected).mean, rel=1e-4)


def test_a_loop_shows_what_leaves_it(run, tmp_path) -> None:
    network = countdown().network()
    random = np.random.default_rng(4)
    x, w = (random.standard_normal((2, 3)).astype(np.float32) for _ in range(2))
    facts, _ = run(network, {"x": x, "w": w})
    assert not facts.failures
    for step in network.outputs:
        source = step.inputs[0]
        found = np.load(tmp_path / facts.kept[source.node, source.out])
        np.testing.assert_allclose(found, countdown_numpy(x, w)[step.name], rtol=1e-5, atol=1e-6)


def test_weights_of_their_own_are_measured_but_not_kept(run, tmp_path) -> None:
    network = picture(
        ("x", "Input", {"shape": ("N", 3)}, ()),
        ("w", "Constant", {"value": (1.0, 2.0, 4.0)}, ()),
        ("mul", "Mul", {}, ("x", "w")),
        ("y", "Output", {}, ("mul",)),
    )
    given = {"x": np.ones((1, 3), np.float32)}
    key = (node(network, "w"), 0)
    facts, _ = run(network, given)
    assert (facts.values[key].low, facts.values[key].high) == (1.0, 4.0)
    assert key not in facts.kept
    assert run(network, given, wanted=(key,))[0].kept[key] == f"{key[0]}_0.npy"


def test_a_missing_input_is_named(run) -> None:
    network = picture(("x", "Input", {"shape": ("N", 3)}, ()), ("y", "Output", {}, ("x",)))
    with pytest.raises(BinderError, match="No value is given for the input 'x'"):
        run(network, {})
