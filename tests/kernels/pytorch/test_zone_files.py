"""Drawings with If, Loop and Scan come back from the .pth that they were written to, with its weights."""

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from sketch.graph.draft import Draft
from sketch.graph.freezing import set_frozen
from sketch.graph.network import build_network
from sketch.graph.rows import FrozenDict
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.keeping import Kept, set_shared
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.contract.zone_drawings import countdown, nested
from tests.kernels.pytorch.suite_run import opened
from tests.kernels.pytorch.test_operators import loop_model, model_of, value
from tests.kernels.pytorch.test_round_trip import structure
from tests.kernels.pytorch.zone_files import (
    DRAWINGS,
    answers,
    assert_same,
    dice,
    load,
    read,
    same_state,
    weigh,
    written,
)

TRAIN = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sketch", "onnx", "tests"):
            raise ImportError("only torch here: " + name)
sys.meta_path.insert(0, Wall())
import torch
module = torch.load(sys.argv[1], weights_only=False).train()
given = torch.load(sys.argv[2])
for _ in range(2):
    module.zero_grad()
    result = module(*given)
    sum(y.square().sum() for y in (result if isinstance(result, tuple) else (result,))).backward()
    with torch.no_grad():
        for weight in module.parameters():
            weight -= 0.01 * weight.grad
torch.save(module.eval(), sys.argv[3])
"""


@pytest.mark.parametrize("case", DRAWINGS)
def test_a_file_gives_the_drawing_back(case, tmp_path):
    task, network, given, path = written(case, tmp_path)
    again = assert_same(path, task, network, given, tmp_path)
    assert KERNEL.text(again).text == KERNEL.text(network).text
    assert [s.name for s in again.inputs] == [s.name for s in network.inputs]


def test_a_tied_weight_stays_tied(tmp_path):
    task, _, _, path = written("rich", tmp_path)
    again = {step.name: step for step in read(path, task).steps}
    assert again["first"].stored["weight"] == again["again"].stored["weight"]
    assert again["reduced"].stored.keys() == {"input1"}


@pytest.mark.parametrize("case", ["nested", "rich"])
def test_a_file_that_was_trained_with_torch_alone(case, tmp_path):
    task, network, given, path = written(case, tmp_path)
    torch.save(given, tmp_path / "given.pt")
    files = [str(tmp_path / name) for name in ("m.pth", "given.pt", "trained.pth")]
    done = subprocess.run(
        [sys.executable, "-I", "-c", TRAIN, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    before, after = load(path).state_dict(), load(tmp_path / "trained.pth").state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert len(changed) >= 2
    again = read(tmp_path / "trained.pth", task)
    assert without_numbers(again) == without_numbers(network)
    KERNEL.export_model(again, tmp_path / "again.pth", {}, task)
    want, have = load(tmp_path / "trained.pth"), load(tmp_path / "again.pth")
    same_state(want, have)
    for a, b in zip(answers(want, given), answers(have, given), strict=True):
        assert torch.equal(a, b)


def without_numbers(network):
    """The structure; constants of operators that were trained are left out."""
    return [
        [
            {key: item for key, item in part.items() if not key.startswith("$input")}
            if isinstance(part, dict)
            else part
            for part in row
        ]
        for row in structure(network)
    ]


def choosing_loop():
    """A Loop of a file: constants of every kind, and an If whose branches read weights of their own and of outside."""
    w = dice.standard_normal((5, 40)).astype(np.float32)
    then = helper.make_graph(
        [helper.make_node("Einsum", ["m", "w"], ["t"], equation="ij,ij->ij")], "t", [], [value("t", [5, 40])]
    )
    other = helper.make_graph(
        [
            helper.make_node("Elu", ["m"], ["e0"], alpha=0.3),
            helper.make_node("ScatterND", ["e0", "where", "rows"], ["e"]),
        ],
        "e",
        [],
        [value("e", [5, 40])],
        [numpy_helper.from_array(np.array([[1], [3]]), "where"), matrix("rows", 2, 40)],
    )
    body = helper.make_graph(
        [
            helper.make_node("Einsum", ["v", "small"], ["product"], equation="ij,ik->ij"),
            helper.make_node("Shape", ["v"], ["sizes"]),
            helper.make_node("ConstantOfShape", ["sizes"], ["offset"], value=matrix("", 1)),
            helper.make_node("Add", ["product", "offset"], ["m"]),
            helper.make_node("Mod", ["n", "two"], ["r"]),
            helper.make_node("Cast", ["r"], ["flag"], to=TensorProto.BOOL),
            helper.make_node("If", ["flag"], ["next"], then_branch=then, else_branch=other, name="choose"),
            helper.make_node("Identity", ["going"], ["on"]),
            helper.make_node("CumSum", ["next", "axis"], ["kept"]),
        ],
        "body",
        [value("n", [], TensorProto.INT64), value("going", [], TensorProto.BOOL), value("v", [5, 40])],
        [value("on", [], TensorProto.BOOL), value("next", [5, 40]), value("kept", [5, 40])],
        [
            numpy_helper.from_array(np.array(2), "two"),
            numpy_helper.from_array(np.array(0), "axis"),
            matrix("small", 5, 6),
        ],
    )
    nodes = [
        helper.make_node("Loop", ["trips", "", "x"], ["last", "all"], body=body, name="loop"),
        helper.make_node("Einsum", ["last", "w"], ["y"], equation="ij,ij->i"),
    ]
    outputs = [value("last", [5, 40]), value("all", [4, 5, 40]), value("y", [5])]
    weights = [("trips", np.array(4)), ("w", w)]
    return model_of(nodes, [value("x", [5, 40])], outputs, weights), dice.standard_normal((5, 40))


def matrix(name, *shape):
    return numpy_helper.from_array(dice.standard_normal(shape).astype(np.float32) / 4, name)


@pytest.mark.parametrize("make", [loop_model, choosing_loop])
def test_control_flow_of_a_file(make, tmp_path):
    """From ONNX to .pth and back: the drawing that came from the file, and onnxruntime's numbers."""
    model, x = make()
    x = x.astype(np.float32)
    task, path = make_task(tmp_path), tmp_path / "m.pth"
    network = opened(model.SerializeToString(), task)
    KERNEL.export_model(network, path, {}, task)
    assert_same(path, task, network, (torch.tensor(x),), tmp_path)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for want, have in zip(
        session.run(None, {"x": x}), answers(load(tmp_path / "again.pth"), (torch.tensor(x),)), strict=True
    ):
        np.testing.assert_allclose(have, want, rtol=1e-4, atol=1e-5)


