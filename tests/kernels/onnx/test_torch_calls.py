"""Functions of torch as nodes: onnxruntime computes what torch computes, for another batch too; others are named."""

from __future__ import annotations

import numpy as np
import onnx.parser
import pytest
import torch

from sketch.binder.kernel import BinderError
from sketch.binder.torch_calls import SET_ITEM, ports
from sketch.graph.attachments import set_hint
from sketch.graph.dims import parse_dim
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.rows import ValueType
from sketch.graph.specs import freeze
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.torch_calls import LOWERINGS
from sketch.kernels.onnx.torch_calls.names import plain_name
from sketch.resources_root import resource_root
from tests.contract.networks import library
from tests.kernels.onnx.job import described, opened, task_in
from tests.kernels.onnx.torch_cases import CASES, CHAINS, REFUSED, REFUSED_CHAINS, B, I

BATCH, OTHER = 5, 7
IDS = [f"{number}-{case[0]}" for number, case in enumerate(CASES)]


def arrays(shapes, batch, seed=3):
    rng = np.random.default_rng(seed)
    return [array(rng, shape, batch) for shape in shapes]


def array(rng, shape, batch):
    sizes = [
        {BATCH: batch, 2 * BATCH: 2 * batch}.get(size, size) for size in shape if not isinstance(size, str)
    ]
    if isinstance(shape, I):
        return rng.integers(0, 3, sizes)
    if isinstance(shape, B):
        return rng.random(sizes) < 0.5
    found = rng.uniform(-2, 2, sizes).astype(np.float32)
    found = np.sort(found) if "sorted" in shape else found
    return np.abs(found) + np.float32(0.2) if "+" in shape else found


def called(name, args, kwargs, tensors, batch):
    """What torch gives for the call of a node."""

    def value(item):
        if isinstance(item, dict):
            (kind, inner), *_ = item.items()
            return {
                "port": lambda: tensors[inner], "size": lambda: {"N": batch}[inner], "ellipsis": lambda: ...,
                "dtype": lambda: getattr(torch, inner), "slice": lambda: slice(*map(value, inner)),
                "list": lambda: list(map(value, inner)),
            }[kind]()  # fmt: skip
        return tuple(map(value, item)) if isinstance(item, tuple) else item

    values = [value(item) for item in args]
    if name == "set_item":
        copy = values[0].clone()
        copy[values[1]] = values[2]
        return (copy,)
    function = torch
    for part in name.split("."):
        function = getattr(function, part)
    result = function(*values, **{key: value(item) for key, item in kwargs.items()})
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def kind_of(tensor):
    sizes = tuple(parse_dim({BATCH: "N", 2 * BATCH: "2*N"}.get(size, size)) for size in tensor.shape)
    return ValueType(str(tensor.dtype).removeprefix("torch."), sizes)


def drawn(nodes, inputs, store):
    """Inputs and nodes one after the other; the last one's outputs are the network's."""
    tables = Tables()
    draft = Draft(tables, library())
    wires = []
    for number, kind in enumerate(inputs):
        shape = tuple(size if isinstance(size, int) else str(size) for size in kind.shape)
        wires.append((draft.add("Input", f"x{number}", {"shape": shape, "dtype": kind.dtype}), 0))
    for name, args, kwargs, kinds in nodes:
        results = tuple(range(len(kinds))) if len(kinds) > 1 else None
        params = {"args": args, "kwargs": kwargs, **({"results": results} if results else {})}
        node = draft.add(f"torch:{name}", None, {key: freeze(value) for key, value in params.items()})
        for port in sorted(set(ports(draft.node(node).params))):
            draft.connect(*wires[port], node, port)
        for out, kind in enumerate(kinds):
            set_hint(draft, node, out, kind)
        wires = [(node, out) for out in range(len(kinds))]
    for out, (node, place) in enumerate(wires):
        draft.connect(node, place, draft.add("Output", f"out{out}"), 0)
    tables.apply(draft.delta())
    return build_network(tables, library(), store=store)


