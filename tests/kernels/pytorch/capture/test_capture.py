"""What a recording says besides its numbers: names, shapes, places, keys; and that it leaves everything as it was."""

import operator
import random
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import fx, nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.capture import capture
from sketch.kernels.pytorch.capture.calls import set_item, size
from tests.kernels.pytorch.capture.replay import replay


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.layers = nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True))

    def forward(self, x):
        y, _ = self.attention(x, x, x, need_weights=False)
        return self.layers(x + y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.embedding = nn.Embedding(5, 8)
        self.head = nn.Linear(8, 5, bias=False)
        self.head.weight = self.embedding.weight
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.idle = nn.Linear(2, 2)
        self.scale = torch.tensor(2.0)

    def forward(self, x, extra=None):
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        places = torch.arange(x.shape[1]).float()
        x = x * places[:, None] * self.scale
        if extra is not None:
            x = x + extra["bias"]
        values, indices = F.linear(self.head(x), self.head.weight.t()).max(dim=-1)
        x[:, 0] = values.mean()
        return {"x": x.reshape(x.shape[0], -1), "best": (values, indices)}


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(2, 3, 8)


def nodes_of(graph: fx.GraphModule, op: str, target: Any = None) -> list[fx.Node]:
    return [node for node in graph.graph.nodes if node.op == op and target in (None, node.target)]


# ---------------------------------------------------------------- what the graph says


def test_inputs_and_outputs_have_the_names_and_the_nesting_of_forward(net: Net, x: torch.Tensor) -> None:
    found = capture(net, (x,), {"extra": {"bias": torch.ones(8)}})
    assert found.inputs == (("x", ("N", 3, 8), "float32"), ("extra_bias", (8,), "float32"))
    assert found.outputs == {"x": 0, "best": (1, 2)}
    output = nodes_of(found.graph_module, "output")[0]
    assert output.meta["names"] == ("x", "best_0", "best_1")
    assert len(output.args[0]) == 3


def test_layers_are_called_by_their_paths_and_lie_in_the_modules_that_call_them(
    net: Net, x: torch.Tensor
) -> None:
    graph = capture(net, (x,)).graph_module
    targets = [node.target for node in nodes_of(graph, "call_module")]
    assert targets == [
        f"blocks.{block}.{name}" for block in (0, 1) for name in ("attention", "layers.0", "layers.1")
    ] + ["head"]
    added = nodes_of(graph, "call_method", "add")
    assert [node.meta["scope"] for node in added] == ["blocks.0", "blocks.1"]
    assert [list(node.meta["nn_module_stack"]) for node in added] == [["blocks.0"], ["blocks.1"]]
    assert added[0].meta["line"].startswith("test_capture.py:")


def test_shapes_follow_the_batch_and_sizes_are_expressions(net: Net, x: torch.Tensor) -> None:
    graph = capture(net, (x,)).graph_module
    reshaped = nodes_of(graph, "call_method", "reshape")[0]
    assert reshaped.meta["kinds"] == ((("N", 32), "float32"),)
    assert reshaped.args[1].target is size
    assert reshaped.args[1].args == ("N",)
    assert reshaped.args[2] == -1


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (lambda x: x.reshape(x.shape[0] * 4), "4*N"),
        (lambda x: torch.cat([x, x, x[:1]]).reshape(2 * x.shape[0] + 1, 4), "2*N+1"),
        (lambda x: x.narrow(0, 1, x.shape[0] - 1), "N-1"),
    ],
)
def test_a_size_is_a_multiple_and_a_rest(forward: Any, expected: str) -> None:
    graph = capture(Function(forward), (torch.randn(2, 4),)).graph_module
    assert [node.args for node in nodes_of(graph, "call_function", size)] == [(expected,)]


class Function(nn.Module):
    def __init__(self, forward: Any):
        super().__init__()
        self._run = forward

    def forward(self, *inputs):
        return self._run(*inputs)


def test_results_of_a_call_with_several_are_parts_with_kinds_of_their_own(net: Net, x: torch.Tensor) -> None:
    graph = capture(net, (x,)).graph_module
    whole = nodes_of(graph, "call_method", "max")[0]
    assert whole.meta["results"] == (0, 1)
    assert whole.meta["kinds"] == ((("N", 4), "float32"), (("N", 4), "int64"))
    parts = [node for node in nodes_of(graph, "call_function", operator.getitem) if "part" in node.meta]
    taken = {node.meta["part"]: node.meta["kinds"] for node in parts if node.args[0] is whole}
    assert taken == {0: whole.meta["kinds"][:1], 1: whole.meta["kinds"][1:]}