def test_a_body_can_be_edited_after_it_was_opened(tmp_path):
    task, _, (x, w), path = written("loop", tmp_path)
    again = read(path, task)
    model = KERNEL.import_model(path, {}, task)
    tables = Tables()
    tables.apply(model.delta)
    draft = Draft(tables, library())
    at = {step.name: step.id for step in again.steps}
    draft.set_param(at["factor"], "value", 0.25)
    extra = draft.add("Neg", "extra", parent=draft.node(at["half"]).parent)
    draft.disconnect(draft.node(at["new"]).prior[0])
    draft.connect(at["half"], 0, extra, 0)
    draft.connect(extra, 0, at["new"], 1)
    tables.apply(draft.delta())
    network = build_network(tables, library(), store=task.store)
    assert not network.errors
    KERNEL.export_model(network, tmp_path / "edited.pth", {}, task)
    rows = []
    h = x.numpy()
    for _ in range(4):
        rows.append(h * np.float32(0.25))
        h = w.numpy() - rows[-1]
    for have, want in zip(answers(load(tmp_path / "edited.pth"), (x, w)), (h, np.stack(rows)), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-6, atol=1e-6)
    assert structure(read(tmp_path / "edited.pth", task)) == structure(network)


def test_a_live_module_and_a_changed_parameter(tmp_path):
    """What the module says now goes before what the notes say."""
    task, _, given, path = written("rich", tmp_path)
    module = load(path)
    for inner in module.modules():
        if isinstance(inner, nn.Dropout):
            inner.p = 0.5
        if isinstance(inner, nn.BatchNorm1d):
            inner.eps = 0.25
    tables = Tables()
    tables.apply(KERNEL.from_live(module, given, task).delta)
    again = {step.name: step for step in build_network(tables, library(), store=task.store).steps}
    assert again["drop"].params["p"] == 0.5
    assert again["norm"].params["eps"] == 0.25
    live = KERNEL.to_live(build_network(tables, library(), store=task.store), task)
    for a, b in zip(answers(live, given), answers(module, given), strict=True):
        assert torch.equal(a, b)


def test_what_a_body_does_not_need_is_reported(tmp_path):
    task = make_task(tmp_path)
    drawing = countdown()
    half = drawing.draft.named(drawing.draft.named(None, "loop1"), "half")
    drawing.add("Exp", half, name="idle", parent=drawing.draft.node(half).parent)
    network = drawing.network(task.store)
    report = KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    assert [(loss.where, loss.what) for loss in report.losses] == [
        ("idle", "leads to no result of its body and was left out")
    ]
    assert "idle" not in [step.name for step in read(tmp_path / "m.pth", task).steps]


def test_what_is_kept_of_a_module(tmp_path):
    """Frozen weights, calls that share a module, and names that are the module's own, around and in a body."""
    task = make_task(tmp_path)
    drawing = nested()
    body = drawing.draft.named(None, "loop1")
    fc = drawing.draft.named(body, "fc")
    set_frozen(drawing.draft, fc, ["weight"])
    x = drawing.draft.named(None, "x")
    one = drawing.add("Linear", x, name="one-a", out_features=3)
    two = drawing.add("Linear", one, name="two", out_features=3)
    for role, shape in (("weight", (3, 3)), ("bias", (3,))):
        values = dice.standard_normal(shape).astype(np.float32)
        weigh(drawing, task.store, values, (one, role), (two, role), name=role)
    drawing.draft.put("meta", "exact", True)
    drawing.draft.put("meta", "outputs", FrozenDict({"last": 0, "both": (1, 0)}))
    set_shared(drawing.draft, two, one)
    drawing.add("Output", two, name="again")
    network = drawing.network(task.store)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    given = (torch.tensor(True), torch.ones(2, 3))
    again = read(tmp_path / "m.pth", task)
    assert structure(again) == structure(network)
    KERNEL.export_model(again, tmp_path / "again.pth", {}, task)
    want, have = load(tmp_path / "m.pth")(*given), load(tmp_path / "again.pth")(*given)
    assert list(want) == list(have) == ["last", "both"]
    assert torch.equal(want["both"][0], have["both"][0])
    assert list(load(tmp_path / "again.pth").state_dict()) == [
        "one-a.weight", "one-a.bias", "loop1_body.fc.weight", "loop1_body.fc.bias"
    ]  # fmt: skip
    by_name = {step.name: step for step in again.steps}
    assert by_name["fc"].frozen == {"weight"}
    assert Kept.of(again).shared == {by_name["two"].id: (by_name["one-a"].id, "")}