def given(name, args, kwargs, shapes, batch):
    numbers = arrays(shapes, batch)
    return numbers, called(name, args, kwargs, [torch.from_numpy(np.array(item)) for item in numbers], batch)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_onnxruntime_computes_what_torch_computes(case, tmp_path):
    name, args, kwargs, shapes = case
    task = task_in(tmp_path)
    numbers, results = given(name, args, kwargs, shapes, BATCH)
    kinds = [kind_of(torch.from_numpy(np.array(item))) for item in numbers]
    network = drawn([(name, args, kwargs, [kind_of(item) for item in results])], kinds, task.store)
    assert [reason for step in network.steps if (reason := KERNEL.refusal(step))] == []
    assert onnx.parser.parse_model(KERNEL.text(network).text).graph.name == network.name
    path = tmp_path / "call.onnx"
    KERNEL.export_model(network, path, {}, task)
    for batch in (BATCH, OTHER):
        numbers, results = given(name, args, kwargs, shapes, batch)
        got = KERNEL.run(path, {f"x{at}": item for at, item in enumerate(numbers)}, task)
        for at, wanted in enumerate(results):
            have = got[f"out{at}"]
            assert (have.dtype, have.shape) == (wanted.numpy().dtype, tuple(wanted.shape))
            np.testing.assert_allclose(have, wanted.numpy(), rtol=2e-5, atol=2e-6)
    assert described(opened(path, task)) == described(network)


def chained(chain, store):
    """A drawing of functions one after the other on 5×4×6 numbers, and what torch gives at its end."""
    values = [torch.from_numpy(array(np.random.default_rng(1), (5, 4, 6), BATCH))]
    kinds, nodes = [kind_of(values[0])], []
    for name, args, kwargs in chain:
        values = called(name, args, kwargs, values, BATCH)
        nodes.append((name, args, kwargs, [kind_of(item) for item in values]))
    return drawn(nodes, kinds, store), values


@pytest.mark.parametrize("chain", CHAINS, ids=[chain[0][0] for chain in CHAINS])
def test_complex_numbers_between_two_functions(chain, tmp_path):
    task = task_in(tmp_path)
    network, values = chained(chain, task.store)
    path = tmp_path / "chain.onnx"
    KERNEL.export_model(network, path, {}, task)
    got = KERNEL.run(path, {"x0": array(np.random.default_rng(1), (5, 4, 6), BATCH)}, task)
    np.testing.assert_allclose(got["out0"], values[0].resolve_neg().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("chain", REFUSED_CHAINS, ids=["given out", "turned"])
def test_complex_numbers_are_refused_where_nothing_understands_them(chain, tmp_path):
    task = task_in(tmp_path)
    with pytest.raises(BinderError, match="no complex numbers"):
        KERNEL.export_model(chained(chain, task.store)[0], tmp_path / "no.onnx", {}, task)


@pytest.mark.parametrize("case", REFUSED, ids=[case[0] for case in REFUSED])
def test_a_function_without_a_counterpart_is_named(case, tmp_path):
    name, args, kwargs, shapes = case
    _, results = given(name, args, kwargs, shapes, BATCH)
    kinds = [kind_of(torch.from_numpy(item)) for item in arrays(shapes, BATCH)]
    network = drawn(
        [(name, args, kwargs, [kind_of(item) for item in results])], kinds, task_in(tmp_path).store
    )
    reasons = [reason for step in network.steps if (reason := KERNEL.refusal(step))]
    assert f"torch.{name} has no counterpart in ONNX" in reasons[0]


def test_every_lowering_is_of_a_function_that_a_drawing_may_call():
    names = (resource_root() / "torch_functions.txt").read_text(encoding="utf-8").split()
    assert set(LOWERINGS) <= {plain_name(name) for name in [*names, SET_ITEM]}


def test_random_numbers_and_other_shapes_are_refused(tmp_path):
    kind = ValueType("float32", (5, 3))
    for name, args, wanted in [
        ("nn.functional.dropout", ({"port": 0}, 0.5), (kind, "random numbers")),
        ("bernoulli", ({"port": 0},), (kind, "has no counterpart")),
        ("roll", ({"port": 0}, 1, 0), (ValueType("float32", (3, 5)), "gives 3×5 here, its form in ONNX 5×3")),
    ]:
        network = drawn([(name, args, {}, [wanted[0]])], [kind], task_in(tmp_path).store)
        reasons = [reason for step in network.steps if (reason := KERNEL.refusal(step))]
        assert wanted[1] in reasons[0]
