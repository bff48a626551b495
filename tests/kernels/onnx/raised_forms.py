"""Expressions as exporters write them, in ONNX's own text form, and what each is raised to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

_HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'


@dataclass(frozen=True)
class Form:
    """A graph from x (and others) to y. Scalars are written as `$0.5`, weights are drawn: name -> shape.

    `layers` is what it is raised to, in order.
    """

    name: str
    body: str
    layers: tuple[str, ...]
    inputs: Mapping[str, tuple[object, ...]] = field(default_factory=lambda: {"x": ("N", 4, 8)})
    weights: Mapping[str, object] = field(default_factory=dict)
    opset: int = 21

    def model(self) -> onnx.ModelProto:
        """The ModelProto; y's type is left to inference."""
        body, scalars = _scalars(self.body)
        inputs = ", ".join(
            f"float[{', '.join(map(str, shape))}] {name}" for name, shape in self.inputs.items()
        )
        model = onnx.parser.parse_model(f"{_HEAD}g ({inputs}) => (float y) {{ {body} }}")
        model.opset_import[0].version = self.opset
        del model.graph.output[0].type.tensor_type.shape.dim[:]
        model.graph.output[0].type.tensor_type.ClearField("shape")
        random = np.random.default_rng(2)
        for name, value in {**scalars, **self.weights}.items():
            array = (
                value if isinstance(value, np.ndarray) else random.standard_normal(value).astype(np.float32)
            )  # type: ignore[arg-type]
            model.graph.initializer.append(numpy_helper.from_array(array, name))
        return model


def _scalars(body: str) -> tuple[str, dict[str, np.ndarray]]:
    """`$0.5` becomes an initializer."""
    pieces = body.split("$")
    text, found = [pieces[0]], {}
    for number, piece in enumerate(pieces[1:]):
        length = next((n for n, char in enumerate(piece) if char in ",)} \n"), len(piece))
        found[f"c{number}"] = np.float32(float(piece[:length]))
        text.append(f"c{number}{piece[length:]}")
    return "".join(text), {name: np.asarray(value) for name, value in found.items()}


def ints(*values: int) -> np.ndarray:
    """A vector of int64."""
    return np.asarray(values, np.int64)


ERF = "s = Div(x, $1.4142135) e = Erf(s) o = Add(e, $1.0)"
_ERF_TIMES = "s = Mul(x, $0.70710678) e = Erf(s) o = Add($1.0, e)"
TANH = "p = Pow(x, $3.0) q = Mul(p, $0.044715) r = Add(x, q) s = Mul(r, $0.7978845608) t = Tanh(s) o = Add(t, $1.0)"
MEAN = {"axes": ints(-1)}
LAYER = (
    "m = ReduceMean(x, axes) d = Sub(x, m) p = Pow(d, $2.0) v = ReduceMean(p, axes) "
    "a = Add(v, $0.00001) s = Sqrt(a)"
)
RMS = "p = Pow(x, $2.0) m = ReduceMean(p, axes) a = Add(m, $0.000001) s = Sqrt(a)"
_NORM = {**MEAN, "w": (8,), "b": (8,)}
QKV = {"q": ("N", 2, 5, 4), "k": ("N", 2, 6, 4), "v": ("N", 2, 6, 3)}
MASKED = {**QKV, "mask": (1, 1, 5, 6)}
_CAUSAL = {"m": np.where(np.tri(5, 6, dtype=bool), np.float32(0), -np.inf).astype(np.float32)}
DEAF = {"m": np.full((5, 6), -np.inf, np.float32)}
_BLOCKED = {"block": ~np.tri(5, 6, dtype=bool)[None, None]}
SCORES = "t = Transpose<perm=[0,1,3,2]>(k) s = MatMul(q, t)"
IMAGE = {"x": ("N", 8, 4, 4)}
GROUPS = {
    "g": ints(0, 2, -1),
    "back": ints(0, 8, 4, 4),
    "one": np.ones(2, np.float32),
    "zero": np.zeros(2, np.float32),
    "w": (8, 1, 1),
    "b": (8, 1, 1),
}
GROUPED = "r = Reshape(x, g) n = InstanceNormalization(r, one, zero) k = Reshape(n, back) m = Mul(k, w) y = Add(m, b)"
_SDPA = "ScaledDotProductAttention"
SEQUENCE = {"x": (5, "N", 3)}


def recurrent(gates: int, ways: int = 1) -> dict[str, object]:
    return {
        "w": (ways, gates * 4, 3),
        "r": (ways, gates * 4, 4),
        "b": (ways, 2 * gates * 4),
        "one": ints(1),
        "joined": ints(0, 0, -1),
    }


