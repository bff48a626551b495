"""Recorded modules as drawings and back: same numbers, same keys, same nesting, and the source says the same again."""

import copy
import runpy

import pytest
import torch
from torch import nn
from torch.utils import _pytree

from sketch.graph.compare import differences
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.classes import camel
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.capture.hard_cases import CASES
from tests.kernels.pytorch.captured_models import MODELS, Hooks, Mixed

HARD = {case.name: (case.build, case.args, case.kwargs) for case in CASES if not case.refused}
RENAMED = {"nested inputs", "branch on batch"}
"""Cases whose source says less than the module did: a NamedTuple, a fixed batch size."""
ALL = {**HARD, **{name: (make, args, dict) for name, (make, args) in MODELS.items()}}


def shaken(build, args):
    """A module in eval mode whose constants are no longer 0 and 1, so that a dropped scale shows."""
    torch.manual_seed(0)
    module = build().eval()
    if any(nn.parameter.is_lazy(tensor) for tensor in module.parameters()):
        module(*args())
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.is_floating_point():
                tensor.add_(0.1 * torch.rand_like(tensor))
    return module


def network_of(model, task):
    tables = Tables()
    tables.apply(model.delta)
    network = build_network(tables, library(), name=model.name, store=task.store)
    assert not network.errors
    return network


def leaves(value):
    """Tensors of nested results; those of a dataclass count as a dict's."""
    value = vars(value) if hasattr(value, "__dataclass_fields__") else value
    return [item for item in _pytree.tree_leaves(value) if isinstance(item, torch.Tensor)]


def flat(args, kwargs):
    """Inputs as the drawing takes them: one after the other."""
    return [item for item in _pytree.tree_leaves((args, kwargs)) if isinstance(item, torch.Tensor)]


def result(module, *args, **kwargs):
    """What a copy of a module gives: some change what they hold."""
    with torch.no_grad():
        return copy.deepcopy(module)(*copy.deepcopy(args), **copy.deepcopy(kwargs))


def changed(values):
    """Other values of the same shapes and types."""
    generator = torch.Generator().manual_seed(7)

    def other(item):
        if not isinstance(item, torch.Tensor) or item.dtype == torch.bool:
            return item
        if item.is_floating_point():
            return torch.randn(item.shape, generator=generator)
        return torch.randint(0, int(item.max()) + 1, item.shape, generator=generator)

    return _pytree.tree_map(other, values)


