"""Draws of activations, dropout, arithmetic, comparisons, shape changes, and layers without inputs."""

from functools import partial
from typing import Any

import numpy as np

from tests.contract.dice import Array, Dice, Draw, Drawn

INPLACE = (
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "SiLU", "Mish", "Hardtanh", "Hardsigmoid", "Hardswish",
    "Threshold",
)  # fmt: skip
PLAIN = (
    "Sigmoid",
    "Tanh",
    "LogSigmoid",
    "Softsign",
    "Tanhshrink",
    "Identity",
    "Output",
    "Neg",
    "Sign",
    "Round",
    "Erf",
    "Sin",
    "Cos",
)
"""Layers without parameters that take any floats."""


def _some_floats(dice: Dice, least: int = 1, most: int = 4, **limits: float) -> Array:
    return dice.floats(*dice.some(dice.number(least, most), 1, 4), **limits)


def _front(x: Array) -> tuple[int | None, ...]:
    return (0 if x.ndim > 1 else None,)


def plain(dice: Dice, low: float = -4.0, high: float = 4.0) -> Drawn:
    x = _some_floats(dice, low=low, high=high)
    return Drawn({}, [x], _front(x))


def activation(dice: Dice, name: str) -> Drawn:
    params: dict[str, Any] = {
        "LeakyReLU": {"negative_slope": dice.real(0.01, 0.5)},
        "ELU": {"alpha": dice.real(0.5, 2)},
        "CELU": {"alpha": dice.real(0.5, 2)},
        "GELU": {"approximate": dice.pick("none", "tanh")},
        "Hardtanh": {"min_val": dice.real(-2, 0), "max_val": dice.real(0.1, 2)},
        "Softplus": {"beta": dice.real(0.5, 3), "threshold": dice.pick(20.0, 2.0)},
        "Softshrink": {"lambd": dice.real(0, 1)},
        "Hardshrink": {"lambd": dice.real(0, 1)},
        "Threshold": {"threshold": dice.real(-1, 1), "value": dice.real(-2, 2)},
    }.get(name, {})
    if name in INPLACE:
        params |= dice.maybe(0.2, inplace=True)
    x = _some_floats(dice, low=-4, high=4)
    return Drawn(params, [x], _front(x))


def prelu(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(2, 4), 1, 4))
    return Drawn({"num_parameters": dice.pick(1, x.shape[1]), "init": dice.real(0.05, 0.5)}, [x], (0,))


def along(dice: Dice) -> Drawn:
    x = _some_floats(dice, least=2)
    return Drawn({"dim": dice.pick(-1, dice.number(1, x.ndim - 1))}, [x], (0,))


def glu(dice: Dice) -> Drawn:
    shape = list(dice.some(dice.number(2, 4), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    shape[dim] *= 2
    return Drawn({"dim": dim - dice.pick(0, len(shape))}, [dice.floats(*shape)], (0,))


def dropout(dice: Dice, ranks: tuple[int, ...]) -> Drawn:
    x = dice.floats(*dice.some(dice.pick(*ranks), 1, 4))
    return Drawn(
        {"p": dice.real(0, 0.9), **dice.maybe(0.2, inplace=True)}, [x], (0,) if x.ndim > 2 else (None,)
    )


def _broadcastable(dice: Dice, count: int) -> list[tuple[int, ...]]:
    """Shapes that broadcast: the first is full, others have sizes of 1 or lack leading dimensions."""
    full = dice.some(dice.number(1, 4), 1, 4)
    shapes = [full]
    for _ in range(count - 1):
        shape = tuple(1 if dice.flip(0.25) else size for size in full)
        shapes.append(shape[dice.number(0, len(shape) - 1) :] if dice.flip(0.25) else shape)
    return shapes[::-1] if dice.flip(0.3) else shapes


def elementwise(dice: Dice, most: int = 2, low: float = -2.0) -> Drawn:
    shapes = _broadcastable(dice, dice.number(2, most))
    axes = (
        (0,) * len(shapes)
        if len({shape[:1] for shape in shapes}) == 1 and len({*map(len, shapes)}) == 1
        else ()
    )
    return Drawn({}, [dice.floats(*shape, low=low) for shape in shapes], axes if len(shapes[0]) > 1 else ())


def comparison(dice: Dice) -> Drawn:
    """Small whole numbers, so that equal pairs turn up."""
    kind = dice.pick("float32", "int64")
    return Drawn({}, [dice.ints(*shape, high=2).astype(kind) for shape in _broadcastable(dice, 2)])


def logical(dice: Dice) -> Drawn:
    return Drawn({}, [dice.bools(*shape) for shape in _broadcastable(dice, 2)])


def cumulative(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 4), 1, 4)
    x = dice.pick(dice.floats(*shape), dice.floats(*shape), dice.ints(*shape), dice.bools(*shape))
    return Drawn({"dim": dice.number(-x.ndim, x.ndim - 1)}, [x], _front(x))


def triangle(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(2, 4), 1, 4))
    return Drawn({"diagonal": dice.number(-2, 2)}, [x])


