"""Records of tensors: the numbers they give, against slices written out by hand and against torch.nn.init."""

import math
import pickle

import numpy as np
import pytest
import torch

from sketch.binder.initial import initial_tensor
from sketch.binder.kernel import BinderError
from sketch.binder.tensors import FileSlice, TensorStore
from sketch.graph import recipes
from sketch.graph.errors import ParameterError
from sketch.graph.library import LayerLibrary
from sketch.graph.recipes import KEEP, TILE
from sketch.graph.rows import FrozenDict, TensorRow
from sketch.graph.schemes import SCHEMES, scheme_of
from sketch.graph.weights import WeightType, weight_types
from sketch.resources_root import resource_root

LIBRARY = LayerLibrary.load(resource_root() / "layers")


@pytest.fixture
def store(tmp_path):
    return TensorStore(tmp_path / "tensors", adopt_below=0)


def row(store, array, dtype="") -> TensorRow:
    return TensorRow(1, store.put(array, dtype or None), array.shape, dtype or array.dtype.name)


def weight(shape, scheme="zeros", **init) -> WeightType:
    return WeightType("weight", shape, "float32", True, FrozenDict(scheme=scheme, **init))


def fresh(shape, value=-1.0):
    return recipes.initial(weight(shape, "constant", value=value), {}, {}, 0, 1)


def resized(store, base, shape, how, layer="Linear", role="weight"):
    recipe = recipes.resized(base, fresh(shape), how, LIBRARY[layer], role)
    return store.get(store.make(recipe), shape, base.dtype)


def test_an_overlap_keeps_what_fits_and_starts_the_rest_anew(store):
    old = np.arange(12, dtype=np.float32).reshape(3, 4)
    base = row(store, old)
    np.testing.assert_array_equal(resized(store, base, (2, 3), KEEP), old[:2, :3])
    grown = resized(store, base, (5, 6), KEEP)
    np.testing.assert_array_equal(grown[:3, :4], old)
    assert (grown[3:] == -1).all()
    assert (grown[:, 4:] == -1).all()


def test_repeating_goes_round_in_each_dimension(store):
    old = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(
        resized(store, row(store, old), (5, 4), TILE), np.pad(old, ((0, 3), (0, 1)), "wrap")
    )


def test_each_gate_of_an_lstm_keeps_its_own_rows(store):
    old = np.arange(4 * 3 * 2, dtype=np.float32).reshape(12, 2)
    found = resized(store, row(store, old), (8, 2), KEEP, "LSTM", "weight_ih_l0")
    np.testing.assert_array_equal(found.reshape(4, 2, 2), old.reshape(4, 3, 2)[:, :2])
    tiled = resized(store, row(store, old), (20, 2), TILE, "LSTM", "weight_hh_l1_reverse")
    np.testing.assert_array_equal(tiled.reshape(4, 5, 2), old.reshape(4, 3, 2)[:, [0, 1, 2, 0, 1]])


def test_a_filter_keeps_its_middle(store):
    old = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    grown = resized(store, row(store, old), (1, 1, 5, 5), KEEP, "Conv2d")
    np.testing.assert_array_equal(grown[0, 0, 1:4, 1:4], old[0, 0])
    assert grown[0, 0, 0].tolist() == [-1] * 5
    np.testing.assert_array_equal(
        resized(store, row(store, old), (1, 1, 1, 1), KEEP, "Conv2d"), old[:, :, 1:2, 1:2]
    )


@pytest.mark.parametrize(
    "layer", ["Conv2d", "LSTM", "Linear", "BatchNorm2d", "Embedding", "MultiheadAttention"]
)
def test_layouts_have_the_rank_of_the_weight(layer):
    spec = LIBRARY[layer]
    params = {
        **spec.defaults(), "in_channels": 4, "in_features": 4, "input_size": 4, "num_features": 4, "embed_dim": 4,
        "num_embeddings": 5, "embedding_dim": 4, "out_channels": 4, "out_features": 4, "hidden_size": 4, "kdim": 4,
        "vdim": 4, "num_heads": 2,
    }  # fmt: skip
    for role, kind in weight_types(spec, params).items():
        blocks, centred = recipes.layout(spec, role, len(kind.shape))
        assert len(blocks) == len(centred) == len(kind.shape)
        assert all(size % count == 0 for size, count in zip(kind.shape, blocks, strict=True))
        gates = {"LSTM": 4, "MultiheadAttention": 3 if role.startswith("in_proj") else 1}.get(layer, 1)
        assert blocks[:1] in ([], [gates])


def test_another_element_type_is_rounded_to_nearest(store):
    old = np.array([1.0, 1 / 3, -2.5e-3], np.float32)
    half = store.get(store.make(recipes.cast(row(store, old), "float16")), (3,), "float16")
    np.testing.assert_array_equal(half, torch.tensor(old).half().numpy())
    brain = store.get(store.make(recipes.cast(row(store, old), "bfloat16")), (3,), "bfloat16")
    np.testing.assert_array_equal(
        brain.view(np.int16), torch.tensor(old).bfloat16().view(torch.int16).numpy()
    )


def test_the_layers_own_values_are_the_same_bytes_as_at_compile(store):
    spec = LIBRARY["Embedding"]
    params = {**spec.defaults(), "num_embeddings": 7, "embedding_dim": 3, "padding_idx": 2}
    kinds = weight_types(spec, params)
    for kind in kinds.values():
        want = initial_tensor(kind, kinds, params, 5, 9)
        have = store.get(store.make(recipes.initial(kind, kinds, params, 5, 9)), kind.shape, kind.dtype)
        assert have.tobytes() == want.tobytes()
        assert (have[2] == 0).all()