def agree(wanted, got):
    wanted, got = leaves(wanted), leaves(got)
    assert len(wanted) == len(got)
    for one, other in zip(wanted, got, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", ALL)
def test_module_to_drawing_and_back(name, tmp_path):
    build, args, kwargs = ALL[name]
    task = make_task(tmp_path)
    module = shaken(build, args)
    network = network_of(KERNEL.from_live(module, (args(), kwargs()), task), task)
    live = KERNEL.to_live(network, task)
    (tmp_path / "net.py").write_text(KERNEL.text(network).text)
    written = runpy.run_path(str(tmp_path / "net.py"))[camel(network.name)]().eval()
    for made in (live, written):
        made.load_state_dict(module.state_dict(), strict=True)
        copy.deepcopy(module).load_state_dict(made.state_dict(), strict=True)
        flags = {key: p.requires_grad for key, p in made.named_parameters(remove_duplicate=False)}
        assert flags == {key: p.requires_grad for key, p in module.named_parameters(remove_duplicate=False)}
        for given in ((args(), kwargs()), changed((args(), kwargs()))):
            agree(result(module, *given[0], **given[1]), result(made, *flat(*given)))
    if name not in RENAMED:
        again = network_of(KERNEL.from_live(written, tuple(flat(args(), kwargs())), task), task)
        assert differences(network, again) == []


@pytest.mark.parametrize(
    "name", ["mixed", "odd names", "root chain", "tied weights", "item assignment", "causal buffer"]
)
def test_a_file_holds_the_drawing_and_the_keys(name, tmp_path):
    build, args, kwargs = ALL[name]
    task = make_task(tmp_path)
    module = shaken(build, args)
    network = network_of(KERNEL.from_live(module, (args(), kwargs()), task), task)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    loaded = torch.load(tmp_path / "m.pth", weights_only=False)
    assert set(loaded.state_dict()) == set(module.state_dict())
    given = (args(), kwargs())
    agree(result(module, *given[0], **given[1]), result(loaded, *flat(*given)))
    again = network_of(KERNEL.from_live(loaded, tuple(flat(*given)), task), task)
    assert differences(network, again) == []
    kept = ("exact", "outputs", "alone")
    assert [network.meta.get(key) for key in kept] == [again.meta.get(key) for key in kept]


def test_what_a_drawing_of_a_module_looks_like(tmp_path):
    task = make_task(tmp_path)
    module = shaken(Mixed, tuple)
    network = network_of(KERNEL.from_live(module, (torch.randn(2, 3, 16, 16),), task), task)
    layers = {network.qualified(step): step.layer for step in network.steps}
    assert layers["blocks.0.bn1"] == "BatchNorm2d"
    assert layers["blocks.0.bn1_act"] == "ReLU"
    assert "Dropout" in layers.values()
    assert layers["extra.weight"] == "Parameter"
    assert network.step(next(s.id for s in network.steps if s.name == "stem")).frozen == {"weight", "bias"}
    live = KERNEL.to_live(network, task)
    given = live(torch.randn(2, 3, 16, 16))
    assert list(given) == ["logits", "more"]
    assert isinstance(given["more"], tuple)
    assert given["more"][1] is None


def test_training_does_as_the_module_does(tmp_path):
    task = make_task(tmp_path)
    module = shaken(Mixed, tuple)
    x = torch.randn(4, 3, 16, 16)
    network = network_of(KERNEL.from_live(module, (x,), task), task)
    live = KERNEL.to_live(network, task)
    assert not live.training
    for each in (module.train(), live.train()):
        torch.manual_seed(3)
        each(x)
    torch.manual_seed(5)
    wanted = module(x)
    torch.manual_seed(5)
    agree(wanted, live(x))
    for key, tensor in module.named_buffers():
        if "tracked" not in key and key in live.state_dict():
            torch.testing.assert_close(live.state_dict()[key], tensor)


def test_a_module_is_left_as_it_was_and_its_weights_are_stored_once(tmp_path):
    task = make_task(tmp_path)
    module = shaken(Hooks, tuple).train()
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    network = network_of(KERNEL.from_live(module, torch.randn(2, 4), task), task)
    assert module.training
    assert all(torch.equal(before[key], tensor) for key, tensor in module.state_dict().items())
    weights = [row for row in network.tensors.values() if row.shape == (4, 4)]
    assert len(weights) == 1


def test_inputs_by_name_and_in_a_pair(tmp_path):
    class Two(nn.Module):
        def forward(self, a, *, b=None):
            return a if b is None else a + 2 * b

    task = make_task(tmp_path)
    a, b = torch.randn(2, 3), torch.randn(2, 3)
    for given in ({"a": a, "b": b}, ((a,), {"b": b})):
        network = network_of(KERNEL.from_live(Two(), given, task), task)
        assert [step.name for step in network.inputs] == ["a", "b"]
        agree(a + 2 * b, KERNEL.to_live(network, task)(a=a, b=b))


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x).relu() + x


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([Twin(), Twin()])

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


@pytest.mark.parametrize("through_file", [False, True])
def test_classes_of_the_source_have_the_names_that_they_had_in_the_model(tmp_path, through_file):
    task = make_task(tmp_path)
    model = KERNEL.from_live(Pair(), (torch.randn(2, 4),), task)
    if through_file:
        KERNEL.export_model(network_of(model, task), tmp_path / "pair.pth", {}, task)
        task.trusted = True
        model = KERNEL.import_model(tmp_path / "pair.pth", {}, task)
    text = KERNEL.text(network_of(model, task)).text
    assert [line for line in text.splitlines() if line.startswith("class ")] == [
        "class Twin(nn.Module):", "class Pair(nn.Module):",
    ]  # fmt: skip
