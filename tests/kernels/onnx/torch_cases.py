"""Calls of functions of torch, as nodes of a drawing: name, arguments with their wires, and the wires' shapes.

A shape's 5 is the batch: the same call is tried with another one. `I` is whole numbers, `B` truth values.
"""

from __future__ import annotations

from typing import Any

P = [{"port": number} for number in range(5)]
N = {"size": "N"}
ELL = {"ellipsis": True}


def S(start: Any = None, end: Any = None, step: Any = None) -> dict[str, Any]:
    return {"slice": (start, end, step)}


def L(*items: Any) -> dict[str, Any]:
    return {"list": items}


def D(name: str) -> dict[str, str]:
    return {"dtype": name}


class I(tuple):  # noqa: E742
    """A shape of whole numbers from 0 to 2."""


class B(tuple):
    """A shape of truth values."""


X = (5, 3, 4)
CASES: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = [
    ("add", (P[0], P[1]), {"alpha": 2}, (X, X)),
    ("sub", (P[0], P[1]), {"alpha": 0.5}, (X, X)),
    ("Tensor.__rsub__", (P[0], 1), {}, (X,)),
    ("div", (P[0], 0.3), {"rounding_mode": "floor"}, (X,)),
    ("div", (P[0], P[1]), {"rounding_mode": "trunc"}, (X, X)),
    ("fmod", (P[0], 0.7), {}, (X,)),
    ("Tensor.__rpow__", (P[0], 2.0), {}, (X,)),
    ("pow", (P[0], 3), {}, (I(X),)),
    ("clamp", (P[0],), {"min": P[1]}, (X, X)),
    ("clamp", (P[0],), {"min": -0.5, "max": 0.5}, (X,)),
    ("clamp_min", (P[0], 0.25), {}, (X,)),
    ("addcmul", (P[0], P[1], P[2]), {"value": 0.5}, (X, X, (4,))),
    ("lerp", (P[0], P[1], 0.3), {}, (X, X)),
    ("where", (P[0], P[1], 0.0), {}, (B(X), X)),
    ("bitwise_and", (P[0], P[1]), {}, (B(X), B(X))),
    ("bitwise_or", (P[0], P[1]), {}, (I(X), I(X))),
    ("bitwise_not", (P[0],), {}, (B(X),)),
    ("isnan", (P[0],), {}, (X,)),
    ("isfinite", (P[0],), {}, (X,)),
    ("nan_to_num", (P[0],), {}, (X,)),
    ("log10", (P[0],), {}, ((5, 3, "+"),)),
    ("exp2", (P[0],), {}, (X,)),
    ("logaddexp", (P[0], P[1]), {}, (X, X)),
    ("atan2", (P[0], P[1]), {}, (X, X)),
    ("Tensor.to", (P[0], D("float64")), {}, (X,)),
    ("Tensor.long", (P[0],), {}, (X,)),
    ("rsqrt", (P[0],), {}, ((5, 3, "+"),)),
    ("square", (P[0],), {}, (X,)),
    ("nn.functional.dropout", (P[0], 0.5, False), {}, (X,)),
    ("nn.functional.rrelu", (P[0],), {}, (X,)),
    ("asinh", (P[0],), {}, (X,)),
    ("zeros", ((N, 3),), {}, (X,)),
    ("ones", (N, 2), {"dtype": D("int64")}, (X,)),
    ("full", ((N, 2), 1.5), {}, (X,)),
    ("zeros_like", (P[0],), {}, (X,)),
    ("full_like", (P[0], 7), {}, (I(X),)),
    ("Tensor.new_zeros", (P[0], (N, 1, 4)), {}, (X,)),
    ("Tensor.new_ones", (P[0], (2, 2)), {"dtype": D("bool")}, (X,)),
    ("arange", (N,), {}, (X,)),
    ("arange", (1, 7, 2), {"dtype": D("float32")}, (X,)),
    ("linspace", (0, 1, 5), {}, (X,)),
    ("eye", (3,), {}, (X,)),
    ("addmm", (P[0], P[1], P[2]), {"beta": 0.5, "alpha": 2}, ((4,), (5, 3), (3, 4))),
    ("baddbmm", (P[0], P[1], P[2]), {"beta": 2}, ((5, 3, 2), X, (5, 4, 2))),
    ("outer", (P[0], P[1]), {}, ((5,), (3,))),
    ("matrix_exp", (P[0],), {}, ((5, 3, 3),)),
    ("inner", (P[0], P[1]), {}, ((5, 4), (3, 4))),
    ("addr", (P[0], P[1], P[2]), {}, ((5, 3), (5,), (3,))),
    ("addmv", (P[0], P[1], P[2]), {}, ((5,), (5, 3), (3,))),
    ("cdist", (P[0], P[1]), {}, (X, (5, 2, 4))),
    ("norm", (P[0],), {"p": 3, "dim": -1, "keepdim": True}, (X,)),
    ("linalg.norm", (P[0],), {"dim": 1}, (X,)),
    ("nn.functional.cosine_similarity", (P[0], P[1]), {"dim": -1}, (X, X)),
    ("nn.functional.bilinear", (P[0], P[1], P[2]), {}, ((5, 3), (5, 2), (4, 3, 2))),
    ("sum", (P[0], 1), {"dtype": D("float64")}, (X,)),
    ("mean", (P[0], (1, 2)), {"keepdim": True}, (X,)),
    ("max", (P[0], 1), {}, (X,)),
    ("min", (P[0],), {"dim": -1, "keepdim": True}, (X,)),
    ("max", (P[0],), {}, (X,)),
    ("var", (P[0], 1, False), {}, (X,)),
    ("std", (P[0],), {"dim": (1, 2), "correction": 0}, (X,)),
    ("var_mean", (P[0], 0), {"keepdim": True}, (X,)),
    ("cumsum", (P[0], 1), {}, (I(X),)),
    ("cumsum", (P[0], 1), {}, (B(X),)),
    ("diff", (P[0],), {"dim": -1}, (X,)),
    ("argsort", (P[0],), {"dim": 1, "descending": True}, (X,)),
    ("kthvalue", (P[0], 2), {"dim": -1}, (X,)),
    ("aminmax", (P[0],), {"dim": 1}, (X,)),
    ("trace", (P[0],), {}, ((3, 3),)),
    ("count_nonzero", (P[0],), {"dim": 1}, (I(X),)),
    ("Tensor.__getitem__", (P[0], (S(), 1)), {}, (X,)),
    ("Tensor.__getitem__", (P[0], (ELL, S(1, None))), {}, (X,)),
    ("Tensor.__getitem__", (P[0], (S(), None, S(0, 2), -1)), {}, (X,)),
    ("Tensor.__getitem__", (P[0], (P[1], P[2])), {}, (X, I((5,)), I((5,)))),
    ("Tensor.__getitem__", (P[0], (S(), P[1], P[2])), {}, (X, I((2, 1)), I((3,)))),
    ("Tensor.__getitem__", (P[0], (P[1], S(), P[2])), {}, (X, I((2,)), I((2,)))),
    ("Tensor.__getitem__", (P[0], (S(), L(0, 2, 1))), {}, (X,)),
    ("Tensor.__getitem__", (P[0], (S(), S(None, None, 2))), {}, (X,)),
    ("Tensor.__getitem__", (P[0], (S({"size": "N"}, None),)), {}, ((10, 3),)),
    ("set_item", (P[0], (S(), 0), 1.5), {}, (X,)),
    ("set_item", (P[0], (ELL, S(1, 3)), P[1]), {}, (X, (5, 3, 2))),
    ("set_item", (P[0], (S(), S(1, None), S(2, None)), P[1]), {}, (X, (2, 1))),
    ("set_item", (P[0], (S(), S(None, None, 2)), 0.0), {}, (X,)),
    ("set_item", (P[0], (0,), 9.0), {}, (X,)),
    ("set_item", (P[0], (S(None, -1),), 2.0), {}, (X,)),
    ("set_item", (P[0], P[1], -3.0), {}, (X, B(X))),
    ("set_item", (P[0], (S(), P[1]), 4.0), {}, (X, I((2,)))),
    ("set_item", (P[0], (S(), L(2, 0)), P[1]), {}, (X, (5, 2, 4))),
    ("index_select", (P[0], 1, P[1]), {}, (X, I((4,)))),
    ("select", (P[0], 1, -1), {}, (X,)),
    ("narrow", (P[0], 2, 1, 2), {}, (X,)),
    ("slice_scatter", (P[0], P[1]), {"dim": 1, "start": 1, "end": 3}, (X, (5, 2, 4))),
    ("take_along_dim", (P[0], P[1], 1), {}, (X, I((5, 2, 4)))),
    ("scatter", (P[0], 1, P[1], 2.5), {}, (X, I((5, 1, 4)))),
    ("index_add", (P[0], 1, P[1], P[2]), {}, (X, I((2,)), (5, 2, 4))),
    ("bucketize", (P[0], P[1]), {}, (X, (4, "sorted"))),
    ("unbind", (P[0], 1), {}, (X,)),
    ("Tensor.view", (P[0], N, 12), {}, (X,)),
    ("reshape", (P[0], (-1, 6)), {}, (X,)),
    ("movedim", (P[0], 2, 0), {}, (X,)),
    ("Tensor.expand", (P[0], N, -1, 4), {}, ((1, 3, 4), X)),
    ("Tensor.expand_as", (P[0], P[1]), {}, ((3, 1), X)),
    ("tile", (P[0], (2,)), {}, (X,)),
    ("Tensor.repeat", (P[0], N, 1, 1), {}, ((1, 3, 4), X)),
    ("repeat_interleave", (P[0], 3), {}, ((3, 4),)),
    ("roll", (P[0], 2), {}, ((3, 4),)),
    ("rot90", (P[0],), {}, ()),
    ("hstack", (L(P[0], P[1]),), {}, (X, X)),
    ("split", (P[0], 2, 1), {}, (X,)),
    ("tensor_split", (P[0], 3), {"dim": 2}, (X,)),
    ("Tensor.unfold", (P[0], 2, 2, 1), {}, (X,)),
    ("tril", (P[0],), {}, (B((3, 4)),)),
    ("diagonal", (P[0],), {"offset": 1, "dim1": 1, "dim2": 2}, (X,)),
    ("meshgrid", (P[0], P[1]), {"indexing": "xy"}, ((3,), (4,))),
    ("softmax", (P[0], -1), {"dtype": D("float64")}, (X,)),
    ("nn.functional.layer_norm", (P[0], (4,), P[1]), {}, (X, (4,))),
    ("nn.functional.layer_norm", (P[0], (3, 4)), {"eps": 0.1}, (X,)),
    ("nn.functional.batch_norm", (P[0], P[1], P[2], P[3], P[4]), {"eps": 0.1}, (X, (3,), (3, "+"), (3,), (3,))),
    ("nn.functional.batch_norm", (P[0], None, None), {"training": True, "momentum": 0.0}, (X,)),
    ("nn.functional.group_norm", (P[0], 2, P[1], P[2]), {}, ((5, 4, 3), (4,), (4,))),
    ("nn.functional.instance_norm", (P[0],), {}, (X,)),
    ("nn.functional.rms_norm", (P[0], (4,), P[1]), {"eps": 0.1}, (X, (4,))),
    ("nn.functional.embedding", (P[0], P[1]), {}, (I((5, 2)), (3, 4))),
    ("nn.functional.prelu", (P[0], P[1]), {}, (X, (3,))),
    ("nn.functional.scaled_dot_product_attention", (P[0], P[1], P[1]), {"is_causal": True},
     ((5, 2, 3, 4), (5, 2, 3, 4))),
    ("nn.functional.conv_transpose2d", (P[0], P[1]), {"stride": 2}, ((5, 2, 3, 3), (2, 3, 2, 2))),
    ("nn.functional.max_pool2d", (P[0], 2), {}, ((5, 2, 4, 4),)),
    ("max_pool2d_with_indices", (P[0], 2), {}, ()),
    ("nn.functional.interpolate", (P[0],), {"scale_factor": 2.0, "mode": "bilinear"}, ((5, 2, 3, 3),)),
    ("nn.functional.affine_grid", (P[0], (N, 2, 3, 4)), {"align_corners": False}, ((5, 2, 3),)),
    ("nn.functional.unfold", (P[0], 2), {}, ((5, 2, 4, 4),)),
    ("nn.functional.pad", (P[0], (1, 1)), {"value": 1.0}, (B((5, 3)),)),
    ("ops.aten.convolution.default",
     (P[0], P[1], None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1), {}, ((5, 2, 4, 4), (3, 2, 2, 2))),
    ("ops.aten.index.Tensor", (P[0], L(None, P[1])), {}, (X, I((2,)))),
    ("ops.aten.native_layer_norm.default", (P[0], (4,), P[1], P[2], 1e-5), {}, ()),
    ("ops.aten.embedding.default", (P[0], P[1]), {}, ((3, 4), I((5, 2)))),
]  # fmt: skip
CASES = [case for case in CASES if case[3]]

CHAINS = [
    [("fft.fftn", (P[0],), {"dim": (1, 2)}), ("real", (P[0],), {})],
    [("fft.rfft2", (P[0],), {"norm": "ortho"}), ("fft.irfft2", (P[0],), {"s": (4, 6), "norm": "ortho"})],
    [("fft.rfft", (P[0],), {}), ("fft.irfft", (P[0],), {})],
    [("fft.ifft", (P[0],), {"dim": 1}), ("imag", (P[0],), {})],
    [("fft.fft2", (P[0],), {}), ("abs", (P[0],), {})],
]
"""Functions after each other with complex numbers between them, on an input of 5×4×6."""
REFUSED_CHAINS = [
    [("fft.fft", (P[0],), {})],
    [("fft.fft", (P[0],), {}), ("transpose", (P[0], 0, 1), {}), ("real", (P[0],), {})],
]
"""Complex results, and complex numbers where none are understood."""
REFUSED = [
    ("nonzero", (P[0],), {}, (X,)),
    ("linalg.svd", (P[0],), {}, ((3, 3),)),
    ("histc", (P[0],), {}, (X,)),
]
