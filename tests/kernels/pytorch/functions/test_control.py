"""If, Loop and Scan against the suite, onnx's evaluator and onnxruntime, on models made here."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from sketch.kernels.pytorch.functions.control import if_, loop, scan
from sketch.kernels.pytorch.functions.sequence import optional, sequence_construct
from tests.kernels.pytorch.functions.references import assert_same, body_of, run_in_runtime
from tests.kernels.pytorch.functions.suite import Case, cases, check, to_numpy, to_torch

OLDER_MEANING = {"test_scan_sum"}
"""Scan of opset 8 has a batch axis; onnx's converter takes it to newer opsets as if it had none."""


def all_of(operator: str) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases(operator)]


@pytest.mark.parametrize("case", all_of("If"))
def test_if_gives_the_numbers_of_the_suite(case: Case) -> None:
    branches: list[Any] = [body_of(case.attributes[name]) for name in ("then_branch", "else_branch")]
    if case.name == "test_if_opt":  # the evaluator's Optional wraps its value in a list
        whole = sequence_construct(torch.arange(1.0, 6.0))
        branches = [lambda: (optional(),), lambda: (optional(whole),)]
    check(case, lambda cond, **_: if_(cond, *branches))


@pytest.mark.parametrize("case", all_of("Loop"))
def test_loop_gives_the_numbers_of_the_suite(case: Case) -> None:
    body = body_of(case.attributes["body"])
    check(case, lambda trips, cond, *state, **_: loop(trips, cond, body, state))


@pytest.mark.parametrize("case", [item for item in all_of("Scan") if item.id not in OLDER_MEANING])
def test_scan_gives_the_numbers_of_the_suite(case: Case) -> None:
    body = body_of(case.attributes["body"])
    count = case.attributes["num_scan_inputs"]
    check(case, lambda *values, **_: scan(body, values[:-count], values[-count:]))


LOOP = """
<ir_version: 8, opset_import: ["" : 18]>
agraph (int64 trips, bool start, float[N] x, float[N] outer, float limit) => (y, total, rows, doubled) {
    y, total, rows, doubled = Loop (trips, start, x, limit) <body = inside (
        int64 i, bool going, float[N] state, float sum
    ) => (bool more, float[N] next, float added, float[N] row, int64 two) {
        step = Cast <to = 1> (i)
        moved = Add (state, outer)
        next = Add (moved, step)
        part = ReduceSum <keepdims = 0> (next)
        added = Sub (sum, part)
        zero = Constant <value_float = 0.0> ()
        more = Greater (added, zero)
        row = Mul (next, next)
        two = Add (i, i)
    }>
}
"""


def loop_model() -> tuple[onnx.ModelProto, onnx.GraphProto]:
    model = onnx.parser.parse_model(LOOP)
    return model, next(item.g for item in model.graph.node[0].attribute if item.name == "body")


@pytest.mark.parametrize("trips", [0, 1, 3, 100])
@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("limit", [-1.0, 9.0, 90.0])
def test_loop_stops_where_onnxruntime_stops(trips: int, start: bool, limit: float) -> None:
    """The number of iterations depends on the data; without any, scan outputs keep their type."""
    model, graph = loop_model()
    x, outer = np.array([0.5, 1.0], np.float32), np.array([0.25, 0.5], np.float32)
    feeds = {"trips": np.array(trips), "start": np.array(start), "x": x, "outer": outer}
    feeds["limit"] = np.array(limit, np.float32)
    want = run_in_runtime(model, feeds)
    given = {name: to_torch(value) for name, value in feeds.items()}
    body = body_of(graph, ["outer"])
    elements = (torch.empty(2), torch.empty((), dtype=torch.int64))
    have = loop(
        given["trips"],
        given["start"],
        body,
        (given["x"], given["limit"]),
        (given["outer"],),
        scan_outputs=elements,
    )
    if len(want[2]) == 0:
        want[2] = want[2].reshape(0, 2)  # onnxruntime gives the symbolic dimension no size
    assert_same([to_numpy(value) for value in have], want)


