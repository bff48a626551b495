"""Statistics, pictures, numpy files and the mapping table, against numpy's own numbers."""

import numpy as np
import pytest

from sketch.binder.kernel import BinderError
from sketch.binder.surgery import weights_stats
from sketch.binder.surgery.weights_mapping import CONVERTED, MATCHED, MISFIT, MISSING, WeightMap
from sketch.binder.surgery.weights_pictures import picture_of
from sketch.binder.surgery.weights_source import read_array, read_arrays, write_array
from sketch.binder.surgery.weights_stats import statistics
from sketch.binder.tensors import TensorStore
from sketch.graph.rows import FrozenDict, TensorRow
from sketch.graph.weights import WeightType

RANDOM = np.random.default_rng(4)


@pytest.fixture
def store(tmp_path):
    return TensorStore(tmp_path / "tensors")


def test_statistics_are_numpys(monkeypatch):
    monkeypatch.setattr(weights_stats, "_PIECE", 1000)
    array = RANDOM.normal(1e4, 0.5, (70, 90)).astype(np.float32)
    array[3, :5] = 0
    found = statistics(array, "float32")
    exact = array.astype(np.float64)
    assert (found.minimum, found.maximum) == (exact.min(), exact.max())
    np.testing.assert_allclose(
        (found.mean, found.std, found.norm), (exact.mean(), exact.std(), np.linalg.norm(exact))
    )
    assert (found.zeros, found.count, found.is_sampled) == (5, 6300, False)
    assert found.bins == tuple(np.histogram(exact, 64, (exact.min(), exact.max()))[0])


def test_nan_and_infinity_are_counted_and_left_out():
    array = np.array([1, np.nan, 3, np.inf, -np.inf, 0], np.float32)
    found = statistics(array, "float32")
    assert (found.nans, found.infinities, found.zeros) == (1, 2, 1)
    assert (found.minimum, found.maximum, found.mean) == (0, 3, pytest.approx(4 / 3))
    nothing = statistics(np.full(3, np.nan, np.float32), "float32")
    assert ("NaN", "3") in nothing.lines()
    assert "mean" not in dict(nothing.lines())


def test_a_sample_says_so_and_is_near():
    array = RANDOM.standard_normal(200_000)
    found = statistics(array, "float64", most=40_960)
    assert found.is_sampled
    assert found.seen < 50_000
    assert found.lines()[0] == ("elements", f"200,000, {found.seen:,} of them sampled")
    assert found.norm == pytest.approx(np.linalg.norm(array), rel=0.02)


@pytest.mark.parametrize(
    ("bits", "dtype", "want"),
    [
        (np.array([0x3F80, 0xC000], np.uint16), "bfloat16", [1.0, -2.0]),
        (np.array([0, 7, 8, 15], np.uint8), "int4", [0, 7, -8, -1]),
        (np.array([0, 15], np.uint8), "uint4", [0, 15]),
        (np.array([3 + 4j]), "complex128", [5]),
        (np.array([True, False]), "bool", [1, 0]),
    ],
)
def test_stored_bits_are_numbers(bits, dtype, want):
    assert weights_stats.numbers(bits, dtype).tolist() == want


def test_kernels_stand_in_a_grid():
    array = RANDOM.standard_normal((5, 2, 3, 3)).astype(np.float32)
    picture = picture_of(array, "float32", (1,))
    assert picture.dots.shape == (2 * 4 - 1, 3 * 4 - 1)
    np.testing.assert_array_equal(picture.dots[4:7, 4:7], array[4, 1].astype(np.float64))
    assert np.isnan(picture.dots[3]).all()
    assert picture.note == "5 kernels of 3×3, input 1"


