"""Initial weights: torch's distributions, the same bytes for the same seed, raw bits where numpy has no type."""

import math

import numpy as np
import pytest
import torch

from sketch.binder.initial import fans, initial_tensor
from sketch.graph.dims import symbol
from sketch.graph.errors import ExpressionError, ParameterError
from sketch.graph.evaluate import resolve
from sketch.graph.library import LayerLibrary
from sketch.graph.rows import Edge, FrozenDict, Node, ValueType
from sketch.graph.weights import WeightType
from sketch.resources_root import resource_root
from tests.contract.oracle import load_weights, module_of, outputs_of

LIBRARY = LayerLibrary.load(resource_root() / "layers")

# Layers large enough that a sample's moments say which distribution it is from.
LARGE = {
    "Conv1d": ({"out_channels": 64}, [(1, 48, 9)]),
    "Conv2d": ({"out_channels": 64, "groups": 2}, [(1, 32, 9, 9)]),
    "Conv3d": ({"out_channels": 32}, [(1, 16, 5, 5, 5)]),
    "ConvTranspose2d": ({"out_channels": 48, "kernel_size": 3, "groups": 2}, [(1, 32, 9, 9)]),
    "Linear": ({"out_features": 300}, [(1, 200)]),
    "Bilinear": ({"out_features": 60}, [(1, 20), (1, 30)]),
    "RNN": ({"hidden_size": 64, "bidirectional": True}, [(3, 1, 40)]),
    "LSTM": ({"hidden_size": 64, "num_layers": 2, "proj_size": 16}, [(3, 1, 40)]),
    "GRU": ({"hidden_size": 64}, [(3, 1, 40)]),
    "MultiheadAttention": ({"num_heads": 4, "add_bias_kv": True}, [(3, 1, 128), (4, 1, 96)]),
    "TransformerEncoderLayer": ({"dim_feedforward": 200}, [(3, 1, 64)]),
    "TransformerDecoderLayer": ({"dim_feedforward": 200}, [(3, 1, 64), (3, 1, 64)]),
    "BatchNorm2d": ({}, [(2, 16, 4, 4)]),
    "InstanceNorm2d": ({"affine": True, "track_running_stats": True}, [(2, 16, 4, 4)]),
    "GroupNorm": ({"num_groups": 4}, [(2, 16, 4, 4)]),
    "LayerNorm": ({}, [(2, 16)]),
    "RMSNorm": ({}, [(2, 16)]),
    "PReLU": ({"num_parameters": 16, "init": 0.1}, [(2, 16)]),
}


def weights_of(layer, params, shapes, *, seed=0, node=1, dtype="float32"):
    """(effective parameters, weight types, arrays) of one node."""
    spec = LIBRARY[layer]
    inputs = [ValueType(dtype, shape) for shape in shapes]
    clean = FrozenDict({name: spec.clean_param(name, value) for name, value in params.items()})
    prior = tuple(Edge(10 + port, 0, node, port) for port in range(len(inputs)))
    found = resolve(Node(node, layer, "it", clean, prior), spec, inputs, {}, ())
    assert not found.problems
    arrays = {
        role: initial_tensor(kind, found.weights, found.params, seed, node)
        for role, kind in found.weights.items()
    }
    return found.params, found.weights, arrays


def test_every_layer_with_weights_that_torch_has_is_compared():
    have = {spec.name for spec in LIBRARY if spec.weights and spec.category not in ("Loss", "Constants")}
    kinds = {name.rstrip("123d") for name in [*LARGE, "Embedding"]}
    assert {name for name in have if name.rstrip("123d") not in kinds} == set()


@pytest.mark.parametrize("layer", LARGE)
def test_the_distribution_is_that_of_torch(layer):
    params, kinds, arrays = weights_of(layer, *LARGE[layer])
    torch.manual_seed(0)
    module = module_of(LIBRARY[layer], params)
    load_weights(module, arrays)  # the same roles and shapes
    torch.manual_seed(0)
    theirs = {role: value.numpy() for role, value in module_of(LIBRARY[layer], params).state_dict().items()}
    for role, ours in arrays.items():
        assert ours.dtype == theirs[role].dtype
        assert ours.shape == kinds[role].shape
        _same_distribution(ours, theirs[role], f"{layer}.{role}")