def test_loop_without_limit_or_condition() -> None:
    def body(i: torch.Tensor, going: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return x < 10, x * 2, x

    one = torch.tensor(1)
    x, rows = loop(None, torch.tensor(True), body, (one,))
    assert (x.item(), rows.tolist()) == (32, [1, 2, 4, 8, 16])
    x, rows = loop(torch.tensor([6]), None, body, (one,))  # what the body says is ignored
    assert (x.item(), rows.tolist()) == (64, [1, 2, 4, 8, 16, 32])
    assert loop(None, torch.tensor([False]), body, (one,), scan_outputs=(one,))[1].shape == (0,)


def test_a_body_may_return_the_condition_alone() -> None:
    seen = []
    assert loop(None, torch.tensor(True), lambda i, going: seen.append(int(i)) or i < 2, ()) == ()
    assert seen == [0, 1, 2]


def test_sequences_are_carried() -> None:
    def body(i: torch.Tensor, going: torch.Tensor, found: list[torch.Tensor]) -> tuple[Any, ...]:
        return going, [*found, torch.ones(int(i))]

    start: list[torch.Tensor] = []
    (found,) = loop(torch.tensor(3), torch.tensor(True), body, (start,))
    assert [len(x) for x in found] == [0, 1, 2]
    assert start == []


def test_gradients_flow_through_a_loop_and_a_branch() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    (y,) = loop(torch.tensor(3), None, lambda i, going, state, factor: (going, state * factor), (x,), (x,))
    z = if_(y > 0, lambda a: (a * 2,), lambda a: (a,), y)[0]
    z.backward()
    assert x.grad == 2 * 4 * 8


SCAN = """
<ir_version: 8, opset_import: ["" : 18]>
agraph (float[B] start, float[T, B] first, float[B, T] second, float[B] outer) => (last, sums, differences) {
    last, sums, differences = Scan <num_scan_inputs = 2, ATTRIBUTES, body = inside (
        float[B] state, float[B] a, float[B] b) => (float[B] next, float[B] sum, float[B] difference) {
        kept = Mul (state, outer)
        next = Add (kept, a)
        sum = Add (next, b)
        difference = Sub (a, b)
    }> (start, first, second)
}
"""


@pytest.mark.parametrize("inputs", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("outputs", [(0, 0), (1, 0), (1, 1)])
@pytest.mark.parametrize("axes", [(0, 0), (1, -1), (-2, 1)])
def test_scan_agrees_with_onnxruntime(
    inputs: tuple[int, int], outputs: tuple[int, int], axes: tuple[int, int]
) -> None:
    attributes = {
        "scan_input_axes": (0, -1),
        "scan_input_directions": inputs,
        "scan_output_axes": axes,
        "scan_output_directions": outputs,
    }
    written = ", ".join(f"{name} = {list(value)}" for name, value in attributes.items())
    model = onnx.parser.parse_model(SCAN.replace("ATTRIBUTES", written))
    graph = next(item.g for item in model.graph.node[0].attribute if item.name == "body")
    rng = np.random.default_rng(0)
    shapes = {"start": (3,), "first": (4, 3), "second": (3, 4), "outer": (3,)}
    feeds = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    start, first, second, outer = map(to_torch, feeds.values())
    have = scan(body_of(graph, ["outer"]), (start,), (first, second), (outer,), **attributes)
    assert_same([to_numpy(value) for value in have], run_in_runtime(model, feeds))


def test_scan_of_nothing_keeps_type_and_rank() -> None:
    element = torch.empty(3, dtype=torch.float16)
    state, rows = scan(
        lambda state, x: (state, x),
        (torch.ones(2),),
        (torch.ones(0, 3),),
        scan_outputs=(element,),
        scan_output_axes=(1,),
    )
    assert bool((state == 1).all())
    assert (rows.shape, rows.dtype) == ((3, 0), torch.float16)


NESTED = """
<ir_version: 8, opset_import: ["" : 18]>
agraph (float[N] x, float threshold) => (y) {
    total = ReduceSum <keepdims = 0> (x)
    big = Greater (total, threshold)
    y = If (big) <then_branch = then () => (float[N] a) {
        three = Constant <value_int = 3> ()
        yes = Constant <value = bool {1}> ()
        a = Loop (three, yes, x) <body = inside (int64 i, bool c, float[N] s) => (bool d, float[N] t) {
            d = Identity (c)
            t = Add (s, x)
        }>
    }, else_branch = otherwise () => (float[N] b) { b = Neg (x) }>
}
"""


@pytest.mark.parametrize("threshold", [0.0, 100.0])
def test_captured_values_reach_a_body_within_a_body(threshold: float) -> None:
    feeds = {"x": np.array([1, 2, 3], np.float32), "threshold": np.array(threshold, np.float32)}
    model = onnx.parser.parse_model(NESTED)
    want = ReferenceEvaluator(model).run(None, feeds)

    def then(x: torch.Tensor) -> tuple[Any, ...]:
        return loop(torch.tensor(3), torch.tensor(True), lambda i, c, s, x: (c, s + x), (x,), (x,))

    x = torch.from_numpy(feeds["x"])
    have = if_(x.sum() > threshold, then, lambda x: (-x,), x)
    assert_same([to_numpy(value) for value in have], want)