def _with(drawn: Drawn, **params: Any) -> Drawn:
    return Drawn({**drawn.params, **params}, drawn.inputs, drawn.batch)


def negation(dice: Dice) -> Drawn:
    return Drawn({}, [dice.bools(*dice.some(dice.number(1, 3), 1, 4))])


def where(dice: Dice) -> Drawn:
    first, second, third = _broadcastable(dice, 3)
    return Drawn({}, [dice.bools(*first), dice.floats(*second), dice.floats(*third)])


def matmul(dice: Dice) -> Drawn:
    rows, inner, columns = dice.some(3, 1, 4)
    batch = dice.some(dice.number(0, 2), 1, 3)
    left, right = dice.pick(
        ((rows, inner), (inner, columns)), ((inner,), (inner, columns)), ((rows, inner), (inner,))
    )
    left = (*batch, *left) if len(left) == 2 and dice.flip(0.8) else left
    right = (*batch, *right) if len(right) == 2 and dice.flip(0.6) else right
    return Drawn({}, [dice.floats(*left), dice.floats(*right)])


def power(dice: Dice) -> Drawn:
    first, second = _broadcastable(dice, 2)
    if dice.flip(0.3):
        return Drawn({}, [dice.floats(*first, low=0.2), dice.floats(*second)])
    return Drawn(
        {"exponent": dice.pick(2.0, 0.5, 3.0, -1.0, dice.real(-2, 2))}, [dice.floats(*first, low=0.2)]
    )


def clamp(dice: Dice) -> Drawn:
    low, high = dice.real(-1.5, 0), dice.real(0.1, 1.5)
    x = _some_floats(dice)
    params = dice.pick({"min": low, "max": high}, {"min": low}, {"min": None, "max": high})
    return Drawn(params, [x], _front(x))


def reduction(dice: Dice) -> Drawn:
    x = _some_floats(dice)
    axes = tuple(axis - dice.pick(0, x.ndim) for axis in sorted(dice.order(x.ndim)[: dice.number(1, x.ndim)]))
    return Drawn({"dim": dice.pick(None, axes), "keepdim": dice.flip()}, [x])


def argmax(dice: Dice) -> Drawn:
    x = _some_floats(dice)
    dim = dice.number(-x.ndim, x.ndim - 1)
    return Drawn(dice.pick({"dim": None}, {"dim": dim}, {"dim": dim, "keepdim": True}), [x])


def flatten(dice: Dice) -> Drawn:
    x = _some_floats(dice, least=2)
    start = dice.number(0, x.ndim - 1)
    end = dice.number(start, x.ndim - 1) - dice.pick(0, x.ndim)
    params = dice.pick({}, {}, {"start_dim": start, "end_dim": end})
    return Drawn(params, [x], (None,) if params and start == 0 else (0,))


def _split_sizes(dice: Dice) -> tuple[tuple[int, ...], int]:
    sizes = dice.some(dice.number(1, 3), 1, 3)
    return sizes, int(np.prod(sizes))