def _same_distribution(ours, theirs, name):
    if theirs.size == 1 or np.ptp(theirs) == 0:
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        return
    spread = theirs.std()
    slack = 6 / math.sqrt(theirs.size)  # in units of the spread, well beyond six standard errors
    assert abs(ours.mean() - theirs.mean()) <= 1.5 * slack * spread, name
    assert ours.std() == pytest.approx(spread, rel=min(1.5 * slack, 0.5)), name
    if theirs.size > 1000:
        assert np.abs(ours).max() == pytest.approx(
            np.abs(theirs).max(), rel=0.02 if _is_uniform(theirs) else 0.5
        ), name
        assert _is_uniform(ours) == _is_uniform(theirs), name


def _is_uniform(values):
    """The largest value of a uniform sample is sqrt(3) spreads away, that of a normal one much farther."""
    return np.abs(values - values.mean()).max() < 2.2 * values.std()


def test_embedding_is_standard_normal_and_its_padding_is_zero():
    params = {"num_embeddings": 500, "embedding_dim": 40, "padding_idx": -3}
    weight = WeightType("weight", (500, 40), "float32", True, LIBRARY["Embedding"].weights["weight"].init)
    values = initial_tensor(weight, {"weight": weight}, params, 0, 1)
    assert not values[497].any()
    rest = np.delete(values, 497, axis=0)
    assert (rest.mean(), rest.std()) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.03))


def test_the_same_seed_node_and_role_give_the_same_bytes():
    _, _, first = weights_of("Conv2d", {}, [(1, 3, 8, 8)], seed=5, node=7)
    _, _, again = weights_of("Conv2d", {}, [(1, 3, 8, 8)], seed=5, node=7)
    assert {role: value.tobytes() for role, value in first.items()} == {
        role: value.tobytes() for role, value in again.items()
    }
    for seed, node in ((6, 7), (5, 8)):
        _, _, other = weights_of("Conv2d", {}, [(1, 3, 8, 8)], seed=seed, node=node)
        assert not np.array_equal(first["weight"], other["weight"])
        assert not np.array_equal(first["bias"], other["bias"])


def test_the_bytes_stay_what_they_were():
    """A document stores only seeds until its weights are made: the streams may never change between versions."""
    weight = WeightType("weight", (2, 3), "float32", True, FrozenDict(scheme="kaiming_uniform", a=0.0))
    values = initial_tensor(weight, {}, {}, 1, 2)
    np.testing.assert_allclose(
        values, [[-0.15597093, 0.49498534, -0.59345156], [-0.11676061, -0.01527786, -0.1241349]], rtol=1e-6
    )


def test_sibling_weights_do_not_repeat_each_other():
    _, _, arrays = weights_of("LSTM", {"hidden_size": 8, "bidirectional": True}, [(3, 1, 8)])
    distinct = {value.tobytes() for value in arrays.values()}
    assert len(distinct) == len(arrays)


def test_a_network_starts_with_activations_of_torchs_size():
    """Through ten layers, small faults of the bounds would grow."""
    x = np.random.default_rng(0).standard_normal((64, 256)).astype(np.float32)
    mine = theirs = x
    for node in range(10):
        params, _, arrays = weights_of("Linear", {"out_features": 256}, [(64, 256)], node=node)
        module = module_of(LIBRARY["Linear"], params)
        theirs = np.maximum(outputs_of(LIBRARY["Linear"], params, module, [theirs])[0], 0)
        load_weights(module, arrays)
        mine = np.maximum(outputs_of(LIBRARY["Linear"], params, module, [mine])[0], 0)
    assert mine.std() == pytest.approx(theirs.std(), rel=0.5)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "int8", "bool", "complex64"])
def test_element_types_that_numpy_has(dtype):
    weight = WeightType("value", (3, 2), dtype, False, FrozenDict(scheme="ones"))
    values = initial_tensor(weight, {}, {}, 0, 1)
    assert (values.dtype.name, values.shape) == (dtype, (3, 2))
    assert (values == 1).all()