def test_a_record_costs_nothing_until_it_is_read_and_the_same_one_has_one_digest(store):
    base = row(store, np.ones((4, 4), np.float32))
    recipe = recipes.resized(base, fresh((400, 400)), KEEP, LIBRARY["Linear"], "weight")
    digest = store.make(recipe)
    assert digest == store.make(dict(recipe))
    assert digest in store
    assert not list(store.folder.glob("made*.bin"))
    assert store.is_made(base.digest)
    assert not store.is_made(digest)
    other = pickle.loads(pickle.dumps(store))
    assert other.get(digest, (400, 400), "float32").shape == (400, 400)
    assert len(list(store.folder.glob("made*.bin"))) == 1
    assert store.is_made(digest)


def test_a_record_of_a_file_that_may_change_does_not_count_as_kept(store, tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(np.ones(16, np.float32).tobytes())
    base = TensorRow(1, store.put_slice(FileSlice(str(path), 0, 64), "float32", (4, 4)), (4, 4), "float32")
    recipe = recipes.resized(base, fresh((2, 4)), KEEP, LIBRARY["Linear"], "weight")
    digest = store.make(recipe)
    assert digest not in store
    assert store.get(digest, (2, 4), "float32").tolist() == np.ones((2, 4)).tolist()
    path.unlink()
    assert digest in store
    with pytest.raises(BinderError, match="open the original file again"):
        store.get(store.make({**recipe, "shape": [1, 4]}), (1, 4), "float32")


def drawn(shape, name, **arguments):
    record = scheme_of(name, arguments)
    return initial_tensor(weight(shape, record.pop("scheme"), **record), {}, {}, 3, 1)


THEIRS = {
    "normal": (lambda x: torch.nn.init.normal_(x, 0.5, 0.3), {"mean": 0.5, "std": 0.3}),
    "uniform": (lambda x: torch.nn.init.uniform_(x, -0.2, 0.7), {"low": -0.2, "high": 0.7}),
    "truncated_normal": (
        lambda x: torch.nn.init.trunc_normal_(x, 0.1, 0.5, -0.4, 0.9),
        {"mean": 0.1, "std": 0.5, "low": -0.4, "high": 0.9},
    ),
    "xavier_uniform": (lambda x: torch.nn.init.xavier_uniform_(x, 1.7), {"gain": 1.7}),
    "xavier_normal": (lambda x: torch.nn.init.xavier_normal_(x, 0.6), {"gain": 0.6}),
    "kaiming_uniform": (
        lambda x: torch.nn.init.kaiming_uniform_(x, 0.2, "fan_out"), {"a": 0.2, "mode": "fan_out"}
    ),
    "kaiming_normal": (lambda x: torch.nn.init.kaiming_normal_(x, 0.1), {"a": 0.1}),
}  # fmt: skip


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("shape", [(300, 200), (60, 40, 5, 5)])
def test_distributions_are_those_of_torch(name, shape):
    fill, arguments = THEIRS[name]
    torch.manual_seed(1)
    theirs = fill(torch.empty(shape)).numpy().ravel()
    ours = drawn(shape, name, **arguments).ravel()
    parts = np.linspace(0.01, 0.99, 25)
    np.testing.assert_allclose(np.quantile(ours, parts), np.quantile(theirs, parts), atol=0.03 * theirs.std())
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3)])
def test_identity_and_orthogonal(shape):
    np.testing.assert_array_equal(drawn(shape, "identity"), torch.nn.init.eye_(torch.empty(shape)).numpy())
    made = drawn(shape, "orthogonal", gain=2.0) / 2
    product = made @ made.T if shape[0] <= shape[1] else made.T @ made
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-5)


def test_identity_of_filters_is_torchs_dirac_and_sparse_has_its_zeros():
    shape = (6, 4, 3, 5)
    np.testing.assert_array_equal(drawn(shape, "identity"), torch.nn.init.dirac_(torch.empty(shape)).numpy())
    theirs = torch.nn.init.sparse_(torch.empty(50, 20), 0.3, 0.5).numpy()
    ours = drawn((50, 20), "sparse", sparsity=0.3, std=0.5)
    assert ((ours == 0).sum(0) == (theirs == 0).sum(0)).all()
    assert ours[ours != 0].std() == pytest.approx(0.5, rel=0.1)


def test_every_scheme_makes_what_it_says_and_the_same_again():
    for name, scheme in SCHEMES.items():
        array = drawn((12, 10), name)
        assert array.dtype == np.float32
        assert math.isfinite(float(array.sum()))
        np.testing.assert_array_equal(array, drawn((12, 10), name))
        assert scheme.doc


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nonsense", {}, "no way to initialise"),
        ("normal", {"gain": 1}, "has no argument 'gain'"),
        ("normal", {"std": -1}, "cannot be negative"),
        ("uniform", {"low": 2, "high": 1}, "cannot be above high"),
        ("sparse", {"sparsity": 1.5}, "between 0 and 1"),
        ("kaiming_normal", {"mode": "fan"}, "one of fan_in, fan_out"),
        ("constant", {"value": "x"}, "is a number"),
    ],
)
def test_wrong_arguments_are_named(name, arguments, words):
    with pytest.raises(ParameterError, match=words):
        scheme_of(name, arguments)