def unflatten(dice: Dice) -> Drawn:
    sizes, total = _split_sizes(dice)
    shape = list(dice.some(dice.number(2, 3), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    shape[dim] = total
    hole = dice.number(0, len(sizes) - 1)
    written = tuple(-1 if axis == hole else size for axis, size in enumerate(sizes)) if dice.flip() else sizes
    return Drawn(
        {"dim": dim - dice.pick(0, len(shape)), "unflattened_size": written}, [dice.floats(*shape)], (0,)
    )


def reshape(dice: Dice) -> Drawn:
    sizes, total = _split_sizes(dice)
    if dice.flip():
        return Drawn({"shape": (-1, *sizes)}, [dice.floats(dice.number(1, 3), total)], (0,))
    return Drawn({"shape": dice.pick((total,), sizes, (*sizes, 1))}, [dice.floats(*sizes)])


def permute(dice: Dice) -> Drawn:
    x = _some_floats(dice, least=2)
    return Drawn({"dims": tuple(axis - dice.pick(0, x.ndim) for axis in dice.order(x.ndim))}, [x], (0,))


def transpose(dice: Dice) -> Drawn:
    x = _some_floats(dice, least=2)
    first, second = dice.some(2, -x.ndim, x.ndim - 1)
    return Drawn({"dim0": first, "dim1": second}, [x], (0,))


def squeeze(dice: Dice) -> Drawn:
    x = dice.floats(*(1 if dice.flip() else dice.number(2, 3) for _ in range(dice.number(2, 4))))
    axes = dice.order(x.ndim)[: dice.number(1, x.ndim)]
    return Drawn({"dim": dice.pick(None, axes)}, [x])


def unsqueeze(dice: Dice) -> Drawn:
    x = _some_floats(dice)
    return Drawn({"dim": dice.number(-x.ndim - 1, x.ndim)}, [x], _front(x))


def expand(dice: Dice) -> Drawn:
    full = dice.some(dice.number(1, 3), 1, 4)
    x = dice.floats(*(1 if dice.flip() else size for size in full))
    kept = tuple(
        -1 if size == have and dice.flip() else size for size, have in zip(full, x.shape, strict=True)
    )
    return Drawn({"shape": (*dice.some(dice.number(0, 1), 1, 3), *kept)}, [x])


def concat(dice: Dice) -> Drawn:
    shape = list(dice.some(dice.number(2, 4), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    inputs: list[Array | None] = []
    for _ in range(dice.number(1, 4)):
        shape[dim] = dice.number(1, 3)
        inputs.append(dice.floats(*shape))
    return Drawn({"dim": dim - dice.pick(0, len(shape))}, inputs, (0,) * len(inputs))


def stack(dice: Dice) -> Drawn:
    shape, count = dice.some(dice.number(1, 3), 1, 3), dice.number(1, 3)
    return Drawn(
        {"dim": dice.number(-len(shape) - 1, len(shape))},
        [dice.floats(*shape) for _ in range(count)],
        (0,) * count,
    )


def split(dice: Dice) -> Drawn:
    sections = dice.some(dice.number(1, 4), 1, 3)
    shape = list(dice.some(dice.number(2, 3), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    shape[dim] = sum(sections)
    params = {"split_size_or_sections": sections, "dim": dim - dice.pick(0, len(shape))}
    return Drawn(params, [dice.floats(*shape)], (0,))


def chunk(dice: Dice) -> Drawn:
    chunks, size = dice.number(1, 4), dice.number(1, 3)
    shape = list(dice.some(dice.number(2, 3), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    shape[dim] = chunks * size - (dice.number(0, size - 1) if (chunks - 1) * size + 1 <= chunks * size else 0)
    return Drawn({"chunks": chunks, "dim": dim - dice.pick(0, len(shape))}, [dice.floats(*shape)], (0,))


def slice_part(dice: Dice) -> Drawn:
    shape = list(dice.some(dice.number(2, 3), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    size = shape[dim] = dice.number(4, 8)
    start, end = dice.number(0, 1), dice.number(3, size)
    params = {
        "dim": dim - dice.pick(0, len(shape)),
        "start": dice.pick(start, start - size),
        "end": dice.pick(None, end, end - size if end < size else None, size + 3),
        "step": dice.number(1, 3),
    }
    return Drawn(params, [dice.floats(*shape)], (0,))


def pad(dice: Dice) -> Drawn:
    mode = dice.pick("constant", "constant", "reflect", "replicate", "circular")
    if mode == "constant":
        x = dice.floats(*dice.some(dice.number(2, 4), 3, 5))
        params = {"pad": dice.some(2 * dice.number(1, x.ndim - 1), -1, 2), "value": dice.real(-1, 1)}
        return Drawn(params, [x], (0,))
    dims = dice.number(1, 3)
    x = dice.floats(dice.number(1, 2), 2, *dice.some(dims, 3, 5))
    return Drawn({"pad": dice.some(2 * dims, 0, 2), "mode": mode}, [x], (0,))


def gather(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 3), 2, 4))
    dim = dice.number(0, x.ndim - 1)
    params: dict[str, Any] = {"dim": dim - dice.pick(0, x.ndim)}
    index = dice.ints(*dice.some(dice.number(0, 2), 1, 3), high=x.shape[dim] - 1)
    if dice.flip():
        return Drawn(params, [x, np.asarray(index)])
    return Drawn({**params, "index": np.asarray(index).tolist()}, [x])


def cast(dice: Dice) -> Drawn:
    dtype = dice.pick("float64", "int64", "int32", "bool", "float16", "float32")
    x = dice.pick(_some_floats(dice, low=-3, high=3), dice.ints(*dice.some(2, 1, 3), low=-3, high=3))
    return Drawn({"dtype": dtype}, [x], _front(x))


def source(dice: Dice) -> Drawn:
    dtype = dice.pick("float32", "int64", "float32", "bool")
    return Drawn({"shape": (dice.pick("N", 1, 2), *dice.some(dice.number(0, 3), 1, 4)), "dtype": dtype}, [])


def constant(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(0, 3), 1, 3)
    nested = {
        "value": dice.ints(*shape, low=-4, high=4).tolist(),
        "dtype": dice.pick("float32", "int64", "float64"),
    }
    stored = {"value": dice.real(-2, 2), "dtype": "float32", "shape": dice.some(dice.number(1, 3), 1, 4)}
    return Drawn(dice.pick(nested, stored, {"value": dice.real(-2, 2)}), [])


def parameter(dice: Dice) -> Drawn:
    dtype = dice.pick("float32", "float32", "float64")
    return Drawn({"shape": dice.some(dice.number(1, 3), 1, 4), "dtype": dtype}, [])


ACTIVATIONS = (
    "ReLU", "ReLU6", "LeakyReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Hardtanh", "Hardsigmoid",
    "Hardswish", "Softplus", "Softshrink", "Hardshrink", "Threshold",
)  # fmt: skip

DRAWS: dict[str, Draw] = {
    **{name: partial(activation, name=name) for name in ACTIVATIONS},
    **dict.fromkeys(PLAIN, plain),
    **dict.fromkeys(("Sqrt", "Log", "Reciprocal"), partial(plain, low=0.1)),
    **dict.fromkeys(("Exp", "Abs", "Floor", "Ceil"), plain),
    "PReLU": prelu,
    "GLU": glu,
    **dict.fromkeys(("Softmax", "LogSoftmax", "Softmin"), along),
    "Dropout": partial(dropout, ranks=(1, 2, 3, 4)),
    "Dropout1d": partial(dropout, ranks=(2, 3)),
    "Dropout2d": partial(dropout, ranks=(3, 4)),
    "Dropout3d": partial(dropout, ranks=(4, 5)),
    "AlphaDropout": partial(dropout, ranks=(1, 2, 3, 4)),
    "Add": partial(elementwise, most=4),
    "Mul": partial(elementwise, most=4),
    "Sub": elementwise,
    "Div": partial(elementwise, low=0.3),
    "Maximum": elementwise,
    "Minimum": elementwise,
    **dict.fromkeys(("Equal", "Greater", "Less", "GreaterEqual", "LessEqual"), comparison),
    **dict.fromkeys(("And", "Or", "Xor"), logical),
    "CumSum": cumulative,
    "Norm": lambda dice: _with(reduction(dice), ord=dice.pick(1.0, 2.0)),
    **dict.fromkeys(("Tril", "Triu"), triangle),
    "Not": negation,
    "Where": where,
    "MatMul": matmul,
    "Pow": power,
    "Clamp": clamp,
    **dict.fromkeys(("Mean", "Sum", "Max", "Min"), reduction),
    "ArgMax": argmax,
    "Flatten": flatten,
    "Unflatten": unflatten,
    "Reshape": reshape,
    "Permute": permute,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Expand": expand,
    "Concat": concat,
    "Stack": stack,
    "Split": split,
    "Chunk": chunk,
    "Slice": slice_part,
    "Pad": pad,
    "Gather": gather,
    "Cast": cast,
    "Input": source,
    "Constant": constant,
    "Parameter": parameter,
}
