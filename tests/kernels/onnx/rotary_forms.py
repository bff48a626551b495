"""Rotary embedding as files write it, and what only looks like it."""

from __future__ import annotations

import numpy as np

from tests.kernels.onnx.raised_forms import Form, ints

_ROTARY = "RotaryEmbedding"
_HEADS = {"x": ("N", 2, 5, 8), "cos": (1, 1, 5, 8), "sin": (1, 1, 5, 8)}
_PLACES = {"zero": ints(0), "mid": ints(4), "end": ints(2**63 - 1), "last": ints(-1), "one": ints(1)}
_SLICES = "a = Slice(x, zero, mid, last, one) b = Slice(x, mid, end, last, one)"
_SPLIT = "a, b = Split<axis=3, num_outputs=2>(x)"
_TURN = " n = Neg(b) r = Concat<axis=-1>(n, a)"
_SUM = " p = Mul(x, cos) q = Mul(r, sin) y = Add(p, q)"
_CACHES = {"x": ("N", 2, 5, 8), "cos": ("N", 5, 4), "sin": ("N", 5, 4)}
_POSITIONS = {"cos": (9, 4), "sin": (9, 4), "at": np.asarray([[3, 0, 8, 8, 1]], np.int64)}
_CUT = ("Slice", "Slice", "Neg", "Concat", "Mul", "Mul", "Add")
_EVERY = "a = Slice(x, zero, end, last, two) b = Slice(x, one, end, last, two)"
_COLUMNS = (
    " n = Neg(b) c = Unsqueeze(n, last) d = Unsqueeze(a, four) s = Concat<axis=-1>(c, d) r = Reshape(s, size)"
)
_STEPS = {**_PLACES, "two": ints(2), "four": ints(4), "size": ints(-1, 2, 5, 8)}
_STACKED = ("Slice", "Slice", "Neg", "Unsqueeze", "Unsqueeze", "Concat", "Flatten", "Mul", "Mul", "Add")
_PARTED = ("Split", "Neg", "Concat", "Mul", "Mul", "Add")

ROTARY_FORMS = (
    Form("rotary by slices", _SLICES + _TURN + _SUM, (_ROTARY,), _HEADS, _PLACES),
    Form(
        "rotary by slices from behind",
        "a = Slice(x, zero, less, three) b = Slice(x, less, end, three)" + _TURN + _SUM,
        (_ROTARY,),
        _HEADS,
        {**_PLACES, "less": ints(-4), "three": ints(3)},
    ),
    Form(
        "rotary by split in the other order",
        _SPLIT + _TURN + " p = Mul(cos, x) q = Mul(sin, r) y = Add(q, p)",
        (_ROTARY,),
        _HEADS,
    ),
    Form(
        "rotary with constants",
        _SPLIT + _TURN + _SUM,
        (_ROTARY,),
        {"x": _HEADS["x"]},
        {"cos": (5, 8), "sin": (5, 8)},
    ),
    Form(
        "rotary over tokens",
        "a, b = Split<axis=-1>(x, half)" + _TURN + _SUM,
        (_ROTARY,),
        {"x": ("N", 5, 8), "cos": ("N", 5, 8), "sin": (5, 8)},
        {"half": ints(4, 4)},
    ),
    Form(
        "rotary with computed angles",
        "g = Concat<axis=-1>(t, t) c = Cos(g) cos = Unsqueeze(c, one) s = Sin(g) sin = Unsqueeze(s, one) "
        + _SLICES
        + _TURN
        + _SUM,
        ("Concat", "Cos", "Unsqueeze", "Sin", "Unsqueeze", _ROTARY),
        {"x": _HEADS["x"], "t": ("N", 5, 4)},
        _PLACES,
    ),
    Form(
        "rotary of query and key",
        _SPLIT
        + _TURN
        + " p = Mul(x, cos) q = Mul(r, sin) o = Add(p, q) c, d = Split<axis=3, num_outputs=2>(k)"
        + " m = Neg(d) s = Concat<axis=3>(m, c) u = Mul(k, cos) v = Mul(s, sin) w = Add(u, v) y = Sub(o, w)",
        (_ROTARY, _ROTARY, "Sub"),
        {**_HEADS, "k": ("N", 1, 5, 8)},
    ),
    Form("rotary of neighbours", _EVERY + _COLUMNS + _SUM, (_ROTARY,), _HEADS, _STEPS),
    Form(
        "rotary operator",
        "y = RotaryEmbedding(x, cos, sin)",
        ("Unsqueeze", "Unsqueeze", _ROTARY),
        _CACHES,
        opset=23,
    ),
    Form(
        "rotary operator interleaved",
        "y = RotaryEmbedding<interleaved=1, rotary_embedding_dim=8>(x, cos, sin)",
        ("Unsqueeze", "Unsqueeze", _ROTARY),
        _CACHES,
        opset=23,
    ),
    Form(
        "rotary operator by positions",
        "y = RotaryEmbedding(x, cos, sin, at)",
        ("Gather", "Gather", "Unsqueeze", "Unsqueeze", _ROTARY),
        {"x": (1, 2, 5, 8)},
        _POSITIONS,
        opset=23,
    ),
)