FORMS: tuple[Form, ...] = (
    Form("gelu", ERF + " h = Mul(x, o) y = Mul(h, $0.5)", ("GELU",)),
    Form("gelu half first", ERF + " h = Mul(x, $0.5) y = Mul(h, o)", ("GELU",)),
    Form("gelu half inside", _ERF_TIMES + " h = Mul(o, $0.5) y = Mul(x, h)", ("GELU",)),
    Form("gelu over two", _ERF_TIMES + " h = Mul(o, x) y = Div(h, $2.0)", ("GELU",)),
    Form("gelu tanh", TANH + " h = Mul(x, $0.5) y = Mul(h, o)", ("GELU",)),
    Form("gelu tanh other order", TANH + " h = Mul(o, x) y = Mul($0.5, h)", ("GELU",)),
    Form(
        "gelu tanh cube by products",
        "i = Mul(x, x) p = Mul(i, x) " + TANH.partition(") ")[2] + " h = Mul(x, $0.5) y = Mul(h, o)",
        ("GELU",),
    ),
    Form("silu", "s = Sigmoid(x) y = Mul(s, x)", ("SiLU",)),
    Form("mish", "s = Softplus(x) t = Tanh(s) y = Mul(x, t)", ("Mish",)),
    Form("hardswish", "s = HardSigmoid<alpha=0.16666667, beta=0.5>(x) y = Mul(x, s)", ("Hardswish",)),
    Form(
        "hardswish clipped",
        "a = Add(x, $3.0) c = Clip(a, $0.0, $6.0) m = Mul(x, c) y = Div(m, $6.0)",
        ("Hardswish",),
    ),
    Form(
        "hardsigmoid clipped", "a = Add(x, $3.0) c = Clip(a, $0.0, $6.0) y = Div(c, $6.0)", ("Hardsigmoid",)
    ),
    Form("tanhshrink", "t = Tanh(x) y = Sub(x, t)", ("Tanhshrink",)),
    Form("glu", "a, b = Split<axis=2, num_outputs=2>(x) s = Sigmoid(b) y = Mul(a, s)", ("GLU",)),
    Form("layer norm", LAYER + " n = Div(d, s) k = Mul(n, w) y = Add(k, b)", ("LayerNorm",), weights=_NORM),
    Form("layer norm without shift", LAYER + " n = Div(d, s) y = Mul(w, n)", ("LayerNorm",), weights=_NORM),
    Form("layer norm without weights", LAYER + " y = Div(d, s)", ("LayerNorm",), weights=MEAN),
    Form(
        "layer norm by product",
        LAYER.replace("Pow(d, $2.0)", "Mul(d, d)")
        + " i = Reciprocal(s) n = Mul(d, i) k = Mul(n, w) y = Add(b, k)",
        ("LayerNorm",),
        weights=_NORM,
    ),
    Form("rms norm", RMS + " n = Div(x, s) y = Mul(n, w)", ("RMSNorm",), weights=_NORM),
    Form(
        "rms norm by reciprocal",
        RMS + " i = Reciprocal(s) n = Mul(x, i) y = Mul(w, n)",
        ("RMSNorm",),
        weights=_NORM,
    ),
    Form(
        "rms norm one over root",
        RMS + " i = Div($1.0, s) n = Mul(i, x) y = Mul(w, n)",
        ("RMSNorm",),
        weights=_NORM,
    ),
    Form(
        "rms norm through idle casts",
        "z = Cast<to=1>(x) "
        + RMS.replace("(x,", "(z,")
        + " i = Reciprocal(s) n = Mul(z, i) f = Cast<to=1>(n) y = Mul(w, f)",
        ("RMSNorm",),
        weights=_NORM,
    ),
    Form("group norm", GROUPED, ("GroupNorm",), IMAGE, GROUPS),
    Form("linear", "m = MatMul(x, w) y = Add(m, b)", ("Linear",), weights={"w": (8, 3), "b": (3,)}),
    Form(
        "linear bias first", "m = MatMul(x, w) y = Add(b, m)", ("Linear",), weights={"w": (8, 3), "b": (3,)}
    ),
    Form("linear without bias", "y = MatMul(x, w)", ("Linear",), weights={"w": (8, 3)}),
    Form("gemm", "y = Gemm<transB=1>(x, w, b)", ("Linear",), {"x": ("N", 8)}, {"w": (3, 8), "b": (3,)}),
    Form("gemm not turned", "y = Gemm(x, w, b)", ("Linear",), {"x": ("N", 8)}, {"w": (8, 3), "b": (3,)}),
    Form("attention", SCORES + " c = Mul(s, $0.5) w = Softmax(c) y = MatMul(w, v)", (_SDPA,), QKV),
    Form(
        "attention divided",
        SCORES + " c = Div(s, $2.0) w = Softmax<axis=3>(c) y = MatMul(w, v)",
        (_SDPA,),
        QKV,
    ),
    Form(
        "attention scaled before",
        "h = Mul(q, $0.7) t = Transpose<perm=[0,1,3,2]>(k) u = Mul(t, $0.7) "
        "s = MatMul(h, u) w = Softmax(s) y = MatMul(w, v)",
        (_SDPA,),
        QKV,
    ),
    Form(
        "attention finite mask",
        SCORES
        + " n = Greater(mask, $0.0) f = Cast<to=1>(n) g = Mul(f, $-10000.0) c = Mul(s, $0.5) a = Add(c, g)"
        + " w = Softmax(a) y = MatMul(w, v)",
        ("Greater", "Cast", "Mul", _SDPA),
        MASKED,
    ),
    Form(
        "attention guarded mask",
        SCORES
        + " c = Mul(s, $0.5) a = Add(c, mask) w = Softmax(a) i = IsNaN(w) z = Where(i, $0.0, w) y = MatMul(z, v)",
        (_SDPA,),
        MASKED,
    ),
    Form(
        "attention causal constant",
        SCORES + " c = Mul(s, $0.5) a = Add(c, m) w = Softmax(a) y = MatMul(w, v)",
        (_SDPA,),
        QKV,
        _CAUSAL,
    ),
    Form(
        "attention masked fill",
        SCORES + " c = Mul(s, $0.5) a = Where(block, $-inf, c) w = Softmax(a) y = MatMul(w, v)",
        ("Not", _SDPA),
        QKV,
        _BLOCKED,
    ),
    Form("attention operator", "y = Attention(q, k, v)", (_SDPA,), QKV, opset=23),
    Form(
        "attention operator causal", "y = Attention<is_causal=1, scale=0.3>(q, k, v)", (_SDPA,), QKV, opset=23
    ),
    Form("attention operator masked", "y = Attention(q, k, v, m)", (_SDPA,), QKV, _CAUSAL, opset=23),
    Form(
        "pixel shuffle",
        "a = Reshape(x, s) t = Transpose<perm=[0,1,4,2,5,3]>(a) y = Reshape(t, e)",
        ("PixelShuffle",),
        IMAGE,
        {"s": ints(-1, 2, 2, 2, 4, 4), "e": ints(-1, 2, 8, 8)},
    ),
    Form("depth to space", 'y = DepthToSpace<blocksize=2, mode="CRD">(x)', ("PixelShuffle",), IMAGE),
    Form(
        "channel shuffle",
        "a = Reshape(x, s) t = Transpose<perm=[0,2,1,3,4]>(a) y = Reshape(t, e)",
        ("ChannelShuffle",),
        IMAGE,
        {"s": ints(-1, 2, 4, 4, 4), "e": ints(-1, 8, 4, 4)},
    ),
    Form(
        "flatten computed",
        "s = Shape(x) b = Gather(s, zero) u = Unsqueeze(b, at) c = Concat<axis=0>(u, rest) y = Reshape(x, c)",
        ("Flatten",),
        IMAGE,
        {"zero": np.asarray(0, np.int64), "at": ints(0), "rest": ints(-1)},
    ),
    Form(
        "reshape computed",
        "s = Shape(x) b = Gather(s, zero) u = Unsqueeze(b, at) c = Concat<axis=0>(u, rest) y = Reshape(x, c)",
        ("Reshape",),
        IMAGE,
        {"zero": np.asarray(0, np.int64), "at": ints(0), "rest": ints(2, 64)},
    ),
    Form("expand computed", "s = Shape(x) y = Expand(x, s)", ("Identity",), IMAGE),
    Form("mean over space", "y = ReduceMean(x, axes)", ("AdaptiveAvgPool2d",), IMAGE, {"axes": ints(2, 3)}),
    Form("global average", "y = GlobalAveragePool(x)", ("AdaptiveAvgPool2d",), IMAGE),
    Form(
        "lstm",
        "a, h, c = LSTM<hidden_size=4>(x, w, r, b) y = Squeeze(a, one)",
        ("LSTM",),
        SEQUENCE,
        recurrent(4),
    ),
    Form(
        "lstm zero state",
        "s = Shape(x) n = Slice(s, one, two) d = Concat<axis=0>(one, n, four) z = ConstantOfShape(d) "
        "a, h, c = LSTM<hidden_size=4>(x, w, r, b, , z, z) y = Squeeze(a, one)",
        ("LSTM",),
        SEQUENCE,
        {**recurrent(4), "two": ints(2), "four": ints(4)},
    ),
    Form(
        "gru both ways",
        'a, h = GRU<hidden_size=4, linear_before_reset=1, direction="bidirectional">(x, w, r, b) '
        "t = Transpose<perm=[0,2,1,3]>(a) y = Reshape(t, joined)",
        ("GRU",),
        SEQUENCE,
        recurrent(3, 2),
    ),
    Form(
        "rnn relu",
        'a, h = RNN<hidden_size=4, activations=["Relu"]>(x, w, r, b) y = Squeeze(a, one)',
        ("RNN",),
        SEQUENCE,
        recurrent(1),
    ),
)
