"""Inputs of a run: sizes, files, pictures, and what is refused."""

import numpy as np
import pytest
import torch

from sketch.api import workbench
from sketch.binder.feeding import (
    feed,
    input_shape,
    picture_size,
    picture_values,
    read_array,
    read_feeds,
    symbols_of,
)
from sketch.binder.kernel import BinderError
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.tables import Tables


def network(*inputs):
    tables = Tables()
    draft = Draft(tables, workbench().library)
    for name, shape, dtype in inputs:
        draft.add("Input", name, {"shape": shape, "dtype": dtype})
    tables.apply(draft.delta())
    return build_network(tables, workbench().library)


def test_symbols_have_usual_numbers_and_shapes_follow_them() -> None:
    net = network(("x", ("N", 3, "H", "W"), "float32"), ("ids", ("N", "seq"), "int64"))
    assert symbols_of(net) == {"N": 1, "H": 224, "W": 224, "seq": 16}
    assert input_shape(net.inputs[0], {"N": 2, "H": 8, "W": 9}) == (2, 3, 8, 9)
    with pytest.raises(BinderError, match="'x': its size H has no number"):
        input_shape(net.inputs[0], {"N": 2})


def test_a_given_array_says_the_sizes_of_the_others() -> None:
    net = network(("x", ("N", 4), "float32"), ("y", ("N", 2), "float32"))
    found = feed(net, {"x": np.ones((5, 4))}, seed=1)
    assert found["x"].dtype == np.float32
    assert found["y"].shape == (5, 2)
    assert np.array_equal(found["y"], feed(net, {"x": np.zeros((5, 4))}, seed=1)["y"])
    assert not np.array_equal(found["y"], feed(net, {"x": np.zeros((5, 4))}, seed=2)["y"])
    assert feed(net, {"x": np.ones(4)})["x"].shape == (1, 4)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("x", np.ones((2, 5)), "takes 2×4, got 2×5"),
        ("x", np.ones((2, 2, 4)), "takes N×4, got 2×2×4"),
        ("z", np.ones(3), "no input 'z'; there are x, ids"),
        ("ids", np.full((2, 3), 0.5), "numbers that are not whole"),
        ("x", np.array([["a"] * 4]), "the file holds str"),
    ],
)
def test_what_does_not_fit_is_refused(name, array, words) -> None:
    net = network(("x", ("N", 4), "float32"), ("ids", ("N", 3), "int64"))
    with pytest.raises(BinderError, match=words):
        feed(net, {name: array})


def test_two_arrays_that_disagree_are_refused() -> None:
    net = network(("x", ("N", 4), "float32"), ("y", ("N", 2), "float32"))
    with pytest.raises(BinderError, match="N is 3 here and 2 elsewhere"):
        feed(net, {"x": np.ones((2, 4)), "y": np.ones((3, 2))})


def test_arrays_are_read_from_npy_and_npz(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "b.npz", x=np.arange(2), y=np.arange(4))
    np.savez(tmp_path / "c.npz", only=np.arange(5))
    (tmp_path / "d.npy").write_text("no")
    assert read_array(tmp_path / "a.npy").tolist() == [0, 1, 2]
    assert len(read_array(tmp_path / "b.npz", "y")) == 4
    assert len(read_array(tmp_path / "c.npz", "x")) == 5
    for name, words in (("b.npz", "holds x, y"), ("d.npy", "is no array file"), ("e.npy", "cannot be read")):
        with pytest.raises(BinderError, match=words):
            read_array(tmp_path / name, "z")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 3, 8, 6), (8, 6, 3, "NCHW")),
        ((1, 8, 6, 3), (8, 6, 3, "NHWC")),
        ((2, 1, 8, 6), (8, 6, 1, "NCHW")),
        ((8, 6), (8, 6, 1, "NCHW")),
        ((5, 8, 6), (8, 6, 1, "NCHW")),
    ],
)
def test_the_shape_says_which_picture_is_asked_for(shape, expected) -> None:
    found = picture_size(network(("x", shape, "float32")).inputs[0], {})
    assert (found.height, found.width, found.channels, found.layout) == expected


def test_a_picture_is_normalised_as_torch_users_do_it() -> None:
    step = network(("x", (2, 3, 4, 5), "float32")).inputs[0]
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    plain = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = {
        "unit": plain, "signed": plain * 2 - 1, "raw": plain * 255,
        "imagenet": (plain - mean[:, None, None]) / std[:, None, None],
    }  # fmt: skip
    for scaling, wanted in expected.items():
        found = picture_values(pixels, step, {}, scaling)
        assert found.shape == (2, 3, 4, 5)
        torch.testing.assert_close(torch.from_numpy(found[1]), wanted, rtol=1e-5, atol=1e-5)
    turned = network(("x", (1, 4, 5, 3), "float32")).inputs[0]
    assert np.array_equal(picture_values(pixels, turned, {}, "raw")[0], pixels)


def test_a_picture_for_an_input_that_takes_none_is_refused(tmp_path) -> None:
    net = network(("x", ("N", 10, 20, 30, 4), "float32"))
    with pytest.raises(BinderError, match="is not the shape of a picture"):
        read_feeds(net, {"x": tmp_path / "a.png"}, lambda _path, _size: np.zeros(1), "unit", {"N": 1})