@pytest.mark.parametrize(
    ("shape", "dots", "note"),
    [
        ((), (1, 1), "1 numbers in rows of 1"),
        ((130,), (3, 64), "130 numbers in rows of 64"),
        ((4, 7), (4, 7), "4 rows of 7"),
        ((4, 7, 2), (4, 14), "4 rows of 14"),
        ((8, 4, 1, 1), (8, 4), "8 rows of 4"),
        ((3000, 2), (1000, 2), "3000 rows of 2; one of 3 rows"),
    ],
)
def test_pictures_of_every_rank(shape, dots, note):
    picture = picture_of(np.ones(shape, np.float32), "float32")
    assert (picture.dots.shape, picture.note) == (dots, note)


def test_numpy_files_come_and_go(store, tmp_path):
    arrays = {"a.weight": RANDOM.standard_normal((3, 4)), "b": np.arange(5, dtype=">i4")}
    np.savez(tmp_path / "both.npz", **arrays)
    found = read_arrays(tmp_path / "both.npz", store)
    for name, array in arrays.items():
        row = found[name]
        np.testing.assert_array_equal(store.get(row.digest, row.shape, row.dtype), array)
    assert found["b"].dtype == "int32"
    assert write_array(tmp_path / "a.npy", store, found["a.weight"]) == ""
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), arrays["a.weight"])
    assert read_array(tmp_path / "a.npy", store).digest == found["a.weight"].digest
    with pytest.raises(BinderError, match="holds 2 arrays"):
        read_array(tmp_path / "both.npz", store)


def test_bfloat16_is_written_as_float32(store, tmp_path):
    row = TensorRow(1, store.put(np.array([0x3FC0], np.uint16), "bfloat16"), (1,), "bfloat16")
    assert "float32" in write_array(tmp_path / "x.npy", store, row)
    assert np.load(tmp_path / "x.npy").tolist() == [1.5]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x93NUMPY\x01\x00v\x00{'descr'"])
def test_damaged_files_are_refused_in_one_line(store, tmp_path, content):
    path = tmp_path / "bad.npy"
    path.write_bytes(content)
    with pytest.raises(BinderError, match="cannot be read as arrays") as caught:
        read_arrays(path, store)
    assert "\n" not in str(caught.value)


def test_pickled_objects_are_refused(store, tmp_path):
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(BinderError, match="cannot be read"):
        read_arrays(tmp_path / "o.npy", store)
    np.save(tmp_path / "s.npy", np.array(["text"]))
    with pytest.raises(BinderError, match="convert it to float32"):
        read_arrays(tmp_path / "s.npy", store)


def kinds(**shapes):
    return {
        name.replace("_", "."): WeightType("w", shape, "float32", True, FrozenDict())
        for name, shape in shapes.items()
    }


def rows(**shapes):
    return {
        n.replace("_", "."): TensorRow(0, "d" + n, s, "float32", n.replace("_", "."))
        for n, s in shapes.items()
    }


def test_the_offer_that_matches_most_is_taken_and_lines_can_be_changed():
    wanted = kinds(a_weight=(2, 3), b_weight=(4,), c_weight=(5,))
    made = WeightMap(wanted, rows(x=(9,)), rows(a_weight=(2, 3), b_weight=(9,), extra=(5,)))
    states = {line.weight or line.given: line.state for line in made.lines()}
    assert states == {"a.weight": MATCHED, "b.weight": MISFIT, "c.weight": MISSING, "extra": "unexpected"}
    made.choose("c.weight", "extra")
    assert made.state("c.weight") == MATCHED
    assert made.unexpected == []
    made.choose("a.weight", "")
    assert made.summary() == "1 matched, 1 wrong shape, 1 missing, 1 unexpected"
    assert set(made.rows()) == {"b.weight", "c.weight"}
    for weight, key, words in (("a.weight", "nope", "no tensor 'nope'"), ("nope", "", "no weight 'nope'")):
        with pytest.raises(BinderError, match=words):
            made.choose(weight, key)


def test_another_element_type_is_said():
    half = {"a.weight": TensorRow(0, "d", (2, 3), "float16", "a.weight")}
    assert WeightMap(kinds(a_weight=(2, 3)), half).state("a.weight") == CONVERTED
    assert WeightMap(kinds(a_weight=(2, 3))).summary() == "0 matched, 1 missing"