ROTARY_MISSES = (
    Form(
        "rotary along another axis",
        "a, b = Split<axis=2, num_outputs=2>(x) n = Neg(b) r = Concat<axis=2>(n, a)" + _SUM,
        _PARTED,
        {"x": ("N", 2, 8, 8), "cos": (8, 8), "sin": (8, 8)},
    ),
    Form(
        "rotary joined along another axis",
        _SPLIT + " n = Neg(b) r = Concat<axis=1>(n, a) p = Mul(x, cos) q = Mul(r, sin) y = Add(p, q)",
        _PARTED,
        {"x": ("N", 1, 5, 2), "cos": (5, 2), "sin": (5, 1)},
    ),
    Form(
        "rotary of parts that are no halves",
        _SLICES + _TURN + _SUM,
        _CUT,
        _HEADS,
        {**_PLACES, "mid": ints(3)},
    ),
    Form(
        "rotary of every other feature",
        "a = Slice(x, zero, end, last, two) b = Slice(x, one, end, last, two)" + _TURN + _SUM,
        _CUT,
        _HEADS,
        {**_PLACES, "two": ints(2)},
    ),
    Form(
        "rotary of neighbours the wrong way round",
        _EVERY + _COLUMNS.replace("(c, d)", "(d, c)") + _SUM,
        _STACKED,
        _HEADS,
        _STEPS,
    ),
    Form("rotary of halves as neighbours", _SLICES + _COLUMNS + _SUM, _STACKED, _HEADS, _STEPS),
    Form(
        "rotary of neighbours as halves",
        _EVERY
        + _COLUMNS.replace("n, last", "n, rows").replace("a, four", "a, rows").replace("=-1", "=3")
        + _SUM,
        _STACKED,
        _HEADS,
        {**_STEPS, "rows": ints(3)},
    ),
    Form(
        "rotary of two middle parts",
        "a = Slice(x, zero, mid, last, one) b = Slice(x, two, six, last, one)" + _TURN + _SUM,
        _CUT,
        _HEADS,
        {**_PLACES, "two": ints(2), "six": ints(6)},
    ),
    Form(
        "rotary with the sign on the first half",
        _SPLIT + " n = Neg(a) r = Concat<axis=-1>(b, n)" + _SUM,
        _PARTED,
        _HEADS,
    ),
    Form(
        "rotary with halves in their places",
        _SPLIT + " n = Neg(a) r = Concat<axis=-1>(n, b)" + _SUM,
        _PARTED,
        _HEADS,
    ),
    Form(
        "rotary of the second half twice",
        _SPLIT + " n = Neg(b) r = Concat<axis=-1>(n, b)" + _SUM,
        _PARTED,
        _HEADS,
    ),
    Form(
        "rotary of another value",
        _SPLIT + _TURN + " p = Mul(k, cos) q = Mul(r, sin) y = Add(p, q)",
        _PARTED,
        {**_HEADS, "k": ("N", 2, 5, 8)},
    ),
    Form(
        "rotary whose turned half is read as well",
        _SPLIT + _TURN + " p = Mul(x, cos) q = Mul(r, sin) o = Add(p, q) y = Add(o, r)",
        (*_PARTED, "Add"),
        _HEADS,
    ),
    Form(
        "rotary with more heads in its angles",
        _SPLIT + _TURN + _SUM,
        _PARTED,
        {"x": ("N", 1, 5, 8), "cos": (1, 2, 5, 8), "sin": (1, 2, 5, 8)},
    ),
    Form(
        "rotary with one angle for all",
        _SPLIT + _TURN + _SUM,
        _PARTED,
        {"x": _HEADS["x"], "cos": (5, 1), "sin": (5, 1)},
    ),
    Form(
        "rotary operator over a part",
        "y = RotaryEmbedding<rotary_embedding_dim=4>(x, cos, sin)",
        ("ai.onnx:RotaryEmbedding",),
        {"x": ("N", 2, 5, 8), "cos": ("N", 5, 2), "sin": ("N", 5, 2)},
        opset=23,
    ),
    Form(
        "rotary operator over joined heads",
        "y = RotaryEmbedding<num_heads=2>(x, cos, sin)",
        ("ai.onnx:RotaryEmbedding",),
        {"x": ("N", 5, 16), "cos": ("N", 5, 4), "sin": ("N", 5, 4)},
        opset=23,
    ),
)
"""Each looks like a form above and is not, or is more than the layer says."""
