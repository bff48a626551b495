"""Functions of torch as nodes: what they may be, how they are written, and that nothing else is ever resolved."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from sketch.binder import torch_calls
from sketch.binder.kernel import BinderError
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.rows import FrozenDict
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task

SCRIPT = Path(__file__).parents[3] / "scripts" / "generate-torch-functions"

FORBIDDEN = [
    "load", "save", "hub.load", "jit.load", "serialization.load", "from_file", "ops.aten.from_file", "os.system",
    "ops.load_library", "Tensor.__reduce_ex__", "Tensor.numpy", "Tensor.register_hook", "Tensor.apply_", "__import__",
    "compile", "utils.data", "_C._nn.gelu", "classes.load_library", "package.PackageImporter", "manual_seed", "",
]  # fmt: skip


class Folded(nn.Module):
    def forward(self, x):
        values, places = torch.kthvalue(x, 2, dim=-1)
        return torch.logdet(x[:, :, :4] @ x[:, :, :4].transpose(1, 2) + 9.0), values, places


def drawn(task, module, x):
    tables = Tables()
    tables.apply(KERNEL.from_live(module, x, task).delta)
    return tables, build_network(tables, library(), name="Net", store=task.store)


def with_call(tables, layer, params, store):
    """The drawing with its function replaced by another."""
    draft = Draft(tables, library())
    node = next(row for row in tables.nodes.values() if row.layer == "torch:logdet")
    draft.put("nodes", node.id, replace(node, layer=layer, params=FrozenDict(params)))
    tables.apply(draft.delta())
    return build_network(tables, library(), name="Net", store=store)


def test_the_list_of_names_is_what_torch_says():
    found = runpy.run_path(str(SCRIPT), run_name="listed")
    listed = found["PLACE"].read_text(encoding="utf-8").split()
    assert listed == sorted({*found["names"](), *found["aten"](), *found["FACTORIES"]})


def test_functions_with_several_results_are_written_and_run(tmp_path):
    task = make_task(tmp_path)
    x = torch.randn(2, 4, 6)
    _, network = drawn(task, Folded(), x)
    layers = [step.layer for step in network.steps]
    assert "torch:kthvalue" in layers
    assert "torch:logdet" in layers
    text = KERNEL.text(network).text
    assert "torch.kthvalue(x, 2, dim=-1)" in text
    (tmp_path / "net.py").write_text(text)
    written = runpy.run_path(str(tmp_path / "net.py"))["Net"]()
    for made in (KERNEL.to_live(network, task), written):
        for wanted, got in zip(Folded()(x), made(x), strict=True):
            torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_other_function_is_written_or_resolved(name, tmp_path):
    assert not torch_calls.is_allowed(name)
    task = make_task(tmp_path)
    tables, _ = drawn(task, Folded(), torch.randn(2, 4, 6))
    params = {"args": ("evil.pth", FrozenDict(port=0))}
    network = with_call(tables, f"torch:{name or 'x.y'}", params, task.store)
    assert "evil" not in KERNEL.text(network).text
    with pytest.raises(BinderError, match="no function that a drawing may call"):
        KERNEL.to_live(network, task)


@pytest.mark.parametrize("params", [
    {"args": (FrozenDict(port="0"),)},
    {"args": (FrozenDict(number="__import__('os')"),)},
    {"args": (FrozenDict(port=0),), "kwargs": FrozenDict({"a=1);evil(": 1})},
    {"args": (FrozenDict(code="evil()"),)},
    {"args": FrozenDict(port=0)},
    {"args": (FrozenDict(slice=1),)},
])  # fmt: skip
def test_damaged_arguments_are_refused(params, tmp_path):
    assert "damaged" in torch_calls.refusal("torch:logdet", params)
    task = make_task(tmp_path)
    tables, _ = drawn(task, Folded(), torch.randn(2, 4, 6))
    network = with_call(tables, "torch:logdet", params, task.store)
    text = KERNEL.text(network).text
    assert "evil" not in text
    assert "__import__" not in text
    compile(text, "net.py", "exec")


def test_text_in_arguments_cannot_leave_its_quotes(tmp_path):
    task = make_task(tmp_path)
    tables, _ = drawn(task, Folded(), torch.randn(2, 4, 6))
    said = 'a"\n\\"; evil() #\r\u2028'
    network = with_call(tables, "torch:norm", {"args": (FrozenDict(port=0), said)}, task.store)
    text = KERNEL.text(network).text
    line = next(line for line in text.splitlines() if "torch.norm" in line)
    assert json.dumps(said)[:4] in line
    compile(text, "net.py", "exec")


def test_names_of_nodes_cannot_leave_their_quotes(tmp_path):
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleDict({'x") or evil("': nn.Linear(4, 4), "a b": nn.Linear(4, 4)})

        def forward(self, x):
            return self.parts['x") or evil("'](self.parts["a b"](x))

    task = make_task(tmp_path)
    try:
        _, network = drawn(task, Named(), torch.randn(2, 4))
    except BinderError:
        return  # the recorder refuses such a name already
    text = KERNEL.text(network).text
    assert 'evil("' not in text
    assert 'get_submodule("a b")' in text
    compile(text, "net.py", "exec")
