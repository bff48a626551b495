"""The source as a person reads it: exact text, lines of nodes, unfinished drawings."""

import ast

from sketch.graph.grouping import group
from sketch.kernels.pytorch.kernel import KERNEL
from tests.kernels.pytorch.drawing import Drawing, random_drawing

RESIDUAL = '''\
import torch
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.act = nn.ReLU()
        self.skip = nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        act = self.act(y)
        x = self.skip(x)
        return act + x


class TwoBlocks(nn.Module):
    """10 layers, 3,618 trainable parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = Block(in_channels=3, out_channels=8)
        self.block2 = Block(in_channels=8, out_channels=16)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(1024, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.block1(x)  # (N, 8, 8, 8)
        x = self.block2(x)  # (N, 16, 8, 8)
        return self.head(x)  # (N, 2)


if __name__ == "__main__":
    model = TwoBlocks().eval()
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        print(tuple(model(x).shape))
'''


def block(drawing, x, channels, name):
    conv = drawing.add("Conv2d", x, out_channels=channels, kernel_size=3, padding=1)
    act = drawing.add("ReLU", conv)
    skip = drawing.add("Conv2d", x, out_channels=channels, kernel_size=1)
    total = drawing.add("Add", act, skip)
    box = group(drawing.draft, [conv, act, skip, total], "Group", name)
    for node, short in ((conv, "conv"), (act, "act"), (skip, "skip"), (total, "sum")):
        drawing.draft.rename(node, short)
    return total, box, conv


def two_blocks():
    drawing = Drawing()
    x, one, conv = block(drawing, drawing.add("Input", shape=("N", 3, 8, 8)), 8, "block1")
    x, two, _ = block(drawing, x, 16, "block2")
    flat = drawing.add("Flatten", x, name="0")
    linear = drawing.add("Linear", flat, out_features=2, name="1")
    head = group(drawing.draft, [flat, linear], "Sequential", "head")
    drawing.add("Output", linear)
    return drawing, {"one": one, "two": two, "conv": conv, "linear": linear, "head": head}


def test_groups_of_one_make_share_a_class():
    drawing, _ = two_blocks()
    assert KERNEL.text(drawing.network(name="two blocks")).text == RESIDUAL


def test_lines_lead_to_nodes_and_back():
    drawing, ids = two_blocks()
    source = KERNEL.text(drawing.network(name="two blocks"))
    lines = source.text.splitlines()

    def shown(node):
        return [lines[first - 1].strip() for first, last in source.lines[node] if first == last]

    assert shown(ids["conv"]) == [
        "self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)", "y = self.conv(x)"]  # fmt: skip
    assert shown(ids["linear"]) == ["nn.Linear(1024, 2),"]
    assert shown(ids["two"]) == [
        "self.block2 = Block(in_channels=8, out_channels=16)", "x = self.block2(x)  # (N, 16, 8, 8)"]  # fmt: skip
    whole = [pair for pair in source.lines[ids["one"]] if pair[0] != pair[1]]
    assert lines[whole[0][0] - 1] == "class Block(nn.Module):"


def test_every_node_of_a_drawing_has_lines():
    for seed in range(30):
        network = random_drawing(seed).network()
        source = KERNEL.text(network)
        count = len(source.text.splitlines())
        reached = {s.id for s in network.steps if s.layer not in ("Input", "Output")}
        live = reached & source.lines.keys()
        assert len(live) >= 0.5 * len(reached)
        assert all(1 <= a <= b <= count for spans in source.lines.values() for a, b in spans)


def test_an_unfinished_drawing_says_what_is_left_out():
    drawing = Drawing()
    assert KERNEL.text(drawing.network()).text.startswith("# Nothing to write yet")
    x = drawing.add("Input", shape=("N", 4))
    drawing.add("Linear", x, out_features=3, name="fc")
    drawing.add("Linear", name="lonely")
    text = KERNEL.text(drawing.network()).text
    assert "# 'lonely' is left out: it has open inputs" in text
    assert "return self.fc(x)" in text
    ast.parse(text)


def test_names_that_python_or_torch_needs_are_changed():
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", 4), name="class")
    for name in ("forward", "a.b", "a b", "1st", "größe", "train", "F"):
        x = drawing.add("Linear", x, out_features=4, name=name)
    drawing.add("Output", x)
    text = KERNEL.text(drawing.network()).text
    for made in ("self.forward_ =", "self.a_b =", "self.a_b_2 =", "self.layer1st =", "self.train_ ="):
        assert made in text
    assert "def forward(self, class_: Tensor)" in text
    ast.parse(text)


def test_a_size_that_is_only_a_name_is_read_at_run_time():
    drawing = Drawing()
    x = drawing.add("Input", shape=("N", "L", 6))
    token = drawing.add("Parameter", shape=(1, 1, 6), name="token")
    spread = drawing.add("Expand", token, shape=("N", -1, -1))
    joined = drawing.add("Concat", spread, x)
    flat = drawing.add("Reshape", joined, shape=("N", "L+1", 3, 2))
    drawing.add("Output", drawing.add("Mul", flat, drawing.add("Constant", value=0.5)))
    text = KERNEL.text(drawing.network()).text
    assert "y = self.token.expand(x.shape[0], -1, -1)" in text
    assert ".reshape(x.shape[0], x.shape[1], 3, 2)" in text
    assert "return x * 0.5" in text
