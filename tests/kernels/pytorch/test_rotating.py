"""RotaryEmbedding in PyTorch: its expression, what a .pth gives back, and what is left without its notes."""

import numpy as np
import pytest
import torch

from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.drawing import picture

ROTARY = "RotaryEmbedding"


def reopened(path, task):
    tables = Tables()
    tables.apply(KERNEL.import_model(path, {}, task).delta)
    return build_network(tables, library(), store=task.store)


def layers(network):
    return sorted(step.layer for step in network.steps if step.layer not in ("Input", "Output", "Constant"))


def rotary(width=8, **params):
    angles = {"shape": (5, width)}
    rows = [
        ("x", "Input", {"shape": ("N", 2, 5, 8)}, []),
        ("cos", "Input", angles, []),
        ("sin", "Input", angles, []),
    ]
    return picture(*rows, ("r", ROTARY, params, ["x", "cos", "sin"]), ("s", "Sigmoid", {}, ["r"]))


@pytest.mark.parametrize(
    ("width", "params", "expression"),
    [
        (8, {}, "x * y + torch.cat((-x[..., 4:], x[..., :4]), dim=-1) * z"),
        (4, {}, "torch.cat((x[..., :4] * y - x[..., 4:] * z, x[..., 4:] * y + x[..., :4] * z), dim=-1)"),
        (8, {"interleaved": True},
         "x * y + torch.flatten(torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1), -2) * z"),
    ],
)  # fmt: skip
def test_the_source_is_the_usual_expression(width, params, expression):
    text = KERNEL.text(rotary(width, **params)).text
    names = str.maketrans({})
    plain = text.replace("cos", "y").replace("sin", "z").translate(names)
    assert "".join(expression.split()) in "".join(plain.split()).replace(",)", ")")


@pytest.mark.parametrize("width", [4, 8])
def test_a_head_size_that_is_a_symbol(tmp_path, width):
    shape = {"shape": ("N", "L", "E")}
    rows = [(name, "Input", shape, []) for name in ("x", "cos", "sin")]
    network = picture(*rows, ("r", ROTARY, {}, ["x", "cos", "sin"]))
    KERNEL.export_model(network, tmp_path / "m.pth", {}, make_task(tmp_path))
    x, cos, sin = torch.randn(3, 2, 3, width)
    want = x * cos + torch.cat((-x[..., width // 2 :], x[..., : width // 2]), -1) * sin
    torch.testing.assert_close(torch.load(tmp_path / "m.pth", weights_only=False)(x, cos, sin), want)
    assert layers(reopened(tmp_path / "m.pth", make_task(tmp_path))) == [ROTARY]


def test_a_file_without_its_notes_opens_as_single_layers(tmp_path):
    task = make_task(tmp_path)
    KERNEL.export_model(rotary(), tmp_path / "m.pth", {}, task)
    assert layers(reopened(tmp_path / "m.pth", task)) == [ROTARY, "Sigmoid"]
    module = torch.load(tmp_path / "m.pth", weights_only=False)
    module.sketch = ""
    torch.save(module, tmp_path / "plain.pth")
    feed = {name: np.random.default_rng(1).standard_normal(shape).astype(np.float32)
            for name, shape in {"x": (2, 2, 5, 8), "cos": (5, 8), "sin": (5, 8)}.items()}  # fmt: skip
    first = list(KERNEL.run(tmp_path / "m.pth", feed, task).values())
    plain = list(KERNEL.run(tmp_path / "plain.pth", feed, task).values())
    np.testing.assert_array_equal(first[0], plain[0])


def test_angles_that_are_constants_come_back(tmp_path):
    rows = [("x", "Input", {"shape": ("N", 2, 5, 8)}, [])]
    rows += [
        (name, "Constant", {"value": value, "shape": (5, 8)}, []) for name, value in (("c", 0.6), ("s", 0.8))
    ]
    network = picture(*rows, ("r", ROTARY, {"interleaved": True}, ["x", "c", "s"]))
    task = make_task(tmp_path)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    again = reopened(tmp_path / "m.pth", task)
    step = next(step for step in again.steps if step.layer == ROTARY)
    assert [again.step(source.node).name for source in step.inputs] == ["x", "c", "s"]
    assert dict(step.pinned) == {"interleaved": True}