def test_bfloat16_comes_as_bits_rounded_to_even():
    weight = WeightType("value", (4,), "bfloat16", False, FrozenDict(scheme="constant", value="value"))
    numbers = (1.0, 1.00390625, 1.01171875, -3.14159)
    values = initial_tensor(weight, {}, {"value": numbers}, 0, 1)
    expected = torch.tensor(numbers).to(torch.bfloat16).view(torch.uint16).numpy()
    np.testing.assert_array_equal(values, expected)
    random = WeightType("value", (5000,), "bfloat16", True, FrozenDict(scheme="normal", mean=0.0, std=1.0))
    wide = WeightType("value", (5000,), "float32", True, random.init)
    bits = torch.from_numpy(initial_tensor(wide, {}, {}, 3, 1)).to(torch.bfloat16).view(torch.uint16).numpy()
    np.testing.assert_array_equal(initial_tensor(random, {}, {}, 3, 1), bits)


def test_small_integers_come_unpacked():
    weight = WeightType("value", (3,), "int4", False, FrozenDict(scheme="constant", value="value"))
    assert initial_tensor(weight, {}, {"value": (1, -1, -8)}, 0, 1).tolist() == [1, 15, 8]


def test_nested_constants_keep_their_values():
    weight = WeightType("value", (2, 2), "int64", False, FrozenDict(scheme="constant", value="value"))
    big = 2**53 + 1
    assert initial_tensor(weight, {}, {"value": ((1, 2), (3, big))}, 0, 1).tolist() == [[1, 2], [3, big]]
    assert initial_tensor(weight, {}, {"value": 7}, 0, 1).tolist() == [[7, 7], [7, 7]]


def test_complex_normals_share_their_spread():
    weight = WeightType("value", (20000,), "complex64", True, FrozenDict(scheme="normal", mean=0.0, std=2.0))
    values = initial_tensor(weight, {}, {}, 0, 1)
    assert values.real.std() == pytest.approx(math.sqrt(2), rel=0.03)
    assert values.imag.std() == pytest.approx(math.sqrt(2), rel=0.03)


def test_uniform_takes_low_and_high():
    weight = WeightType("value", (5000,), "float64", True, FrozenDict(scheme="uniform", low=-1.0, high=3.0))
    values = initial_tensor(weight, {}, {}, 0, 1)
    assert values.min() >= -1
    assert values.max() < 3
    assert values.mean() == pytest.approx(1, abs=0.1)


def test_a_size_that_is_not_known_yet():
    weight = WeightType("weight", (4, symbol("C")), "float32", True, FrozenDict(scheme="zeros"))
    with pytest.raises(ParameterError, match="size of weight is not known"):
        initial_tensor(weight, {}, {}, 0, 1)


def test_an_element_type_that_cannot_be_made():
    weight = WeightType("weight", (4,), "float8e5m2", True, FrozenDict(scheme="ones"))
    with pytest.raises(ParameterError, match="cannot be made in float8e5m2"):
        initial_tensor(weight, {}, {}, 0, 1)


def test_an_unknown_scheme_names_those_there_are():
    weight = WeightType("weight", (4,), "float32", True, FrozenDict(scheme="magic"))
    with pytest.raises(ExpressionError, match="'magic' is no way to initialise; use constant, "):
        initial_tensor(weight, {}, {}, 0, 1)


def test_fans():
    assert fans((64, 3, 7, 7)) == (147, 3136)
    with pytest.raises(ExpressionError, match="two or more dimensions"):
        fans((3,))


def test_every_scheme_of_the_layer_files_is_known():
    for spec in LIBRARY:
        for weight in spec.weights.values():
            square = WeightType(weight.name, (4, 4), "float32", True, weight.init)
            siblings = {weight.init.get("of", ""): square}
            params = {
                **spec.defaults(),
                "hidden_size": 4,
                "in1_features": 4,
                "value": 1.0,
                "weight": 1.0,
                "pos_weight": 1.0,
            }
            assert initial_tensor(square, siblings, params, 0, 1).shape == (4, 4)