def test_tied_tensors_have_their_first_path_and_constants_are_folded(net: Net, x: torch.Tensor) -> None:
    found = capture(net, (x,))
    targets = [str(node.target) for node in nodes_of(found.graph_module, "get_attr")]
    assert targets == ["token", "_tensor_constant0", "_tensor_constant1", "embedding.weight"]
    assert found.graph_module._tensor_constant0.tolist() == [[0], [1], [2], [3]]
    assert found.graph_module._tensor_constant1.item() == 2.0
    assert found.graph_module.token is net.token
    assert found.unused == ("idle.weight", "idle.bias")
    assert found.chains == {"blocks.0.layers", "blocks.1.layers"}


def test_an_item_assignment_is_a_call(net: Net, x: torch.Tensor) -> None:
    node = nodes_of(capture(net, (x,)).graph_module, "call_function", set_item)[0]
    assert node.args[1] == (slice(None), 0)
    assert node.meta["kinds"] == ((("N", 4, 8), "float32"),)


def test_a_layer_alone_is_called_by_the_path_0() -> None:
    found = capture(nn.Linear(3, 4), (torch.randn(2, 3),))
    assert [node.target for node in nodes_of(found.graph_module, "call_module")] == ["0"]
    assert found.unused == ()


def test_devices_and_memory_formats_are_left_out() -> None:
    def forward(x):
        y = torch.zeros(3, device=x.device, dtype=x.dtype, requires_grad=False).to(x)
        return (
            x.contiguous(memory_format=torch.channels_last).to("cpu", non_blocking=True)
            + y
            + x.cpu().to(x.device)
        )

    graph = capture(Function(forward), (torch.randn(2, 3, 3, 3),)).graph_module
    called = [(node.target, len(node.args), dict(node.kwargs)) for node in nodes_of(graph, "call_method")]
    assert called == [("contiguous", 1, {}), ("add", 2, {}), ("add", 2, {})]


def test_the_batch_may_stand_second_in_the_states_of_an_rnn() -> None:
    module = nn.LSTM(3, 5, 2, batch_first=True)
    state = torch.zeros(2, 4, 5)
    found = capture(Function(lambda x, h, c: module(x, (h, c))[0]), (torch.randn(4, 7, 3), state, state))
    assert [shape for _, shape, _ in found.inputs] == [("N", 7, 3), (2, "N", 5), (2, "N", 5)]


def test_an_input_may_have_the_size_of_the_batch_by_chance() -> None:
    found = capture(Function(lambda x, table: x @ table), (torch.randn(4, 4), torch.randn(4, 5)))
    assert [shape for _, shape, _ in found.inputs] == [("N", 4), (4, 5)]


# ---------------------------------------------------------------- other kinds of modules


def test_modules_of_torch_export_are_recorded_as_their_operators() -> None:
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x):
            y = self.layer(x).relu()
            y[:, 0] = 1
            return y.view(x.shape[0], 3, 1)

    model, x = Small().eval(), torch.randn(2, 4)
    exported = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("n", min=1, max=99)},))
    found = capture(exported.module(), (x,))
    assert nodes_of(found.graph_module, "call_function", torch.ops.aten.linear.default)
    assert found.batch
    assert not found.notes
    more = torch.randn(7, 4)
    torch.testing.assert_close(replay(found.graph_module, [more], 7)[0], model(more))


def test_a_runner_records_what_it_calls_for_a_scripted_part() -> None:
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            with pytest.warns(DeprecationWarning, match="deprecated"):
                self.part = torch.jit.script(nn.Linear(4, 4))

        def forward(self, x):
            return self.part(x) + 1

    def runner(module, args, kwargs):
        named = dict(module.named_parameters())
        return torch.ops.aten.linear.default(args[0], named["weight"], named["bias"])

    module, x = Outer(), torch.randn(2, 4)
    found = capture(module, (x,), runner=runner)
    called = nodes_of(found.graph_module, "call_function", torch.ops.aten.linear.default)
    assert [str(node.target) for node in called[0].args[1:]] == ["part.weight", "part.bias"]
    assert called[0].meta["scope"] == "part"
    torch.testing.assert_close(replay(found.graph_module, [x], 2)[0], module(x))


