"""Facts of values against numpy's own numbers; where NaN begins; the pairing of two networks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sketch.binder.looking import pairs
from sketch.binder.observing import BINS, Recorder, facts_of, parting_of
from sketch.binder.run_facts import (
    Look,
    Origin,
    RunFacts,
    ValueFacts,
    first_origin,
    number,
    origin_text,
    reaches_output,
    value_text,
)
from tests.engine import drawn


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_facts_are_numpys_over_more_than_one_part(dtype) -> None:
    random = np.random.default_rng(3)
    array = (random.standard_normal((3, 5, 100_003)) * 3).astype(dtype)
    found = facts_of(array)
    wide = array.astype(np.float64)
    assert (found.shape, found.dtype, found.count) == ((3, 5, 100_003), dtype, array.size)
    assert (found.low, found.high) == (wide.min(), wide.max())
    assert found.mean == pytest.approx(wide.mean(), rel=1e-9, abs=1e-12)
    assert found.std == pytest.approx(wide.std(), rel=1e-9)
    assert found.zeros == np.count_nonzero(array == 0)
    expected, _ = np.histogram(wide, BINS, (wide.min(), wide.max()))
    assert sum(found.bins) == array.size
    assert np.abs(np.array(found.bins) - expected).max() <= array.size * 1e-5


def test_a_large_offset_does_not_cost_the_deviation() -> None:
    array = np.full(3_000_000, 1e8) + np.tile([-1.0, 1.0], 1_500_000)
    assert facts_of(array).std == pytest.approx(1.0, rel=1e-6)


def test_nan_and_inf_are_counted_and_left_out_of_the_range() -> None:
    found = facts_of(np.array([1.0, np.nan, np.inf, -np.inf, -2.0, 0.0], np.float32))
    assert (found.low, found.high, found.zeros, found.nans, found.infs) == (-2.0, 1.0, 1, 1, 2)
    assert sum(found.bins) == 3
    assert found.fault == "NaN"
    assert value_text(found) == ("6 float32; -2 to 1; mean -0.3333, std 1.247; 16.7% zeros; 1 NaN; 2 Inf")


def test_values_without_a_finite_number_have_no_range() -> None:
    found = facts_of(np.full((2, 2), np.nan, np.float32))
    assert math.isnan(found.low)
    assert found.nans == 4
    assert facts_of(np.zeros((0, 3), np.float32)).count == 0
    assert facts_of(np.array(["a"])).note == "texts"
    assert facts_of(np.array([3 + 4j])).high == 5.0


def test_parting_tells_shape_and_size() -> None:
    one = np.array([1.0, 2.0], np.float32)
    assert parting_of(one, one).agrees
    found = parting_of(one + np.float32(0.5), one)
    assert (found.max_abs, found.max_rel, found.agrees) == (0.5, 0.25, False)
    assert "2 against 1×2" in parting_of(one[None], one).reason


def test_a_recorder_keeps_within_its_budget(tmp_path) -> None:
    recorder = Recorder(Look(tmp_path / "in.npz", tmp_path, budget=100))
    recorder.take((1, 0), np.zeros(20, np.float32))
    recorder.take((2, 0), np.zeros(20, np.float32))
    assert recorder.kept == {(1, 0): "1_0.npy"}
    assert (tmp_path / "1_0.npy").is_file()
    assert not recorder.is_done
    wanting = Recorder(Look(tmp_path / "in.npz", tmp_path, budget=0, wanted=((2, 0),), stop=True))
    wanting.take((1, 0), np.zeros(2))
    wanting.take((2, 0), np.arange(20.0))
    assert wanting.is_done
    assert np.array_equal(np.load(tmp_path / "2_0.npy"), np.arange(20.0))


def test_the_origin_is_the_first_node_whose_inputs_are_clean() -> None:
    network = drawn()
    clean, bad = ValueFacts((2,), "float32", -1.0, 1.0, 0.0, 1.0), ValueFacts((2,), "float32", nans=1)
    ids = [step.id for step in network.steps]
    values = {(key, 0): clean if place < 4 else bad for place, key in enumerate(ids)}
    facts = RunFacts(values)
    found = first_origin(network, facts)
    assert found == Origin(ids[4], 0, "NaN")
    text = origin_text(network, facts, found)
    assert text == "NaN begins at 'conv2' (Conv2d): 1 of 2 values; what comes in is finite, from -1 to 1."
    told = replace(facts, bad_weights={ids[4]: "its own tensor 'weight' holds NaN or Inf"})
    assert "its own tensor 'weight'" in origin_text(network, told, found)
    assert first_origin(network, RunFacts({(key, 0): clean for key in ids})) is None


def test_nan_goes_before_the_inf_of_a_mask() -> None:
    network = drawn()
    ids = [step.id for step in network.steps]
    clean, inf = ValueFacts((2,), "float32", -1.0, 1.0), ValueFacts((2,), "float32", 0.0, 1.0, infs=1)
    values = {(key, 0): clean for key in ids} | {(ids[1], 0): inf, (ids[2], 0): inf}
    facts = RunFacts(values)
    assert first_origin(network, facts) == Origin(ids[1], 0, "Inf")
    assert not reaches_output(network, facts)
    facts = RunFacts(values | {(key, 0): ValueFacts((2,), "float32", nans=2) for key in ids[3:]})
    found = first_origin(network, facts)
    assert found == Origin(ids[3], 0, "NaN")
    assert origin_text(network, facts, found).endswith("2 of 2 values; what comes in holds Inf.")
    assert reaches_output(network, facts)


def test_nodes_are_paired_by_name_then_by_order() -> None:
    first = drawn()
    second = replace(first, steps=tuple(
        replace(step, id=step.id + 100, name="other" if step.name == "conv2" else step.name,
                inputs=tuple(None if s is None else replace(s, node=s.node + 100) for s in step.inputs))
        for step in first.steps
    ))  # fmt: skip
    assert pairs(first, second) == {step.id + 100: step.id for step in first.steps}


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (-1234567.0, "-1.235e+06"), (0.03125, "0.03125"), (math.nan, "NaN"), (1e300, "1e+300")],
)  # fmt: skip
def test_numbers_are_short(value, text) -> None:
    assert number(value) == text