# ---------------------------------------------------------------- everything is as before


def test_a_module_is_as_before_after_a_recording() -> None:
    class Stateful(nn.Module):
        def __init__(self):
            super().__init__()
            self.dropout = nn.Dropout(0.5)
            self.register_buffer("cache", torch.zeros(4))
            self.shapes: list[Any] = []

        def forward(self, x):
            self.cache.copy_(x.detach().mean(0))
            self.shapes.append(x.shape)
            self.last = x
            return self.dropout(x) * self.cache

    module = Stateful()
    module.dropout.eval()
    given = torch.randn(2, 4)
    before = given.clone()
    capture(module, (given,))
    assert module.training
    assert not module.dropout.training
    assert module.cache.tolist() == [0.0] * 4
    assert module.shapes == []
    assert not hasattr(module, "last")
    assert torch.equal(given, before)


def random_states() -> tuple[Any, ...]:
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


def test_random_numbers_go_on_as_if_there_had_been_no_recording() -> None:
    module, given = Function(lambda x: x + torch.rand(3) + random.random()), torch.randn(2, 3)
    before = random_states()
    found = capture(module, (given,))
    assert random_states() == before
    assert len(found.notes) == 2


@pytest.fixture
def patched() -> Iterator[dict[str, Any]]:
    before = {"module": nn.Module.__call__, "script": torch._C.ScriptFunction.__call__}
    yield before
    assert nn.Module.__call__ is before["module"]
    assert torch._C.ScriptFunction.__call__ is before["script"]
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.usefixtures("patched")
def test_an_error_of_the_model_names_its_line_and_leaves_nothing_behind(net: Net) -> None:
    with pytest.raises(
        BinderError, match=r"test_capture\.py:\d+: x = torch\.cat\(.*cannot be run on the example"
    ):
        capture(net, (torch.randn(2, 3, 7),))


@pytest.mark.usefixtures("patched")
def test_other_threads_are_not_recorded() -> None:
    other, called = nn.Linear(3, 3), threading.Event()

    def elsewhere():
        other(torch.ones(3))
        called.set()

    def forward(x):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return x + 1

    graph = capture(Function(forward), (torch.randn(2, 3),)).graph_module
    assert called.is_set()
    assert [node.op for node in graph.graph.nodes] == ["placeholder", "call_method", "output"]


# ---------------------------------------------------------------- masks and refusals


class SkipsFullMasks(nn.Module):
    """As the models of transformers do."""

    def forward(self, x, mask):
        if mask.all():
            return x.softmax(-1)
        return x.masked_fill(mask[:, None] == 0, -1e9).softmax(-1)


def test_a_mask_of_ones_is_drawn_as_a_mask() -> None:
    module, x, mask = SkipsFullMasks(), torch.randn(2, 3, 4), torch.ones(2, 4, dtype=torch.int64)
    found = capture(module, (x, mask))
    assert "a mask of ones" in found.notes[0].what
    mask[0, 2:] = 0
    torch.testing.assert_close(replay(found.graph_module, [x, mask], 2)[0], module(x, mask))


def test_a_way_that_is_not_for_masks_of_ones_is_not_taken() -> None:
    class Different(nn.Module):
        def forward(self, x, mask):
            return x + 1 if mask.all() else x - 1

    found = capture(Different(), (torch.zeros(2, 4), torch.ones(2, 4).long()))
    assert "a mask of ones is fixed" in found.notes[0].what
    assert replay(found.graph_module, [torch.zeros(1, 2), torch.ones(1, 2)], 1)[0].tolist() == [[1.0, 1.0]]


def refused(forward: Any, *inputs: Any) -> str:
    with pytest.raises(BinderError) as error:
        capture(Function(forward), inputs)
    return str(error.value)


def test_what_cannot_be_said_is_refused_by_name() -> None:
    x = torch.randn(2, 4)

    def in_bfloat(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return x @ x.T

    class Held:
        def __init__(self):
            self.x = x

    def strided(x):
        y = x.clone()
        y.as_strided((2,), (1,)).add_(1)
        return y

    assert "return x @ x.T – autocast chooses the element types here" in refused(in_bfloat, x)
    assert "has tensors inside a Held" in refused(lambda held: held.x, Held())
    assert "a view made by as_strided is changed in place" in refused(strided, x)
    assert "a sparse, nested or quantised tensor" in refused(lambda x: x + x.to_sparse() * 2, x)
